"""Step 1: choose a case, or describe one's own compound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim.as_text import exact_text, is_share, month_text
from sim.config import Config
from sim.desk import compound, step_files, step_known
from sim.desk.bits import (
    as_list,
    card,
    row_label,
    step_of,
    text,
    with_unit,
)
from sim.desk.range_slider import RangeSlider
from sim.desk.session import Trouble
from sim.desk.words import joined
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS

if TYPE_CHECKING:
    from sim.desk.page import Page

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

NEXT_FIELD = 1.0
"""Seconds in which even a busy browser has told of the field that is typed in next."""


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

    def choose() -> None:
        # A click on what is chosen changes nothing, least of all the form that is being filled in.
        if page.visit.session.case != name:
            page.rebuild(lambda: page.visit.set(case=name))

    button.on("click", choose)


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
                "change", lambda event: say(page, name=str(event.args or "")[:40])
            )
            ui.select(
                kinds, value=own.like, label=words["like"],
                on_change=lambda event: say(page, rebuild=True, like=event.value, shift=0.0),
            )  # fmt: skip
    step_known.build(page)
    with card(words["own_data"]):
        step_files.build(page, table)
    base, counts = compound.base(own.like), Counts(page)
    for title, keys in (("form_size", SIZE), ("form_people", PEOPLE), ("form_means", MEANS)):
        with card(words[title]), ui.element("div").classes("fields"):
            for key in keys:
                if key in compound.FIGURES:
                    _figure(page, key, table, counts)
                else:
                    _field(page, key, base, table, counts)
    with card(words["troubles"]):
        for name, event in CATALOGUE.items():
            if event.kind == "event" and "size" in event.Parameters.model_fields:
                _trouble(page, name)
    with card(words["facts"]):
        text("p", words["facts_hint"], "small")
        with ui.element("div").classes("fields"):
            for name in compound.FACTS:
                _fact(page, name)


def say(
    page: Page, rebuild: bool = False, step: bool = True, field: Any = None, **values: Any
) -> bool:
    """Change what is said of the compound."""
    own = page.visit.session.own.model_copy(update=values)
    if rebuild:
        return page.rebuild(lambda: page.visit.set(step, own=own))
    return page.change(lambda: page.visit.set(step, own=own), field)


def _fact(page: Page, name: str) -> None:
    def put(event: Any) -> None:
        facts = {**page.visit.session.own.facts, name: str(event.args or "")[:40]}
        say(page, facts={key: said for key, said in facts.items() if said.strip()})

    value = page.visit.session.own.facts.get(name, "")
    ui.input(page.words[f"fact_{name}"], value=value).props("maxlength=40").on("change", put)


class Counts:
    """Fields in the office's own units, which are counted anew when what they are counted by changes.

    The form itself stays: somebody may be typing in its next field already, which is counted when it is left.

    Args:
        page: Whose form it is.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._fields: dict[str, ui.number] = {}
        self._in = ""
        """Key of the field that is being typed in."""

    def add(self, key: str, field: ui.number) -> None:
        """One more."""
        self._fields[key] = field

        def left() -> None:
            self._in = ""
            self._soon()

        field.on("focus", lambda: setattr(self, "_in", key))
        field.on("blur", left)

    def follow(self, changed: str) -> None:
        """Show what follows for a compound from a figure that was changed."""
        if changed in compound.COUNTED_BY:
            self._soon()

    def _soon(self) -> None:
        # A browser tells of the field that was left before it tells of the next.
        asyncio.get_running_loop().call_later(NEXT_FIELD, self._show)

    def _show(self) -> None:
        own = self._page.visit.session.own
        for key, field in self._fields.items():
            if key != self._in and key not in own.figures and not field.is_deleted:
                field.set_value(_round(compound.figure_of(own, key)[0], key))


