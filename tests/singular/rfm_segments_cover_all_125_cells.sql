{{ config(meta={'reports_rules': true}) }}

-- Each of the 125 combinations of scores has exactly one segment today, in each market, and each
-- segment at least one of them (prospect: the customers without scores).

{%- set table = decision_table('rfm_segments') %}

with

scores as (
    {{ whole_numbers(1, 5, 'score') }}
),

markets as (
    {{ every_market() }}
),

evaluations as (
    select
        dates.evaluation_date,
        markets.market,
        1 as lifetime_orders,
        recency.score as recency_score,
        frequency.score as frequency_score,
        monetary.score as monetary_score
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    cross join markets
    cross join scores as recency
    cross join scores as frequency
    cross join scores as monetary
    where dates.is_current
    union all
    select
        dates.evaluation_date,
        markets.market,
        0 as lifetime_orders,
        null as recency_score,
        null as frequency_score,
        null as monetary_score
    from {{ ref('strata', 'int_evaluation_dates') }} as dates
    cross join markets
    where dates.is_current
),

{{ match_rules(
    'evaluations',
    'rfm_segments',
    table,
    ref('strata', 'int_rules_in_force'),
    ref('strata', 'int_rule_ranges'),
    {'outcome': 'rfm_segment'},
) }},

cells as (
    select
        market,
        sum(case when lifetime_orders = 1 then 1 else 0 end) as matched_cells,
        sum(case when rfm_segment is null then 1 else 0 end) as cells_without_segment
    from rfm_segments_matched
    group by market
),

unused_segments as (
    select segments.segment_code
    from {{ ref('rfm_segment_labels') }} as segments
    left join rfm_segments_matched as matched on segments.segment_code = matched.rfm_segment
    where matched.rfm_segment is null
)

select
    'rfm_segments' as seed_name,
    'market ' || market as rule_id,
    cast(matched_cells as {{ dbt.type_string() }}) || ' of the 125 combinations of scores have a segment, '
    || cast(cells_without_segment as {{ dbt.type_string() }}) || ' have none' as defect
from cells
where matched_cells <> 125 or cells_without_segment > 0
union all
select
    'rfm_segments' as seed_name,
    'segment ' || segment_code as rule_id,
    'no combination of scores has the segment; give it one, or take it out of rfm_segment_labels'
        as defect
from unused_segments
