"""``strata calibrate``: fits against published ones, seed rows, refusals, and the whole command."""

import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from strata.calibrate import bands, clusters, cycles, run, scores, seeds
from strata.calibrate.bgnbd import fit_bgnbd
from strata.calibrate.cluster_names import name_clusters
from strata.calibrate.errors import CalibrationError
from strata.calibrate.gamma_gamma import fit_gamma_gamma
from strata.calibrate.lifetime_values import MEASURES as CLV_MEASURES
from strata.calibrate.lifetime_values import propose_lifetime_values
from strata.calibrate.likelihood import maximise
from strata.calibrate.seeds import SeedFile, dated_key, finish_writing, number_text, write_seeds
from strata.calibrate.shares import read_shares
from strata.calibrate.tier_rules import find_thresholds
from strata.calibrate.warehouse import Customers, Warehouse
from strata.cli import app
from strata.errors import UserError
from strata.trial.comparison import Comparison
from strata.trial.dbt import ending_of, reason_of

pytestmark = pytest.mark.slow

with warnings.catch_warnings():  # it sets an option that pandas 3 ignores
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from lifetimes.utils import summary_data_from_transaction_data

AS_OF = date(2026, 6, 15)
OLD = date(1970, 1, 1)
TIER_RULES = "seeds/tiers/tier_rules.csv"
JOURNAL = run.JOURNAL
PATHS = {
    "cycles": "seeds/lifecycle/purchase_cycles.csv",
    "clv": "seeds/value/clv_parameters.csv",
    "bands": "seeds/rfm/rfm_bands.csv",
    "score": "seeds/value/score_components.csv",
    "clusters": "seeds/rfm/rfm_clusters.csv",
}


# Fits -------------------------------------------------------------------------------------------


def cdnow(name: str, columns: tuple[int, int, int], end: date) -> pd.DataFrame:
    """Summarise CDNOW as lifetimes does, in days; columns are customer, day and amount."""
    text = (files("lifetimes") / "datasets" / name).read_text(encoding="ascii")
    cells = [line.split() for line in text.splitlines() if line.strip()]
    lines = [
        (row[columns[0]], row[columns[1]], float(row[columns[2]]))
        for row in cells
        if row[columns[1]].isdigit()
    ]
    transactions = pd.DataFrame(lines, columns=["customer", "day", "amount"])
    transactions["day"] = pd.to_datetime(transactions["day"])
    return summary_data_from_transaction_data(
        transactions[transactions["day"] <= pd.Timestamp(end)],
        "customer",
        "day",
        monetary_value_col="amount",
        observation_period_end=pd.Timestamp(end),
        freq="D",
    )


@pytest.mark.parametrize(
    ("end", "parameters", "log_likelihood", "values"),
    [
        (
            date(1997, 9, 30),
            (0.251624, 33.5226, 0.723434, 2.161088),
            -142726.0592,
            (6.27536, 3.62445, 14.98369),
        ),
        (
            date(1998, 6, 30),
            (0.267128, 41.9054, 0.483517, 2.111608),
            -259086.8270,
            (5.08604, 3.99512, 21.25224),
        ),
    ],
)
def test_cdnow_master_has_the_published_parameters(
    end: date,
    parameters: tuple[float, ...],
    log_likelihood: float,
    values: tuple[float, ...],
) -> None:
    summary = cdnow("CDNOW_master.txt", (0, 1, 3), end)
    assert len(summary) == 23_570
    fit = fit_bgnbd(summary["frequency"], summary["recency"], summary["T"])
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=1e-3)
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx(parameters, rel=1e-3)
    assert fit.is_dropout_identified
    assert fit.customers == 23_570
    value = fit_gamma_gamma(summary["frequency"], summary["monetary_value"])
    assert (value.p, value.q, value.v) == pytest.approx(values, rel=1e-3)


def test_cdnow_sample_in_weeks_has_the_parameters_of_the_papers() -> None:
    summary = cdnow("CDNOW_sample.txt", (1, 2, 4), date(1997, 9, 30))
    assert len(summary) == 2_357
    fit = fit_bgnbd(summary["frequency"], summary["recency"] / 7, summary["T"] / 7)
    assert fit.log_likelihood == pytest.approx(-9582.429, abs=1e-3)
    found = [round(it, 3) for it in (fit.r, fit.alpha, fit.a, fit.b)]
    assert found == [0.243, 4.414, 0.793, 2.426]
    value = fit_gamma_gamma(summary["frequency"], summary["monetary_value"])
    assert [round(it, 2) for it in (value.p, value.q, value.v)] == [6.25, 3.74, 15.44]


def test_standard_errors_are_those_of_lifetimes() -> None:
    summary = cdnow("CDNOW_sample.txt", (1, 2, 4), date(1997, 9, 30))
    fit = fit_bgnbd(summary["frequency"], summary["recency"] / 7, summary["T"] / 7)
    value = fit_gamma_gamma(summary["frequency"], summary["monetary_value"])
    with warnings.catch_warnings():  # it divides by zero on its way
        warnings.simplefilter("ignore")
        peer = BetaGeoFitter().fit(summary["frequency"], summary["recency"] / 7, summary["T"] / 7)
        paid = summary[summary["monetary_value"] > 0]
        value_peer = GammaGammaFitter().fit(paid["frequency"], paid["monetary_value"])
    assert list(fit.standard_errors) == pytest.approx(list(peer.standard_errors_), rel=1e-3)
    errors = list(value_peer.standard_errors_)
    assert list(value.standard_errors) == pytest.approx(errors, rel=1e-3)


def simulate(number: int, seed: int) -> tuple[np.ndarray, ...]:
    """Draw customers of r 0.6, alpha 40, a 0.8, b 3 and p 4, q 5, v 800; days and money."""
    generator = np.random.default_rng(seed)
    age = generator.integers(200, 1000, number).astype(float)
    rate = generator.gamma(0.6, 1 / 40, number)
    stops = generator.beta(0.8, 3, number)
    x, t_x = np.zeros(number), np.zeros(number)
    for one in range(number):
        # the model: after the first and after each purchase the customer may stop
        day = generator.exponential(1 / rate[one])
        while day <= age[one]:
            x[one] += 1
            t_x[one] = day
            if generator.random() < stops[one]:
                break
            day += generator.exponential(1 / rate[one])
    price = generator.gamma(5, 1 / 800, number)
    m = np.where(x > 0, generator.gamma(4 * np.maximum(x, 1), 1 / price) / np.maximum(x, 1), 0)
    return x, t_x, age, m


def test_parameters_of_simulated_customers_are_recovered() -> None:
    x, t_x, age, m = simulate(20_000, 1)
    fit = fit_bgnbd(x, t_x, age)
    errors = np.array(fit.standard_errors)
    assert (errors > 0).all()
    distance = (np.array([fit.r, fit.alpha, fit.a, fit.b]) - (0.6, 40, 0.8, 3)) / errors
    assert np.abs(distance).max() < 3
    value = fit_gamma_gamma(x, m)
    errors = np.array(value.standard_errors)
    distance = (np.array([value.p, value.q, value.v]) - (4, 5, 800)) / errors
    assert np.abs(distance).max() < 3


def test_unit_of_time_and_money_changes_only_what_has_it() -> None:
    x, t_x, age, m = simulate(3_000, 2)
    days, weeks = fit_bgnbd(x, t_x, age), fit_bgnbd(x, t_x / 7, age / 7)
    assert (weeks.r, weeks.a, weeks.b) == pytest.approx((days.r, days.a, days.b), rel=1e-5)
    assert weeks.alpha == pytest.approx(days.alpha / 7, rel=1e-5)
    assert weeks.log_likelihood == pytest.approx(days.log_likelihood + x.sum() * np.log(7))
    yuan, fen = fit_gamma_gamma(x, m), fit_gamma_gamma(x, m * 100)
    assert (fen.p, fen.q, fen.v) == pytest.approx((yuan.p, yuan.q, yuan.v * 100), rel=1e-5)


