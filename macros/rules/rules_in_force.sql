{#- CTEs up to `rules_in_force`: one row per decision table, rule set, market, period and rule in force
    there, of the CTE `conditions`. A table changes on the days on which a rule begins or ends. A scope
    without rules has one row, without a rule. -#}
{% macro rules_in_force(conditions) -%}
    {%- set rule = [
        'decision_table', 'rule_id', 'rule_set', 'market', 'priority', 'outcome', 'note', 'valid_from', 'valid_to',
    ] -%}
    rule_words as (
        {{ explanation_texts(['rule_else', 'rule_with_note']) | indent(8) }}
    ),

    listed as (
        select
            {{ each('{}', rule) }},
            {{ list_of('sentence') }} as conditions_en,
            {{ list_of('sentence_zh') }} as conditions_zh
        from {{ conditions }}
        group by
            {{ each('{}', rule) }}
    ),

    -- A rule without conditions is for everybody whom those before it left.
    rules as (
        select
            listed.*,
            {{ rule_told('listed.conditions_en', 'listed.note', 'english') }} as sentence,
            {{ rule_told('listed.conditions_zh', 'listed.note', 'chinese') }} as sentence_zh
        from listed
        inner join rule_words as english on english.language = 'en'
        inner join rule_words as chinese on chinese.language = 'zh'
    ),

    first_date as (
        select min(evaluation_date) as evaluation_date
        from {{ ref('strata', 'int_evaluation_dates') }}
    ),

    changes as (
        select
            rules.decision_table,
            rules.rule_set,
            rules.valid_from as period_from
        from rules
        union
        select
            rules.decision_table,
            rules.rule_set,
            rules.valid_to as period_from
        from rules
        where rules.valid_to is not null
        union
        select
            rules.decision_table,
            rules.rule_set,
            first_date.evaluation_date as period_from
        from rules
        cross join first_date
    ),

    periods as (
        select
            changes.*,
            lead(changes.period_from) over (
                partition by
                    changes.decision_table,
                    changes.rule_set
                order by changes.period_from
            ) as period_to
        from changes
    ),

    scopes as (
        select
            periods.*,
            markets.market,
            row_number() over (
                order by
                    periods.decision_table,
                    periods.rule_set,
                    markets.market,
                    periods.period_from
            ) as scope_id
        from periods
        cross join ({{ every_market() }}) as markets
    ),

    candidates as (
        select
            scopes.*,
            rules.rule_id,
            rules.priority,
            rules.outcome,
            rules.sentence,
            rules.sentence_zh,
            coalesce(rules.market = scopes.market, true) as is_own,
            max(case when rules.market = scopes.market then 1 else 0 end) over (
                partition by scopes.scope_id
            ) as has_own
        from scopes
        left join rules
            on
                scopes.decision_table = rules.decision_table
                and scopes.rule_set = rules.rule_set
                and (rules.market = scopes.market or rules.market = '*')
                and rules.valid_from <= scopes.period_from
                and (rules.valid_to > scopes.period_from or rules.valid_to is null)
    ),

    numbered as (
        select
            candidates.*,
            row_number() over (
                partition by candidates.scope_id
                order by
                    candidates.priority nulls last,
                    candidates.rule_id nulls last
            ) as rule_number
        from candidates
        where candidates.is_own or candidates.has_own = 0
    ),

    -- The first rule has the lowest bit. A bigint has room for {{ max_rules() }}; a proof tells of more.
    rules_in_force as (
        select
            {{ each('{}', [
                'scope_id', 'decision_table', 'rule_set', 'market', 'period_from', 'period_to', 'rule_id',
                'rule_number', 'priority', 'outcome', 'sentence', 'sentence_zh',
            ]) }},
            case
                when rule_id is not null
                    then cast(
                        power(cast(2 as {{ type_double() }}), least(rule_number - 1, {{ max_rules() }})) as bigint
                    )
            end as rule_bit
        from numbered
    )
{%- endmacro %}

{% macro max_rules() -%}
    {{ return(62) }}
{%- endmacro %}
