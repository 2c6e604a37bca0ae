{#- One row per defect of an override: incomplete, of an unknown mode or tier, over before it begins,
    or on the same day as another of the same customer. -#}
{% test tier_overrides(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}

with

overrides as (
    select
        overrides.*,
        coalesce(valid_to, date '9999-12-31') as valid_until
    from {{ model }} as overrides
),

row_defects as (
    select
        overrides.override_id,
        case
            when
                overrides.override_id is null
                or overrides.customer_id is null
                or overrides.reason is null
                or overrides.approved_by is null
                or overrides.valid_from is null
                then 'override_id, customer_id, reason, approved_by and valid_from must not be blank'
            when overrides.mode not in ('floor', 'ceiling', 'lock') or overrides.mode is null
                then 'the mode must be floor, ceiling or lock'
            when tiers.tier_code is null
                then 'the tier ' || coalesce(overrides.tier_code, '(blank)') || ' is not in tiers'
            when overrides.valid_from >= overrides.valid_until
                then 'valid_from is not before valid_to'
        end as defect
    from overrides
    left join {{ ref('tiers') }} as tiers on overrides.tier_code = tiers.tier_code
),

twice as (
    select
        override_id,
        'the override_id is there ' || cast(count(*) as {{ text }}) || ' times' as defect
    from overrides
    group by override_id
    having count(*) > 1
),

clashes as (
    select
        overrides.override_id,
        'on some days ' || others.override_id || ' overrides the same customer '
        || overrides.customer_id || ' too' as defect
    from overrides
    inner join overrides as others
        on
            overrides.customer_id = others.customer_id
            and overrides.override_id > others.override_id
            and overrides.valid_from < others.valid_until
            and others.valid_from < overrides.valid_until
),

defects as (
    select
        override_id,
        defect
    from row_defects
    where defect is not null
    union all
    select
        override_id,
        defect
    from twice
    union all
    select
        override_id,
        defect
    from clashes
)

select
    '{{ model.identifier }}' as seed_name,
    coalesce(override_id, '(blank)') as rule_id,
    defect
from defects

{% endtest %}