def _figure(page: Page, key: str, table: dict[str, Any], counts: Counts) -> None:
    """A number in the office's own unit."""
    words, own = page.words, page.visit.session.own
    value, _, _ = compound.figure_of(own, key)
    number = ui.number(words[f"figure_{key}"], value=_round(value, key), min=0)
    number.props(f"data-name={key}")
    if hint := words.get(f"hint_{key}"):
        number.props["hint"] = hint
    number.set_enabled(key not in table)
    counts.add(key, number)

    def typed(event: Any) -> None:
        given, own = number_of(event.args), page.visit.session.own
        figures: dict[str, Any] = {name: said for name, said in own.figures.items() if name != key}
        if event.args not in (None, ""):
            figures[key] = given
        before = compound.figure_of(own, key)[0]
        if not say(page, field=number, figures=figures):
            put_back(number, _round(before, key))
        else:
            # A count that followed from another field may have overtaken what was typed; a page is not sent again
            # what it sent itself, so it is taken away first.
            shown = number.value
            number.set_value(None)
            number.set_value(shown)
            counts.follow(key)

    number.on("change", typed)


def _round(value: float | None, key: str) -> float | None:
    """A figure as people write it: flats and cars whole, and so is what is large."""
    whole = compound.described()[key].unit not in ("fen/m2/month", "m2", "yuan/m2")
    if value is None:
        return None
    return round(value) if value >= 20 or (whole and "revenue" not in key) else round(value, 2)


def put_back(field: Any, value: Any) -> None:
    """The last figure that was allowed, with what is wrong with the new one still beside it."""
    error = field.error
    field.set_value(value)
    field.error = error


def _field(page: Page, key: str, base: Config, table: dict[str, Any], counts: Counts) -> None:
    row, own = compound.described()[key], page.visit.session.own
    language = page.visit.session.language
    usual = base.at(key)
    value = table.get(key, own.values.get(key, usual))
    label = page.words.get(f"label_{key}", row_label(row, language))
    hint = page.words.get(f"hint_{key}", "")

    def put(given: Any, step: bool = True, field: Any = None) -> bool:
        values = {**page.visit.session.own.values, key: given}
        return say(page, step=step, field=field, values=values)

    if isinstance(row.default, bool):
        ui.checkbox(label, value=bool(value), on_change=lambda event: put(bool(event.value)))
    elif key == "committee.state":
        _committee(page, label, str(value))
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
            if not put(number_of(event.args), field=number):
                put_back(number, page.visit.session.own.values.get(key, usual))
            else:
                counts.follow(key)

        number.on("change", typed)


def _committee(page: Page, label: str, value: str) -> None:
    """The committee's state in the words of offices, and how the model takes it where it knows fewer."""
    words, own = page.words, page.visit.session.own
    chosen = own.committee
    if compound.COMMITTEE.get(chosen) != value:
        chosen = next(name for name, to in compound.COMMITTEE.items() if to == value)
    options = {name: words[f"state_{name}"] for name in compound.COMMITTEE}

    def put(event: Any) -> None:
        values = {
            **page.visit.session.own.values,
            "committee.state": compound.COMMITTEE[event.value],
        }
        say(page, rebuild=True, values=values, committee=event.value)

    field = ui.select(options, value=chosen, label=label, on_change=put)
    field.props("data-name=committee")
    if hint := words.get(f"state_{chosen}_as"):
        field.props["hint"] = hint


def number_of(given: Any) -> int | float | str:
    """What was typed, unrounded: the schema refuses a fraction where it wants a whole number."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        return str(given)
    return int(number) if number.is_integer() else number


def _trouble(page: Page, name: str) -> None:
    words, language = page.words, page.visit.session.language
    known = {trouble.event: trouble for trouble in page.visit.session.own.troubles}
    event, trouble = CATALOGUE[name], known.get(name)

    def put(given: Trouble | None, rebuild: bool = False, step: bool = True) -> None:
        others = [t for t in page.visit.session.own.troubles if t.event != name]
        say(page, rebuild=rebuild, step=step, troubles=[*others, *([given] if given else [])])

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
