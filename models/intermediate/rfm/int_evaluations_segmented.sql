with

evaluations as (
    select * from {{ ref('int_evaluations_scored') }}
),

{{ match_rules(
    'evaluations', 'rfm_segments', 'int_rfm_segment_cells', {'outcome': 'rfm_segment'}
) }}

select * from matched
