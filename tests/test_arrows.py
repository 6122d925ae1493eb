"""Causal arrows: each can be cut alone, its target is then what its declaration says, and each does something."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.agents.assembly import trust_at_least
from sim.agents.budget import Provider
from sim.agents.committee import Capture, State
from sim.build import weights
from sim.compose import load
from sim.config import Config, Mechanisms, change
from sim.errors import InputError
from sim.experiments.run import run
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.processes import handling, issues, voices
from sim.processes.assembly import Matter
from sim.processes.bills import expect
from sim.processes.commons import feel_stopped
from sim.processes.issues import DOORS, Door, Status
from sim.processes.participation import weigh
from sim.processes.service import LINES
from sim.questions.compare import compare
from sim.world.arrows import ARROWS
from sim.world.process import do_in_python
from sim.world.world import World

SMALL = {"households": 160, "buildings": 4, "stairs_per_building": 2, "floors": 10}
SIM = Path(__file__).resolve().parent.parent / "sim"

MEASURES = (
    "committee_drive", "member_contact", "lead_by_paying", "staff_visits", "fee_suits", "mediation",
    "digital_platform", "joint_enforcement", "building_meetings", "disclosure", "credit_file", "service_standard",
    "supervision_evaluation", "mutual_help", "grid_inspection", "public_revenue",
)  # fmt: skip
GOVERNED = {"measures": {**{name: {} for name in MEASURES}, "moral_appeal": {"boost": 0.3}}}
RUNS: list[tuple[str, dict[str, Any]]] = [
    ("kangqiao", {"policy": GOVERNED, "months": 48, "population": SMALL}),
    ("kangqiao", {
        "policy": ["building_meetings", "party_organisation"], "months": 60, "population": SMALL,
        "fund": {"yuan_per_m2": 0.0}, "committee": {"state": "working", "seats_least": 4, "idles": 0.06},
        "scenario__history": {"parking_rents": {"start": -20}}}),
    ("kangqiao", {
        "policy": "none", "months": 60, "population": SMALL, "fund": {"yuan_per_m2": 40.0},
        "committee": {"state": "working"}}),
    ("tongqiao", {
        "policy": "committee_drive", "months": 72, "population": SMALL | {"households": 100},
        "committee": {"candidates": 50.0},
        "firm": {"loss_patience": 2, "leaves": 0.5, "reserve_months": 0.5}}),
    ("tongqiao", {
        "policy": {"measures": {"supervision_evaluation": {"start": -30}}}, "months": 12,
        "population": SMALL | {"households": 100},
        "committee": {"state": "working", "idles": 0.2, "captured": 0.2, "registers": 1.0}}),
    ("kangqiao", {
        "policy": {"measures": {name: {"start": -30} for name in ("committee_drive", "supervision_evaluation")}},
        "months": 48, "population": SMALL,
        "committee": {"attempts": 0.1, "candidates": 50.0, "idles": 0.1, "registers": 1.0},
        "assembly": {
            "distrusted": 0.9, "patience": 1, "moves": 1.0, "change_agrees": 0.0, "change_distrust": 0.9},
        "voices": {"ease": {"petition": 0.0}}}),
    ("shenhong", {
        "policy": "none", "months": 24, "population": SMALL, "assembly": {"moves": 1.0},
        "committee": {"state": "working"}}),
    ("ordinary_estate", {
        "policy": {"measures": {"interim_committee": {}, "moral_appeal": {"boost": 0.3}}},
        "months": 12, "population": SMALL,
        "committee": {"attempts": 1.0, "convenes": 0.0, "candidates": 50.0}}),
    ("ordinary_estate", {
        "policy": "none", "months": 36, "population": SMALL | {"grievance_start": 0.9},
        "firm": {"full_cost": 1.0, "diligence": 0.95},
        "conflict": {"legacy": 0.9, "threshold_open": 0.3, "forgets": 0.02}, "developer": {"legacy": 0.9},
        "voices": {"ease": {"hotline": 2.0}},
        "committee": {"state": "working", "idles": 0.0, "captured": 0.3, "self_serving": 0.0},
        "assembly": {"moves": 1.0, "distrusted": 0.8, "patience": 1}}),
    ("ordinary_estate", {
        "policy": "none", "months": 36, "population": SMALL | {"satisfaction_start": 0.8},
        "firm": {"full_cost": 1.1, "diligence": 1.0}, "assembly": {"moves": 1.0, "distrusted": 0.0},
        "committee": {"state": "working", "idles": 0.0, "captured": 0.0}}),
    ("ordinary_estate", {
        "policy": "none", "months": 24, "population": SMALL | {"trust_start": 0.1}, "firm": {"diligence": 0.1},
        "assembly": {
            "moves": 1.0, "distrusted": 0.99, "patience": 1, "change_agrees": 0.1, "change_distrust": 0.8,
            "volunteers": 200.0, "volunteer_hours": 100.0, "stays_away": 0.0},
        "committee": {"state": "working", "idles": 0.0, "captured": 0.0}}),
]  # fmt: skip
"""A small fixed set: a compound under many measures, two with a committee, a street whose firms go, one
with committees, and a compound that elects, petitions and changes its firm, one that has
none and may vote for it, and one in which most pay, letters go out, and the street convenes an election
only where it is supported; an angry one whose committee goes to war, and a content one that its firm's income does
not pay for, and one that dismisses its firm."""

_lived: dict[tuple[int, str], np.ndarray] = {}


def noted(config: Config) -> np.ndarray:
    """All that is written down of one run."""
    model = NeighborhoodModel(config, seed=2)
    model.run()
    return np.array(model.recorder.notes)


@pytest.fixture(scope="module")
def trees() -> list[tuple[dict[str, Any], np.ndarray]]:
    """The set's configurations, and what they come to with every arrow in place."""
    configs = [load(scenario, **keys) for scenario, keys in RUNS]
    return [(config.resolved(), noted(config)) for config in configs]


