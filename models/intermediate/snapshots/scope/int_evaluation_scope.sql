-- depends_on: {{ ref('strata', 'int_customer_fingerprints') }}
-- depends_on: {{ ref('strata', 'int_clv_fits') }}
-- depends_on: {{ ref('markets') }}
{{ config(materialized='table') }}  -- what the run found before it writes the history
{%- set history = stored_history() %}
{%- set stored_fingerprints = stored_fingerprints() %}
{%- set dates = closed_dates() %}

with

customers as (
    select
        customer_id,
        market,
        start_date
    from {{ ref('strata', 'int_customers') }}
),
{%- if not stored_fingerprints or not history %}

-- Nothing is stored; or it is not known what the stored months rest on, after a run that died.
scope as (
    select
        customer_id,
        date '1970-01-01' as restated_from
    from customers
    where {{ (history is not none) | lower }}
)
{%- else %}

compared as (
    select
        coalesce(fingerprints.customer_id, stored.customer_id) as customer_id,
        stored.customer_id is not null as was_there,
        coalesce(fingerprints.records_hash, '') = coalesce(stored.records_hash, '')
        and fingerprints.customer_id is not null
        and stored.customer_id is not null as is_same_person,
        coalesce(fingerprints.attributes_hash = stored.attributes_hash, false) as is_same_profile,
        coalesce(fingerprints.stored_facts_hash = stored.facts_hash, false) as has_same_facts,
        coalesce(fingerprints.stored_older_facts_hash = stored.older_facts_hash, false)
            as has_same_older_facts
    from {{ ref('strata', 'int_customer_fingerprints') }} as fingerprints
    full join {{ stored_fingerprints }} as stored on fingerprints.customer_id = stored.customer_id
),

-- Who is new, gone, or of other records by now is so in all their months.
changed as (
    select
        compared.customer_id,
        case
            when not compared.was_there then customers.start_date
            when not compared.is_same_person then date '1970-01-01'
            when compared.is_same_profile and compared.has_same_older_facts
                then greatest({{ dates.stored }}, {{ restated_since() }})
            else {{ restated_since() }}
        end as restated_from,
        customers.customer_id is not null as is_there
    from compared
    left join customers on compared.customer_id = customers.customer_id
    where not (compared.is_same_person and compared.is_same_profile and compared.has_same_facts)
),

-- What is of a whole market: whether lifetime values are borne out, and quantiles.
fits_before as (
    {{ fits_of_history(history) }}
),

market_months as (
    select
        fits.market,
        fits.evaluation_date as restated_from
    from {{ ref('strata', 'int_clv_fits') }} as fits
    inner join fits_before
        on
            fits.evaluation_date = fits_before.evaluation_date
            and fits.market = fits_before.market
    where fits.is_used <> fits_before.was_used
    {%- if var('rfm_method') == 'quantile' %}
    union all
    select
        markets.market,
        greatest(changed.restated_from, {{ restated_since() }}) as restated_from
    from changed
    cross join ({{ every_market() }}) as markets
    where changed.restated_from <= {{ dates.stored }}
    {%- endif %}
),

restated_markets as (
    select
        market,
        min(restated_from) as restated_from
    from market_months
    group by market
),

-- Who is gone is named nowhere.
restated as (
    select
        customer_id,
        restated_from
    from changed
    where is_there
    union all
    select
        customers.customer_id,
        restated_markets.restated_from
    from restated_markets
    inner join customers on restated_markets.market = customers.market
),

scope as (
    select
        customer_id,
        min(restated_from) as restated_from
    from restated
    group by customer_id
)
{%- endif %}

select * from scope
