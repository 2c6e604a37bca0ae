{#- How an incremental model replaces all rows of each value that a run gives: as parts of its config. A
    table of files is partitioned by the column, which must be its last. -#}

{% macro replaced_by(column_name) -%}
    {{ return(adapter.dispatch('replaced_by', 'strata')(column_name)) }}
{%- endmacro %}

{% macro default__replaced_by(column_name) -%}
    {{ return({'incremental_strategy': 'delete+insert', 'unique_key': column_name}) }}
{%- endmacro %}

{% macro spark__replaced_by(column_name) -%}
    {{ return({'incremental_strategy': 'insert_overwrite', 'partition_by': [column_name]}) }}
{%- endmacro %}
