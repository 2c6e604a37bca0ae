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
