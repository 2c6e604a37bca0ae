{#- How messages show what was given and what there is. -#}

{#- ' (did you mean ...?)' where a name is like another: by the pairs of letters that they share. -#}
{% macro did_you_mean(name, names) -%}
    {%- set own = letter_pairs(name) -%}
    {%- set best = namespace(likeness=0.5, name=none) -%}
    {%- for other in names -%}
        {%- set pairs = letter_pairs(other) -%}
        {%- set shared = own | select('in', pairs) | list | length -%}
        {%- set likeness = 2 * shared / (own | length + pairs | length) -%}
        {%- if likeness > best.likeness -%}
            {%- set best.likeness = likeness -%}
            {%- set best.name = other -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(' (did you mean ' ~ best.name ~ '?)' if best.name else '') }}
{%- endmacro %}

{% macro letter_pairs(name) -%}
    {%- set text = '^' ~ name | string | trim | lower ~ '$' -%}
    {%- set pairs = [] -%}
    {%- for position in range(text | length - 1) -%}
        {%- do pairs.append(text[position:position + 2]) -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}

{% macro quoted_list(choices) -%}
    {{ return('"' ~ choices | join('" or "') ~ '"') }}
{%- endmacro %}

{% macro shown_value(value) -%}
    {%- if value is none -%}
        {{ return('null') }}
    {%- elif value is boolean -%}
        {{ return(value | lower) }}
    {%- endif -%}
    {%- set text = value | string | replace('\n', ' ') -%}
    {%- set text = text[:60] ~ ' ...' if text | length > 60 else text -%}
    {{ return('"' ~ text ~ '"' if value is string else text) }}
{%- endmacro %}
