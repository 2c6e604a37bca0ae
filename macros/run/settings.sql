{#- The settings of a run, what each may be, and the check of them all: nothing else checks a var. -#}

{#- Of each var what it is, and by its kind what it may be. -#}
{% macro settings() -%}
    {{ return({
        'as_of_date': {
            'kind': 'day', 'meaning': 'the day at whose end customers are evaluated'},
        'business_timezone': {
            'kind': 'zone', 'meaning': 'the zone in which a moment becomes a business date'},
        'source_timezone': {
            'kind': 'zone', 'meaning': 'the zone of timestamps that name none'},
        'source_timezones': {
            'kind': 'zones by table', 'meaning': 'source_timezone by raw table'},
        'number_format': {
            'kind': 'choice', 'choices': number_formats(), 'meaning': 'how the raw files write numbers'},
        'number_formats': {
            'kind': 'number formats by table', 'meaning': 'number_format by raw table'},
        'reporting_currency': {
            'kind': 'currency', 'meaning': 'the currency of all money in the core marts'},
        'convert_seed_money': {
            'kind': 'boolean',
            'meaning': 'whether money in seeds is converted to reporting_currency'},
        'raw_path': {
            'kind': 'text', 'or_null': true, 'meaning': 'the folder of the raw files; null = there is none'},
        'raw_schema': {
            'kind': 'identifier', 'meaning': 'the schema of the raw tables'},
        'raw_database': {
            'kind': 'identifier', 'or_null': true,
            'meaning': 'the database of the raw tables; null = that of the models'},
        'raw_identifiers': {
            'kind': 'identifiers by table', 'meaning': 'the names of raw tables that have another'},
        'raw_models': {
            'kind': 'models by table', 'meaning': 'the models that are raw tables'},
        'missing_sources': {
            'kind': 'optional tables', 'meaning': 'the optional raw tables that do not exist'},
        'freshness_warn_days': {
            'kind': 'whole number', 'from': 1, 'to': 3650,
            'meaning': 'the age in days from which dbt source freshness warns of a raw table'},
        'freshness_error_days': {
            'kind': 'whole number', 'from': 1, 'to': 3650,
            'meaning': 'the age in days from which dbt source freshness refuses a raw table'},
        'identifier_folds': {
            'kind': 'folds',
            'meaning': 'the forms of an identifier that stand for another, each with the reason'},
        'history_months': {
            'kind': 'whole number', 'from': 0, 'to': 1200,
            'meaning': 'the closed months that a full refresh evaluates'},
        'restatement_months': {
            'kind': 'whole number', 'from': 0, 'to': 1200, 'or_null': true,
            'meaning': 'the closed months that changed facts restate; null = all that they touch'},
        'rfm_method': {
            'kind': 'choice', 'choices': ['bands', 'quantile'],
            'meaning': 'where the cut points of RFM come from'},
        'rfm_window_months': {
            'kind': 'whole number', 'from': 1, 'to': 1200, 'or_null': true,
            'meaning': 'the trailing months of frequency and monetary value; null = lifetime'},
        'tier_rule_set': {
            'kind': 'code', 'meaning': 'the rule set of the seed tier_rules that is in force'},
        'max_rule_bounds': {
            'kind': 'whole number', 'from': 1, 'to': 100,
            'meaning': 'the room for bounds of a measure in a decision table'},
        'max_rfm_clusters': {
            'kind': 'whole number', 'from': 1, 'to': 100,
            'meaning': 'the room for clusters of a market in the seed rfm_clusters'},
        'limits_are_warnings': {
            'kind': 'boolean',
            'meaning': 'whether a quarantine above its limit is a warning'}
    }) }}
{%- endmacro %}

{#- The same of environment variables, with their defaults. dbt itself knows the targets. -#}
{% macro environment_settings() -%}
    {{ return({
        'STRATA_MARKETING': {
            'kind': 'switch', 'default': 'true', 'meaning': 'whether actions, campaigns and recommendations are made'},
        'STRATA_PERFORMANCE': {
            'kind': 'switch', 'default': 'true', 'meaning': 'whether the marts of performance are made'},
        'STRATA_QUALITY': {
            'kind': 'switch', 'default': 'true', 'meaning': 'whether the marts of data quality are made'},
        'STRATA_SIMULATION': {
            'kind': 'switch', 'default': 'true', 'meaning': 'whether candidate rule sets are simulated'},
        'STRATA_THREADS': {
            'kind': 'whole number', 'from': 1, 'to': 1024, 'default': '2',
            'meaning': 'how many models dbt builds at a time'},
        'STRATA_SCHEMA_PREFIX': {
            'kind': 'prefix', 'default': '', 'meaning': 'what the schemas begin with'},
        'STRATA_HASH_SALT': {
            'kind': 'secret', 'default': 'strata', 'meaning': 'the salt of the hashes'},
        'STRATA_DUCKDB_PATH': {
            'kind': 'text', 'default': 'build/strata.duckdb', 'meaning': 'the file of the warehouse'},
        'STRATA_DUCKDB_MEMORY': {
            'kind': 'memory', 'default': '8GB', 'meaning': 'the memory limit of DuckDB'},
        'STRATA_PG_PORT': {
            'kind': 'whole number', 'from': 1, 'to': 65535, 'default': '5432',
            'meaning': 'the port of PostgreSQL'},
        'STRATA_SPARK_PORT': {
            'kind': 'whole number', 'from': 1, 'to': 65535, 'default': '10000',
            'meaning': 'the port of the Thrift server of Spark'}
    }) }}
{%- endmacro %}

{% macro identifier_fold_forms() -%}
    {{ return(['leading_zeros', 'letter_case']) }}
{%- endmacro %}

{% macro number_formats() -%}
    {{ return(['plain', '1,234.50', '1.234,50', '1 234,50', "1'234.50"]) }}
{%- endmacro %}

{#- At the start of a run, and whenever dbt parses anew: every setting is what it may be, or all that
    are not are named, each in a line. -#}
{% macro check_settings() -%}
    {%- set faults = setting_faults(given_settings()) -%}
    {#- a project that has Strata as a package has vars of its own -#}
    {%- for name in (invocation_args_dict.get('vars') or {}) if name not in settings() and project_name == 'strata' -%}
        {%- do faults.append('There is no var "' ~ name ~ '"'
            ~ did_you_mean(name, settings()) ~ '. The vars are in dbt_project.yml.') -%}
    {%- endfor -%}
    {%- set environment = environment_settings() -%}
    {%- for name in environment -%}
        {%- set text = env_var(name, environment[name].default) -%}
        {%- set is_whole = environment[name].kind == 'whole number'
            and modules.re.match('^[0-9]{1,9}$', text) -%}
        {%- set fault = setting_fault(environment[name], text | int if is_whole else text, {}) -%}
        {%- if fault -%}
            {%- do faults.append('The environment variable ' ~ name ~ ' (' ~ environment[name].meaning
                ~ ') is ' ~ fault) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if faults -%}
        {%- do exceptions.raise_compiler_error(faults | join('\n')) -%}
    {%- endif -%}
{%- endmacro %}

{#- The value of a var. While dbt parses, which is before the start of the run, it is checked. -#}
{% macro setting(name) -%}
    {%- if not execute -%}
        {%- do check_settings() -%}
    {%- endif -%}
    {{ return(var(name)) }}
{%- endmacro %}

{% macro given_settings() -%}
    {%- set given = {} -%}
    {%- for name in settings() if var.has_var(name) -%}
        {%- do given.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(given) }}
{%- endmacro %}

{#- One line for each var that is not what it may be. -#}
{% macro setting_faults(given) -%}
    {%- set faults = [] -%}
    {%- set rules = settings() -%}
    {%- for name in rules -%}
        {%- set subject = 'The var ' ~ name ~ ' (' ~ rules[name].meaning ~ ') ' -%}
        {%- if name in given -%}
            {%- set fault = setting_fault(rules[name], given[name], given) -%}
            {%- if fault -%}
                {%- do faults.append(subject ~ 'is ' ~ fault) -%}
            {%- endif -%}
        {%- else -%}
            {%- do faults.append(subject ~ 'is missing from the vars of dbt_project.yml.') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{#- What is wrong with a value and what it must be, as the end of a sentence; none if it is right. -#}
{% macro setting_fault(rule, value, given) -%}
    {%- set kind = rule.kind -%}
    {%- set text = value if value is string else '' -%}
    {%- set zones = modules.pytz.all_timezones_set -%}
    {%- if value is none and rule.or_null -%}
        {{ return(none) }}
    {%- elif kind == 'day' -%}
        {{ return(day_fault(value, given.business_timezone)) }}
    {%- elif kind == 'zone' -%}
        {%- set is_right = text in zones -%}
        {%- set allowed = 'the name of a time zone such as Europe/London or UTC' -%}
        {%- set names = modules.pytz.all_timezones -%}
    {%- elif kind == 'currency' -%}
        {%- set is_right = modules.re.match('^[A-Z]{3}$', text) -%}
        {%- set allowed = 'a code of three capital letters of the seed currencies, such as EUR'
            ~ (': write ' ~ text | trim | upper if text | trim | length == 3) -%}
    {%- elif kind == 'choice' -%}
        {%- set is_right = text in rule.choices -%}
        {%- set allowed = quoted_list(rule.choices) -%}
        {%- set names = rule.choices -%}
    {%- elif kind == 'boolean' -%}
        {%- set is_right = value is boolean -%}
        {%- set allowed = 'true or false, without quotes' -%}
    {%- elif kind == 'switch' -%}
        {%- set is_right = text in ['true', 'false'] -%}
        {%- set allowed = 'true or false' -%}
    {%- elif kind == 'whole number' -%}
        {%- set is_right = value is integer and rule.from <= value <= rule.to -%}
        {%- set allowed = 'a whole number from ' ~ rule.from ~ ' to ' ~ rule.to
            ~ (' or null' if rule.or_null)
            ~ (', without quotes' if modules.re.match('^ *[0-9]+ *$', text)) -%}
    {%- elif kind == 'identifier' -%}
        {%- set is_right = modules.re.match('^[A-Za-z_][A-Za-z0-9_]{0,62}$', text) -%}
        {%- set allowed = 'a name of letters, digits and underscores that begins with no digit'
            ~ (' or null' if rule.or_null) -%}
    {%- elif kind == 'prefix' -%}
        {%- set is_right = modules.re.match('^([A-Za-z_][A-Za-z0-9_]{0,40})?$', text) -%}
        {%- set allowed = 'letters, digits and underscores, the first no digit, or blank' -%}
    {%- elif kind == 'code' -%}
        {%- set is_right = modules.re.match("^[^\\s'\"\\\\]([^'\"\\\\\n]*[^\\s'\"\\\\])?$", text) -%}
        {%- set allowed = 'a text without quotes or backslashes, not blank' -%}
    {%- elif kind == 'memory' -%}
        {%- set is_right = modules.re.match(
            '^ *([0-9]+([.][0-9]+)?) *([KMGT]i?B|[KMGT]|%) *$', text, modules.re.IGNORECASE)
            and modules.re.search('[1-9]', text) -%}
        {%- set allowed = 'a size such as 8GB' -%}
    {%- elif kind == 'secret' -%}
        {%- set is_right = text | trim != '' -%}
        {%- set allowed = 'a long text of your own, or not be set at all' -%}
    {%- elif kind == 'text' -%}
        {%- set is_right = text | trim != '' -%}
        {%- set allowed = 'a text that is not blank' ~ (' or null' if rule.or_null) -%}
    {%- elif kind == 'model' -%}
        {%- set is_right = modules.re.match('^([A-Za-z_][A-Za-z0-9_]*[.])?[A-Za-z_][A-Za-z0-9_]*$', text) -%}
        {%- set allowed = 'a model such as orders, or package.orders of another package' -%}
    {%- else -%}
        {{ return(group_fault(kind, value)) }}
    {%- endif -%}
    {%- if is_right -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(shown_value(value) ~ ': it must be ' ~ allowed
        ~ (did_you_mean(value, names) if names else '') ~ '.') }}
{%- endmacro %}

{% macro day_fault(value, zone) -%}
    {%- set day = parsed_day(value) -%}
    {%- if is_today(value) -%}
        {{ return(none) }}
    {%- elif day is none -%}
        {{ return(shown_value(value)
            ~ ': it must be a date such as 2026-01-31, or null for today.') }}
    {%- elif zone in modules.pytz.all_timezones_set and day > today(zone) -%}
        {{ return(day ~ ', but today is ' ~ today(zone) ~ ' in ' ~ zone
            ~ ': it must be today or earlier, or null for today.') }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#- The same of lists and mappings. -#}
{% macro group_fault(kind, value) -%}
    {%- set tables = raw_tables() -%}
    {%- set faults = [] -%}
    {%- if kind == 'optional tables' -%}
        {%- set allowed = 'a list such as [web_events, feedback], or [] if none is missing' -%}
        {%- if value is string or value is mapping or value is not sequence -%}
            {%- do faults.append('it must be ' ~ allowed) -%}
        {%- else -%}
            {%- for table in value if tables and not tables.get(table) -%}
                {%- do faults.append(shown_value(table) ~ (' is a required raw table: take it out'
                    if table in tables else ' is no optional raw table' ~ did_you_mean(table, tables))) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- elif value is not mapping -%}
        {%- do faults.append('it must be a mapping such as ' ~ {
            'zones by table': '{orders: Europe/London}',
            'number formats by table': '{orders: "1.234,50"}',
            'identifiers by table': '{orders: web_orders}',
            'models by table': '{orders: web_orders}',
            'folds': '{leading_zeros: "the till drops them"}'}[kind] ~ ', or {} if there is none') -%}
    {%- else -%}
        {%- for key, its in value.items() -%}
            {%- if kind == 'folds' -%}
                {%- if key not in identifier_fold_forms() -%}
                    {%- do faults.append(shown_value(key) ~ ' is not one of '
                        ~ quoted_list(identifier_fold_forms())
                        ~ did_you_mean(key, identifier_fold_forms())) -%}
                {%- elif its is not string or its | trim == '' -%}
                    {%- do faults.append(key ~ ' needs a reason, a text that is not blank') -%}
                {%- endif -%}
            {%- elif tables and key not in tables -%}
                {%- do faults.append(
                    shown_value(key) ~ ' is no raw table' ~ did_you_mean(key, tables)) -%}
            {%- else -%}
                {%- set rules = {
                    'zones by table': {'kind': 'zone'},
                    'number formats by table': {'kind': 'choice', 'choices': number_formats()},
                    'identifiers by table': {'kind': 'identifier'},
                    'models by table': {'kind': 'model'}} -%}
                {%- set fault = setting_fault(rules[kind], its, {}) -%}
                {%- if fault -%}
                    {%- do faults.append(key ~ ' has ' ~ fault[:-1]) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(shown_value(value) ~ ': ' ~ faults | join('; ') ~ '.' if faults else none) }}
{%- endmacro %}

{#- The raw tables, each with whether it is optional; none while dbt parses. -#}
{% macro raw_tables() -%}
    {%- set tables = {} -%}
    {%- if execute -%}
        {%- for source_node in sources_of_strata() -%}
            {%- do tables.update({source_node.name: not source_node.config.meta.required}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}
