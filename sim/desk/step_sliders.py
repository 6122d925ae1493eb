"""Part of step 4: the chosen plan as one file of sliders for colleagues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim.desk import compound, sliders
from sim.desk.bits import card, text
from sim.desk.keeping import file_name

if TYPE_CHECKING:
    from sim.desk.page import Page
    from sim.science.explore import Question


def build(page: Page) -> None:
    """Build the card."""
    words, asking = page.words, page.why["sliders"]
    with card(words["sliders"]):
        of = _question(page)
        if of is None:
            text("p", words["sliders_none"])
            return
        text("p", words["sliders_hint"].format(runs=sliders.runs_of(of)))
        with ui.element("div").classes("flow"):
            ui.button(words["sliders_go"], icon="tune", on_click=lambda: _ask(page)).props(
                "outline data-name=sliders-go"
            )
            stop = ui.button(words["stop"], on_click=asking.stop).props("flat")
            get = ui.button(words["sliders_get"], icon="download", on_click=lambda: _get(page))
            get.props("unelevated data-name=sliders-get")
        said = text("p", "", "small")
        said.props["aria-live"] = "polite"

        def draw() -> None:
            said.set_content(_said(page))
            stop.set_visibility(asking.working)
            get.set_visibility(asking.found is not None)

        page.watchers.append(draw)
        draw()


def _question(page: Page) -> Question | None:
    plan = page.visit.chosen
    asked = page.visit.asked.get(plan.name) if plan else None
    return None if asked is None else sliders.asked_of(asked)


def _ask(page: Page) -> None:
    of, visit, asking = _question(page), page.visit, page.why["sliders"]
    if of is None:
        ui.notify(page.waiting(), type="warning")
        return
    how = (visit.session.language, visit.session.case != compound.OWN)
    work = sliders.find(asking, visit.bench.lanes, page.printer, of, how, page._told)
    asking.begin(of, work)
    page._told()


def _said(page: Page) -> str:
    words, asking = page.words, page.why["sliders"]
    if asking.working:
        every = asking.of.seeds
        if asking.done >= every:
            return words["sliders_fit"]
        return words["sliders_wait"].format(done=asking.done, all=every)
    if asking.found is not None and asking.of != _question(page):
        return words["sliders_old"]
    return asking.problem


def _get(page: Page) -> None:
    name = file_name(page.visit.session, page.words["sliders"], "html")
    ui.download.content(page.why["sliders"].found, name, "text/html")
