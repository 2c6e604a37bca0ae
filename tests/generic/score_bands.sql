{#- Bands of a metric: in each market and period exactly one row for each score, bounds that ascend
    from the worst to the best (recency: descend), and only the last without a limit. A market may
    have no bands of its own, as long as '*' has. -#}
{% test score_bands(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}
{%- set metrics = ['recency', 'frequency', 'monetary'] %}

with

bands as (
    {{ rfm_band_cuts() }}
),

scopes as (
    {%- for metric in metrics %}
    select
        '*' as market,
        '{{ metric }}' as metric
    union
    {%- endfor %}
    select
        market,
        metric
    from bands
),

changes as (
    select
        market,
        metric,
        valid_from as changed_on
    from bands
    union
    select
        market,
        metric,
        valid_to as changed_on
    from bands
    where valid_to is not null
    union
    select
        market,
        metric,
        (select min(evaluation_date) from {{ ref('strata', 'int_evaluation_dates') }}) as changed_on
    from scopes
),

in_force as (
    select
        changes.changed_on,
        changes.market,
        changes.metric,
        bands.band_id,
        bands.cut,
        bands.upper_bound,
        lag(bands.upper_bound) over (
            partition by changes.changed_on, changes.market, changes.metric
            order by bands.cut, bands.band_id
        ) as bound_below,
        row_number() over (
            partition by changes.changed_on, changes.market, changes.metric
            order by bands.cut, bands.band_id
        ) as position,
        count(bands.band_id) over (
            partition by changes.changed_on, changes.market, changes.metric
        ) as bands_in_force
    from changes
    left join bands
        on
            changes.market = bands.market
            and changes.metric = bands.metric
            and bands.valid_from <= changes.changed_on
            and (bands.valid_to > changes.changed_on or bands.valid_to is null)
),

defects as (
    select
        coalesce(band_id, '(no band)') as rule_id,
        'from ' || cast(changed_on as {{ text }}) || ' the scores 1 to 5 of ' || metric
        || ' in market ' || market || ' are not there once each' as defect
    from in_force
    where
        (market = '*' or band_id is not null)
        and ((position = 1 and bands_in_force <> 5) or cut <> position)
    union all
    select
        band_id as rule_id,
        'the upper_bound must be above that of the neighbouring score, ' || cast(bound_below as {{ text }})
            as defect
    from in_force
    where upper_bound <= bound_below
    union all
    select
        band_id as rule_id,
        case
            when position = 5 then 'the last band must have no upper_bound'
            else 'only the last band may be without an upper_bound'
        end as defect
    from in_force
    where band_id is not null and (position = 5) <> (upper_bound is null)
    union all
    select
        band_id as rule_id,
        'the metric ' || coalesce(metric, '(blank)') || ' is not recency, frequency or monetary' as defect
    from bands
    where metric is null or metric not in ('{{ metrics | join("', '") }}')
    union all
    select
        bands.band_id as rule_id,
        'the market ' || bands.market || ' is not in markets' as defect
    from bands
    left join ({{ every_market() }}) as markets on bands.market = markets.market
    where markets.market is null
)

select
    '{{ model.identifier }}' as seed_name,
    rule_id,
    defect
from defects

{% endtest %}