@pytest.mark.parametrize("name", list(ARROWS))
def test_cutting_an_arrow_changes_something(
    name: str, trees: list[tuple[dict[str, Any], np.ndarray]]
) -> None:
    """Catches an arrow that no rule reads, or that never does anything."""
    cuts = (noted(change(tree, {"cut": [name]})) for tree, _ in trees)
    wholes = (whole for _, whole in trees)
    assert any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(cuts, wholes, strict=True))


def test_no_cut_is_the_run_as_it_was() -> None:
    """Catches weights that change a bit where nothing is cut: cut empty and cut left out are one run."""
    config = load("kangqiao", policy="none", months=2, population=SMALL)
    named = load("kangqiao", policy="none", months=2, population=SMALL, cut=[])
    assert config.fingerprint() == named.fingerprint()
    assert noted(config).tobytes() == noted(named).tobytes()


def test_arrows_are_declared_beside_the_rule_that_has_them() -> None:
    """Catches a declaration whose rule lies elsewhere or was taken out, and a rule whose arrow nobody declared."""
    read: dict[str, set[str]] = {}
    for path in SIM.rglob("*.py"):
        module = ".".join(("sim", *path.relative_to(SIM).with_suffix("").parts))
        for name in re.findall(
            r"\b(?:on|arrows|p_arrows\[0\])\.([a-z_]+_to_[a-z_]+)", path.read_text(encoding="utf-8")
        ):
            read.setdefault(name, set()).add(module)
    assert read.keys() == ARROWS.keys()
    for name, one in ARROWS.items():
        assert one.module in read[name], name


def test_every_mechanism_has_an_arrow() -> None:
    """Catches a process or mechanism of the documents that nothing can cut."""
    modules = {one.module for one in ARROWS.values()}
    of_switch: dict[str, set[str]] = {}
    for process in MONTH:
        run = getattr(process.run, "py_func", process.run)
        of_switch.setdefault(process.switch, set()).add(run.__module__)
    # Moving in and out has no cause in the model; ties are a switch of ``look_around``.
    for switch in set(Mechanisms.model_fields) - {"turnover", "ties"}:
        assert of_switch[switch] & modules, switch
    assert ARROWS.keys() >= {
        # Issue 19: bills, firms that can fail, owners who decide, what is named must act, newcomers.
        "year_end_to_pay", "reminders_to_bills", "reminders_to_pay", "suits_to_pay", "calls_to_bills",
        "willingness_to_old_debts", "price_to_pay", "votes_to_norm", "income_to_effort", "loss_to_exit",
        "exit_to_emergency", "rate_to_entry", "self_running_to_tiring", "distrust_to_dismissal",
        "shortfall_to_price_votes", "drive_to_committees", "capture_to_revenue", "committee_to_revenue",
        "committee_to_accounts", "supervision_to_effort", "fund_to_repair", "meetings_to_repair",
        "parking_to_problems", "parking_to_misuse", "rents_to_grievance", "amenities_to_satisfaction",
        "credit_to_effort", "service_to_estranged", "estranged_to_attendance", "first_months_to_newcomers",
    }  # fmt: skip


@pytest.mark.parametrize("one", ARROWS.values(), ids=list(ARROWS))
def test_every_arrow_is_told_in_both_languages(one: Any) -> None:
    """Catches a declaration without its Chinese, or with marks of half width in it."""
    for text in (one.zh, one.zh_neutral):
        assert re.search(r"[一-鿿]", text) and not re.search(r"[,;:?!()]", text), text
    assert one.en and one.neutral


# --- how it is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["incom_to_effort"], "did you mean income_to_effort"),
        (["income->effort"], "did you mean income_to_effort"),
        ([3], "cut.0: 3 is not allowed"),
        ({"norm_to_pay": 1}, "cut"),
    ],
)
def test_what_is_no_arrow_is_refused(given: Any, told: str) -> None:
    """Catches a misspelt arrow that is passed over, so that a whole run is taken for one that is cut."""
    with pytest.raises(InputError, match=re.escape(told)):
        load(cut=given)


def test_a_cut_has_one_form() -> None:
    """Catches two orders of one cut that count as two questions, and a name alone that is refused."""
    both = load(cut=["norm_to_pay", "income_to_effort", "norm_to_pay"])
    assert both.cut == ["income_to_effort", "norm_to_pay"]
    assert load(None, "cut=norm_to_pay").cut == ["norm_to_pay"]
    assert both.fingerprint() != load().fingerprint()


