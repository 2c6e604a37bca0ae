{#- The stored history, or none where a full refresh makes it anew. A model upstream of the history
    cannot ref() it, so it is looked up by its node. -#}
{% macro stored_history() -%}
    {%- if not graph.get('nodes') or flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(relation_of('customer_tier_history')) }}
{%- endmacro %}

{#- The evaluation dates, oldest first: [{'date': day, 'is_frozen': bool}, ...].
    Full refresh: the ends of the last history_months closed months, and as_of_date.
    Else: all stored months and those since; frozen are the stored ones before the first that is
    recomputed (the current month, restatement_months, any month not stored at its end). -#}
{% macro evaluation_dates() -%}
    {%- set as_of = as_of_day() -%}
    {%- set dates = [] -%}
    {%- set stored = stored_dates() -%}
    {%- if stored -%}
        {%- set last = stored[-1] -%}
        {%- if last > as_of -%}
            {%- do exceptions.raise_compiler_error(
                'as_of_date ' ~ as_of ~ ' is earlier than ' ~ last ~ ', the last evaluation in the '
                ~ 'stored history. Set a later as_of_date, or rebuild with --full-refresh.') -%}
        {%- endif -%}
        {%- set open_from = months_before(as_of.replace(day=1), setting('restatement_months')) -%}
        {%- if last < month_end(last) and last.replace(day=1) < open_from -%}
            {%- set open_from = last.replace(day=1) -%}
        {%- elif last < open_from -%}
            {%- set open_from = last + modules.datetime.timedelta(days=1) -%}
        {%- endif -%}
        {%- for day in stored if day < open_from -%}
            {%- do dates.append({'date': day, 'is_frozen': true}) -%}
        {%- endfor -%}
        {%- set first = [open_from, stored[0].replace(day=1)] | max -%}
    {%- else -%}
        {%- set first = months_before(as_of.replace(day=1), setting('history_months')) -%}
    {%- endif -%}
    {%- set months = (as_of.year - first.year) * 12 + as_of.month - first.month -%}
    {%- for month in range(months, 0, -1) -%}
        {%- do dates.append({
            'date': month_end(months_before(as_of.replace(day=1), month)), 'is_frozen': false}) -%}
    {%- endfor -%}
    {%- do dates.append({'date': as_of, 'is_frozen': false}) -%}
    {{ return(dates) }}
{%- endmacro %}

{% macro stored_dates() -%}
    {%- set history = stored_history() -%}
    {%- if history is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set stored = run_query(
        'select evaluation_date from ' ~ history ~ ' group by evaluation_date order by 1') -%}
    {#- a driver may give dates as texts -#}
    {%- set days = [] -%}
    {%- for day in stored.columns[0].values() -%}
        {%- do days.append(modules.datetime.date.fromisoformat((day | string)[:10])) -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{#- Before the history is made: its inputs were made in this mode, for these dates. -#}
{% macro assert_inputs_are_of_this_run() -%}
    {%- if execute -%}
        {%- set expected = [] -%}
        {%- for evaluation in evaluation_dates() -%}
            {%- do expected.append(evaluation.date ~ ' ' ~ evaluation.is_frozen) -%}
        {%- endfor -%}
        {%- set made = [] -%}
        {%- for row in run_query(
            'select evaluation_date, is_frozen from ' ~ ref('strata', 'int_evaluation_dates') ~ ' order by 1'
        ).rows -%}
            {%- do made.append(row[0] ~ ' ' ~ row[1]) -%}
        {%- endfor -%}
        {%- if made != expected -%}
            {%- do exceptions.raise_compiler_error(
                'The inputs of customer_tier_history were made for other evaluation dates than '
                ~ 'this run has. Select +customer_tier_history, with the parents.') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- At the start of a run: a run into the past is refused before anything is made. -#}
{% macro refuse_run_into_the_past() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- do evaluation_dates() -%}
    {%- endif -%}
{%- endmacro %}

{#- Beside the stored history: whose records it holds as one customer. It goes before the history is
    written and comes back after it, so that a run that dies between leaves none; then no stored month
    counts, and the next run computes them all. -#}
{% macro memberships_of_history() -%}
    {%- set node = model_node('int_customer_memberships') -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias ~ '_of_history')) }}
{%- endmacro %}

{% macro stored_memberships() -%}
    {%- if not graph.get('nodes') or flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set stored = memberships_of_history() -%}
    {{ return(adapter.get_relation(stored.database, stored.schema, stored.identifier)) }}
{%- endmacro %}

{% macro forget_memberships() -%}
    {%- if execute -%}
        drop table if exists {{ memberships_of_history() }}
    {%- endif -%}
{%- endmacro %}

{% macro remember_memberships() -%}
    {%- if execute -%}
        create table {{ memberships_of_history() }} {{ stored_as() }} as
        select * from {{ ref('strata', 'int_customer_memberships') }}
    {%- endif -%}
{%- endmacro %}

{#- Query: what the caller selects for one evaluation, for all of this run. The caller gets the date as
    `day` and the first days that are no longer in windows before it, as literals, and is_frozen. -#}
{% macro for_each_evaluation() -%}
    {%- for evaluation in evaluation_dates() %}
    {{ caller({
        'day': date_literal(evaluation.date),
        'after_24m': date_literal(months_before(evaluation.date, 24)),
        'after_12m': date_literal(months_before(evaluation.date, 12)),
        'after_6m': date_literal(months_before(evaluation.date, 6)),
        'after_90d': date_literal(evaluation.date - modules.datetime.timedelta(days=90)),
        'after_rfm_window': date_literal(months_before(evaluation.date, setting('rfm_window_months') or 12)),
        'is_frozen': evaluation.is_frozen,
    }) }}
    {{- 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- CTE: the rows of customers of whom no frozen month is stored, for those are not evaluated again. -#}
{% macro of_new_customers(name, relation) -%}
    {{ name }} as (
        select facts.*
        from {{ relation }} as facts
        left join {{ ref('strata', 'int_stored_customers') }} as stored on facts.customer_id = stored.customer_id
        where stored.customer_id is null
    )
{%- endmacro %}
