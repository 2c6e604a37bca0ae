{#- Where a raw table is read: in its staging model, by this macro. -#}

{#- [package, model] of the model that is a raw table; none where the raw table is a source. -#}
{% macro raw_model(table_name) -%}
    {%- set name = (var('raw_models') or {}).get(table_name) -%}
    {{ return(none if not name else name.split('.') if '.' in name else [project_name, name]) }}
{%- endmacro %}

{% macro raw_relation(table_name) -%}
    {%- set model = raw_model(table_name) -%}
    {{ return(ref(model[0], model[1]) if model else source('crm', table_name)) }}
{%- endmacro %}

{% macro raw(table_name) -%}
    {%- set relation = raw_relation(table_name) -%}
    {#- what reads files or loads them gives a table all its columns; in a unit test there is no graph -#}
    {%- if not execute or not graph.get('nodes') or (var('raw_path') and not raw_model(table_name)) -%}
        {{ return(relation) }}
    {%- endif -%}
    {{ return(with_all_columns(relation, table_name)) }}
{%- endmacro %}

{#- A raw table that we have not made: what it lacks is null, and it is empty where missing_sources says so. -#}
{% macro with_all_columns(relation, table_name) -%}
    {%- set is_missing = table_name in var('missing_sources') -%}
    {%- set there = [] if is_missing
        else adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {%- set nulls = [] -%}
    {%- set needed = [] -%}
    {%- for column in raw_columns(table_name).values() if column.name not in there -%}
        {%- do nulls.append('cast(null as ' ~ dbt.type_string() ~ ') as ' ~ column.name) -%}
        {%- if column.meta.required or column.meta.key -%}
            {%- do needed.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if is_missing -%}
        {{ return('(select ' ~ nulls | join(', ') ~ ' where 1 = 0) as ' ~ table_name) }}
    {%- elif there and needed -%}
        {%- do exceptions.raise_compiler_error(
            'The raw table ' ~ table_name ~ ' (' ~ relation ~ ') lacks ' ~ needed | join(', ')
            ~ ': models/staging/_sources.yml of Strata says what is needed.') -%}
    {%- elif there and nulls -%}
        {{ return('(select raw_table.*, ' ~ nulls | join(', ') ~ ' from ' ~ relation ~ ' as raw_table) as '
            ~ table_name) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
