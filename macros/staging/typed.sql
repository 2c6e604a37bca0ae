{#- Staging: a declaration in the source YAML becomes a safe cast and its defect reasons.
    A model reads it once, `set raw = raw_columns(...)`, and hands it on: so a unit test, to which
    dbt shows no graph, can mock it as it would mock a seed. The ref makes every staging model wait
    for the proofs of the seeds. -#}

{% macro raw_columns(table_name) -%}
    {%- do ref('int_seeds_proved') -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for source_node in graph.get('sources', {}).values()
            if source_node.source_name == 'crm' and source_node.name == table_name -%}
            {%- do found.update(source_node.columns) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{% macro run_clock() -%}
    {{ return("timestamp '" ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S') ~ "'") }}
{%- endmacro %}

{#- The columns of a raw table as they came, and beside each that is not a text what it means:
    cast_<column>, null where it means nothing. -#}
{% macro with_casts(raw) -%}
    *
    {%- for column in raw.values() if column.data_type != 'text' %},
    {{ try_cast(column.name, column.data_type) }} as cast_{{ column.name }}
    {%- endfor %}
{%- endmacro %}

{#- What the value means, in the rows of with_casts. -#}
{% macro cast_raw(column) -%}
    {%- set text = "nullif(trim(cast(" ~ column.name ~ " as " ~ dbt.type_string() ~ ")), '')" -%}
    {%- if column.data_type != 'text' -%}
        {{ return('cast_' ~ column.name) }}
    {%- elif column.meta.identifier or column.meta.key -%}
        {{ return(identifier(column.name)) }}
    {%- elif column.meta.case -%}
        {{ return(column.meta.case ~ '(' ~ text ~ ')') }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}

{#- What the value must meet beside its type; none = anything. -#}
{% macro accepted_when(column) -%}
    {%- set value = cast_raw(column) -%}
    {%- if column.meta.accepted -%}
        {{ return("lower(" ~ value ~ ") in ('" ~ column.meta.accepted | join("', '") ~ "')") }}
    {%- elif column.data_type == 'timestamp' -%}
        {{ return(value ~ " between timestamp '1970-01-01 00:00:00' and " ~ run_clock()) }}
    {%- elif column.data_type == 'date' -%}
        {{ return(value ~ " between date '1900-01-01' and cast(" ~ run_clock() ~ " as date)") }}
    {%- elif column.data_type == 'integer' -%}
        {{ return(value ~ ' >= 0') }}
    {%- endif -%}
{%- endmacro %}

{% macro typed(raw, column_name) -%}
    {%- if raw and column_name not in raw and graph.get('sources') -%}
        {%- do exceptions.raise_compiler_error(
            'models/staging/_sources.yml declares no column ' ~ column_name ~ '; it declares '
            ~ raw.keys() | join(', ')) -%}
    {%- elif column_name not in raw -%}
        {{ return(column_name) }}
    {%- endif -%}
    {%- set column = raw[column_name] -%}
    {%- set accepted = accepted_when(column) -%}
    {%- if accepted and not column.meta.required and not column.meta.strict -%}
        {{ return('case when ' ~ accepted ~ ' then ' ~ cast_raw(column) ~ ' end') }}
    {%- endif -%}
    {{ return(cast_raw(column)) }}
{%- endmacro %}

{#- True where the raw value is not blank; cheap for typed files. -#}
{% macro is_filled(column_name) -%}
    {{ return("coalesce(trim(cast(" ~ column_name ~ " as " ~ dbt.type_string() ~ ")), '') <> ''") }}
{%- endmacro %}