def test_customers_who_never_stop_leave_a_and_b_unidentified() -> None:
    generator = np.random.default_rng(3)
    age = generator.integers(300, 900, 4_000).astype(float)
    counts = generator.poisson(generator.gamma(1.5, 1 / 60, 4_000) * age)
    last = np.array([age[i] * generator.random(n).max() if n else 0 for i, n in enumerate(counts)])
    fit = fit_bgnbd(counts, last, age)
    assert not fit.is_dropout_identified
    assert fit.a / (fit.a + fit.b) < 0.01
    assert (fit.r, fit.alpha) == pytest.approx((1.5, 60), rel=0.1)


def test_zero_and_negative_order_days_are_left_out_of_gamma_gamma() -> None:
    x, _, _, m = simulate(3_000, 4)
    more_x, more_m = np.append(x, [2, 5, 0]), np.append(m, [0, -30, 0])
    assert fit_gamma_gamma(more_x, more_m) == fit_gamma_gamma(x[x > 0], m[x > 0])


@pytest.mark.parametrize(
    ("x", "t_x", "age", "told"),
    [
        ([1, np.nan], [5, 5], [9, 9], "not finite"),
        ([1, 2], [5, np.inf], [9, np.inf], "not finite"),
        ([1, 2], [5, 10], [9, 9], "contradict"),
        ([1, -1], [5, 5], [9, 9], "contradict"),
        ([1, 2], [5, 0], [9, 9], "contradict"),
        ([0, 0], [0, 0], [9, 9], "nobody bought on a second day"),
    ],
)
def test_impossible_histories_are_refused(
    x: Sequence[float], t_x: Sequence[float], age: Sequence[float], told: str
) -> None:
    with pytest.raises(CalibrationError, match=told):
        fit_bgnbd(x, t_x, age)


def test_customers_who_are_all_alike_are_refused() -> None:
    with pytest.raises(CalibrationError, match="BG/NBD did not converge"):
        fit_bgnbd([4] * 500, [80] * 500, [100] * 500)
    with pytest.raises(CalibrationError, match="Gamma-Gamma did not converge"):
        fit_gamma_gamma([4] * 500, [80] * 500)


@pytest.mark.parametrize(
    ("x", "m", "told"),
    [([1, 2], [5, np.nan], "not finite"), ([0, 2], [5, -1], "nobody bought on a second day")],
)
def test_impossible_values_are_refused(x: Sequence[float], m: Sequence[float], told: str) -> None:
    with pytest.raises(CalibrationError, match=told):
        fit_gamma_gamma(x, m)


def test_a_climb_that_never_levels_off_is_refused() -> None:
    def rising(logarithms: np.ndarray) -> tuple[float, np.ndarray]:
        return float(logarithms.sum()), np.ones(1)

    with pytest.raises(CalibrationError, match="still rises at the bounds"):
        maximise(rising, [(1.0,)], 10, (True,), "it")

    def broken(logarithms: np.ndarray) -> tuple[float, np.ndarray]:
        return np.nan, np.full(1, np.nan)

    with pytest.raises(CalibrationError, match="from any of 1 starts"):
        maximise(broken, [(1.0,)], 10, (True,), "it")


# Seed files -------------------------------------------------------------------------------------

DAYS = st.integers(0, 60).map(lambda days: date(2026, 1, 1) + timedelta(days=days))
ENDINGS = st.sampled_from(["\n", "\r\n"])


def seed_of(folder: Path, text: str, name: str = "some.csv") -> SeedFile:
    """Write a seed and read it."""
    path = folder / name
    path.write_bytes(text.encode())
    return SeedFile(path)


def valid(seed: SeedFile, key: str, day: date) -> list[str]:
    """Return the ids in force for a key on a day."""
    return [row["id"] for row in seed.in_force(day, {"market": key})]


@st.composite
def histories(draw: st.DrawFn) -> str:
    """Draw a seed in which each market has periods that do not overlap, with odd quoting."""
    ending = draw(ENDINGS)
    lines = ["id,market,number,valid_from,valid_to,note"]
    for market in ("*", "CN"):
        days = sorted(draw(st.sets(DAYS, min_size=1, max_size=4)))
        last = draw(st.sampled_from(["", "2026-04-01"]))
        for number, (start, end) in enumerate(zip(days, [*days[1:], None], strict=True)):
            note = draw(st.sampled_from(["", "plain", '"a, ""b"""', '"two\nlines"', '"quoted"']))
            until = end.isoformat() if end else last
            lines.append(f"{market}{number},{market},1,{start},{until},{note}")
    if draw(st.booleans()):
        lines[1:] = draw(st.permutations(lines[1:]))
    return ending.join(lines) + draw(st.sampled_from(["", ending]))


@settings(max_examples=300, deadline=None)
@given(text=histories(), as_of=DAYS)
def test_new_rows_apply_from_their_date_and_nothing_else_changes(
    tmp_path_factory: pytest.TempPathFactory, text: str, as_of: date
) -> None:
    folder = tmp_path_factory.mktemp("seed")
    before, after = seed_of(folder, text), seed_of(folder, text)
    assert before.content() == text.encode()
    row = {"id": "new", "market": "CN", "number": "2"}
    if any(it["market"] == "CN" and it["valid_from"] > str(as_of) for it in before.rows()):
        with pytest.raises(CalibrationError, match="already has rows from"):
            after.propose(as_of, {"market": "CN"}, [row])
        assert after.content() == text.encode()
        return
    after.propose(as_of, {"market": "CN"}, [row])
    after = seed_of(folder, after.content().decode())  # as the next reader sees it
    for offset in range(-1, 120):
        day = date(2026, 1, 1) + timedelta(days=offset)
        assert valid(after, "*", day) == valid(before, "*", day)
        was = valid(before, "CN", day)
        if day < as_of:
            assert valid(after, "CN", day) == was
        else:  # a market without a row gets one without an end
            assert valid(after, "CN", day) == (
                ["new"] if was or not valid(before, "CN", as_of) else []
            )
    again = seed_of(folder, after.content().decode())
    again.propose(as_of, {"market": "CN"}, [row])
    assert again.content() == after.content()


def test_only_the_end_of_the_closed_row_is_written(tmp_path: Path) -> None:
    text = (
        'id,market,number,valid_from,valid_to,note\r\n"a",*,1.50,1970-01-01,,"said ""no"""\r\n'
        "b,CN,1,1970-01-01,,\r\nz,*,9,1960-01-01,1970-01-01,"
    )
    seed = seed_of(tmp_path, text)
    seed.propose(AS_OF, {"market": "*"}, [{"id": "c", "market": "*", "number": "2", "note": "x,y"}])
    expected = text.replace("1.50,1970-01-01,,", "1.50,1970-01-01,2026-06-15,")
    assert seed.content().decode() == expected + '\r\nc,*,2,2026-06-15,,"x,y"\r\n'


