-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- small, and read for every customer

with

components as (
    {{ rows_in_force(
        ref('strata', 'int_score_components'), ['measure', 'weight', 'zero_at', 'slope', 'is_log']
    ) }}
),

-- One row per date and market, so that a customer's measures are scaled without a join for each.
score_parameters as (
    select
        evaluation_date,
        market
        {%- for measure in score_measures() %}
            {%- for parameter in ['weight', 'zero_at', 'slope'] %},
        max(case when measure = '{{ measure }}' then {{ parameter }} end)
            as {{ measure }}_{{ parameter }}
            {%- endfor %},
        max(case when measure = '{{ measure }}' and is_log then 1 else 0 end) = 1
            as {{ measure }}_is_log
        {%- endfor %}
    from components
    group by
        evaluation_date,
        market
)

select * from score_parameters
