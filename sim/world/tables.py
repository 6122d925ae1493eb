"""The tables of the world, each column with what it holds.

Actors and compounds are tables too; their columns stand with their class in ``sim.agents``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self

import numpy as np

from sim.world.declare import Columns, SealedRow, column
from sim.world.native import register_columns, register_row
from sim.world.signals import SIGNALS

_MORE, _UNIT, _FLAG = "0 or more", "0 to 1", "0, 1"


class Tenure(IntEnum):
    """Who holds the unit."""

    OWNER = 0
    TENANT = 1
    VACANT = 2


class Life(IntEnum):
    """Life stage of the household."""

    YOUNG = 0
    WORKING = 1
    ELDERLY = 2


class Kind(IntEnum):
    """Contribution type, as found in public-goods experiments."""

    CONDITIONAL = 0
    UNCONDITIONAL = 1
    FREE_RIDER = 2


class Stage(IntEnum):
    """How far a household has gone on the ladder of conflict."""

    CALM = 0
    TELLS_FIRM = 1
    CALLS_HOTLINE = 2
    PETITIONS = 3
    OPEN_CONFLICT = 4


class Called(IntEnum):
    """Whether a household was written to by a lawyer or sued this month, and with what success."""

    NOT = 0
    REMINDED = 1
    SETTLES = 2


class Households(Columns):
    """All households of a run, one row each, in the order of compound, building, stair and floor.

    ``newcomer`` says what a household that moves in gets: a number, a parameter of ``turnover``, or the
    value of one of the compound's first residents.
    """

    # Where the unit lies, and what goes with it whoever lives there.
    compound = column("i4", "index", _MORE, "compound")
    building = column("i4", "index", _MORE, "building, over all compounds")
    stair = column("i4", "index", _MORE, "stair, over all compounds")
    floor = column("i2", "floor", _MORE, "floor, 1 at the ground")
    file_row = column("i8", "index", _MORE, "place in the user's file, or own row")
    tenure = column("i1", "code", "Tenure", "who holds the unit")
    # Traits of the household.
    life = column("i1", "code", "Life", "life stage", newcomer="donor")
    member = column("i1", "flag", _FLAG, "has a registered party member", newcomer="donor")
    active = column("i1", "flag", _FLAG, "that member is active", newcomer=0)
    area = column("f8", "m2", "above 0", "floor area")
    fee_fen = column("i8", "fen/month", _MORE, "monthly fee at the compound's first price")
    dear = column(
        "f8", "1", "any", "ln of that fee for a square metre relative to what is usual nearby"
    )
    bill_month = column(
        "i1", "month", "1 to 12", "calendar month in which its year of bills begins"
    )
    lived_here = column("i2", "month", _MORE, "months since the household moved in", newcomer=0)
    kind = column("i1", "code", "Kind", "contribution type", newcomer="donor")
    civic = column("f8", "1", _UNIT, "civic-mindedness", newcomer="donor")
    burden = column("f8", "1", _UNIT, "burden of the fee", newcomer="donor")
    threshold = column("f8", "1", "any", "share in conflict that makes it join", newcomer="donor")
    taste = column("f8", "1", "any", "how favourably it judges the same service", newcomer="donor")
    rota = column("f8", "1", "0 to below 1", "order in which the cell assigns it")
    # Changing from month to month.
    satisfaction = column(
        "f8", "1", _UNIT, "satisfaction with the service", newcomer="newcomer_satisfaction"
    )
    trust_firm = column("f8", "1", _UNIT, "trust in the property firm", newcomer="newcomer_trust")
    trust_committee = column(
        "f8", "1", _UNIT, "trust in the owners' committee", newcomer="newcomer_trust"
    )
    trust_cell = column(
        "f8", "1", _UNIT, "trust in party cell and community", newcomer="newcomer_trust"
    )
    trust_street = column(
        "f8", "1", _UNIT, "trust in street and hotline", newcomer="newcomer_trust"
    )
    grievance = column("f8", "1", _UNIT, "grievance", newcomer=0.0)
    norm = column("f8", "1", _UNIT, "share of others it believes to pay", newcomer="newcomer_habit")
    habit = column("f8", "1", _UNIT, "habit of paying", newcomer="newcomer_habit")
    free_habit = column("f8", "1", _UNIT, "habit of service without pay", newcomer=0.0)
    contact = column("f8", "logit", "any", "what remains of members' visits", newcomer=0.0)
    called_on = column("i1", "flag", _FLAG, "staff called on it this month", newcomer=0)
    expects = column(
        "f8", "1", _UNIT, "needs met that it expects for its fee", newcomer="newcomer_expects"
    )
    estranged = column(
        "f8", "1", _UNIT, "how far it deals with the firm alone and not with cell and community", newcomer=0.0
    )  # fmt: skip
    efficacy = column(
        "f8", "1", _UNIT, "belief that taking part has results", newcomer="newcomer_trust"
    )
    asked = column(
        "i1",
        "flag",
        _FLAG,
        "has an idea of others' paying and a past of its own: a bill fell due, or a vote told it",
        newcomer=0,
    )
    bill_fen = column("i8", "fen", _MORE, "unpaid of its current bill, not yet overdue")
    bill_months = column("i1", "month", "0 to 12", "months that bill covers, 0 without one")
    bill_over = column("i1", "month", "0 to 11", "of these, months that are over")
    bill_fee_fen = column(
        "i8", "fen/month", _MORE, "monthly fee its current bill asks, or else its last one did"
    )
    reluctance = column("f8", "1", _UNIT, "chance to pay above which it pays the bills of a year")
    ahead = column("i1", "flag", _FLAG, "has paid its next bill ahead")
    cheaper = column("i1", "flag", _FLAG, "paid its current bill ahead, at a discount")
    billed = column("i1", "month", "0 to 12", "months billed and over, of the last twelve such")
    unpaid = column(
        "i2", "flags", "0 to 4095", "which of these are unpaid, a bit each, the latest lowest"
    )
    paid = column("i1", "flag", _FLAG, "its current bill is paid, or else its last one was")
    intends = column("i1", "flag", _FLAG, "its current bill is paid, or it means to pay it")
    arrears_fen = column("i8", "fen", _MORE, "fees overdue")
    arrears_months = column("i4", "month", _MORE, "months overdue")
    summoned = column(
        "i1",
        "code",
        "Called",
        "a lawyer wrote to it about its debts this month, or it settles a suit",
        newcomer=0,
    )
    held_back = column("f8", "1", _UNIT, "chance to pay above which it pays back old debts")
    stage = column("i1", "code", "Stage", "conflict stage, 0 calm to 4 open", newcomer=0)
    misuse = column("i1", "flag", _FLAG, "misuses common space", newcomer=0)
    misuse_before = column(
        "i4", "flags", "any", "teams that last went out while it misused common space, a bit each"
    )
    attended = column("i1", "code", "0 to 3", "at a meeting this month 1, at an activity 2")
    complained = column(
        "i1", "code", "Door", "furthest door to which it took a complaint this month, 0 for none"
    )
    received_fen = column("i8", "fen", _MORE, "paid this month for the current and the next bill")
    credited_fen = column(
        "i8", "fen", _MORE, "of the current bill settled this month, what was paid ahead too"
    )
    recovered_fen = column("i8", "fen", _MORE, "old fees paid back this month")
    moved = column("i1", "flag", _FLAG, "household is new this month")
    points = column("f8", "point", _MORE, "resident points", newcomer=0.0)
    own_open = column("i2", "issue", _MORE, "own issues still open")
    # What neighbours show, weighted by ties.
    seen_satisfaction = column("f8", "1", _UNIT, "mean satisfaction")
    seen_paid = column("f8", "1", _UNIT, "share seen paying")
    seen_misuse = column("f8", "1", _UNIT, "share misusing common space")
    seen_conflict = column("f8", "1", _UNIT, "share at stage 2 or above")
    seen_open = column("f8", "1", _UNIT, "share in open conflict, stage 4")
    # What processes of one month hand on to each other.
    shown = column("u1", "flags", "any", "what it shows its neighbours this month")
    willing = column("f8", "1", _UNIT, "chance that it pays a bill")
    arising = column("i1", "code", "-1, Category", "category of its new problem, -1 for none")


class Donors(Columns):
    """The first residents' traits, for households that move in later.

    A newcomer takes its traits from a random one of the ``rows`` that had its tenure in its compound
    at the start, so the make-up stays stationary. Columns ending in 0 are those of ``Households``.
    """

    life0 = column("i1", "code", "Life", "life stage", fixed=True)
    kind0 = column("i1", "code", "Kind", "contribution type", fixed=True)
    civic0 = column("f8", "1", _UNIT, "civic-mindedness", fixed=True)
    burden0 = column("f8", "1", _UNIT, "burden of the fee", fixed=True)
    threshold0 = column("f8", "1", "any", "share in conflict that makes it join", fixed=True)
    taste0 = column("f8", "1", "any", "how favourably it judges", fixed=True)
    member0 = column("i1", "flag", _FLAG, "has a registered party member", fixed=True)
    donor_rows = column("i8", "index", _MORE, "rows by compound and tenure", fixed=True)
    donor_start = column("i8", "index", _MORE, "where each begins", shape=(4,), fixed=True)

    @classmethod
    def of(cls, households: Households) -> Self:
        """Copy the traits as they are now."""
        key = households.compound.astype(np.int64) * len(Tenure) + households.tenure
        compounds = int(households.compound[-1]) + 1 if len(key) else 0
        counts = np.bincount(key, minlength=compounds * len(Tenure))
        ends = np.cumsum(counts).reshape(compounds, len(Tenure))
        start = np.zeros((compounds, len(Tenure) + 1), dtype=np.int64)
        start[:, 1:] = ends
        start[1:, 0] = ends[:-1, -1]
        donors = cls(0)
        for name in cls.columns:
            if name.endswith("0"):
                setattr(donors, name, getattr(households, name[:-1]).copy())
        donors.donor_rows, donors.donor_start = np.argsort(key, kind="stable"), start
        return donors


class Buildings(Columns):
    """Buildings: where their rows lie, their meetings and their problems."""

    compound = column("i4", "index", _MORE, "compound", fixed=True)
    start = column("i8", "index", _MORE, "first household", fixed=True)
    end = column("i8", "index", _MORE, "household after the last", fixed=True)
    stairs = column("i4", "stair", "1 or more", "stairs", fixed=True)
    meeting = column("i1", "flag", _FLAG, "meets this month")
    followed = column("f8", "1", "-1, 0 to 1", "share of problems followed up, -1 without any")
    open = column("f8", "issue", _MORE, "open problems")
    open_per_household = column("f8", "issue", _MORE, "open problems per household")
    closed = column("f8", "issue", _MORE, "problems closed this month")
    closed_lately = column("f8", "issue", _MORE, "fading count of closed problems")
    tied = column("f8", "1", _MORE, "strengths of its households' ties")

    @classmethod
    def of(cls, households: Households) -> Self:
        """Read where buildings lie off the columns compound, building and stair (each sorted)."""
        start, end = _ranges(households.building)
        stair_start, _ = _ranges(households.stair)
        made = cls(len(start))
        made.compound, made.start, made.end = households.compound[start], start, end
        made.stairs = np.bincount(households.building[stair_start])
        made.followed[:] = -1.0
        return made

    @property
    def number_of_buildings(self) -> int:
        """Buildings in all compounds."""
        return len(self.start)

    @property
    def number_of_compounds(self) -> int:
        """Compounds of the run."""
        return int(self.compound[-1]) + 1

    @property
    def first_of_compound(self) -> np.ndarray:
        """First building of each compound, and at the end how many there are (compounds + 1,)."""
        return np.searchsorted(self.compound, np.arange(self.number_of_compounds + 1))

    @property
    def compound_start(self) -> np.ndarray:
        """First household of each compound (compounds,)."""
        return np.asarray(self.start[self.first_of_compound[:-1]])

    @property
    def compound_end(self) -> np.ndarray:
        """Household after the last of each compound (compounds,)."""
        return np.asarray(self.end[self.first_of_compound[1:] - 1])


def _ranges(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.flatnonzero(np.diff(code)) + 1
    return np.concatenate(([0], edges)), np.concatenate((edges, [len(code)]))


class Ties(Columns):
    """Undirected ties in compressed rows; row i is ``indptr[i]:indptr[i + 1]``, neighbours sorted.

    Each tie stands in both rows with the same strength, latent strength and layer, to the bit.
    No household is tied to itself or twice to another.
    """

    indptr = column("i8", "index", _MORE, "where a household's ties begin", fixed=True)
    neighbour = column("i4", "index", _MORE, "household at the other end", fixed=True)
    strength = column("f8", "1", _UNIT, "strength now; 0 while either unit is vacant")
    latent = column("f8", "1", _UNIT, "strength it returns to without meetings", fixed=True)
    layer = column("i1", "code", "Layer", "what brings the two together", fixed=True)


class Issues(Columns):
    """All problems not yet closed, oldest first; ``world.issues_held`` rows are in use."""

    category = column("i1", "code", "Category", "what it is about")
    urgency = column("i1", "code", "Urgency", "how soon it is due")
    costly = column("i1", "flag", _FLAG, "the compound cannot solve it without money")
    level = column("i1", "code", "Level", "who handles it")
    state = column("i1", "code", "Status", "who knows of it")
    reporter = column("i4", "index", _MORE, "household; building and compound follow from it")
    arose = column("i4", "month", "any", "month it arose")
    since = column("f8", "day", "any", "day it arose, from the beginning of month 0")
    told = column("f8", "day", "any", "day it was last told or found")
    ready = column("f8", "day", "any", "day from which its level can work on it")
    rung = column(
        "i1", "flag", _FLAG, "whoever took it on rang its household back within the limit"
    )
    due = column("f8", "day", "any", "day its limit ends; a later one once it has risen")
    done = column("f8", "hour", _MORE, "hours given to it at this level so far")
    door = column("i1", "code", "Door", "whom it was last told to")
    tickets = column("i2", "issue", _MORE, "calls to the hotline about it not answered yet")
    called_before = column("i1", "flag", _FLAG, "the hotline has been called about it")
    # What happened to the row in the last month worked.
    happened = column("i2", "flags", "Happened", "what happened")
    said = column("i1", "code", "Door", "whom its household told")
    handled_at = column("i1", "code", "Level", "level at which it began the month's handling")
    left_at = column("i1", "code", "Level", "level at which it left it")
    spent = column("f8", "hour", _MORE, "hours given to it")


class Ledger(Columns):
    """Hours and yuan given to measures; ``world.booked`` rows are in use."""

    month = column("i4", "month", "any", "month")
    compound = column("i4", "index", _MORE, "compound")
    payer = column("i1", "code", "Payer", "who gave")
    label = column("i2", "index", _MORE, "measure, by its place in ``world.labels``")
    hours = column("f8", "hour", _MORE, "hours")
    yuan = column("f8", "yuan", _MORE, "money")


class Tasks(Columns):
    """What measures ask of cells and communities this month, ``world.task_room`` rows a compound."""

    compound = column("i4", "index", _MORE, "compound it is for")
    label = column("i2", "index", _MORE, "measure")
    hours = column("f8", "hour", _MORE, "hours it needs")
    residents_hours = column("f8", "hour", _MORE, "hours residents give if it is done in full")
    public_yuan = column("f8", "yuan", _MORE, "public money if it is done in full")


class Placing(Columns):
    """Problems that events place this month; ``world.placed`` rows are in use."""

    label = column("i2", "index", _MORE, "event")
    category = column("i1", "code", "Category", "what it is about")
    household = column("i8", "index", _MORE, "household")


class Program(Columns):
    """The month as compiled code reads it: one process a row, see ``sim.world.process``."""

    how = column("i8", "code", "How", "how it is called")
    address = column("i8", "address", "any", "compiled code, 0 for Python")
    count = column("i8", "row", _MORE, "rows it is called for")
    stream = column("i8", "code", "Stream", "draws it is given")
    entry = column("i8", "index", "-1 or more", "measure it is, -1 for none")


@register_row
class Signals(SealedRow, table="signals"):
    """Named values of one compound: all that institutions and measures can change about a month."""

    for _name, (_neutral, _doc) in SIGNALS.items():
        locals()[_name] = column("f8", "1", "any", _doc)
    del _name, _neutral, _doc


COUNTED = {
    "units": "households, vacant units included", "occupied": "households that live here",
    "owners": "units lived in by owners", "members": "households with a party member",
    "active": "of these, active ones", "due_fen": "fees for the month",
    "received_fen": "paid for current and next bills",
    "collected_fen": "current bills settled", "recovered_fen": "old fees paid back", "arrears_fen": "fees overdue",
    "billed_fen": "fees of the last twelve months billed and over", "unpaid_fen": "of these, unpaid",
    "payers": "units that paid their bill", "billed_units": "units with a bill that fell due",
    "paid_up": "of these, units with none of the last twelve months billed unpaid",
    "satisfied": "households that say they are satisfied",
    **{name: f"sum of {name}" for name in (
        "satisfaction", "trust_firm", "trust_committee", "trust_cell", "trust_street",
        "grievance", "efficacy", "estranged")},
    "stage_1": "households that tell the firm", "stage_2": "households that call the hotline",
    "stage_3": "households that petition", "stage_4": "households in open conflict",
    "misuse": "households that misuse common space", "attended": "households that came to a meeting",
    "invited": "households whose building met",
    "free_riders": "satisfied households that did not pay (搭便车)",
    "calls": "households that called the hotline", "petitions": "households that petitioned",
    "contact": "sum of contact", "moved": "households that are new",
    "young": "young households", "young_satisfaction": "sum of their satisfaction",
    "working": "households of working age", "working_satisfaction": "sum of their satisfaction",
    "elderly": "elderly households", "elderly_satisfaction": "sum of their satisfaction",
    "tenants": "tenant households", "tenant_satisfaction": "sum of their satisfaction",
}  # fmt: skip
"""What is counted over the households of a building and a compound each month; money in fen."""


def _counted(name: str, doc: str) -> Any:
    # A visit may put people off.
    allowed = "any" if name == "contact" else _MORE
    return column("f8", "fen" if name.endswith("_fen") else "1", allowed, doc)


@register_row
class Counted(SealedRow, table="counted"):
    """The census of one building, see ``COUNTED``."""

    for _name, _doc in COUNTED.items():
        locals()[_name] = _counted(_name, _doc)
    del _name, _doc


@register_row
class Census(SealedRow, table="census"):
    """Sums over the households of a compound at the end of last month, see ``COUNTED``."""

    for _name, _doc in COUNTED.items():
        locals()[_name] = _counted(_name, _doc)
    del _name, _doc


COLUMN_TABLES: dict[str, type[Columns]] = {
    "households": Households, "donors": Donors, "buildings": Buildings, "ties": Ties,
    "issues": Issues, "ledger": Ledger, "cell_tasks": Tasks, "community_tasks": Tasks,
    "placing": Placing, "program": Program,
}  # fmt: skip
for _name, _columns in COLUMN_TABLES.items():
    register_columns(_name, _columns)

NEUTRAL: np.ndarray[Any, Any] = np.array([value for value, _ in SIGNALS.values()])
"""Neutral value of each named value."""
