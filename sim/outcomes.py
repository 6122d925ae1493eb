"""Every indicator, defined once: name, names in two languages, unit, formula.

Each month ``processes.notes`` writes down what indicators are made of: the census of households, the counts
of problems and the state of the institutions, a row of numbers per compound. ``compute`` makes
indicators of such rows, of many months at once; nothing else may compute them again.

A share or mean of nothing is missing (NaN), never 0: fees collected where none are due, days to
close where nothing was closed, satisfaction where nobody lives. A count or sum of nothing is 0.

``give_indicator`` adds one of somebody's own: a number noted each month behind ours, and from then on an
indicator like any other.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from math import fsum
from types import FunctionType
from typing import Any

import numpy as np

from sim.agents.committee import Capture, State
from sim.errors import InputError
from sim.processes.issues import COUNTS
from sim.processes.notes import NOTES
from sim.processes.service import LINES, Line
from sim.world.process import How, Month, Process, check_takes
from sim.world.units import FEN_PER_YUAN, THOUSAND

LIVES = ("young", "working", "elderly")
"""Life stages, as notes name them."""


class Months:
    """Notes of compounds and months, as indicators read them.

    Args:
        notes: (rows, noted): ``NOTES``, and behind them those of ``OWN`` that there were as it was lived.
    """

    def __init__(self, notes: np.ndarray) -> None:
        ours, columns = len(NOTES), np.ascontiguousarray(notes.T)
        self._notes = dict(zip(NOTES, columns[:ours], strict=True))
        self._own = dict(zip(OWN, columns[ours:], strict=False))
        self._missing = np.full(len(notes), np.nan)

    def __getitem__(self, name: str) -> np.ndarray:
        """One of ``NOTES`` (rows,)."""
        return self._notes[name]

    def own(self, name: str) -> np.ndarray:
        """What was noted for one of ``OWN`` (rows,); missing where it was given only later."""
        return self._own.get(name, self._missing)

    def share(self, counted: str, of: str = "occupied") -> np.ndarray:
        """One note relative to another (rows,); missing where there is nothing to divide by."""
        return _ratio(self[counted], self[of])

    def mean(self, stem: str) -> np.ndarray:
        """Mean (rows,) over the service lines of ``condition`` or ``effort``."""
        lines = np.array([self[f"{stem}_{line}"] for line in range(LINES)])
        return np.array([fsum(row) for row in lines.T.tolist()]) / LINES


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    # As a rule there is something to divide by in every row, and then a third of the time is enough.
    if whole.all():
        return part / whole
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole != 0)


def _where(there: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(there, values, np.nan)


Formula = Callable[[Months], np.ndarray]
"""From notes to an indicator's values (rows,)."""


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes:
        name: Column name in every table.
        en, zh: Labels.
        unit: "1" for shares and states in [0, 1].
        formula: In words and symbols, for the documents.
        compute: From ``Months`` to its values (rows,).
        share: A share or state in [0, 1], shown as percent.
        low, high: Bounds it can never leave, where it is not missing.
        better: +1 if more of it is good, -1 if less is; 0 for means to an end, whose use is in
            what they bring about, and where neither is better.
    """

    name: str
    en: str
    zh: str
    unit: str
    formula: str
    compute: Formula
    share: bool = False
    low: float = 0.0
    high: float = np.inf
    better: int = 0


RATE = {
    "en": "Fees collected: by money, of the last twelve months' bills whose period is over, without old debts; in "
    "December the rate of the calendar year.",
    "zh": "收缴率按金额计：最近十二个月账期已满的账单中已缴的部分，不含清欠；12月即为当年收缴率。",
}
"""Which of the rates in use ``collection_rate`` is: said wherever it is shown."""

OWN: dict[str, Callable[[Any], float]] = {}
"""Indicators of somebody's own, last in ``INDICATORS`` in the same order: what is noted of a compound."""


# --- formulas -----------------------------------------------------------------------------------

_TOLD = tuple(f"issues_{name}" for name in COUNTS if name.startswith("told_"))


def _told(m: Months) -> np.ndarray:
    return np.add.reduce([m[name] for name in _TOLD])


_CLOSED = tuple(f"issues_{name}" for name in COUNTS if name.startswith("closed_"))


def _closed(m: Months) -> np.ndarray:
    return np.add.reduce([m[name] for name in _CLOSED])


def _in_place(m: Months) -> np.ndarray:
    low = m["issues_closed_building"] + m["issues_closed_compound"] + m["issues_closed_community"]
    return _ratio(low, _closed(m) + m["issues_shelved"])


def _all_calls(m: Months) -> np.ndarray:
    return m["issues_told_hotline"] + m["other_calls"] * m["occupied"] / THOUSAND


