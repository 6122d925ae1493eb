"""Reports of what the desk has lived, made in a process of their own: they take some seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, get_args

from sim.config import Config
from sim.desk.bench import Asked
from sim.desk.live import Lived
from sim.experiments.compare import Comparison, Question, _assemble
from sim.experiments.provenance import provenance
from sim.experiments.run import Replication, Whole
from sim.report.build import Extra, build
from sim.report.content import Report
from sim.report.document import as_docx
from sim.report.page import as_html
from sim.report.paper import as_pdf
from sim.report.sheets import as_xlsx, as_zip
from sim.report.slides import as_pptx

OFFICE = "application/vnd.openxmlformats-officedocument."

Kind = Literal["docx", "pdf", "html", "pptx", "xlsx", "csv"]
ENDINGS: dict[str, str] = {kind: kind for kind in get_args(Kind)} | {"csv": "zip"}
TYPES = {
    "docx": f"{OFFICE}wordprocessingml.document",
    "pptx": f"{OFFICE}presentationml.presentation",
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": f"{OFFICE}spreadsheetml.sheet",
    "csv": "application/zip",
}


_last: tuple[object, Report] | None = None


def ready() -> None:
    """Load what reports need, before the first is asked for."""


def make(
    kind: Kind,
    asked: dict[str, Asked],
    lived: dict[str, Sequence[Lived]],
    again: dict[str, Sequence[Lived]],
    language: str,
    extra: Extra,
) -> bytes:
    """One form of the report.

    Args:
        kind: Which.
        asked: By policy, the reference first.
        lived: Runs by policy; those whose seeds not all policies have are left out.
        again: Second runs of the first seeds' parameter sets by policy, or none of any.
        language: "en" or "zh".
        extra: What is known beyond the runs.
    """
    global _last
    configs = {name: one.config for name, one in asked.items()}
    # The forms are often asked for one after the other. The key holds all that the report is
    # made of, whole and not as a hash that leaves titles out: a report is nobody else's.
    seeds = {name: [one.seed for one in runs] for name, runs in lived.items()}
    whys = [(name, one.question) for name, one in extra.why.items()]
    key = (language, extra, whys, list(configs.items()), seeds, bool(again), date.today())
    if _last is None or _last[0] != key:
        _last = (key, build(as_comparison(configs, lived, extra.level, again), language, extra))
    report = _last[1]
    if kind == "html":
        return as_html(report).encode("utf-8")
    writers = {"docx": as_docx, "pdf": as_pdf, "pptx": as_pptx, "xlsx": as_xlsx, "csv": as_zip}
    return writers[kind](report)


def as_comparison(
    configs: dict[str, Config],
    lived: dict[str, Sequence[Lived]],
    threshold: float | None,
    again: Mapping[str, Sequence[Lived]] | None = None,
) -> Comparison:
    """The desk's runs as ``compare`` gives its own.

    Raises:
        ValueError: No seed was lived under every policy.
    """
    whole = set.intersection(*({one.seed for one in runs} for runs in lived.values()))
    if not whole:
        raise ValueError("no seed was lived under every policy")
    question = question_of(configs, threshold)
    scenario = question.scenarios[0]
    runs = {
        (scenario, name): Whole(
            [_replication(one) for one in of if one.seed in whole],
            [_replication(one) for one in (again or {}).get(name, ())],
        )
        for name, of in lived.items()
    }
    made_of = {"fingerprint": question.fingerprint(), **provenance(configs.values()).identity}
    return replace(_assemble(question, runs), made_of=made_of)


def question_of(configs: dict[str, Config], threshold: float | None) -> Question:
    """What the desk asks, as ``compare`` would be asked it; the first is the reference."""
    scenario = next(iter(configs.values())).scenario.name
    named = {(scenario, name): config for name, config in configs.items()}
    asked: dict[str, Any] = {} if threshold is None else {"threshold": threshold}
    return Question(named, next(iter(configs)), **asked)


def _replication(lived: Lived) -> Replication:
    last = int(lived.months[-1])
    # Sums over all months stand in the last: no table of a report looks at costs by month.
    costs = [
        {"month": last, "actor": actor, "measure": measure, "hours": hours, "yuan": yuan}
        for actor, measure, hours, yuan in lived.costs
    ]
    return Replication(
        lived.seed, months=lived.months, values=lived.values[:, None, :], costs=costs
    )
