"""The best plans within the hours and money that there are a month, as ``xiaoqu optimise`` seeks them."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sim.config import Config, Policy
from sim.desk.session import Plan, Planned, Session
from sim.science.goal import Goal
from sim.science.optimise import Optimum, Sought, worlds_of
from sim.science.search import Search

GIVERS = ("cell", "community", "firm", "street")
"""Whose hours can be limited, as ``Payer`` names them."""

STAGES = (24, 60, 150, 400)
"""Policies tried until the first answer, and until it has been improved."""

POLISHED = 150
"""Policies from which on the best are also changed step by step, which takes as many trials again."""

LONGEST = 60.0
"""Seconds after which no further stage would end; one that would is not begun."""

SEARCHED, CHECKED = 12, 60
"""Worlds of the search, and fresh ones in which the best are tried once more."""

BEST = 3
MOST_SEARCHES = 4


@dataclass(frozen=True)
class Wanted:
    """What is sought.

    Attributes:
        config: The compound without measures.
        candidates: Names of the measures on offer.
        level, within: Share of fees that is to be reached, and in which month.
        hours: Hours a month by who gives them.
        yuan: Yuan a month; infinite for no limit.
    """

    config: Config
    candidates: tuple[str, ...]
    level: float
    within: int
    hours: tuple[tuple[str, float], ...]
    yuan: float

    def question(self, trials: int) -> Sought:
        """The same as ``xiaoqu optimise`` asks it."""
        offered = Policy(name="offered", measures={name: {} for name in self.candidates})
        # As likely as can be: with no chance that is enough, the search seeks the best within the limits.
        return Sought(
            self.config.model_copy(update={"months": self.within, "policy": offered}),
            (Goal("collection_rate", 1, self.level, self.within),),
            probability=1.0, yuan_most=self.within * self.yuan, hours_of=self.hours,
            starts=tuple(month for month in (1, 7) if month <= self.within),
            trials=trials, worlds=SEARCHED, check=CHECKED,
        )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One of the best plans.

    Attributes:
        measures: Name, dose and first month.
        reached, worlds: In how many fresh worlds it reaches the target, and of how many.
        low, high: Wilson's interval of the chance, 95%.
        level: Mean share of fees there in the month asked about.
        hours, yuan: A month, beyond the compound without measures.
        given: Hours a month of those that are limited.
        bare: In how many of the fresh worlds the compound reaches the target without measures.
    """

    measures: tuple[tuple[str, float, int], ...]
    reached: int
    worlds: int
    low: float
    high: float
    level: float
    hours: float
    yuan: float
    given: tuple[tuple[str, float], ...]
    bare: int = 0

    def plan(self, name: str) -> Plan:
        """It as a plan that can be changed."""
        return Plan(
            name=name, measures=[Planned(measure=m, dose=d, start=s) for m, d, s in self.measures]
        )


def wanted(session: Session, config: Config) -> Wanted:
    """What a session seeks in its compound, which ``config`` describes without measures."""
    hours = tuple((who, session.budget[who]) for who in GIVERS if who in session.budget)
    return Wanted(
        config, tuple(session.candidates), session.threshold, session.within, hours,
        session.budget.get("yuan", math.inf),
    )  # fmt: skip


_remembered: OrderedDict[str, Search] = OrderedDict()


def seek(asked: Wanted, key: str, trials: int) -> list[Found]:
    """The best plans after so many were tried; what was tried before is remembered.

    Args:
        asked: What is sought.
        key: Tells it from other searches.
        trials: Policies tried, those of earlier calls counted in.
    """
    question = asked.question(trials)
    search = _remembered.get(key)
    if search is None:
        search = _remembered[key] = Search(question, worlds_of(question), False, None)
        while len(_remembered) > MOST_SEARCHES:
            _remembered.popitem(last=False)
    search.question = question
    _remembered.move_to_end(key)
    search.seek(polish=trials >= POLISHED)
    best = search.best(BEST)
    if not best:
        return []
    tables: dict[str, Any] = search.tell(best)
    (goal,) = question.goals
    bare = int((goal.margin(search.checked[search.nothing][:, 0]) >= 0).sum())
    return told(Optimum(question, **tables), bare)


def too_long(seconds: float, tried: int, trials: int) -> bool:
    """Whether the next stage would end too late, if it goes on as it went so far."""
    return bool(tried) and seconds * trials / tried > LONGEST


def told(optimum: Optimum, bare: int) -> list[Found]:
    """Plans with what the fresh worlds say of them, the likeliest first.

    Args:
        optimum: What was found.
        bare: In how many of the fresh worlds nothing has to be done to reach the target.
    """
    question = optimum.question
    (goal,) = question.goals
    months = goal.month
    level = f"{goal.indicator}_{goal.month}"
    rows = optimum.frontier.sort_values(
        ["probability", level, "cost"], ascending=[False, False, True]
    )
    found = []
    for row in rows.to_dict("records"):
        parts = optimum.policies[optimum.policies["policy"] == row["policy"]]
        measures = tuple(
            (str(p["measure"]), float(p["dose"]), int(p["start"])) for p in parts.to_dict("records")
        )
        given = tuple((who, row[f"hours_{who}"] / months) for who, _ in question.hours_of)
        reached = round(row["probability"] * question.check)
        found.append(
            Found(
                measures, reached, question.check, row["low"], row["high"], row[level],
                row["hours"] / months, row["yuan"] / months, given, bare,
            )
        )  # fmt: skip
    return found


class Seeking:
    """A search under way and what it has found.

    Args:
        of: What it was asked for; None before the first.
    """

    def __init__(self, of: Wanted | None = None) -> None:
        self.of = of
        self.found: list[Found] | None = None
        self.tried = 0
        self.problem = ""
        self.task: asyncio.Task[None] | None = None

    @property
    def working(self) -> bool:
        """Whether it goes on."""
        return self.task is not None and not self.task.done()

    def said(self, words: dict[str, str], now: Wanted | None) -> str:
        """How far it is, in a line; and that it is of something else than what would be asked for now."""
        if self.of is not None and now is not None and self.of != now:
            return words["budget_old"]
        if self.problem:
            return self.problem
        if self.found is None:
            return words["budget_first"] if self.working else ""
        if not self.found:
            return words["budget_none"]
        said = [words["budget_seeking" if self.working else "budget_done"].format(n=self.tried)]
        first = self.found[0]
        said.append(words["budget_bare"].format(a=first.bare, all=first.worlds))
        if first.reached <= first.bare:
            said.append(words["budget_no_better"])
        return words["between_sentences"].join(said)
