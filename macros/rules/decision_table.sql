{#- Decision tables: rules in a seed, first match wins.

    The bounds of a table cut its measures into cells, in each of which one rule matches. The cells
    prove the table (each has a rule, each rule a cell) and classify: a customer's cell is found by
    comparing its measures with the few bounds, so no customer is ever compared with every rule. Of a
    code the cells tell apart only what rules in force name; all else, and null, is ''. -#}

{#- What the seed's YAML declares under meta: decision_table: outcome, measures (numbers with a
    min_ and a max_ column) and codes (texts with a column of their name, each with its catalogue
    as [seed, column]). A model reads it once and hands it on, so that a unit test can mock it. -#}
{% macro decision_table(seed_name) -%}
    {%- set declared = {'outcome': 'outcome', 'measures': {}, 'codes': {}} -%}
    {%- if execute and graph.get('nodes') -%}
        {%- do declared.update(graph.nodes['seed.strata.' ~ seed_name].config.meta.decision_table) -%}
    {%- endif -%}
    {{ return(declared) }}
{%- endmacro %}

{#- The columns of the seed that decision_rules reads. -#}
{% macro decision_columns(table) -%}
    {%- set columns = ['rule_id', 'market', 'priority', table.outcome] -%}
    {%- if table.has_rule_sets -%}
        {%- do columns.append('rule_set') -%}
    {%- endif -%}
    {%- for measure in table.measures -%}
        {%- do columns.extend(['min_' ~ measure, 'max_' ~ measure]) -%}
    {%- endfor -%}
    {{ return(columns + table.codes | list + ['note', 'valid_from', 'valid_to']) }}
{%- endmacro %}

{#- CTE body: one row per rule of the seed. Tables without rule sets have one, `live`. -#}
{% macro decision_rules(table, seed) -%}
    select
        rule_id,
        {% if table.has_rule_sets %}rule_set{% else %}'live' as rule_set{% endif %},
        market,
        priority,
        {{ table.outcome }} as outcome,
        {%- for measure in table.measures %}
        min_{{ measure }},
        max_{{ measure }},
        {%- endfor %}
        {%- for code in table.codes %}
        {{ code }},
        {%- endfor %}
        note,
        valid_from,
        valid_to
    from {{ seed }}
{%- endmacro %}
