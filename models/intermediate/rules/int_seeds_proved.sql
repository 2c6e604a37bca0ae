-- Nothing is told of customers or of their records before every seed is proved: int_customers_unified waits
-- for this one, so that one failed proof stops every mart of the build. A new seed, or a model on which a
-- proof of seeds hangs, is listed here; a test compares the list with the project.

{%- set seeds = [
    ref('action_channels'),
    ref('action_rules'),
    ref('actions'),
    ref('attribute_segments'),
    ref('attributes'),
    ref('behaviour_rules'),
    ref('behaviour_statuses'),
    ref('campaigns'),
    ref('channel_policies'),
    ref('channel_preferences'),
    ref('channels'),
    ref('churn_risk_rules'),
    ref('churn_risks'),
    ref('cities'),
    ref('clv_parameters'),
    ref('clv_policies'),
    ref('currencies'),
    ref('customer_merges'),
    ref('effect_policies'),
    ref('engagement_types'),
    ref('exchange_rates'),
    ref('feedback_scales'),
    ref('identity_policies'),
    ref('lifecycle_rules'),
    ref('lifecycle_stages'),
    ref('markets'),
    ref('milestones'),
    ref('order_statuses'),
    ref('phone_formats'),
    ref('pareto_classes'),
    ref('placeholder_values'),
    ref('product_categories'),
    ref('purchase_cycles'),
    ref('recommendation_policies'),
    ref('regions'),
    ref('rfm_bands'),
    ref('rfm_clusters'),
    ref('rfm_policies'),
    ref('rfm_segment_labels'),
    ref('rfm_segments'),
    ref('row_reasons'),
    ref('run_limits'),
    ref('satisfaction_policies'),
    ref('score_components'),
    ref('suppression_reasons'),
    ref('tier_overrides'),
    ref('tier_policies'),
    ref('tier_rules'),
    ref('tiers'),
    ref('trigger_rules'),
    ref('triggers'),
] %}

{%- set rules = [
    ref('strata', 'int_evaluation_dates'),
    ref('strata', 'int_exchange_rates'),
    ref('strata', 'int_rule_ranges'),
    ref('strata', 'int_rfm_clusters'),
    ref('strata', 'int_market_parameters'),
] %}

{%- do rules.append(ref('strata', 'int_simulated_rule_ranges')) if wing_is_on('simulation') %}
{%- do rules.append(ref('strata', 'int_marketing_rule_ranges')) if wing_is_on('marketing') %}

with

proved as (
    select
        {{ seeds | length }} as seeds,
        {{ rules | length }} as models_of_rules
)

select * from proved
