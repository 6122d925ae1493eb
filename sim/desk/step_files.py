"""Files of the user's own on the page: what one was taken for is shown, to be confirmed or put right.

A file is held in memory until it is confirmed, and never written; what is confirmed goes into the
session as a clean table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim.desk import compound
from sim.desk.arrived import (
    MAPPINGS,
    Arrived,
    arrive,
    clean_archive,
    columns_offered,
    layout_of,
    mapping_of,
    needs_a_look,
    read_again,
    short_name,
    taken,
)
from sim.desk.bits import FileField, as_list, as_table, fold, one_line, text
from sim.desk.session import LARGEST_UPLOAD
from sim.desk.words import joined
from sim.intake import cells, door, mapping, templates
from sim.intake.graphs import GRAPHS
from sim.intake.mapping import KINDS as KINDS_OF_FILES
from sim.intake.mapping import Kind
from sim.intake.sheets import TEXTS, WORKBOOKS
from sim.intake.tell import WORDS as KINDS
from sim.society.reading import field_name, sentences

if TYPE_CHECKING:
    from sim.desk.page import Page

AUTO = ""
ENDINGS = ",".join((*TEXTS, *WORKBOOKS, *GRAPHS, *MAPPINGS))
TABLES = ("households", "months", "edges")
LEAVE = "—"


def build(page: Page, table: dict[str, Any]) -> None:
    """A field for files, what was read of those taken, and the one that waits."""
    words, own = page.words, page.visit.session.own
    language = page.visit.session.language
    kinds = {AUTO: words["kind_auto"]} | {kind: KINDS[language][kind] for kind in KINDS_OF_FILES}
    text("p", words["upload_hint"], "small")
    with ui.element("div").classes("flow"):
        which = ui.select(kinds, value=AUTO, label=words["kind"]).style("min-width:180px")
        which.props["data-name"] = "kind"
        FileField(
            words["upload"],
            lambda data, name: _take(page, data, name, None if which.value == AUTO else which.value),
            words["upload_hint"], largest=LARGEST_UPLOAD, kind=ENDINGS,
        ).props("flat bordered data-name=upload").style("flex:1;min-width:260px")  # fmt: skip
    with ui.element("div").classes("flow"):
        ui.label(words["templates"])
        for kind, name in templates.NAMES[language].items():
            ui.button(
                KINDS[language][kind], icon="download", on_click=lambda _, k=kind, n=name: ui.download.content(
                    templates.workbook(k, page.visit.session.language), n
                ),
            ).props(f"flat dense no-caps data-template={kind}")  # fmt: skip
    if page.arrived is not None:
        _confirm(page, page.arrived)
    for what in TABLES:
        if getattr(own, what):
            _there(page, what, table)
    for what in ("households", "months"):
        columns = compound.columns_of(what, language)
        told = [
            field_told(name, said or words["column_needed"], language)
            for name, said in columns.items()
        ]
        fold(words[f"columns_{what}"], f"columns-{what}").set_content(as_list(told))


def field_told(name: str, said: str, language: str) -> str:
    """A column that a table may have, by the name that people give it."""
    return joined(field_name(name, language), said, language)


def _there(page: Page, what: str, table: dict[str, Any]) -> None:
    """What was read of a table that was taken."""
    words, own, language = page.words, page.visit.session.own, page.visit.session.language
    with ui.element("div").classes("flow"):
        ui.label(words["uploaded"].format(name=words[f"name_{what}"]))
        ui.button(words["remove_upload"], on_click=lambda: _forget(page, what)).props("flat dense")
    files = page.told.get(getattr(own, what))
    said = [line for notes in files or () for line in sentences(notes, language)]
    for line in said or compound.what_was_read(own, what, language):
        text("p", line, "found")
    if what == "households" and table:
        text("p", words["in_table"], "found")


def _forget(page: Page, what: str) -> None:
    # Ties are between the flats of their register.
    gone = ("households", "edges") if what == "households" else (what,)
    own = page.visit.session.own.model_copy(update=dict.fromkeys(gone, ""))
    page.rebuild(lambda: page.visit.set(own=own))


def _take(page: Page, data: bytes, name: str, kind: Kind | None = None) -> None:
    def put() -> None:
        own, short = page.visit.session.own, short_name(name)
        if short.lower().endswith(MAPPINGS):
            of, said = mapping_of(data, short)
            page.visit.set(own=own.model_copy(update={"mappings": {**own.mappings, of: said}}))
            called = KINDS[page.visit.session.language][of]
            ui.notify(page.words["mapping_taken"].format(kind=called), type="positive")
            return
        arrived = arrive(own, data, name, kind)
        if needs_a_look(arrived.read):
            page.arrived = arrived
        else:
            _use(page, arrived)

    page.rebuild(put)


def _use(page: Page, arrived: Arrived) -> None:
    before = page.visit.session.own
    own = taken(before, arrived)
    compound.own(own)
    compound.own_months(own)
    page.visit.set(own=own)
    for what in TABLES:
        now, old = getattr(own, what), getattr(before, what)
        if now and now != old:
            more = page.told.get(old, []) if what == "months" else []
            page.told[now] = [*more, arrived.read.notes]
    page.arrived = None


# --- to be confirmed ------------------------------------------------------------------------------


def _confirm(page: Page, arrived: Arrived) -> None:
    words, language = page.words, page.visit.session.language
    kind = KINDS[language][arrived.read.kind]
    with ui.element("div").classes("arrived").props("data-name=arrived role=group"):
        text("h3", words["arrived"].format(name=arrived.name, kind=kind))
        if arrived.again:
            text("p", words["mapping_used"], "small")
        for line in door.told(arrived.read, language):
            text("p", line, "found")
        _columns(page, arrived)
        table = door.shown(arrived.read)
        if table:
            heads = [
                KINDS[language].get("tickets_n" if h == "tickets" else h) or _title(h, language)
                for h in table[0]
            ]
            ui.html(as_table(heads, table[1:37]), sanitize=False)
        dated = door.calendar([arrived.read])
        if dated:
            options = {cells.month_name(when): cells.month_name(when) for when in dated}
            ui.select(
                options, value=cells.month_name(arrived.zero or dated[-1]), label=words["arrived_zero"],
                on_change=lambda event: _zero(page, arrived, event.value),
            ).props("data-name=zero").style("min-width:280px")  # fmt: skip
        with ui.element("div").classes("flow"):
            ui.button(
                words["arrived_use"],
                on_click=lambda: page.rebuild(lambda: _use(page, page.arrived or arrived)),
            ).props("unelevated data-name=arrived-use")
            ui.button(words["arrived_drop"], on_click=lambda: _drop(page)).props("flat")
            ui.button(
                words["mapping_save"], on_click=lambda: _save_mapping(page, page.arrived or arrived)
            ).props("flat data-name=mapping-save")
            ui.button(
                words["clean_save"], on_click=lambda: _save_clean(page, page.arrived or arrived)
            ).props("flat data-name=clean-save")


def _save_mapping(page: Page, arrived: Arrived) -> None:
    language = page.visit.session.language
    said = mapping.text(mapping.of(layout_of(arrived.read)))
    name = f"{page.words['mapping']}-{KINDS[language][arrived.read.kind]}.yaml"
    ui.download.content(said, name, "application/yaml")


def _save_clean(page: Page, arrived: Arrived) -> None:
    with one_line(page.visit.session.language):
        name = f"{arrived.name.rpartition('.')[0]}-{page.words['clean']}.zip"
        ui.download.content(clean_archive(arrived), name, "application/zip")


def _title(name: str, language: str) -> str:
    return door.titles().get(name, (name, name))[0 if language == "zh" else 1]


def _columns(page: Page, arrived: Arrived) -> None:
    """Which column was taken for what; another can be chosen."""
    language = page.visit.session.language
    used = door.used(arrived.read).columns
    offered = columns_offered(arrived)
    if not used or not offered:
        return
    with ui.element("div").classes("flow"):
        for field, written in used.items():
            ui.select(
                [LEAVE, *offered], value=written if written in offered else None,
                label=_title(field, language) if arrived.read.kind == "months" else field_name(field, language),
                on_change=lambda event, f=field, w=written: _choose(page, arrived, f, w, event.value),
            ).props(f"dense data-field={field}").style("min-width:150px")  # fmt: skip


def _choose(page: Page, arrived: Arrived, field: str, written: str, chosen: str) -> None:
    columns = {**door.used(arrived.read).columns}
    columns.pop(field, None)
    leave = [*arrived.said.leave_out, written] if chosen == LEAVE else arrived.said.leave_out
    if chosen != LEAVE:
        columns = {name: column for name, column in columns.items() if column != chosen} | {
            field: chosen
        }
    said = arrived.said.model_copy(update={"columns": columns, "leave_out": leave})

    def again() -> None:
        read = read_again(page.visit.session.own, arrived.name, arrived.data, said)
        page.arrived = replace(arrived, said=said, read=read)

    page.change(again)
    page.show(page.step)


def _zero(page: Page, arrived: Arrived, chosen: str) -> None:
    page.arrived = replace(arrived, zero=cells.month(chosen))


def _drop(page: Page) -> None:
    page.arrived = None
    page.show(page.step)
