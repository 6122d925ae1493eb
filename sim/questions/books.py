"""The books of whoever serves."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from sim.questions.base import Given, Live, question
from sim.questions.words import Option


@question(
    "scenario=kangqiao policy=none",
    "scenario=xingqu --compound 7 --lang zh",
    keeps=False,
    lang="the table",
)
def books(given: Given, compound: Annotated[int, Option("--compound")] = 0) -> Live:
    """Show the books of whoever serves, month by month of one run, in thousands of yuan.

    Its first seed is lived.

    Args:
        compound: number of the compound in a district
    """
    from sim.experiments.books import kept_books

    config = given.config()
    return Live(config, partial(kept_books, config, compound))
