"""The tables of the world, each column with what it holds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from sim.society import population
from sim.society.census import COUNTED
from sim.society.signals import SIGNALS
from sim.world.declare import Columns, Row, column
from sim.world.native import register_columns, register_row

_DONOR = ("life", "kind", "civic", "burden", "threshold", "taste", "member")
_NEWCOMER: dict[str, float | str] = dict.fromkeys(_DONOR, "donor") | {
    "satisfaction": "newcomer_satisfaction", "trust_firm": "newcomer_trust",
    "trust_committee": "newcomer_trust", "trust_cell": "newcomer_trust", "norm": "newcomer_habit",
    "habit": "newcomer_habit", "efficacy": "newcomer_trust",
} | dict.fromkeys(("active", "grievance", "free_habit", "contact", "points", "stage", "misuse"), 0.0)  # fmt: skip


class Households(Columns):
    """All households. In the new house these lines are written out here; the gate takes today's."""

    for _f in fields(population.Households):
        if _f.metadata:
            _m = _f.metadata
            locals()[_f.name] = column(
                _m["dtype"], _m["unit"], _m["range"], _m["doc"], newcomer=_NEWCOMER.get(_f.name)
            )
    del _f, _m


class Donors(Columns):
    """The first residents' traits, see ``society.population.Donors``."""

    life0 = column("i1", "code", "Life", "life stage", fixed=True)
    kind0 = column("i1", "code", "Kind", "contribution type", fixed=True)
    civic0 = column("f8", "1", "0 to 1", "civic-mindedness", fixed=True)
    burden0 = column("f8", "1", "0 to 1", "burden of the fee", fixed=True)
    threshold0 = column("f8", "1", "any", "share in conflict that makes it join", fixed=True)
    taste0 = column("f8", "1", "any", "how favourably it judges", fixed=True)
    member0 = column("i1", "flag", "0, 1", "has a registered party member", fixed=True)
    donor_rows = column("i8", "index", "0 or more", "rows by compound and tenure", fixed=True)
    donor_start = column("i8", "index", "0 or more", "where each begins", shape=(4,), fixed=True)


class Buildings(Columns):
    """Buildings: where their rows lie, their meetings and their problems."""

    compound = column("i4", "index", "0 or more", "compound", fixed=True)
    start = column("i8", "index", "0 or more", "first household", fixed=True)
    end = column("i8", "index", "0 or more", "household after the last", fixed=True)
    size = column("i8", "household", "1 or more", "households", fixed=True)
    meeting = column("i1", "flag", "0, 1", "meets this month")
    followed = column("f8", "1", "-1, 0 to 1", "share of problems followed up, -1 without any")
    open = column("f8", "issue", "0 or more", "open problems")
    open_per_household = column("f8", "issue", "0 or more", "open problems per household")
    closed = column("f8", "issue", "0 or more", "problems closed this month")
    closed_lately = column("f8", "issue", "0 or more", "fading count of closed problems")
    tied = column("f8", "1", "0 or more", "strengths of its households' ties")
    counted = column("f8", "", "any", "census of the building", shape=(len(COUNTED),))


class Ties(Columns):
    """Ties in compressed rows, see ``society.ties.Ties``."""

    indptr = column("i8", "index", "0 or more", "where a household's ties begin", fixed=True)
    neighbour = column("i4", "index", "0 or more", "household at the other end", fixed=True)
    latent = column("f8", "1", "0 to 1", "strength it returns to", fixed=True)
    strength = column("f8", "1", "0 to 1", "strength now")


class Book(Columns):
    """The issue book; ``world.issues_held`` rows of it are in use, oldest first."""

    category = column("i1", "code", "Category", "what it is about")
    level = column("i1", "code", "Level", "who handles it")
    state = column("i1", "code", "0, 1", "found or not")
    reporter = column("i4", "index", "0 or more", "household")
    arose = column("i4", "month", "any", "month it arose")
    due = column("i4", "month", "any", "month it is due")
    happened = column("i2", "flags", "Happened", "what happened in the last month worked")
    handled_at = column("i1", "code", "Level", "level before it rose")


class Ledger(Columns):
    """Hours and yuan given to measures; ``world.booked`` rows are in use."""

    month = column("i4", "month", "any", "month")
    compound = column("i4", "index", "0 or more", "compound")
    actor = column("i1", "code", "Payer", "who gave")
    label = column("i2", "index", "0 or more", "measure, by its place in the policy")
    hours = column("f8", "hour", "0 or more", "hours")
    yuan = column("f8", "yuan", "0 or more", "money")


class Tasks(Columns):
    """What measures ask of cells and communities this month, ``world.task_room`` rows a compound."""

    compound = column("i4", "index", "0 or more", "compound it is for")
    label = column("i2", "index", "0 or more", "measure")
    hours = column("f8", "hour", "0 or more", "hours it needs")
    residents_hours = column(
        "f8", "hour", "0 or more", "hours residents give if it is done in full"
    )
    public_yuan = column("f8", "yuan", "0 or more", "public money if it is done in full")


class Scratch(Columns):
    """What phases of one month hand on to each other."""

    shown = column("u1", "flags", "any", "what a household shows its neighbours")
    push = column("f8", "logit", "any", "push to pay this month's fee")
    arising = column("i1", "code", "Category", "category of a new problem, -1 for none")


class Placing(Columns):
    """Problems that events place this month; ``world.placed`` rows are in use."""

    category = column("i1", "code", "Category", "what it is about")
    household = column("i8", "index", "0 or more", "household")


class Program(Columns):
    """The month: one process a row, see ``world.month``."""

    how = column("i8", "code", "How", "how it is called")
    address = column("i8", "address", "any", "compiled code, 0 for Python")
    count = column("i8", "row", "0 or more", "rows it is called for")
    stream = column("i8", "code", "Stream", "draws it is given")
    entry = column("i8", "index", "0 or more", "measure it is")


@register_row
class Signals(Row, table="signals"):
    """Named values of one compound: all that institutions and measures can change about a month."""

    for _name, (_neutral, _doc) in SIGNALS.items():
        locals()[_name] = column("f8", "1", "any", _doc)
    del _name, _neutral, _doc


@register_row
class Census(Row, table="census"):
    """Sums over the households of a compound at the end of last month."""

    for _name in COUNTED:
        locals()[_name] = column("f8", "", "any", "see society.census")
    del _name


COLUMN_TABLES: dict[str, type[Columns]] = {
    "households": Households, "donors": Donors, "buildings": Buildings, "ties": Ties, "book": Book,
    "ledger": Ledger, "cell_tasks": Tasks, "community_tasks": Tasks, "scratch": Scratch,
    "placing": Placing, "program": Program,
}  # fmt: skip
for _name, _columns in COLUMN_TABLES.items():
    register_columns(_name, _columns)

NEUTRAL: np.ndarray[Any, Any] = np.array([value for value, _ in SIGNALS.values()])
