{#- At the end of a run: what failed rule tests found, and in one block what a reader of the marts must know. -#}

{% macro report_rule_defects(results) -%}
    {%- if execute -%}
        {%- for result in results
            if result.node.resource_type == 'test' and result.status in ['fail', 'warn']
            and result.node.config.meta.reports_rules -%}
            {%- for row in run_query(result.node.compiled_code).rows -%}
                {%- do log(
                    'seeds: ' ~ row['seed_name'] ~ ', ' ~ row['rule_id'] ~ ': ' ~ row['defect'],
                    info=true) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{#- Only what this run has made is told. -#}
{% macro report_build(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set made = {} -%}
        {%- for result in results
            if result.node.resource_type == 'model' and result.status == 'success' -%}
            {%- do made.update({result.node.name: result.node.relation_name}) -%}
        {%- endfor -%}
        {%- set lines = [] -%}
        {%- set later = namespace(rows='') -%}
        {%- if 'source_reconciliation' in made -%}
            {%- do lines.extend(told_rows(made['source_reconciliation'])) -%}
        {%- endif -%}
        {%- if 'int_raw_row_counts' in made -%}
            {%- set rows_after, found = told_rows_left_out(made['int_raw_row_counts']) -%}
            {%- set later.rows = '; ' ~ rows_after ~ ' raw rows lie after it' -%}
            {%- do lines.extend(found) -%}
        {%- endif -%}
        {%- if 'data_quality_summary' in made -%}
            {%- do lines.extend(told_quality(made['data_quality_summary'])) -%}
        {%- endif -%}
        {%- if 'int_raw_columns' in made -%}
            {%- do lines.extend(told_facts(made['int_raw_columns'])) -%}
        {%- endif -%}
        {%- if 'customer_tiers' in made -%}
            {%- do lines.extend(told_tiers(made['customer_tiers'])) -%}
        {%- endif -%}
        {%- if 'customer_tier_history' in made and 'int_evaluation_scope' in made -%}
            {%- do lines.extend(told_restatement(made)) -%}
        {%- endif -%}
        {%- if 'int_clv_fits' in made -%}
            {%- do lines.extend(told_fits(made['int_clv_fits'])) -%}
        {%- endif -%}
        {%- do lines.extend(told_demo_seeds()) -%}
        {%- do lines.extend(told_placeholders()) -%}
        {%- do log(
            'as_of_date: ' ~ as_of_day() ~ ' (' ~ var('business_timezone') ~ ', money in '
            ~ var('reporting_currency') ~ ')' ~ later.rows, info=true) -%}
        {%- for line in lines -%}
            {%- do log('  ' ~ line, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
