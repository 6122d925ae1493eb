"""What must hold in every month, whatever is configured: drawn from the schema's own ranges."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st

from sim.agents.budget import Provider
from sim.agents.committee import Capture, OwnersCommittee, State
from sim.compose import choices, load
from sim.config import Config, Mechanisms, change, check
from sim.errors import InputError
from sim.measures.catalogue import CATALOGUE
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.processes.assembly import Matter
from sim.processes.issues import (
    ANSWERED,
    COUNTS,
    LATENT,
    LEVELS,
    OPEN,
    Category,
    Door,
    Happened,
    IssueParameters,
    Level,
    Status,
    Urgency,
)
from sim.processes.notes import NOTES
from sim.schema import Parameters
from sim.society.ties import Layer
from sim.streams import Stream
from sim.world.costs import BOOKED_BY_ACTORS, Payer
from sim.world.declare import Column
from sim.world.process import How
from sim.world.tables import Called, Households, Kind, Life, Stage, Tenure
from sim.world.world import Rows

MONTHS = 8
TIMES = int(os.environ.get("XIAOQU_TIMES", "1"))
"""How many times as many cases as usual are drawn."""

SEARCH = settings(
    max_examples=40 * TIMES, deadline=None, derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
SHAPE = ("households", "buildings", "stairs_per_building", "household_file")
GROUPS = tuple(
    name for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Parameters)
    and name not in ("scenario", "policy", "mechanisms", "executor", "district")
)  # fmt: skip


def leaves(group: type[Parameters], path: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Path and strategy of every setting below a group."""
    for name, field in group.model_fields.items():
        kind, key = field.annotation, (*path, name)
        if isinstance(kind, type) and issubclass(kind, Parameters):
            yield from leaves(kind, key)
            continue
        bounds = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)}
        if get_origin(kind) is Literal:
            yield key, st.sampled_from([arg for arg in get_args(kind) if arg != "file"])
        elif kind is bool:
            yield key, st.booleans()
        elif kind is int and len(bounds) == 2:
            yield key, st.integers(int(bounds["ge"]), int(bounds["le"]))
        elif kind is float and len(bounds) == 2:
            if "first_level" in key:
                yield key, st.integers(0, LEVELS - 1).map(float)
            else:
                yield key, st.floats(bounds["ge"], bounds["le"])


SETTINGS = [
    leaf for name in GROUPS for leaf in leaves(Config.model_fields[name].annotation, (name,))  # type: ignore[arg-type]
    if not (leaf[0][0] == "population" and leaf[0][1] in SHAPE)
]  # fmt: skip


def put(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    measures: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(CATALOGUE)), max_size=5, unique=True)):
        chosen: dict[str, Any] = {}
        own = [leaf for leaf in leaves(CATALOGUE[name].Parameters, ()) if leaf[0][0] != "start"]
        for path, values in draw(
            st.lists(st.sampled_from(own), max_size=3, unique_by=lambda leaf: leaf[0])
        ):
            put(chosen, path, draw(values))
        chosen["start"] = draw(st.integers(1, MONTHS))
        measures[name] = chosen
    return measures


@st.composite
def configurations(draw: st.DrawFn) -> Config:
    tree: dict[str, Any] = {"months": MONTHS, "policy": {"measures": draw(policies())}}
    for path, values in draw(
        st.lists(st.sampled_from(SETTINGS), max_size=14, unique_by=lambda leaf: leaf[0])
    ):
        put(tree, path, draw(values))
    tree.setdefault("population", {}).update(
        households=draw(st.integers(60, 200)), buildings=draw(st.integers(1, 6)),
        stairs_per_building=draw(st.integers(1, 3)),
    )  # fmt: skip
    compounds = draw(st.integers(1, 3))
    tree["district"] = {
        "compounds": compounds, "communities": draw(st.integers(1, compounds)),
        "companies": draw(st.integers(0, compounds)), "size_spread": draw(st.floats(0.0, 0.5)),
    }  # fmt: skip
    for name in draw(st.sets(st.sampled_from(sorted(Mechanisms.model_fields)), max_size=2)):
        put(tree, ("mechanisms", name), False)
    try:
        return check(tree)
    except InputError:
        reject()  # Shares that exceed a whole together; refused with a message, tested elsewhere.


# --- what must hold -------------------------------------------------------------------------------