def test_rows_that_began_on_the_date_are_replaced_where_they_stand(tmp_path: Path) -> None:
    text = (
        "id,market,valid_from,valid_to\na,*,1970-01-01,2026-06-15\nb,*,2026-06-15,2027-01-01\n"
        "c,*,2026-06-15,2027-01-01\nd,CN,1970-01-01,\n"
    )
    seed = seed_of(tmp_path, text)
    seed.propose(AS_OF, {"market": "*"}, [{"id": "n", "market": "*"}])
    assert seed.content().decode() == (
        "id,market,valid_from,valid_to\na,*,1970-01-01,2026-06-15\nn,*,2026-06-15,2027-01-01\n"
        "d,CN,1970-01-01,\n"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,market\n", "no column valid_from"),
        ("", "is empty"),
        ("market,valid_from,valid_to\n*,1970-01-01\n", "2 cells"),
        ('market,valid_from,valid_to\n*,"1970-01-01,\n', "quote"),
        ("market,valid_from,valid_to\n*,soon,\n", "valid_from 'soon' is no date"),
        ("market,valid_from,valid_to\n*,1970-01-01,\n*,1970-01-01,2030-01-01\n", "different days"),
    ],
)
def test_a_seed_that_is_not_sound_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CalibrationError, match=told):
        seed_of(tmp_path, text).propose(AS_OF, {"market": "*"}, [{"market": "*"}])


def test_keys_carry_the_date_once() -> None:
    assert dated_key("recency_5", AS_OF) == "recency_5_2026-06-15"
    assert dated_key("recency_5_2026-03-31", AS_OF) == "recency_5_2026-06-15"


@given(st.floats(-1e15, 1e15))
def test_numbers_are_written_as_seeds_have_them(value: float) -> None:
    text = number_text(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=1e-6)
    assert number_text(float("nan")) == ""


