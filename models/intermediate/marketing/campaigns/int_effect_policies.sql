with

policies as (
    select
        method,
        confidence_level,
        z_score,
        min_group_size
    from {{ ref('effect_policies') }}
    where
        valid_from <= {{ as_of_date() }}
        and (valid_to > {{ as_of_date() }} or valid_to is null)
)

select * from policies
