{#- How a run writes the history. -#}

{#- How the history is written, as parts of its config: what a run writes anew is deleted first, and all
    that it gives is appended. Where a table is files, the months that a run gives are replaced. -#}
{% macro history_strategy(month_column) -%}
    {{ return(adapter.dispatch('history_strategy', 'strata')(month_column)) }}
{%- endmacro %}

{% macro default__history_strategy(month_column) -%}
    {{ return({'incremental_strategy': 'append'}) }}
{%- endmacro %}

{% macro spark__history_strategy(month_column) -%}
    {{ return({'incremental_strategy': 'insert_overwrite', 'partition_by': [month_column]}) }}
{%- endmacro %}

{#- Before an incremental run writes the history: the rows that it writes anew go, and those of who is gone. -#}
{% macro remove_restated_rows() -%}
    {{ return(adapter.dispatch('remove_restated_rows', 'strata')()) }}
{%- endmacro %}

{% macro default__remove_restated_rows() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where
            is_current
            or not exists (
                select 1
                from {{ ref('strata', 'int_customers') }} as customers
                where customers.customer_id = {{ this }}.customer_id
            )
            or exists (
                select 1
                from {{ ref('strata', 'int_evaluation_scope') }} as restated
                where
                    restated.customer_id = {{ this }}.customer_id
                    and restated.restated_from <= {{ this }}.evaluation_date
            )
    {%- endif -%}
{%- endmacro %}

{% macro spark__remove_restated_rows() -%}
{%- endmacro %}

{#- After it: ranks belong to everybody, so that those of a restated month move for the others too. -#}
{% macro restate_ranks() -%}
    {{ return(adapter.dispatch('restate_ranks', 'strata')()) }}
{%- endmacro %}

{% macro default__restate_ranks() -%}
    {%- if execute and is_incremental() -%}
        update {{ this }}
        set value_rank = ranks.value_rank, pareto_class = ranks.pareto_class
        from {{ ref('strata', 'int_value_ranks') }} as ranks
        where
            {{ this }}.customer_id = ranks.customer_id
            and {{ this }}.evaluation_date = ranks.evaluation_date
            and {{ this }}.evaluation_date >= {{ restated_since() }}
            and (
                {{ this }}.value_rank <> ranks.value_rank
                or {{ this }}.pareto_class <> ranks.pareto_class
            )
    {%- endif -%}
{%- endmacro %}

{% macro spark__restate_ranks() -%}
{%- endmacro %}

{#- After the rows that a run evaluates: where whole months are replaced, those that stand in them. -#}
{% macro kept_rows(evaluated) -%}
    {{ return(adapter.dispatch('kept_rows', 'strata')(evaluated)) }}
{%- endmacro %}

{% macro default__kept_rows(evaluated) -%}
{%- endmacro %}

{% macro spark__kept_rows(evaluated) -%}
    {%- if is_incremental() %}
    union all
    select
        {%- for column in model.columns %}
        {%- if column == 'is_current' %}
        false as is_current
        {%- elif column in ['value_rank', 'pareto_class'] %}
        coalesce(ranks.{{ column }}, kept.{{ column }}) as {{ column }}
        {%- else %}
        kept.{{ column }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ this }} as kept
    inner join (
        select evaluation_date from {{ evaluated }}
        union
        select evaluation_date from {{ ref('strata', 'int_stored_months') }} where is_restated
        union
        select evaluation_date from {{ ref('strata', 'int_restated_months') }}
    ) as written
        on kept.evaluation_date = written.evaluation_date
    inner join {{ ref('strata', 'int_customers') }} as customers on kept.customer_id = customers.customer_id
    left join {{ ref('strata', 'int_evaluation_scope') }} as restated
        on
            kept.customer_id = restated.customer_id
            and kept.evaluation_date >= restated.restated_from
    left join {{ ref('strata', 'int_value_ranks') }} as ranks
        on
            kept.customer_id = ranks.customer_id
            and kept.evaluation_date = ranks.evaluation_date
            and ranks.evaluation_date >= {{ restated_since() }}
    where
        restated.customer_id is null
        and not kept.is_current
    {%- endif %}
{%- endmacro %}
