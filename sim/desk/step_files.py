"""Files of the user's own on the page: what one was taken for is shown, to be confirmed or put right.

A file is held in memory until it is confirmed, and never written; what is confirmed goes into the
session as a clean table.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim.desk import compound
from sim.desk.arrived import Arrived, arrive, columns_offered, needs_a_look, read_again, taken
from sim.desk.bits import FileField, as_list, as_table, fold, text
from sim.desk.session import LARGEST_UPLOAD
from sim.intake import cells, door, templates
from sim.intake.sheets import TEXTS, WORKBOOKS
from sim.intake.tell import WORDS as KINDS
from sim.society.reading import field_name, sentences

if TYPE_CHECKING:
    from sim.desk.page import Page

KIND = ",".join((*TEXTS, *WORKBOOKS))
LEAVE = "—"


def build(page: Page, table: dict[str, Any]) -> None:
    """Fields for files, what was read of those taken, and the one that waits."""
    words, own = page.words, page.visit.session.own
    text("p", words["upload_hint"], "small")
    with ui.element("div").classes("flow"):
        ui.label(words["templates"])
        language = page.visit.session.language
        for kind, name in templates.NAMES[language].items():
            ui.button(
                KINDS[language][kind], on_click=lambda _, k=kind, n=name: ui.download.content(
                    templates.workbook(k, page.visit.session.language), n
                ),
            ).props("flat dense no-caps")  # fmt: skip
    if page.arrived is not None:
        _confirm(page, page.arrived)
    for what in ("households", "months"):
        if getattr(own, what):
            with ui.element("div").classes("flow"):
                ui.label(words["uploaded"].format(name=words[f"name_{what}"]))
                ui.button(
                    words["remove_upload"], on_click=lambda _, w=what: _forget(page, w)
                ).props("flat")
            notes = page.told.get(getattr(own, what))
            said = (
                sentences(notes, language) if notes else compound.what_was_read(own, what, language)
            )
            for line in said:
                text("p", line, "found")
            if what == "households" and table:
                text("p", words["in_table"], "found")
        if what == "months" or not own.households:
            FileField(
                words[f"upload_{what}"], partial(_take, page, what), words["upload_hint"],
                largest=LARGEST_UPLOAD, kind=KIND,
            ).props(f"flat bordered data-name=upload-{what}")  # fmt: skip
            columns = compound.columns_of(what, language)
            told = [f"{name}: {said or words['column_needed']}" for name, said in columns.items()]
            fold(words["columns"], f"columns-{what}").set_content(as_list(told))


def _forget(page: Page, what: str) -> None:
    own = page.visit.session.own.model_copy(update={what: ""})
    page.rebuild(lambda: page.visit.set(own=own))


def _take(page: Page, what: str, data: bytes, name: str) -> None:
    def put() -> None:
        arrived = arrive(page.visit.session.own, what, data, name)
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
    if own.households != before.households:
        page.told[own.households] = arrived.read.notes
    if own.months != before.months:
        page.told[own.months] = [*page.told.get(before.months, []), *arrived.read.notes]
    page.arrived = None


# --- to be confirmed ------------------------------------------------------------------------------


def _confirm(page: Page, arrived: Arrived) -> None:
    words, language = page.words, page.visit.session.language
    kind = KINDS[language][arrived.read.kind]
    with ui.element("div").classes("arrived").props("data-name=arrived role=group"):
        text("h3", words["arrived"].format(name=arrived.name, kind=kind))
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
