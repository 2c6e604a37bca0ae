-- The bodies of the loops below are indented as they are read.
-- noqa: disable=LT02
{{ config(materialized='table') }}  -- small, and read for every customer

{#- Which cells of the tier rules can be reached from which. Orders and revenue can rise, and the
    lifetime figures with them; the other measures stay as they are. -#}
{%- set rising = ['lifetime_orders', 'orders_12m', 'lifetime_net_revenue', 'net_revenue_12m'] %}
{%- set measures = measures_of(decision_table('tier_rules')) %}

with

dates as (
    select evaluation_date
    from {{ ref('strata', 'int_evaluation_dates') }}
    where is_current
),

rules as (
    select
        rules.scope_id,
        rules.market,
        rules.rule_bit,
        rules.outcome,
        tiers.tier_rank
    from {{ ref('strata', 'int_rules_in_force') }} as rules
    inner join dates
        on
            rules.period_from <= dates.evaluation_date
            and (rules.period_to > dates.evaluation_date or rules.period_to is null)
    inner join {{ ref('tiers') }} as tiers on rules.outcome = tiers.tier_code
    where rules.decision_table = 'tier_rules'
),

-- An open bound is a step of the measure farther.
ranges as (
    select
        ranges.scope_id,
        ranges.measure,
        ranges.range_number as step,
        ranges.mask,
        ranges.range_from + case when ranges.includes_from then 0 else measures.step end as step_from,
        ranges.range_to + case when ranges.includes_to then measures.step else 0 end as step_to
    from {{ ref('strata', 'int_rule_ranges') }} as ranges
    inner join {{ ref('strata', 'int_measures') }} as measures on ranges.measure = measures.measure
    where ranges.decision_table = 'tier_rules'
),

scopes as (
    select
        scope_id,
        market
    from rules
    group by
        scope_id,
        market
),

grid as (
    select
        scopes.scope_id,
        scopes.market,
        {%- for measure in measures %}
        {{ measure }}_ranges.step as {{ measure }}_step,
        {{ measure }}_ranges.step_from as {{ measure }}_from,
        {{ measure }}_ranges.step_to as {{ measure }}_to,
        {%- endfor %}
        {%- for measure in measures %}
        {{ measure }}_ranges.mask{{ ' &' if not loop.last }}
        {%- endfor %} as rules_met
    from scopes
    {%- for measure in measures %}
    inner join ranges as {{ measure }}_ranges
        on
            scopes.scope_id = {{ measure }}_ranges.scope_id
            and {{ measure }}_ranges.measure = '{{ measure }}'
    {%- endfor %}
),

cells as (
    select
        grid.*,
        rules.outcome,
        rules.tier_rank
    from grid
    inner join rules
        on grid.scope_id = rules.scope_id and {{ first_rule('grid.rules_met') }} = rules.rule_bit
),

pairs as (
    select
        cells.market,
        {%- for measure in measures %}
        cells.{{ measure }}_step,
        targets.{{ measure }}_step as target_{{ measure }}_step,
        {%- endfor %}
        {%- for measure in rising %}
        targets.{{ measure }}_from,
        targets.{{ measure }}_to,
        {%- endfor %}
        targets.outcome as tier_code,
        targets.tier_rank,
        {%- for measure in measures if measure not in rising %}
        case when targets.{{ measure }}_step <> cells.{{ measure }}_step then ', {{ measure }}' else '' end
        {{- ' ||' if not loop.last }}
        {%- endfor %} as blockers
    from cells
    inner join cells as targets
        on
            cells.market = targets.market
            and cells.tier_rank <= targets.tier_rank
            {%- for measure in rising %}
            and cells.{{ measure }}_step >= 0
            and cells.{{ measure }}_step <= targets.{{ measure }}_step
            {%- endfor %}
),

-- Of the blocked ways to a tier one is told: that with the fewest measures in the way.
blocked as (
    select
        pairs.*,
        row_number() over (
            partition by
                pairs.market,
                {%- for measure in measures %}
                pairs.{{ measure }}_step,
                {%- endfor %}
                pairs.tier_rank
            order by
                length(pairs.blockers)
                {%- for measure in measures %},
                pairs.target_{{ measure }}_step
                {%- endfor %}
        ) as preference
    from pairs
    where pairs.blockers <> ''
),

open_pairs as (
    select * from pairs
    where blockers = ''
),

-- A cell is not worth naming if a nearer one of the same tier is sure to be met on the way.
farther as (
    select
        open_pairs.market,
        {%- for measure in measures %}
        open_pairs.{{ measure }}_step,
        open_pairs.target_{{ measure }}_step,
        {%- endfor %}
        count(*) as nearer_cells
    from open_pairs
    inner join open_pairs as nearer
        on
            open_pairs.market = nearer.market
            and open_pairs.tier_rank = nearer.tier_rank
            {%- for measure in measures %}
            and open_pairs.{{ measure }}_step = nearer.{{ measure }}_step
            and nearer.target_{{ measure }}_step <= open_pairs.target_{{ measure }}_step
            {%- endfor %}
            and (
                {%- for measure in rising %}
                {{ 'or ' if not loop.first }}nearer.target_{{ measure }}_step
                < open_pairs.target_{{ measure }}_step
                {%- endfor %}
            )
            {%- for measure in ['lifetime_orders', 'lifetime_net_revenue'] %}
            and nearer.target_{{ measure }}_step = nearer.{{ measure }}_step
            and nearer.{{ measure }}_to is null
            {%- endfor %}
    group by
        open_pairs.market
        {%- for measure in measures %},
        open_pairs.{{ measure }}_step,
        open_pairs.target_{{ measure }}_step
        {%- endfor %}
),

tier_steps as (
    select open_pairs.*
    from open_pairs
    left join farther
        on
            open_pairs.market = farther.market
            {%- for measure in measures %}
            and open_pairs.{{ measure }}_step = farther.{{ measure }}_step
            and open_pairs.target_{{ measure }}_step = farther.target_{{ measure }}_step
            {%- endfor %}
    where farther.nearer_cells is null
    union all
    select
        market,
        {%- for measure in measures %}
        {{ measure }}_step,
        target_{{ measure }}_step,
        {%- endfor %}
        {%- for measure in rising %}
        {{ measure }}_from,
        {{ measure }}_to,
        {%- endfor %}
        tier_code,
        tier_rank,
        blockers
    from blocked
    where preference = 1
)

select * from tier_steps