CODES = (
    Tenure, Life, Kind, Stage, Called, Layer, Category, Urgency, Status, Door, Level, State, Capture, Matter,
    Payer, How, Provider,
)  # fmt: skip
ALLOWED = {"0 to 1": (0.0, 1.0), "0 to 1, NaN": (0.0, 1.0), "-1 to 1": (-1.0, 1.0), "-1, 0 to 1": (-1.0, 1.0),
           "0 or more": (0.0, np.inf), "-1 or more": (-1, np.inf), "1 or more": (1, np.inf),
           "0 or less": (-np.inf, 0.0), "above 0": (1e-12, np.inf), "any": (-np.inf, np.inf),
           "0, 1": (0, 1), "0 to 2": (0, 2), "0 to 3": (0, 3), "1 to 12": (1, 12),
           "0 to 11": (0, 11), "0 to 12": (0, 12), "0 to 4095": (0, 4095), "0 to below 1": (0.0, 1.0),
           "-1, Category": (-1, max(Category)), "Happened": (0, 2 * max(Happened) - 1),
           "Stream": (0, max(Stream)),
           **{code.__name__: (0, max(code)) for code in CODES}}  # fmt: skip
"""What is declared of a column's range -> lowest and highest value."""


def columns_hold(m: NeighborhoodModel) -> None:
    """Every column of every table is a number within the range that is declared for it."""
    used = {"issues": m.issues_held, "ledger": m.booked, "placing": m.placed}
    for table, rows in m.world.tables.items():
        for name, column in declared_in(rows).items():
            low, high = ALLOWED[column.allowed]
            own = rows[name] if isinstance(rows, Rows) else getattr(rows, name)
            values = own[: used.get(table)]
            if "NaN" in column.allowed:
                values = values[~np.isnan(values)]
            assert np.all(np.isfinite(values)), (table, name)
            assert np.all((values >= low) & (values <= high)), (table, name)


def declared_in(table: Any) -> dict[str, Column]:
    return table.row.columns if isinstance(table, Rows) else getattr(table, "columns", {})


def indicators_hold(m: NeighborhoodModel) -> None:
    row, nothing = m.recorder.values[-1], empty(m)
    for k, indicator in enumerate(INDICATORS.values()):
        values = row[:, k]
        expected = nothing.get(indicator.name, np.zeros(len(values), bool))
        assert np.array_equal(np.isnan(values), expected), indicator.name
        there = values[~np.isnan(values)]
        assert np.isfinite(there).all(), indicator.name
        assert (there >= indicator.low).all() and (there <= indicator.high).all(), indicator.name


def empty(m: NeighborhoodModel) -> dict[str, np.ndarray]:
    """Compounds (compounds,) in which a share or mean is of nothing; what is not here never is."""
    n = dict(zip(NOTES, m.recorder.notes[-1].T, strict=True))
    closed = sum(n[f"issues_{name}"] for name in COUNTS if name.startswith("closed_"))
    calls = n["issues_told_hotline"] + n["other_calls"] * n["occupied"] / 1000
    lives = sum((n[life] > 0).astype(int) for life in ("young", "working", "elderly"))
    rows = [slice(c.rows.start, c.rows.stop) for c in m.compounds]
    ties = np.array([m.ties.indptr[r.stop] - m.ties.indptr[r.start] for r in rows])
    of_the_lived_in = (
        "satisfied_share", "satisfaction", "trust_firm", "trust_committee", "trust_cell", "grievance",
        "efficacy", "complaints_per_1000", "petitions_per_1000", "tickets_per_1000", "told_per_1000", "trust_street",
        "voices_per_1000", "complaint_share",
        "open_conflict_share", "misuse_share", "contacted_share", "estranged",
    )  # fmt: skip
    return {name: n["occupied"] == 0 for name in of_the_lived_in} | {
        "collection_rate": (n["due_fen"] == 0) | (n["billed_fen"] == 0),
        "collection_households": (n["due_fen"] == 0) | (n["billed_units"] == 0),
        "collection_to_date": (n["due_fen"] == 0) | (n["year_fees_fen"] == 0),
        "collection_all_money": (n["due_fen"] == 0) | (n["year_fees_fen"] == 0),
        **{f"satisfaction_{life}": n[life] == 0 for life in ("young", "working", "elderly")},
        "free_rider_share": (n["due_fen"] == 0) | (n["occupied"] == 0),
        "property_call_share": calls == 0,
        "attendance": n["invited"] == 0,
        "cell_fidelity": np.array([c.cell.hours_asked == 0 for c in m.compounds]),
        "tie_strength": ties == 0,
        "issues_in_place_share": closed + n["issues_shelved"] == 0,
        "days_to_solve": closed == 0,
        "days_to_close": n["issues_answered"] == 0,
        "ticket_repeats": n["issues_told_hotline"] == 0,
        **dict.fromkeys(("tickets_responded", "tickets_solved"), n["issues_tickets_closed"] == 0),
        "tickets_satisfied": n["issues_tickets_asked"] == 0,
        **dict.fromkeys(
            ("firm_cash_yuan", "firm_staff", "firm_result_yuan"), m.firms["provider"] == 0
        ),
        "vote_turnout": np.isnan(m.committees["turnout"]),
        "satisfaction_gap_age": lives < 2,
        "satisfaction_gap_tenure": (n["tenants"] == 0) | (n["occupied"] == n["tenants"]),
    }


