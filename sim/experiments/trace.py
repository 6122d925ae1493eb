"""Follow single problems through one run: who found them, who handled them at which level, how they ended.

The run is the same, byte for byte, as one that nobody watches: processes of the month that change
nothing write down what happens to every problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config
from sim.errors import InputError
from sim.experiments.answers import Answer
from sim.explain import show, unknown_name
from sim.model import NeighborhoodModel
from sim.own import usual_month
from sim.processes.issues import LATENT, Category, Happened
from sim.world.process import Month, python

FEELINGS = ("grievance", "efficacy", "trust_firm", "trust_cell")
"""What is written down of the household that has the problem."""

_SOLVED, _SHELVED = int(Happened.SOLVED), int(Happened.SHELVED)


@dataclass(frozen=True)
class Followed:
    """One run with every problem that arose after month 0.

    Attributes:
        config: What was run, under its own seed.
        months: A row per problem and month it was in the book: problem (1 for the first that
            arose), month, arose, category, household, compound, building, stair, floor (places
            counted from 1 within the compound and building), urgency, open (known before this
            month), happened (``Happened``), said (``Door`` that its household went to), level (at which it
            was this month), left_at (level at which the month left it), met (its building met), hours
            (used), moved (another household has it from this month on), and each of
            ``FEELINGS`` with _before and _after (the month's handling) and _end (of the month).
        told: Numbers of problems that the scenario's events placed, by label.
        costs: A row per month, compound, actor and measure: hours, yuan.
        in_force: By label and compound, months in which a measure or event was in force.
    """

    config: Config
    months: pd.DataFrame
    told: dict[str, list[int]]
    costs: pd.DataFrame
    in_force: dict[tuple[str, int], list[int]]


@dataclass(frozen=True, repr=False)
class Story(Answer):
    """One problem from its first month to its last.

    Attributes:
        config: What was run.
        months: The rows of ``Followed.months`` that are its own.
        label: Label of the event that placed it, "" if it arose by itself.
        in_force: Months of its story in which each measure was in force.
        costs: What measures took in its compound in these months, by measure and actor.
        others: Over all problems of its category: number, shares solved and shelved, median months of
            those that ended (NaN where none has).
    """

    TABLES = ("months", "costs")
    MAIN = "months"
    SHOWN = "sim.experiments.trace_text:print_story"
    folder = None

    config: Config
    months: pd.DataFrame
    label: str
    in_force: dict[str, list[int]]
    costs: pd.DataFrame
    others: dict[str, float]

    @property
    def about(self) -> dict[str, Any]:
        """Which problem of which run."""
        config = self.config
        asked = {"scenario": config.scenario.name, "policy": config.policy.name}
        return {**asked, "problem": self.label or self.category.name.lower(), "ended": self.end}

    @property
    def category(self) -> Category:
        """What it is about."""
        return Category(int(self.months["category"].iloc[0]))

    @property
    def end(self) -> str:
        """How it ended: solved, shelved, or open in the last month."""
        last = int(self.months["happened"].iloc[-1])
        return "solved" if last & _SOLVED else "shelved" if last & _SHELVED else "open"

    def hours(self) -> dict[int, float]:
        """Hours spent on this problem itself, by the level at which it began the month."""
        levels, hours = self.months["level"].to_numpy(), self.months["hours"].to_numpy()
        used = {int(level): float(hours[levels == level].sum()) for level in np.unique(levels)}
        return {level: spent for level, spent in used.items() if spent > 0.0}


def trace(config: Config, issue: str | int = "first", since: int = 1) -> Story:
    """Run a configuration once and tell the story of one problem.

    Args:
        config: What to run; its seed decides the one run.
        issue: ``"first"``, ``"longest"``, a number (1 is the first to arise after month 0), a
            category such as ``"parking"`` (the first of it), or the label of a
            ``reported_problem`` of the scenario.
        since: First month of those among which first, longest and category choose.

    Raises:
        InputError: If the issue has no such name, or none such arises.
    """
    _check_name(config, issue)
    followed = follow(config)
    return story(followed, find(followed, issue, since))


def checked(config: Config, issue: Any, since: Any) -> tuple[str | int, int]:
    """Check which problem is asked for.

    Raises:
        InputError: No problem can have this name, or the month is not lived.
    """
    _check_name(config, issue)
    if not _is_whole(since) or not 1 <= since <= config.months:
        allowed = f"whole number from 1 to {config.months} (month)"
        raise InputError("since", f"{show(since)} is not allowed", allowed)
    return issue, since


# --- the run --------------------------------------------------------------------------------------


class _Watch:
    """Writes down what happens to every problem that arose after month 0."""

    def __init__(self) -> None:
        self.pages: list[dict[str, np.ndarray]] = []
        self.placed: list[tuple[str, int, int]] = []

    def before_entering(self, world: Any) -> None:
        """Which problems events place this month."""
        placing = world.placing
        self.placed += [
            (world.labels[placing.label[k]], int(placing.household[k]), world.month)
            for k in range(world.placed)
        ]

    def before_handling(self, world: Any) -> None:
        """The month's problems, and how their households feel."""
        book, h, n = world.issues, world.households, world.issues_held
        self._rows = np.flatnonzero(book.arose[:n] > 0)
        household = book.reporter[self._rows]
        self.page = {
            "month": np.full(len(household), world.month),
            "household": household,
            "arose": book.arose[self._rows],
            "category": book.category[self._rows],
            "urgency": book.urgency[self._rows],
            "open": book.state[self._rows] != LATENT,
            "moved": h.moved[household] == 1,
            "met": world.buildings.meeting[h.building[household]] == 1,
        } | self._feel(world, "before", household)

    def after_handling(self, world: Any) -> None:
        """What was done, and what it did."""
        book = world.issues
        self.page |= self._feel(world, "after", self.page["household"])
        of_month = {"happened": "happened", "level": "handled_at", "left_at": "left_at", "said": "said",
                    "hours": "spent"}  # fmt: skip
        self.page |= {name: getattr(book, column)[self._rows] for name, column in of_month.items()}

    def at_the_end(self, world: Any) -> None:
        """How the month left the households."""
        self.pages.append(self.page | self._feel(world, "end", self.page["household"]))

    @staticmethod
    def _feel(world: Any, when: str, household: np.ndarray) -> dict[str, np.ndarray]:
        return {f"{name}_{when}": getattr(world.households, name)[household] for name in FEELINGS}

    def month(self, month: Month | None = None) -> Month:
        """A month with a look at the problems before and after they are handled."""
        return (
            (month or usual_month())
            .before("problems_are_entered", python(self.before_entering))
            .before("residents_speak", python(self.before_handling))
            .after("problems_are_handled", python(self.after_handling))
            .after("note", python(self.at_the_end))
        )


def follow(config: Config, lived: Month | None = None) -> Followed:
    """Run a configuration once under its seed and write down every problem.

    Args:
        config: What to run.
        lived: Another month than the usual, as one with looks at something else besides.
    """
    watch = _Watch()
    watched = type("Watched", (NeighborhoodModel,), {"processes": watch.month(lived)})
    model = watched(config)
    model.run()
    pages = watch.pages or [{}]
    months = pd.DataFrame({k: np.concatenate([page[k] for page in pages]) for k in pages[0]})
    if months.empty:
        return Followed(config, months, {}, pd.DataFrame(model.recorder.costs), {})
    # Number them as they arose, a month's in the order of rows.
    by_age = months[["arose", "household"]].drop_duplicates().sort_values(["arose", "household"])
    number = pd.Series(range(1, len(by_age) + 1), pd.MultiIndex.from_frame(by_age))
    months["problem"] = number.loc[pd.MultiIndex.from_frame(months[["arose", "household"]])].values
    _add_places(months, model)
    told: dict[str, list[int]] = {}
    for label, household, month in watch.placed:
        if (month, household) in number.index:
            told.setdefault(label, []).append(int(number[month, household]))
    in_force = {
        (measure.label, compound.index): [t for t in lived if measure.strength(t) > 0.0]
        for lived in [range(1, config.months + 1)]
        for measure in model.measures
        for compound in model.compounds
        if model.world.reaches[measure.index, compound.index]
    }
    return Followed(config, months, told, pd.DataFrame(model.recorder.costs), in_force)


def _add_places(months: pd.DataFrame, model: NeighborhoodModel) -> None:
    h, b = model.households, model.buildings
    household = months["household"].to_numpy()
    building, compound = h.building[household], h.compound[household]
    first_building = np.searchsorted(b.compound, compound)
    months["compound"] = compound
    months["building"] = building - first_building + 1
    months["stair"] = h.stair[household] - h.stair[b.start[building]] + 1
    months["floor"] = h.floor[household]


# --- one of them ----------------------------------------------------------------------------------


def _labels(config: Config) -> list[str]:
    return [e.label for e in config.scenario.entries() if e.measure.name == "reported_problem"]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_name(config: Config, issue: Any) -> None:
    categories = [c.name.lower() for c in Category]
    names = ["first", "longest", "a number", *_labels(config), *categories]
    if not _is_whole(issue) and issue not in names[:2] + names[3:]:
        raise unknown_name("issue", f"no problem is named {show(issue)}", str(issue), names)


def find(followed: Followed, issue: str | int, since: int = 1) -> int:
    """Number of the problem that ``issue`` names, see ``trace``.

    Raises:
        InputError: If none such arises.
    """
    months, told = followed.months, followed.told
    count = 0 if months.empty else int(months["problem"].max())
    if isinstance(issue, int):
        if not 1 <= issue <= count:
            allowed = f"1 to {count}" if count else "none arises"
            raise InputError("issue", f"there is no problem {issue}", allowed)
        return issue
    lived = f"in months {since} to {followed.config.months}"
    if issue in _labels(followed.config):
        if issue not in told:
            raise InputError("issue", f"problem {issue} does not arise {lived}")
        return told[issue][0]
    own = months if months.empty else months[months["arose"] >= since]
    if issue not in ("first", "longest") and not own.empty:
        own = own[own["category"] == Category[issue.upper()]]
    if own.empty:
        kind = "" if issue in ("first", "longest") else f" of category {issue}"
        raise InputError("issue", f"no problem{kind} arises {lived}")
    if issue == "longest":
        problems, lasted = np.unique(own["problem"], return_counts=True)
        return int(problems[lasted.argmax()])
    return int(own["problem"].min())


def story(followed: Followed, problem: int) -> Story:
    """Put together all that was written down of one problem."""
    months = followed.months
    own = months[months["problem"] == problem].sort_values("month").reset_index(drop=True)
    compound, first, last = (int(own[k].iloc[i]) for k, i in _ENDS)
    label = next((label for label, placed in followed.told.items() if problem in placed), "")
    in_force = {
        name: [t for t in lived if first <= t <= last]
        for (name, where), lived in followed.in_force.items()
        if where == compound
    }
    costs = followed.costs
    if not costs.empty:
        here = (costs["compound"] == compound) & costs["month"].between(first, last)
        costs = costs[here].groupby(["measure", "actor"])[["hours", "yuan"]].sum().reset_index()
    events = {entry.label for entry in followed.config.scenario.entries()}
    return Story(
        config=followed.config,
        months=own,
        label=label,
        in_force={k: t for k, t in in_force.items() if t and k not in events},
        costs=costs,
        others=_others(months[months["category"] == own["category"].iloc[0]]),
    )


_ENDS = (("compound", 0), ("month", 0), ("month", -1))


def _others(months: pd.DataFrame) -> dict[str, float]:
    by = months.groupby("problem")["happened"]
    ended = by.last()
    done = by.size()[ended & (_SOLVED | _SHELVED) > 0]
    return {
        "number": float(len(ended)),
        "solved": float((ended & _SOLVED > 0).mean()),
        "shelved": float((ended & _SHELVED > 0).mean()),
        "median_months": float(known.median(done)),
    }
