{#- Gamma-Gamma (Fader and Hardie 2013), and lifetime values by it and BG/NBD (bgnbd.sql), in plain SQL.

    The rows that these macros are used on have the columns bgnbd_frequency (x), bgnbd_recency_days
    (t_x), bgnbd_age_days (T), bgnbd_monetary (m), and the parameters bgnbd_r, bgnbd_alpha, bgnbd_a,
    bgnbd_b, gamma_gamma_p, gamma_gamma_q and gamma_gamma_v, all doubles. -#}

{#- The parameters as columns. -#}
{% macro clv_parameter_columns(parameters) -%}
    {%- for column in [
        'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b',
        'gamma_gamma_p', 'gamma_gamma_q', 'gamma_gamma_v',
    ] %}
    {{ parameters }}.{{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- CTEs up to `predicted`: the rows with p_alive, expected_order_value and, for each horizon in days,
    expected_orders_<days>d. -#}
{% macro clv_predictions(rows, horizons, terms) -%}
    {{ bgnbd_expectations(rows, horizons, terms) }},

    alive as (
        select
            {{ rows }}.*,
            {{ bgnbd_p_alive() }} as p_alive,
            {{ gamma_gamma_value() }} as expected_order_value
        from {{ rows }}
    ),

    predicted as (
        select
            alive.*,
            {{ each('alive.p_alive * expected.by_p_alive_{}d as expected_orders_{}d', horizons) }}
        from alive
        left join expected
            on
                {{ each('alive.{} = expected.{}', [
                    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'bgnbd_frequency', 'bgnbd_age_days',
                ], ' and') }}
    )
{%- endmacro %}

{#- Value of the next 12 months: the expected orders of each month of 30 days by their value, discounted. -#}
{% macro discounted_value(value, discount_rate) -%}
    {{ value }} * (
        {%- for month in range(1, 13) %}
        {{ '+ ' if not loop.first }}(expected_orders_{{ 30 * month }}d
        {{- ' - expected_orders_' ~ 30 * (month - 1) ~ 'd' if not loop.first }})
        / power(1 + {{ discount_rate }}, {{ month }})
        {%- endfor %}
    )
{%- endmacro %}

{#- Expected value of a purchase day: the customer's own mean, drawn to that of all; without a repeat
    purchase x = 0 it is p v / (q - 1), that of all. A mean below 0 is none of Gamma-Gamma: it counts
    as 0, and the purchases count. -#}
{% macro gamma_gamma_value() -%}
    gamma_gamma_p
    * (gamma_gamma_v + bgnbd_frequency * greatest(bgnbd_monetary, 0))
    / (gamma_gamma_p * bgnbd_frequency + gamma_gamma_q - 1)
{%- endmacro %}

{#- The naive yearly value that a prediction must beat: mean monthly revenue since the first order, for
    12 months, at the retention rate of the market. -#}
{% macro clv_baseline(rows, retention_rate) -%}
    cast({{ rows }}.lifetime_net_revenue as {{ type_double() }})
    / (
        {{ month_index(rows ~ '.evaluation_date') }} - {{ month_index(rows ~ '.first_order_date') }} + 1
    ) * 12 * {{ retention_rate }}
{%- endmacro %}

{#- Query: of those who had ordered in the year before last, how many of a market came back. -#}
{% macro retention_rates() -%}
    select
        market,
        sum(case when orders_12m > 0 then 1 else 0 end) / cast(count(*) as {{ type_double() }})
            as retention_rate,
        evaluation_date
    from {{ ref('strata', 'customer_tier_history') }}
    where orders_previous_12m > 0
    group by
        market,
        evaluation_date
{%- endmacro %}
