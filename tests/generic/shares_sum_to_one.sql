{#- Shares of a whole sum to 1 within it, to nine digits of the largest sum; they are null together.
    Shares of a whole near 0 are large and of both signs, and their rounding errors are as large. -#}
{% test shares_sum_to_one(model, share, within) %}

with

summed as (
    select
        {{ within | join(',\n        ') }},
        sum({{ share }}) as share_sum,
        sum(abs({{ share }})) as size_sum,
        count({{ share }}) as shares,
        count(*) as row_count
    from {{ model }}
    group by
        {{ within | join(',\n        ') }}
)

select * from summed
where
    abs(share_sum - 1) > 1e-9 * greatest(1, size_sum)
    or shares not in (0, row_count)

{% endtest %}
