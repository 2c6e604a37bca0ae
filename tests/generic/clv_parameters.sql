{#- One row per parameter that the formulas of BG/NBD and Gamma-Gamma cannot take. -#}
{% test clv_parameters(model) %}

{{ config(meta={'reports_rules': true}) }}
{%- set positive = [
    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'gamma_gamma_p', 'gamma_gamma_v',
] %}

with

defects as (
    {%- for parameter in positive %}
    select
        market,
        valid_from,
        '{{ parameter }} must be above 0' as defect
    from {{ model }}
    where {{ parameter }} is null or {{ parameter }} <= 0
    union all
    {%- endfor %}
    select
        market,
        valid_from,
        'gamma_gamma_q must be above 1, else the mean value of an order is infinite' as defect
    from {{ model }}
    where gamma_gamma_q is null or gamma_gamma_q <= 1
    union all
    select
        market,
        valid_from,
        'monthly_discount_rate must be 0 or more' as defect
    from {{ model }}
    where monthly_discount_rate is null or monthly_discount_rate < 0
    union all
    select
        clv_parameters.market,
        clv_parameters.valid_from,
        'the market is not in markets' as defect
    from {{ model }} as clv_parameters
    left join ({{ every_market() }}) as markets on clv_parameters.market = markets.market
    where markets.market is null
)

select
    '{{ model.identifier }}' as seed_name,
    'market ' || coalesce(market, '(blank)') || ' from '
    || coalesce(cast(valid_from as {{ dbt.type_string() }}), '(blank)') as rule_id,
    defect
from defects

{% endtest %}
