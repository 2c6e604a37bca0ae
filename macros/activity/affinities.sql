{#- Query: the value of a column that most of a customer's purchases have, of equally frequent ones the dearest,
    then the first. Rows are counted by value before they are ranked, so few are sorted. -#}
{% macro preferred_values(rows, dimension) -%}
    select
        customer_id,
        '{{ dimension }}' as dimension,
        cast({{ dimension }} as {{ dbt.type_string() }}) as preferred_value,
        cast(purchases as {{ type_double() }}) / cast(all_purchases as {{ type_double() }})
            as preferred_share,
        cast(all_purchases as integer) as purchases
    from (
        select
            customer_id,
            {{ dimension }},
            sum(purchases) as purchases,
            sum(sum(purchases)) over (partition by customer_id) as all_purchases,
            row_number() over (
                partition by customer_id
                order by
                    sum(purchases) desc nulls last,
                    sum(amount) desc nulls last,
                    {{ dimension }} asc nulls last
            ) as place
        from {{ rows }}
        where {{ dimension }} is not null
        group by
            customer_id,
            {{ dimension }}
    ) as counted
    where place = 1
{%- endmacro %}
