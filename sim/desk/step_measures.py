"""Step 2: put measures on a timeline, move their doses, and see what changes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from nicegui import ui

from sim.as_text import is_share, number_text
from sim.config import installed_measures
from sim.desk import charts, compound
from sim.desk.bits import card, row_label, step_of, text, with_unit
from sim.desk.curve_view import curve_view, sentences_view
from sim.desk.range_slider import RangeSlider
from sim.desk.session import MOST_POLICIES, TO_THE_END, Plan, Planned
from sim.measures.catalogue import CATALOGUE
from sim.schema import Described

if TYPE_CHECKING:
    from sim.desk.page import Page

OF_THE_PLAN = ("start", "end", "dose", "reach", "kinds")
"""Parameters that have a place of their own, or none on the desk: one compound has no kinds."""


def build(page: Page) -> None:
    """Build the step."""
    with ui.element("div").classes("two"):
        with ui.element("div"):
            with card(page.words["policies"]):
                _policies(page)
            if page.visit.chosen is not None:
                with card():
                    _measures(page)
        with ui.element("div").classes("sticky"):
            curve_view(page, strip=True)
            sentences_view(page, only_chosen=True)
    with ui.element("div").classes("flow"):
        page.next_button(0)
        page.next_button(2)


# --- policies ---------------------------------------------------------------------------------------


def _policies(page: Page) -> None:
    words, session = page.words, page.visit.session
    if not session.policies:
        text("p", words["no_policies"])
    with ui.element("div").classes("cases"):
        for number, plan in enumerate(session.policies):
            button = ui.element("button").classes("case").props(f"type=button data-policy={number}")
            button.props["aria-pressed"] = "true" if number == session.chosen else "false"
            with button:
                ui.label(plan.name).style(
                    f"border-left:5px solid {charts.colour(number)};padding-left:8px"
                )
            button.on("click", lambda n=number: page.rebuild(lambda: page.visit.set(chosen=n)))
    with ui.element("div").classes("flow"):
        full = len(session.policies) >= MOST_POLICIES
        ui.button(
            words["new_policy"], icon="add", on_click=lambda: _add(page, Plan(name=_name(page)))
        ).props("outline data-name=new-policy").set_enabled(not full)
        if page.visit.chosen is not None:
            ui.button(
                words["copy_policy"], icon="content_copy", on_click=lambda: _copy(page)
            ).props("flat").set_enabled(not full)
            ui.button(words["delete_policy"], icon="delete", on_click=lambda: _delete(page)).props(
                "flat"
            )


def _name(page: Page) -> str:
    taken = {plan.name for plan in page.visit.session.policies}
    names = (page.words["policy_n"].format(n=n) for n in range(1, 2 * MOST_POLICIES + 2))
    return next(name for name in names if name not in taken)


def _add(page: Page, plan: Plan) -> None:
    policies = [*page.visit.session.policies, plan]
    page.rebuild(lambda: page.visit.set(policies=policies, chosen=len(policies) - 1))


def _copy(page: Page) -> None:
    plan = page.visit.chosen
    if plan is not None:
        _add(page, plan.model_copy(update={"name": _name(page)}))


def _delete(page: Page) -> None:
    session = page.visit.session
    policies = [plan for plan in session.policies if plan is not page.visit.chosen]
    chosen = max(min(session.chosen, len(policies) - 1), 0)
    page.rebuild(lambda: page.visit.set(policies=policies, chosen=chosen))


# --- measures ---------------------------------------------------------------------------------------


def _measures(page: Page) -> None:
    words, plan = page.words, page.visit.chosen
    assert plan is not None
    with ui.element("div").classes("flow"):
        ui.input(words["rename"], value=plan.name).props("maxlength=40").on(
            "change", lambda event: _rename(page, str(event.args or ""))
        ).style("flex:1;min-width:180px")
        ui.select(
            _bundles(page),
            label=words["from_bundle"],
            on_change=lambda event: _begin(page, event.value),
        ).style("flex:1;min-width:180px").props["data-name"] = "bundle"
    with ui.element("div").classes("flow").style("margin:12px 0"):
        ui.button(words["add_measure"], icon="add", on_click=lambda: _choose(page)).props(
            "unelevated data-name=add-measure"
        )
    if not plan.measures:
        text("p", words["no_measures"], "small")
    for planned in plan.measures:
        _measure(page, planned)


def _rename(page: Page, name: str) -> None:
    plan = page.visit.chosen
    assert plan is not None
    renamed = plan.model_copy(update={"name": name.strip()})
    page.rebuild(lambda: page.visit.plan(page.visit.session.chosen, renamed))


def _bundles(page: Page) -> dict[str, str]:
    place = 1 if page.visit.session.language == "zh" else 0
    return {name: titles[place] for name, titles in compound.bundles().items()}


def _begin(page: Page, name: str | None) -> None:
    if not name:
        return
    plan = page.visit.chosen
    assert plan is not None
    title = _bundles(page)[name]
    taken = {p.name for p in page.visit.session.policies if p is not plan}
    made = compound.named_policy(name, title if title not in taken else plan.name)
    page.rebuild(lambda: page.visit.plan(page.visit.session.chosen, made))


def _choose(page: Page) -> None:
    """The catalogue, with a field to search it."""
    words, language = page.words, page.visit.session.language
    installed_measures()
    rows: list[tuple[str, Any]] = []
    with (
        ui.dialog() as dialog,
        ui.card().style("width:720px;max-width:96vw;max-height:88vh;overflow:auto"),
    ):
        dialog.props["aria-label"] = words["add_measure"]
        with ui.element("div").classes("flow"):
            search = ui.input(words["search"]).props("clearable autofocus").style("flex:1")
            ui.button(words["close"], on_click=dialog.close).props("flat data-name=close")
        for name in compound.measures():
            measure = CATALOGUE[name]
            through = (
                measure.through_zh if language == "zh" and measure.through_zh else measure.through
            )
            with ui.element("div").classes("measure") as box:
                with ui.element("div").classes("top"):
                    text("h3", charts.measure_label(name, language))
                    there = page.visit.planned(name) is not None
                    button = ui.button(words["added" if there else "add"]).props(
                        f"outline data-add={name}"
                    )
                    button.set_enabled(not there)
                    button.on_click(lambda _, n=name, b=button: _take(page, n, b))
                text("p", through, "small")
            rows.append((f"{measure.en} {measure.zh} {name} {through}".lower(), box))

    def sift(event: Any) -> None:
        wanted = str(event.value or "").lower()
        for known, box in rows:
            box.set_visibility(wanted in known)

    search.on_value_change(sift)
    dialog.on("hide", lambda: page.show(page.step))
    dialog.open()


def _take(page: Page, name: str, button: ui.button) -> None:
    plan = page.visit.chosen
    assert plan is not None
    parameters = CATALOGUE[name].Parameters.model_fields
    planned = Planned(measure=name, start=max(int(parameters["start"].default), 1))
    more = plan.model_copy(update={"measures": [*plan.measures, planned]})
    if page.change(lambda: page.visit.plan(page.visit.session.chosen, more)):
        button.set_text(page.words["added"])
        button.set_enabled(False)


def _measure(page: Page, planned: Planned) -> None:
    words, language, name = page.words, page.visit.session.language, planned.key
    measure, title = CATALOGUE[planned.measure], charts.planned_label(planned, language)
    described = {row.key: row for row in measure.Parameters.describe()}
    with ui.element("div").classes("measure").props(f"data-measure={name}"):
        with ui.element("div").classes("top"):
            text("h3", title)
            remove = ui.button(icon="close", on_click=lambda: _remove(page, name)).props(
                "flat dense"
            )
            remove.props["aria-label"] = f"{words['remove']} {title}"
        dose = described["dose"]
        RangeSlider(
            words["dose"], planned.dose, dose.low or 0, dose.high or 2, step=0.05, name=f"dose-{name}",
            percent=True, settled=page.settle,
            moved=lambda v: page.change(lambda: page.visit.measure(name, False, dose=float(v))),
        )  # fmt: skip
        _time(page, planned)
        spent = text("p", words["spent_none"], "small")
        page.watchers.append(lambda: _say_spent(page, name, spent))
        with ui.expansion(words["more"]).props("dense").style("width:100%"):
            through = (
                measure.through_zh if language == "zh" and measure.through_zh else measure.through
            )
            text("p", f"{words['through']}: {through}", "small")
            for row in described.values():
                if row.key not in OF_THE_PLAN:
                    _setting(page, planned, row)


def _remove(page: Page, name: str) -> None:
    plan = page.visit.chosen
    assert plan is not None
    fewer = plan.model_copy(update={"measures": [m for m in plan.measures if m.key != name]})
    page.rebuild(lambda: page.visit.plan(page.visit.session.chosen, fewer))


def _time(page: Page, planned: Planned) -> None:
    """When it starts, and when it ends: beyond the last month stands for never."""
    words, months, name = page.words, page.visit.session.months, planned.key

    def move(start: float | None = None, end: float | None = None) -> None:
        now = page.visit.planned(name)
        if now is None:
            return
        first, last = now.start, now.end
        if start is not None:
            first = min(round(start), last - 1)
            _hold(starts, start, first)
        if end is not None:
            last = max(round(end), first + 1) if end <= months else TO_THE_END
            _hold(ends, end, charts.until(last, months))
        page.change(lambda: page.visit.measure(name, False, start=first, end=last))

    starts = RangeSlider(
        words["start"], min(planned.start, months), 1, months, step=1, settled=page.settle,
        moved=lambda v: move(start=v), name=f"start-{name}",
    )  # fmt: skip
    ends = RangeSlider(
        words["end"], charts.until(planned.end, months), 2, months + 1, step=1, settled=page.settle,
        moved=lambda v: move(end=v), marks={months + 1: words["to_end"]}, name=f"end-{name}",
    )  # fmt: skip


def _hold(slider: RangeSlider, asked: float, allowed: int) -> None:
    if allowed != round(asked):
        slider.put(allowed)


def _say_spent(page: Page, name: str, place: ui.html) -> None:
    plan = page.visit.chosen
    lived = page.visit.lived(plan.name) if plan else []
    if not lived:
        return
    rows = [
        np.sum([cost[2:] for cost in one.costs if cost[1] == name] or [(0.0, 0.0)], axis=0)
        for one in lived
    ]
    # Means, as in the tables: those of the measures add up to the policy's.
    hours, yuan = np.mean(np.array(rows, dtype=float), axis=0)
    language = page.visit.session.language
    place.set_content(
        page.words["spent"].format(
            hours=number_text(float(hours), language), yuan=number_text(float(yuan), language),
            months=page.visit.session.months,
        )
    )  # fmt: skip


def _setting(page: Page, planned: Planned, row: Described) -> None:
    """One parameter of a measure; what it takes and how it is called come from the schema."""
    language, name, key = page.visit.session.language, planned.key, row.key
    value = planned.settings.get(key, row.default)
    label = with_unit(row_label(row, language), row, language)

    def put(given: Any, step: bool = True) -> None:
        now = page.visit.planned(name)
        if now is not None:
            settings = {**now.settings, key: given}
            page.change(lambda: page.visit.measure(name, step, settings=settings))

    kind = CATALOGUE[planned.measure].Parameters.model_fields.get(key)
    if isinstance(row.default, bool):
        ui.checkbox(label, value=bool(value), on_change=lambda event: put(bool(event.value)))
    elif isinstance(row.default, int | float) and row.low is not None and row.high is not None:
        whole = isinstance(row.default, int)
        RangeSlider(
            label,
            float(value),
            row.low,
            row.high,
            step=step_of(row),
            percent=is_share(row),
            settled=page.settle,
            name=f"{name}.{key}",
            moved=lambda v: put(round(v) if whole else float(v), False),
        )
    elif isinstance(row.default, str) and kind is not None and get_args(kind.annotation):
        options = [str(option) for option in get_args(kind.annotation)]
        ui.select(options, value=value, label=label, on_change=lambda event: put(event.value))
