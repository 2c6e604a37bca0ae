{{ config(materialized='table') }}  -- small, and read for every customer

with

policies as (
    {{ rows_in_force(ref('tier_policies'), ['months_per_downgrade_step']) }}
),

-- A market that does not hold tiers goes along with the step of another: its peak is not used.
market_steps as (
    select
        evaluation_date,
        market,
        coalesce(months_per_downgrade_step > 0, false) as is_held,
        coalesce(
            nullif(months_per_downgrade_step, 0), nullif(max(months_per_downgrade_step) over (), 0), 1
        ) as step
    from policies
)

select * from market_steps
