{#- Before a seed is loaded: each cell is of its declared type, or the message names seed and line. A seed of
    another project that replaces ours is checked too, so macros are named with their package here. -#}
{% macro check_seed(agate_table) -%}
    {%- set file = model.original_file_path -%}
    {%- set declared = model.columns -%}
    {%- set types = model.config.column_types -%}
    {%- for column_name in declared if column_name not in agate_table.column_names -%}
        {%- do exceptions.raise_compiler_error(
            file ~ ': the column ' ~ column_name ~ ' is missing from the header') -%}
    {%- endfor -%}
    {%- for column_name in agate_table.column_names if column_name not in declared -%}
        {%- do exceptions.raise_compiler_error(
            file ~ ': the column ' ~ column_name ~ ' is not declared in its YAML; declared are '
            ~ declared.keys() | join(', ')) -%}
    {%- endfor -%}
    {%- set stored = load_relation(this) -%}
    {%- if stored and not should_full_refresh() -%}
        {%- set stored_columns = adapter.get_columns_in_relation(stored) -%}
        {%- set stored_names = stored_columns | map(attribute='name') | map('lower') | list -%}
        {%- if stored_names != agate_table.column_names | list -%}
            {%- do exceptions.raise_compiler_error(
                file ~ ': the table of an earlier run has other columns: run dbt build --full-refresh once') -%}
        {%- endif -%}
        {%- for column in stored_columns if types[column.name | lower] -%}
            {%- set stored_type = strata.plain_type(column.data_type) -%}
            {%- set declared_type = strata.plain_type(types[column.name | lower]) -%}
            {%- if stored_type != declared_type -%}
                {%- do exceptions.raise_compiler_error(
                    file ~ ': the table of an earlier run has the column ' ~ column.name | lower ~ ' as ' ~ stored_type
                    ~ ', not as ' ~ declared_type ~ ': run dbt build --full-refresh once') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set patterns = {
        'integer': ['^[+-]?[0-9]{1,9}$', 'a whole number'],
        'decimal': ['^[+-]?[0-9]{1,15}([.][0-9]+)?$', 'a number such as 1234.50'],
        'double': ['^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$', 'a number such as 0.25'],
        'date': ['^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', 'a date such as 2026-01-31'],
        'boolean': ['^(true|false)$', 'true or false']} -%}
    {%- set table = strata.decision_table(model.name) if model.config.meta.decision_table else {'measures': {}} -%}
    {%- for row in agate_table.rows -%}
        {%- set line = loop.index + 1 -%}
        {%- for column_name in declared -%}
            {%- set measure = table.measures[column_name] -%}
            {%- if measure and measure.type != 'code' and row[column_name] is not none -%}
                {%- set fault = strata.condition_fault(row[column_name] | string, measure) -%}
                {%- if fault -%}
                    {%- do exceptions.raise_compiler_error(
                        file ~ ' line ' ~ line ~ ' (' ~ agate_table.column_names[0] ~ ' '
                        ~ row[agate_table.column_names[0]] ~ '): ' ~ column_name ~ ' is "' ~ row[column_name]
                        ~ '", which is not a condition: ' ~ fault) -%}
                {%- endif -%}
            {%- endif -%}
            {%- set rule = patterns.get((types[column_name] or 'text').split('(')[0]) -%}
            {%- set value = row[column_name] -%}
            {%- if rule and value is not none and not modules.re.match(rule[0], value | string) -%}
                {%- do exceptions.raise_compiler_error(
                    file ~ ' line ' ~ line ~ ' (' ~ agate_table.column_names[0] ~ ' '
                    ~ row[agate_table.column_names[0]] ~ '): ' ~ column_name ~ ' is "' ~ value
                    ~ '", which is not ' ~ rule[1]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#- A type by the name that a declaration has for it, whatever the engine calls it. -#}
{% macro plain_type(data_type) -%}
    {%- set name = data_type | lower | replace(' ', '') -%}
    {%- set stem = name.split('(')[0] -%}
    {%- set plain = {
        'varchar': 'text', 'charactervarying': 'text', 'string': 'text',
        'int': 'integer', 'int4': 'integer',
        'doubleprecision': 'double', 'float8': 'double',
        'numeric': 'decimal', 'bool': 'boolean',
        'timestampwithouttimezone': 'timestamp'}.get(stem, stem) -%}
    {{ return(plain ~ name[stem | length:] if plain == 'decimal' else plain) }}
{%- endmacro %}
