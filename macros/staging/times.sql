{#- Staging: the texts that are a time, and the UTC instant that each means. Only forms that begin with
    the year are read; 03/04/2024 may be a day of March or of April, so it is never guessed. -#}

{#- The text with its date as YYYY-M-D: from YYYY/M/D, YYYY.M.D, YYYY年M月D日 and YYYYMMDD. -#}
{% macro time_form(text) -%}
    case
        when {{ text }} like '____-%' then {{ text }}
        when {{ matches(text, '^[0-9]{4}(/[0-9]{1,2}/|[.][0-9]{1,2}[.])[0-9]{1,2}([ T]|$)') }}
            then {{ replaced('substring(' ~ text ~ ', 1, 10)', '[./]', '-') }} || substring({{ text }}, 11)
        when {{ matches(text, '^[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日') }}
            then trim({{ replaced(replaced(text, '[年月]', '-'), '日 ?', ' ') }})
        when {{ matches(text, '^(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]([ T]|$)') }}
            then
                substring({{ text }}, 1, 4) || '-' || substring({{ text }}, 5, 2) || '-'
                || substring({{ text }}, 7)
    end
{%- endmacro %}

{#- The text of a time_form without its offset from UTC; null if it is no date and no time. -#}
{% macro bare_time(form) -%}
    {%- set clock = '([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9]([.,][0-9]*)?)?' -%}
    {%- set offset = ' ?(Z|z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)' -%}
    {%- set pattern = '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]' ~ clock ~ '(' ~ offset ~ ')?)?$' -%}
    case
        when {{ is_usual_time(form) }} then {{ form }}
        when {{ matches(form, pattern) }}
            then case
                when {{ form }} not like '%:%' then {{ form }}
                else {{ replaced(replaced(form, offset ~ '$', ''), ',', '.') }}
            end
    end
{%- endmacro %}

{#- The offset that a time has, without blanks and colons: +0800, +08, Z; null where it has none. -#}
{% macro zone_text(form, bare) -%}
    case
        when length({{ bare }}) < length({{ form }})
            then {{ replaced('substring(' ~ form ~ ', length(' ~ bare ~ ') + 1)', '[ :]', '') }}
    end
{%- endmacro %}

{#- Seconds of a zone_text from UTC. -#}
{% macro zone_seconds(zone) -%}
    case
        when substring({{ zone }}, 1, 1) in ('+', '-')
            then
                (
                    cast(substring({{ zone }}, 2, 2) as integer) * 3600
                    + cast('0' || substring({{ zone }}, 4, 2) as integer) * 60
                )
                * case when substring({{ zone }}, 1, 1) = '-' then -1 else 1 end
        else 0
    end
{%- endmacro %}

{#- The instant in UTC: an offset is applied; a time without one is local time of the source; a date
    without a time begins in the business timezone, so that it stays that business date. -#}
{% macro instant(column_name, offsets) -%}
    {%- set local = 'local_' ~ column_name -%}
    case
        when zone_{{ column_name }} is not null
            then {{ seconds_later(local, '-(' ~ zone_seconds('zone_' ~ column_name) ~ ')') }}
        when bare_{{ column_name }} not like '%:%'
            then {{ utc_time(local, offsets.business) }}
        else {{ utc_time(local, offsets.source) }}
    end
{%- endmacro %}

{#- The offsets of both zones; to find them takes a while, so it is asked once, not for each column. -#}
{% macro time_offsets(table_name) -%}
    {{ return({
        'business': utc_offsets(var('business_timezone')),
        'source': utc_offsets(source_timezone(table_name)),
    }) }}
{%- endmacro %}

{#- The list of a row's times that the clocks of their zone showed twice, or never. -#}
{% macro adjusted_columns(raw, table_name) -%}
    {%- set offsets = time_offsets(table_name) -%}
    {%- set business = offsets.business -%}
    {%- set source = offsets.source -%}
    {%- set adjusted = {} -%}
    {%- for column in raw.values() if column.data_type == 'timestamp' -%}
        {%- set local = 'local_' ~ column.name -%}
        {%- set unclear = [] -%}
        {%- if source | length > 1 -%}
            {%- do unclear.append(
                'bare_' ~ column.name ~ " like '%:%' and zone_" ~ column.name ~ ' is null and '
                ~ utc_time(local, source) ~ ' <> ' ~ utc_time(local, source, 'local_at_last')) -%}
        {%- endif -%}
        {#- a zone that moved over the date line has left out a whole day -#}
        {%- for change in business if change.local >= change.local_at_last
            + modules.datetime.timedelta(days=1) -%}
            {%- do unclear.append(
                'bare_' ~ column.name ~ " not like '%:%' and " ~ local ~ " >= timestamp '"
                ~ change.local_at_last ~ "' and " ~ local ~ " < timestamp '" ~ change.local ~ "'") -%}
        {%- endfor -%}
        {%- if unclear -%}
            {%- do adjusted.update({column.name: '(' ~ unclear | join(') or (') ~ ')'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ name_list(adjusted) }}
{%- endmacro %}
