{#- Before a seed or a mart is made: the types that its YAML declares get the names that the engine has
    for them. In YAML no macro is known, so types are written there as one engine spells them. -#}
{% macro name_declared_types() -%}
    {%- if execute -%}
        {%- set names = {'double': strata.type_double(), 'text': dbt.type_string()} -%}
        {%- for column in model.columns.values() if column.data_type in names -%}
            {%- do column.update({'data_type': names[column.data_type]}) -%}
        {%- endfor -%}
        {%- set seed_types = model.config.column_types or {} -%}
        {%- for column_name in seed_types if seed_types[column_name] in names -%}
            {%- do seed_types.update({column_name: names[seed_types[column_name]]}) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
