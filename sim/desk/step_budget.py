"""Part of step 2: what there is a month, and the best plans within it."""

from __future__ import annotations

import asyncio
import time
from html import escape
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim.as_text import exact_text, number_text, percent_text
from sim.config import installed_measures
from sim.desk import budget, charts, compound
from sim.desk.bits import card, text
from sim.desk.refusals import told_in
from sim.desk.session import MOST_POLICIES

if TYPE_CHECKING:
    from sim.desk.page import Page

USUAL = (
    "member_contact",
    "building_meetings",
    "parties_council",
    "mediation",
    "disclosure",
    "firm_tender",
)
"""Measures on offer until others are chosen: told in several texts, and for different purses."""


def build(page: Page) -> None:
    """The card: what there is, what is on offer, and what was found."""
    words, session = page.words, page.visit.session
    installed_measures()
    language = session.language
    with card(words["budget"]):
        text("p", words["budget_hint"].format(
            month=session.within, level=f"{exact_text(100 * session.threshold)}%"), "small")  # fmt: skip
        with ui.element("div").classes("fields"):
            for who in (*budget.GIVERS, "yuan"):
                _amount(page, who)
        names = {name: charts.measure_label(name, language) for name in compound.measures()}
        ui.select(
            names, value=_candidates(page), label=words["budget_offer"], multiple=True,
            on_change=lambda event: page.change(lambda: page.visit.set(candidates=list(event.value)[:12])),
        ).props("use-chips max-values=12 data-name=candidates").style("width:100%")  # fmt: skip
        with ui.element("div").classes("flow"):
            ui.button(words["budget_go"], icon="search", on_click=lambda: start(page)).props(
                "unelevated data-name=budget-go"
            )
            halt = ui.button(words["stop"], on_click=lambda: stop(page)).props("flat")
        told = text("p", "", "small")
        told.props["aria-live"] = "polite"
        place = ui.element("div").style("width:100%")
        place.props["data-name"] = "budget-found"

    shown: list[Any] = [None]

    def draw() -> None:
        seeking = page.seeking
        told.set_content(escape(seeking.said(page.words, _wanted(page))))
        halt.set_visibility(seeking.working)
        if seeking.found is not shown[0]:
            shown[0] = seeking.found
            place.clear()
            with place:
                for number, found in enumerate(seeking.found or (), start=1):
                    _show(page, number, found)

    page.watchers.append(draw)
    draw()


def _wanted(page: Page) -> budget.Wanted | None:
    """What would be sought now; None while the compound cannot be lived."""
    asked = page.visit.asked.get(compound.REFERENCE)
    given = page.visit.session.model_copy(update={"candidates": _candidates(page)})
    return None if asked is None else budget.wanted(given, asked.config)


def _candidates(page: Page) -> list[str]:
    return page.visit.session.candidates or list(USUAL)


def _amount(page: Page, who: str) -> None:
    value = page.visit.session.budget.get(who)
    number = ui.number(page.words[f"budget_{who}"], value=value, min=0)
    number.props(f"data-name=budget-{who} clearable")

    def typed(event: Any) -> None:
        given = {key: v for key, v in page.visit.session.budget.items() if key != who}
        try:
            if event.args not in (None, ""):
                given[who] = float(event.args)
        except (TypeError, ValueError):
            given[who] = -1.0
        page.change(lambda: page.visit.set(budget=given), number)

    number.on("change", typed)
    number.on("clear", lambda: page.change(lambda: page.visit.set(
        budget={k: v for k, v in page.visit.session.budget.items() if k != who})))  # fmt: skip


def stop(page: Page) -> None:
    """Give the search up after the stage under way; what was found stays."""
    if page.seeking.task is not None:
        page.seeking.task.cancel()
    page._told()


def start(page: Page) -> None:
    """Seek anew, as the session is now."""
    stop(page)
    wanted = _wanted(page)
    if wanted is None:
        ui.notify(page.waiting(), type="warning")
        return
    page.seeking = budget.Seeking(wanted)
    page.seeking.task = asyncio.create_task(_seek(page, page.seeking, wanted))
    page._told()


async def _seek(page: Page, seeking: budget.Seeking, wanted: budget.Wanted) -> None:
    key = wanted.question(1).asked.fingerprint()
    began = time.monotonic()
    with told_in(seeking, page.visit.session.language, page._told):
        for trials in budget.STAGES:
            if budget.too_long(time.monotonic() - began, seeking.tried, trials):
                break
            seeking.found = await page.printer.call(0, budget.seek, wanted, key, trials)
            seeking.tried = trials
            page._told()


def _show(page: Page, number: int, found: budget.Found) -> None:
    words, language = page.words, page.visit.session.language
    with ui.element("div").classes("measure").props(f"data-found={number}"):
        with ui.element("div").classes("top"):
            low, high = round(100 * found.low), round(100 * found.high)
            title = words["budget_plan"].format(
                n=number,
                a=found.reached,
                all=found.worlds,
                low=low,
                high=high,
                level=percent_text(found.level),
            )
            text("h3", title)
            take = ui.button(words["budget_take"], on_click=lambda: _take(page, found)).props(
                "outline dense"
            )
            policies = page.visit.session.policies
            take.set_enabled(
                len(policies) < MOST_POLICIES or not all(plan.measures for plan in policies)
            )
        parts = [
            words["budget_part"].format(
                name=charts.measure_label(name, language), dose=round(100 * dose), start=first
            )
            for name, dose, first in found.measures
        ]
        mark = "；" if language == "zh" else "; "
        text("p", mark.join(parts) or words["none"])
        spent = words["budget_spent"].format(
            hours=number_text(found.hours, language), yuan=number_text(found.yuan, language)
        )
        by = [
            words["budget_of"].format(who=words[f"giver_{who}"], hours=number_text(hours, language))
            for who, hours in found.given
        ]
        text("p", mark.join([spent, *by]), "small")


def _take(page: Page, found: budget.Found) -> None:
    from sim.desk.step_measures import fill, free_name

    fill(page, found.plan(free_name(page)))
