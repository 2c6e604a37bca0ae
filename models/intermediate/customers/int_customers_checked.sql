{%- set raw = raw_columns('customers') %}
{%- set of_record -%}
    partition by
                keyed.record_key,
                case when repeated_keys.systems > 1 then coalesce(keyed.record_system, '') end
            order by {{ newest_first(raw, 'keyed') }}
{%- endset %}

with

repeated_keys as (
    select
        customer_id as repeated_key,
        systems
    from {{ ref('int_customers_repeated_keys') }}
),

-- An identifier whose digits are lost names nobody.
keyed as (
    select
        staged.*,
        {{ system_of('staged') }} as record_system,
        case
            when not ({{ digits_are_lost('staged.customer_id') }})
                then {{ identifier_key('staged.customer_id') }}
        end as record_key,
        {{ raw_row(raw, 'staged') }} as raw_row
    from {{ ref('stg_crm__customers') }} as staged
),

-- The rows of an identifier are one record, or one for each system if there are several.
repeats as (
    select
        keyed.*,
        repeated_keys.systems,
        row_number() over (
            {{ of_record }}
        ) > 1 as is_superseded,
        first_value(keyed.customer_id) over (
            {{ of_record }}
        ) as record_name
    from keyed
    inner join repeated_keys on keyed.record_key = repeated_keys.repeated_key
),

records as (
    select
        keyed.*,
        0 as systems,
        false as is_superseded,
        case when keyed.record_key is not null then keyed.customer_id end as record_name
    from keyed
    left join repeated_keys on keyed.record_key = repeated_keys.repeated_key
    where repeated_keys.repeated_key is null
    union all
    select * from repeats
),

names_with_systems as (
    select record_system || ':' || record_name as record_name
    from repeats
    where systems > 1 and record_system is not null
    group by record_system || ':' || record_name
),

-- A record without a system beside two that have one may be either, and one whose identifier is written as
-- such a name is not told from it.
named as (
    select
        records.*,
        names_with_systems.record_name is not null
        or (records.systems > 1 and records.record_system is null) as is_ambiguous
    from records
    left join names_with_systems
        on records.systems < 2 and records.record_name = names_with_systems.record_name
),

-- No identifier begins with a space.
checked as (
    select
        named.*,
        case
            when is_ambiguous then ' ' || record_name
            when systems > 1 then record_system || ':' || record_name
            else record_name
        end as record_id,
        {{ reference_key('record_key') }} as customer_key,
        {{ name_list({
            'duplicate_key': 'is_superseded',
            'ambiguous_customer': 'is_ambiguous',
        }, also='defects') }} as all_defects
    from named
)

select * from checked