def two_seeds(folder: Path) -> list[SeedFile]:
    """Make two seeds, each with a proposal in it."""
    text = "id,market,valid_from,valid_to\na,*,1970-01-01,\n"
    both = [seed_of(folder, text, name) for name in ("one.csv", "two.csv")]
    for seed in both:
        seed.propose(AS_OF, {"market": "*"}, [{"id": "b", "market": "*"}])
    return both


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_failure_while_writing_leaves_all_files_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, call: int
) -> None:
    both = two_seeds(tmp_path)
    real = getattr(os, failing)
    calls = 0

    def fails_once(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(28, "No space left on device", "two.csv")
        return real(*arguments)

    monkeypatch.setattr(seeds.os, failing, fails_once)
    with pytest.raises(CalibrationError, match=r"the disk is full: .*; nothing was written"):
        write_seeds(both, tmp_path / JOURNAL)
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == {
        seed.path.name: seed.original for seed in both
    }


def killed_while_writing(both: Sequence[SeedFile], call: int) -> None:
    """Write seeds in a process that is gone in place of a rename; the first is the journal's."""
    process = os.fork()
    if process == 0:
        real, left = os.replace, [call]

        def killed(*arguments: Any) -> Any:
            left[0] -= 1
            return real(*arguments) if left[0] else os._exit(9)

        os.replace = killed
        try:
            write_seeds(both, both[0].path.with_name(JOURNAL))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


@pytest.mark.parametrize("call", [1, 2, 3])
def test_who_is_killed_while_writing_has_written_all_or_nothing(tmp_path: Path, call: int) -> None:
    both = two_seeds(tmp_path)
    killed_while_writing(both, call)
    paths = [seed.path for seed in both]
    assert (tmp_path / JOURNAL).exists() == (call > 1)
    assert finish_writing(tmp_path / JOURNAL) == ([] if call == 1 else paths[call - 2 :])
    assert finish_writing(tmp_path / JOURNAL) == []
    for path in paths:
        seed = SeedFile(path)
        assert len(seed.rows()) == (1 if call == 1 else 2)
        seed.propose(date(2026, 7, 1), {"market": "*"}, [{"id": "c", "market": "*"}])
        write_seeds([seed], tmp_path / JOURNAL)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["one.csv", "two.csv"]


def test_what_was_edited_after_a_kill_stays(tmp_path: Path) -> None:
    both = two_seeds(tmp_path)
    killed_while_writing(both, 3)
    both[1].path.write_text("mine\n", encoding="utf-8")
    assert finish_writing(tmp_path / JOURNAL) == []
    assert both[1].path.read_text(encoding="utf-8") == "mine\n"
    assert sorted(it.name for it in tmp_path.iterdir()) == ["one.csv", "two.csv"]


def test_all_files_are_written_and_links_and_modes_stay(tmp_path: Path) -> None:
    both = two_seeds(tmp_path)
    both[0].path.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(both[1].path)
    through_link = SeedFile(link)
    through_link.propose(AS_OF, {"market": "*"}, [{"id": "b", "market": "*"}])
    write_seeds([both[0], through_link], tmp_path / JOURNAL)
    assert link.is_symlink()
    assert both[0].path.stat().st_mode & 0o777 == 0o640
    assert all(seed.path.read_bytes() == seed.content() for seed in both)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["link.csv", "one.csv", "two.csv"]


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    both = two_seeds(tmp_path)
    both[1].path.write_text("id,market,valid_from,valid_to\n", encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"two\.csv was changed meanwhile"):
        write_seeds(both, tmp_path / JOURNAL)
    assert both[0].path.read_bytes() == both[0].original
    assert sorted(it.name for it in tmp_path.iterdir()) == ["one.csv", "two.csv"]


# Proposals --------------------------------------------------------------------------------------


def own_seed(folder: Path, part: str, rows: Sequence[Mapping[str, str]]) -> SeedFile:
    """Write rows under the header of a seed of the project."""
    header = (ROOT / PATHS[part]).read_text(encoding="utf-8").splitlines()[0]
    columns = header.split(",")
    lines = [header] + [",".join(row.get(column, "") for column in columns) for row in rows]
    path = folder / PATHS[part]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy((ROOT / PATHS[part]).with_suffix(".yml"), path.parent)
    return SeedFile(path)


CLV_ROW = {
    "market": "*",
    "valid_from": "1970-01-01",
    "bgnbd_r": "0.6",
    "monthly_discount_rate": "0.012",
    "margin_rate": "0.31",
}
METRICS = {"recency": "5", "frequency": "1", "monetary": "1"}
BAND_ROWS = [
    {
        "band_id": f"{metric}_{score}",
        "market": "*",
        "metric": metric,
        "score": str(score),
        "upper_bound": "" if str(score) == ("1" if metric == "recency" else "5") else "1",
        "valid_from": "1970-01-01",
    }
    for metric in METRICS
    for score in range(1, 6)
]
SCORE_ROWS = [
    {
        "component_id": f"{measure}_row",
        "market": "*",
        "component": "value",
        "measure": measure,
        "weight": "0.5",
        "floor": "0",
        "cap": "7",
        "scale": scale,
        "direction": "up",
        "valid_from": "1970-01-01",
        "currency": currency,
        "note": "kept",
    }
    for measure, scale, currency in (
        ("orders_12m", "linear", ""),
        ("net_revenue_12m", "log", "USD"),
    )
]
CLUSTER_ROWS = [
    {
        "cluster_id": "old",
        "market": "*",
        "cluster_code": "old",
        "recency_days": "9",
        "orders": "1",
        "revenue": "1",
        "valid_from": "1970-01-01",
    }
]
CYCLE_ROW = {
    "market": "*",
    "typical_gap_days": "90",
    "min_purchase_days": "4",
    "valid_from": "1970-01-01",
    "note": "about one order a quarter",
}
ROWS = {
    "cycles": [CYCLE_ROW],
    "clv": [CLV_ROW],
    "bands": BAND_ROWS,
    "score": SCORE_ROWS,
    "clusters": CLUSTER_ROWS,
}


def buyers(measures: Mapping[str, Any], markets: Sequence[str] | None = None) -> Customers:
    """Make customers from lists of their measures."""
    arrays = {name: np.asarray(values, dtype=float) for name, values in measures.items()}
    number = len(next(iter(arrays.values())))
    return Customers(np.array(markets if markets is not None else ["CN"] * number), arrays)


def simulated(number: int, markets: Sequence[str], seed: int = 5) -> Customers:
    return buyers(dict(zip(CLV_MEASURES, simulate(number, seed), strict=True)), markets)


def test_clv_fits_all_and_each_large_market(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "clv", [CLV_ROW])
    markets = ["CN" if number < 2_400 else "DE" for number in range(3_000)]
    customers = simulated(3_000, markets)
    repeat = int((customers.of("DE").measures["frequency"] > 0).sum())
    proposal = propose_lifetime_values(seed, customers, AS_OF, "shop")
    rows = seed.in_force(AS_OF)
    assert [row["market"] for row in rows] == ["*", "CN"]
    for row in rows:
        chosen = customers.of(row["market"]).measures
        fit = fit_bgnbd(chosen["frequency"], chosen["recency"], chosen["age"])
        assert float(row["bgnbd_alpha"]) == pytest.approx(fit.alpha, rel=1e-6)
        assert float(row["bgnbd_b_standard_error"]) == pytest.approx(
            fit.standard_errors[3], rel=0.01
        )
        assert (row["monthly_discount_rate"], row["margin_rate"]) == ("0.012", "0.31")
        assert (row["fitted_at"], row["fitted_on"]) == ("2026-06-15", "shop")
        assert row["customers"] == str(len(chosen["age"]))
        assert row["log_likelihood"] == f"{fit.log_likelihood:.4f}"
    assert proposal.kept == [
        f"market DE uses that of *: {repeat} customers with a paid second purchase day,"
        " 500 are needed"
    ]
    assert seed.rows()[0]["valid_to"] == "2026-06-15"


def test_rates_of_a_market_are_those_of_its_own_row(tmp_path: Path) -> None:
    own = CLV_ROW | {"market": "CN", "margin_rate": "0.4"}
    seed = own_seed(tmp_path, "clv", [CLV_ROW, own])
    propose_lifetime_values(seed, simulated(2_000, ["CN"] * 2_000), AS_OF, "shop")
    rates = {row["market"]: row["margin_rate"] for row in seed.in_force(AS_OF)}
    assert rates == {"*": "0.31", "CN": "0.4"}


def test_a_first_row_has_rates_that_are_told_as_assumed(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "clv", [])
    proposal = propose_lifetime_values(seed, simulated(600, ["CN"] * 600), AS_OF, "shop")
    (row,) = seed.rows()
    assert (row["monthly_discount_rate"], row["margin_rate"], row["valid_to"]) == ("0.01", "", "")
    assert proposal.notes[0].startswith("monthly_discount_rate 0.01 is an assumption")
    two = own_seed(tmp_path, "clv", [CLV_ROW, CLV_ROW])
    with pytest.raises(CalibrationError, match="2 rows of market"):
        propose_lifetime_values(two, simulated(600, ["CN"] * 600), AS_OF, "shop")


def test_from_dates_the_rows_back_and_not_the_fit(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "clv", [CLV_ROW])
    propose_lifetime_values(seed, simulated(600, ["CN"] * 600), AS_OF, "shop", OLD)
    (row,) = seed.rows()
    assert (row["valid_from"], row["fitted_at"]) == ("1970-01-01", "2026-06-15")


def test_thin_data_is_refused(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "clv", [CLV_ROW])
    with pytest.raises(CalibrationError, match="clv needs 100 customers"):
        propose_lifetime_values(seed, simulated(99, ["CN"] * 99), AS_OF, "shop")
    few = [np.arange(99.0)] * 3
    thin = buyers(dict(zip(bands.MEASURES, few, strict=True)))
    for part, propose in (("bands", bands.propose_bands), ("clusters", clusters.propose_clusters)):
        with pytest.raises(CalibrationError, match=f"{part} need .* there are 99"):
            propose(own_seed(tmp_path, part, ROWS[part]), thin, AS_OF)
    with pytest.raises(CalibrationError, match="score needs 100 customers"):
        scores.propose_scores(own_seed(tmp_path, "score", SCORE_ROWS), thin, AS_OF, AS_OF)


def test_the_usual_gap_is_the_median_of_those_of_who_came_twice(tmp_path: Path) -> None:
    own = CYCLE_ROW | {"market": "CN", "min_purchase_days": "6"}
    thin = CYCLE_ROW | {"market": "US"}
    seed = own_seed(tmp_path, "cycles", [CYCLE_ROW, own, thin])
    gaps = [*np.arange(10.0, 112.0), *[np.nan] * 500, *[200.0] * 99]
    markets = ["CN"] * 602 + ["US"] * 99
    proposal = cycles.propose_cycles(seed, buyers({"median_gap_days": gaps}, markets), AS_OF, AS_OF)
    assert [(it.row, it.before, it.after) for it in proposal.changes] == [
        ("market *", "90", "110"),
        ("market CN", "90", "60"),
    ]
    assert proposal.kept == [
        "market US keeps its row: 99 customers with a second purchase day, 100 are needed"
    ]
    *closed, all_markets, china = (it for it in seed.rows() if it["market"] != "US")
    assert [row["valid_to"] for row in closed] == ["2026-06-15"] * 2
    assert all_markets == CYCLE_ROW | {
        "typical_gap_days": "110",
        "valid_from": "2026-06-15",
        "valid_to": "",
        "note": "the median gap of 201 customers with a second purchase day,"
        " strata calibrate of 2026-06-15",
    }
    # from how many days on their own gaps are used is not told by gaps
    assert china["min_purchase_days"] == "6"


def test_a_placeholder_of_the_usual_gap_is_replaced_where_it_stands(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "cycles", [CYCLE_ROW | {"note": "placeholder: the usual gap"}])
    start = seed.start_over(AS_OF)
    assert start == OLD
    cycles.propose_cycles(seed, buyers({"median_gap_days": [31.0] * 100}), AS_OF, start)
    (row,) = seed.rows()
    assert (row["typical_gap_days"], row["valid_from"], row["valid_to"]) == ("31", str(OLD), "")
    assert not row["note"].startswith("placeholder")
    with pytest.raises(CalibrationError, match=r"cycles need 100 .* there are 99"):
        cycles.propose_cycles(seed, buyers({"median_gap_days": [31.0] * 99}), AS_OF, OLD)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.integers(0, 500_000).map(lambda cents: cents / 100), min_size=5),
    decimals=st.sampled_from([0, 2]),
)
def test_cut_points_give_each_value_its_quantile_score(values: list[float], decimals: int) -> None:
    """The score of SQL: 1 + number of percentile_cont cut points strictly below the value."""
    array = np.array(values) if decimals else np.floor(values)
    raw = np.percentile(array, (20, 40, 60, 80))
    # an exact cut point may differ from its value in the last bit
    raw = np.round(raw, 6)
    cuts = bands.cut_points(array, decimals)
    assert [(raw < value).sum() for value in array] == [(cuts < value).sum() for value in array]
    assert (np.round(cuts, decimals) == cuts).all()


def test_a_cut_point_that_is_a_value_stays_that_value() -> None:
    """0.29 * 100 is 28.999999999999996 in binary."""
    assert bands.cut_points(np.full(7, 0.29), 2).tolist() == [0.29] * 4
    assert bands.cut_points(np.array([0, 1.0]), 0).tolist() == [0, 0, 0, 0]


