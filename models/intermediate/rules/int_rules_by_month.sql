with

rules_by_month as (
    {{ rules_by_month() }}
)

select * from rules_by_month