def counts_hold(m: NeighborhoodModel) -> None:
    h, n = m.households, m.census
    assert n["units"].sum() == len(h)
    assert np.array_equal(n["occupied"], n["owners"] + n["tenants"])
    assert np.array_equal(n["occupied"], n["young"] + n["working"] + n["elderly"])
    assert np.all(sum(n[f"stage_{k}"] for k in (1, 2, 3, 4)) <= n["occupied"])
    assert np.all(n["attended"] <= n["invited"])
    assert np.all(n["active"] <= n["members"]) and np.all(n["members"] <= n["occupied"])
    assert np.all((m.world.compounds["condition"] >= 0.0) & (m.world.compounds["condition"] <= 1.0))
    assert np.all((m.world.compounds["effort"] >= 0.0) & (m.world.compounds["effort"] <= 1.0))


def book_holds(m: NeighborhoodModel, before: np.ndarray) -> None:
    h, issues, held = m.households, m.issues, m.issues_held
    reporter = issues.reporter[:held]
    open_now = np.bincount(reporter, minlength=len(h))
    assert np.array_equal(h.own_open, open_now)
    assert set(issues.state[:held]) <= {LATENT, OPEN, ANSWERED}
    assert np.all((issues.level[:held] >= 0) & (issues.level[:held] < LEVELS))
    if m.config.mechanisms.issues:
        per_compound = np.bincount(h.compound, weights=open_now, minlength=m.number_of_compounds)
        count = dict(zip(COUNTS, m.worked.numbers.T, strict=True))
        gone = sum(count[name] for name in COUNTS if name.startswith("closed_")) + count["shelved"]
        assert np.array_equal(per_compound, before + count["arisen"] - gone)


def ties_hold(m: NeighborhoodModel) -> None:
    t = m.ties
    row = np.repeat(np.arange(len(m.households)), np.diff(t.indptr))
    other = np.lexsort((row, t.neighbour))
    assert np.array_equal(t.strength, t.strength[other]), "a tie is as strong from both ends"
    assert np.all((t.strength >= 0.0) & (t.strength <= 1.0))


def institutions_hold(m: NeighborhoodModel) -> None:
    for compound in m.compounds:
        committee, firm = compound.committee, compound.firm
        assert committee.state in set(State) and committee.capture in set(Capture)
        for share in (committee.competence, committee.interim, np.nan_to_num(committee.turnout),
                      firm.staff, firm.upkeep, firm.power,
                      firm.diligence, firm.skimming, firm.transparency, compound.cell.fidelity,
                      compound.community.fidelity, compound.developer.legacy,
                      compound.developer.pays_vacant):  # fmt: skip
            assert 0.0 <= share <= 1.0
        assert committee.months_in_state >= 0 and committee.failed_votes >= 0
        for cost in compound.costs:
            assert (
                cost.hours >= 0.0
                and cost.yuan >= 0.0
                and cost.measure in {*CATALOGUE, *BOOKED_BY_ACTORS}
            )


def firms_now(m: NeighborhoodModel) -> list[tuple[bool, int, float]]:
    return [(c.firm.present, c.firm.founded, c.asked_price) for c in m.compounds]


def money_holds(
    m: NeighborhoodModel, before: Households, firms: list[tuple[bool, int, float]]
) -> None:
    """What was owed or open, and is billed, has been paid, or is owed or open; where no firm came or went."""
    h, now = m.households, (m.month - 1 + m.config.scenario.first_month - 1) % 12 + 1
    fees = m.config.mechanisms.fees
    for compound, was in zip(m.compounds, firms, strict=True):
        here = compound.rows
        if was[:2] != (compound.firm.present, compound.firm.founded):
            continue
        period = int(m.world.p_bills["period"][compound.of_kind])
        left = period - (now - h.bill_month[here]) % 12 % period
        asks = fees and was[0]
        fee = np.floor(h.fee_fen[here] * was[2] + 0.5).astype(np.int64)
        billed = np.where((before.bill_months[here] == 0) & asks, left * fee, 0)
        paid = (h.credited_fen + h.recovered_fen)[here] if fees else 0
        was_out = (before.arrears_fen + before.bill_fen)[here]
        assert np.array_equal((h.arrears_fen + h.bill_fen)[here], was_out + billed - paid)
        assert (
            int(m.census["received_fen"][compound.index]) == int(h.received_fen[here].sum()) * asks
        )


