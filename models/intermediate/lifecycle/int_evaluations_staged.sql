{%- set table = decision_table('lifecycle_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_behaved') }}
),

{{ match_rules(
    'evaluations', table, ref('int_lifecycle_rule_cells'), {'outcome': 'lifecycle_stage'}
) }}

select * from matched
