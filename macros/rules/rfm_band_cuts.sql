{#- Query: one row per row of the seed rfm_bands, with the cut point that its bound is, money in the reporting
    currency. Cut points ascend: the best recency is the lowest, the best frequency and value the highest. -#}
{% macro rfm_band_cuts() -%}
    select
        band_id,
        market,
        metric,
        case when metric = 'recency' then 6 - score else score end as cut,
        cast(upper_bound as {{ type_double() }}) as upper_bound,
        valid_from,
        valid_to
    from (
        {{ seed_in_reporting_currency('rfm_bands', [
            'band_id', 'market', 'metric', 'score', 'upper_bound', 'valid_from', 'valid_to',
        ]) | indent(4) }}
    ) as rfm_bands
{%- endmacro %}
