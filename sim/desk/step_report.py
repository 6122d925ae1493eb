"""Step 4: the report, in one click and four forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from sim.desk import charts, compound, printing
from sim.desk.bits import card, one_line, text
from sim.desk.range_slider import RangeSlider
from sim.desk.step_compound import start_level, start_note
from sim.errors import InputError
from sim.report.build import Extra
from sim.report.content import Cell, Table

if TYPE_CHECKING:
    from sim.desk.page import Page


def build(page: Page) -> None:
    """Build the step."""
    words, session = page.words, page.visit.session
    with card(words["report"]):
        text("p", words["report_hint"])
        ui.textarea(words["question"], value=session.question).props(
            "maxlength=400 autogrow outlined"
        ).on(
            "change",
            lambda event: page.change(lambda: page.visit.set(question=str(event.args or "")[:400])),
        ).style("width:100%").props["data-name"] = "question"
        RangeSlider(
            words["replications"], session.replications, 10, 200, step=10, settled=page.settle, name="replications",
            moved=lambda v: page.change(lambda: page.visit.set(False, replications=round(v))),
        )  # fmt: skip
        with ui.element("div").classes("flow").style("margin-top:14px"):
            for kind in ("html", "pdf", "xlsx", "csv"):
                look = "unelevated" if kind in ("html", "pdf") else "outline"
                ui.button(
                    words[f"get_{kind}"], icon="download", on_click=lambda _, k=kind: _make(page, k)
                ).props(f"{look} data-name=get-{kind}")
            ui.button(words["save"], icon="save", on_click=page._save).props("flat")
    page.next_button(2)


async def _make(page: Page, kind: printing.Kind) -> None:
    """Make one form of the report in a process of its own and hand it to the browser."""
    words, visit = page.words, page.visit
    lived = {name: visit.lived(name) for name in visit.asked}
    done, every = visit.progress()
    if not all(lived.values()):
        ui.notify(words["waiting"], type="warning")
        return
    if done < every:
        least = min(map(len, lived.values()))
        ui.notify(words["report_partial"].format(n=least), type="info")
    waiting = ui.notification(words["making"], spinner=True, timeout=None)
    language = visit.session.language
    try:
        with one_line(page.visit.session.language):
            data = await page.printer.call(
                0, printing.make, kind, dict(visit.asked), lived, language, extra(page)
            )
            name = f"xiaoqu-{visit.session.case}-{language}.{printing.ENDINGS[kind]}"
            ui.download.content(data, name, printing.TYPES[kind])
    except (RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        ui.notify(" ".join(str(error).split()), type="negative")
    finally:
        waiting.dismiss()


def extra(page: Page) -> Extra:
    """What the desk knows beyond the runs' indicators."""
    words, visit, session = page.words, page.visit, page.visit.session
    tables = []
    flows = {name: charts.flow([one.flow for one in visit.lived(name)]) for name in visit.asked}
    levels = (*charts.LEVELS, "shelved")
    heads = [words["policy"], *(charts.level_label(level, session.language) for level in levels)]
    rows: list[list[Cell]] = [
        [charts.policy_label(name, session.language), *(flow[level] for level in levels)]
        for name, flow in flows.items()
    ]
    title = words["axis_problems"].format(last=session.months)
    tables.append(
        (words["results_flow"], title, Table("issue-flow", words["results_flow"], heads, rows))
    )
    if parts := visit.part_rows():
        heads = [words["measure"], words["alone"], words["left_out"]]
        cells: list[list[Cell]] = [
            [
                charts.measure_label(name, session.language),
                charts.interval(one),
                charts.interval(two),
            ]
            for name, one, two in parts
        ]
        title = words["axis_gain"].format(month=session.within)
        tables.append(
            (words["results_parts"], words["parts_hint"], Table("parts", title, heads, cells))
        )
    return Extra(
        question=session.question, level=session.threshold, within=session.within, notes=_notes(page),
        tables=tables, repeat=words["repeat_desk"],
    )  # fmt: skip


def _notes(page: Page) -> list[str]:
    session, words = page.visit.session, page.words
    if session.case != compound.OWN:
        return []
    own = session.own
    if own.standing is None or own.collection is None:
        titles = compound.kinds()[own.like]
        return [words["own_note_kind"].format(like=titles[1 if session.language == "zh" else 0])]
    reference = page.visit.runs(compound.REFERENCE)
    return [] if reference is None else [start_note(words, own, start_level(reference))]