def test_bands_are_quintiles_and_recency_descends(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "bands", BAND_ROWS)
    ladder = np.arange(1.0, 102.0)
    measures = {
        "rfm_recency_days": ladder,
        "rfm_orders": np.minimum(ladder, 3),
        "rfm_revenue": ladder * 10.01,
    }
    proposal = bands.propose_bands(seed, buyers(measures), AS_OF)
    found = {
        (row["metric"], row["score"]): row["upper_bound"]
        for row in seed.in_force(AS_OF)
        if row["valid_from"] == "2026-06-15"
    }
    assert [found["recency", score] for score in "54321"] == ["21", "41", "61", "81", ""]
    assert [found["monetary", score] for score in "12345"] == [
        "210.21",
        "410.41",
        "610.61",
        "810.81",
        "",
    ]
    assert proposal.kept == [
        "frequency of market * keeps its bands: the cut points 3, 3, 3, 3 coincide,"
        " and bands must ascend"
    ]
    kept = [row for row in seed.in_force(AS_OF) if row["metric"] == "frequency"]
    assert [row["band_id"] for row in kept] == [f"frequency_{score}" for score in range(1, 6)]
    seed.check_unique("band_id")


def test_bands_that_are_not_five_or_all_coincide_are_refused(tmp_path: Path) -> None:
    measures = dict.fromkeys(bands.MEASURES, np.ones(200))
    with pytest.raises(CalibrationError, match=r"recency of market .* scores 1 to 5"):
        bands.propose_bands(own_seed(tmp_path, "bands", BAND_ROWS[1:]), buyers(measures), AS_OF)
    proposal = bands.propose_bands(own_seed(tmp_path, "bands", BAND_ROWS), buyers(measures), AS_OF)
    with pytest.raises(CalibrationError, match=r"nothing to propose .*recency.*monetary"):
        proposal.check()
    missing = measures | {"rfm_orders": np.append(np.ones(199), np.nan)}
    with pytest.raises(CalibrationError, match="rfm_orders is missing or not finite for 1 cust"):
        bands.propose_bands(own_seed(tmp_path, "bands", BAND_ROWS), buyers(missing), AS_OF)


def test_floor_and_cap_are_percentiles_of_the_known_values(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "score", SCORE_ROWS)
    orders = np.append(np.arange(1.0, 102.0), [np.nan] * 50)
    proposal = scores.propose_scores(
        seed, buyers({"orders_12m": orders, "net_revenue_12m": np.full(151, -5.0)}), AS_OF, AS_OF
    )
    assert proposal.kept == [
        "net_revenue_12m of value, market *, keeps its row: both percentiles are 0"
    ]
    old, kept, new = seed.rows()
    assert old == SCORE_ROWS[0] | {"valid_to": "2026-06-15"}
    assert kept == SCORE_ROWS[1] | {"valid_to": ""}
    assert new == SCORE_ROWS[0] | {
        "component_id": "orders_12m_row_2026-06-15",
        "floor": "6",
        "cap": "96",
        "valid_from": "2026-06-15",
        "valid_to": "",
    }


def test_the_note_in_place_of_a_placeholder_names_the_day_of_the_data(tmp_path: Path) -> None:
    rows = [SCORE_ROWS[0] | {"valid_from": "1970-01-01", "note": "placeholder: yours"}]
    seed = own_seed(tmp_path, "score", rows)
    measures = {"orders_12m": np.arange(1.0, 102.0)}
    scores.propose_scores(seed, buyers(measures), AS_OF, date(1970, 1, 1))
    (new,) = seed.rows()
    assert new["note"] == "the 5th and the 95th percentile, strata calibrate of 2026-06-15"


def test_a_measure_hardly_anybody_has_keeps_its_row(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "score", SCORE_ROWS)
    measures = {
        "orders_12m": np.append(np.arange(99.0), [np.nan] * 50),
        "net_revenue_12m": -np.arange(149.0),
    }
    proposal = scores.propose_scores(seed, buyers(measures), AS_OF, AS_OF)
    assert len(proposal.kept) == 2
    with pytest.raises(CalibrationError, match="99 customers have a value"):
        proposal.check()
    with pytest.raises(CalibrationError, match="orders_12m is infinite"):
        measures["orders_12m"] = np.append(np.ones(148), np.inf)
        scores.propose_scores(seed, buyers(measures), AS_OF, AS_OF)


def test_a_log_scale_counts_what_is_below_0_as_0(tmp_path: Path) -> None:
    seed = own_seed(tmp_path, "score", SCORE_ROWS[1:])
    values = buyers({"net_revenue_12m": np.linspace(-100, 10, 101)})
    scores.propose_scores(seed, values, AS_OF, AS_OF)
    (row,) = seed.in_force(AS_OF)
    assert (row["floor"], row["cap"]) == ("0", "4.5")


def crowds(seed: int = 11) -> np.ndarray:
    """Draw customers around four well separated centres."""
    generator = np.random.default_rng(seed)
    centres = np.log1p([[5, 20, 50_000], [20, 3, 2_000], [300, 2, 1_500], [700, 0, 0]])
    points = np.repeat(centres, (100, 200, 300, 400), axis=0)
    return np.expm1(np.maximum(points + generator.normal(0, 0.05, points.shape), 0))


def test_clusters_are_those_of_the_data(tmp_path: Path) -> None:
    fitted = clusters.fit_clusters(crowds())
    assert fitted.customers.tolist() == [100, 200, 300, 400]
    logarithms = np.log1p(crowds())
    assert fitted.spreads == pytest.approx(logarithms.std(axis=0))
    assert fitted.centres[0] == pytest.approx(np.expm1(logarithms[:100].mean(axis=0)))
    assert fitted.silhouette > 0.8

    seed = own_seed(tmp_path, "clusters", CLUSTER_ROWS)
    customers = buyers(dict(zip(clusters.MEASURES, crowds().T, strict=True)))
    clusters.propose_clusters(seed, customers, AS_OF)
    rows = seed.in_force(AS_OF)
    assert [row["customers"] for row in rows] == ["100", "200", "300", "400"]
    assert {row["orders_spread"] for row in rows} == {number_text(fitted.spreads[1], 6)}
    assert [row["cluster_code"] for row in rows] == [
        "extremely_recent_frequent_large",
        "very_recent_frequent_large",
        "recent_frequent_large",
        "lapsed_rare_small",
    ]
    assert [row["label_zh"] for row in rows] == [
        "极近期高频高额",
        "很近期高频高额",
        "近期高频高额",
        "久未购买低频低额",
    ]
    assert rows[1]["cluster_id"] == "very_recent_frequent_large_2026-06-15"
    assert rows[1]["label_en"] == "Very recent, frequent, large"
    # a customer at a centre is nearest to it, as SQL measures: logarithms by spread
    points = np.log1p(fitted.centres) / fitted.spreads
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    assert distances.argmin(axis=1).tolist() == [0, 1, 2, 3]


def test_customers_who_do_not_differ_make_no_clusters() -> None:
    with pytest.raises(CalibrationError, match="rfm_orders is the same for all"):
        clusters.fit_clusters(np.column_stack([np.arange(300), np.ones(300), np.arange(300)]))
    with pytest.raises(CalibrationError, match="4 distinct customers"):
        clusters.fit_clusters(np.tile([[1, 1, 1], [2, 3, 4], [5, 6, 7], [1, 2, 3]], (60, 1)))


CENTRE = st.tuples(st.floats(0, 900), st.floats(0, 50), st.floats(-10, 1e5))


