{#- The checks that need other rows or other tables, written once for all raw tables. -#}

{#- CTEs up to `<rows>`: the staged rows with is_superseded, true for each but the newest row of a key.
    Only rows of repeated keys are ranked. -#}
{% macro rows_by_key(rows, raw, table_name, key) -%}
    {%- set row_key = identifier_key('staged.' ~ key) -%}
    staged as (
        select * from {{ ref('strata', 'stg_crm__' ~ table_name) }}
    ),

    repeated_keys as (
        select {{ row_key }} as {{ key }}
        from staged
        group by {{ row_key }}
        having count(*) > 1
    ),

    {{ rows }} as (
        select
            staged.*,
            false as is_superseded
        from staged
        left join repeated_keys on {{ row_key }} = repeated_keys.{{ key }}
        where repeated_keys.{{ key }} is null
        union all
        select
            staged.*,
            row_number() over (
                partition by repeated_keys.{{ key }}
                order by {{ newest_first(raw, 'staged') }}
            ) > 1 as is_superseded
        from staged
        inner join repeated_keys on {{ row_key }} = repeated_keys.{{ key }}
    )
{%- endmacro %}

{#- The order in which the first row of a key is the one that counts: the latest, whatever its rows are. -#}
{% macro newest_first(raw, rows) -%}
    {%- if 'updated_at' in raw -%}{{ rows }}.updated_at desc nulls last, {% endif %}
    {%- for column in raw.values() %}
    {{ rows }}.{{ 'raw_' if may_be_lost(column) }}{{ column.name }} desc nulls last
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- A list of defects without one that turned out to be none. -#}
{% macro without_defect(defects, reason) -%}
    nullif(replace({{ defects }}, ',{{ reason }},', ','), ',')
{%- endmacro %}

{#- The system of a row, without the colon that parts it from an identifier in a name. -#}
{% macro system_of(rows) -%}
    {{ return('replace(' ~ rows ~ ".source_system, ':', '.')") }}
{%- endmacro %}

{#- The salted hash by which the identifier of an erased person in a system is found. -#}
{% macro system_key_hash(key, system) -%}
    {{ return(salted_hash("'system ' || " ~ system ~ " || ':' || " ~ key)) }}
{%- endmacro %}

{#- Joins that tell whose record a row is: by its identifier; where several records have that, also by its
    source_system; and an erased one by a hash. -#}
{% macro join_customer_records(rows, customer_column='customer_id') -%}
    {%- set key = reference_key(rows ~ '.' ~ customer_column) -%}
    {%- set system = system_of(rows) -%}
    left join {{ ref('strata', 'int_customer_keys') }} as records
        on {{ key }} = records.customer_key and records.source_system = ''
    left join {{ ref('strata', 'int_customer_keys') }} as system_records
        on
            {{ key }} = system_records.customer_key
            and {{ system }} = system_records.source_system
    left join {{ ref('strata', 'int_customer_keys') }} as erased_records
        on
            erased_records.fate = 'erased_customer'
            and case
                when records.customer_key is null then {{ salted_hash(key) }}
                when records.fate = 'ambiguous' and system_records.customer_key is null
                    then {{ system_key_hash(key, system) }}
            end = erased_records.customer_key
{%- endmacro %}

{#- The e-mail and phone of an order that names no customer; null for any other. -#}
{% macro guest_key(rows) -%}
    case
        when {{ rows }}.customer_id is null
            then coalesce({{ rows }}.email, '') || ';' || coalesce({{ rows }}.phone, '')
    end
{%- endmacro %}

{#- Join of an order that names no customer to the one who has its e-mail or phone, as `guests`. -#}
{% macro join_guests(rows) -%}
    left join {{ ref('strata', 'int_guests') }} as guests
        on {{ salted_hash(guest_key(rows)) }} = guests.guest_hash
{%- endmacro %}

{#- Where a row finds its customer, after the joins: the best first. -#}
{% macro found_in(column_name, guests=false) -%}
    {%- set relations = ['system_records', 'records'] if column_name != 'fate'
        else ['system_records', 'erased_records', 'records'] -%}
    {%- set columns = [] -%}
    {%- for relation in (['guests'] if guests else []) + relations -%}
        {%- do columns.append(relation ~ '.' ~ column_name) -%}
    {%- endfor -%}
    {{ return('coalesce(' ~ columns | join(', ') ~ ')') }}
{%- endmacro %}

{#- The person of a row, after join_customer_records and, with `guests`, join_guests. -#}
{% macro record_customer(guests=false) -%}
    {{ return(found_in('customer_id', guests)) }}
{%- endmacro %}

{% macro record_fate(guests=false) -%}
    {{ return(found_in('fate', guests)) }}
{%- endmacro %}

{#- The records that a row may mean, where nobody knows which. -#}
{% macro possible_records(guests=false) -%}
    case when {{ record_fate(guests) }} = 'ambiguous' then {{ found_in('possible_records', guests) }} end
{%- endmacro %}

{#- Defects of a row because of its customer. -#}
{% macro customer_defects(rows, guests=false) -%}
    {{ return({
        'unknown_customer': rows ~ '.customer_id is not null and ' ~ record_fate(guests) ~ ' is null',
        'ambiguous_customer': record_fate(guests) ~ " = 'ambiguous'",
        'orphan_row': record_fate(guests) ~ " = 'quarantined'",
    }) }}
{%- endmacro %}

{#- A row for the quarantine, as raw_row gives it, and the records that it may mean. -#}
{% macro raw_row_of_customer(raw) -%}
    {{ raw_row(raw) }} || coalesce('; possible customers: ' || possible_records, '')
{%- endmacro %}

{#- Why a sound row is not used; null where it is. An erasure is named before all others. -#}
{% macro exclusion(date_column, not_a_sale='false', guests=false) -%}
    case
        when {{ record_fate(guests) }} = 'erased_customer' then 'erased_customer'
        when {{ not_a_sale }} then 'not_a_sale'
        when {{ date_column }} > {{ as_of_date() }} then 'after_as_of_date'
        when {{ record_fate(guests) }} not in ('used', 'ambiguous', 'quarantined')
            then {{ record_fate(guests) }}
    end
{%- endmacro %}

{#- The fate of a row: an erasure beats the quarantine, which beats any other exclusion. -#}
{% macro row_fate(defects, exclusion) -%}
    case
        when {{ exclusion }} = 'erased_customer' then 'excluded'
        when {{ defects }} is not null then 'quarantined'
        when {{ exclusion }} is not null then 'excluded'
        else 'used'
    end
{%- endmacro %}

{#- What tells whose a row is: nothing of an erased person's. -#}
{% macro unless_erased(value, exclusion='exclusion') -%}
    case when coalesce({{ exclusion }}, '') <> 'erased_customer' then {{ value }} end
{%- endmacro %}

{#- The key by which other tables name a row, if it is the only one that has it: a declared fold may give it
    to several, and then nobody knows which one is meant. -#}
{% macro only_key(identifier) -%}
    {%- set key = reference_key(identifier) -%}
    {%- if not identifier_folds() -%}
        {{ return(key) }}
    {%- endif -%}
    case
        when sum(case when is_superseded then 0 else 1 end) over (partition by {{ key }}) = 1 then {{ key }}
    end
{%- endmacro %}