def live_and_check(c: Config, seed: int) -> None:
    m = NeighborhoodModel(c, seed=seed)
    h = m.households
    columns_hold(m)
    indicators_hold(m)
    for _ in range(c.months):
        before, firms = h.copy(), firms_now(m)
        waiting = np.bincount(h.compound, weights=h.own_open, minlength=m.number_of_compounds)
        m.step()
        columns_hold(m)
        indicators_hold(m)
        counts_hold(m)
        book_holds(m, waiting)
        ties_hold(m)
        institutions_hold(m)
        money_holds(m, before, firms)


@cache
def scenario(name: str) -> dict[str, Any]:
    """A scenario, small and with a short past."""
    small = ("population.households=90", "population.buildings=2", "scenario.history_months=6")
    return load(name, *small, policy="none", months=MONTHS).resolved()


@settings(SEARCH, max_examples=15 * TIMES)
@given(st.sampled_from(choices("scenario")), policies(), st.integers(0, 2**32 - 1))
def test_every_month_holds_in_every_scenario_under_any_policy(
    name: str, measures: dict[str, Any], seed: int
) -> None:
    """Catches what only a scenario's own events, institutions and switches bring about."""
    try:
        c = change(scenario(name), {"policy": {"name": "any", "measures": measures}})
    except InputError:
        reject()  # Settings of a measure that do not go together.
    live_and_check(c, seed)


ALL_AT_ONCE = {
    name: {"start": 1, "ramp": 1, "dose": 2.0} for name in CATALOGUE
}  # Everything in double dose from the first month.


@SEARCH
@given(configurations(), st.integers(0, 2**32 - 1))
@example(check({"months": MONTHS, "policy": {"measures": ALL_AT_ONCE},
                "population": {"households": 60, "buildings": 1}}), 1)  # fmt: skip
@example(check({"months": MONTHS, "population": {"households": 60, "buildings": 2,
                "vacant_share": 1.0, "tenant_share": 0.0}}), 0)  # fmt: skip
@example(check({"months": MONTHS, "policy": {"measures": {"special_funds": {}}}, "firm": {"diligence": 0},
                "population": {"households": 60, "buildings": 1}}), 0)  # fmt: skip
@example(check({"months": MONTHS, "population": {"households": 60, "buildings": 1, "civic_mean": 5e-324,
                "civic_concentration": 0.5}}), 0)  # fmt: skip
def test_every_month_holds_whatever_is_configured(c: Config, seed: int) -> None:
    """Catches NaN, shares beyond 1, lost issues, one-sided ties, unbalanced money, and any crash."""
    live_and_check(c, seed)


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("group", GROUPS)
def test_every_month_holds_with_a_whole_group_at_the_end_of_its_ranges(
    group: str, end: str
) -> None:
    """Catches a range in the schema that is wider than its rule can bear."""
    rows = {row.key: row for row in Config.model_fields[group].annotation.describe()}  # type: ignore[union-attr]
    tree: dict[str, Any] = {}
    for key, row in rows.items():
        bound = getattr(row, end)
        # One of two shares that fill a whole together stays where it is.
        skip = key in (*SHAPE, "vacant_share", "elderly_share", "free_rider_share", "share_daily",
                       "share_weekly", "share_rarely", "area_mean")  # fmt: skip
        skip = skip or bound is None or isinstance(row.default, bool)
        if isinstance(row.default, (int, float)) and not skip:
            value: Any = int(bound) if isinstance(row.default, int) else float(bound)
            put(tree, tuple(key.split(".")), min(value, 4.0) if "first_level" in key else value)
    if group == "population":
        tree |= {"tenant_share": min(tree["tenant_share"], 0.9), "vacant_share": 0.05,
                 "young_share": min(tree["young_share"], 0.7),
                 "conditional_share": min(tree["conditional_share"], 0.7)}  # fmt: skip
    people = {"households": 90, "buildings": 2}
    tree = {group: tree} if group != "population" else {"population": tree}
    tree["population"] = tree.get("population", {}) | people
    live_and_check(check(tree | {"months": 4, "policy": {"measures": {"member_contact": {}}}}), 3)


