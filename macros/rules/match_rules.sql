{#- CTEs up to `<seed>_matched`: the rows of a CTE, each with columns of the first rule that it meets. They
    have evaluation_date, market and every measure of the table. The rule set is an expression: a text,
    quotes included, or a column of the rows. -#}
{% macro match_rules(rows, seed_name, table, rules_in_force, rule_ranges, columns, rule_set=none) -%}
    {%- set numbers = measures_of(table) -%}
    {%- set codes = measures_of(table, codes=true) -%}
    {%- set rule_set = rule_set or "'" ~ var('tier_rule_set') ~ "'" -%}
    {%- set bounds = seed_name ~ '_bounds' -%}
    {{ range_bounds(seed_name, table, rule_ranges) }},

    {{ in_force_on_dates(
        seed_name ~ '_on_dates', rules_in_force, seed_name, ['rule_bit'] + columns.keys() | list
    ) }},
    {% if codes %}
    {{ in_force_on_dates(seed_name ~ '_codes', rule_ranges, seed_name, ['measure', 'code', 'mask']) }},
    {% endif %}
    {{ seed_name }}_rules_met as (
        select
            {{ rows }}.*,
            {%- for measure in numbers %}
            {{ by_range(rows ~ '.' ~ measure, bounds ~ '.' ~ measure, bounds ~ '.' ~ measure ~ '_mask') }}
            {{- ' &' if codes or not loop.last }}
            {%- endfor %}
            {%- for code in codes %}
            coalesce({{ code }}_codes.mask, {{ bounds }}.{{ code }}_mask_other)
            {{- ' &' if not loop.last }}
            {%- endfor %} as {{ seed_name }}_met
        from {{ rows }}
        left join {{ bounds }}
            on
                {{ rows }}.evaluation_date = {{ bounds }}.evaluation_date
                and {{ rows }}.market = {{ bounds }}.market
                and {{ bounds }}.rule_set = {{ rule_set }}
        {%- for code in codes %}
        left join {{ seed_name }}_codes as {{ code }}_codes
            on
                {{ code }}_codes.measure = '{{ code }}'
                and {{ rows }}.evaluation_date = {{ code }}_codes.evaluation_date
                and {{ rows }}.market = {{ code }}_codes.market
                and {{ rows }}.{{ code }} = {{ code }}_codes.code
                and {{ code }}_codes.rule_set = {{ rule_set }}
        {%- endfor %}
    ),

    {{ seed_name }}_matched as (
        select
            {{ rows }}.*
            {%- for source_column, name in columns.items() %},
            rules.{{ source_column }} as {{ name }}
            {%- endfor %}
        from {{ seed_name }}_rules_met as {{ rows }}
        left join {{ seed_name }}_on_dates as rules
            on
                {{ rows }}.evaluation_date = rules.evaluation_date
                and {{ rows }}.market = rules.market
                and {{ first_rule(rows ~ '.' ~ seed_name ~ '_met') }} = rules.rule_bit
                and rules.rule_set = {{ rule_set }}
    )
{%- endmacro %}

{#- The bit of the first rule of a mask. -#}
{% macro first_rule(mask) -%}
    ({{ mask }} & (-{{ mask }}))
{%- endmacro %}

{#- CTE: columns of the rules or ranges of a table on each evaluation date. -#}
{% macro in_force_on_dates(name, relation, seed_name, columns) -%}
    {{ name }} as (
        select
            dates.evaluation_date,
            in_force.rule_set,
            in_force.market
            {%- for column in columns %},
            in_force.{{ column }}
            {%- endfor %}
        from {{ ref('strata', 'int_evaluation_dates') }} as dates
        inner join {{ relation }} as in_force
            on
                in_force.period_from <= dates.evaluation_date
                and (in_force.period_to > dates.evaluation_date or in_force.period_to is null)
        where in_force.decision_table = '{{ seed_name }}'
    )
{%- endmacro %}

{#- CTEs up to `<seed>_bounds`: one row per evaluation date, rule set and market, with where each range of a
    measure but the first begins, and the masks of all, as columns. -#}
{% macro range_bounds(seed_name, table, rule_ranges) -%}
    {%- set most = setting('max_rule_bounds') -%}
    {{ in_force_on_dates(
        seed_name ~ '_ranges', rule_ranges, seed_name,
        ['measure', 'code', 'range_number', 'range_from', 'includes_from', 'mask'],
    ) }},

    {{ seed_name }}_bounds as (
        select
            evaluation_date,
            rule_set,
            market
            {%- for measure in measures_of(table) %}
            {%- set type = measure_type(table.measures[measure]) %}
            {%- for number in range(1, most + 1) %},
            {%- set its_range = "measure = '" ~ measure ~ "' and range_number = " ~ number %}
            max(case when {{ its_range }} then cast(range_from as {{ type }}) end)
                as {{ measure }}_from_{{ number }},
            max(case when {{ its_range }} and not includes_from then 1 else 0 end) = 1
                as {{ measure }}_is_after_{{ number }}
            {%- endfor %}
            {%- for number in range(-1, most + 1) %},
            max(case when measure = '{{ measure }}' and range_number = {{ number }} then mask end)
                as {{ measure }}_mask_{{ number if number >= 0 else 'null' }}
            {%- endfor %}
            {%- endfor %}
            {%- for code in measures_of(table, codes=true) %},
            max(case when measure = '{{ code }}' and code = '' then mask end) as {{ code }}_mask_other
            {%- endfor %}
        from {{ seed_name }}_ranges
        group by
            evaluation_date,
            rule_set,
            market
    )
{%- endmacro %}

{#- The mask of the range of a measure; without masks the number of the range, -1 for null. -#}
{% macro by_range(measure, bounds, masks=none) -%}
    {%- set most = setting('max_rule_bounds') -%}
    case
        when {{ measure }} is null then {{ masks ~ '_null' if masks else -1 }}
        {%- for number in range(1, most + 1) %}
        when
            {{ bounds }}_from_{{ number }} is null
            or {{ measure }} < {{ bounds }}_from_{{ number }}
            or ({{ measure }} = {{ bounds }}_from_{{ number }} and {{ bounds }}_is_after_{{ number }})
            then {{ masks ~ '_' ~ (number - 1) if masks else number - 1 }}
        {%- endfor %}
        else {{ masks ~ '_' ~ most if masks else most }}
    end
{%- endmacro %}
