{#- Rules in words, of the seed explanation_texts. -#}

{% macro condition_texts() -%}
    {{ return([
        'condition_code', 'condition_equal', 'condition_at_least', 'condition_more_than', 'condition_at_most',
        'condition_less_than', 'condition_from_to', 'condition_from_below', 'condition_above_to', 'condition_above_below',
    ]) }}
{%- endmacro %}

{#- A condition in the language of its texts; null without one. -#}
{% macro condition_told(rows, texts) -%}
    {%- set values = {
        'measure': label_of(rows, texts),
        'code': "coalesce(" ~ rows ~ ".code, '')",
        'low': "coalesce(" ~ rows ~ ".low_told, '')",
        'high': "coalesce(" ~ rows ~ ".high_told, '')",
    } -%}
    {%- set template -%}
        case
            when {{ rows }}.code is not null then {{ texts }}.condition_code
            when {{ rows }}.low = {{ rows }}.high then {{ texts }}.condition_equal
            when {{ rows }}.low is null and {{ rows }}.high is null then null
            when {{ rows }}.high is null and {{ rows }}.includes_low then {{ texts }}.condition_at_least
            when {{ rows }}.high is null then {{ texts }}.condition_more_than
            when {{ rows }}.low is null and {{ rows }}.includes_high then {{ texts }}.condition_at_most
            when {{ rows }}.low is null then {{ texts }}.condition_less_than
            when {{ rows }}.includes_low and {{ rows }}.includes_high then {{ texts }}.condition_from_to
            when {{ rows }}.includes_low then {{ texts }}.condition_from_below
            when {{ rows }}.includes_high then {{ texts }}.condition_above_to
            else {{ texts }}.condition_above_below
        end
    {%- endset -%}
    {{ filled(template, values) }}
{%- endmacro %}

{#- The conditions of a rule and its note, in the language of its texts. -#}
{% macro rule_told(conditions, note, texts) -%}
    {%- set conditions = 'coalesce(' ~ conditions ~ ', ' ~ texts ~ '.rule_else)' -%}
    {%- set noted = filled(texts ~ '.rule_with_note', {'conditions': conditions, 'note': note}) -%}
    coalesce({{ noted }}, {{ conditions }})
{%- endmacro %}
