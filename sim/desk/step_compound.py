"""Step 1: choose a case, or describe one's own compound."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, get_args

from nicegui import ui

from sim import known
from sim.as_text import exact_text, is_share, month_text, percent_text
from sim.config import Config
from sim.desk import compound, step_files
from sim.desk.bits import (
    as_list,
    card,
    one_line,
    row_label,
    step_of,
    text,
    with_unit,
)
from sim.desk.range_slider import RangeSlider
from sim.desk.session import Own, Trouble
from sim.desk.words import joined
from sim.explain import find_field
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS, RATE
from sim.report.sentences import MAIN, Runs

if TYPE_CHECKING:
    from sim.desk.page import Page

OFF = 0.05
"""Distance of the model's start from the user's figure that is warned of."""


SIZE = (
    "population.households", "population.buildings", "population.stairs_per_building",
    "population.floors", "population.area_mean",
)  # fmt: skip
PEOPLE = (
    "population.vacant_share", "population.tenant_share", "population.elderly_share",
    "population.young_share", "population.member_share", "population.active_share",
)  # fmt: skip
MEANS = (
    "firm.present", "population.price_fen_per_m2", "firm.transparency", "firm.public_revenue_yuan",
    "fund.yuan_per_m2", "parking.cars_each", "parking.places_each", "parking.price_yuan",
    "committee.state", "community.grid_hours",
)  # fmt: skip


def build(page: Page) -> None:
    """Build the step."""
    words, session = page.words, page.visit.session
    with ui.element("div").classes("two narrow"):
        with ui.element("div"), card(words["choose_compound"]):
            kinds = compound.kinds()
            with ui.element("div").classes("cases"):
                _choice(page, compound.OWN, words["own"])
            text("h3", words["cases"])
            _choices(page, [name for name in compound.cases() if name not in kinds])
            text("h3", words["kinds"])
            _choices(page, list(kinds))
        with ui.element("div"):
            if session.case == compound.OWN:
                _form(page)
            else:
                _about(page)
    page.next_button(1)


def _choices(page: Page, names: list[str]) -> None:
    titles = compound.cases()
    with ui.element("div").classes("cases"):
        for name in names:
            _choice(page, name, titles[name][1 if page.visit.session.language == "zh" else 0])


def _choice(page: Page, name: str, title: str) -> None:
    chosen = page.visit.session.case == name
    button = ui.element("button").classes("case").props(f"type=button data-case={name}")
    button.props["aria-pressed"] = "true" if chosen else "false"
    with button:
        ui.label(title)
    button.on("click", lambda: page.rebuild(lambda: page.visit.set(case=name)))


def _about(page: Page) -> None:
    words, language = page.words, page.visit.session.language
    config = compound.compound_of(page.visit.session)
    scenario = config.scenario
    with card(words["about"]):
        text("h3", scenario.title_zh if language == "zh" else scenario.title)
        sizes = words["households_n"].format(
            n=f"{config.population.households:,}", b=config.population.buildings
        )
        text("p", sizes)
        if language == "en":
            text("p", scenario.summary)
        if events := scenario.entries():
            text("h3", words["history"])
            events = sorted(events, key=lambda entry: entry.parameters.start)
            names = [_event_words(entry, language) for entry in events]
            ui.html(as_list(names), sanitize=False)
        told = [target for target in scenario.targets if target.reported is not None]
        if told:
            text("h3", words["reported"])
            ui.html(as_list([_target_words(t, words, language) for t in told]), sanitize=False)


def _event_words(entry: Any, language: str) -> str:
    name = entry.measure.zh if language == "zh" else entry.measure.en
    when = month_text(entry.parameters.start, language)
    return joined(when, name, language)


def _target_words(target: Any, words: dict[str, str], language: str) -> str:
    known = INDICATORS[target.indicator]
    name = known.zh if language == "zh" else known.en
    value = exact_text(target.reported)
    if known.share or target.relative:
        value = f"{exact_text(100 * target.reported)}%"
    if target.relative:
        value = words["since_start"].format(value=value)
    when = month_text(target.month, language)
    return joined(when, f"{name} {value}", language)


# --- the user's own compound ------------------------------------------------------------------------


def _form(page: Page) -> None:
    words, own, language = page.words, page.visit.session.own, page.visit.session.language
    place = 1 if language == "zh" else 0
    kinds = {name: titles[place] for name, titles in compound.kinds().items()}
    table = compound.in_table(own.households)
    with card(words["own"]):
        text("p", words["own_hint"], "small")
        with ui.element("div").classes("fields"):
            ui.input(words["own_name"], value=own.name).props("maxlength=40 data-name=own-name").on(
                "change", lambda event: _say(page, name=str(event.args or "")[:40])
            )
            ui.select(
                kinds, value=own.like, label=words["like"],
                on_change=lambda event: _say(page, rebuild=True, like=event.value, standing=None),
            )  # fmt: skip
        _start(page)
    with card(words["own_data"]):
        step_files.build(page, table)
    base = compound.base(own.like)
    for title, keys in (("form_size", SIZE), ("form_people", PEOPLE), ("form_means", MEANS)):
        with card(words[title]), ui.element("div").classes("fields"):
            for key in keys:
                if key in compound.FIGURES:
                    _figure(page, key, table)
                else:
                    _field(page, key, base, table)
    with card(words["troubles"]):
        for name, event in CATALOGUE.items():
            if event.kind == "event" and "size" in event.Parameters.model_fields:
                _trouble(page, name)
    with card(words["facts"]):
        text("p", words["facts_hint"], "small")
        with ui.element("div").classes("fields"):
            for name in compound.FACTS:
                _fact(page, name)


def _say(
    page: Page, rebuild: bool = False, step: bool = True, field: Any = None, **values: Any
) -> bool:
    own = page.visit.session.own.model_copy(update=values)
    if rebuild:
        return page.rebuild(lambda: page.visit.set(step, own=own))
    return page.change(lambda: page.visit.set(step, own=own), field)


def _fact(page: Page, name: str) -> None:
    def put(event: Any) -> None:
        facts = {**page.visit.session.own.facts, name: str(event.args or "")[:40]}
        _say(page, facts={key: said for key, said in facts.items() if said.strip()})

    value = page.visit.session.own.facts.get(name, "")
    ui.input(page.words[f"fact_{name}"], value=value).props("maxlength=40").on("change", put)


def _figure(page: Page, key: str, table: dict[str, Any]) -> None:
    """A number in the office's own unit."""
    words, own = page.words, page.visit.session.own
    value, _, _ = compound.figure_of(own, key)
    number = ui.number(words[f"figure_{key}"], value=_round(value, key), min=0)
    number.props(f"data-name={key}")
    if hint := words.get(f"hint_{key}"):
        number.props["hint"] = hint
    number.set_enabled(key not in table)

    def typed(event: Any) -> None:
        given, own = _number(event.args), page.visit.session.own
        figures: dict[str, Any] = {name: said for name, said in own.figures.items() if name != key}
        if event.args not in (None, ""):
            figures[key] = given
        before = compound.figure_of(own, key)[0]
        if not _say(page, field=number, figures=figures):
            _put_back(number, _round(before, key))
        elif key in compound.COUNTED_BY:
            page.show(page.step)

    number.on("change", typed)


