{#- At the end of a run no seed of the warehouse names an erased person: their ids are replaced by
    their salted hashes, as everywhere else, so that a later `dbt run` still knows whom else a merge
    erases. The CSV, and git, keep what they say. -#}

{% macro forget_erased() -%}
    {%- if execute and flags.WHICH in changing_commands() -%}
        {%- set unified = relation_of('int_customers_unified') -%}
        {%- if unified -%}
            {%- for seed_name, columns in named_customers().items() -%}
                {%- set seed = relation_of(seed_name) -%}
                {%- if seed -%}
                    {%- do forget_erased_in(seed, columns, unified) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro named_customers() -%}
    {{ return({
        'tier_overrides': ['customer_id'],
        'customer_merges': ['from_customer_id', 'into_customer_id']}) }}
{%- endmacro %}

{#- SQL for the salted hash of a customer that a seed names, who may be erased by now. -#}
{% macro named_hash(column) -%}
    case
        when {{ column }} like 'erased:%' then substring({{ column }}, 8)
        else {{ salted_hash(column) }}
    end
{%- endmacro %}

{% macro erased_hashes(unified) -%}
    select record_id from {{ unified }} where fate = 'erased_customer'
{%- endmacro %}

{% macro forget_erased_in(seed, columns, unified) -%}
    {{ return(adapter.dispatch('forget_erased_in', 'strata')(seed, columns, unified)) }}
{%- endmacro %}

{% macro default__forget_erased_in(seed, columns, unified) -%}
    {%- for column in columns -%}
        {%- do run_query(
            'update ' ~ seed ~ ' set ' ~ column ~ " = 'erased:' || " ~ salted_hash(column)
            ~ ' where ' ~ salted_hash(column) ~ ' in (' ~ erased_hashes(unified) ~ ')') -%}
    {%- endfor -%}
{%- endmacro %}

{#- Hooks run outside of the transactions of dbt. -#}
{% macro postgres__forget_erased_in(seed, columns, unified) -%}
    {%- do default__forget_erased_in(seed, columns, unified) -%}
    {%- do run_query('commit') -%}
{%- endmacro %}

{#- Its tables are files, which are written anew; none is read while it is overwritten. -#}
{% macro spark__forget_erased_in(seed, columns, unified) -%}
    {%- set is_named = [] -%}
    {%- set cells = [] -%}
    {%- for column in adapter.get_columns_in_relation(seed) -%}
        {%- if column.name in columns -%}
            {%- set is_erased = salted_hash(column.name) ~ ' in (' ~ erased_hashes(unified) ~ ')' -%}
            {%- do is_named.append(is_erased) -%}
            {%- do cells.append(
                'case when ' ~ is_erased ~ " then concat('erased:', " ~ salted_hash(column.name)
                ~ ') else ' ~ column.name ~ ' end as ' ~ column.name) -%}
        {%- else -%}
            {%- do cells.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if run_query('select 1 from ' ~ seed ~ ' where ' ~ is_named | join(' or ') ~ ' limit 1').rows -%}
        {%- set kept = seed.incorporate(path={'identifier': seed.identifier ~ '__kept'}) -%}
        {%- do run_query('drop table if exists ' ~ kept) -%}
        {%- do run_query(
            'create table ' ~ kept ~ ' using parquet as select ' ~ cells | join(', ')
            ~ ' from ' ~ seed) -%}
        {%- do run_query('insert overwrite table ' ~ seed ~ ' select * from ' ~ kept) -%}
        {%- do run_query('drop table ' ~ kept) -%}
    {%- endif -%}
{%- endmacro %}
