"""Step 3: everything there is to see: paths, sentences, map, issues, costs, parts of a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim.desk import charts, compound
from sim.desk.bits import as_table, card, fold, text
from sim.desk.compound_map import CompoundMap
from sim.desk.curve_view import curve_view, sentences_view
from sim.experiments.summary import number_text

if TYPE_CHECKING:
    from sim.desk.page import Page


def build(page: Page) -> None:
    """Build the step."""
    with ui.element("div").classes("two"):
        with ui.element("div"):
            sentences_view(page, only_chosen=False)
            _costs(page)
        with ui.element("div"):
            curve_view(page, strip=True)
            _map(page)
            _flow(page)
            _parts(page)
    with ui.element("div").classes("flow"):
        page.next_button(1)
        page.next_button(3)


def _map(page: Page) -> None:
    words, session = page.words, page.visit.session
    names = {name: charts.policy_label(name, session.language) for name in page.visit.asked}
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
        film = await page.visit.film(which.value)
        place.clear()
        with place:
            text("p", page.words["map_hint"].format(seed=film.seed), "small")
            CompoundMap(film, page.words)


def _flow(page: Page) -> None:
    words = page.words
    with card(words["results_flow"]):
        chart = ui.echart({}).props("role=img data-name=flow")
        chart.style(f"height:{charts.flow_height(page.visit.session)}px;width:100%")
        chart.props["aria-label"] = words["results_flow"]
        table = fold(words["as_table"])

    def draw() -> None:
        session = page.visit.session
        found = {}
        for name in page.visit.asked:
            if lived := page.visit.lived(name):
                found[name] = charts.flow([one.flow for one in lived])
        if not found:
            return
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
                *(f"{flow[level]:,.0f}" for level in levels),
            ]
            for name, flow in found.items()
        ]
        table.set_content(as_table(heads, rows))

    page.watchers.append(draw)


def _costs(page: Page) -> None:
    words = page.words
    with card(words["results_cost"]):
        made = {}
        tall = charts.cost_height(page.visit.session)
        for unit in ("hours", "yuan"):
            made[unit] = ui.echart({}).props(f"role=img data-name={unit}")
            made[unit].style(f"height:{tall}px;width:100%")
            made[unit].props["aria-label"] = f"{words['results_cost']}: {words[unit]}"
        text("p", words["cost_hint"], "small")
        table = fold(words["as_table"])

    def draw() -> None:
        session = page.visit.session
        rows = charts.cost_rows(page.shown, session.within)
        for unit, chart in made.items():
            chart.options.clear()
            chart.options.update(charts.cost_effect(session, page.shown, unit))
            chart.update()
        heads = [words["policy"], words["gain"], words["hours"], words["yuan"]]
        spent = [[number_text(row[u].value, session.language) for u in made] for _, row in rows]
        cells = [
            [name, charts.interval(row["gain"]), *two]
            for (name, row), two in zip(rows, spent, strict=True)
        ]
        table.set_content(as_table(heads, cells))

    page.watchers.append(draw)


def _parts(page: Page) -> None:
    words, plan = page.words, page.visit.chosen
    with card(words["results_parts"]):
        text("p", words["parts_hint"], "small")
        if plan is None or len(plan.measures) < 2:
            text("p", words["parts_few"])
            return
        ui.button(words["parts_go"], on_click=lambda: page.change(page.visit.start_parts)).props(
            "outline data-name=parts"
        )
        chart = ui.echart({}).props("role=img data-name=parts-chart").style("width:100%;height:0")
        chart.props["aria-label"] = words["results_parts"]
        table = fold(words["as_table"])

    def draw() -> None:
        session = page.visit.session
        rows = page.visit.part_rows()
        if not rows:
            return
        chart.options.clear()
        chart.options.update(charts.parts(session, rows))
        chart.style(f"height:{90 + 52 * len(rows)}px")
        chart.update()
        heads = [words["measure"], words["alone"], words["left_out"]]
        cells = [
            [
                charts.measure_label(name, session.language),
                charts.interval(one),
                charts.interval(two),
            ]
            for name, one, two in rows
        ]
        table.set_content(as_table(heads, cells))

    page.watchers.append(draw)
