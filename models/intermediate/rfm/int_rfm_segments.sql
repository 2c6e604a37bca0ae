-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules('rfm_segments') }}
)

select * from rules