def _age_gap(m: Months) -> np.ndarray:
    means = np.array([m.share(f"{life}_satisfaction", life) for life in LIVES])
    # The larger or smaller of one that is there and one that is missing is the one that is there.
    gap = np.fmax.reduce(means) - np.fmin.reduce(means)
    return _where((~np.isnan(means)).sum(axis=0) > 1, gap)


def _tenure_gap(m: Months) -> np.ndarray:
    owners = m["occupied"] - m["tenants"]
    of_owners = _ratio(m["satisfaction"] - m["tenant_satisfaction"], owners)
    return of_owners - m.share("tenant_satisfaction", "tenants")


def _read(name: str) -> Formula:
    return lambda m: m[name]


def _of_life(life: str) -> Iterator[tuple[str, Formula]]:
    """Formulas of the indicators of one life stage."""
    amenities = f"condition_{Line.AMENITIES:d}"
    yield f"amenities_{life}", lambda m: m[f"built_{LIVES.index(life)}"] * m[amenities]
    yield f"satisfaction_{life}", lambda m: m.share(f"{life}_satisfaction", life)


FORMULAS: dict[str, Formula] = {
    "collection_rate": lambda m: _where(
        m["due_fen"] > 0, 1.0 - m.share("unpaid_fen", "billed_fen")
    ),
    "collection_households": lambda m: _where(m["due_fen"] > 0, m.share("paid_up", "billed_units")),
    "collection_to_date": lambda m: _where(
        m["due_fen"] > 0, np.minimum(m.share("year_collected_fen", "year_fees_fen"), 1.0)
    ),
    "collection_all_money": lambda m: _where(
        m["due_fen"] > 0, m.share("year_cash_fen", "year_fees_fen")
    ),
    "satisfied_share": lambda m: m.share("satisfied"),
    "satisfaction": lambda m: m.share("satisfaction"),
    "trust_firm": lambda m: m.share("trust_firm"),
    "trust_committee": lambda m: m.share("trust_committee"),
    "trust_cell": lambda m: m.share("trust_cell"),
    "grievance": lambda m: m.share("grievance"),
    "efficacy": lambda m: m.share("efficacy"),
    "estranged": lambda m: m.share("estranged"),
    "trust_street": lambda m: m.share("trust_street"),
    "told_per_1000": lambda m: _ratio(THOUSAND * _told(m), m["occupied"]),
    "tickets_per_1000": lambda m: _ratio(THOUSAND * m["issues_told_hotline"], m["occupied"]),
    "complaints_per_1000": lambda m: _ratio(THOUSAND * m["issues_complaints"], m["occupied"]),
    "ticket_repeats": lambda m: _ratio(m["issues_repeats"], m["issues_told_hotline"]),
    "tickets_responded": lambda m: _ratio(m["issues_tickets_timely"], m["issues_tickets_closed"]),
    "tickets_solved": lambda m: _ratio(m["issues_tickets_solved"], m["issues_tickets_closed"]),
    "tickets_satisfied": lambda m: _ratio(m["issues_tickets_content"], m["issues_tickets_asked"]),
    "petitions_per_1000": lambda m: _ratio(THOUSAND * m["issues_told_petition"], m["occupied"]),
    "voices_per_1000": lambda m: _ratio(
        THOUSAND * (m["issues_told_hotline"] + m["issues_told_petition"]), m["occupied"]
    ),
    "property_call_share": lambda m: _ratio(m["issues_told_hotline"], _all_calls(m)),
    "hotline_calls": _all_calls,
    "complaint_share": lambda m: m.share("stage_2") + m.share("stage_3") + m.share("stage_4"),
    "open_conflict_share": lambda m: m.share("stage_4"),
    "free_rider_share": lambda m: _where(m["due_fen"] > 0, m.share("free_riders")),
    "misuse_share": lambda m: m.share("misuse"),
    "attendance": lambda m: m.share("attended", "invited"),
    "contacted_share": lambda m: _where(m["occupied"] > 0, m["visit_share"]),
    "cell_fidelity": lambda m: _where(m["cell_asked"] > 0, m["cell_fidelity"]),
    "tie_strength": lambda m: m["ties"],
    "issues_open": lambda m: m["issues_open"],
    "issues_arisen": lambda m: m["issues_arisen"],
    "issues_closed": _closed,
    "issues_shelved": lambda m: m["issues_shelved"],
    "issues_in_place_share": _in_place,
    "days_to_close": lambda m: _ratio(m["issues_answer_days"], m["issues_answered"]),
    "days_to_solve": lambda m: _ratio(m["issues_days"], _closed(m)),
    "passed_on": lambda m: m["issues_passed"],
    "waiting_for_money": lambda m: m["issues_waiting"],
    **{
        f"condition_{line.name.lower()}": _read(f"condition_{line:d}")
        for line in map(Line, range(LINES))
    },
    "service_condition": lambda m: m.mean("condition"),
    **{name: formula for life in LIVES for name, formula in _of_life(life)},
    "parking_short": lambda m: m["parking_short"],
    "firm_present": lambda m: m["firm_present"],
    "firm_effort": lambda m: m.mean("effort"),
    "firm_cash_yuan": lambda m: _where(m["firm_present"] > 0, m["firm_cash_fen"] / FEN_PER_YUAN),
    "firm_staff": lambda m: _where(m["firm_present"] > 0, m["firm_staff"]),
    "firm_result_yuan": lambda m: _where(
        m["firm_present"] > 0, m["firm_result_fen"] / FEN_PER_YUAN
    ),
    "firm_changes": lambda m: m["firm_changes"],
    "firm_provider": lambda m: m["provider"],
    "arrears_yuan": lambda m: m["arrears_fen"] / FEN_PER_YUAN,
    "committee_working": lambda m: m["works"],
    "committee_captured": lambda m: (
        1.0 * ((m["state"] == State.WORKING) & (m["capture"] != Capture.REPRESENTATIVE))
    ),
    "committee_interim": lambda m: m["interim"],
    "committee_covered": lambda m: 1.0 * ((m["works"] > 0) | (m["interim"] > 0)),
    "committee_state": lambda m: m["state"],
    "failed_votes": lambda m: m["failed_votes"],
    "vote_turnout": lambda m: m["turnout"],
    "committee_or_interim": lambda m: 1.0 * ((m["formed"] > 0) | (m["interim"] > 0)),
    "assemblies_held": lambda m: m["votes_held"],
    "firms_dismissed": lambda m: m["firms_dismissed"],
    "fund_yuan": lambda m: m["fund_fen"] / FEN_PER_YUAN,
    "revenue_taken_yuan": lambda m: m["taken_fen"] / FEN_PER_YUAN,
    "legacy": lambda m: m["legacy"],
    "satisfaction_gap_age": _age_gap,
    "satisfaction_gap_tenure": _tenure_gap,
    "hours_spent": lambda m: m["hours"],
    "yuan_spent": lambda m: m["yuan"],
}
"""How each of our own indicators is reckoned, in their order; what each is called and means stands in ``WORDS``."""

