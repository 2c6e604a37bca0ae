{#- The lines of the block at the end of a run. -#}

{% macro with_share(count, whole) -%}
    {{ return('{:,}'.format(count | int) ~ (' (' ~ '{:.1f}'.format(100 * count / whole) ~ ' %)' if whole else '')) }}
{%- endmacro %}

{% macro told_rows(relation) -%}
    {%- set lines = [] -%}
    {%- for row in run_query(
        'select source_table, sum(raw_rows), sum(used_rows), sum(excluded_rows), sum(quarantined_rows) from '
        ~ relation ~ ' group by source_table order by sum(raw_rows) desc, source_table').rows -%}
        {%- set parts = [] -%}
        {%- for position, name in {2: 'used', 3: 'excluded', 4: 'quarantined'}.items()
            if row[position] or name == 'used' -%}
            {%- do parts.append(with_share(row[position], row[1]) ~ ' ' ~ name) -%}
        {%- endfor -%}
        {%- do lines.append(
            row[0] ~ ': ' ~ '{:,}'.format(row[1] | int) ~ ' rows, ' ~ parts | join(', ')) -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}

{% macro told_rows_left_out(relation) -%}
    {%- set lines = [] -%}
    {%- set later = run_query('select coalesce(sum(rows_found), 0) from ' ~ relation
        ~ " where fate = 'excluded' and exclusion = 'after_as_of_date'").rows[0][0] -%}
    {%- for table_name, defect, wording in [
        ('orders', 'missing_customer', 'orders that nobody placed (guests whom no e-mail or phone joins to a person)'),
        ('refunds', 'orphan_row', 'refunds whose order is not known')] -%}
        {%- set row = run_query(
            "select sum(case when fate = 'quarantined' and defects like '%," ~ defect
            ~ ",%' then rows_found end), sum(rows_found) from " ~ relation
            ~ " where source_table = '" ~ table_name ~ "'").rows[0] -%}
        {%- do lines.append(wording ~ ': ' ~ with_share(row[0], row[1])) if row[0] -%}
    {%- endfor -%}
    {{ return([later | int, lines]) }}
{%- endmacro %}

{% macro told_quality(relation) -%}
    {%- set lines = [] -%}
    {%- for row in run_query(
        'select source_table, check_type, check_name, found from ' ~ relation
        ~ " where check_type in ('unmatched_value', 'unmatched_override', 'unmatched_merge', 'adjusted_time')"
        ~ ' order by source_table, check_type, check_name').rows -%}
        {%- do lines.append(
            row[0] ~ ', ' ~ row[1] | replace('_', ' ') ~ ', ' ~ row[2] ~ ': ' ~ '{:,}'.format(row[3] | int)) -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}

{% macro told_facts(relation) -%}
    {%- set row = run_query('select min(oldest_date), max(newest_date) from ' ~ relation
        ~ " where source_table <> 'customers'").rows[0] -%}
    {{ return(['facts from ' ~ row[0] ~ ' to ' ~ row[1]] if row[0] else ['no fact by as_of_date']) }}
{%- endmacro %}

{#- Beside each count the change since the build before, which remember_tiers has noted. -#}
{% macro told_tiers(relation) -%}
    {%- set before = {} -%}
    {%- for row in run_query(
        'select tier_code, customers from ' ~ schema_of_strata('runs') ~ '.tiers_before').rows -%}
        {%- do before.update({row[0]: row[1] | int}) -%}
    {%- endfor -%}
    {%- set now = {} -%}
    {%- for row in run_query(
        'select tier_code, count(*) from ' ~ relation ~ ' group by tier_code order by max(tier_rank) desc').rows -%}
        {%- do now.update({row[0]: row[1] | int}) -%}
    {%- endfor -%}
    {%- set parts = [] -%}
    {%- for code in now.keys() | list + (before.keys() | reject('in', now) | list) -%}
        {%- set change = now.get(code, 0) - before.get(code, 0) -%}
        {%- do parts.append(
            code ~ ' ' ~ '{:,}'.format(now.get(code, 0))
            ~ (' (' ~ '{:+,}'.format(change) ~ ')' if before and change else '')) -%}
    {%- endfor -%}
    {{ return(['customers: ' ~ '{:,}'.format(now.values() | sum) ~ (': ' if parts) ~ parts | join(', ')
        ~ (' (in brackets: against the build before)' if before and now != before)]) }}
{%- endmacro %}

{#- Lifetime values from parameters of other data, and those that are not predicted at all. -#}
{% macro told_fits(relation) -%}
    {%- set endings = {
        'borne_out': 'and this market bears them out',
        'not_judged': 'which has too few customers here to judge them: fit your own with strata calibrate',
        'not_borne_out': 'and are not used, for purchases here are worth something else: fit your own with strata calibrate',
    } -%}
    {%- set lines = [] -%}
    {%- for row in run_query(
        'select market, finding, fitted_on, observed_value, expected_value from ' ~ relation
        ~ ' where customers > 0 and evaluation_date = ' ~ as_of_date() ~ ' order by market').rows
        if row[1] != 'borne_out' or row[2] != var('raw_path') -%}
        {%- if row[1] == 'no_parameters' -%}
            {%- do lines.append('lifetime values of market ' ~ row[0] ~ ': none, for clv_parameters has no row') -%}
        {%- else -%}
            {%- do lines.append(
                'lifetime values of market ' ~ row[0] ~ ': the parameters were fitted on ' ~ row[2] ~ ' ('
                ~ 'a purchase day of ' ~ '{:,.2f}'.format(row[4]) ~ ', here '
                ~ ('{:,.2f}'.format(row[3]) if row[3] is not none else 'none') ~ '), ' ~ endings[row[1]]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}

{#- Other people's figures are told as such: seeds as they came with Strata, where the data did not. -#}
{% macro told_demo_seeds() -%}
    {%- set kept = [] -%}
    {%- if not reads_the_demo() -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed')
            if demo_seeds().get(node.name) == node.checksum.checksum -%}
            {%- do kept.append(node.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(['seeds that still have the figures of the demo: ' ~ kept | sort | join(', ')] if kept else []) }}
{%- endmacro %}

{#- So is what `strata init` has written only so that a build begins. -#}
{% macro told_placeholders() -%}
    {%- set kept = [] -%}
    {%- for seed_name in ['tier_rules', 'rfm_bands', 'score_components', 'purchase_cycles']
        if not reads_the_demo() and placeholders(seed_name) -%}
        {%- do kept.append(seed_name) -%}
    {%- endfor -%}
    {%- set lines = [] -%}
    {%- if 'tier_rules' in kept -%}
        {%- do lines.append('the tiers are by placeholders for rules, and strata publish refuses them: '
            ~ 'strata calibrate proposes your own') -%}
    {%- endif -%}
    {%- do lines.append('seeds with placeholders: ' ~ kept | join(', ')
        ~ ' (strata calibrate proposes what your data bear out; else write your own, and take the word out of note)')
        if kept -%}
    {{ return(lines) }}
{%- endmacro %}

{#- Whether the raw tables are the demo's, as far as it can be seen: a server does not say what was loaded. -#}
{% macro reads_the_demo() -%}
    {{ return(adapter.dispatch('reads_the_demo', 'strata')()) }}
{%- endmacro %}

{% macro default__reads_the_demo() -%}
    {{ return(false) }}
{%- endmacro %}

{% macro duckdb__reads_the_demo() -%}
    {{ return(var('raw_path') == 'demo') }}
{%- endmacro %}
