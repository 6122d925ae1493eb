"""Step 4: the report, in one click and the forms that offices use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from nicegui import ui

from sim.desk import charts, compound, printing, step_known, step_sliders, step_why
from sim.desk.bench import Asked
from sim.desk.bits import card, one_line, text
from sim.desk.keeping import file_name
from sim.desk.live import Lived
from sim.desk.range_slider import RangeSlider
from sim.desk.session import as_link
from sim.desk.visit import as_runs
from sim.desk.words import bracketed, joined
from sim.errors import InputError
from sim.experiments import copied
from sim.report.build import Extra
from sim.report.content import Cell, Table

if TYPE_CHECKING:
    from sim.desk.page import Page
    from sim.experiments.answers import Answer


def build(page: Page) -> None:
    """Build the step."""
    words, session = page.words, page.visit.session
    with card(words["report"]):
        text("p", words["report_hint"])
        if not session.policies:
            text("p", words["only_reference"])
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
            for kind in printing.ENDINGS:
                look = "unelevated" if kind in ("docx", "pdf") else "outline"
                ui.button(
                    words[f"get_{kind}"], icon="download", on_click=lambda _, k=kind: _make(page, k)
                ).props(f"{look} data-name=get-{kind}")
            ui.button(words["save"], icon="save", on_click=page._save).props("flat")
        text("p", words["save_hint"], "small")
    _again(page)
    step_sliders.build(page)
    page.next_button(2)


def _again(page: Page) -> None:
    """The session's question as text; nothing of an own compound, whose files lie on this machine only."""
    words, session = page.words, page.visit.session
    with card(words["again"]):
        if session.case == compound.OWN:
            text("p", words["again_own"])
            return
        text("p", words["again_hint"])
        with ui.element("div").classes("flow"):
            for kind in ("command", "python"):
                ui.button(
                    words[f"again_{kind}"],
                    icon="content_copy",
                    on_click=lambda _, k=kind: _copy(page, k),
                ).props(f"outline data-name=again-{kind}")


def _copy(page: Page, kind: str) -> None:
    words, session = page.words, page.visit.session
    with one_line(session.language):
        told = as_text(page.visit.told_of, session.threshold, kind)
        page.hand_over(words[f"again_{kind}"], words["again_hint"], told)


def as_text(asked: dict[str, Asked], threshold: float | None, kind: str) -> str:
    """A session's question as the command or the Python that asks it again.

    Args:
        asked: By policy, the reference first.
        threshold: What of fees is to be reached.
        kind: "command" or "python".

    Raises:
        InputError: It cannot be written down.
    """
    question = printing.question_of({n: one.config for n, one in asked.items()}, threshold)
    as_it = copied.as_command if kind == "command" else copied.as_python
    # Its question is all that is read of an answer there.
    return as_it(cast("Answer", SimpleNamespace(question=question)))


async def _make(page: Page, kind: printing.Kind) -> None:
    """Make one form of the report in a process of its own and hand it to the browser."""
    words, visit = page.words, page.visit
    lived = visit.common()
    if not all(lived.values()):
        ui.notify(page.waiting(), type="warning")
        return
    count = min(map(len, lived.values()))
    if count < visit.session.replications:
        ui.notify(words["report_partial"].format(n=count), type="info")
    waiting = ui.notification(words["making"], spinner=True, timeout=None)
    language = visit.session.language
    again = {name: visit.again(name) for name in lived}
    again = again if all(again.values()) else {}
    try:
        with one_line(page.visit.session.language):
            data = await page.printer.call(
                0, printing.make, kind, visit.told_of, lived, again, language, extra(page, lived)
            )
            name = file_name(visit.session, words["report"], printing.ENDINGS[kind])
            ui.download.content(data, name, printing.TYPES[kind])
    except (RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        ui.notify(" ".join(str(error).split()), type="negative")
    finally:
        waiting.dismiss()


def extra(page: Page, lived: dict[str, list[Lived]]) -> Extra:
    """What the desk knows beyond the runs' indicators.

    Args:
        page: Whose session it is.
        lived: The runs that are reported, by policy.
    """
    words, session, why = page.words, page.visit.session, step_why.found(page)
    repeat, link = _repeat(page)
    return Extra(
        question=session.question, level=session.threshold, within=session.within,
        notes=_notes(page, lived), tables=[_flow(page, lived), *_parts(page)],
        repeat=words[repeat], link=link, files=compound.files(session),
        why={} if why is None else {why.question.config.scenario.name: why},
    )  # fmt: skip


def _flow(page: Page, lived: dict[str, list[Lived]]) -> tuple[str, str, Table]:
    words, session = page.words, page.visit.session
    levels = (*charts.LEVELS, "shelved")
    heads = [words["policy"], *(charts.level_label(level, session.language) for level in levels)]
    rows: list[list[Cell]] = []
    for name, runs in lived.items():
        flow = charts.flow([one.flow for one in runs])
        label = charts.policy_label(name, session.language)
        rows.append([label, *(flow[level] for level in levels)])
    title = words["axis_problems"].format(last=session.months)
    return words["results_flow"], title, Table("issue-flow", words["results_flow"], heads, rows)


def _parts(page: Page) -> list[tuple[str, str, Table]]:
    words, session, plan = page.words, page.visit.session, page.visit.chosen
    parts = page.visit.part_table()
    if parts is None or plan is None:
        return []
    heads, texts = charts.parts_table(parts, session.language)
    rows: list[list[Cell]] = [list(row) for row in texts]
    # The table stands alone in a workbook: it says of which policy and month.
    title = f"{plan.name}: {words['axis_gain'].format(month=session.within)} [95%]"
    note = words["parts_hint"] + charts.parts_words(parts, session.language)
    return [(words["results_parts"], note, Table("parts", title, heads, rows))]


def _repeat(page: Page) -> tuple[str, str]:
    """How to get the same numbers again: the session's link, if it holds the whole session."""
    try:
        return "repeat_link", f"/?s={as_link(page.visit.session)}"
    except InputError:
        return "repeat_file", ""


def _notes(page: Page, lived: dict[str, list[Lived]]) -> list[str]:
    session, words = page.visit.session, page.words
    if session.case != compound.OWN:
        return []
    own = session.own
    told = [words["uploads_left_out"]] if own.households else []
    if own.facts:
        mark = "；" if session.language == "zh" else "; "
        facts = [
            joined(words[f"fact_{name}"], said, session.language)
            for name, said in own.facts.items()
            if name in compound.FACTS
        ]
        told.append(words["facts_note"].format(facts=mark.join(facts)))
    if hint := words.get(f"state_{own.committee}_as"):
        state = joined(
            words["label_committee.state"], words[f"state_{own.committee}"], session.language
        )
        told.append(bracketed(state, hint, session.language))
    if not compound.given(own):
        titles = compound.kinds()[own.like]
        like = titles[1 if session.language == "zh" else 0]
        return [words["own_note_kind"].format(like=like), *told]
    reference = as_runs(lived[compound.REFERENCE])
    found = [] if reference is None else step_known.notes(own, reference, words, session.language)
    return [*found, *told]