def _round(value: float | None, key: str) -> float | None:
    """A figure as people write it: flats and cars whole, and so is what is large."""
    whole = compound.described()[key].unit not in ("fen/m2/month", "m2", "yuan/m2")
    if value is None:
        return None
    return round(value) if value >= 20 or (whole and "revenue" not in key) else round(value, 2)


def _put_back(field: Any, value: Any) -> None:
    """The last figure that was allowed, with what is wrong with the new one still beside it."""
    error = field.error
    field.set_value(value)
    field.error = error


def _field(page: Page, key: str, base: Config, table: dict[str, Any]) -> None:
    row, own = compound.described()[key], page.visit.session.own
    language = page.visit.session.language
    usual = base.at(key)
    value = table.get(key, own.values.get(key, usual))
    label = page.words.get(f"label_{key}", row_label(row, language))
    hint = page.words.get(f"hint_{key}", "")

    def put(given: Any, step: bool = True, field: Any = None) -> bool:
        values = {**page.visit.session.own.values, key: given}
        return _say(page, step=step, field=field, values=values)

    if isinstance(row.default, bool):
        ui.checkbox(label, value=bool(value), on_change=lambda event: put(bool(event.value)))
    elif isinstance(row.default, str):
        _, field = find_field(Config, key.split("."))
        assert field is not None
        options = {str(o): page.words.get(f"state_{o}", str(o)) for o in get_args(field.annotation)}
        ui.select(options, value=value, label=label, on_change=lambda event: put(event.value))
    elif is_share(row):
        with ui.element("div").classes("across"):
            RangeSlider(
                label, float(value), 0.0, 1.0, step=0.01, percent=True, settled=page.settle, name=key,
                moved=lambda v: put(float(v), False), disabled=key in table,
            )  # fmt: skip
            if hint:
                text("p", hint, "small")
    else:
        most = compound.MOST_HOUSEHOLDS if key == "population.households" else row.high
        number = ui.number(
            with_unit(label, row, language), value=value, min=row.low, max=most, step=1
        )
        number.props(f"data-name={key}")
        number.set_enabled(key not in table)

        def typed(event: Any) -> None:
            if not put(_number(event.args), field=number):
                _put_back(number, page.visit.session.own.values.get(key, usual))
            elif key in compound.COUNTED_BY:
                page.show(page.step)

        number.on("change", typed)


