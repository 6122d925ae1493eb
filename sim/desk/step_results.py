"""Step 3: everything there is to see: paths, sentences, map, issues, costs, parts of a bundle."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from nicegui import ui

from sim.as_text import number_text
from sim.desk import charts, compound, step_records, step_street, step_why
from sim.desk.bits import as_table, card, fold, text
from sim.desk.compound_map import CompoundMap
from sim.desk.curve_view import curve_view, sentences_view

if TYPE_CHECKING:
    from sim.desk.page import Page


def build(page: Page) -> None:
    """Build the step."""
    with ui.element("div").classes("two"):
        with ui.element("div"):
            sentences_view(page, only_chosen=False)
            step_why.effect_card(page)
            _costs(page)
        with ui.element("div"):
            curve_view(page, strip=True)
            _map(page)
            _flow(page)
            _parts(page)
            step_why.household_card(page)
    step_records.build(page)
    step_street.build(page)
    with ui.element("div").classes("flow"):
        page.next_button(1)
        page.next_button(3)


def _map(page: Page) -> None:
    words, session = page.words, page.visit.session
    called = (compound.REFERENCE, *(plan.name for plan in session.policies))
    names = {name: charts.policy_label(name, session.language) for name in called}
    with card(words["results_map"]):
        chosen = page.visit.chosen.name if page.visit.chosen else compound.REFERENCE
        with ui.element("div").classes("flow"):
            which = ui.select(names, value=chosen, label=words["map_policy"]).style(
                "min-width:220px"
            )
            ui.button(words["map_show"], icon="grid_view", on_click=lambda: show()).props(
                "unelevated data-name=show-map"
            )
        place = ui.element("div").style("width:100%")

    async def show() -> None:
        name, runs = which.value, len(page.visit.lived(which.value))
        film = await page.visit.film(name)
        place.clear()
        hint = page.words["map_hint" if runs else "map_hint_first"]
        with place:
            text("p", hint.format(policy=names[name], seed=film.seed, n=runs), "small")
            shown = CompoundMap(film, page.words, session.language)
            shown.on("picked", lambda event: step_why.picked(page, int(event.args), film.seed))


def _flow(page: Page) -> None:
    words = page.words
    with card(words["results_flow"]):
        chart = ui.echart({}).props("role=img data-name=flow")
        chart.style(f"height:{charts.flow_height(page.visit.session)}px;width:100%")
        chart.props["aria-label"] = words["results_flow"]
        table = fold(words["as_table"])

    def draw() -> None:
        session = page.visit.session
        lived = {name: runs for name, runs in page.visit.common().items() if runs}
        if not lived:
            return
        found = {name: charts.flow([one.flow for one in runs]) for name, runs in lived.items()}
        chart.options.clear()
        chart.options.update(charts.flows(session, found))
        chart.update()
        levels = (*charts.LEVELS, "shelved")
        heads = [
            words["policy"],
            *(charts.level_label(level, session.language) for level in levels),
        ]
        rows = [
            [
                charts.policy_label(name, session.language),
                *(number_text(flow[level], session.language) for level in levels),
            ]
            for name, flow in found.items()
        ]
        table.set_content(as_table(heads, rows))

    page.watchers.append(draw)


def _costs(page: Page) -> None:
    words = page.words
    with card(words["results_cost"]):
        if not page.visit.session.policies:
            text("p", words["only_reference"])
            return
        made = {}
        tall = charts.cost_height(page.visit.session)
        for unit in ("hours", "yuan"):
            made[unit] = ui.echart({}).props(f"role=img data-name={unit}")
            made[unit].style(f"height:{tall}px;width:100%")
            made[unit].props["aria-label"] = f"{words['results_cost']} {words[unit]}"
        text("p", words["cost_hint"], "small")
        table = fold(words["as_table"])

    def draw() -> None:
        session = page.visit.session
        for unit, chart in made.items():
            chart.options.clear()
            chart.options.update(charts.cost_effect(session, page.shown, unit))
            chart.update()
        table.set_content(as_table(*charts.cost_table(session, page.shown)))

    page.watchers.append(draw)


def _parts(page: Page) -> None:
    words, plan = page.words, page.visit.chosen
    with card(words["results_parts"]):
        if plan is None or len(plan.measures) < 2:
            text("p", words["parts_few" if plan else "only_reference"])
            return
        text("p", words["parts_hint"] + words["parts_bars"], "small")
        ui.button(words["parts_go"], on_click=lambda: page.change(page.visit.start_parts)).props(
            "outline data-name=parts"
        )
        chart = ui.echart({}).props("role=img data-name=parts-chart").style("width:100%;height:0")
        chart.props["aria-label"] = words["results_parts"]
        sums = text("p", "")
        sums.props["data-name"] = "parts-sum"
        table = fold(words["as_table"], "parts-table")

    def draw() -> None:
        session = page.visit.session
        parts = page.visit.part_table()
        # Of a policy that has been changed since, they would be another one's.
        told = "" if parts is None else charts.parts_words(parts, session.language)
        sums.set_content(escape(told))
        chart.options.clear()
        tall = 90 + 52 * len(parts.rows) if parts else 0
        if parts:
            chart.options.update(charts.parts(session, parts))
        chart.style(f"height:{tall}px")
        chart.update()
        cells = charts.parts_table(parts, session.language) if parts else None
        table.set_content(as_table(*cells) if cells else "")

    page.watchers.append(draw)
