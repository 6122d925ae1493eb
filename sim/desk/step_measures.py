"""Step 2: put measures on a timeline, move their doses, and see what changes at once."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from nicegui import ui

from sim.as_text import is_share, number_text
from sim.desk import charts, compound, evidence_card, finding, step_budget, step_replay
from sim.desk.bits import as_list, card, fold, row_label, step_of, text, with_unit
from sim.desk.curve_view import curve_view, sentences_view
from sim.desk.range_slider import RangeSlider
from sim.desk.session import MOST_POLICIES, TO_THE_END, Plan, Planned
from sim.measures.catalogue import CATALOGUE
from sim.schema import Described

if TYPE_CHECKING:
    from sim.desk.page import Page

LEVELS = {"weak": 0.5, "usual": 1.0, "strong": 1.5}
"""Named doses."""

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
            step_budget.build(page)
        with ui.element("div").classes("sticky"):
            curve_view(page, strip=True)
            step_replay.build(page)
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
            words["new_policy"], icon="add", on_click=lambda: add(page, Plan(name=free_name(page)))
        ).props("outline data-name=new-policy").set_enabled(not full)
        if page.visit.chosen is not None:
            ui.button(
                words["copy_policy"], icon="content_copy", on_click=lambda: _copy(page)
            ).props("flat").set_enabled(not full)
            ui.button(words["delete_policy"], icon="delete", on_click=lambda: _delete(page)).props(
                "flat"
            )


def free_name(page: Page) -> str:
    """A name that no policy has yet."""
    taken = {plan.name for plan in page.visit.session.policies}
    names = (page.words["policy_n"].format(n=n) for n in range(1, 2 * MOST_POLICIES + 2))
    return next(name for name in names if name not in taken)


def fill(page: Page, plan: Plan) -> None:
    """Put a policy where the first one without a measure stands, or beside the others."""
    policies = page.visit.session.policies
    empty = next((k for k, one in enumerate(policies) if not one.measures), None)
    if empty is None:
        add(page, plan)
        return
    put = plan.model_copy(update={"name": policies[empty].name})
    now = [put if k == empty else one for k, one in enumerate(policies)]
    page.rebuild(lambda: page.visit.set(policies=now, chosen=empty))


def add(page: Page, plan: Plan) -> None:
    """Put one more policy beside the others."""
    policies = [*page.visit.session.policies, plan]
    page.rebuild(lambda: page.visit.set(policies=policies, chosen=len(policies) - 1))


def _copy(page: Page) -> None:
    plan = page.visit.chosen
    if plan is not None:
        add(page, plan.model_copy(update={"name": free_name(page)}))


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
        name = ui.input(words["rename"], value=plan.name).props("maxlength=40 data-name=rename")
        name.on("change", lambda event: _rename(page, str(event.args or ""), name))
        name.style("flex:1;min-width:180px")
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


def _rename(page: Page, name: str, field: ui.input) -> None:
    plan, others = page.visit.chosen, page.visit.session.policies
    assert plan is not None
    name = name.strip()
    if (
        not name
        or name == compound.REFERENCE
        or any(p.name == name for p in others if p is not plan)
    ):
        field.error = page.words["name_taken" if name else "name_empty"]
        return
    renamed = plan.model_copy(update={"name": name})
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
    """The catalogue in groups, with a field to search it by the words that people use."""
    words, language = page.words, page.visit.session.language
    rows: list[tuple[str, Any]] = []
    heads: list[tuple[Any, list[str]]] = []
    with (
        ui.dialog() as dialog,
        ui.card().style("width:760px;max-width:96vw;max-height:88vh;overflow:auto"),
    ):
        dialog.props["aria-label"] = words["add_measure"]
        with ui.element("div").classes("flow seek"):
            search = ui.input(words["search"]).props("clearable autofocus data-name=search")
            search.style("flex:1").props["hint"] = words["search_hint"]
            ui.button(words["close"], on_click=dialog.close).props("flat data-name=close")
        for title, names in finding.groups(language):
            heads.append((text("h2", title), [finding.words_of(name) for name in names]))
            for name in names:
                rows.append((finding.words_of(name), _offer(page, name)))
        nothing = text("p", words["search_none"])
        nothing.set_visibility(False)

    def sift(event: Any) -> None:
        wanted = str(event.value or "")
        for known, box in rows:
            box.set_visibility(finding.fits(wanted, known))
        for head, below in heads:
            head.set_visibility(any(finding.fits(wanted, known) for known in below))
        nothing.set_visibility(not any(finding.fits(wanted, known) for known, _ in rows))

    search.on_value_change(sift)
    dialog.on("hide", lambda: page.show(page.step))
    dialog.open()


def _offer(page: Page, name: str) -> ui.element:
    """A measure of the catalogue, with what stands behind it."""
    words, language = page.words, page.visit.session.language
    with ui.element("div").classes("measure") as box:
        with ui.element("div").classes("top"):
            text("h3", charts.measure_label(name, language))
            there = page.visit.planned(name) is not None
            button = ui.button(words["added" if there else "add"]).props(f"outline data-add={name}")
            button.set_enabled(not there)
            button.on_click(lambda _, n=name, b=button: _take(page, n, b))
        (_, (through,)), *behind = evidence_card.lines(name, language)
        text("p", through, "small")
        fold(words["card"], f"card-{name}").set_content(_as_card(behind))
    return box


def _as_card(parts: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    return "".join(f"<h4>{escape(head)}</h4>{as_list(said, 'small')}" for head, said in parts)


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
        slider = RangeSlider(
            words["dose"], planned.dose, dose.low or 0, dose.high or 2, step=0.05, name=f"dose-{name}",
            percent=True, settled=page.settle,
            moved=lambda v: page.change(lambda: page.visit.measure(name, False, dose=float(v))),
        )  # fmt: skip
        _levels(page, name, slider)
        _time(page, planned)
        spent = text("p", words["spent_none"], "small")
        page.watchers.append(lambda: _say_spent(page, name, spent))
        fold(words["card"], f"card-{name}").set_content(
            _as_card(evidence_card.lines(planned.measure, language))
        )
        with ui.expansion(words["more"]).props("dense").style("width:100%"):
            for row in described.values():
                if row.key not in OF_THE_PLAN:
                    _setting(page, planned, row)


def _levels(page: Page, name: str, slider: RangeSlider) -> None:
    """Named doses beside the slider."""

    def put(dose: float) -> None:
        slider.put(dose)
        page.change(lambda: page.visit.measure(name, dose=dose))

    with ui.element("div").classes("flow levels"):
        for level, dose in LEVELS.items():
            ui.button(page.words[f"level_{level}"], on_click=lambda _, d=dose: put(d)).props(
                f"flat dense data-level={level}-{name}"
            )


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
    # Means, as in the tables: those of the measures add up to the policy's.
    hours, yuan = np.mean([one.spent(name) for one in lived], axis=0)
    language, months = page.visit.session.language, page.visit.session.months
    place.set_content(
        page.words["spent"].format(
            hours=number_text(float(hours) / months, language), months=months,
            yuan=number_text(float(yuan) / months, language),
            all_hours=number_text(float(hours), language),
            all_yuan=number_text(float(yuan), language),
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
