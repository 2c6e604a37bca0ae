{%- set table = decision_table('behaviour_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_clustered') }}
),

{{ match_rules(
    'evaluations', table, ref('int_behaviour_rule_cells'), {'outcome': 'behaviour_status'}
) }}

select * from matched
