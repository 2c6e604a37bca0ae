{#- The cells of a decision table are counted before they are made: each value of a code that rules
    name, and each bound, multiplies them. Not fewer than there will be: bounds that are both a minimum
    and a maximum count twice, and all periods together. -#}
{% test cells_at_most(model, seed_name, most) %}

{{ config(meta={'reports_rules': true}) }}
{%- set table = decision_table(seed_name) %}
{%- set text = dbt.type_string() %}

with

counted as (
    select
        market,
        1
        {%- for measure in table.measures %}
        * (count(distinct min_{{ measure }}) + count(distinct max_{{ measure }}) + 2)
        {%- endfor %}
        {%- for code in table.codes %}
        * (count(distinct {{ code }}) + 1)
        {%- endfor %} as cells
    from {{ model }}
    group by
        rule_set,
        market
)

select
    '{{ seed_name }}' as seed_name,
    '(all rules)' as rule_id,
    'the rules of market ' || market || ' make up to ' || cast(cells as {{ text }})
    || ' cells, at most {{ most }} are sensible; name fewer values' as defect
from counted
where cells > {{ most }}

{% endtest %}
