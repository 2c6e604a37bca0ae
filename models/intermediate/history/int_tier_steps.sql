{{ config(materialized='table') }}  -- small, and read for every customer

{#- Which cells of the tier rules can be reached from which. Orders and revenue can rise, and the
    lifetime figures with them; the other measures stay as they are. -#}
{%- set measures = measures_of(decision_table('tier_rules')) %}
{%- set rising = ['lifetime_orders', 'orders_12m', 'lifetime_net_revenue', 'net_revenue_12m'] %}
{%- set staying = measures | reject('in', rising) | list %}

with

{{ rule_cells(
    'tier_rules', measures, ref('strata', 'int_rules_in_force'), ref('strata', 'int_rule_ranges')
) }},

cells as (
    select
        tier_rules_cells.*,
        tiers.tier_rank
    from tier_rules_cells
    inner join {{ ref('tiers') }} as tiers on tier_rules_cells.outcome = tiers.tier_code
),

pairs as (
    select
        cells.cell_id,
        targets.cell_id as target_cell_id,
        cells.market,
        {{ each('cells.{}_step', measures) }},
        {{ each('targets.{}_step as target_{}_step', rising) }},
        {{ each('targets.{}_from, targets.{}_to', rising) }},
        targets.outcome as tier_code,
        targets.tier_rank,
        {{ each(
            "case when targets.{}_step <> cells.{}_step then ', {}' else '' end", staying, ' ||'
        ) }} as blockers
    from cells
    inner join cells as targets
        on
            cells.market = targets.market
            and cells.tier_rank <= targets.tier_rank
            and {{ each(
                'cells.{}_step >= 0 and cells.{}_step <= targets.{}_step', rising, ' and'
            ) }}
),

-- Of the blocked ways to a tier one is told: that with the fewest measures in the way.
ranked as (
    select
        *,
        row_number() over (
            partition by
                cell_id,
                tier_rank,
                blockers = ''
            order by
                length(blockers),
                target_cell_id
        ) as preference
    from pairs
),

-- A cell is not worth naming if a nearer one of the same tier is sure to be met on the way.
farther as (
    select
        pairs.cell_id,
        pairs.target_cell_id
    from pairs
    inner join pairs as nearer
        on
            pairs.cell_id = nearer.cell_id
            and pairs.tier_rank = nearer.tier_rank
            and pairs.target_cell_id <> nearer.target_cell_id
            and {{ each('nearer.target_{}_step <= pairs.target_{}_step', rising, ' and') }}
            and {{ each(
                'nearer.target_{}_step = nearer.{}_step and nearer.{}_to is null',
                ['lifetime_orders', 'lifetime_net_revenue'],
                ' and',
            ) }}
    where pairs.blockers = '' and nearer.blockers = ''
    group by
        pairs.cell_id,
        pairs.target_cell_id
),

tier_steps as (
    select ranked.*
    from ranked
    left join farther
        on
            ranked.cell_id = farther.cell_id
            and ranked.target_cell_id = farther.target_cell_id
    where
        farther.cell_id is null
        and (ranked.blockers = '' or ranked.preference = 1)
)

select * from tier_steps
