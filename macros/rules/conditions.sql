{#- Conditions as people write them, as in a DMN table: `>=12`, `>100000`, `<50000`, `<=3`, `[4..12)`,
    `12` for equal, blank for none. check_seed lets nothing else pass. -#}

{#- What is wrong with the condition of a measure, or none. -#}
{% macro condition_fault(text, measure) -%}
    {%- set re = modules.re -%}
    {%- set number = {
        'count': '[+-]?[0-9]{1,9}', 'money': '[+-]?[0-9]{1,11}(?:[.][0-9]{1,2})?', 'number': '[+-]?[0-9]{1,9}(?:[.][0-9]{1,6})?',
    }[measure.type] -%}
    {%- set example = {'count': '12', 'money': '1234.50', 'number': '0.25'}[measure.type] -%}
    {%- set range = re.match('^([[(])(' ~ number ~ ')[.][.](' ~ number ~ ')([])])$', text) -%}
    {%- if re.match('^(>=|<=|>|<|=)?' ~ number ~ '$', text) -%}
        {{ return(none) }}
    {%- elif range -%}
        {%- set low, high = range.group(2) | float, range.group(3) | float -%}
        {%- if low > high -%}
            {{ return('a range begins with its lower end: write ' ~ range.group(1) ~ range.group(3) ~ '..' ~ range.group(2) ~ range.group(4)) }}
        {%- elif low == high -%}
            {{ return('nothing, or one value, is between its ends: write ' ~ range.group(2)) }}
        {%- endif -%}
        {{ return(none) }}
    {%- endif -%}
    {%- for pattern, mend in [
        ['≥|≤|＞|＜|＝', 'write >= or <= for ≥ and ≤, in half width'],
        ['\\s', 'write it without spaces'],
        ['"', 'write it without quotes'],
        ['%', 'write a share as a number such as 0.5'],
        ['[0-9],[0-9]', 'write numbers without thousands separators and with a point'],
        ['^[^[(].*[.][.]', 'write a range with its brackets, such as [4..12), lower end first'],
        ['[.][.]', 'write a range as [4..12), of two numbers such as ' ~ example],
    ] -%}
        {%- if re.search(pattern, text) -%}
            {{ return(mend) }}
        {%- endif -%}
    {%- endfor -%}
    {%- if measure.type == 'count' and re.search('[.]', text) -%}
        {{ return('it is counted in whole numbers: write one') }}
    {%- elif re.search('[.][0-9]{3}', text) -%}
        {{ return('write at most ' ~ (2 if measure.type == 'money' else 6) ~ ' decimals') }}
    {%- endif -%}
    {{ return('write a condition such as >=' ~ example ~ ', <' ~ example ~ ' or [' ~ example ~ '..' ~ (example ~ '0') ~ ')') }}
{%- endmacro %}

{#- The text of a condition's lower bound; null if it has none. -#}
{% macro condition_low(condition) -%}
    case
        when substring({{ condition }}, 1, 1) in ('[', '(')
            then substring({{ condition }}, 2, {{ dbt.position("'..'", condition) }} - 2)
        when substring({{ condition }}, 1, 2) = '>=' then substring({{ condition }}, 3)
        when substring({{ condition }}, 1, 1) in ('>', '=') then substring({{ condition }}, 2)
        when substring({{ condition }}, 1, 1) <> '<' then {{ condition }}
    end
{%- endmacro %}

{#- The text of its upper bound; null if it has none. -#}
{% macro condition_high(condition) -%}
    case
        when substring({{ condition }}, 1, 1) in ('[', '(')
            then substring(
                {{ condition }},
                {{ dbt.position("'..'", condition) }} + 2,
                length({{ condition }}) - {{ dbt.position("'..'", condition) }} - 2
            )
        when substring({{ condition }}, 1, 2) = '<=' then substring({{ condition }}, 3)
        when substring({{ condition }}, 1, 1) in ('<', '=') then substring({{ condition }}, 2)
        when substring({{ condition }}, 1, 1) <> '>' then {{ condition }}
    end
{%- endmacro %}

{#- False where the condition leaves its lower bound out; its upper bound. -#}
{% macro includes_low(condition) -%}
    not (
        substring({{ condition }}, 1, 1) = '('
        or (substring({{ condition }}, 1, 1) = '>' and substring({{ condition }}, 1, 2) <> '>=')
    )
{%- endmacro %}

{% macro includes_high(condition) -%}
    not (
        substring({{ condition }}, length({{ condition }}), 1) = ')'
        or (substring({{ condition }}, 1, 1) = '<' and substring({{ condition }}, 1, 2) <> '<=')
    )
{%- endmacro %}

{#- The type of bounds, and a bound as people write it. -#}
{% macro bound_type() -%}
    {{ return('decimal(24, 6)') }}
{%- endmacro %}

{% macro bound_told(bound) -%}
    trim(trailing '.' from trim(trailing '0' from cast({{ bound }} as {{ dbt.type_string() }})))
{%- endmacro %}