WORDS = "indicators.csv"
"""File in ``sim/data``: names in two languages, unit, formula in words, bounds, and which way is better."""


def _described() -> dict[str, Indicator]:
    text = files("sim").joinpath("data", WORDS).read_text(encoding="utf-8")
    told = {row["name"]: row for row in csv.DictReader(text.splitlines())}
    return {
        name: Indicator(
            name,
            told[name]["en"],
            told[name]["zh"],
            told[name]["unit"],
            told[name]["formula"],
            compute=formula,
            share=told[name]["share"] == "1",
            low=float(told[name]["low"]),
            high=float(told[name]["high"]),
            better=int(told[name]["better"]),
        )
        for name, formula in FORMULAS.items()
    }


INDICATORS: dict[str, Indicator] = _described()
"""Every indicator by its name, those of somebody's own last."""

WORST = 0.11
"""Share of Shanghai's compounds that made 47 percent of its complaints in 2018 (cases/README, EVIDENCE)."""


def top_share(counts: np.ndarray, top: float = WORST) -> float:
    """How concentrated something is: the share of it that the compounds with most of it have.

    Args:
        counts: It (compounds,), as tickets of a year.
        top: Share of the compounds.

    Returns:
        Share from 0 to 1; NaN where there is none of it. Of a compound that ``top`` cuts through, its part counts.
    """
    most = np.sort(np.asarray(counts, float))[::-1]
    if fsum(most) == 0.0:
        return float("nan")
    have = np.concatenate(([0.0], np.cumsum(most))) / fsum(most)
    return float(np.interp(top * len(most), np.arange(len(most) + 1), have))


BUILT_IN = tuple(INDICATORS)
"""Names of our own indicators."""

KEYS = (
    "run", "seed", "point", "month", "compound", "household", "scenario", "policy", "measure", "actor",
    "status", "stage", "message", "hours", "yuan", "indicator", "family", "world", "coalition", "size",
)  # fmt: skip
"""What tables call their other columns, so that no indicator may be called so."""


