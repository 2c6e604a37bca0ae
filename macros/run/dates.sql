{#- Dates that are known when a run starts, as literals: engines prune by them. -#}

{% macro as_of_day() -%}
    {%- if not execute -%}
        {{ return(modules.datetime.date(2000, 1, 31)) }}
    {%- endif -%}
    {%- set given = var('as_of_date') -%}
    {{ return(today(var('business_timezone')) if is_today(given) else parsed_day(given)) }}
{%- endmacro %}

{#- One instant for the whole run. -#}
{% macro today(zone) -%}
    {{ return(run_started_at.astimezone(modules.pytz.timezone(zone)).date()) }}
{%- endmacro %}

{#- An environment variable can say null only as a text. -#}
{% macro is_today(given) -%}
    {{ return(given is none or given | string | trim | lower in ['', 'null', 'none', '~']) }}
{%- endmacro %}

{#- None if it is no date from 1970 on: 2026-02-30 would come out as one of the next month. -#}
{% macro parsed_day(given) -%}
    {%- set text = given | string -%}
    {%- if modules.re.match('^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-[0-9]{2}$', text) -%}
        {%- set first = modules.datetime.datetime.strptime(text[:7], '%Y-%m').date() -%}
        {%- set day = first + modules.datetime.timedelta(days=(text[8:] | int) - 1) -%}
        {%- if day.isoformat() == text -%}
            {{ return(day) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{% macro date_literal(day) -%}
    {{ return("date '" ~ day.isoformat() ~ "'") }}
{%- endmacro %}

{% macro as_of_date() -%}
    {{ return(date_literal(as_of_day())) }}
{%- endmacro %}

{#- The same day so many months earlier, or that month's last day if it is shorter. -#}
{% macro months_before(day, months) -%}
    {%- set index = day.year * 12 + day.month - 1 - months -%}
    {%- set first = modules.datetime.date(index // 12, index % 12 + 1, 1) -%}
    {%- set last = month_end(first) -%}
    {{ return(last if day.day > last.day else first.replace(day=day.day)) }}
{%- endmacro %}

{% macro month_end(day) -%}
    {%- set next_month = (day.replace(day=1) + modules.datetime.timedelta(days=31)).replace(day=1) -%}
    {{ return(next_month - modules.datetime.timedelta(days=1)) }}
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between', 'strata')(first_date, second_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, second_date) -%}
    cast({{ dbt.datediff(first_date, second_date, 'day') }} as integer)
{%- endmacro %}

{#- Dates are numbers of days there; a difference of timestamps costs ten times as much. -#}
{% macro duckdb__days_between(first_date, second_date) -%}
    cast(({{ second_date }}) - ({{ first_date }}) as integer)
{%- endmacro %}

{#- The number of a month, to count months by: 24,318 is June 2026. -#}
{% macro month_index(date_column) -%}
    cast(extract(year from {{ date_column }}) * 12 + extract(month from {{ date_column }}) as integer)
{%- endmacro %}
