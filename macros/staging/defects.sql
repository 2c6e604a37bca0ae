{#- Staging: what is wrong with a raw row, and the row as it came, for the quarantine. -#}

{#- A text that lists the names whose condition holds, ',a,b,'; null where none does. -#}
{% macro name_list(conditions, also=none) -%}
    {%- if not conditions -%}
        {{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}
    {%- endif -%}
    case
        when {% if also %}{{ also }} is not null or {% endif -%}
            {%- for condition in conditions.values() -%}
                ({{ condition }}){{ ' or ' if not loop.last }}
            {%- endfor %}
            then {% if also %}coalesce({{ also }}, ','){% else %}','{% endif %}
            {%- for name, condition in conditions.items() %}
                || case when {{ condition }} then '{{ name }},' else '' end
            {%- endfor %}
    end
{%- endmacro %}

{% macro row_defects(raw) -%}
    {%- set blank = {} -%}
    {%- for column in raw.values() -%}
        {%- set value = cast_raw(column) -%}
        {%- set malformed = 'invalid_timestamp' if column.data_type == 'timestamp' else 'invalid_number' -%}
        {%- set found = [] -%}
        {%- if column.meta.key -%}
            {%- do found.append(
                [column.meta.required, value ~ ' is null or ' ~ digits_are_lost(value)]) -%}
        {%- elif column.meta.required -%}
            {%- do found.append([column.meta.required, value ~ ' is null']) -%}
        {%- elif column.meta.strict -%}
            {%- do found.append(
                [malformed, '(' ~ value ~ ' is null and ' ~ is_filled(column.name) ~ ')']) -%}
        {%- endif -%}
        {%- if column.meta.not_negative -%}
            {%- do found.append(['negative_amount', value ~ ' < 0']) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' and found -%}
            {%- do found.append(
                ['invalid_timestamp', value ~ " < timestamp '1970-01-01 00:00:00'"]) -%}
            {%- do found.append(['future_timestamp', value ~ ' > ' ~ run_clock()]) -%}
        {%- endif -%}
        {%- for reason, condition in found -%}
            {%- do blank.update(
                {reason: (blank[reason] ~ ' or ' if reason in blank else '') ~ condition}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ name_list(blank) }}
{%- endmacro %}

{% macro nulled_columns(raw) -%}
    {%- set nulled = {} -%}
    {%- for column in raw.values()
        if (column.data_type != 'text' or column.meta.accepted)
        and not column.meta.required and not column.meta.strict -%}
        {%- do nulled.update({
            column.name: '(' ~ typed(raw, column.name) ~ ') is null and '
            ~ is_filled(column.name)}) -%}
    {%- endfor -%}
    {{ name_list(nulled) }}
{%- endmacro %}

{#- True if cleaning can make a null of a value that was there. -#}
{% macro may_be_lost(column) -%}
    {{ return(column.data_type != 'text' or column.meta.accepted is defined) }}
{%- endmacro %}

{#- The values that cleaning may lose, as they came: raw_<column>. -#}
{% macro raw_values(raw) -%}
    {%- set passed = [] -%}
    {%- for column in raw.values() if may_be_lost(column) -%}
        {%- do passed.append(column.name ~ ' as raw_' ~ column.name) -%}
    {%- endfor -%}
    {{ passed | join(',\n        ') or 'null as raw_nothing' }}
{%- endmacro %}

{#- The row as a text, personal columns masked. Put it in a case, so that few rows pay for it. -#}
{% macro raw_row(raw, rows=none) -%}
    {%- for column in raw.values() %}
        {%- set value = 'raw_' ~ column.name if may_be_lost(column) else column.name -%}
        {%- set value = rows ~ '.' ~ value if rows else value -%}
        '{{ '; ' if not loop.first }}{{ column.name }}=' ||
        {%- if column.meta.personal %} case when {{ value }} is not null then '***' else '' end
        {%- else %} coalesce(cast({{ value }} as {{ dbt.type_string() }}), '')
        {%- endif %}
        {{- ' || ' if not loop.last }}
    {%- else -%}
        ''
    {%- endfor -%}
{%- endmacro %}
