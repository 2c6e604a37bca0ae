{#- Staging: what says of a column that there is no value. -#}

{#- The texts that _sources.yml declares as blanks. -#}
{% macro declared_blanks() -%}
    {%- set blanks = [] -%}
    {%- if execute -%}
        {%- for source_node in sources_of_strata() if not blanks -%}
            {%- do blanks.extend(source_node.meta.blanks) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(blanks) }}
{%- endmacro %}

{#- Those among them that are of a form, as literals. -#}
{% macro blanks_like(pattern) -%}
    {%- set literals = [] -%}
    {%- for blank in declared_blanks() if modules.re.fullmatch(pattern, blank) -%}
        {%- do literals.append("'" ~ blank ~ "'") -%}
    {%- endfor -%}
    {{ return(literals) }}
{%- endmacro %}

{#- True for the texts that are declared as blanks, as written, and for the empty one. -#}
{% macro is_blank(text) -%}
    {%- set literals = ["''"] -%}
    {%- for blank in declared_blanks() -%}
        {#- engines do not agree on a backslash in a literal -#}
        {%- do literals.append(
            ("'" ~ blank ~ "'") | replace("\\", "' || chr(92) || '") | replace("'' || ", '')) -%}
    {%- endfor -%}
    {{ return(text ~ ' in (' ~ literals | join(', ') ~ ')') }}
{%- endmacro %}
