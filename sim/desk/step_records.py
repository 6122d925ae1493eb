"""Part of step 3: which record of the compound to keep next, by what it adds to the choice among the plans."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from nicegui import background_tasks, ui

from sim import known
from sim.desk import charts, compound
from sim.desk.bits import as_table, card, text
from sim.desk.refusals import told_in
from sim.posterior import records, records_table
from sim.questions.collect import HOUR
from sim.report.sentences import MAIN, Runs

if TYPE_CHECKING:
    from sim.desk.page import Page


class Weighing:
    """What is said of records that were weighed, as HTML, or why nothing is."""

    said = problem = ""


def build(page: Page) -> None:
    """The card: what is weighed, and the table once it was asked for."""
    words, session = page.words, page.visit.session
    with card(words["records"]):
        if not session.policies:
            text("p", words["only_reference"])
            return
        text("p", words["records_hint"].format(month=session.within), "small")
        go = ui.button(words["records_go"], on_click=lambda: ask())
        go.props("outline data-name=records")
        found = ui.html("", sanitize=False).style("width:100%")
        found.props["data-name"] = "records-found"

    told_of: list[Any] = [None]

    def ask() -> None:
        lived = _lived(page)
        if (n := enough(lived, session.within)) < records.FEWEST:
            found.set_content(escape(words["records_few"].format(least=records.FEWEST, n=n)))
            return
        told_of[0] = _state(page)
        found.set_content(escape(words["records_wait"]))
        background_tasks.create(weigh(lived, told_of[0]))

    async def weigh(lived: dict[str, Runs], state: object) -> None:
        language, weighing = page.visit.session.language, Weighing()

        def show() -> None:
            if told_of[0] == state:
                found.set_content(weighing.said or escape(weighing.problem))

        with told_in(weighing, language, show):
            outcome, shown = matrices(lived, page.visit.session.within)
            names = [charts.policy_label(name, language) for name in lived]
            tables = await page.printer.call(0, records.weigh, names, outcome, shown, HOUR)
            weighing.said = as_html(*tables, language)

    def draw() -> None:
        # Of plans that have been changed since, it would be another choice's.
        if told_of[0] is not None and told_of[0] != _state(page):
            told_of[0] = None
            found.set_content("")

    page.watchers.append(draw)


def as_html(found: Any, choices: Any, language: str) -> str:
    """The table of records and what is said of it."""
    unit = records_table.unit_of(MAIN)
    rows = records_table.cells(found, unit, language)
    said = records_table.sentences(found, choices, HOUR, language)
    paragraphs = "".join(f'<p class="small">{escape(line)}</p>' for line in said)
    return as_table(records_table.head(unit, language), rows) + paragraphs


def _names(page: Page) -> list[str]:
    return [compound.REFERENCE, *(plan.name for plan in page.visit.session.policies)]


def _state(page: Page) -> object:
    return [(name, one.key if (one := page.visit.asked.get(name)) else "") for name in _names(page)]


def _lived(page: Page) -> dict[str, Runs]:
    """Runs of the compound left to itself and of each plan, under the seeds that all of them have."""
    lived = {name: page.visit.runs(name) for name in _names(page)}
    there = {name: one for name, one in lived.items() if one is not None}
    if len(there) < len(lived):
        return {}
    seeds = next(iter(there.values())).seeds
    for one in there.values():
        seeds = np.intersect1d(seeds, one.seeds)
    return {name: one.only(seeds) for name, one in there.items()}


def enough(lived: dict[str, Runs], month: int) -> int:
    """Runs that can be weighed: with an outcome under every plan, and a year of records before the plans."""
    if not lived or next(iter(lived.values())).months[0] > records.YEAR[0]:
        return 0
    return int((~np.isnan(_outcome(lived, month))).all(axis=1).sum())


def _outcome(lived: dict[str, Runs], month: int) -> np.ndarray:
    return np.column_stack(
        [one.at(MAIN, min(month, int(one.months[-1]))) for one in lived.values()]
    )


def matrices(lived: dict[str, Runs], month: int) -> tuple[np.ndarray, np.ndarray]:
    """Fees collected in a month under each plan (runs, plans), and what the records show (runs, records)."""
    past = next(iter(lived.values()))
    year = (past.months >= records.YEAR[0]) & (past.months <= records.YEAR[-1])
    columns = []
    for record in records.RECORDS:
        name, _, at = record.partition("@")
        columns.append(past.at(name, int(at)) if at else known.mean(past.of(name)[:, year], axis=1))
    return _outcome(lived, month), records.with_errors(np.column_stack(columns))
