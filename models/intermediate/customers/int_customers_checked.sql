{%- set raw = raw_columns('customers') %}

with

staged as (
    select * from {{ ref('strata', 'stg_crm__customers') }}
),

repeated_keys as (
    select
        {{ identifier_key('staged.customer_id') }} as repeated_key,
        count(distinct {{ system_of('staged') }}) as systems
    from staged
    group by {{ identifier_key('staged.customer_id') }}
    having count(*) > 1
),

-- An identifier whose digits are lost names nobody.
keyed as (
    select
        staged.*,
        {{ system_of('staged') }} as record_system,
        case
            when not ({{ digits_are_lost('staged.customer_id') }})
                then {{ identifier_key('staged.customer_id') }}
        end as record_key
    from staged
),

-- The rows of an identifier are one record, or one for each system if there are several.
ranked as (
    select
        keyed.*,
        repeated_keys.systems,
        case when repeated_keys.systems > 1 then coalesce(keyed.record_system, '') else '' end as own_system,
        row_number() over (
            partition by
                keyed.record_key,
                case when repeated_keys.systems > 1 then coalesce(keyed.record_system, '') else '' end
            order by {{ newest_first(raw, 'keyed') }}
        ) as place
    from keyed
    inner join repeated_keys on keyed.record_key = repeated_keys.repeated_key
),

newest as (
    select
        record_key,
        own_system,
        customer_id as record_name
    from ranked
    where place = 1
),

repeats as (
    select
        ranked.*,
        newest.record_name
    from ranked
    inner join newest
        on
            ranked.record_key = newest.record_key
            and ranked.own_system = newest.own_system
),

records as (
    select
        keyed.*,
        0 as systems,
        '' as own_system,
        1 as place,
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
        on case when records.systems < 2 then records.record_name end = names_with_systems.record_name
),

-- No identifier begins with a space.
checked as (
    select
        named.*,
        named.place > 1 as is_superseded,
        case
            when named.is_ambiguous then ' ' || named.record_name
            when named.systems > 1 then named.record_system || ':' || named.record_name
            else named.record_name
        end as record_id,
        {{ reference_key('named.record_key') }} as customer_key,
        {{ name_list({
            'duplicate_key': 'named.place > 1',
            'ambiguous_customer': 'named.is_ambiguous',
        }, also='named.defects') }} as all_defects
    from named
)

select * from checked
