{%- set table = decision_table('behaviour_rules') %}

with

evaluations as (
    select * from {{ ref('int_evaluations_clustered') }}
),

{{ match_rules(
    'evaluations',
    'behaviour_rules',
    table,
    ref('int_rules_in_force'),
    ref('int_rule_ranges'),
    {'outcome': 'behaviour_status'},
) }}

select * from matched