def test_run_and_compare_cut(tmp_path: Path) -> None:
    """Catches a command that forgets the cut, in the run itself, in its manifest or in the shared past."""
    keys: dict[str, Any] = {"months": 3, "replications": 2, "population": SMALL}
    whole, without = (
        run(load("kangqiao", policy="none", cut=cut, **keys), out=tmp_path)
        for cut in ([], ["grievance_to_pay"])
    )
    assert not whole.months.equals(without.months)
    assert without.folder is not None
    assert "grievance_to_pay" in (without.folder / "manifest.json").read_text(encoding="utf-8")
    answer = compare("kangqiao", policies=["building_meetings"], cut=["grievance_to_pay"], **keys)
    alone = answer.months[answer.months["policy"] == "none"]
    kept = without.months["collection_rate"].to_numpy()
    assert np.array_equal(alone["collection_rate"].to_numpy(), kept, equal_nan=True)


def test_arrows_can_be_cut_in_the_midst_of_a_run() -> None:
    """Catches a cut that needs the first month: the lock and the recovery are looked at from month 1 on."""
    config = load("kangqiao", policy="none", months=12, population=SMALL)
    without = load("kangqiao", policy="none", months=12, population=SMALL, cut=["grievance_to_pay"])
    past = NeighborhoodModel(config, seed=2)
    past.live_until(0)
    fork = past.fork(config)
    fork.change_rules(without)
    fork.run()
    past.run()
    a, b = past.recorder.notes, fork.recorder.notes
    assert np.array_equal(a[:37], b[:37], equal_nan=True) and not np.array_equal(a[37:], b[37:])


# --- what a rule sees where it is cut ---------------------------------------------------------------

Act = Callable[[World], Any]


class Case(NamedTuple):
    """One arrow: how its cause is set, what is done, and what is read.

    Attributes:
        cause: Sets the cause to something, of a world.
        neutral: Sets it to what the declaration names.
        act: What the cause acts through; what it gives back is read too.
        read: What it acts on.
    """

    cause: Act
    neutral: Act
    act: Act
    read: Act


def _set(places: dict[str, Any]) -> Act:
    """Set columns, as in ``{"households.norm": 0.5}``, parameters as in ``{"p_fees.service": 0}``, or fields of all
    rows as in ``{"firms.staff": 1}``."""

    def act(world: World) -> None:
        for place, value in places.items():
            table, name = place.split(".")
            if table in ("households", "buildings", "issues"):
                column = getattr(world.tables[table], name)
                column[: len(column)] = value
            elif table.startswith("p_"):
                world.tables[table][name] = value
            elif table == "world":
                setattr(world, name, value)
            else:
                held = world.tables[table][name]
                held[:] = value

    return act


def _do(*processes: str) -> Act:
    def act(world: World) -> None:
        for name in processes:
            do_in_python(world, MONTH.processes[MONTH.at(name)])

    return act


def _read(place: str) -> Act:
    table, name = place.split(".")

    def read(world: World) -> np.ndarray:
        if table in ("households", "buildings", "ties", "issues"):
            return np.array(getattr(world.tables[table], name), float)
        return np.array(world.tables[table][name][:1], float)

    return read


def _both(*acts: Act) -> Act:
    def act(world: World) -> Any:
        return [one(world) for one in acts][-1]

    return act


def pairs(
    place: str, some: Any, neutral: Any, act: Act | str, read: str = "", given: Any = None
) -> Case:
    """A cause that is one column, parameter or field, or several of the same value."""
    before = _set(given or {})
    names = place.split(",")
    return Case(
        _both(before, _set(dict.fromkeys(names, some))),
        _both(before, _set(dict.fromkeys(names, neutral))),
        _do(act) if isinstance(act, str) else act,
        _read(read) if read else lambda world: np.zeros(1),
    )


def _weigh(world: World) -> np.ndarray:
    c, push = world.compounds[0], np.zeros(world.compounds[0].households)
    weigh(c, c.first, c.last, 0.0, push)
    return push


def _call(table: str, method: str, *given: Any) -> Act:
    def act(world: World) -> None:
        getattr(world.row(table, 0), method)(*given)

    return act


def _cut(name: str) -> dict[str, float]:
    return {f"p_arrows.{name}": 0.0}


def _ballot(matter: Matter) -> Act:
    return lambda world: np.array(world.assemblies[0].appeal(int(matter)))


_NEWCOMER = {"satisfaction": 0.6, "trust": 0.5}
_START = np.array([0.75, 0.75, 0.75, 0.75, 0.6])
_LASTING = (
    np.array([0.12, 0.04, 0.10, 0.06, 0.012])
    * _START
    / (np.array([0.50, 0.16, 0.40, 0.25, 0.05]) * (1.0 - _START))
)
_NOVEMBER = {"world.first_month": 1, "world.month": 11}
_SETTLED = _cut("first_months_to_newcomers") | _cut("service_to_estranged")
_OFFERS = _do("begin_month", "firms.offer", "committees.offer")
_WORKING = {"committees.state": State.WORKING, "committees.capture": Capture.REPRESENTATIVE,
            "committees.competence": 0.9, "committees.stands_in": False}  # fmt: skip
_MAY_ELECT = {"committees.state": State.NONE, "committees.failed_votes": 0, "p_committee.attempts": 1.0,
              "p_committee.candidates": 500.0}  # fmt: skip
