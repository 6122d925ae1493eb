"""Households: exact shares, ordered rows, stationary donors, and clear refusals."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from worlds import do

from sim.compose import load
from sim.errors import InputError
from sim.intake.figures import read_months
from sim.model import NeighborhoodModel
from sim.society.edges import read_edges
from sim.society.population import PopulationParameters, populate
from sim.streams import Streams
from sim.world.tables import Buildings, Donors, Households, Kind, Life, Tenure

COLUMNS = list(Households.columns)
WITHIN_ONE = [name for name, column in Households.columns.items() if column.allowed == "0 to 1"]


def one(seed: int = 1, **changes: object) -> Households:
    return populate([PopulationParameters(**changes)], Streams(seed))[0]


def share(flags: np.ndarray) -> float:
    return float(np.mean(flags))


def test_shares_are_exact_counts() -> None:
    """Catches shares that only hold on average: a small compound would have another make-up."""
    h = one(households=1059, tenant_share=0.187, vacant_share=0.05, member_share=0.12)
    lived_in = h.tenure != Tenure.VACANT
    assert np.sum(h.tenure == Tenure.TENANT) == round(0.187 * 1059)
    assert np.sum(h.tenure == Tenure.VACANT) == round(0.05 * 1059)
    assert np.sum(h.life == Life.YOUNG) == np.sum(h.life == Life.ELDERLY) == round(0.25 * 1059)
    assert np.sum(h.kind == Kind.FREE_RIDER) == round(0.2 * 1059)
    assert np.sum(h.kind == Kind.CONDITIONAL) == round(0.5 * 1059)
    members = round(0.12 * np.sum(lived_in))
    assert h.member.sum() == members
    assert h.active.sum() == round(0.3 * members)
    assert h.paid.sum() == round(0.85 * np.sum(lived_in))


def test_active_households_are_member_households() -> None:
    """Catches activity drawn from everybody."""
    h = one()
    assert np.all(h.member[h.active == 1] == 1)


def test_tenants_live_everywhere() -> None:
    """A random place, not the first rows: each third of the rows has its part."""
    h = one(households=3000, tenant_share=0.3)
    thirds = [share(part == Tenure.TENANT) for part in np.split(h.tenure, 3)]
    assert all(0.25 < third < 0.35 for third in thirds)


def test_vacant_units_pay_nothing_and_mind_nothing() -> None:
    """Catches members, grievance or debts of nobody."""
    h = one(vacant_share=0.3, grievance_start=0.6, member_share=1.0, arrears_start=6)
    vacant = h.tenure == Tenure.VACANT
    for name in ("member", "active", "paid", "grievance", "arrears_fen"):
        assert not getattr(h, name)[vacant].any(), name
    assert h.member[~vacant].all()


def test_means_follow_the_parameters() -> None:
    """Catches a column drawn around another parameter, or not spread at all."""
    h = one(households=40_000, grievance_start=0.2, burden_mean=0.3, vacant_share=0.0)
    expected = {
        "civic": 0.5,
        "burden": 0.3,
        "satisfaction": 0.6,
        "trust_firm": 0.5,
        "trust_cell": 0.5,
        "grievance": 0.2,
        "habit": 0.8,
        "threshold": 0.25,
        "taste": 0.0,
        "rota": 0.5,
    }
    for name, mean in expected.items():
        column = getattr(h, name)
        assert column.mean() == pytest.approx(mean, abs=0.01), name
        assert column.std() > 0.05, name
    assert h.threshold.std() == pytest.approx(0.12, abs=0.005)
    assert h.area.mean() == pytest.approx(95, rel=0.01)
    assert h.area.std() == pytest.approx(25, rel=0.03)
    assert np.array_equal(h.fee_fen, np.rint(h.area * 150).astype(np.int64))


def test_arrears_at_the_start_are_months_times_fee() -> None:
    """Catches debts of those who pay, and money that does not fit the months."""
    h = one(paid_start=0.1, arrears_start=18)
    owes = (h.paid == 0) & (h.tenure != Tenure.VACANT)
    assert np.array_equal(h.arrears_months, np.where(owes, 18, 0))
    assert np.array_equal(h.arrears_fen, h.arrears_months * h.fee_fen)
    assert owes.any()


def test_rows_are_ranges_of_compounds_buildings_and_stairs() -> None:
    """Catches rows out of order: rules go over ranges."""
    entries = [
        PopulationParameters(households=n, buildings=b, floors=6)
        for n, b in ((101, 3), (10, 5), (77, 1))
    ]
    h, b = populate(entries, Streams(3))
    assert (len(h), b.number_of_buildings, b.number_of_compounds) == (188, 9, 3)
    for name in ("compound", "building", "stair"):
        assert set(np.diff(getattr(h, name)).tolist()) <= {0, 1}, name
    within_stair = np.diff(h.stair) == 0
    assert np.all(np.diff(h.floor)[within_stair] >= 0)
    assert h.floor.min() == 1
    assert h.floor.max() <= 6
    assert b.compound.tolist() == [0] * 3 + [1] * 5 + [2]
    assert b.stairs.tolist() == [2] * 9
    for k in range(b.number_of_buildings):
        assert np.all(h.building[b.start[k] : b.end[k]] == k)
    assert b.end[-1] == b.compound_end[-1] == len(h)
    assert b.compound_start.tolist() == [0, 101, 111]
    assert h.file_row.tolist() == list(range(188))


def test_same_seed_same_bytes_other_seed_other_households() -> None:
    """Catches households that hang on anything but the seed, or not on it."""
    first, again, other = one(5), one(5), one(6)
    assert all(getattr(first, c).tobytes() == getattr(again, c).tobytes() for c in COLUMNS)
    assert first.civic.tobytes() != other.civic.tobytes()


def test_one_parameter_changes_only_its_own_columns() -> None:
    """Catches traits drawn one after another from one sequence."""
    a, b = one(civic_mean=0.5), one(civic_mean=0.7)
    changed = {c for c in COLUMNS if getattr(a, c).tobytes() != getattr(b, c).tobytes()}
    assert changed == {"civic"}


def test_traits_are_drawn_independently() -> None:
    """Catches two traits that share their draws."""
    h = one(households=20_000, vacant_share=0.0)
    names = ("civic", "burden", "threshold", "taste", "area", "rota", "satisfaction", "trust_firm",
             "trust_committee", "trust_cell", "grievance", "habit", "efficacy", "tenure", "life",
             "kind", "member", "paid")  # fmt: skip
    together = np.corrcoef([getattr(h, name) for name in names])
    assert np.abs(together - np.eye(len(names))).max() < 0.04


def test_a_compound_is_the_same_whatever_stands_before_it() -> None:
    """Catches a sequence that runs on from compound to compound."""
    small, large = PopulationParameters(households=50), PopulationParameters(households=500)
    second = PopulationParameters(households=80)
    a, _ = populate([small, second], Streams(2))
    b, _ = populate([large, second], Streams(2))
    for name in ("tenure", "civic", "satisfaction", "area", "paid"):
        assert np.array_equal(getattr(a, name)[50:], getattr(b, name)[500:]), name
    assert not np.array_equal(a.civic[:50], a.civic[50:100])


def test_donors_have_the_tenure_and_compound_they_stand_for() -> None:
    """Catches newcomers like the residents of another compound, or owners like tenants."""
    entries = [PopulationParameters(households=n, vacant_share=v) for n, v in ((60, 0.2), (90, 0))]
    h, _ = populate(entries, Streams(4))
    d = Donors.of(h)
    assert d.donor_start.shape == (2, 4)
    assert sorted(d.donor_rows.tolist()) == list(range(150))
    for c in range(2):
        for tenure in Tenure:
            rows = d.donor_rows[d.donor_start[c, tenure] : d.donor_start[c, tenure + 1]]
            expected = np.flatnonzero((h.compound == c) & (h.tenure == tenure))
            assert np.array_equal(rows, expected)


def test_donors_keep_the_start() -> None:
    """Catches donors that share memory with the households and drift with them."""
    h = one()
    start, donors = h.civic.copy(), Donors.of(h)
    h.civic[:] = 0.0
    h.member[:] = 1
    assert np.array_equal(donors.civic0, start)
    assert not donors.member0.all()


def test_a_household_that_moves_in_gets_what_the_columns_declare() -> None:
    """Catches a column that turnover forgets, and one declared otherwise than it is reset."""
    moves = {
        "owner_moves": 0.05,
        "newcomer_satisfaction": 0.7,
        "newcomer_trust": 0.4,
        "newcomer_habit": 0.3,
        "newcomer_expects": 0.6,
    }
    config = load(policy="none", population={"households": 300}, turnover=moves)
    w = NeighborhoodModel(config, seed=1).world
    for chance in ("owner_moves", "tenant_moves", "vacant_sold"):
        w.p_turnover[chance] = 1.0
    h, first = w.households, w.donors
    for name, column in Households.columns.items():
        if column.allowed in ("0 to 1", "any") and column.dtype == "f8":
            getattr(h, name)[:] = 0.99
    h.points[:], h.stage[:], h.misuse[:], h.active[:] = 5.0, 4, 1, 1
    before = h.copy()
    do(w, "households_move")
    assert h.moved.all() and np.array_equal(
        h.tenure == Tenure.TENANT, before.tenure == Tenure.TENANT
    )
    assert not (h.tenure == Tenure.VACANT).any()
    traits = [name for name, column in Households.columns.items() if column.newcomer == "donor"]
    residents = set(zip(*(getattr(first, f"{name}0").tolist() for name in traits), strict=True))
    assert set(zip(*(getattr(h, name).tolist() for name in traits), strict=True)) <= residents
    for name, column in Households.columns.items():
        now = getattr(h, name)
        if column.newcomer is None and name not in ("moved", "tenure"):
            assert np.array_equal(now, getattr(before, name)), name
        elif isinstance(column.newcomer, float | int):
            assert np.all(now == column.newcomer), name
        elif column.newcomer is not None and name not in traits:
            assert np.all(now == moves[column.newcomer]), name


def test_a_table_begins_with_zeros_of_the_declared_types() -> None:
    """Catches a column of another type than its rules are compiled for, or of no unit or meaning."""
    h = Households(7)
    assert len(h) == 7
    for name, declared in Households.columns.items():
        column = getattr(h, name)
        assert column.shape == (7,) and not column.any()
        assert column.dtype == np.dtype(declared.dtype)
        assert declared.unit and declared.allowed and declared.doc
    assert Buildings.of(h).end.tolist() == [7]


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"tenant_share": 0.7, "vacant_share": 0.4}, ("tenant_share", "vacant_share")),
        ({"young_share": 0.7, "elderly_share": 0.4}, ("young_share", "elderly_share")),
        ({"conditional_share": 0.9, "free_rider_share": 0.2}, ("conditional_share", "free_rider")),
        ({"households": 20}, ("buildings", "stairs_per_building", "households")),
        ({"tenant_share": -0.1}, ("tenant_share",)),
        ({"households": 9}, ("households",)),
        ({"civic_mean": float("nan")}, ("civic_mean",)),
        ({"tenants": 0.1}, ("tenants",)),
    ],
)
def test_bad_parameters_are_refused_by_name(changes: dict[str, float], keys: tuple[str]) -> None:
    """Catches a message that does not name the keys."""
    with pytest.raises(ValidationError) as caught:
        PopulationParameters(**changes)
    assert all(key in str(caught.value) for key in keys)


def test_every_parameter_is_described_in_both_languages() -> None:
    """Catches a slider without a title."""
    for d in PopulationParameters.describe():
        assert d.en, d.key
        assert d.zh, d.key
        assert d.unit, d.key


def test_own_households_come_from_the_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Catches a column of the user's that is drawn over, or put at other rows than ours."""
    lines = ["building,stair,floor,tenure,fee_yuan"]
    lines += [f"{b},1,{f},{'tenant' if f == 2 else 'owner'},100.5" for f in (2, 1) for b in "ABCDE"]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    first = PopulationParameters(households=30)
    h, b = populate([first, PopulationParameters(household_file=str(path))], Streams(1))
    own = slice(30, 40)
    assert b.number_of_compounds == 2
    assert len(h) == 40
    assert h.floor[own].tolist() == [1, 2] * 5
    assert h.tenure[own].tolist() == [Tenure.OWNER, Tenure.TENANT] * 5
    assert np.all(h.fee_fen[own] == 10050)
    assert h.file_row[own].tolist() == [35, 30, 36, 31, 37, 32, 38, 33, 39, 34]
    assert np.all(h.area[own] > 0), "a column the file leaves out is drawn"
    with pytest.raises(InputError, match=r"missing\.csv"):
        one(household_file=str(tmp_path / "missing.csv"))


