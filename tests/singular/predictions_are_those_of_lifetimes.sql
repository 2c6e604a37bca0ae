-- p_alive, expected orders and expected order value of worked examples are those that the Python
-- package lifetimes 0.11.3 gives. The series is cut off, so it is least exact for a long horizon and
-- who first ordered lately. lifetimes has no value at a = 1: there it is the mean of those beside. A mean
-- below 0 counts as 0 here.

{%- set shapes = {
    'usual': [0.6, 90, 0.3, 3, 2.5, 3.5, 3000],
    'cdnow': [0.2426, 30.9, 0.7929, 2.4259, 6.25, 3.74, 15.45],
    'a_above_1': [0.9, 60, 1.6, 4.2, 1.5, 2.5, 100],
    'a_is_1': [1.5, 40, 1.0, 2.0, 2.5, 3.5, 3000],
} %}
{#- shape, x, t_x, T, m; p_alive, expected orders of 90 and 365 days, expected order value #}
{%- set examples = [
    ['usual', 0, 0, 0, 0, 1.0, 0.5647374602190877, 2.0400365201244486, 3000.0],
    ['usual', 0, 0, 200, 0, 1.0, 0.1823097375074123, 0.7017217744393722, 3000.0],
    ['usual', 1, 30, 30, 100, 0.9090909090909091, 1.0293083926083624, 3.7181696451974697, 1550.0],
    ['usual', 3, 120, 150, 250.5, 0.91154908703402, 1.1854482137766558, 4.41529002437719, 937.875],
    ['usual', 12, 700, 730, 80, 0.9668631355955579, 1.3183226914853226, 5.146280912841362, 304.6153846153845],
    ['usual', 2, 10, 900, 40, 0.03323592233762067, 0.007785012790605132, 0.030783231699820373, 1026.6666666666667],
    ['usual', 5, 300, 300, 0, 0.958904109589041, 1.207603232813497, 4.595068731323955, 500.0],
    ['usual', 5, 300, 300, -80, 0.958904109589041, 1.207603232813497, 4.595068731323955, 500.0],
    ['cdnow', 0, 0, 30, 0, 1.0, 0.301337841137373, 0.91256913561124, 35.24178832116788],
    ['cdnow', 0, 0, 200, 0, 1.0, 0.0895193250396054, 0.3192724290176873, 35.24178832116788],
    ['cdnow', 1, 30, 30, 100, 0.7536659624704859, 1.0956999348949876, 3.0556568364048617, 80.26279199110121],
    ['cdnow', 3, 120, 150, 250.5, 0.756126824133005, 1.0838695845858686, 3.431720041741531, 223.05432759422985],
    ['cdnow', 2, 10, 900, 40, 0.0038927018454925806, 0.0008246556251957837, 0.0031365477563857383, 39.144520997375324],
    ['a_above_1', 0, 0, 200, 0, 1.0, 0.28641324237672716, 0.9496121670570643, 100.0],
    ['a_above_1', 3, 120, 150, 250.5, 0.6799099523950572, 0.9585007642618713, 2.6903182778768175, 212.875],
    ['a_above_1', 2, 10, 900, 40, 0.0016344464245114372, 0.00042841901791334825, 0.0015698726713325693, 60.0],
    ['a_is_1', 0, 0, 200, 0, 1.0, 0.4900082668474211, 1.4847432148260409, 3000.0],
    ['a_is_1', 3, 120, 150, 250.5, 0.6486175920691507, 1.1487678598157065, 3.242025438950683, 937.875],
] %}
{%- set inputs = ['bgnbd_frequency', 'bgnbd_recency_days', 'bgnbd_age_days', 'bgnbd_monetary'] %}
{%- set parameters = [
    'bgnbd_r', 'bgnbd_alpha', 'bgnbd_a', 'bgnbd_b', 'gamma_gamma_p', 'gamma_gamma_q', 'gamma_gamma_v',
] %}
{%- set outputs = ['p_alive', 'expected_orders_90d', 'expected_orders_365d', 'expected_order_value'] %}

with

examples as (
    {%- for example in examples %}
    select
        '{{ example[0] }}' as shape,
        {%- for name in inputs %}
        cast({{ example[loop.index] }} as {{ type_double() }}) as {{ name }},
        {%- endfor %}
        {%- for name in parameters %}
        cast({{ shapes[example[0]][loop.index0] }} as {{ type_double() }}) as {{ name }},
        {%- endfor %}
        {%- for name in outputs %}
        cast({{ example[loop.index + 4] }} as {{ type_double() }}) as lifetimes_{{ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

prepared as (
    select
        examples.*,
        {{ bgnbd_terms(64) }}
    from examples
),

alive as (
    select
        prepared.*,
        {{ bgnbd_p_alive() }} as p_alive
    from prepared
),

-- as the evaluations have them, and as the values of a lifetime have them
predicted as (
    {%- for terms, tolerance in {32: 5e-6, 64: 1e-8}.items() %}
    select
        alive.*,
        {{ tolerance }} as tolerance,
        p_alive * {{ bgnbd_orders_by_p_alive(90, terms) }} as expected_orders_90d,
        p_alive * {{ bgnbd_orders_by_p_alive(365, terms) }} as expected_orders_365d,
        {{ gamma_gamma_value() }} as expected_order_value
    from alive
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from predicted
where
    {%- for name in outputs %}
    {{ 'or ' if not loop.first }}{{ name }} is null
    or abs({{ name }} - lifetimes_{{ name }}) > tolerance * lifetimes_{{ name }}
    {%- endfor %}
