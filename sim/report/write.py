"""Writes a report beside the results it tells of: document, slides, HTML, PDF, workbook and CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.errors import InputError
from sim.experiments.compare import Comparison
from sim.experiments.household import checked
from sim.experiments.kept import find
from sim.experiments.store import told_as_input_error
from sim.explain import shorten
from sim.files import whole
from sim.questions.why import REPLICATIONS
from sim.report.build import build, read_results
from sim.report.case import Case, Extra
from sim.report.content import Report
from sim.report.document import as_docx
from sim.report.page import as_html
from sim.report.paper import as_pdf
from sim.report.reliability import leading
from sim.report.sheets import as_csv, as_xlsx
from sim.report.slides import as_pptx
from sim.science.effect import Effect, Question

OWN = ("lang", "question", "form", "why")
"""What the command takes beside the folder."""

FORMS = ("long", "short")
"""With annexes, or the paper alone."""

SAID = {"true": True, "false": False}

LONGEST_QUESTION = 400


def report_words(folder: Path, words: Sequence[str], out: Path | None = None) -> list[Path]:
    """Write the report that a command line asks for.

    Args:
        folder: What ``run`` or ``compare`` kept.
        words: ``lang=zh`` or ``lang=en``, ``form=short`` or ``form=long``, ``question='...'``, and ``why=true`` to work
            out what carried the effect where that has not been asked yet, or ``why=false`` to leave it out.
        out: Folder for the report; ``report`` below the results if left out.

    Raises:
        InputError: An unknown word, no results there, or a place that cannot be written.
    """
    # Not Hydra's grammar: a question is free text.
    own = {key: value for key, _, value in (word.partition("=") for word in words)}
    for key in own:
        if key not in OWN:
            raise InputError(
                shorten(key),
                "is not asked for here",
                "lang=zh, form=short, why=true, question=TEXT",
            )
    question = own.get("question", "")
    if len(question) > LONGEST_QUESTION:
        raise InputError("question", f"{len(question)} characters", f"up to {LONGEST_QUESTION}")
    form = own.get("form", FORMS[0])
    if form not in FORMS:
        raise InputError("form", f"{shorten(form)!r} is not known", ", ".join(FORMS))
    if (why := own.get("why")) not in (None, *SAID):
        raise InputError("why", f"{shorten(str(why))!r} is not known", ", ".join(SAID))
    comparison = read_results(folder)
    asked = None if why is None else SAID[why]
    extra = Extra(question=question, why=_carried(comparison, asked))
    report = build(comparison, own.get("lang", "zh"), extra)
    return write(report, out or Path(folder) / "report", form == "short")


def _carried(comparison: Comparison, asked: bool | None) -> dict[str, Effect]:
    """What carried the effect of each scenario's best policy, as ``xiaoqu why`` keeps it beside the results.

    Args:
        comparison: What is reported.
        asked: Whether to work it out, or to leave it out; None takes it where it is there.
    """
    found: dict[str, Effect] = {}
    # results/compare/NAME: other answers are kept two folders up.
    out = comparison.folder.resolve().parents[1] if comparison.folder else None
    for name in comparison.question.scenarios if asked is not False else ():
        case = Case(comparison, name, "en", Extra())
        config = case.config(leading(case)[0][0] if case.tried else case.reference)
        if not config.policy.measures:
            continue
        few = min(REPLICATIONS, config.replications)
        config = config.model_copy(update={"months": case.month, "replications": few})
        question = Question(config, checked(config, ""))
        if asked:
            found[name] = question.answer(out, progress=True)
        elif out is not None and question.asked.folder(out).is_dir():
            tables = find(question.asked, out, Effect.TABLES)
            if tables is not None:
                found[name] = question.answer_of(tables)
    return found


def write(report: Report, folder: Path, short: bool = False) -> list[Path]:
    """Write a report in all its forms.

    Args:
        report: All of it.
        folder: Where to.
        short: Whether document, page and PDF hold the paper alone; slides and tables are always whole.

    Returns:
        The files: DOCX, PPTX, HTML, PDF, XLSX, then a CSV file for each table.

    Raises:
        InputError: The place cannot be written.
    """
    stem = f"report-{report.language}"
    read = report.short() if short else report
    files = {
        f"{stem}.docx": as_docx(read),
        f"{stem}.pptx": as_pptx(report),
        f"{stem}.html": as_html(read).encode("utf-8"),
        f"{stem}.pdf": as_pdf(read),
        f"{stem}.xlsx": as_xlsx(report),
    }
    files |= {f"tables-{report.language}/{t.name}.csv": as_csv(t) for t in report.tables()}
    written = []
    with told_as_input_error(folder):
        for name, data in files.items():
            write_file(folder / name, data)
            written.append(folder / name)
    return written


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole, and the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_bytes(data)
