{#- A row for each language with texts of the seed explanation_texts as columns by their ids. -#}
{% macro explanation_texts(text_ids) -%}
    select
        languages.language,
        {%- for text_id in text_ids %}
        max(
            case
                when written.text_id = '{{ text_id }}' and languages.language = 'zh' then written.label_zh
                when written.text_id = '{{ text_id }}' then written.label_en
            end
        ) as {{ text_id }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('explanation_texts') }} as written
    cross join (
        select 'en' as language
        union all
        select 'zh' as language
    ) as languages
    group by languages.language
{%- endmacro %}

{#- A text with values in its places, what people wrote last: a place in a note is a place no more. -#}
{% macro filled(template, values) -%}
    {%- set filled = [template] -%}
    {%- for place, value in values.items() -%}
        {%- do filled.append("replace(" ~ filled[-1] ~ ", '{" ~ place ~ "}', " ~ value ~ ")") -%}
    {%- endfor -%}
    {{ return(filled[-1]) }}
{%- endmacro %}

{#- The label of a row in the language of `texts`. -#}
{% macro label_of(rows, texts='texts') -%}
    {{ return('case when ' ~ texts ~ ".language = 'zh' then " ~ rows ~ '.label_zh else ' ~ rows ~ '.label_en end') }}
{%- endmacro %}