def test_the_checks_see_what_is_wrong() -> None:
    """Catches checks that pass everything: each passes a sound state and fails a broken one."""
    m = NeighborhoodModel(check({"months": 2, "population": {"households": 80}}), seed=1)
    m.step()
    h = m.households
    before, firms, waiting = h.copy(), firms_now(m), h.own_open.sum().astype(float).reshape(1)
    m.step()
    money_holds(m, before, firms)
    book_holds(m, waiting)
    for holds in (columns_hold, indicators_hold, counts_hold, ties_hold, institutions_hold):
        holds(m)

    def fails(holds: Any, *given: Any) -> None:
        with pytest.raises(AssertionError):
            holds(m, *given)

    h.grievance[3] = np.nan
    fails(columns_hold)
    h.grievance[3] = 1.0 + 1e-9
    fails(columns_hold)
    h.own_open[5] += 1
    fails(book_holds, waiting)
    h.own_open[5] -= 1
    fails(book_holds, waiting + 1)
    m.ties.strength[0] *= 0.5
    fails(ties_hold)
    notes = m.recorder.notes[-1]
    notes[0, NOTES.index("unpaid_fen")] = 1.1 * notes[0, NOTES.index("billed_fen")]
    fails(indicators_hold)
    before.arrears_fen[7] -= 1
    fails(money_holds, before, firms)
    m.census["units"] += 1
    fails(counts_hold)
    m.compounds[0].firm.staff = 1.5
    fails(institutions_hold)
    assert isinstance(m.compounds[0].committee, OwnersCommittee)


# --- what theory says of chance ---

Look = Callable[[NeighborhoodModel], np.ndarray]


def rows(name: str) -> Look:
    return lambda m: getattr(m.households, name)


def arisen(m: NeighborhoodModel) -> np.ndarray:
    return m.worked.numbers[:, COUNTS.index("arisen")]


PUSHES: dict[str, tuple[int, Look]] = {
    **dict.fromkeys(("fees.base_conditional", "fees.base_unconditional", "fees.base_free_rider"),
                    (1, rows("paid"))),
    **dict.fromkeys(("fees.grievance", "fees.burden", "fees.strike"), (-1, rows("paid"))),
    **dict.fromkeys(("participation.base", "participation.civic"), (1, lambda m: m.census["attended"])),
    **dict.fromkeys(("turnover.tenant_moves", "turnover.owner_moves", "turnover.vacant_sold"),
                    (1, rows("moved"))),
    **{f"issues.rate.{kind}": (1, arisen) for kind in IssueParameters().rate.model_dump()},
    "commons.starts": (1, rows("misuse")), "commons.stops": (-1, rows("misuse")),
    "conflict.tires": (-1, rows("stage")),
}  # fmt: skip
"""Which way a parameter can only move what, in the first month."""

FEW = settings(SEARCH, max_examples=12 * TIMES)


def first_month(c: Config, key: str, value: float, seed: int) -> NeighborhoodModel:
    m = NeighborhoodModel(change(c.resolved(), {key: value}), seed=seed)
    m.step()
    return m


@settings(SEARCH, max_examples=30 * TIMES)
@given(configurations(), st.sampled_from(sorted(PUSHES)), st.data(), st.integers(0, 2**32 - 1))
def test_a_stronger_push_moves_nobody_the_other_way(
    c: Config, key: str, data: st.DataObject, seed: int
) -> None:
    """Two worlds share every draw, so in their first month a push can only add to who is pushed.

    Catches draws that move when a parameter does, and a sign that is wrong.
    """
    row = {row.key: row for row in Config.describe()}[key]
    ends = data.draw(st.tuples(*[st.floats(row.low, row.high)] * 2).map(sorted))
    sign, look = PUSHES[key]
    less, more = (look(first_month(c, key, value, seed)) for value in ends)
    assert np.all(sign * less.astype(int) <= sign * more.astype(int))


@FEW
@given(configurations(), st.integers(0, 2**32 - 1))
def test_a_run_is_the_same_again_and_from_a_fork(c: Config, seed: int) -> None:
    """Catches state that a run leaves behind or a fork forgets, whatever is configured."""
    whole, again = NeighborhoodModel(c, seed=seed), NeighborhoodModel(c, seed=seed)
    whole.run()
    # As late as a fork may be: before the first measure.
    first = min([MONTHS, *(entry.parameters.start for entry in c.policy.entries())])
    while again.month < first - 1:
        again.step()
    twin = again.fork(c)
    again.run(), twin.run()
    for other in (again, twin):
        assert other.recorder.values.tobytes() == whole.recorder.values.tobytes()
        assert list(other.recorder.costs) == list(whole.recorder.costs)
        for name in Households.columns:
            mine, theirs = getattr(other.households, name), getattr(whole.households, name)
            assert mine.tobytes() == theirs.tobytes(), name
