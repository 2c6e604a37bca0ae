{%- set table = decision_table('rfm_segments') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_scored') }}
),

{{ match_rules(
    'evaluations', table, ref('int_rfm_segment_cells'), {'outcome': 'rfm_segment'}
) }}

select * from matched