_MEETS = {"buildings.meeting": 1, "buildings.followed": 0.9, "p_participation.base": 9.0}
_VISITS = {"signals.visit_share": 1.0, "signals.visit_every": 1.0, "signals.visit_boost": 0.4,
           "signals.cell_fidelity": 0.9, "households.contact": 0.0}  # fmt: skip


def _committee(**some: Any) -> Act:
    return _set({f"committees.{name}": value for name, value in some.items()})


def _expected_income(world: World) -> None:
    firm = world.firms[0]
    firm.receipts[:] = firm._expected_fen(float(firm.p.reckons))


def _no_income(world: World) -> None:
    world.firms[0].receipts[:] = 0


def _fall(share: float) -> Act:
    def act(world: World) -> None:
        world.tables["census"]["efficacy"][0] = share * world.census[0].occupied

    return act


def _mean(counted: str, share: float) -> Act:
    def act(world: World) -> None:
        world.tables["census"][counted][0] = share * world.census[0].occupied

    return act


def _loss(fen: int) -> Act:
    def act(world: World) -> None:
        firm = world.firms[0]
        world.tables["p_firm"]["leaves"] = 1.0
        firm.provider, firm.months, firm.months_in_debt, firm.contract_end = (
            Provider.FIRM,
            24,
            99,
            10**6,
        )
        firm.results[:], firm.cash_fen = fen, fen * 10**3

    return act


def _chances(world: World) -> np.ndarray:
    return np.array(issues._chances(world.compounds[0]))


def _compound_of(world: World, j: int) -> Any:
    return world.compounds[world.households.compound[world.issues.reporter[j]]]


def _close(at: int, act: Any) -> Act:
    def close(world: World) -> None:
        world.issues.level[0] = at
        act(_compound_of(world, 0), 0, float(world.issues.ready[0]) + 1.0)

    return close


def _doors(world: World) -> np.ndarray:
    weights = np.zeros(DOORS)
    voices._weigh(_compound_of(world, 0), 0, world.issues.reporter[0], weights)
    return weights


def _sent(world: World) -> np.ndarray:
    handling.send(_compound_of(world, 0), 0, 1, 0.0, 0.01)
    return world.issues.ready[:1]


