{#- Staging: a declaration in the source YAML becomes a safe cast and its defect reasons.
    A model reads it once, `set raw = raw_columns(...)`, and hands it on: so a unit test, to which
    dbt shows no graph, can mock it as it would mock a seed. -#}

{% macro raw_columns(table_name) -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for source_node in sources_of_strata() if source_node.name == table_name -%}
            {%- do found.update(source_node.columns) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{% macro run_clock() -%}
    {{ return("timestamp '" ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S') ~ "'") }}
{%- endmacro %}

{#- CTEs from `source` to `casts`: the columns of a raw table as they came, and beside each
    text_<column>, null where it is blank, and cast_<column>, null where it means nothing. Each step
    reads what the step before it has worked out, so that nothing is worked out twice. What is stored
    as a time, an exact number or a flag need not become a text first: it means what its text would. -#}
{% macro read_values(raw, table_name) -%}
    {%- set steps = {
        'written': [], 'trimmed': [], 'texts': [], 'forms': [], 'bare_times': [], 'values_read': [],
        'casts': [],
    } -%}
    {%- set stored = stored_types(table_name) -%}
    {%- set offsets = time_offsets(table_name) -%}
    {%- for column in raw.values() -%}
        {%- set name = column.name -%}
        {%- set kind = kind_of_value(column) -%}
        {%- set is_stored = is_stored_as(kind, stored[name]) -%}
        {%- if is_stored -%}
            {%- do steps.texts.append(unless_blank(name, stored[name]) ~ ' as text_' ~ name) -%}
        {%- else -%}
            {%- do steps.written.append(text_of(name) ~ ' as written_' ~ name) -%}
            {%- do steps.trimmed.append(trimmed('written_' ~ name) ~ ' as trimmed_' ~ name) -%}
            {%- do steps.texts.append(
                'case when ' ~ is_blank('trimmed_' ~ name) ~ ' then null else trimmed_' ~ name
                ~ ' end as text_' ~ name) -%}
        {%- endif -%}
        {%- if kind == 'time' -%}
            {#- of a stored time the form says no more than whether it has a clock -#}
            {%- set clock = "':'" if stored[name] == 'TIMESTAMP' else "''" -%}
            {%- do steps.forms.append((clock if is_stored else time_form('text_' ~ name)) ~ ' as form_' ~ name) -%}
            {%- do steps.bare_times.append((clock if is_stored else bare_time('form_' ~ name)) ~ ' as bare_' ~ name) -%}
            {%- do steps.values_read.append(
                (stored_time('text_' ~ name) if is_stored else try_cast('bare_' ~ name, 'timestamp'))
                ~ ' as local_' ~ name) -%}
        {%- endif -%}
        {%- if column.data_type == 'timestamp' -%}
            {%- do steps.values_read.append(
                zone_text('form_' ~ name, 'bare_' ~ name) ~ ' as zone_' ~ name) -%}
            {%- do steps.casts.append(instant(name, offsets) ~ ' as cast_' ~ name) -%}
        {%- elif column.data_type == 'date' -%}
            {%- do steps.casts.append('cast(local_' ~ name ~ ' as date) as cast_' ~ name) -%}
        {%- elif kind == 'number' -%}
            {%- set form = number_form(name, table_name) if not is_stored -%}
            {%- if form -%}
                {%- do steps.forms.append(form ~ ' as form_' ~ name) -%}
            {%- endif -%}
            {%- do steps.values_read.append(
                ('try_cast(text_' ~ name ~ ' as ' ~ column.data_type ~ ')' if is_stored
                else try_cast(('form_' if form else 'text_') ~ name, column.data_type))
                ~ ' as number_' ~ name) -%}
            {%- do steps.casts.append(
                in_range('number_' ~ name, column.meta) ~ ' as cast_' ~ name) -%}
        {%- elif kind == 'flag' -%}
            {%- do steps.casts.append(
                ('text_' ~ name if is_stored else truth('text_' ~ name)) ~ ' as cast_' ~ name) -%}
        {%- elif is_identifier(column) -%}
            {%- do steps.casts.append(identifier('text_' ~ name) ~ ' as cast_' ~ name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set previous = namespace(name='source') -%}
    {%- for name, columns in steps.items() if columns or name == 'casts' -%}
    {{ name }} as (
        select
            {{ previous.name }}.*
            {%- for column in columns %},
            {{ column }}
            {%- endfor %}
        from {{ previous.name }}
        {{ computed_once() }}
    )
        {{- ',\n\n    ' if not loop.last }}
        {%- set previous.name = name -%}
    {%- endfor %}
{%- endmacro %}

{#- A number beyond the plausible range of its column is none. -#}
{% macro in_range(number, meta) -%}
    {%- set bounds = [] -%}
    {%- if meta.minimum is defined -%}{%- do bounds.append(number ~ ' >= ' ~ meta.minimum) -%}{%- endif -%}
    {%- if meta.maximum is defined -%}{%- do bounds.append(number ~ ' <= ' ~ meta.maximum) -%}{%- endif -%}
    {{ return('case when ' ~ bounds | join(' and ') ~ ' then ' ~ number ~ ' end' if bounds else number) }}
{%- endmacro %}

{#- True for the identifier of a row, and of another. -#}
{% macro is_identifier(column) -%}
    {{ return(column.data_type == 'text' and (column.meta.identifier or column.meta.key)) }}
{%- endmacro %}

{#- What the value means, in the rows of read_values. -#}
{% macro cast_raw(column) -%}
    {%- if column.data_type != 'text' or is_identifier(column) -%}
        {{ return('cast_' ~ column.name) }}
    {%- elif column.meta.case -%}
        {{ return(column.meta.case ~ '(text_' ~ column.name ~ ')') }}
    {%- endif -%}
    {{ return('text_' ~ column.name) }}
{%- endmacro %}

{#- What the value must meet beside its type; none = anything. -#}
{% macro accepted_when(column) -%}
    {%- set value = cast_raw(column) -%}
    {%- if column.meta.accepted -%}
        {{ return("lower(" ~ value ~ ") in ('" ~ column.meta.accepted | join("', '") ~ "')") }}
    {%- elif column.data_type == 'timestamp' -%}
        {{ return(value ~ " between timestamp '1970-01-01 00:00:00' and " ~ run_clock()) }}
    {%- elif column.data_type == 'date' -%}
        {{ return(value ~ " between date '1900-01-01' and cast(" ~ run_clock() ~ " as date)") }}
    {%- endif -%}
{%- endmacro %}

{% macro typed(raw, column_name) -%}
    {%- if raw and column_name not in raw and graph.get('sources') -%}
        {%- do exceptions.raise_compiler_error(
            'models/staging/_sources.yml declares no column ' ~ column_name ~ '; it declares '
            ~ raw.keys() | join(', ')) -%}
    {%- elif column_name not in raw -%}
        {{ return(column_name) }}
    {%- endif -%}
    {%- set column = raw[column_name] -%}
    {%- set accepted = accepted_when(column) -%}
    {%- if accepted and not column.meta.required and not column.meta.strict -%}
        {{ return('case when ' ~ accepted ~ ' then ' ~ cast_raw(column) ~ ' end') }}
    {%- endif -%}
    {{ return(cast_raw(column)) }}
{%- endmacro %}

{#- True where the raw value is not blank, in the rows of read_values. -#}
{% macro is_filled(column_name) -%}
    {{ return('text_' ~ column_name ~ ' is not null') }}
{%- endmacro %}
