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

{#- A UTC timestamp in the business timezone. The offsets of the zone are worked out here, newest
    first, so that the engines need no time zones of their own, agree, and mostly do one comparison. -#}
{% macro business_time(timestamp) -%}
    {{ by_offset(timestamp, utc_offsets(var('business_timezone')), 'since', '+') }}
{%- endmacro %}

{% macro business_date(timestamp) -%}
    cast(
        {{ business_time(timestamp) }} as date
    )
{%- endmacro %}

{#- The UTC timestamp of a local time. One that the clocks showed twice is the first; one that they
    never showed is moved forward by the gap. With `local_at_last` it is the other way round. -#}
{% macro utc_time(timestamp, offsets, begin='local') -%}
    {{ return(by_offset(timestamp, offsets, begin, '-')) }}
{%- endmacro %}

{% macro by_offset(timestamp, offsets, begin, sign) -%}
    {%- if offsets | length == 1 -%}
        {{ return(shifted(timestamp, sign, offsets[0].seconds)) }}
    {%- endif -%}
    case
        {%- for offset in offsets | reverse %}
        {{ 'when ' ~ timestamp ~ " >= timestamp '" ~ offset[begin] ~ "' then" if not loop.last else 'else' }}
            {{ shifted(timestamp, sign, offset.seconds) }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro shifted(timestamp, sign, seconds) -%}
    {{ return(timestamp ~ ' ' ~ sign ~ " interval '" ~ seconds ~ "' second" if seconds else timestamp) }}
{%- endmacro %}

{#- The time zone of the times that a raw table writes without an offset. -#}
{% macro source_timezone(table_name) -%}
    {{ return(
        (var('source_timezones') or {}).get(table_name) or var('source_timezone') or 'UTC'
    ) }}
{%- endmacro %}

{#- The offsets of a zone from UTC since 1970: [{'since': UTC time, 'seconds': integer, 'local': local
    time from which it is used, 'local_at_last': local time from which no other can be}, ...]. Looked
    for every 10 days, then to the minute. -#}
{% macro utc_offsets(zone_name) -%}
    {%- if not execute -%}
        {#- dbt parses; what is written then nobody runs -#}
        {{ return([{'since': none, 'seconds': 0, 'local': none, 'local_at_last': none}]) }}
    {%- endif -%}
    {%- set zone = modules.pytz.timezone(zone_name) -%}
    {%- set ten_days = modules.datetime.timedelta(days=10) -%}
    {%- set changes = [] -%}
    {%- set found = namespace(day=modules.datetime.datetime(1970, 1, 1), offset=none) -%}
    {%- for step in range(1 if zone == modules.pytz.utc else (run_started_at.year + 2 - 1970) * 37) -%}
        {%- set offset = zone.fromutc(found.day).utcoffset() -%}
        {%- if offset != found.offset -%}
            {%- set edge = namespace(at=found.day) -%}
            {%- set before = offset if found.offset is none else found.offset -%}
            {%- if before != offset -%}
                {%- for minutes in [8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1] -%}
                    {%- set earlier = edge.at - modules.datetime.timedelta(minutes=minutes) -%}
                    {%- if zone.fromutc(earlier).utcoffset() == offset -%}
                        {%- set edge.at = earlier -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endif -%}
            {%- do changes.append({
                'since': edge.at,
                'seconds': offset.total_seconds() | int,
                'local': edge.at + [before, offset] | max,
                'local_at_last': edge.at + [before, offset] | min,
            }) -%}
            {%- set found.offset = offset -%}
        {%- endif -%}
        {%- set found.day = found.day + ten_days -%}
    {%- endfor -%}
    {{ return(changes) }}
{%- endmacro %}
