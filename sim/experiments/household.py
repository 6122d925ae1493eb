"""Why one household paid or did not: its decision month by month, what moved it, and its twin.

The household is followed through two runs under one seed, with the policy and without it. Draws are
shared, so whatever differs between the two is the policy's doing. Of each month are kept the terms of the
decision (``sim.experiments.decision``), what moved them, the problems of the household
(``sim.experiments.trace``) and what it saw its neighbours do.

What lifts a chance from p to q is shared out among terms and causes in proportion to what each adds to the sum
of pushes: on the straight way from one set of terms to the other every term gets the same slope of the logistic
curve, (q - p) by the difference of the sums (Aumann and Shapley 1974). So parts add up to the change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.config import Config, Policy
from sim.errors import InputError
from sim.experiments.answers import Answer
from sim.experiments.decision import CAUSES, TERMS, Moves, check_theory
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.trace import Followed, follow
from sim.explain import unknown_name
from sim.own import usual_month
from sim.processes.issues import Happened
from sim.processes.neighbours import PAID
from sim.society.ties import Layer
from sim.world.process import Month, python
from sim.world.tables import Tenure

WITH, WITHOUT = "policy", "without"
"""The two runs: under the policy, and without it or without one of its measures."""

CHANGED = "changed"
"""In the place of a household: the first that would pay in the last month under the policy and not without it."""

PATH = 4
"""Most households on a path of ties."""

_KEPT = (
    "tenure", "life", "kind", "lived_here", "moved", "satisfaction", "trust_firm", "grievance", "norm", "habit",
    "seen_paid", "seen_satisfaction", "stage", "own_open", "called_on", "attended", "willing", "reluctance",
    "held_back", "bill_fen", "bill_months", "bill_fee_fen", "received_fen", "recovered_fen", "arrears_fen",
    "arrears_months", "paid", "intends",
)  # fmt: skip
"""Columns of the household that are kept as the month leaves them."""

PLACE = ("compound", "building", "stair", "floor")


def checked(config: Config, without: str) -> Config:
    """The configuration without its policy, or without one measure of it.

    Raises:
        InputError: There is no such measure, or the decision has no terms.
    """
    check_theory(config)
    measures = config.policy.measures
    if without and without not in measures:
        problem = f"{config.policy.name} has no measure {without!r}"
        raise unknown_name("without", problem, without, list(measures))
    kept = {k: v for k, v in measures.items() if k != without} if without else {}
    name = f"{config.policy.name} without {without}"
    policy = Policy(name=name, measures=kept) if kept else Policy()
    return config.model_copy(update={"policy": policy})


@dataclass(frozen=True, repr=False)
class Why(Answer):
    """One household through two runs under one seed.

    Attributes:
        question: What was asked.
        months: A row per run and month from 1 on: household, its place (building, stair and floor from 1 on) and
            columns as the month left them; ``chance``, that it would pay; ``needs``, the chance above which it
            pays its bill or, where none is open, its old debts; ``status``: vacant, not_asked, paid, means_to,
            refuses; ``visited``, ``heard`` (its own problems solved) and ``unheard`` (answered, not solved).
        terms: A row per run, month and term: ``push`` in logits; over a month's terms they add up to the logit of
            ``chance``.
        moves: A row per run, month, cause and term that moved: ``change`` in logits since the decision before.
        causes: A row per cause: what it changed of the sum in logits from month 0 to the last in each run, and
            ``points`` of the last month's difference in chance that it carried.
        problems: The household's problems in each run, a row a month, numbered as ``issue`` numbers them.
        ties: A row per neighbour: layer, ``share`` of what is seen, first month it was seen paying in each run,
            and ``months``, how many more months it was seen paying under the policy.
        path: From the household back along ties to where the difference came from: step, household, cause, push
            in logits, points of its own chance, layer of the tie.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("months", "terms", "moves", "causes", "problems", "ties", "path")
    MAIN = "months"
    SHOWN = "sim.experiments.household_text:print_story"
    FIGURES = "sim.figures.household"

    question: Question
    months: pd.DataFrame
    terms: pd.DataFrame
    moves: pd.DataFrame
    causes: pd.DataFrame
    problems: pd.DataFrame
    ties: pd.DataFrame
    path: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def about(self) -> dict[str, Any]:
        """Which household of which runs."""
        config = self.question.config
        row = int(self.months["household"].iloc[0])
        return {"scenario": config.scenario.name, "policy": config.policy.name, "household": row}

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]

    def story(self, language: str = "en") -> list[str]:
        """The story in sentences, in "en" or "zh"."""
        from sim.experiments.household_text import sentences

        return sentences(self, language)


