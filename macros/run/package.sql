{#- Strata in somebody else's project. -#}

{#- A hook runs in every run of the project that has Strata as a package. -#}
{% macro is_run_of_strata() -%}
    {%- set ours = [] -%}
    {%- if execute and flags.WHICH in changing_commands() + ['test', 'freshness', 'source-freshness'] -%}
        {%- for node in selected_resources if node.split('.')[1] == 'strata' -%}
            {%- do ours.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(ours | length > 0) }}
{%- endmacro %}

{#- The nodes of Strata, of the graph of the project that has it: dbt leaves the tests of models there that
    are switched off. -#}
{% macro nodes_of_strata() -%}
    {{ return((graph.get('nodes') or {}).values() | selectattr('package_name', 'equalto', 'strata')
        | selectattr('config.enabled') | list) }}
{%- endmacro %}

{#- The raw tables, as models/staging/_sources.yml declares them. -#}
{% macro sources_of_strata() -%}
    {{ return((graph.get('sources') or {}).values() | selectattr('package_name', 'equalto', 'strata') | list) }}
{%- endmacro %}

{#- A model of ours by its name; none if it is switched off. -#}
{% macro model_node(model_name) -%}
    {%- for node in nodes_of_strata() if node.resource_type == 'model' and node.name == model_name -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}

{#- The table of a seed or model of ours, or of the seed that replaces ours, or what is stored beside it;
    nothing if it is not there. -#}
{% macro relation_of(name, suffix='') -%}
    {%- set node = model_node(name) or seed_node(name, or_none=true) -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias ~ suffix) if node else none) }}
{%- endmacro %}

{#- A schema beside those of the models, by the same rule. -#}
{% macro schema_of_strata(name) -%}
    {{ return(generate_schema_name(name, model_node('customer_tiers') or nodes_of_strata() | first)) }}
{%- endmacro %}

{#- At the start of a run: of the project that has Strata as a package ours read the seeds that replace
    theirs and the raw tables that are its models. Anything else is a model of one name, by mistake. -#}
{% macro check_package() -%}
    {%- set raw = [] -%}
    {%- for table_name in var('raw_models') or {} -%}
        {%- do raw.append(('stg_crm__' ~ table_name, 'model.' ~ raw_model(table_name) | join('.'))) -%}
    {%- endfor -%}
    {%- set strange = [] -%}
    {%- set bare = [] -%}
    {%- for node in nodes_of_strata() if project_name != 'strata' -%}
        {%- for parent in node.depends_on.nodes or [] -%}
            {%- set parts = parent.split('.') -%}
            {%- if parts[1] != 'strata' and parts[0] == 'seed' -%}
                {%- do bare.append(parent) if not graph.nodes[parent].columns and parent not in bare -%}
            {%- elif parts[1] != 'strata' and (node.name, parent) not in raw -%}
                {%- do strange.append(node.name ~ ' reads ' ~ parts[1:] | join('.')) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if bare -%}
        {%- do exceptions.raise_compiler_error(
            'Seeds that replace those of Strata need its YAML (columns, types, meta), which dbt gives them where '
            ~ project_name ~ ' has none of its own for them: ' ~ bare | join(', ')) -%}
    {%- endif -%}
    {%- if strange -%}
        {%- do exceptions.raise_compiler_error(
            'Models of Strata and of ' ~ project_name ~ ' have the same name (' ~ strange[0]
            ~ (' and ' ~ (strange | length - 1) ~ ' more' if strange | length > 1)
            ~ '): set the flag require_ref_searches_node_package_before_root: true in dbt_project.yml, with '
            ~ 'dbt 1.11 or later, or rename yours.') -%}
    {%- endif -%}
{%- endmacro %}
