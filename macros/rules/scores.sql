{#- 1 + the number of ascending cut points strictly below a measure: equal values, equal scores. -#}
{% macro score_above(measure, cut_prefix, scores=5) -%}
    case
        when {{ measure }} is null then null
        {%- for cut in range(1, scores) %}
        when {{ measure }} <= {{ cut_prefix }}_{{ cut }} then {{ cut }}
        {%- endfor %}
        else {{ scores }}
    end
{%- endmacro %}

{#- The cut points of a measure that part its rows into five classes of one size; an aggregate. -#}
{% macro quantile_cuts(measure) -%}
    {%- for cut in range(1, 5) %}
    {%- set quantile = 'percentile_cont(' ~ cut / 5 ~ ') within group (order by ' ~ measure ~ ')' %}
    cast({{ to_decimal(quantile, 6) }} as {{ type_double() }}) as {{ measure }}_cut_{{ cut }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The measures that the composite score may use, of those declared. A model reads them once and hands
    them on, so that a unit test can mock them. -#}
{% macro score_measures() -%}
    {%- set names = [] -%}
    {%- for name, measure in measures().items() if measure.in_score -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{#- Query: one row per row and measure that has a weight there, on its scale. -#}
{% macro scaled_measures(rows, parameters, measures) -%}
    {%- for measure in measures %}
    select
        {{ rows }}.customer_id,
        {{ rows }}.market,
        '{{ measure }}' as measure,
        cast({{ rows }}.{{ measure }} as {{ type_double() }}) as measure_value,
        {{ scaled_measure(rows ~ '.' ~ measure, parameters ~ '.' ~ measure) }} as scaled_value,
        {{ parameters }}.{{ measure }}_weight as weight,
        {{ rows }}.score_coverage,
        {{ rows }}.evaluation_date
    from {{ rows }}
    inner join {{ parameters }}
        on
            {{ rows }}.evaluation_date = {{ parameters }}.evaluation_date
            and {{ rows }}.market = {{ parameters }}.market
    where {{ parameters }}.{{ measure }}_weight is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- A measure on its scale of 0 to 100, by the parameters of its row of score_components: what it is
    worth 0 at, and its slope from there, in the measure or its logarithm. Null for null. -#}
{% macro scaled_measure(measure, parameters) -%}
    case
        when {{ measure }} is not null and {{ parameters }}_weight is not null
            then 100 * least(
                greatest(
                    {{ parameters }}_slope * (
                        case
                            when {{ parameters }}_is_log
                                then ln(1 + greatest(cast({{ measure }} as {{ type_double() }}), 0))
                            else cast({{ measure }} as {{ type_double() }})
                        end - {{ parameters }}_zero_at
                    ),
                    0
                ),
                1
            )
    end
{%- endmacro %}

{#- The points of all measures, each by its weight; a measure that is null has none. -#}
{% macro score_points(rows, measures, parameters) -%}
    {%- for measure in measures %}
    coalesce(
        {{ parameters }}.{{ measure }}_weight
        * {{ scaled_measure(rows ~ '.' ~ measure, parameters ~ '.' ~ measure) }},
        0
    ){{ ' +' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The weights of the measures that are not null. -#}
{% macro score_coverage(rows, measures, parameters) -%}
    {%- for measure in measures %}
    case
        when {{ rows }}.{{ measure }} is not null
            then coalesce({{ parameters }}.{{ measure }}_weight, 0)
        else 0
    end{{ ' +' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