@dataclass(frozen=True)
class Question(Kept):
    """Which household of which run.

    Attributes:
        config: The run; its own seed decides it.
        other: The same without the policy, or without one of its measures.
        household: Its row, or ``CHANGED``.
        without: Measure that the other run lacks, "" for the whole policy.
    """

    config: Config
    other: Config
    household: int | str
    without: str = ""

    ANSWER = Why

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words = {"household": self.household, "without": self.without}
        return Asked("why", self.config, words, others=(self.other,))

    def maker(self, how: How) -> Maker:
        """What lives the two runs."""
        return partial(_tables, self)


# --- two runs -------------------------------------------------------------------------------------


class _Diary:
    """Keeps what all households showed and saw, and the columns of one, month by month."""

    def __init__(self, household: int | None) -> None:
        self.household, self.rows = household, list[dict[str, Any]]()
        self.shown: dict[int, np.ndarray] = {}
        self.world: Any = None
        self._before: dict[str, float] = {}

    def month(self, month: Month) -> Month:
        """A month with a look at what is shown, around visits, and at its end."""
        month = month.after("look_around", python(self._look))
        month = month.before("be_visited", python(self._before_visit))
        month = month.after("be_visited", python(self._after_visit))
        return month.after("note", python(self._end))

    def _look(self, world: Any) -> None:
        self.world = world
        if world.month >= 1:
            self.shown[world.month] = world.households.shown >> PAID & 1

    def _before_visit(self, world: Any) -> None:
        if self.household is not None:
            keeps = world.compounds[
                world.households.compound[self.household]
            ].parameters.participation.contact_keeps
            self._before = {"contact": world.households.contact[self.household] * keeps}

    def _after_visit(self, world: Any) -> None:
        if self.household is not None:
            self._before["visited"] = (
                world.households.contact[self.household] > self._before["contact"]
            )

    def _end(self, world: Any) -> None:
        i = self.household
        if i is None or world.month < 1:
            return
        h = world.households
        compound = world.compounds[h.compound[i]]
        row = {name: getattr(h, name)[i] for name in _KEPT}
        row |= {"month": world.month, "household": i, "visited": bool(self._before["visited"])}
        row |= {"served": compound.signals.firm_present > 0.0, "billed_ever": h.billed[i] > 0}
        self.rows.append(row)


@dataclass(frozen=True)
class _Lived:
    moves: Moves
    diary: _Diary
    followed: Followed

    @property
    def last(self) -> int:
        return max(self.moves.terms)

    def sums(self, month: int) -> np.ndarray:
        return np.asarray(self.moves.terms[month].sum(axis=0))


def _live(config: Config, household: int | None) -> _Lived:
    moves, diary = Moves(0, household), _Diary(household)
    followed = follow(config, diary.month(moves.month(usual_month())))
    return _Lived(moves, diary, followed)


def _tables(question: Question) -> dict[str, pd.DataFrame]:
    household = question.household
    # One run has one set of parameters: that of its seed.
    config, other = (c.drawn(c.seed) for c in (question.config, question.other))
    if household == CHANGED:
        if not config.policy.measures:
            problem = f"is {CHANGED}, and {config.policy.name} does nothing"
            raise InputError("household", problem, "a policy, or a number")
        household = _first_changed(*(_live(c, None) for c in (config, other)))
    _check_row(config, int(household))
    lived = {WITH: _live(config, int(household))}
    if config.policy.measures:
        lived[WITHOUT] = _live(other, int(household))
    return {
        "months": _months(lived),
        "terms": _of_months(lived, _terms),
        "moves": _of_months(lived, _moves),
        "causes": _causes(lived, int(household)),
        "problems": _problems(lived, int(household)),
        "ties": _ties(lived, int(household)),
        "path": _path(lived, int(household)),
    }


