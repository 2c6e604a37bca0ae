{#- One row per defect of a seed's cells, with its mend. Of every seed: the key, a valid_from and
    labels are filled, a key is there once, valid_from is before valid_to, a text has no blanks around
    it and is not the word null (engines differ in what they read). The arguments say the rest:

    key          columns that tell the rows apart
    keys         further lists of columns that are there once
    filled       columns that must not be blank; or one of them with a condition: {column: condition}
    some_filled  columns that are not blank in every row
    at_least, above, at_most, below   bounds of numbers: {column: bound}
    accepted     codes that SQL knows: {column: [codes]}; a blank passes
    known        codes of another seed: {column: {to: ref(...), field: column, where: condition,
                 also: [codes]}}; a blank passes
    in_order     pairs of columns, the first of which is below the second
    ascending    a number that rises with another: {column: {by: column, within: column}}
    needed       keys, their cells joined by blanks, that SQL names: rows that must be there
    lower, upper columns that are compared with lower or upper case
    lengths      numbers of characters: {column: number}
    patterns     regular expressions for whole cells: {column: pattern}; a blank passes
    places       the places in braces that a text may have: {key: [places]}; its columns are the labels,
                 and its keys are needed
    one_true     flags of which each group has one that is true: {column: column of the group}
    never        what else a row must not be: [{when: condition, defect: sentence}] -#}
{% test seed_rows(
    model, key, keys=[], filled=[], some_filled=[], at_least={}, above={}, at_most={}, below={},
    accepted={}, known={}, in_order=[], ascending={}, needed=[], lower=[], upper=[], lengths={},
    patterns={}, places={}, one_true={}, never=[]
) %}

{{ config(meta={'reports_rules': true}) }}
{%- set text = dbt.type_string() %}
{%- set types = {} %}
{%- if execute %}
    {%- do types.update(seed_node(model.identifier).config.column_types) %}
{%- endif %}
{%- set defects = [] %}

{%- set must = dict.fromkeys(key, 'true') %}
{%- for column in ['valid_from', 'label_en', 'label_zh'] if column in types %}
    {%- do must.update({column: 'true'}) %}
{%- endfor %}
{%- for column in filled %}
    {%- do must.update(column if column is mapping else {column: 'true'}) %}
{%- endfor %}
{%- for column, condition in must.items() %}
    {%- set blank = column ~ ' is null' if types[column] != 'text' else "coalesce(trim(" ~ column ~ "), '') = ''" %}
    {%- do defects.append((blank ~ ' and ' ~ condition, "'" ~ column ~ " is blank; fill it'")) %}
{%- endfor %}

{%- for column, type in types.items() if type == 'text' %}
    {%- do defects.append((
        column ~ ' <> trim(' ~ column ~ ')',
        "'" ~ column ~ ' is \"\' || ' ~ column ~ " || '\", with blanks around it; take them out'")) %}
    {%- do defects.append((
        'lower(trim(' ~ column ~ ")) = 'null'",
        "'" ~ column ~ " is the word null; leave the cell empty'")) %}
{%- endfor %}

{%- set signs = [
    (at_least, '<', 'at least'), (above, '<=', 'above'), (at_most, '>', 'at most'), (below, '>=', 'below'),
] %}
{%- for bounds, sign, words in signs %}
    {%- for column, bound in bounds.items() %}
        {%- do defects.append((
            column ~ ' ' ~ sign ~ ' ' ~ bound,
            "'" ~ column ~ " is ' || cast(" ~ column ~ ' as ' ~ text ~ ") || ', it must be " ~ words
            ~ ' ' ~ bound ~ "'")) %}
    {%- endfor %}
{%- endfor %}

{%- for column, codes in accepted.items() %}
    {%- do defects.append((
        "coalesce(trim(" ~ column ~ "), '') <> '' and " ~ column ~ " not in ('" ~ codes | join("', '") ~ "')",
        "'" ~ column ~ " is ' || " ~ column ~ " || ', it must be one of " ~ codes | join(', ') ~ "'")) %}
{%- endfor %}

{%- for cases, name in [(lower, 'lower'), (upper, 'upper')] %}
    {%- for column in cases %}
        {%- do defects.append((
            column ~ ' <> ' ~ name ~ '(' ~ column ~ ')',
            "'" ~ column ~ " is ' || " ~ column ~ " || '; write it in " ~ name ~ " case'")) %}
    {%- endfor %}
{%- endfor %}

{%- for column, length in lengths.items() %}
    {%- do defects.append((
        'length(' ~ column ~ ') <> ' ~ length,
        "'" ~ column ~ " is ' || " ~ column ~ " || ', it must have " ~ length ~ " characters'")) %}
{%- endfor %}

{%- for column, pattern in patterns.items() %}
    {%- do defects.append((
        column ~ " <> '' and not " ~ matches(column, pattern),
        "'" ~ column ~ " is ' || " ~ column ~ " || ', it must look like " ~ pattern ~ "'")) %}
{%- endfor %}

{%- for column in ['label_en', 'label_zh'] if places %}
    {%- set sound, meant = [], [] %}
    {%- for code, names in places.items() %}
        {%- set place = '|[{](' ~ names | join('|') ~ ')[}]' if names else '' %}
        {%- do sound.append("when '" ~ code ~ "' then " ~ matches(column, '^([^{}]' ~ place ~ ')*$')) %}
        {%- do meant.append("when '" ~ code ~ "' then '"
            ~ ('{' ~ names | join('}, {') ~ '}' if names else 'none') ~ "'") %}
    {%- endfor %}
    {%- do defects.append((
        'not case row_key ' ~ sound | join(' ') ~ ' else true end',
        "'" ~ column ~ " is ' || " ~ column ~ " || '; its places may be ' || case row_key "
        ~ meant | join(' ') ~ " end || '; correct what is in braces'")) %}
{%- endfor %}

{%- set pairs = in_order + ([['valid_from', 'valid_to']] if 'valid_to' in types else []) %}
{%- for one, other in pairs %}
    {%- do defects.append((
        one ~ ' >= ' ~ other,
        "'" ~ one ~ " ' || cast(" ~ one ~ ' as ' ~ text ~ ") || ' is not before " ~ other ~ " ' || cast("
        ~ other ~ ' as ' ~ text ~ ')')) %}
{%- endfor %}

{%- for one in never %}
    {%- do defects.append((one.when, "'" ~ one.defect ~ "'")) %}
{%- endfor %}

with

seed_rows as (
    select
        {{ model.identifier }}.*,
        {%- for column in key %}
        coalesce(cast({{ column }} as {{ text }}), '(blank)')
        {{- " || ' ' ||" if not loop.last }}
        {%- endfor %} as row_key
    from {{ model }} as {{ model.identifier }}
),

defects as (
    {%- for condition, defect in defects %}
    select
        row_key,
        {{ defect }} as defect
    from seed_rows
    where {{ condition }}
    union all
    {%- endfor %}
    {%- for column in some_filled %}
    select
        '(all rows)' as row_key,
        '{{ column }} is blank in every row; fill it in one' as defect
    from seed_rows
    having count(*) > 0 and count({{ column }}) = 0
    union all
    {%- endfor %}
    {%- for column, catalogue in known.items() %}
    select
        seed_rows.row_key,
        '{{ column }} is ' || seed_rows.{{ column }}
        || ', which is not in {{ catalogue.to.identifier | replace('int_', '') }}; correct it, or add it there' as defect
    from seed_rows
    left join (
        select {{ catalogue.field }} as code
        from {{ catalogue.to }}
        {%- if catalogue.where %}
        where {{ catalogue.where }}
        {%- endif %}
        group by {{ catalogue.field }}
    ) as catalogue on seed_rows.{{ column }} = catalogue.code
    where
        catalogue.code is null
        and coalesce(trim(seed_rows.{{ column }}), '') <> ''
        {%- if catalogue.also %}
        and seed_rows.{{ column }} not in ('{{ catalogue.also | join("', '") }}')
        {%- endif %}
    union all
    {%- endfor %}
    {%- for column, order in ascending.items() %}
    select
        row_key,
        '{{ column }} ' || cast({{ column }} as {{ text }}) || ' is not above that of the row before by '
        || '{{ order.by }}, ' || cast(before as {{ text }}) as defect
    from (
        select
            row_key,
            {{ column }},
            lag({{ column }}) over (
                partition by {{ order.within or 'true' }} order by {{ order.by }} nulls last, row_key nulls last
            ) as before
        from seed_rows
        where {{ column }} is not null
    ) as followed
    where {{ column }} <= before
    union all
    {%- endfor %}
    {%- for code in needed + places.keys() | list %}
    select
        '{{ code }}' as row_key,
        'the row is missing, and the models name it; put it back' as defect
    from seed_rows
    having coalesce(max(case when row_key = '{{ code }}' then 1 else 0 end), 0) = 0
    union all
    {%- endfor %}
    {%- for column, group in one_true.items() %}
    select
        '{{ group }} ' || {{ group }} as row_key,
        '{{ column }} is true in ' || cast(sum(case when {{ column }} then 1 else 0 end) as {{ text }})
        || ' rows; make it true in one' as defect
    from seed_rows
    group by {{ group }}
    having sum(case when {{ column }} then 1 else 0 end) <> 1
    union all
    {%- endfor %}
    {%- for columns in keys %}
    select
        max(row_key) as row_key,
        '{{ columns | join(' and ') }} are those of ' || min(row_key) || ' too; there may be one such row'
            as defect
    from seed_rows
    group by
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    having count(*) > 1
    union all
    {%- endfor %}
    select
        row_key,
        'the row is there ' || cast(count(*) as {{ text }}) || ' times; leave one' as defect
    from seed_rows
    group by row_key
    having count(*) > 1
)

select
    '{{ model.identifier }}' as seed_name,
    row_key as rule_id,
    defect
from defects

{% endtest %}
