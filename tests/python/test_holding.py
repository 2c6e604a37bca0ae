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
