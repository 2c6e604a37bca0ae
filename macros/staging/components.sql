{#- Which numbers are connected: stars by rounds of the algorithm of Kiveris and others (Connected
    components in MapReduce and beyond, 2014). Each round reads the one before only once, so that an
    engine that does not keep a CTE makes nothing twice; the links do not become more. -#}

{#- CTE `<stars>` (record_number, parent): each number that is connected with a smaller one, and the
    smallest of them. Of `<links>` (record_number, parent), each with parent < record_number. A round halves
    the length of a chain; where the rounds are too few, some number has another parent than its neighbours. -#}
{% macro connected_components(links, stars, rounds) -%}
    ends as (
        select false as is_turned
        union all
        select true as is_turned
    ),

    {%- for round in range(1, rounds + 1) %}
    {%- set linked = links if loop.first else 'linked_' ~ (round - 1) %}

    -- The smallest neighbour of each number is a neighbour of all its larger ones ...
    neighbours_{{ round }} as (
        select
            case when ends.is_turned then {{ linked }}.parent else {{ linked }}.record_number end as record_number,
            case when ends.is_turned then {{ linked }}.record_number else {{ linked }}.parent end as neighbour
        from {{ linked }}
        cross join ends
    ),

    smallest_{{ round }} as (
        select
            record_number,
            neighbour,
            min(neighbour) over (partition by record_number) as smallest
        from neighbours_{{ round }}
    ),

    larger_{{ round }} as (
        select
            neighbour as record_number,
            case when smallest < record_number then smallest else record_number end as parent
        from smallest_{{ round }}
        where neighbour > record_number
    ),

    -- ... and of all its smaller ones.
    smaller_{{ round }} as (
        select
            record_number,
            parent,
            min(parent) over (partition by record_number) as smallest
        from larger_{{ round }}
    ),

    linked_{{ round }} as {{ made_once() }} (
        select
            case when parent > smallest then parent else record_number end as record_number,
            smallest as parent
        from smaller_{{ round }}
    ),
    {%- endfor %}

    {{ stars }} as (
        select
            record_number,
            min(parent) as parent
        from linked_{{ rounds }}
        group by record_number
    )
{%- endmacro %}

{#- The mark of a CTE that is made before what reads it. Without it DuckDB plans a chain of windows twice
    as long for each one more. -#}
{% macro made_once() -%}
    {{ return(adapter.dispatch('made_once', 'strata')()) }}
{%- endmacro %}

{% macro default__made_once() -%}
{%- endmacro %}

{% macro duckdb__made_once() -%}
    {{ return('materialized') }}
{%- endmacro %}