CASES: dict[str, Case] = {
    # fees
    "neighbours_to_norm": Case(
        _set({"households.seen_paid": 0.2, "households.norm": 0.7, "households.asked": 1, "signals.published": 0.3}),
        _set({"households.seen_paid": 0.7, "households.norm": 0.7, "households.asked": 1, "signals.published": 0.3}),
        _do("form_norm"), _read("households.norm")),
    "published_to_norm": pairs("signals.published", 0.5, 0.0, "form_norm", "households.norm", {
        "households.norm": 0.9, "households.seen_paid": 0.9, "households.asked": 1}),
    "satisfaction_to_pay": pairs("households.satisfaction", 0.1, _NEWCOMER["satisfaction"], "would_pay",
        "households.willing"),
    "norm_to_pay": pairs("households.norm", 0.1, 0.5, "would_pay", "households.willing", {"households.asked": 1}),
    "trust_to_pay": pairs("households.trust_firm", 0.1, 0.5, "would_pay", "households.willing"),
    "habit_to_pay": pairs("households.habit", 0.1, 0.5, "would_pay", "households.willing", {"households.asked": 1}),
    "grievance_to_pay": pairs("households.grievance", 0.9, 0.0, "would_pay", "households.willing"),
    "conflict_to_pay": pairs("households.stage", 3, 0, "would_pay", "households.willing"),
    "contact_to_pay": pairs("households.contact", 0.9, 0.0, "would_pay", "households.willing"),
    "price_to_pay": pairs("households.dear", 0.4, 0.0, "would_pay", "households.willing", {
        "compounds.price": 1.0, "firms.fee_level": 1.0, "signals.price_ratio": 1.0}),
    "hardship_to_pay": pairs("households.burden", 0.9, 0.0, "would_pay", "households.willing"),
    "free_habit_to_pay": pairs("households.free_habit", 0.9, 0.0, "would_pay", "households.willing"),
    "reminders_to_pay": pairs("signals.dunning", 0.9, 0.0, "would_pay", "households.willing",
        {"households.arrears_months": 3}),
    "pledge_to_pay": pairs("signals.pledge", 2.0, 0.0, "would_pay", "households.willing", {"households.active": 1}),
    "appeal_to_pay": pairs("signals.appeal", 0.5, 0.0, "would_pay", "households.willing"),
    "self_running_to_pay": pairs("firms.volunteers", 0.9, 0.0, "would_pay", "households.willing"),
    # bills
    "year_end_to_pay": pairs("p_bills.year_end", 0.9, 0.0, "pay", "households.paid", _NOVEMBER | {
        "households.willing": 0.9, "households.reluctance": 0.1, "households.bill_fen": 1000,
        "households.bill_months": 12,
        "households.bill_month": 1, "households.called_on": 0, "households.summoned": 0}),
    "reminders_to_bills": pairs("signals.dunning", 1.0, 0.5, "pay", "households.bill_fen", _NOVEMBER | {
        "households.willing": 0.9, "households.reluctance": 0.1, "households.bill_fen": 1000,
        "households.bill_months": 12,
        "households.bill_month": 1, "households.called_on": 0}),
    "calls_to_bills": pairs("households.called_on", 1, 0, "pay", "households.bill_fen", {
        "households.willing": 0.9, "households.reluctance": 0.1, "households.bill_fen": 1000,
        "households.bill_months": 12,
        "households.bill_month": 1, "world.month": 3}),
    "suits_to_pay": pairs("households.summoned", 2, 0, "pay", "households.arrears_fen", {
        "households.arrears_fen": 5000, "households.arrears_months": 30, "households.held_back": 1.0,
        "households.called_on": 0}),
    "willingness_to_old_debts": pairs("households.held_back", 0.0, 1.0, "pay", "households.arrears_fen", {
        "households.arrears_fen": 5000, "households.arrears_months": 30, "households.called_on": 1,
        "households.willing": 0.9}),
    "developer_to_pay": pairs("signals.developer_pays", 0.0, 0.8, "pay", "households.bill_fen", {
        "households.tenure": 2, "households.called_on": 1, "households.bill_fen": 1000, "households.bill_months": 12,
        "households.bill_month": 1, "households.reluctance": 0.5, "world.month": 3}),
    "votes_to_norm": Case(
        _set({"households.asked": 0, "households.norm": 0.2}), _set({"households.asked": 1, "households.norm": 0.2}),
        lambda world: expect(world.compounds[0], 0.9), _read("households.norm")),
    # perception
    "service_to_estranged": pairs("signals.firm_present", 1.0, 0.0, "perceive", "households.estranged", {
        "households.satisfaction": 0.9, "households.estranged": 0.4}),
    "problems_to_satisfaction": pairs("households.own_open", 3, 0, "perceive", "households.satisfaction"),
    "neighbours_to_satisfaction": pairs("p_perception.hearsay", 0.5, 0.0, "perceive", "households.satisfaction"),
    "accounts_to_satisfaction": pairs("signals.transparency", 0.9, 0.2, "perceive", "households.satisfaction"),
    "first_months_to_newcomers": pairs("households.lived_here", 0, 1200, "perceive", "households.satisfaction"),
    "satisfaction_to_trust": pairs("households.satisfaction", 0.1, _NEWCOMER["satisfaction"], "perceive",
        "households.trust_firm", _SETTLED | {"p_perception.speed": 0.0}),
    "accounts_to_trust": pairs("signals.transparency", 0.9, 0.2, "perceive", "households.trust_firm", {
        "p_perception.opacity": 0.0}),
    "legacy_to_trust": pairs("signals.legacy", 0.8, 0.0, "perceive", "households.trust_firm", {"signals.blame": 1.0}),
    "revelations_to_trust": pairs("signals.revealed", 0.8, 0.0, "perceive", "households.trust_firm"),
    "image_to_committee_trust": pairs("signals.committee_image", 0.9, 0.5, "perceive", "households.trust_committee"),
    "estranged_to_cell_trust": pairs("households.estranged", 0.9, 0.0, "perceive", "households.trust_cell",
        {"p_perception.turns_to_firm": 0.0}),
    # participation
    "efficacy_to_attendance": pairs("households.efficacy", 0.9, 0.5, _weigh),
    "grievance_to_attendance": pairs("households.grievance", 0.9, 0.0, _weigh),
    "estranged_to_attendance": pairs("households.estranged", 0.9, 0.0, _weigh),
    "digital_to_attendance": pairs("signals.digital", 0.9, 0.0, _weigh),
    "meetings_to_grievance": pairs("p_participation.relief", 0.5, 0.0, "attend", "households.grievance", _MEETS | {
        "households.grievance": 0.8}),
    "meetings_to_efficacy": pairs("p_participation.efficacy_speed", 0.5, 0.0, "attend", "households.efficacy",
        _MEETS),
    "meetings_to_cell_trust": pairs("p_participation.meeting_trust", 0.5, 0.0, "attend", "households.trust_cell",
        _MEETS),
    "contacts_to_estranged": pairs("p_participation.reacquaints", 0.5, 0.0, "attend", "households.estranged",
        _MEETS | {
        "households.estranged": 0.8}),
    "visits_to_grievance": pairs("p_participation.visit_calms", 0.5, 0.0, "be_visited", "households.grievance",
        _VISITS | {
        "households.grievance": 0.8}),
    "visits_to_trust": pairs("p_participation.visit_trust", 0.5, 0.0, "be_visited", "households.trust_cell", _VISITS),
    "causes_to_calls": pairs("households.own_open", 3, 0, "be_called_on", "households.contact", {
        "signals.door_share": 1.0, "signals.door_full": 1.0, "signals.door_boost": 0.5, "households.stage": 1,
        "compounds.parking_unheard": 0.0}),
    "tasks_to_members": pairs("p_cell.recruits", 0.9, 0.0, "join_in", "households.active", {
        "households.member": 1, "households.active": 0, "cells.asked": 1, "signals.cell_recruits": 0.0}),
    # commons, parking, ties
    "neighbours_to_misuse": pairs("p_commons.imitation", 9.0, 0.0, "use_commons", "households.misuse", {
        "households.seen_misuse": 0.6}),
    "condition_to_misuse": Case(
        _set({"p_commons.need": 5.0, "compounds.condition": 0.0, "households.misuse": 0}),
        _set({"p_commons.need": 5.0, "compounds.condition": _START, "households.misuse": 0}),
        _do("use_commons"), _read("households.misuse")),
    "parking_to_misuse": pairs("p_parking.crowding", 5.0, 0.0, "use_commons", "households.misuse", {
        "compounds.places": 0, "households.misuse": 0}),
    "enforcement_to_misuse": pairs("signals.enforcement", 3.0, 0.0, "use_commons", "households.misuse", {
        "households.misuse": 1}),
    "force_to_cell_trust": Case(
        _set({"households.misuse_before": 1, "households.misuse": 0, "households.moved": 0}),
        _set({"households.misuse_before": 0, "households.misuse": 0, "households.moved": 0}),
        lambda world: feel_stopped(world.compounds[0], 0, 1.0, 0.5, 0.2), _read("households.trust_cell")),
    "rents_to_grievance": pairs("compounds.parking_unheard", 0.5, 0.0, "resent_rents", "households.grievance"),
    "meetings_to_ties": pairs("p_network.meet", 0.5, 0.0, _do("show", "look_around"), "ties.strength", {
        "households.attended": 1}),
    # compound
    "effort_to_condition": Case(
        _set({"compounds.effort": 0.0, "compounds.wear_here": 1.0}),
        _set({"compounds.effort": _LASTING, "compounds.wear_here": 1.0}),
        _do("compounds.wear"), _read("compounds.condition")),
    "misuse_to_condition": pairs("census.misuse", 50.0, 0.0, "compounds.wear", "compounds.condition"),
    "condition_to_satisfaction": Case(
        _set({"compounds.condition": 0.1}), _set({"compounds.condition": _START}),
        _do("compounds.meet_needs"), _read("compounds.met")),
    "amenities_to_satisfaction": pairs("compounds.built", 0.2, 1.0, "compounds.meet_needs", "compounds.met"),
    # firm
    "supervision_to_effort": pairs("signals.supervision", 0.9, 0.0, "firms.serve", "compounds.effort"),
    "standards_to_effort": pairs("signals.diligence_gain", 0.9, 0.0, "firms.serve", "compounds.effort"),
    "supervision_to_skimming": pairs("signals.supervision", 0.9, 0.0, "firms.close_books", "firms.skimming", {
        "firms.skimming": 0.3}),
    "income_to_effort": Case(_no_income, _expected_income, _call("firms", "_plan"), _read("firms.staff")),
    "loss_to_exit": Case(_loss(-(10**6)), _loss(10**6), _call("firms", "_stay_or_go", (0.0,) * 4),
        _read("firms.provider")),
    "rate_to_entry": pairs("firms.place_rate", 0.35, 0.8, lambda world: np.array([world.firms[0].prospect]), "", {
        "p_firm.expects_least": 0.1}),
    "exit_to_emergency": pairs("firms.just_left", True, False, _call("firms", "_find_somebody", (1.0, 1.0, 1.0, 0.0)),
        "firms.provider"),
    "efficacy_to_self_running": Case(
        _both(_set({"p_firm.self_runs": 1.0, "p_firm.self_run_size": 5000.0, "firms.just_left": False}), _fall(0.9)),
        _both(_set({"p_firm.self_runs": 1.0, "p_firm.self_run_size": 5000.0, "firms.just_left": False}), _fall(0.5)),
        _call("firms", "_find_somebody", (1.0, 0.7, 1.0, 1.0)), _read("firms.provider")),
    "self_running_to_tiring": pairs("p_firm.tires", 0.2, 0.0, _call("firms", "_tire", False, (1.0,) * 4),
        "firms.volunteers", {
        "firms.provider": Provider.SELF_RUN, "firms.volunteers": 0.9}),
    # owners' meeting
    "distrust_to_dismissal": Case(
        _both(_set({"firms.provider": Provider.FIRM, "firms.founded": -99}), _mean("trust_firm", 0.0)),
        _both(_set({"firms.provider": Provider.FIRM, "firms.founded": -99}), _mean("trust_firm", 1.0)),
        _call("assemblies", "decide", (1.0,) * 4), _read("assemblies.distrust")),
    "shortfall_to_price_votes": Case(
        _both(_set(_WORKING | {"firms.provider": Provider.FIRM, "firms.staff": 0.3, "compounds.condition": 1.0,
                               "compounds.price": 1.0, "assemblies.distrust": 0, "funds.pool_fen": 0}),
              _mean("satisfaction", 1.0)),
        _both(_set(_WORKING | {"firms.provider": Provider.FIRM, "firms.staff": 1.0, "compounds.condition": 1.0,
                               "compounds.price": 1.0, "assemblies.distrust": 0, "funds.pool_fen": 0}),
              _mean("satisfaction", 1.0)),
        lambda world: np.array([float(world.assemblies[0]._is_due(int(Matter.RAISE_PRICE)))]), lambda world: np.zeros(1)),
    "trust_to_firm_votes": pairs("households.trust_firm", 0.1, 0.5, _ballot(Matter.CHOOSE_FIRM)),
    "committee_trust_to_votes": pairs("households.trust_committee", 0.1, 0.5, _ballot(Matter.ELECT)),
    "satisfaction_to_votes": pairs("households.satisfaction", 0.1, 0.6, _ballot(Matter.RAISE_PRICE)),
    "free_habit_to_votes": pairs("households.free_habit", 0.9, 0.0, _ballot(Matter.FIRST_FIRM)),
    "competence_to_choice": pairs("committees.competence", 0.9, 0.0, _call("assemblies", "_bring_in_firm"),
        "firms.diligence", _WORKING),
    "choice_to_trust": Case(
        _set({"households.trust_firm": 0.2}), _set({"households.trust_firm": 0.2, "p_arrows.choice_to_trust": 0.0}),
        lambda world: trust_at_least(world.compounds[0], 0.4), _read("households.trust_firm")),
    # committee
    "committee_to_image": Case(_set(_WORKING), _set({"committees.state": State.NONE, "committees.failed_votes": 0}),
        _OFFERS, _read("signals.committee_image")),
    "committee_to_supervision": Case(_set(_WORKING), _set({"committees.state": State.NONE}), _OFFERS,
        _read("signals.supervision")),
    "committee_to_accounts": Case(_set(_WORKING), _set({"committees.state": State.NONE}), _OFFERS,
        _read("signals.transparency")),
    "committee_to_handling": Case(_set(_WORKING), _set({"committees.state": State.NONE}), _OFFERS,
        _read("signals.compound_hours")),
    "discontent_to_elections": Case(
        _both(_set(_MAY_ELECT | {"p_committee.convenes": 1.0}), _mean("grievance", 1.0)),
        _both(_set(_MAY_ELECT | {"p_committee.convenes": 1.0}), _mean("grievance", 0.0), _mean("satisfaction", 1.0)),
        _call("committees", "_think_of_election", (0.6,) * 4), _read("committees.state")),
    "support_to_elections": Case(
        _both(_set(_MAY_ELECT | {"signals.committee_care": 1.0}), _mean("grievance", 1.0)),
        _both(_set(_MAY_ELECT | {"signals.committee_care": 0.0}), _mean("grievance", 1.0)),
        _call("committees", "_think_of_election", (0.6,) * 4), _read("committees.state")),
    "efficacy_to_candidates": Case(_mean("efficacy", 0.9), _mean("efficacy", 0.5),
        lambda world: np.array([world.committees[0]._willing()]), lambda world: np.zeros(1)),
    "skimming_to_elections": pairs("firms.skimming", 0.9, 0.0, _call("committees", "_hold_election", (0.5,) * 4),
        "signals.canvass", {"signals.committee_care": 0.0}),
    "failed_votes_to_committee_trust": pairs("p_committee.vote_trust", 0.5, 0.0,
        _call("committees", "_hold_election", (0.5,) * 4), "households.trust_committee",
        {"p_committee.candidates": 0.0}),
    "support_to_steadiness": pairs("signals.committee_care", 1.0, 0.0, _call("committees", "_serve_term", (0.5,) * 4),
        "committees.state", _WORKING | {"p_committee.idles": 1.0, "committees.party_share": 0.0}),
    "stirring_to_grievance": pairs("p_committee.stirs", 0.5, 0.0, _call("committees", "_stir"),
        "households.grievance"),
    # common money
    "committee_to_revenue": pairs("committees.competence", 0.9, 0.0, _call("funds", "claim", 100_000),
        "funds.pool_fen",
        _WORKING),
    "capture_to_revenue": pairs("committees.capture", Capture.SELF_SERVING, Capture.REPRESENTATIVE,
        _call("funds", "_be_robbed"), "funds.pool_fen", {"committees.state": State.WORKING, "funds.pool_fen": 10**6}),
    "fund_to_repair": pairs("funds.fund_fen", 10**8, 0, _call("funds", "repair_from_fund"), "compounds.condition", {
        "compounds.condition": 0.2}),
    "meetings_to_repair": pairs("p_fund.gives", 1.0, 0.0, "funds.close_month", "funds.gifts_fen", {
        "compounds.condition": 0.2, "funds.fund_fen": 0, "buildings.meeting": 1, "buildings.open": 3.0,
        "households.attended": 1, "households.burden": 0.0, "households.civic": 0.9}),
    # developer, street
    "petitions_to_legacy": pairs("census.petitions", 50.0, 0.0, _call("developers", "decide", (0.0,) * 4),
        "developers.legacy", {"developers.legacy": 0.5}),
    "problems_to_attention": Case(
        _set({"compounds.unsolved": 10**6}), _set({"p_community.attention_need": 0.0}),
        _do("streets.offer"), _read("signals.street_hours")),
    # conflict
    "problems_to_grievance": pairs("households.own_open,buildings.open_per_household", 2, 0, "resent",
        "households.grievance"),
    "legacy_to_grievance": pairs("signals.legacy", 0.9, 0.0, "resent", "households.grievance"),
    "satisfaction_to_grievance": pairs("households.satisfaction", 0.1, 0.5, "resent", "households.grievance"),
    "change_of_firm_to_grievance": pairs("firms.founded", 2, 0, "resent", "households.grievance", {
        "world.month": 3, "firms.months": 1, "firms.exits_loss": 1, "households.grievance": 0.5}),
    "mediation_to_grievance": pairs("signals.mediation", 1.0, 0.0, "resent", "households.grievance", {
        "households.stage": 2, "households.grievance": 0.8}),
    "grievance_to_conflict": pairs("households.grievance", 0.9, 0.0, "climb", "households.stage", {
        "households.stage": 3, "households.seen_open": 1.0, "households.threshold": 0.1, "households.complained": 0}),
    "neighbours_to_conflict": pairs("households.seen_open", 1.0, 0.0, "climb", "households.stage", {
        "households.stage": 3, "households.grievance": 0.9, "households.threshold": 0.1, "households.complained": 0}),
    # voices
    "efficacy_to_voices": pairs("households.efficacy", 0.1, _NEWCOMER["trust"], _doors),
    "trust_to_voices": pairs(
        "households.trust_firm,households.trust_cell,households.trust_committee,households.trust_street", 0.1, 0.5, _doors),
    "grievance_to_voices": pairs("households.grievance", 0.9, 0.0, _doors),
    "neighbours_to_voices": pairs("households.seen_conflict", 0.9, 0.0, _doors),
    "unsolved_to_voices": pairs("issues.state", int(Status.ANSWERED), int(Status.LATENT), _doors, "", {
        "issues.door": int(Door.FIRM), "issues.called_before": 0}),
    # handling
    "duty_to_handling": pairs("p_handling.unclear", 0.9, 0.0, _sent),
    "money_to_handling": pairs("firms.cash_fen", -(10**9), 10**9, lambda world: np.array(handling._paid(world))),
    "calls_to_street_trust": pairs("compounds.calls_lately", 50.0, 0.0, "hear_of_calls", "households.trust_street", {
        "compounds.calls_solved": 0.0}),
    # problems
    "condition_to_problems": Case(
        _set({"compounds.condition": 0.1}), _set({"compounds.condition": _START}), _chances,
        lambda world: np.zeros(1)),
    "parking_to_problems": pairs("compounds.places", 10**6, 0, _chances, "", {
        "p_parking.usual_short": 1.0, "census.misuse": 0.0}),
    "misuse_to_problems": pairs("census.misuse", 50.0, 0.0, _chances),
    "accounts_to_problems": pairs("signals.transparency", 0.9, 0.2, _chances),
    "legacy_to_problems": pairs("signals.legacy", 0.9, 0.0, _chances),
    "solved_to_trust": pairs("p_handling.solved_trust,p_handling.unsolved_trust", 0.5, 0.0, _close(2, handling._solve),
        "households.trust_cell", {"issues.door": int(Door.GRID)}),
    "solved_to_grievance": pairs("p_handling.relief,p_handling.unsolved", 0.5, 0.0, _close(1, handling._leave),
        "households.grievance"),
    "solved_to_efficacy": pairs("p_handling.heard", 0.5, 0.0, _close(1, handling._solve), "households.efficacy"),
}  # fmt: skip

