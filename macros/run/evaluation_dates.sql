{#- The evaluation dates, oldest first: [{'date': day, 'is_stored': bool}, ...].
    Full refresh: the ends of the last history_months closed months, and as_of_date.
    Else: the closed months that are stored, the month ends since then, and as_of_date. The date that
    was current when the history was last written is not stored as a closed month yet. -#}
{% macro evaluation_dates() -%}
    {%- set as_of = as_of_day() -%}
    {%- set this_month = as_of.replace(day=1) -%}
    {%- set stored = stored_dates() -%}
    {%- if stored and stored[-1].date > as_of -%}
        {%- do exceptions.raise_compiler_error(
            'as_of_date ' ~ as_of ~ ' is earlier than ' ~ stored[-1].date ~ ', the last evaluation in the '
            ~ 'stored history. Set a later as_of_date, or rebuild with --full-refresh.') -%}
    {%- endif -%}
    {%- set dates = [] -%}
    {%- for evaluation in stored if not evaluation.is_current -%}
        {%- do dates.append({'date': evaluation.date, 'is_stored': true}) -%}
    {%- endfor -%}
    {%- if dates -%}
        {%- set first = dates[-1].date + modules.datetime.timedelta(days=1) -%}
    {%- elif stored -%}
        {%- set first = stored[0].date.replace(day=1) -%}
    {%- else -%}
        {%- set first = months_before(this_month, setting('history_months')) -%}
    {%- endif -%}
    {%- set months = (as_of.year - first.year) * 12 + as_of.month - first.month -%}
    {%- for month in range(months, 0, -1) -%}
        {%- do dates.append({'date': month_end(months_before(this_month, month)), 'is_stored': false}) -%}
    {%- endfor -%}
    {%- do dates.append({'date': as_of, 'is_stored': false}) -%}
    {{ return(dates) }}
{%- endmacro %}

{#- The dates of the stored history, oldest first: [{'date': day, 'is_current': bool}, ...]. -#}
{% macro stored_dates() -%}
    {%- set history = stored_history() -%}
    {%- set days = [] -%}
    {%- if history is not none -%}
        {%- for row in run_query(
            'select evaluation_date, max(case when is_current then 1 else 0 end) from ' ~ history
            ~ ' group by evaluation_date order by 1').rows -%}
            {#- a driver may give dates as texts -#}
            {%- do days.append({
                'date': modules.datetime.date.fromisoformat((row[0] | string)[:10]),
                'is_current': row[1] | int == 1}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(days) }}
{%- endmacro %}

{#- The last closed month of this run and the one before, and the same of those that are stored. A
    customer's facts are compared up to them. -#}
{% macro closed_dates() -%}
    {%- set never = modules.datetime.date(1970, 1, 1) -%}
    {%- set closed = [never, never] -%}
    {%- set stored = [never, never] -%}
    {%- for evaluation in evaluation_dates()[:-1] -%}
        {%- do closed.append(evaluation.date) -%}
        {%- if evaluation.is_stored -%}
            {%- do stored.append(evaluation.date) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'closed': date_literal(closed[-1]), 'closed_before': date_literal(closed[-2]),
        'stored': date_literal(stored[-1]), 'stored_before': date_literal(stored[-2])}) }}
{%- endmacro %}

{#- Before the history is made: its inputs were made in this mode, for these dates. -#}
{% macro assert_inputs_are_of_this_run() -%}
    {%- if execute -%}
        {%- set expected = [] -%}
        {%- for evaluation in evaluation_dates() -%}
            {%- do expected.append(evaluation.date ~ ' ' ~ evaluation.is_stored) -%}
        {%- endfor -%}
        {%- set made = [] -%}
        {%- for row in run_query(
            'select evaluation_date, is_stored from ' ~ ref('strata', 'int_evaluation_dates') ~ ' order by 1'
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

{#- Query: what the caller selects for one evaluation, for all of this run. The caller gets the date as
    `day`, its month and the first days that are no longer in windows before it, as literals, and what the
    date is. -#}
{% macro for_each_evaluation() -%}
    {%- set window = setting('rfm_window_months') -%}
    {%- for evaluation in evaluation_dates() %}
    {{ caller({
        'day': date_literal(evaluation.date),
        'month': date_literal(evaluation.date.replace(day=1)),
        'month_index': evaluation.date.year * 12 + evaluation.date.month,
        'after_24m': date_literal(months_before(evaluation.date, 24)),
        'after_12m': date_literal(months_before(evaluation.date, 12)),
        'after_6m': date_literal(months_before(evaluation.date, 6)),
        'after_90d': date_literal(evaluation.date - modules.datetime.timedelta(days=90)),
        'after_rfm_window': date_literal(
            months_before(evaluation.date, window) if window else modules.datetime.date.min),
        'horizon': horizon_date(evaluation.date),
        'is_stored': evaluation.is_stored,
        'is_current': loop.last,
        'and_restated': ' and restated_from <= ' ~ date_literal(evaluation.date) if evaluation.is_stored else '',
    }) }}
    {{- 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The day 90 days after an evaluation, whose outcomes are then known, as a literal; null if it is to come. -#}
{% macro horizon_date(evaluation_date) -%}
    {%- set horizon = evaluation_date + modules.datetime.timedelta(days=90) -%}
    {{ return(date_literal(horizon) if horizon <= as_of_day() else 'cast(null as date)') }}
{%- endmacro %}

{#- CTE: the rows of customers who are evaluated anew at closed months that are stored, with the date
    from which they are. -#}
{% macro of_restated_customers(name, relation) -%}
    {{ name }} as (
        select
            facts.*,
            restated.restated_from
        from {{ relation }} as facts
        inner join {{ ref('strata', 'int_evaluation_scope') }} as restated
            on facts.customer_id = restated.customer_id
    )
{%- endmacro %}

{#- The day from which closed months are restated, as a literal: by default as long ago as needed. -#}
{% macro restated_since() -%}
    {%- set months = setting('restatement_months') -%}
    {{ return("date '1970-01-01'" if months is none
        else date_literal(months_before(as_of_day().replace(day=1), months))) }}
{%- endmacro %}
