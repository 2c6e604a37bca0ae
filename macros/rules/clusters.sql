{#- The code of the RFM cluster whose centre is nearest, of equal distances the first: squared distances of
    logarithms, each measure by its spread. Centres that a market has not are too far to be the nearest. -#}
{% macro nearest_cluster(rows, clusters) -%}
    {%- set measures = {
        'recency': ('days_since_last_order', 'recency_days'),
        'orders': ('rfm_orders', 'orders'),
        'revenue': ('rfm_revenue', 'revenue'),
    } -%}
    {%- set distances = [] -%}
    {%- for position in range(1, setting('max_rfm_clusters') + 1) -%}
        {%- set parts = [] -%}
        {%- for name, columns in measures.items() -%}
            {%- set value = 'ln(1 + greatest(cast(' ~ rows ~ '.' ~ columns[0] ~ ' as ' ~ type_double() ~ '), 0))' -%}
            {%- set centre = clusters ~ '.' ~ columns[1] ~ '_' ~ position -%}
            {%- set spread = 'nullif(' ~ clusters ~ '.' ~ name ~ '_spread, 0)' -%}
            {%- do parts.append('power((' ~ value ~ ' - ' ~ centre ~ ') / ' ~ spread ~ ', 2)') -%}
        {%- endfor -%}
        {%- do distances.append('coalesce(' ~ parts | join(' + ') ~ ', 1e9)') -%}
    {%- endfor -%}
    case least({{ distances | join(', ') }})
        {%- for distance in distances %}
        when {{ distance }} then {{ clusters }}.cluster_code_{{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}