@settings(max_examples=300, deadline=None)
@given(
    centres=st.lists(CENTRE, min_size=1, max_size=6, unique=True),
    medians=CENTRE,
    same=st.booleans(),
)
def test_no_two_clusters_have_the_same_name(
    centres: list[tuple[float, ...]], medians: tuple[float, ...], same: bool
) -> None:
    array = np.array(centres)
    if same:  # all on the same side of the median in everything
        medians = tuple(array.min(axis=0) - 1)
    names = name_clusters(array, np.array(medians), np.array([1.7, 0.8, 4.3]))
    for attribute in ("code", "label_en", "label_zh"):
        assert len({getattr(name, attribute) for name in names}) == len(centres)
    for name, centre in zip(names, array, strict=True):
        words = name.code.replace("very_", "").replace("extremely_", "").split("_")
        assert words == [
            "lapsed" if centre[0] > medians[0] else "recent",
            "frequent" if centre[1] > medians[1] else "rare",
            "large" if centre[2] > medians[2] else "small",
        ]


def test_the_further_of_two_clusters_with_the_same_words_is_very_so() -> None:
    centres = np.array([[10, 5, 900], [10, 5, 90_000], [400, 0, 0]])
    names = name_clusters(centres, np.array([50, 2, 500]), np.array([1, 1, 1]))
    assert [name.label_en for name in names] == [
        "Recent, frequent, large",
        "Recent, frequent, very large",
        "Lapsed, rare, small",
    ]
    assert names[1].code == "recent_frequent_very_large"
    assert names[1].label_zh == "近期高频很高额"


# The command ------------------------------------------------------------------------------------


NOTHING_CHANGES = Comparison(2_000, AS_OF, "EUR", [], [], {}, {}, [], None)


class Desk:
    """A folder with the seeds and a warehouse of simulated customers, and no dbt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "build" / "strata.duckdb"
        (folder / "dbt_project.yml").write_text("vars: {raw_path: demo}\n", encoding="utf-8")
        for part, rows in ROWS.items():
            own_seed(folder, part, rows)
        (folder / TIER_RULES).parent.mkdir()
        shutil.copy(ROOT / TIER_RULES, folder / TIER_RULES)
        self.database.parent.mkdir()

    def fill(self, number: int = 2_000) -> None:
        """Make the warehouse, with two evaluation dates."""
        x, t_x, age, m = simulate(number, 6)
        frame = pd.DataFrame({"x": x, "t_x": t_x, "age": age, "m": m})
        frame["customer_id"] = [f"c{position:05}" for position in range(number)]
        with duckdb.connect(str(self.database)) as connection:
            connection.register("frame", frame)
            connection.execute("create schema marts")
            connection.execute("create schema runs")
            connection.execute(
                "create table runs.builds as select * from (values"
                " ('CNY', timestamp '2026-06-15'), ('EUR', timestamp '2026-06-16'))"
                " as builds (reporting_currency, started_at)"
            )
            connection.execute(
                f"""
                create table marts.customer_tier_history as
                select
                    customer_id,
                    case when customer_id < 'c01000' then 'CN' else 'DE' end as market,
                    day as evaluation_date,
                    day = date '{AS_OF}' as is_current,
                    ceil(t_x) / nullif(x, 0) as median_gap_days,
                    cast(x as integer) + 1 as lifetime_orders,
                    cast(x as integer) + 1 as purchase_days,
                    day - cast(age as integer) as first_order_date,
                    day - cast(age as integer) + cast(ceil(t_x) as integer) as last_order_date,
                    cast(100 + x * m as decimal(18, 2)) as lifetime_net_revenue,
                    cast(100 as decimal(18, 2)) as first_day_net_revenue,
                    cast(age - ceil(t_x) as integer) as rfm_recency_days,
                    cast(x as integer) as rfm_orders,
                    cast(x * m as decimal(18, 2)) as rfm_revenue,
                    case when x > 0 then cast(x as integer) end as orders_12m,
                    cast(x * m as decimal(18, 2)) as net_revenue_12m
                from frame
                cross join (values (date '2026-05-31'), (date '{AS_OF}')) as days (day)
                order by hash(customer_id)
                """
            )
            connection.execute(
                "create table marts.tiers as select * from (values ('vip', 5), ('high', 4),"
                " ('medium', 3), ('low', 2), ('potential', 1)) as tiers (tier_code, tier_rank)"
            )
            connection.execute(  # a customer without an order
                "insert into marts.customer_tier_history by name select 'c00000p' as customer_id,"
                " 'CN' as market, evaluation_date, is_current, 0 as lifetime_orders,"
                " 0 as purchase_days from marts.customer_tier_history where customer_id = 'c00001'"
            )

    def run(self, *arguments: str) -> Result:
        """Run the command in the folder."""
        return CliRunner().invoke(app, ["calibrate", "--yes", "--no-build", *arguments])

    def contents(self) -> dict[str, bytes]:
        """Return all files but the warehouse."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path != self.database
        }


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Make the folder the current one, with a measurement that runs no dbt."""
    made = Desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STRATA_DUCKDB_PATH", raising=False)
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX", raising=False)
    monkeypatch.setattr(run, "ensure_build", lambda *_: None)
    monkeypatch.setattr(run.Trials, "build", lambda bench, *_: bench.warehouse)
    monkeypatch.setattr(run.Trials, "compare", lambda *_: NOTHING_CHANGES)
    return made


def refuse(desk: Desk, told: str, *arguments: str) -> None:
    """Check that a run ends with one clear line and code 2 and leaves the files as they were."""
    before = desk.contents()
    result = desk.run(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("strata calibrate: ")
    assert result.stderr.count("\n") == 1
    assert told in result.stderr
    assert desk.contents() == before


def test_all_seeds_are_proposed_and_the_same_warehouse_gives_the_same_bytes(desk: Desk) -> None:
    desk.fill(700)
    before = desk.contents()
    dry = desk.run("--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "")
    assert desk.contents() == before
    result = desk.run()
    assert result.exit_code == 0, result.output
    for name in (Path(path).stem for path in PATHS.values()):
        assert name in result.stdout
    first = desk.contents()
    assert {path for path in first if first[path] != before[path]} == set(PATHS.values())
    for part, is_money in (
        ("clv", lambda _: True),
        ("bands", lambda row: row["metric"] == "monetary" and row["upper_bound"] != ""),
        ("score", lambda row: row["measure"] == "net_revenue_12m"),
        ("clusters", lambda _: True),
    ):
        new = SeedFile(desk.folder / PATHS[part]).in_force(AS_OF)
        assert [row["currency"] for row in new] == ["EUR" if is_money(row) else "" for row in new]
    again = desk.run()
    assert again.exit_code == 0
    assert desk.contents() == first
    for path, content in before.items():
        (desk.folder / path).write_bytes(content)
    assert desk.run().stdout == result.stdout
    assert desk.contents() == first


def test_customers_with_an_order_are_read_by_id_with_the_inputs_of_the_mart(desk: Desk) -> None:
    desk.fill(300)
    read = Warehouse(desk.database, "").customers(AS_OF, [*CLV_MEASURES, "orders_12m"])
    x, t_x, age, m = simulate(300, 6)
    assert len(read) == 300
    assert read.measures["frequency"].tolist() == x.tolist()
    assert read.measures["recency"].tolist() == np.ceil(t_x).tolist()
    assert read.measures["age"].tolist() == age.tolist()
    assert read.measures["monetary"] == pytest.approx(m, abs=0.006)
    assert np.isnan(read.measures["orders_12m"]).tolist() == (x == 0).tolist()


def test_one_part_writes_one_seed_as_of_a_stored_date(desk: Desk) -> None:
    desk.fill()
    before = desk.contents()
    result = desk.run("--what", "score", "--as-of", "2026-05-31")
    assert result.exit_code == 0, result.output
    assert "from 2026-05-31, before the last evaluation, 2026-06-15" in result.stdout
    after = desk.contents()
    assert {path for path in after if after[path] != before[path]} == {PATHS["score"]}
    assert b"_row_2026-05-31" in after[PATHS["score"]]
    assert desk.run("--what", "score").exit_code == 0
    refuse(
        desk,
        "score_components (market *, component value, measure orders_12m) already has rows from"
        " 2026-06-15, after 2026-05-31",
        *("--what", "score", "--as-of", "2026-05-31"),
    )


def test_mistakes_are_told_in_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(desk, "cannot read a build (build/strata.duckdb does not exist)")
    duckdb.connect(str(desk.database)).close()
    refuse(desk, "has no table customer_tier_history")
    desk.database.unlink()
    desk.fill()
    refuse(
        desk, "--what must be tiers, cycles, clv, bands, clusters, score or all", "--what", "tier"
    )
    refuse(desk, "--what tiers needs --shares", "--what", "tiers")
    refuse(desk, "--shares is for --what tiers or all", "--what", "clv", "--shares", "80/20")
    refuse(desk, "--by says what --shares are of", "--by", "revenue")
    refuse(desk, "--from must be a date such as", "--from", "1970")
    refuse(desk, "--as-of must be a date such as", "--as-of", "June")
    refuse(desk, "--vars must be a YAML mapping", "--vars", "[raw")
    refuse(desk, "the nearest are 2026-05-31, 2026-06-15", "--as-of", "2026-06-01")
    monkeypatch.setenv("STRATA_SCHEMA_PREFIX", "other_")
    refuse(desk, "cannot read a build")
    monkeypatch.delenv("STRATA_SCHEMA_PREFIX")
    own_seed(desk.folder, "score", [SCORE_ROWS[0] | {"measure": "satisfaction"}])
    refuse(desk, "has no column satisfaction; build it anew", "--what", "score")
    (desk.folder / PATHS["bands"]).unlink()
    refuse(desk, "cannot read the seed", "--what", "bands")
    (desk.folder / "dbt_project.yml").unlink()
    refuse(desk, "run it in the folder of dbt_project.yml")


def test_a_mistake_in_the_shares_costs_no_build(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "seeds/tiers/tiers.csv", (desk.folder / TIER_RULES).with_name("tiers.csv"))
    monkeypatch.setattr(run, "ensure_build", lambda *_: pytest.fail("it builds"))
    refuse(desk, "--shares: there is no tier vpi in the seed tiers", "--shares", "vpi=1")


def test_placeholders_that_are_gone_leave_no_history(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that was stopped after the rules were written must not keep the months before."""
    desk.fill()
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(run, "ensure_build", lambda *given: asked.append(given[3]))
    for rule in ("live_vip", "placeholder_vip"):
        with duckdb.connect(str(desk.database)) as connection:
            connection.execute("alter table marts.customer_tier_history drop if exists rule_id")
            connection.execute(
                f"alter table marts.customer_tier_history add rule_id text default '{rule}'"
            )
        assert desk.run("--dry-run", "--what", "bands").exit_code == 0
    path = desk.folder / TIER_RULES
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("live_high,", "placeholder_vip,", 1), encoding="utf-8")
    assert desk.run("--dry-run", "--what", "bands").exit_code == 0
    assert asked == [(), ("--full-refresh",), ()]


