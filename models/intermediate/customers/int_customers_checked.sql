{%- set raw = raw_columns('customers') %}

with

{{ rows_by_key('customers', raw, 'customers', 'customer_id') }},

checked as (
    select
        customers.*,
        {{ name_list({'duplicate_key': 'customers.is_superseded'}, also='customers.defects') }}
            as all_defects
    from customers
)

select * from checked
