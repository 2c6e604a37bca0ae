with

rfm_bands as (
    {{ seed_in_reporting_currency('rfm_bands', [
        'band_id', 'market', 'metric', 'score', 'upper_bound', 'valid_from', 'valid_to',
    ]) }}
),

-- Cut points ascend: the best recency is the lowest, the best frequency and value the highest.
rfm_cuts as (
    select
        band_id,
        market,
        metric,
        score,
        case when metric = 'recency' then 6 - score else score end as cut,
        cast(upper_bound as {{ type_double() }}) as upper_bound,
        valid_from,
        valid_to
    from rfm_bands
)

select * from rfm_cuts
