-- Ranks go from 1 to the number of the customer's recommendations, which is at most what the policy
-- of the market allows; reasons stand in their order, and only bought_together has a cause.

with

recommendations as (
    select
        customer_id,
        market,
        because_product_id,
        case reason when 'browsed' then 1 when 'bought_together' then 2 else 3 end as reason_order,
        rank
    from {{ ref('strata', 'customer_recommendations') }}
),

ordered as (
    select
        customer_id,
        market,
        because_product_id,
        reason_order,
        rank,
        row_number() over (partition by customer_id order by rank) as place,
        lag(reason_order) over (partition by customer_id order by rank) as reason_order_before
    from recommendations
),

checked as (
    select
        ordered.customer_id,
        ordered.rank,
        case
            when policies.max_recommendations is null then 'no policy'
            when ordered.rank > policies.max_recommendations then 'too many'
            when ordered.rank <> ordered.place then 'a gap before it'
            when ordered.reason_order < ordered.reason_order_before then 'reasons out of order'
            when (ordered.reason_order = 2) <> (ordered.because_product_id is not null)
                then 'a cause where none is, or none where one is'
        end as defect
    from ordered
    left join {{ ref('strata', 'int_recommendation_policies') }} as policies
        on ordered.market = policies.market
)

select * from checked
where defect is not null
