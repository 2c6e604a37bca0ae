{#- What closed months have become, and why they are not what a full refresh would make. -#}
{% macro told_restatement(made) -%}
    {%- set lines = [] -%}
    {%- set stored = 'select max(evaluation_date) from ' ~ relation_of('int_evaluation_dates') ~ ' where is_stored' -%}
    {%- set restated = run_query(
        'select count(*) from ' ~ made['int_evaluation_scope'] ~ ' where restated_from <= (' ~ stored ~ ')').rows[0][0] -%}
    {%- if restated -%}
        {%- do lines.append(
            'closed months written anew: those of ' ~ counted_customers(restated)
            ~ ', whose facts, profile or records have changed, or who are new') -%}
    {%- endif -%}
    {%- set kept = run_query(
        stored ~ ' and evaluation_date < ' ~ restated_since()).rows[0][0] if setting('restatement_months') is not none -%}
    {%- if kept -%}
        {%- set other = run_query(reported_otherwise("date '" ~ (kept | string)[:10] ~ "'")).rows[0] -%}
        {%- if other[0] -%}
            {%- do lines.append(
                'closed months up to ' ~ (kept | string)[:10] ~ ' stay as reported (restatement_months): a full '
                ~ 'refresh would change those of ' ~ counted_customers(other[0]) ~ ', by '
                ~ '{:,.2f}'.format(other[1]) ~ ' of net revenue') -%}
        {%- endif -%}
    {%- endif -%}
    {%- set edited = [] -%}
    {%- for row in run_query(edited_rules()).rows -%}
        {%- do edited.append(row[0] ~ ' (' ~ row[1] ~ ')') -%}
    {%- endfor -%}
    {%- if edited -%}
        {%- do lines.append(
            'edited in place since closed months were made, which keep what they were given until a full '
            ~ 'refresh (in brackets: how many months): ' ~ edited | join(', ')) -%}
    {%- endif -%}
    {{ return(lines) }}
{%- endmacro %}

{% macro counted_customers(count) -%}
    {{ return('{:,}'.format(count | int) ~ (' customer' if count | int == 1 else ' customers')) }}
{%- endmacro %}

{#- Query: how many seeds' rows of stored months are others by now. -#}
{% macro edited_rules() -%}
    select
        coalesce(now.seed_name, made.seed_name),
        count(*)
    from (
        select rules.*
        from ({{ rules_by_month(is_in_hook=true) }}) as rules
        inner join {{ relation_of('int_evaluation_dates') }} as dates
            on rules.evaluation_date = dates.evaluation_date and dates.is_stored
    ) as now
    full join (
        select rules.*
        from {{ relation_of('int_rules_of_history') }} as rules
        inner join {{ relation_of('int_evaluation_dates') }} as dates
            on rules.evaluation_date = dates.evaluation_date and dates.is_stored
    ) as made
        on now.seed_name = made.seed_name and now.evaluation_date = made.evaluation_date
    where coalesce(now.rows_hash, 0) <> coalesce(made.rows_hash, 0)
    group by coalesce(now.seed_name, made.seed_name)
    order by 1
{%- endmacro %}

{#- Query: of how many customers a stored month says another revenue than the facts of today do, and by how
    much in all. -#}
{% macro reported_otherwise(day) -%}
    select
        count(*),
        sum(abs(coalesce(now.revenue, 0) - coalesce(reported.revenue, 0)))
    from (
        select
            days.customer_id,
            sum(days.net_revenue) as revenue
        from {{ relation_of('int_customer_days') }} as days
        inner join {{ relation_of('int_customers') }} as customers on days.customer_id = customers.customer_id
        where days.known_date <= {{ day }}
        group by days.customer_id
    ) as now
    full join (
        select
            customer_id,
            lifetime_net_revenue as revenue
        from {{ relation_of('customer_tier_history') }}
        where evaluation_date = {{ day }}
    ) as reported
        on now.customer_id = reported.customer_id
    where now.customer_id is null or reported.customer_id is null or now.revenue <> reported.revenue
{%- endmacro %}