def _number(given: Any) -> int | float | str:
    """What was typed, unrounded: the schema refuses a fraction where it wants a whole number."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return str(given)
    return int(number) if number.is_integer() else number


def _start(page: Page) -> None:
    words, own = page.words, page.visit.session.own
    with ui.element("div").classes("flow"):
        said = ui.number(
            words["collection"], value=None if own.collection is None else round(100 * own.collection, 1),
            min=0, max=100, step=1,
        ).style("min-width:220px")  # fmt: skip
        said.props("data-name=collection")
        ui.button(words["find_start"], on_click=lambda: _find(page, said)).props("data-name=find")
    text("p", RATE[page.visit.session.language], "small")
    if own.standing is None or own.collection is None:
        text("p", words["start_kind"], "small")
        return
    found = text("p", words["waiting"], "found")
    text("p", words["start_how"], "small")

    def say() -> None:
        # Measured in the runs of just this compound, so that it stays true when the form is changed.
        reference = page.visit.runs(compound.REFERENCE)
        enough = min(len(compound.STARTS), page.visit.session.replications)
        if reference is None or len(reference.seeds) < enough:
            found.set_content(words["waiting"])
        else:
            found.set_content(escape(start_note(words, own, start_level(reference))))

    page.watchers.append(say)


async def _find(page: Page, field: ui.number) -> None:
    """Seek the start from which the user's share of fees is collected, and say where it is."""
    percent = field.value
    if percent is None or not 0 <= percent <= 100:
        field.error = page.words["percent_wanted"]
        return
    waiting = ui.notification(page.words["finding"], spinner=True, timeout=None)
    own = page.visit.session.own.model_copy(update={"collection": float(percent) / 100})
    standing = None
    try:
        with one_line(page.visit.session.language):
            standing, _ = await compound.find_standing(own, page.visit.measure_start)
    finally:
        waiting.dismiss()
    if standing is not None:
        _say(page, rebuild=True, collection=own.collection, standing=standing)


def start_level(reference: Runs) -> float:
    """Share of fees collected in month 0, mean of the runs in which they are due; NaN if in none."""
    return float(known.mean(reference.at(MAIN, 0)))


def start_note(words: dict[str, str], own: Own, reached: float) -> str:
    """Where the model starts beside what the user said, with a warning where they are apart."""
    assert own.collection is not None
    if math.isnan(reached):
        return words["start_none"].format(said=f"{100 * own.collection:.0f}%")
    said = words["start_found"].format(
        model=percent_text(reached), said=f"{exact_text(100 * own.collection)}%"
    )
    return said + (" " + words["start_off"] if abs(reached - own.collection) > OFF else "")


def _trouble(page: Page, name: str) -> None:
    words, language = page.words, page.visit.session.language
    known = {trouble.event: trouble for trouble in page.visit.session.own.troubles}
    event, trouble = CATALOGUE[name], known.get(name)

    def put(given: Trouble | None, rebuild: bool = False, step: bool = True) -> None:
        others = [t for t in page.visit.session.own.troubles if t.event != name]
        _say(page, rebuild=rebuild, step=step, troubles=[*others, *([given] if given else [])])

    ui.checkbox(
        event.zh if language == "zh" else event.en, value=trouble is not None,
        on_change=lambda e: put(Trouble(event=name) if e.value else None, rebuild=True),
    ).props["data-name"] = name  # fmt: skip
    if trouble is None:
        return
    row = {row.key: row for row in event.Parameters.describe()}["size"]

    def now() -> Trouble:
        return next(t for t in page.visit.session.own.troubles if t.event == name)

    RangeSlider(
        words["trouble_size"], trouble.size, row.low or 0, row.high or 1, step=step_of(row),
        percent=is_share(row), settled=page.settle,
        moved=lambda v: put(now().model_copy(update={"size": float(v)}), step=False),
    )  # fmt: skip
    RangeSlider(
        words["trouble_month"], -trouble.month, 0, 36, step=1, settled=page.settle,
        moved=lambda v: put(now().model_copy(update={"month": -round(v)}), step=False),
    )  # fmt: skip
