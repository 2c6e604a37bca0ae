{#- Identifiers as programs write them, folded where it is certain which one is meant. What is not
    certain is folded only where the var identifier_folds declares it, and to refer to a record, never
    to name one. -#}

{#- Space of any kind, as the inside of a class of a pattern: also those that no keyboard has. -#}
{% macro space_characters() -%}
    {{ return('[:space:]\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff') }}
{%- endmacro %}

{#- The identifier in a raw column: without space around it, out of Excel's ="...", without Excel's mark
    of a text before digits, and without the .0 of a number that went through a double. A double holds
    15 digits for certain. -#}
{% macro identifier(raw_value) -%}
    {%- set text = text_of(raw_value) -%}
    {%- set space = '[' ~ space_characters() ~ ']*' -%}
    {%- set number = '-?[0-9]{1,15}[.]0+' -%}
    case
        when {{ matches(text, '^[0-9A-Za-z_-]+$') }} then {{ text }}
        when {{ matches(text, '^' ~ space ~ '(' ~ number ~ '|="' ~ space ~ number ~ space ~ '")' ~ space ~ '$') }}
            then {{ without(text, '[="' ~ space_characters() ~ ']|[.]0+["' ~ space_characters() ~ ']*$') }}
        when {{ matches(text, '^' ~ space ~ '="[^"]*"' ~ space ~ '$') }}
            then nullif({{ without(text, '^' ~ space ~ '="' ~ space ~ '|' ~ space ~ '"' ~ space ~ '$') }}, '')
        when {{ matches(text, '^' ~ space ~ "''[0-9]+" ~ space ~ '$') }}
            then {{ without(text, "[''" ~ space_characters() ~ ']') }}
        else nullif({{ without(text, '^' ~ space ~ '|' ~ space ~ '$') }}, '')
    end
{%- endmacro %}

{#- True where a program kept the first digits of a number only; so nobody knows which one it was. -#}
{% macro digits_are_lost(identifier) -%}
    ({{ identifier }} like '%.%' or {{ identifier }} like '%+%')
    and {{ matches(identifier, '^-?([0-9]+([.][0-9]*)?[eE][+][0-9]+|[0-9]+[.][0-9]+[eE][0-9]+|[0-9]{16,}[.]0+)$') }}
{%- endmacro %}

{#- What the ways to write one identifier have in common. Salesforce writes an identifier with 15
    letters, or with 18 of which the last three are a checksum of the case of the others. -#}
{% macro identifier_key(identifier) -%}
    {%- set checksum = [] -%}
    {%- for first in [1, 6, 11] -%}
        {%- set bits = [] -%}
        {%- for place in range(5) -%}
            {%- set letter = 'substring(' ~ identifier ~ ', ' ~ (first + place) ~ ', 1)' -%}
            {%- do bits.append(
                'case when ' ~ letter ~ ' <> lower(' ~ letter ~ ') then ' ~ 2 ** place ~ ' else 0 end') -%}
        {%- endfor -%}
        {%- do checksum.append(
            "substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + " ~ bits | join(' + ') ~ ', 1)') -%}
    {%- endfor -%}
    case
        when length({{ identifier }}) = 18 and {{ matches(identifier, '^[0-9A-Za-z]{18}$') }}
            and substring({{ identifier }}, 16, 3) = {{ checksum | join(' || ') }}
            then substring({{ identifier }}, 1, 15)
        else {{ identifier }}
    end
{%- endmacro %}

{#- What a reference and the record that it means have in common: with the folds that the var declares. -#}
{% macro reference_key(identifier) -%}
    {%- set key = namespace(sql=identifier_key(identifier)) -%}
    {%- if 'leading_zeros' in identifier_folds() -%}
        {%- set key.sql = 'case when ' ~ matches(identifier, '^0[0-9]+$')
            ~ ' then coalesce(nullif(' ~ without(identifier, '^0+') ~ ", ''), '0') else "
            ~ key.sql ~ ' end' -%}
    {%- endif -%}
    {%- if 'letter_case' in identifier_folds() -%}
        {%- set key.sql = 'lower(' ~ key.sql ~ ')' -%}
    {%- endif -%}
    {{ return(key.sql) }}
{%- endmacro %}

{#- The folds that are declared, each with its reason. -#}
{% macro identifier_folds() -%}
    {{ return(var('identifier_folds') or {}) }}
{%- endmacro %}
