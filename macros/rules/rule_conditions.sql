{#- CTEs up to `conditions`: one row per rule and measure of the decision tables, seeds by their names. -#}
{% macro rule_conditions(seeds) -%}
    {%- set double = type_double() -%}
    {%- set text = dbt.type_string() -%}
    written as (
        {%- for seed_name, seed in seeds.items() %}
        {%- set table = decision_table(seed_name) %}
        {%- set money = seed_money(seed_name) %}
        {%- set rates = join_seed_rates(money) %}
        {%- set its_last = loop.last %}
        {%- for name, measure in table.measures.items() %}
        select
            '{{ seed_name }}' as decision_table,
            seed_rows.rule_id,
            {{ 'seed_rows.rule_set' if table.has_rule_sets else "'" ~ var('tier_rule_set') ~ "'" }} as rule_set,
            seed_rows.market,
            seed_rows.priority,
            seed_rows.{{ table.outcome }} as outcome,
            seed_rows.note,
            seed_rows.valid_from,
            seed_rows.valid_to,
            '{{ name }}' as measure,
            '{{ measure.label_en }}' as label_en,
            '{{ measure.label_zh }}' as label_zh,
            '{{ measure.type }}' as measure_type,
            seed_rows.{{ name }} as written,
            {{ 'cast(rates.rate as ' ~ double ~ ')' if name in money.columns else 'cast(null as ' ~ double ~ ')' }} as rate
        from {{ seed }} as seed_rows
        {{ rates if name in money.columns }}
        {{ 'union all' if not (loop.last and its_last) }}
        {%- endfor %}
        {%- endfor %}
    ),

    split as (
        select
            written.*,
            case when measure_type = 'code' then written end as code,
            case when measure_type <> 'code' then cast({{ condition_low('written') }} as {{ bound_type() }}) end
                as low_written,
            case when measure_type <> 'code' then cast({{ condition_high('written') }} as {{ bound_type() }}) end
                as high_written,
            coalesce({{ includes_low('written') }}, true) as includes_low,
            coalesce({{ includes_high('written') }}, true) as includes_high
        from written
    ),

    -- Money in the reporting currency; what is too much for it stays, and its test says so.
    bounded as (
        select
            split.*,
            {%- for side in ['low', 'high'] %}
            case
                when rate is null or abs(cast({{ side }}_written as {{ double }}) * rate) >= {{ money_limit() }}
                    then {{ side }}_written
                else
                    cast(
                        {{ to_decimal('cast(' ~ side ~ '_written as ' ~ double ~ ') * rate') }}
                        as {{ bound_type() }}
                    )
            end as {{ side }}{{ ',' if not loop.last }}
            {%- endfor %}
        from split
    ),

    texts as (
        {{ explanation_texts(condition_texts()) | indent(8) }}
    ),

    told as (
        select
            bounded.*,
            case when measure_type = 'money' then '{{ var("reporting_currency") }} ' else '' end
            || {{ bound_told('low') }} as low_told,
            case when measure_type = 'money' then '{{ var("reporting_currency") }} ' else '' end
            || {{ bound_told('high') }} as high_told
        from bounded
    ),

    conditions as (
        select
            told.decision_table,
            told.rule_id,
            told.rule_set,
            told.market,
            told.priority,
            told.outcome,
            told.measure,
            told.code,
            told.low,
            told.includes_low,
            told.high,
            told.includes_high,
            {{ condition_told('told', 'english') }} as sentence,
            {{ condition_told('told', 'chinese') }} as sentence_zh,
            told.measure_type,
            told.note,
            told.valid_from,
            told.valid_to
        from told
        inner join texts as english on english.language = 'en'
        inner join texts as chinese on chinese.language = 'zh'
    )
{%- endmacro %}
