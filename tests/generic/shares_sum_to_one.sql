{#- Shares of a whole sum to 1 within it, to nine digits after the point; they are null together. -#}
{% test shares_sum_to_one(model, share, within) %}

with

summed as (
    select
        {{ within | join(',\n        ') }},
        sum({{ share }}) as share_sum,
        count({{ share }}) as shares,
        count(*) as row_count
    from {{ model }}
    group by
        {{ within | join(',\n        ') }}
)

select * from summed
where
    abs(share_sum - 1) > 1e-9
    or shares not in (0, row_count)

{% endtest %}
