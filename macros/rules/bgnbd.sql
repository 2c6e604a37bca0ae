{#- BG/NBD (Fader, Hardie and Lee 2005) in plain SQL.

    The rows that these macros are used on have the columns bgnbd_frequency (x), bgnbd_recency_days
    (t_x), bgnbd_age_days (T) and the parameters bgnbd_r, bgnbd_alpha, bgnbd_a and bgnbd_b, all doubles. -#}

{#- x, t_x and T of a row that has purchase_days and the dates of its orders; null without an order. -#}
{% macro bgnbd_inputs(rows) -%}
    {%- set double = type_double() -%}
    cast(
        case when {{ rows }}.purchase_days > 0 then {{ rows }}.purchase_days - 1 end as {{ double }}
    ) as bgnbd_frequency,
    cast({{ rows }}.days_since_first_order - {{ rows }}.days_since_last_order as {{ double }})
        as bgnbd_recency_days,
    cast({{ rows }}.days_since_first_order as {{ double }}) as bgnbd_age_days,
    case
        when {{ rows }}.purchase_days > 1
            then
                cast(
                    {{ rows }}.lifetime_net_revenue - {{ rows }}.first_day_net_revenue as {{ double }}
                ) / ({{ rows }}.purchase_days - 1)
        when {{ rows }}.purchase_days > 0 then cast(0 as {{ double }})
    end as bgnbd_monetary
{%- endmacro %}

{#- Probability that the customer still buys. -#}
{% macro bgnbd_p_alive() -%}
    case
        when bgnbd_r is null then null
        when bgnbd_frequency = 0 then cast(1 as {{ type_double() }})
        when bgnbd_frequency > 0 then 1 / (
            1 + exp(
                {#- an engine may refuse what overflows; this is a chance of 1 in 10^217 #}
                least(
                    ln(bgnbd_a / (bgnbd_b + bgnbd_frequency - 1))
                    + (bgnbd_r + bgnbd_frequency)
                    * ln((bgnbd_alpha + bgnbd_age_days) / (bgnbd_alpha + bgnbd_recency_days)),
                    500
                )
            )
        )
    end
{%- endmacro %}

{#- Expected purchase days in the next days by p_alive, which the parameters, x and T decide: the
    hypergeometric series after Euler's transformation, as a nested expression of so many terms. What its
    terms owe to the parameters alone is in their columns bgnbd_term_1, ... The rest of the series is taken
    for a geometric one whose ratio changes slowly: 100 times as exact as leaving it out. -#}
{% macro bgnbd_orders_by_p_alive(days, terms) -%}
    {%- set c = '(bgnbd_a + bgnbd_b + bgnbd_frequency - 1)' -%}
    {%- set z = '(' ~ days ~ ' / (bgnbd_alpha + bgnbd_age_days + ' ~ days ~ '))' -%}
    {%- set ratio = '(' ~ z ~ ' * (bgnbd_term_' ~ terms ~ ' / (' ~ c ~ ' + ' ~ terms ~ ')))' -%}
    {%- set next_ratio = '(' ~ z ~ ' * (bgnbd_term_' ~ (terms + 1) ~ ' / (' ~ c ~ ' + ' ~ (terms + 1)
        ~ ')))' -%}
    {%- set growth = '((1 - bgnbd_a) * ln((bgnbd_alpha + bgnbd_age_days + ' ~ days
        ~ ') / (bgnbd_alpha + bgnbd_age_days)))' -%}
    (
        {{ c }} * case
            when abs(1 - bgnbd_a) < 1e-9
                then ln((bgnbd_alpha + bgnbd_age_days + {{ days }}) / (bgnbd_alpha + bgnbd_age_days))
            else 2 * exp({{ growth }} / 2) * sinh({{ growth }} / 2) / (1 - bgnbd_a)
        end
        - exp({{ growth }}) * (bgnbd_a + bgnbd_b - 1 - bgnbd_r) * {{ z }}
        * (
            {%- for k in range(1, terms) %}
            1 + {{ z }} * (bgnbd_term_{{ k }} / ({{ c }} + {{ k }})) * (
            {%- endfor %}
            1 / (1 - {{ ratio }})
            + {{ ratio }} * ({{ next_ratio }} - {{ ratio }}) / power(1 - {{ ratio }}, 3)
            {{- ')' * (terms - 1) }}
        )
    )
{%- endmacro %}

{#- CTEs up to `expected`: for each model, x and T of some rows, which many customers and dates share, the
    expected purchase days by p_alive of so many days as columns by_p_alive_<days>d. -#}
{% macro bgnbd_expectations(rows, horizons, terms) -%}
    {%- set model = ['bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b'] -%}
    {%- set shared = model + ['bgnbd_frequency', 'bgnbd_age_days'] -%}
    ages as (
        select {{ shared | join(', ') }}
        from {{ rows }}
        where bgnbd_frequency is not null and bgnbd_r is not null
        group by {{ shared | join(', ') }}
    ),

    prepared as (
        select
            {{ model | join(', ') }},
            {{ bgnbd_terms(terms) }}
        from ages
        group by {{ model | join(', ') }}
    ),

    horizons as (
        {%- for days in horizons %}
        select {{ days }} as days
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ),

    series_inputs as (
        select
            ages.*,
            horizons.days,
            {{ each('prepared.bgnbd_term_{}', range(1, terms + 2)) }}
        from ages
        inner join prepared on {{ each('ages.{} = prepared.{}', model, ' and') }}
        cross join horizons
    ),

    series as (
        select
            {{ shared | join(', ') }},
            days,
            {{ bgnbd_orders_by_p_alive('days', terms) }} as orders_by_p_alive
        from series_inputs
    ),

    expected as (
        select
            {{ shared | join(', ') }},
            {{ each('max(case when days = {} then orders_by_p_alive end) as by_p_alive_{}d', horizons) }}
        from series
        group by {{ shared | join(', ') }}
    )
{%- endmacro %}

{#- The part of each term of the series that only the parameters decide, as columns. -#}
{% macro bgnbd_terms(terms) -%}
    {%- for k in range(1, terms + 2) %}
    (bgnbd_a + bgnbd_b - 1 - bgnbd_r + {{ k }}) * (bgnbd_a + {{ k - 1 }}) / {{ k + 1 }}
        as bgnbd_term_{{ k }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
