{#- Conditions as people write them, as in a DMN table: `>=12`, `>100000`, `<50000`, `<=3`, `[4..12)`,
    `12` for equal, blank for none. check_seed lets nothing else pass. -#}

{#- What is wrong with the condition of a measure, or none. -#}
{% macro condition_fault(text, measure) -%}
    {%- set re = modules.re -%}
    {%- set pattern, mend, example = {
        'count': ['[+-]?[0-9]{1,9}', 'write a whole number, of at most 9 digits', '12'],
        'money': ['[+-]?[0-9]{1,11}([.][0-9]{1,2})?', 'write at most 11 digits and 2 decimals', '1234.50'],
        'number': ['[+-]?[0-9]{1,9}([.][0-9]{1,6})?', 'write at most 9 digits and 6 decimals', '0.25'],
    }[measure.type] -%}
    {%- set number = '[+-]?[0-9]+(?:[.][0-9]+)?' -%}
    {%- set range = re.fullmatch('([(\\[])(' ~ number ~ ')[.][.](' ~ number ~ ')([)\\]])', text) -%}
    {%- set comparison = re.fullmatch('(>=|<=|>|<|=)?' ~ number, text) -%}
    {%- if range or comparison -%}
        {%- for one in re.findall(number, text) if not re.fullmatch(pattern, one) -%}
            {{ return(mend) }}
        {%- endfor -%}
    {%- endif -%}
    {%- if comparison -%}
        {{ return(none) }}
    {%- elif range -%}
        {%- set low, high = range.group(2) | float, range.group(3) | float -%}
        {%- if low > high -%}
            {{ return('a range begins with its lower end: write ' ~ range.group(1) ~ range.group(3) ~ '..' ~ range.group(2) ~ range.group(4)) }}
        {%- elif low == high -%}
            {{ return('nothing, or one value, is between its ends: write ' ~ range.group(2)) }}
        {%- elif range.group(1) ~ range.group(4) == '()' and measure.step and high - low < 1.5 * measure.step -%}
            {{ return('nothing is between its ends: write one of them, or a range that includes one') }}
        {%- endif -%}
        {{ return(none) }}
    {%- endif -%}
    {%- for fault, mend in [
        ['[≥≤≧≦＞＜＝]', 'write >= or <= for ≥ and ≤, in half width'],
        ['["\']', 'write it without quotes'],
        ['[0-9].*[<>=]', 'write the sign before the number, and two bounds as a range such as [4..12)'],
        ['\\s', 'write it without spaces and words'],
        ['%', 'write a share as a number such as 0.5'],
        ['^=[<>]', 'write >= or <='],
        ['[^ -~]', 'write digits and signs in half width: 0 to 9, >, <, =, - and a point'],
        ['^[(\\[][^.]*[,;][^.]*[)\\]]$', 'write .. between the ends of a range, such as [4..12)'],
        ['[0-9],[0-9]', 'write numbers without thousands separators and with a point'],
        ['[0-9][eE][+-]?[0-9]', 'write the number in full'],
        ['^[^(\\[].*[.][.]|^[.][.]', 'write a range with its brackets, such as [4..12), lower end first'],
        ['[.][.]|[\\[\\]()]|^[0-9.]+-[0-9.]+$', 'write a range as [4..12), of two numbers such as ' ~ example],
        ['(^|[^0-9])[.]|[.]($|[^0-9])', 'write digits before and after the point'],
    ] -%}
        {%- if re.search(fault, text) -%}
            {{ return(mend) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return('write a condition such as >=' ~ example ~ ', <' ~ example ~ ' or [0..' ~ example ~ ')') }}
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
    {{ without('cast(' ~ bound ~ ' as ' ~ dbt.type_string() ~ ')', '[.]?0+$') }}
{%- endmacro %}
