-- depends_on: {{ ref('markets') }}
-- depends_on: {{ ref('rfm_segment_labels') }}
-- depends_on: {{ ref('int_markets') }}

with

rules as (
    {{ decision_rules(decision_table('rfm_segments'), ref('rfm_segments')) }}
)

select * from rules
