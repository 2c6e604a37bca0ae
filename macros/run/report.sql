{#- At the end of a run: what a failed rule test found, the day that was evaluated, and how many
    raw rows lie after it. -#}

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

{% macro report_as_of_date(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set later = namespace(rows='') -%}
        {%- for result in results
            if result.node.name == 'data_quality_summary' and result.status == 'success' -%}
            {%- set found = run_query(
                'select coalesce(sum(found), 0) from ' ~ result.node.relation_name
                ~ " where check_type = 'exclusion' and check_name = 'after_as_of_date'") -%}
            {%- set later.rows = '; ' ~ found.columns[0].values()[0] ~ ' raw rows lie after it' -%}
        {%- endfor -%}
        {%- do log('as_of_date: ' ~ as_of_day() ~ later.rows, info=true) -%}
    {%- endif -%}
{%- endmacro %}