WHOLE = {
    "drive_to_committees": {f"policy.measures.committee_drive.{key}": 0.0 for key in ("support", "talks", "interim")},
    "credit_to_effort": {f"policy.measures.credit_file.{key}": 0.0 for key in ("stars", "warned", "summoned")},
}  # fmt: skip
"""Arrows of measures: to cut one is the whole run without these effects."""


@pytest.fixture(scope="module")
def lived() -> World:
    """A street of compounds in the midst of its months."""
    stays = {"overhead_least_yuan": 0.0, "leaves": 0.0, "renewal_loss": 1.0}
    config = load("tongqiao", policy="building_meetings", months=8, population=SMALL, firm=stays)
    model = NeighborhoodModel(config, seed=4)
    model.run()
    return model.world


@pytest.mark.parametrize("name", list(CASES))
def test_a_cut_arrow_leaves_its_target_as_at_the_neutral_cause(name: str, lived: World) -> None:
    """Catches a cut that freezes, or leaves some of the cause, or another neutral value than is told."""
    case = CASES[name]

    def target(cut: Sequence[str], *before: Act) -> np.ndarray:
        world = lived.copy(whole=True)
        world.make_room()
        world.put_parameters({"arrows": [weights(cut)] * len(world.kinds)})
        for one in before:
            one(world)
        told = case.act(world)
        return np.append(np.ravel(case.read(world)), [] if told is None else np.ravel(told))

    without, neutral = target([name], case.cause), target([], case.neutral)
    some = target([], case.cause)
    np.testing.assert_allclose(without, neutral, rtol=1e-12, atol=1e-12)
    assert not np.allclose(some, neutral)


@pytest.mark.parametrize("name", list(WHOLE))
def test_cutting_the_arrow_of_a_measure_is_a_run_without_its_effect(name: str) -> None:
    """Catches an arrow of a measure that leaves a part of its effect, or takes its costs away as well."""
    measure = next(iter(WHOLE[name])).split(".")[2]
    keys: dict[str, Any] = {"policy": measure, "months": 24, "population": SMALL}
    tree = load("ordinary_estate", **keys).resolved()
    whole, cut = (noted(change(tree, settings)) for settings in ({}, {"cut": [name]}))
    without = noted(change(tree, WHOLE[name]))
    assert np.array_equal(cut, without, equal_nan=True) and not np.array_equal(
        cut, whole, equal_nan=True
    )


def test_every_arrow_is_held_to_its_neutral_value() -> None:
    """Catches a new arrow without a case here."""
    assert CASES.keys() | WHOLE.keys() == ARROWS.keys() and len(_START) == LINES
