{#- Spearman's rank correlation of two columns: the correlation of their ranks, equal values sharing
    the mean of their ranks. Rows of the same two values are counted together first, so that a column of
    few values (a tier, no revenue) costs next to nothing. -#}

{#- CTEs up to `correlations`: one row per value of the `by` columns. -#}
{% macro rank_correlation(rows, by, first, second) -%}
    {%- set keys = by | join(', ') -%}
    {%- set double = type_double() -%}
    pairs as (
        select
            {{ keys }},
            {{ first }},
            {{ second }},
            count(*) as pair_rows
        from {{ rows }}
        group by
            {{ keys }},
            {{ first }},
            {{ second }}
    ),
    {% for column in [first, second] %}
    {{ column }}_values as (
        select
            {{ keys }},
            {{ column }},
            sum(pair_rows) as value_rows
        from pairs
        group by
            {{ keys }},
            {{ column }}
    ),

    -- The mean rank of the rows of a value, less the mean of all ranks.
    {{ column }}_ranks as (
        select
            {{ keys }},
            {{ column }},
            cast(
                sum(value_rows) over (
                    partition by {{ keys }} order by {{ column }} nulls last rows unbounded preceding
                ) as {{ double }}
            )
            - cast(value_rows as {{ double }}) / 2
            - cast(sum(value_rows) over (partition by {{ keys }}) as {{ double }}) / 2
                as centred_rank
        from {{ column }}_values
    ),
    {% endfor %}
    ranked as (
        select
            {%- for key in by %}
            pairs.{{ key }},
            {%- endfor %}
            cast(pairs.pair_rows as {{ double }}) as pair_rows,
            {{ first }}_ranks.centred_rank as first_rank,
            {{ second }}_ranks.centred_rank as second_rank
        from pairs
        {%- for column in [first, second] %}
        inner join {{ column }}_ranks
            on
                pairs.{{ column }} = {{ column }}_ranks.{{ column }}
                {%- for key in by %}
                and pairs.{{ key }} = {{ column }}_ranks.{{ key }}
                {%- endfor %}
        {%- endfor %}
    ),

    correlations as (
        select
            {{ keys }},
            sum(pair_rows * first_rank * second_rank)
            / nullif(
                sqrt(sum(pair_rows * first_rank * first_rank))
                * sqrt(sum(pair_rows * second_rank * second_rank)),
                0
            ) as rank_correlation
        from ranked
        group by {{ keys }}
    )
{%- endmacro %}
