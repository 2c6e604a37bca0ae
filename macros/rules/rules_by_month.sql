{#- What decides a stored month, to see whether it was edited since. -#}

{#- The seeds that decide what customers are on a date, and which of their rows do: those in force on it,
    those begun by then (a rate converts the money of rules from its day on), or all. Seeds that decide what
    the facts are, and whose, are not here: their edits restate. -#}
{% macro deciding_seeds() -%}
    {%- set seeds = {'tiers': 'all', 'behaviour_statuses': 'all', 'exchange_rates': 'begun'} -%}
    {%- for seed_name in [
        'tier_rules', 'tier_policies', 'tier_overrides', 'rfm_bands', 'rfm_clusters', 'rfm_policies', 'rfm_segments',
        'behaviour_rules', 'lifecycle_rules', 'purchase_cycles', 'satisfaction_policies',
        'churn_risk_rules', 'clv_parameters', 'clv_policies', 'pareto_classes', 'score_components'] -%}
        {%- do seeds.update({seed_name: 'in_force'}) -%}
    {%- endfor -%}
    {{ return(seeds) }}
{%- endmacro %}

{#- And the vars. -#}
{% macro deciding_vars() -%}
    {{ return(['tier_rule_set', 'rfm_method', 'rfm_window_months', 'convert_seed_money']) }}
{%- endmacro %}

{#- Query: for each evaluation date and deciding seed a hash of its rows that decide, in no order. When a row
    begins or ends, and what is said of it, is no matter. A hook finds tables by their names. -#}
{% macro rules_by_month(is_in_hook=false) -%}
    {%- set told = [
        'valid_from', 'valid_to', 'note', 'reason', 'approved_by', 'customer_id', 'label_en', 'label_zh', 'colour',
        'description'] -%}
    {%- set dates = relation_of('int_evaluation_dates') if is_in_hook else ref('strata', 'int_evaluation_dates') -%}
    {%- set given = [] -%}
    {%- for name in deciding_vars() -%}
        {%- do given.append(name ~ ' ' ~ setting(name)) -%}
    {%- endfor -%}
    select
        'dbt_project.yml' as seed_name,
        cast({{ row_hash(["cast('" ~ given | join(', ') ~ "' as " ~ dbt.type_string() ~ ')']) }} as decimal(38, 0))
            as rows_hash,
        evaluation_date
    from {{ dates }}
    {%- for seed_name, rows in deciding_seeds().items() %}
    {%- set seed = relation_of(seed_name) if is_in_hook else ref(seed_name) %}
    {%- set columns = [] %}
    {%- for column in (adapter.get_columns_in_relation(seed) if execute else []) if column.name not in told %}
        {%- do columns.append('seed.' ~ column.name) %}
    {%- endfor %}
    union all
    select
        '{{ seed_name }}' as seed_name,
        cast(sum({{ row_hash(columns or ['1']) }}) as decimal(38, 0)) as rows_hash,
        dates.evaluation_date
    from {{ seed }} as seed
    {%- if rows == 'all' %}
    cross join {{ dates }} as dates
    {%- else %}
    inner join {{ dates }} as dates
        on
            seed.valid_from <= dates.evaluation_date
            {%- if rows == 'in_force' %}
            and coalesce(seed.valid_to, date '9999-12-31') > dates.evaluation_date
            {%- else %}
            and {{ setting('convert_seed_money') | lower }}
            {%- endif %}
    {%- endif %}
    group by dates.evaluation_date
    {%- endfor %}
{%- endmacro %}