def test_a_refused_fit_is_told_and_leaves_the_others_alone(desk: Desk) -> None:
    desk.fill()
    own_seed(desk.folder, "score", [])
    before = desk.contents()
    result = desk.run()
    assert result.exit_code == 0, result.output
    told = "not calibrated: score_components: there is nothing to propose (no row is in force)"
    assert told in result.stdout.splitlines()
    changed = {path for path, content in desk.contents().items() if content != before[path]}
    assert changed == {PATHS[part] for part in ("cycles", "clv", "bands", "clusters")}
    with duckdb.connect(str(desk.database)) as connection:
        connection.execute(
            "update marts.customer_tier_history set last_order_date = null"
            " where customer_id = 'c00009'"
        )
    refuse(desk, "recency is missing or not finite for 1 customers", "--what", "clv")


def test_thin_data_is_refused_for_every_part(desk: Desk) -> None:
    desk.fill(90)
    for part in PATHS:
        refuse(desk, "100 customers" if part != "clusters" else "200", "--what", part)


def test_a_dbt_run_that_fails_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Comparison:
        raise CalibrationError("the proposal cannot be built: because")

    desk.fill()
    monkeypatch.setattr(run.Trials, "compare", fails)
    refuse(desk, "the proposal cannot be built: because")


def test_nobody_to_ask_writes_nothing(desk: Desk) -> None:
    desk.fill()
    before = desk.contents()
    result = CliRunner().invoke(app, ["calibrate", "--what", "bands"])
    assert result.exit_code == 2
    assert "nobody can be asked here: give --yes, or --dry-run" in result.stderr
    assert desk.contents() == before


def test_the_reason_of_dbt_is_its_first_error() -> None:
    output = (
        "10:00:00  Running with dbt=1.11.16\n"
        "10:00:01  1 of 3 ERROR creating view a  [ERROR in 1s]\n"
        "10:00:02  Failure in model a\n"
        "10:00:02    Compilation Error in model a\n  it has no sense\n"
        "10:00:02  Done.\n"
    )
    assert reason_of(output) == "it has no sense Done."
    assert reason_of("") == "it said nothing"
    defects = "seeds: tier_rules, a: no tier\nseeds: tier_rules, b: no tier"
    assert reason_of(f"{output}{defects}\n{defects}\n") == defects


def test_the_end_of_a_build_is_what_it_says_of_the_data() -> None:
    output = (
        "10:00:01  as_of_date: is no date\n10:00:01  1 of 3 OK\n"
        "10:00:02  as_of_date: 2026-06-15 (UTC, money in EUR)\n"
        "10:00:02    orders: 9 rows, 5 (55.6 %) used\n10:00:02    customers: 3\n"
        "10:00:02  2 of 4 START hook\n10:00:03  Done.\n"
    )
    assert ending_of(output) == [
        "as_of_date: 2026-06-15 (UTC, money in EUR)",
        "  orders: 9 rows, 5 (55.6 %) used",
        "  customers: 3",
    ]
    assert ending_of("10:00:03  Done.\n") == []


# Tier rules by shares ---------------------------------------------------------------------------


TIERS = ["vip", "high", "medium", "low", "potential"]


@pytest.mark.parametrize(
    ("text", "by", "expected", "lowest", "of"),
    [
        ("vip=1,high=4,medium=15", "", {"vip": 1, "high": 4, "medium": 15}, "low", "customers"),
        (" high = 2.5% ", "revenue", {"high": 2.5}, "low", "revenue"),
        ("vip=20,high=30,medium=25,low=25", "", {"vip": 20, "high": 30, "medium": 25}, "low", ""),
        ("80/20", "", {"vip": 80}, "low", "revenue"),
        ("80/15/5", "", {"vip": 80, "high": 15}, "low", "revenue"),
        ("1/99", "customers", {"vip": 1}, "low", "customers"),
    ],
)
def test_shares_are_read(
    text: str, by: str, expected: dict[str, float], lowest: str, of: str
) -> None:
    shares = read_shares(text, by, TIERS, "potential")
    assert {tier: float(share) for tier, share in shares.percents.items()} == expected
    assert list(shares.percents) == [tier for tier in TIERS if tier in expected]
    assert (shares.lowest, shares.by) == (lowest, of or "customers")


