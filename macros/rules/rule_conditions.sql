{#- The decision tables of the core, and of marketing, seeds by their names. A new one is a line here. -#}
{% macro core_tables() -%}
    {{ return({
        'tier_rules': ref('tier_rules'),
        'rfm_segments': ref('rfm_segments'),
        'behaviour_rules': ref('behaviour_rules'),
        'lifecycle_rules': ref('lifecycle_rules'),
        'churn_risk_rules': ref('churn_risk_rules'),
    }) }}
{%- endmacro %}

{% macro marketing_tables() -%}
    {{ return({
        'trigger_rules': ref('trigger_rules'),
        'action_rules': ref('action_rules'),
    }) }}
{%- endmacro %}

{#- CTEs up to `conditions`: one row per rule of the decision tables and measure that the table has a column
    of, with what the rule's condition says, money in the reporting currency: `code`, or the bounds `low` and
    `high` and whether they are included; null where there is none. -#}
{% macro rule_conditions(tables) -%}
    {%- set double = type_double() -%}
    measures as (
        {%- for table_name in tables %}
        {%- set is_last = loop.last %}
        {%- for name, measure in decision_table(table_name).measures.items() %}
        select
            '{{ table_name }}' as decision_table,
            '{{ name }}' as measure,
            '{{ measure.type }}' as measure_type,
            '{{ measure.label_en }}' as label_en,
            '{{ measure.label_zh }}' as label_zh
        {{ 'union all' if not (is_last and loop.last) }}
        {%- endfor %}
        {%- endfor %}
    ),

    written as (
        {%- for table_name, seed in tables.items() %}
        {%- set table = decision_table(table_name) %}
        {%- set money = seed_money(table_name) %}
        select
            measures.*,
            seed_rows.rule_id,
            {{ 'seed_rows.rule_set' if table.has_rule_sets else "'" ~ var('tier_rule_set') ~ "'" }} as rule_set,
            seed_rows.market,
            seed_rows.priority,
            seed_rows.{{ table.outcome }} as outcome,
            seed_rows.note,
            seed_rows.valid_from,
            seed_rows.valid_to,
            case measures.measure
                {{ each("when '{}' then seed_rows.{}", table.measures, '\n') }}
            end as written,
            {{ 'cast(rates.rate as ' ~ double ~ ')' if money.columns else 'cast(null as ' ~ double ~ ')' }} as rate
        from {{ seed }} as seed_rows
        cross join measures
        {{ join_seed_rates(money) }}
        where measures.decision_table = '{{ table_name }}'
        {{ 'union all' if not loop.last }}
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
                when
                    measure_type = 'money'
                    and abs(cast({{ side }}_written as {{ double }}) * rate) < {{ money_limit() }}
                    then cast(
                        {{ to_decimal('cast(' ~ side ~ '_written as ' ~ double ~ ') * rate') }} as {{ bound_type() }}
                    )
                else {{ side }}_written
            end as {{ side }}{{ ',' if not loop.last }}
            {%- endfor %}
        from split
    ),

    words as (
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
            told.*,
            {{ condition_told('told', 'english') }} as sentence,
            {{ condition_told('told', 'chinese') }} as sentence_zh
        from told
        inner join words as english on english.language = 'en'
        inner join words as chinese on chinese.language = 'zh'
    )
{%- endmacro %}