def _first_changed(one: _Lived, other: _Lived) -> int:
    h, g = one.diary.world.households, other.diary.world.households
    same = (h.lived_here == g.lived_here) & (h.tenure != Tenure.VACANT)
    found = np.flatnonzero(same & (h.intends == 1) & (g.intends == 0))
    if not len(found):
        raise InputError(
            "household",
            "nobody pays in the last month for whom that is the policy's doing",
            "a number",
        )
    return int(found[0])


def _check_row(config: Config, household: int) -> None:
    from sim.model import NeighborhoodModel

    number = len(NeighborhoodModel(config).households)
    if not 0 <= household < number:
        raise InputError("household", f"there is no household {household}", f"0 to {number - 1}")


# --- tables ---------------------------------------------------------------------------------------


def _months(lived: dict[str, _Lived]) -> pd.DataFrame:
    parts = []
    for run, one in lived.items():
        frame = pd.DataFrame(one.diary.rows)
        w, i = one.diary.world, int(frame["household"].iloc[0])
        h, b = w.households, w.buildings
        frame["compound"] = int(h.compound[i])
        frame["building"] = int(h.building[i] - np.searchsorted(b.compound, h.compound[i]) + 1)
        frame["stair"] = int(h.stair[i] - h.stair[b.start[h.building[i]]] + 1)
        frame["floor"] = int(h.floor[i])
        frame["chance"] = frame["willing"]
        frame["needs"] = frame["reluctance"].where(frame["bill_months"] > 0, frame["held_back"])
        frame["status"] = [_status(row) for row in frame.to_dict("records")]
        happened = one.followed.months
        own = happened[happened["household"] == i] if len(happened) else happened
        for name, flag in (("heard", int(Happened.SOLVED)), ("unheard", int(Happened.UNSOLVED))):
            found = (
                own[own["happened"] & flag > 0]["month"].value_counts()
                if len(own)
                else pd.Series(dtype=int)
            )
            frame[name] = frame["month"].map(found).fillna(0).astype(int)
        parts.append(frame.assign(run=run))
    frame = pd.concat(parts, ignore_index=True)
    first = ["run", "month", "household", *PLACE, "status", "chance", "needs"]
    return frame[[*first, *(name for name in frame.columns if name not in first)]]


def _status(row: dict[Any, Any]) -> str:
    if row["tenure"] == Tenure.VACANT:
        return "vacant"
    if not row["served"] or (row["bill_months"] == 0 and not row["billed_ever"]):
        return "not_asked"
    return "paid" if row["paid"] else "means_to" if row["intends"] else "refuses"


Rows = list[dict[str, Any]]


def _of_months(lived: dict[str, _Lived], rows: Callable[[_Lived, int], Rows]) -> pd.DataFrame:
    found = [
        {"run": run, "month": month, **row}
        for run, one in lived.items()
        for month in one.moves.terms
        if month >= 1
        for row in rows(one, month)
    ]
    return pd.DataFrame(found)


def _terms(one: _Lived, month: int) -> Rows:
    values = one.moves.terms[month][:, one.moves.closely].tolist()
    return [{"term": name, "push": value} for name, value in zip(TERMS, values, strict=True)]


def _moves(one: _Lived, month: int) -> Rows:
    changes = one.moves.moved_terms[month]
    return [
        {"cause": cause, "term": term, "change": float(changes[c, t])}
        for c, cause in enumerate(CAUSES)
        for t, term in enumerate(TERMS)
        if changes[c, t] != 0.0
    ]


def _chance(push: float) -> float:
    return float(1.0 / (1.0 + np.exp(-push)))


