"""The closed form by which tiers are held, against holding them month by month."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from reference import held_ranks

RANKS = st.lists(st.integers(1, 5), min_size=1, max_size=48)
STEPS = st.integers(1, 6)


def closed_form(computed: list[int], step: int, first_month: int = 0) -> list[int]:
    """Evaluate ``ceil((max over E <= D of (rank(E) S + m(E)) - m(D)) / S)``."""
    held: list[int] = []
    peak = 0
    for month, rank in enumerate(computed, first_month):
        peak = max(peak, rank * step + month)
        held.append(-((month - peak) // step))
    return held


def test_worked_example_of_the_design() -> None:
    computed = [4, 4, 2, 2, 2, 2, 2, 2, 2, 4]
    held = [4, 4, 4, 4, 3, 3, 3, 2, 2, 4]
    assert closed_form(computed, 3) == held
    assert held_ranks(computed, 3) == held


@given(computed=RANKS, step=STEPS, first_month=st.integers(0, 30_000))
def test_closed_form_is_the_simulation(computed: list[int], step: int, first_month: int) -> None:
    assert closed_form(computed, step, first_month) == held_ranks(computed, step)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Draw computed ranks, and the step of each month: policies that follow one another."""
    computed = draw(RANKS)
    periods = st.tuples(st.integers(0, 6), st.integers(1, 20))  # 0 = tiers are not held
    steps = [step for step, months in draw(st.lists(periods, min_size=2)) for _ in range(months)]
    return computed, (steps + [3] * len(computed))[: len(computed)]


def with_policies(computed: list[int], steps: list[int], first_month: int = 0) -> list[int]:
    """Hold as the SQL does: one running maximum for each distinct step."""
    held, peaks = [], dict.fromkeys(steps, 0)
    for month, (rank, step) in enumerate(zip(computed, steps, strict=True), first_month):
        peaks = {it: max(peak, rank * it + month) for it, peak in peaks.items()}
        held.append(-((month - peaks[step]) // step) if step else rank)
    return held


@given(history=histories(), first_month=st.integers(0, 30_000))
def test_with_a_change_of_policy_it_is_the_simulation_under_that_of_the_day(
    history: tuple[list[int], list[int]], first_month: int
) -> None:
    """The step of a month counts as if it had always been that."""
    computed, steps = history
    simulated = {step: held_ranks(computed, step) for step in set(steps)}
    expected = [simulated[step][month] for month, step in enumerate(steps)]
    assert with_policies(computed, steps, first_month) == expected


@given(history=histories())
def test_a_change_of_policy_leads_neither_below_the_computed_tier_nor_above_the_best(
    history: tuple[list[int], list[int]],
) -> None:
    computed, steps = history
    held = with_policies(computed, steps)
    assert all(low <= rank for low, rank in zip(computed, held, strict=True))
    assert all(rank <= max(computed[: month + 1]) for month, rank in enumerate(held))
    assert all(
        rank == low for low, rank, step in zip(computed, held, steps, strict=True) if not step
    )


@given(computed=RANKS, step=STEPS)
def test_never_below_the_computed_tier_and_never_above_the_best(
    computed: list[int], step: int
) -> None:
    held = closed_form(computed, step)
    assert all(low <= rank for low, rank in zip(computed, held, strict=True))
    assert all(rank <= max(computed[: month + 1]) for month, rank in enumerate(held))


@given(computed=RANKS, step=STEPS)
def test_falls_by_one_rank_and_not_sooner_than_the_step(computed: list[int], step: int) -> None:
    held = closed_form(computed, step)
    falls = [month for month in range(1, len(held)) if held[month] < held[month - 1]]
    assert all(held[month - 1] - held[month] == 1 for month in falls)
    assert all(later - sooner >= step for sooner, later in pairwise(falls))


@given(computed=RANKS, step=STEPS, start=st.integers(0, 47))
def test_restart_from_the_peak_is_the_same(computed: list[int], step: int, start: int) -> None:
    """A later run needs of the past only its peak, as the incremental history relies on."""
    start = min(start, len(computed) - 1)
    peak = max((rank * step + month for month, rank in enumerate(computed[:start])), default=0)
    resumed = []
    for month, rank in enumerate(computed[start:], start):
        peak = max(peak, rank * step + month)
        resumed.append(-((month - peak) // step))
    assert resumed == held_ranks(computed, step)[start:]
