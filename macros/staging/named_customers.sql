{#- Whose a row is that names a customer, written once for all raw tables. -#}

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