@pytest.mark.parametrize(
    ("text", "by", "told"),
    [
        ("gold=1", "", "there is no tier gold in the seed tiers; there are vip, high, medium, low"),
        ("vip", "", "'vip' is no share; write vip=1,high=4,medium=15, or 80/20"),
        ("", "", "is no share"),
        ("vip=a", "", "'a' (vip) is not a number"),
        ("vip=nan", "", "is not a number"),
        ("vip=0", "", "must be above 0 and below 100"),
        ("vip=-3", "", "must be above 0 and below 100"),
        ("vip=100", "", "must be above 0 and below 100"),
        ("vip=60,high=40", "", "which leaves nothing to low"),
        ("vip=60,high=50", "", "add up to 110 %"),
        ("vip=1,vip=2", "", "vip is there twice"),
        ("vip=1,high=1,medium=1,low=1", "", "add up to 4 %, not 100 %: leave out low"),
        ("vip=1,low=90", "", "low is below medium, which would have the rest"),
        ("potential=5", "", "potential is the tier of customers without an order"),
        ("80/30", "", "add up to 110 %, not 100 %"),
        ("80/", "", "is not a number"),
        ("20/20/20/20/20", "", "has 5 shares, there are 4 tiers"),
        ("vip=1", "orders", "--by must be customers or revenue, not 'orders'"),
    ],
)
def test_shares_that_make_no_sense_are_refused_with_the_mend(text: str, by: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        read_shares(text, by, TIERS, "potential")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def share_of(revenue: list[float], figure: float, by: str) -> float:
    """Count, in percent, who brought at least so much, or what they brought."""
    reached = [it for it in revenue if it >= figure - 1e-9]
    if by == "customers":
        return 100 * len(reached) / len(revenue)
    return 100 * sum(reached) / sum(it for it in revenue if it > 0)


@settings(max_examples=300, deadline=None)
@given(
    revenue=st.lists(st.integers(0, 3_000_000).map(lambda cents: cents / 100), min_size=1),
    asked=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    by=st.sampled_from(["customers", "revenue"]),
)
def test_thresholds_give_the_share_that_is_told(
    revenue: list[float], asked: list[int], by: str
) -> None:
    """Independent: the share is counted anew, and no revenue as threshold is much nearer."""
    revenue = [*revenue, 50.0]
    text = ",".join(f"{tier}={share}" for tier, share in zip(TIERS, asked, strict=False))
    shares = read_shares(text, by, TIERS, "potential")
    found = find_thresholds(np.array(revenue), shares)
    assert [it.tier for it in found] == list(shares.percents)
    target, above = 0.0, 0.0
    upper = np.inf
    for it in found:
        target += float(it.asked)
        if it.figure is None:
            assert it.got == 0
            assert it.reason
            continue
        figure = float(it.figure)
        assert 0 < figure < upper
        share = share_of(revenue, figure, by)
        assert float(it.got) == pytest.approx(share - above)
        best = min(
            abs(share_of(revenue, value, by) - target) for value in [*revenue, 1e9] if value > 0
        )
        one = 100 / len(revenue) if by == "customers" else 0
        assert abs(share - target) <= max(best, min(0.1 * float(it.asked), 1), one) + 1e-9
        above, upper = share, figure


@pytest.mark.parametrize(
    ("highest", "figure"),
    [
        ([47_311.28] * 3, 5_000),
        ([60, 55, 51.2], 50),
        ([101.3, 101.2, 100.8], 100),
        # a customer more or less than the share is as good: not 9,585.5
        ([9_960.1, 9_800, 9_585.56], 9_600),
    ],
)
def test_thresholds_are_figures_that_people_say(highest: list[float], figure: float) -> None:
    revenue = np.array([*highest, *([figure * 0.4] * 297)])
    (found,) = find_thresholds(revenue, read_shares("vip=1", "", TIERS, None))
    digits = str(found.figure).rstrip("0").rstrip(".").replace(".", "").rstrip("0")
    assert digits in ("1", "2", "25", "5")
    assert float(found.got) == 1


def test_a_crowd_with_the_same_revenue_is_told(tmp_path: Path) -> None:
    revenue = np.array([99.0] * 600 + [0.0] * 400)
    vip, high = find_thresholds(revenue, read_shares("vip=1,high=4", "", TIERS, "potential"))
    assert vip.figure is None
    assert vip.reason == "600 customers brought 99.00 each"
    assert high.figure is None
    (most,) = find_thresholds(revenue, read_shares("vip=90", "", TIERS, "potential"))
    assert (float(most.got), most.reason) == (60, "only 60.0 % brought anything in 12 months")
    with pytest.raises(CalibrationError, match="nobody brought anything"):
        find_thresholds(np.zeros(5), read_shares("vip=1", "", TIERS, None))


def test_rules_of_each_market_are_closed_and_new_ones_appended(desk: Desk) -> None:
    desk.fill()
    before = (desk.folder / TIER_RULES).read_text(encoding="utf-8").splitlines()
    result = desk.run("--what", "tiers", "--shares", "vip=1,high=4,medium=15")
    assert result.exit_code == 0, result.output
    after = (desk.folder / TIER_RULES).read_text(encoding="utf-8").splitlines()
    with duckdb.connect(str(desk.database)) as connection:
        revenue = [
            float(row[0] or 0)
            for row in connection.execute(
                f"select net_revenue_12m from marts.customer_tier_history"
                f" where evaluation_date = date '{AS_OF}'"
            ).fetchall()
        ]
    assert "market US keeps its rules: 0 customers, 100 are needed" in result.stdout
    for old, new in zip(before[1:], after[1:], strict=False):
        is_closed = (",live,*," in old and ",1970-01-01,," in old) or old.startswith("live_low,")
        assert new == (old.replace("-01,,", "-01,2026-06-15,", 1) if is_closed else old)
    added = SeedFile(desk.folder / TIER_RULES).rows()[len(before) - 1 :]
    assert [row["tier_code"] for row in added] == ["potential", "vip", "high", "medium", "low"]
    assert [row["currency"] for row in added] == ["", "EUR", "EUR", "EUR", ""]
    reached = [
        100
        * sum(it >= float(row["net_revenue_12m"].removeprefix(">=")) for it in revenue)
        / len(revenue)
        for row in added[1:4]
    ]
    assert reached == pytest.approx([1, 5, 20], abs=1.5)
    dated = desk.run("--what", "tiers", "--shares", "80/20", "--from", "2020-01-01")
    assert "already has rows from 2025-01-01, after 2020-01-01" in dated.stderr


def test_placeholders_are_replaced_where_they_stand(desk: Desk) -> None:
    desk.fill()
    header = (desk.folder / TIER_RULES).read_text(encoding="utf-8").splitlines()[0]
    empty = "," * (header.count(",") - 6)
    (desk.folder / TIER_RULES).write_text(
        f"{header}\none,live,*,10,vip,1970-01-01,{empty}placeholder: yours\n"
        f"two,live,*,20,low,1970-01-01,{empty}\n",
        encoding="utf-8",
    )
    own_seed(desk.folder, "clv", [])
    result = desk.run()
    assert result.exit_code == 0, result.output
    assert "replaced by --shares vip=1,high=4,medium=15" in result.stderr
    assert "the history is made anew" in " ".join(result.stdout.split())
    assert "`dbt build --full-refresh` puts it in force" in result.stdout
    rows = SeedFile(desk.folder / TIER_RULES).rows()
    assert {(row["valid_from"], row["valid_to"]) for row in rows} == {("1970-01-01", "")}
    assert [row["tier_code"] for row in rows] == ["vip", "high", "medium", "potential"]
    assert rows[0]["note"].endswith("of the customers on 2026-06-15")
    clv = SeedFile(desk.folder / PATHS["clv"]).rows()
    assert {(row["valid_from"], row["fitted_at"]) for row in clv} == {("1970-01-01", "2026-06-15")}
    assert "2026-06-15" in (desk.folder / PATHS["bands"]).read_text(encoding="utf-8")