def per_push(one: float, other: float) -> float:
    """Change of the chance for each logit on the way from one sum of pushes to another."""
    if abs(one - other) < 1e-9:
        return _chance(one) * (1.0 - _chance(one))
    return (_chance(one) - _chance(other)) / (one - other)


def _causes(lived: dict[str, _Lived], i: int) -> pd.DataFrame:
    one = lived[WITH]
    other = lived.get(WITHOUT)
    moved = one.moves.moved[one.last][:, i].copy()
    # Alone, a run is held against its own month 0.
    before = one.moves.terms[min(one.moves.terms)][:, i].sum()
    against = np.zeros(len(CAUSES)) if other is None else other.moves.moved[other.last][:, i]
    then = before if other is None else other.sums(other.last)[i]
    now = float(one.sums(one.last)[i])
    # Without a history there is no decision before the policy, and what it did at once is seen by its terms only.
    moved[list(CAUSES).index("other")] += now - float(then) - (moved - against).sum()
    points = 100.0 * per_push(now, float(then)) * (moved - against)
    return pd.DataFrame({"cause": list(CAUSES), WITH: moved, WITHOUT: against, "points": points})


def _problems(lived: dict[str, _Lived], i: int) -> pd.DataFrame:
    parts = [
        one.followed.months[one.followed.months["household"] == i].assign(run=run)
        for run, one in lived.items()
        if len(one.followed.months)
    ]
    if not parts:
        return pd.DataFrame(
            {name: [] for name in ("run", "problem", "month", "category", "happened")}
        )
    return pd.concat(parts, ignore_index=True)


def _ties(lived: dict[str, _Lived], i: int) -> pd.DataFrame:
    ties = lived[WITH].diary.world.ties
    at = slice(int(ties.indptr[i]), int(ties.indptr[i + 1]))
    neighbours, strength = ties.neighbour[at], ties.strength[at]
    frame = pd.DataFrame(
        {"neighbour": neighbours, "layer": [Layer(k).name.lower() for k in ties.layer[at]]}
    )
    frame["share"] = strength / max(float(strength.sum()), 1e-300)
    paid = {}
    for run in (WITH, WITHOUT):
        one = lived.get(run, lived[WITH])
        months = sorted(one.diary.shown)
        paid[run] = np.array([one.diary.shown[m][neighbours] for m in months])
        first = np.where(paid[run].any(axis=0), np.array(months)[paid[run].argmax(axis=0)], -1)
        frame[f"paying_{run}"] = first
    frame["months"] = paid[WITH].sum(axis=0).astype(int) - paid[WITHOUT].sum(axis=0).astype(int)
    return frame.sort_values(["months", "share"], ascending=False, kind="stable").reset_index(
        drop=True
    )


def _path(lived: dict[str, _Lived], household: int) -> pd.DataFrame:
    """Back along ties, from who followed its neighbours to the neighbour that changed most in its sight."""
    rows: Rows = []
    if WITHOUT in lived:
        one, other = lived[WITH], lived[WITHOUT]
        i, layer, met = household, "", set[int]()
        while len(rows) < PATH and i not in met:
            met.add(i)
            causes = one.moves.moved[one.last][:, i] - other.moves.moved[other.last][:, i]
            cause = list(CAUSES)[int(np.argmax(causes))]
            slope = per_push(float(one.sums(one.last)[i]), float(other.sums(other.last)[i]))
            push = float(causes.max())
            rows.append({"step": len(rows), "household": i, "layer": layer, "cause": cause, "push": push,
                         "points": 100.0 * slope * push})  # fmt: skip
            if cause != "neighbours":
                break
            seen = _ties(lived, i)
            seen = seen[(seen["months"] > 0) & ~seen["neighbour"].isin(met)]
            if seen.empty:
                break
            best = seen.iloc[int((seen["months"] * seen["share"]).to_numpy().argmax())]
            i, layer = int(best["neighbour"]), str(best["layer"])
    columns = ["step", "household", "layer", "cause", "push", "points"]
    return pd.DataFrame(rows, columns=columns)
