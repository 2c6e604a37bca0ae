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
