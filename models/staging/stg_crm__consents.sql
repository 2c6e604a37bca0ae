{%- set raw = raw_columns('consents') %}

with

source as (
    select * from {{ strata.raw('consents') }}
),

{{ read_values(raw, 'consents') }},

typed as (
    select
        {{ typed(raw, 'customer_id') }} as customer_id,
        {{ typed(raw, 'source_system') }} as source_system,
        {{ typed(raw, 'channel') }} as channel,
        {{ typed(raw, 'status') }} as status,
        {{ typed(raw, 'changed_at') }} as changed_at,
        {{ business_date(typed(raw, 'changed_at')) }} as consent_date,
        {{ row_defects(raw) }} as defects,
        {{ nulled_columns(raw) }} as nulled_columns,
        {{ adjusted_columns(raw, 'consents') }} as adjusted_columns,
        {{ raw_values(raw) }}
    from casts
)

select * from typed
