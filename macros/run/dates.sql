{#- Dates that are known when a run starts, as literals: engines prune by them. -#}

{% macro as_of_day() -%}
    {%- set given = var('as_of_date') -%}
    {%- if given is none -%}
        {%- set zone = modules.pytz.timezone(var('business_timezone')) -%}
        {{ return(run_started_at.astimezone(zone).date()) }}
    {%- endif -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', given | string) -%}
        {%- do exceptions.raise_compiler_error(
            'The var as_of_date is "' ~ given ~ '"; it must be a date such as 2026-06-15, or null') -%}
    {%- endif -%}
    {{ return(modules.datetime.datetime.strptime(given | string, '%Y-%m-%d').date()) }}
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
    cast({{ dbt.datediff(first_date, second_date, 'day') }} as integer)
{%- endmacro %}

{#- The number of a month, to count months by: 24,318 is June 2026. -#}
{% macro month_index(date_column) -%}
    cast(extract(year from {{ date_column }}) * 12 + extract(month from {{ date_column }}) as integer)
{%- endmacro %}
