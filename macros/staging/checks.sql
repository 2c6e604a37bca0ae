{#- The checks that need other rows or other tables, written once for all raw tables. -#}

{#- The keys that a raw table has more than once. A view: a table would keep the keys of the erased. -#}
{% macro repeated_keys(staging_model, key) -%}
    select {{ key }}
    from {{ ref(staging_model) }}
    group by {{ key }}
    having count(*) > 1
{%- endmacro %}

{#- CTE `<rows>`: the staged rows with is_superseded, true for each but the newest row of a key. Only
    rows of repeated keys are ranked. -#}
{% macro rows_by_key(rows, raw, table_name, key) -%}
    {%- set staging_model = 'stg_crm__' ~ table_name -%}
    repeated_keys as (
        select {{ key }}
        from {{ ref('int_' ~ table_name ~ '_repeated_keys') }}
    ),

    {{ rows }} as (
        select
            staged.*,
            false as is_superseded
        from {{ ref(staging_model) }} as staged
        left join repeated_keys on staged.{{ key }} = repeated_keys.{{ key }}
        where repeated_keys.{{ key }} is null
        union all
        select
            staged.*,
            row_number() over (
                partition by staged.{{ key }}
                order by {{ newest_first(raw, 'staged') }}
            ) > 1 as is_superseded
        from {{ ref(staging_model) }} as staged
        inner join repeated_keys on staged.{{ key }} = repeated_keys.{{ key }}
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

{#- Joins that tell whose record a row is. An erased record is found by the hash of its identifier. -#}
{% macro join_customer_records(rows) -%}
    left join {{ ref('int_customers_unified') }} as records
        on {{ rows }}.customer_id = records.record_id
    left join {{ ref('int_customers_unified') }} as erased_records
        on case
            when records.record_id is null then {{ salted_hash(rows ~ '.customer_id') }}
        end = erased_records.record_id
        and erased_records.fate = 'erased_customer'
{%- endmacro %}

{% macro record_fate() -%}
    coalesce(records.fate, erased_records.fate)
{%- endmacro %}

{#- Defects of a row because of its customer. -#}
{% macro customer_defects(rows) -%}
    {{ return({
        'unknown_customer': rows ~ '.customer_id is not null and ' ~ record_fate() ~ ' is null',
        'orphan_row': record_fate() ~ " = 'quarantined'",
    }) }}
{%- endmacro %}

{#- Why a sound row is not used; null where it is. An erasure is named before all others. -#}
{% macro exclusion(date_column, not_a_sale='false') -%}
    case
        when {{ record_fate() }} = 'erased_customer' then 'erased_customer'
        when {{ not_a_sale }} then 'not_a_sale'
        when {{ date_column }} > {{ as_of_date() }} then 'after_as_of_date'
        when {{ record_fate() }} not in ('used', 'quarantined') then {{ record_fate() }}
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

{#- The order of a child row is unknown, or in the quarantine itself. -#}
{% macro order_is_missing() -%}
    {{ return("coalesce(orders.fate, erased_orders.fate, 'quarantined') = 'quarantined'") }}
{%- endmacro %}

{#- What a line of an order comes to, in the currency of the order. -#}
{% macro item_amount(rows) -%}
    cast(
        {{ rows }}.quantity * {{ rows }}.unit_price - coalesce({{ rows }}.discount_amount, 0)
        as decimal(18, 2)
    )
{%- endmacro %}

{#- A child of an excluded order is excluded with its reason. -#}
{% macro order_exclusion(date_column, not_a_sale='false') -%}
    case
        when coalesce(orders.exclusion, erased_orders.exclusion) is not null
            then coalesce(orders.exclusion, erased_orders.exclusion)
        when {{ not_a_sale }} then 'not_a_sale'
        when {{ date_column }} > {{ as_of_date() }} then 'after_as_of_date'
    end
{%- endmacro %}
