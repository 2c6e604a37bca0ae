{#- The history that earlier runs left, and what is stored beside it. -#}

{#- The stored history, or none where a full refresh makes it anew. A model upstream of the history
    cannot ref() it, so it is looked up by its node. -#}
{% macro stored_history() -%}
    {%- if not graph.get('nodes') or flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(relation_of('customer_tier_history')) }}
{%- endmacro %}

{#- Query: whether the closed months of a market that may be restated have values predicted in money. -#}
{% macro fits_of_history(history) -%}
    select
        market,
        max(case when expected_order_value is not null then 1 else 0 end) = 1 as was_used,
        evaluation_date
    from {{ history }}
    where
        lifetime_orders > 0
        and not is_current
        and evaluation_date >= {{ restated_since() }}
    group by
        market,
        evaluation_date
{%- endmacro %}

{#- Beside the history: what it rests on, customer by customer. It goes before the history is written and
    comes back after it, so that a run that dies between, where an engine has no transactions, leaves
    none; then no stored month counts, and the next run computes them all. -#}
{% macro fingerprints_of_history() -%}
    {%- set node = model_node('int_customer_fingerprints') -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias ~ '_of_history')) }}
{%- endmacro %}

{% macro stored_fingerprints() -%}
    {%- if not graph.get('nodes') or flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(relation_of('int_customer_fingerprints', '_of_history')) }}
{%- endmacro %}

{% macro forget_fingerprints() -%}
    {%- if execute -%}
        drop table if exists {{ fingerprints_of_history() }}
    {%- endif -%}
{%- endmacro %}

{% macro remember_fingerprints() -%}
    {%- if execute -%}
        create table {{ fingerprints_of_history() }} {{ stored_as() }} as
        select * from {{ ref('strata', 'int_customer_fingerprints') }}
    {%- endif -%}
{%- endmacro %}

{#- At the start of a run: a history that another version has left is refused. -#}
{% macro refuse_history_of_another_version() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and stored_history() is not none
        and model_node('int_customer_fingerprints') and is_left_by_another_version() -%}
        {%- do exceptions.raise_compiler_error(
            'The stored history is of another version of Strata, which this one cannot go on with. '
            ~ 'Rebuild with --full-refresh; keep a copy of customer_tier_history if months older than '
            ~ 'history_months are to be read later.') -%}
    {%- endif -%}
{%- endmacro %}

{% macro is_left_by_another_version() -%}
    {{ return(adapter.dispatch('is_left_by_another_version', 'strata')()) }}
{%- endmacro %}

{#- Both are written in one transaction. -#}
{% macro default__is_left_by_another_version() -%}
    {{ return(stored_fingerprints() is none) }}
{%- endmacro %}

{#- A run that died may leave one without the other. -#}
{% macro spark__is_left_by_another_version() -%}
    {{ return(false) }}
{%- endmacro %}
