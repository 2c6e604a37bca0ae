{#- At the end of a run: what a failed rule test found, and the day that was evaluated. -#}

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
        {%- do log('as_of_date: ' ~ as_of_day(), info=true) -%}
    {%- endif -%}
{%- endmacro %}
