with

declared as (
    {{ declared_measures() }}
)

select * from declared
