{#- CTEs up to `rules_in_force`: one row per decision table, rule set, market, period and rule in force
    there. A table changes on the days on which a rule begins or ends. A scope without rules has one row,
    without a rule. -#}
{% macro rules_in_force(conditions) -%}
    texts as (
        {{ explanation_texts(['rule_else', 'rule_with_note']) | indent(8) }}
    ),

    listed as (
        select
            decision_table,
            rule_id,
            rule_set,
            market,
            priority,
            outcome,
            {{ list_of('sentence') }} as conditions_en,
            {{ list_of('sentence_zh') }} as conditions_zh,
            note,
            valid_from,
            valid_to
        from {{ conditions }}
        group by
            decision_table,
            rule_id,
            rule_set,
            market,
            priority,
            outcome,
            note,
            valid_from,
            valid_to
    ),

    -- A rule without conditions is for everybody whom those before it left.
    rules as (
        select
            listed.decision_table,
            listed.rule_id,
            listed.rule_set,
            listed.market,
            listed.priority,
            listed.outcome,
            {{ rule_told('listed.conditions_en', 'listed.note', 'english') }} as sentence,
            {{ rule_told('listed.conditions_zh', 'listed.note', 'chinese') }} as sentence_zh,
            listed.valid_from,
            listed.valid_to
        from listed
        inner join texts as english on english.language = 'en'
        inner join texts as chinese on chinese.language = 'zh'
    ),

    changes as (
        select
            decision_table,
            rule_set,
            valid_from as period_from
        from rules
        union
        select
            decision_table,
            rule_set,
            valid_to as period_from
        from rules
        where valid_to is not null
        union
        select
            rules.decision_table,
            rules.rule_set,
            dates.evaluation_date as period_from
        from rules
        cross join (
            select min(evaluation_date) as evaluation_date
            from {{ ref('strata', 'int_evaluation_dates') }}
        ) as dates
    ),

    periods as (
        select
            decision_table,
            rule_set,
            period_from,
            lead(period_from) over (
                partition by decision_table, rule_set order by period_from
            ) as period_to
        from changes
    ),

    scopes as (
        select
            row_number() over (
                order by
                    periods.decision_table,
                    periods.rule_set,
                    markets.market,
                    periods.period_from
            ) as scope_id,
            periods.decision_table,
            periods.rule_set,
            markets.market,
            periods.period_from,
            periods.period_to
        from periods
        cross join {{ ref('strata', 'int_markets') }} as markets
    ),

    candidates as (
        select
            scopes.scope_id,
            scopes.decision_table,
            scopes.rule_set,
            scopes.market,
            scopes.period_from,
            scopes.period_to,
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
                partition by scope_id order by priority nulls last, rule_id nulls last
            ) as rule_number
        from candidates
        where is_own or has_own = 0
    ),

    -- The first rule has the lowest bit. A bigint has room for {{ max_rules() }}; a proof tells of more.
    rules_in_force as (
        select
            scope_id,
            decision_table,
            rule_set,
            market,
            period_from,
            period_to,
            rule_id,
            rule_number,
            case
                when rule_id is not null
                    then cast(
                        power(cast(2 as {{ type_double() }}), least(rule_number - 1, {{ max_rules() }})) as bigint
                    )
            end as rule_bit,
            priority,
            outcome,
            sentence,
            sentence_zh
        from numbered
    )
{%- endmacro %}

{% macro max_rules() -%}
    {{ return(62) }}
{%- endmacro %}