def test_a_pipe_or_a_device_is_no_file_of_households(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Catches a command that waits for ever, or reads until no memory is left."""
    os.mkfifo(tmp_path / "h.csv")
    for path in (str(tmp_path / "h.csv"), "/dev/zero"):
        with pytest.raises(InputError, match=rf"^{path}: is a pipe or a device.*a regular file"):
            one(household_file=path)
    os.mkfifo(tmp_path / "t.graphml")
    for name in ("h.csv", "t.graphml"):
        with pytest.raises(InputError, match="is a pipe"):
            read_edges(str(tmp_path / name), 5)
    with pytest.raises(InputError, match="is a pipe"):
        read_months(str(tmp_path / "h.csv"), {"trust": (0.0, 1.0)}, (0, 9))


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(30, 200),
    tenants=st.floats(0, 1),
    vacant=st.floats(0, 1),
    mean=st.floats(0, 1),
    concentration=st.floats(0.1, 1000),
    seed=st.integers(0, 2**32 - 1),
)
def test_columns_stay_in_their_ranges(
    n: int, tenants: float, vacant: float, mean: float, concentration: float, seed: int
) -> None:
    """Catches a distribution that leaves its range at the ends of its parameters."""
    h = one(
        seed,
        households=n,
        tenant_share=tenants,
        vacant_share=min(vacant, 1 - tenants),
        member_share=mean,
        satisfaction_start=mean,
        grievance_start=mean,
        start_concentration=concentration,
        civic_mean=mean,
        civic_concentration=concentration,
    )
    for name in WITHIN_ONE:
        column = getattr(h, name)
        assert np.all((column >= 0) & (column <= 1)), name
    assert np.all(h.area > 0)
    assert np.all(h.fee_fen >= 0)
    assert np.all((h.rota >= 0) & (h.rota < 1))
    assert np.sum(h.tenure == Tenure.TENANT) == round(tenants * n)
