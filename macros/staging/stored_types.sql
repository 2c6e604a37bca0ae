{#- Staging: raw columns with a type of their own, which are read as they are stored. -#}

{#- What a column's values are, by its declaration: time, number, flag or text. -#}
{% macro kind_of_value(column) -%}
    {{ return({'timestamp': 'time', 'date': 'time', 'decimal': 'number', 'integer': 'number', 'boolean': 'flag'}.get(
        column.data_type.split('(')[0], 'text')) }}
{%- endmacro %}

{#- The types of a raw table's columns as stored, by their names, on an engine that casts them as it would
    their texts. In a unit test there is no graph, and a row may be of any type. -#}
{% macro stored_types(table_name) -%}
    {%- set is_asked = execute and graph.get('nodes') and table_name not in var('missing_sources')
        and invocation_args_dict.get('introspect', true) -%}
    {{ return(adapter.dispatch('stored_types', 'strata')(table_name) if is_asked else {}) }}
{%- endmacro %}

{#- All are read as texts. -#}
{% macro default__stored_types(table_name) -%}
    {{ return({}) }}
{%- endmacro %}

{% macro duckdb__stored_types(table_name) -%}
    {%- set types = {} -%}
    {%- for column in adapter.get_columns_in_relation(raw_relation(table_name)) -%}
        {%- do types.update({column.name | lower: column.data_type.split('(')[0]}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{#- True if values of a kind are stored in a type of their own. A blank that is written as a number,
    such as -999, is found in a text only. -#}
{% macro is_stored_as(kind, stored_type) -%}
    {%- set types = {
        'time': ['TIMESTAMP', 'DATE'],
        'number': ['DECIMAL', 'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'],
        'flag': ['BOOLEAN'],
    } -%}
    {{ return(stored_type in types.get(kind, [])
        and not (kind == 'number' and blanks_like('[-+.]*[0-9][.0-9]*'))) }}
{%- endmacro %}

{#- A stored value, null where its text is a blank: some write a day for none. -#}
{% macro unless_blank(name, stored_type) -%}
    {%- set day = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
    {%- set forms = {'DATE': day, 'TIMESTAMP': day ~ ' [0-9]{2}:[0-9]{2}:[0-9]{2}'} -%}
    {%- set blanks = blanks_like(forms[stored_type]) if stored_type in forms -%}
    {{ return('case when ' ~ name ~ ' not in (' ~ blanks | join(', ') ~ ') then ' ~ name ~ ' end' if blanks
        else name) }}
{%- endmacro %}

{#- A stored time within the years that a text can write. -#}
{% macro stored_time(value) -%}
    case
        when {{ value }} >= '0001-01-01' and {{ value }} < '10000-01-01' then try_cast({{ value }} as timestamp)
    end
{%- endmacro %}