def give_indicator(
    name: str,
    of: Callable[[Any], float],
    *,
    en: str,
    zh: str = "",
    unit: str = "1",
    formula: str,
    share: bool = False,
    low: float | None = None,
    high: float | None = None,
    better: int = 0,
) -> Indicator:
    """Give the model an indicator of one's own; every table, figure, target and question then has it.

    Args:
        name: Column name in every table.
        of: From a compound to its number at the end of a month, NaN where there is none. Compiled by
            ``sim.compiled.kernel``, it reads households as
            ``compound.world.households.arrears_fen[compound.first : compound.last]``; in plain Python, which
            takes longer, also as ``compound.column("arrears_fen")``.
        en: Label.
        zh: Label in Chinese; without one the English is shown.
        unit: "1" for shares and states in [0, 1].
        formula: In words and symbols.
        share: A share or state in [0, 1], shown as percent.
        low: Bound it never goes below; none if left out, 0 for a share.
        high: Bound it never goes above; none if left out, 1 for a share.
        better: +1 if more of it is good, -1 if less is, 0 if neither.

    Raises:
        InputError: The name is taken or is none, or one of the others cannot be.
    """
    where = f"indicator {name}"
    if not isinstance(name, str) or not name.isidentifier():
        raise InputError(where, "is no name of a column", "letters, digits and _, no digit first")
    if name in BUILT_IN or name in KEYS or (name in OWN and not _again(OWN[name], of)):
        raise InputError(
            where, "the name is taken", "a name that is not in `xiaoqu list indicators`"
        )
    if not callable(of):
        raise InputError(where, "has no function", "one that takes a compound and gives a number")
    check_takes(where, getattr(of, "py_func", of), 1, "a function of a compound")
    if not en or not formula:
        raise InputError(where, "is not told", "en, a label, and formula, how it is reckoned")
    if better not in (-1, 0, 1):
        raise InputError(where, f"better is {better!r}", "-1, 0, 1")
    if not share:
        low, high = (-np.inf if low is None else low), (np.inf if high is None else high)
    elif (low, high) == (None, None):
        low, high = 0.0, 1.0
    else:
        allowed = "share=True alone, whose bounds are 0 and 1, or low and high without it"
        raise InputError(where, "is a share with bounds", allowed)
    if not low < high:
        raise InputError(where, f"low {low} is not below high {high}")
    OWN[name] = of
    INDICATORS[name] = Indicator(
        name, en, zh or en, unit, formula, partial(_own_values, name), share, low, high, better
    )
    return INDICATORS[name]


def _again(there: Callable[..., Any], of: Callable[..., Any]) -> bool:
    """Whether a function is the one that is there, loaded or typed anew, if need be as another module."""
    one, other = (getattr(function, "py_func", function) for function in (there, of))
    if not isinstance(one, FunctionType) or not isinstance(other, FunctionType):
        return False
    same = one.__module__ == other.__module__
    same |= one.__code__.co_filename == other.__code__.co_filename
    return same and one.__qualname__ == other.__qualname__


def forget_indicators() -> None:
    """Have no indicators but ours."""
    for name in OWN:
        del INDICATORS[name]
    OWN.clear()


def _own_values(name: str, m: Months) -> np.ndarray:
    """What was noted for it.

    Raises:
        InputError: A number is outside of what its giver said, or infinite.
    """
    values, of = m.own(name), INDICATORS[name]
    wrong = ~np.isnan(values) & ~((values >= of.low) & (values <= of.high) & np.isfinite(values))
    if wrong.any():
        problem = f"is {values[wrong][0]:g} in {wrong.sum()} months of compounds"
        allowed = f"{of.low:g} to {of.high:g}, or NaN where there is no number"
        raise InputError(f"indicator {name}", problem, allowed)
    return values


def with_own(names: Sequence[str]) -> tuple[str, ...]:
    """What a table or figure shows: its own choice of indicators, and then those of somebody's own."""
    return (*names, *(name for name in OWN if name not in names))


def noted() -> int:
    """How many numbers are noted of a compound and month."""
    return len(NOTES) + len(OWN)


def with_own_notes(month: Month) -> Month:
    """A month in which indicators of somebody's own are noted behind ours."""
    notes = [
        Process(f"note.{name}", How.NOTE, of, "compounds", entry=at, doc=INDICATORS[name].formula)
        for at, (name, of) in enumerate(OWN.items(), len(NOTES))
    ]
    return month.after("note", *notes) if notes else month


def column(name: str) -> int:
    """Where an indicator stands in arrays that hold all of them."""
    return list(INDICATORS).index(name)


def compute(notes: np.ndarray) -> np.ndarray:
    """All indicators (..., len(INDICATORS)), in catalogue order, of notes (..., noted)."""
    months = Months(notes.reshape(-1, notes.shape[-1]))
    values = np.stack([indicator.compute(months) for indicator in INDICATORS.values()], axis=-1)
    return values.reshape(*notes.shape[:-1], len(INDICATORS))
