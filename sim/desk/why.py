"""Why: what carried a plan's effect, and why one household pays; asked by a button, lived in the lanes in turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from sim.desk import compound
from sim.desk.bench import Asked
from sim.desk.lanes import Lanes
from sim.desk.refusals import told_in
from sim.desk.session import Own, Session
from sim.errors import InputError
from sim.experiments import household
from sim.explain import show
from sim.questions.why import CHANGED, REPLICATIONS
from sim.science import chain, effect, loops
from sim.society.edges import rows_of
from sim.society.imports import read_rooms

WIDE = (3.5, 5.0)
"""Inches of the two figures, so that letters are as large as the page's in a column of it and in a wide one."""


BY = {"effect": effect.Question, "arrows": chain.Question, "loops": loops.Question}
"""Ways to say what carried a plan's effect."""


class Asking:
    """What was asked for last, and what has been found.

    Attributes:
        of: What was asked, to be held against what would be asked now.
        found: The answer, an ``Effect`` or ``Chain``, ``Loops`` or a ``Why``; None before there is one.
        language, drawing: Its figure as an ``svg`` element, and in which language.
        done: Runs that are there.
        problem: Why there is no answer, in one line.
    """

    def __init__(self) -> None:
        self.of: Any = None
        self.found: Any = None
        self.language = self.drawing = self.problem = ""
        self.done = 0
        self.task: asyncio.Task[None] | None = None

    @property
    def working(self) -> bool:
        """Whether it goes on."""
        return self.task is not None and not self.task.done()

    def stop(self) -> None:
        """Give it up; what was found stays."""
        if self.task is not None:
            self.task.cancel()

    def count(self, told: Callable[[], None], done: int) -> None:
        """So many runs are there now."""
        self.done = done
        told()

    def begin(self, of: Any, work: Coroutine[Any, Any, Any]) -> None:
        """Give up what was asked before, and let this be found.

        Args:
            of: What is asked.
            work: Finds it, with ``found`` or ``drawing`` as what comes of it.
        """
        self.stop()
        self.of, self.problem, self.done = of, "", 0
        self.task = asyncio.create_task(work)


async def find(
    asking: Asking, lanes: Lanes, of: Any, language: str, told: Callable[[], None]
) -> None:
    """Find the answer to a question and draw it.

    Args:
        asking: Where it is put.
        lanes: Where it is lived.
        of: The question. An effect is lived a seed at a time, anything else by one process of the lanes.
        language: Of the figure, and of what is refused.
        told: Called whenever there is news.
    """
    asking.found = None
    told()
    with told_in(asking, language, told):
        if type(of) is effect.Question:
            seeds = range(of.config.seed, of.config.seed + of.config.replications)
            work = {seed: (of, seed) for seed in seeds}
            lived = await lanes.spread(effect.live, work, partial(asking.count, told))
            asking.found = await lanes.call(0, put_together, of, lived)
        else:
            asking.found = await lanes.call(of.config.seed, of.answer)
        await draw(asking, lanes, language, told)


async def draw(asking: Asking, lanes: Lanes, language: str, told: Callable[[], None]) -> None:
    """Draw what was found."""
    asking.language, asking.drawing = language, ""
    asking.drawing = await lanes.call(0, drawn, asking.found, language)
    told()


def put_together(of: effect.Question, lived: list[effect.Seed]) -> effect.Effect:
    """The answer from its seeds."""
    found: effect.Effect = of.answer_of(effect.told(lived))
    return found


def drawn(found: effect.Effect | loops.Loops | household.Why, language: str) -> str:
    """The figure of an answer as an ``svg`` element; none of a chain in which nothing moved."""
    from sim.figures import chain as of_chain  # Matplotlib is slow to import.
    from sim.figures import effect as of_effect
    from sim.figures import household as of_household
    from sim.figures import loops as of_loops
    from sim.report.page import inline_svg, unlike_ids

    if isinstance(found, household.Why):
        return unlike_ids(inline_svg(of_household.both(found, language, WIDE[1])), 0)
    if isinstance(found, loops.Loops):
        return unlike_ids(inline_svg(of_loops.both(found, language, WIDE[1])), 2)
    if isinstance(found, chain.Chain):
        outcome = found.told
        if outcome is None:
            return ""
        figure, _ = of_chain.links(found, outcome, language=language, width=WIDE[1])
        return unlike_ids(inline_svg(figure), 3)
    return unlike_ids(inline_svg(of_effect.short(found, language, WIDE[0])), 1)


def effect_of(
    session: Session, asked: Asked, against: Asked | None = None, by: str = "effect"
) -> effect.Question:
    """What carries a plan's effect in the month that the session asks about, as ``xiaoqu why`` asks it.

    Args:
        session: What was chosen.
        asked: The plan in its compound.
        against: Another plan that it is held against; None for no measures.
        by: One of ``BY``.

    Raises:
        InputError: The theory of paying has no terms.
    """
    runs = min(REPLICATIONS, session.replications)
    size: dict[str, Any] = {"months": session.within, "replications": runs}
    if by != "effect":
        # It is lived by one process, which the visit has to itself.
        size["executor"] = asked.config.executor.model_copy(update={"workers": 1})
    config = asked.config.model_copy(update=size)
    other = household.checked(config, "")
    if against is not None:
        other = other.model_copy(update={"policy": against.config.policy})
    return BY[by](config, other)


def household_of(session: Session, asked: Asked, said: str, seed: int) -> household.Question:
    """Why a household pays in that month.

    Args:
        session: What was chosen.
        asked: The plan in its compound.
        said: Its number or room; empty for the first that pays because of the plan.
        seed: Which run.

    Raises:
        InputError: It cannot be told which is meant.
    """
    row = _row(session.own if session.case == compound.OWN else Own(), said.strip())
    config = asked.config.model_copy(
        update={"months": session.within, "replications": 1, "seed": seed}
    )
    return household.Question(config, household.checked(config, ""), row)


def _row(own: Own, said: str) -> int | str:
    if not said:
        return CHANGED
    if said.isdecimal():
        return int(said)
    known = read_rooms(str(compound.kept(own.households, "households"))) if own.households else None
    found = rows_of(known, [said]) if known else None
    if found is None:
        allowed = "a number, or a room of the register" if known else "a number"
        raise InputError("household", f"no household is {show(said)}", allowed)
    return found[said]
