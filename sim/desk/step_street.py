"""Part of step 3: a street's compounds from a table, and in which the chosen plan brings most for an hour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from sim import files
from sim.desk import compound
from sim.desk.arrived import StreetAsked, short_name
from sim.desk.bits import FileField, as_table, card, one_line, text
from sim.desk.refusals import told_in
from sim.desk.session import LARGEST_UPLOAD
from sim.intake import compounds
from sim.intake.sheets import TEXTS, WORKBOOKS
from sim.science import street, street_table
from sim.society.reading import sentences

if TYPE_CHECKING:
    from sim.desk.page import Page

DRAWS = 40
"""What each compound may be like, so many times."""


def build(page: Page) -> None:
    """The card."""
    words, plan = page.words, page.visit.chosen
    with card(words["street"]):
        text("p", words["street_hint"], "small")
        if plan is None or not plan.measures:
            text("p", words["street_plan"])
            return
        with ui.element("div").classes("flow"):
            hours = ui.number(words["street_hours"], min=0).style("min-width:280px")
            hours.props("clearable data-name=street-hours")
            FileField(
                words["street_file"], lambda data, name: _take(page, data, name, hours.value),
                words["street_hint"], largest=LARGEST_UPLOAD, kind=",".join((*TEXTS, *WORKBOOKS)),
            ).props("flat bordered data-name=street-file").style("flex:1;min-width:260px")  # fmt: skip
        place = ui.element("div").style("width:100%")
        place.props["data-name"] = "street-found"

    shown: list[Any] = [None]

    def draw() -> None:
        asked = page.street
        now = None if asked is None else (asked, asked.problem or asked.found)
        # Told with every batch of runs: what has not changed is left as it stands.
        if now is None or (shown[0] and now[0] is shown[0][0] and now[1] is shown[0][1]):
            return
        shown[0] = now
        place.clear()
        with place:
            _show(page, now[0])

    page.watchers.append(draw)
    draw()


def _take(page: Page, data: bytes, name: str, hours: float | None) -> None:
    plan, session, notes = page.visit.chosen, page.visit.session, list[Any]()
    assert plan is not None
    with one_line(session.language):
        short = short_name(name)
        with files.held({short: data}):
            places = compounds.read(short, notes)
        config = compound.base("ordinary_estate").model_copy(
            update={
                "months": session.within, "replications": DRAWS, "seed": session.seed,
                "policy": compound.policy_of(plan),
            }
        )  # fmt: skip
        asked = street.Question(config, tuple(places), math.inf if hours is None else float(hours))
        page.street = StreetAsked(asked, plan.name, notes)
        background_tasks.create(_live(page, page.street))
        page._told()


async def _live(page: Page, asked: StreetAsked) -> None:
    with told_in(asked, page.visit.session.language, page._told):
        tables = await page.printer.call(0, street.rank, asked.question)
        asked.found = tables["compounds"]


def _show(page: Page, asked: StreetAsked) -> None:
    words, language = page.words, page.visit.session.language
    for line in sentences(asked.notes, language):
        text("p", line, "small")
    config = asked.question.config
    if asked.problem:
        text("p", asked.problem)
        return
    if asked.found is None:
        text("p", words["street_wait"].format(n=len(asked.question.places), plan=asked.plan))
        return
    text("p", words["street_done"].format(plan=asked.plan, n=len(asked.found)))
    heads, rows = street_table.cells(asked.found, config.months, language)
    ui.html(as_table(heads, rows), sanitize=False).style("width:100%")
    text("p", street_table.note(config.replications, language), "small")
