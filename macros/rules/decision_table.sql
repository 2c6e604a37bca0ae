{#- Decision tables: rules in a seed, first match wins.

    A rule has a condition on each measure or none. The bounds of all conditions on a measure cut its
    line into ranges; of each range a mask, a bit for each rule, says which rules admit it. The rules that
    a customer meets are the masks of its ranges, `and`ed; the lowest bit is the first rule. So no customer
    is compared with a rule, and the masks prove a table: each combination of them has a rule, and each
    rule is the first of one. -#}

{#- The node of a seed by its name, among those that are enabled: a project that has Strata as a package
    may have switched ours off and brought its own. -#}
{% macro seed_node(seed_name, or_none=false) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.name == seed_name -%}
        {{ return(node) }}
    {%- endfor -%}
    {%- if not or_none -%}
        {%- do exceptions.raise_compiler_error('there is no seed ' ~ seed_name) -%}
    {%- endif -%}
{%- endmacro %}

{#- What _rules_in_force.yml declares under meta: measures of int_rules_in_force, by their names. While dbt parses,
    nothing. -#}
{% macro measures() -%}
    {%- if execute -%}
        {%- for node in strata.nodes_of_strata() if node.name == 'int_rules_in_force' -%}
            {{ return(node.config.meta.measures) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return({}) }}
{%- endmacro %}

{#- A decision table by the columns of its seed: those that are measures, each as declared, but the
    outcome. A model reads it once and hands it on, so that a unit test can mock it. -#}
{% macro decision_table(seed_name) -%}
    {%- set table = {'outcome': 'outcome', 'has_rule_sets': false, 'measures': {}} -%}
    {%- set declared = strata.measures() -%}
    {%- if declared -%}
        {%- set seed = strata.seed_node(seed_name) -%}
        {%- do table.update(seed.config.meta.decision_table) -%}
        {%- do table.update(has_rule_sets='rule_set' in seed.columns) -%}
        {%- for column in seed.columns if column in declared and column != table.outcome -%}
            {%- do table.measures.update({column: declared[column]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(table) }}
{%- endmacro %}

{#- The measures of a table that are numbers, or those that are codes, as a list of names. -#}
{% macro measures_of(table, codes=false) -%}
    {%- set names = [] -%}
    {%- for name, measure in table.measures.items() if (measure.type == 'code') == codes -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{#- The measures of a table as columns of rows, some of them by an expression instead. -#}
{% macro measure_columns(table, rows, instead={}) -%}
    {%- for measure in table.measures %}
    {{ instead[measure] ~ ' as ' ~ measure if measure in instead else rows ~ '.' ~ measure }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The type of a measure's values, and of the bounds that they are compared with. -#}
{% macro measure_type(measure) -%}
    {%- set types = {'count': 'integer', 'money': 'decimal(18, 2)', 'number': type_double()} -%}
    {{ return(types[measure.type]) }}
{%- endmacro %}

{#- Query: one row per declared measure, with its step and the values that it can have. -#}
{% macro declared_measures() -%}
    {%- for name, measure in measures().items() %}
    select
        '{{ name }}' as measure,
        cast({{ measure.step if measure.step is defined else 'null' }} as {{ bound_type() }}) as step,
        cast({{ measure.at_least if measure.at_least is defined else 'null' }} as {{ bound_type() }}) as at_least,
        cast({{ measure.at_most if measure.at_most is defined else 'null' }} as {{ bound_type() }}) as at_most
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The decision tables that a model reads, each by the name of its seed. -#}
{% macro decision_tables_of(model_name) -%}
    {%- set tables = {} -%}
    {%- if execute -%}
        {%- for node in nodes_of_strata() if node.resource_type == 'model' and node.name == model_name -%}
            {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
                {%- set seed = graph.nodes[parent] -%}
                {%- if seed.resource_type == 'seed' and seed.config.meta.decision_table -%}
                    {%- do tables.update({seed.name: decision_table(seed.name)}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}
