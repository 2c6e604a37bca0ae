{#- Moments of one zone as those of another, and as business dates. -#}

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
    {%- set begin = modules.datetime.datetime(1970, 1, 1) -%}
    {%- set ten_days = modules.datetime.timedelta(days=10) -%}
    {%- set steps = 1 if zone == modules.pytz.utc else (run_started_at.year + 2 - 1970) * 37 -%}
    {%- set changes = [] -%}
    {%- set found = namespace(offset=none) -%}
    {%- for step in range(steps) if zone.fromutc(begin + step * ten_days).utcoffset() != found.offset -%}
        {%- set edge = namespace(at=begin + step * ten_days) -%}
        {%- set offset = zone.fromutc(edge.at).utcoffset() -%}
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
    {%- endfor -%}
    {{ return(changes) }}
{%- endmacro %}
