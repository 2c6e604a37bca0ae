{#- What the text of an e-mail address or of a telephone number says, for their keys. -#}

{#- The text with plain spaces, signs and digits, and none around it. Few texts need it, and it is
    dear. -#}
{% macro folded_text(expression) -%}
    {%- set spaces = '\t\n\x0b\x0c\r\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007'
        ~ '\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000' -%}
    {%- set dashes = '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63' -%}
    {%- set unseen = '\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060'
        ~ '\u2066\u2067\u2068\u2069\ufeff' -%}
    {%- set folded = namespace(these=spaces ~ dashes ~ '\u3002', those=' ' * spaces | length
        ~ '-' * dashes | length ~ '.') -%}
    {#- the wide forms of signs, digits and letters, but for those that a literal must escape; and the
        digits of Arabic and Persian -#}
    {%- for code in range(33, 127) if code not in [39, 92] -%}
        {%- set folded.these = folded.these ~ '%c' % (code + 65248) -%}
        {%- set folded.those = folded.those ~ '%c' % code -%}
    {%- endfor -%}
    {%- for zero in [1632, 1776] -%}
        {%- for digit in range(10) -%}
            {%- set folded.these = folded.these ~ '%c' % (zero + digit) -%}
            {%- set folded.those = folded.those ~ digit -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when {{ matches(expression, '[^!-~]') }}
            then trim(translate({{ expression }}, '{{ folded.these ~ unseen }}', '{{ folded.those }}'))
        else {{ expression }}
    end
{%- endmacro %}

{#- One @, something before it and a domain with a dot after it, whose last part is no number. -#}
{% macro email_pattern() -%}
    {%- set sign = '[^@ ,;:*<>()".]' -%}
    {%- set last = '[^@ ,;:*<>()".0-9]' -%}
    {{ return('^[^@ ,;:*<>()"]+@(' ~ sign ~ '+[.])+' ~ last ~ sign ~ '+$') }}
{%- endmacro %}

{#- What is before the @, without signs: no-reply, no_reply and noreply are one. -#}
{% macro email_local_part(address) -%}
    {{ return('replace(replace(replace(' ~ dbt.split_part(address, "'@'", 1)
        ~ ", '.', ''), '-', ''), '_', '')") }}
{%- endmacro %}

{#- As long as the numbers of its country; after a trunk prefix 0 no number begins with 0. -#}
{% macro is_national_number(number) -%}
    lengths like '% ' || cast(length({{ number }}) as {{ dbt.type_string() }}) || ' %'
    and (coalesce(substring(trunk_prefix, 1, 1), '') <> '0' or substring({{ number }}, 1, 1) <> '0')
{%- endmacro %}

{% macro is_dialled_after(prefix) -%}
    substring(subscriber_digits, 1, length({{ prefix }})) = {{ prefix }}
    and {{ is_national_number('substring(subscriber_digits, length(' ~ prefix ~ ') + 1)') }}
{%- endmacro %}

{#- Digits that nobody was given: running up or down; one to three of them again and again, after a first
    one too; or rounded, as a program writes a number of which it kept the first digits only. -#}
{% macro is_filler(digits) -%}
    (
        '0123456789012345' like '%' || {{ digits }} || '%'
        or '09876543210987654' like '%' || {{ digits }} || '%'
        {%- for first, length in [(1, 1), (1, 2), (1, 3), (2, 1)] %}
        or replace(
            substring({{ digits }}, {{ first }}), substring({{ digits }}, {{ first }}, {{ length }}), ''
        ) = ''
        {%- endfor %}
        or {{ digits }} like '%0000000'
    )
{%- endmacro %}
