{#- Query: customers with the segment of one attribute, of the CTEs `described` and `segments`; 'unknown' without
    one. A segment is a code, or a range of a number. -#}
{% macro in_segments(attribute, number=none) -%}
    select
        described.customer_id,
        '{{ attribute }}' as attribute,
        coalesce(segments.segment_code, 'unknown') as segment_code
    from described
    left join segments
        on
            segments.attribute = '{{ attribute }}'
            {%- if number %}
            and described.{{ number }} > segments.above
            and described.{{ number }} <= segments.upper_bound
            {%- else %}
            and described.{{ attribute }} = segments.segment_code
            {%- endif %}
{%- endmacro %}
