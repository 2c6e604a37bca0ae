{#- CTE body: the rows of a seed in force on each evaluation date in each market. A market with rows
    of its own (within a group, such as a metric) uses only those; any other uses '*'. -#}
{% macro rows_in_force(seed, columns, group_by=none) -%}
    select
        candidates.evaluation_date,
        candidates.market,
        candidates.is_own
        {%- for column in columns %},
        candidates.{{ column }}
        {%- endfor %}
    from (
        select
            dates.evaluation_date,
            markets.market,
            seed_rows.market = markets.market as is_own,
            {%- for column in columns %}
            seed_rows.{{ column }},
            {%- endfor %}
            max(case when seed_rows.market = markets.market then 1 else 0 end) over (
                partition by
                    dates.evaluation_date,
                    markets.market{{ ', seed_rows.' ~ group_by if group_by }}
            ) as has_own
        from {{ ref('strata', 'int_evaluation_dates') }} as dates
        cross join ({{ every_market() }}) as markets
        inner join {{ seed }} as seed_rows
            on
                (seed_rows.market = markets.market or seed_rows.market = '*')
                and seed_rows.valid_from <= dates.evaluation_date
                and (
                    seed_rows.valid_to > dates.evaluation_date
                    or seed_rows.valid_to is null
                )
    ) as candidates
    where candidates.is_own or candidates.has_own = 0
{%- endmacro %}

{#- Query: the markets of the seed markets, and `*` for customers of no market. -#}
{% macro every_market() -%}
    select market
    from {{ ref('markets') }}
    union
    select '*' as market
{%- endmacro %}

{#- Query: the rows of an effective-dated seed without markets that are in force on the last evaluation date. -#}
{% macro in_force_today(seed, columns) -%}
    select
        {{ each('{}', columns) }}
    from {{ seed }}
    where
        valid_from <= {{ as_of_date() }}
        and (valid_to > {{ as_of_date() }} or valid_to is null)
{%- endmacro %}
