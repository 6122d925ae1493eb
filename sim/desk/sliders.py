"""The page of sliders of a session's plan: its runs in the lanes in turns, its emulator fitted beside reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sim.desk.bench import Asked
from sim.desk.lanes import Lanes
from sim.desk.refusals import told_in
from sim.desk.why import Asking
from sim.experiments.run import check_seeds
from sim.questions.explore import MONTHS, MOST_MEASURES, SHOWN
from sim.science import explore
from sim.science.explore import Question

RUNS, UNSEEN, REPEATS = 2048, 60, 12
"""Fewer than ``xiaoqu explore`` has: others wait for their runs meanwhile."""


def asked_of(asked: Asked) -> Question | None:
    """What is asked for a plan in its compound; None where it has no measure or too many."""
    config = asked.config.model_copy(update={"months": MONTHS, "replications": 1})
    if not 1 <= len(config.policy.entries()) <= MOST_MEASURES:
        return None
    return Question(config, SHOWN, runs=RUNS, unseen=UNSEEN, repeats=REPEATS)


def runs_of(of: Question) -> int:
    """Runs in all, those without measures among them."""
    return of.worlds * (explore.SHARED + 1) + of.unseen * of.repeats


async def find(
    asking: Asking, lanes: Lanes, printer: Lanes, of: Question, how: tuple[str, bool], told: Callable[[], None]
) -> None:  # fmt: skip
    """Live what a page is made of, and make it.

    Args:
        asking: Where it is put, as the bytes of the file.
        lanes: Where it is lived.
        printer: Where it is fitted.
        of: The question.
        how: Language that it opens in, and whether it says commands.
        told: Called whenever there is news.
    """
    asking.found = None
    told()
    work = {k: (of, None, world) for k, world in enumerate(explore.lay_out(of).worlds)}
    with told_in(asking, how[0], told):
        check_seeds(of.config, of.seeds)
        read = await lanes.spread(explore.live, work, partial(asking.count, told))
        asking.found = await printer.call(0, made, of, read, *how)


def made(of: Question, read: Sequence[np.ndarray], language: str, command: bool) -> bytes:
    """The file, of what was lived."""
    found = of.answer_of(explore.put_together(of, explore.lay_out(of), read))
    page: str = found.page(language, command)
    return page.encode("utf-8")
