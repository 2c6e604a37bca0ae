-- The test shares_sum_to_one passes shares of a whole of seven cents, which are large and of both signs
-- (in any order these miss 1 by more than 1e-7), and refuses shares that miss a thousandth.

with

shares as (
    select
        'sound' as whole,
        cast(123456789.01 as {{ type_double() }}) / 0.07 as share
    union all
    select
        'sound' as whole,
        cast(-123456790.04 as {{ type_double() }}) / 0.07 as share
    union all
    select
        'sound' as whole,
        cast(1.10 as {{ type_double() }}) / 0.07 as share
    union all
    select
        'broken' as whole,
        cast(0.999 as {{ type_double() }}) as share
),

refused as (
    {{ test_shares_sum_to_one('shares', 'share', ['whole']) }}
),

judged as (
    select
        sum(case when whole = 'broken' then 1 else 0 end) as broken_refused,
        sum(case when whole = 'sound' then 1 else 0 end) as sound_refused
    from refused
)

select * from judged
where
    broken_refused is distinct from 1
    or sound_refused is distinct from 0
