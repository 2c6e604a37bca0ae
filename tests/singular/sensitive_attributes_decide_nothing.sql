{{ config(meta={'reports_rules': true}) }}

-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
-- Neither a tier rule nor the score uses what the seed attributes calls sensitive: by its own name, by
-- the column that it comes from, or as what is usually derived from a date of birth.

{%- set derived = {'birth_date': ['age', 'age_years', 'birth_year']} %}
{%- set used = [] %}
{%- if execute %}
    {%- for column in seed_node('tier_rules').columns %}
        {%- do used.append(['a column of tier_rules', column]) %}
    {%- endfor %}
    {%- for measure in score_measures() %}
        {%- do used.append(['a measure that score_components may weigh', measure]) %}
    {%- endfor %}
{%- endif %}

with

used as (
    {%- for place, name in used %}
    select
        '{{ place }}' as place,
        '{{ name | lower }}' as name
    union all
    {%- endfor %}
    select
        'a row of score_components' as place,
        lower(measure) as name
    from {{ ref('score_components') }}
),

sensitive as (
    select
        attribute,
        source_column
    from {{ ref('attributes') }}
    where is_sensitive
),

names as (
    select
        attribute,
        lower(attribute) as name
    from sensitive
    union
    select
        attribute,
        lower(source_column) as name
    from sensitive
    {%- for source_column, columns in derived.items() %}
        {%- for column in columns %}
    union
    select
        attribute,
        '{{ column }}' as name
    from sensitive
    where source_column = '{{ source_column }}'
        {%- endfor %}
    {%- endfor %}
)

select
    'attributes' as seed_name,
    names.attribute as rule_id,
    'it is sensitive, and ' || used.name || ' is ' || used.place || '; decide by something else' as defect
from used
inner join names on used.name = names.name
