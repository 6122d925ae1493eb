"""Tables of the documents, made from the code: ``python docs/tables.py`` rewrites them in place.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end table -->``. With ``--check`` nothing
is written, and the exit code is 1 if a table is stale. Tables made from runs are left to
``python docs/reproduce.py``.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum, IntFlag
from functools import partial
from pathlib import Path
from typing import Any

from reference import API, reference
from remade import LIVED

from sim.agents.actor import Actor
from sim.agents.budget import Provider
from sim.agents.committee import Capture, State
from sim.agents.provider import Exit
from sim.compose import choices, folder, load
from sim.config import Config, Entry, Policy, Scenario
from sim.experiments import paired
from sim.experiments.compare import Comparison
from sim.experiments.run import run
from sim.experiments.store import Study
from sim.experiments.sweep import Sweep
from sim.explain import group_in, parameter_table
from sim.library import MEASURES, Case, cases
from sim.measures.catalogue import CATALOGUE, MeasureParameters
from sim.outcomes import INDICATORS
from sim.processes.assembly import Matter
from sim.processes.issues import Category, Door, Happened, Level, Status, Urgency
from sim.processes.service import Line
from sim.questions.compare import compare
from sim.schema import ASSUMED, Described, Parameters
from sim.science.attribute import Attribution
from sim.science.calibrate import Calibration
from sim.science.core import CORE
from sim.science.optimise import Optimum
from sim.science.predict import Prediction
from sim.science.robustness import Robustness
from sim.science.sensitivity import Sensitivity
from sim.science.tipping import Tipping
from sim.society.ties import Layer
from sim.streams import Stream
from sim.world.arrows import ARROWS
from sim.world.costs import Payer
from sim.world.declare import Column, describe
from sim.world.native import ROWS
from sim.world.process import How
from sim.world.signals import SIGNALS
from sim.world.tables import COLUMN_TABLES, Called, Households, Kind, Life, Stage, Tenure
from sim.world.world import NUMBERS, ROW_TABLES

DOCS = Path(__file__).resolve().parent
SIM = DOCS.parent / "sim"
CODES: tuple[type[IntEnum] | type[IntFlag], ...] = (
    Tenure, Life, Kind, Stage, Called, Layer, Line, Category, Urgency, Status, Door, Level, Happened, State, Capture,
    Matter, Payer, How, Stream, Provider, Exit,
)  # fmt: skip

_TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end table -->)", re.DOTALL)


def _table(head: str, rows: Iterable[Iterable[object]]) -> str:
    """Markdown table; ``head`` gives the titles, separated by commas."""
    titles = head.split(",")
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for row in rows:
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines) + "\n"


def households() -> str:
    """Every column of the households."""
    return _table(
        "column,meaning,dtype,unit,range,who moves in has",
        (
            (f"`{name}`", *said, _newcomer(Households.columns[name]))
            for name, said in _columns(Households)
        ),
    )


def _newcomer(column: Column) -> str:
    if column.newcomer is None or column.newcomer == "donor":
        return "a first resident's" if column.newcomer else ""
    given = column.newcomer
    return f"`turnover.{given}`" if isinstance(given, str) else f"{given:g}"


def _columns(table: Any) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    """Columns of a table, each with meaning, dtype, unit and range."""
    for name, dtype, unit, allowed, doc in describe(table):
        shape = "".join(f" x {length}" for length in table.columns[name].shape)
        yield name, (doc.replace("``", "`"), dtype + shape, unit, allowed)


def tables() -> str:
    """Every column of every other table, but for the named values; those that are alike together."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for name in (*COLUMN_TABLES, *ROW_TABLES):
        if name not in ("households", "signals"):
            table = COLUMN_TABLES.get(name) or ROWS[name]
            alike.setdefault(tuple(_columns(table)), []).append(f"`{name}`")
    return _table(
        "table,column,meaning,dtype,unit,range",
        (
            (", ".join(names), f"`{name}`", *said)
            for columns, names in alike.items()
            for name, said in columns
        ),
    )


def numbers() -> str:
    """Every whole number of a run."""
    return _table("number,meaning", ((f"`{name}`", doc) for name, doc in NUMBERS.items()))


def codes() -> str:
    """Every coded list."""
    return _table(
        "code,values",
        (
            (f"`{code.__name__}`", ", ".join(f"{c.value} {c.name.lower()}" for c in code))
            for code in CODES
        ),
    )


def states() -> str:
    """What may change in the row of every institution."""
    kinds = [ROWS[name] for name in ROW_TABLES if issubclass(ROWS[name], Actor)]
    return _table(
        "institution,table,what may change",
        (
            (
                f"`{kind.__name__}`", f"`{kind.table}`",
                ", ".join(f"`{name}`" for name, c in kind.columns.items() if not c.fixed) or "nothing",
            )
            for kind in kinds
        ),
    )  # fmt: skip


def signals() -> str:
    """Every named value, with the files that set or change it."""
    return _table(
        "name,meaning,neutral,set or changed in",
        (
            (f"`{name}`", meaning, f"{neutral:g}", ", ".join(_setters(name)) or "nowhere yet")
            for name, (neutral, meaning) in SIGNALS.items()
        ),
    )


def _setters(name: str) -> list[str]:
    files = [path for folder in ("agents", "measures") for path in sorted((SIM / folder).glob("*"))]
    sets = re.compile(rf'(\["{name}"\]|\b(s|signals)\.{name}) [-+*]?= ')
    return [
        f"{path.parent.name}/{path.name}"
        for path in files
        if path.suffix == ".py" and sets.search(path.read_text(encoding="utf-8"))
    ]


def indicators() -> str:
    """Every indicator with its formula."""
    return _table(
        "indicator,label,中文,unit,formula",
        ((f"`{i.name}`", i.en, i.zh, i.unit, i.formula) for i in INDICATORS.values()),
    )


def measures() -> str:
    """Every measure and event: what it changes and what tells it."""
    return _table(
        "name,title,中文,kind,changes,told",
        (
            (f"`{name}`", m.en, m.zh, m.kind, m.through, _wrappable(m.told))
            for name, m in CATALOGUE.items()
        ),
    )


def measure_parameters() -> str:
    """Parameters that a measure has beyond those of every measure."""
    common = set(MeasureParameters.model_fields)
    lines = parameter_table(MeasureParameters).splitlines()[:2]
    for name, measure in CATALOGUE.items():
        own = [key for key in measure.Parameters.model_fields if key not in common]
        rows = parameter_table(measure.Parameters, f"{name}.").splitlines()[2:]
        lines += [row for row in rows if _key(row).split(".")[1] in own]
    return "\n".join(map(_wrappable, lines)) + "\n"


def _wrappable(text: str) -> str:
    # A seed's file name is too long for a cell; its number names it.
    return re.sub(r"\b(\d{3})_[0-9a-f]{16}", r"\1", text)


def core() -> str:
    """The numbers of behaviour that stay free, with their priors."""
    return _table(
        "number,meaning,default,prior,unit,default set from,prior rests on",
        (
            (
                f"`{one.key}`", one.described.en, f"{one.described.default:g}",
                f"{one.low:g} to {one.high:g}", one.described.unit, one.by, one.source,
            )
            for one in CORE
        ),
    )  # fmt: skip


def run_parameters() -> str:
    """Parameters of a run that belong to no group."""
    head, line, *rows = parameter_table(Config).splitlines()
    return "\n".join([head, line, *(row for row in rows if "." not in _key(row))]) + "\n"


def _key(row: str) -> str:
    return row.split("`")[1]


def arrow_list() -> str:
    """Every causal arrow, what its rule sees where it is cut, and where that rule is."""
    return _table(
        "cut,how it acts,where it is cut the rule sees,作用,切断后取值,declared in",
        (
            (f"`{name}`", a.en, a.neutral, a.zh, a.zh_neutral, f"`{_file_of(a.module)}`")
            for name, a in sorted(ARROWS.items(), key=lambda item: (item[1].module, item[0]))
        ),
    )


def _file_of(module: str) -> str:
    return module.removeprefix("sim.").replace(".", "/") + ".py"


def groups() -> dict[str, type[Parameters]]:
    """Groups of the configuration that hold numbers, by name."""
    found = {name: group_in(field.annotation) for name, field in Config.model_fields.items()}
    return {n: g for n, g in found.items() if g is not None and n not in ("scenario", "policy")}


def evidence_measures() -> str:
    """Every measure and event: texts and quotes, what it changes, its own parameters, its policies."""
    return _table(
        "measure,kind,texts and quotes,changes,own parameters,in policies",
        (
            (
                f"`{name}`", m.kind, _wrappable(m.told).replace("; ", "<br>"), m.through,
                ", ".join(_own_keys(m.Parameters)), ", ".join(_bundles(name)),
            )
            for name, m in CATALOGUE.items()
        ),
    )  # fmt: skip


def _own_keys(group: type[Parameters]) -> list[str]:
    rows = (row for row in group.describe() if row.key not in MeasureParameters.model_fields)
    return [f"`{row.key}`" + ("" if row.source == ASSUMED else "\\*") for row in rows]


def _bundles(measure: str) -> list[str]:
    files = sorted((folder("configs") / "policy").glob("*.yaml"))
    policies = [load(policy=path.stem).policy for path in files]
    return [p.name for p in policies if measure in {e.measure.name for e in p.entries()}]


def evidence_bundles() -> str:
    """Every part of every policy that a text tells: when, what is set, and the passages."""
    names = [name for name in choices("policy") if name not in CATALOGUE]
    return _table(
        "policy,part,from month,set otherwise than the default,text and passages",
        (
            (policy.name, _part(entry), entry.parameters.start, _set(entry), _passages(policy, entry))
            for policy in (load(policy=name).policy for name in names)
            if policy.told
            for entry in policy.entries()
        ),
    )  # fmt: skip


def _part(entry: Entry) -> str:
    of = "" if entry.label == entry.measure.name else f" (`{entry.measure.name}`)"
    return f"`{entry.label}`{of}"


def _set(entry: Entry) -> str:
    usual, own = entry.measure.Parameters().model_dump(), entry.parameters.model_dump()
    found = []
    for key, value in own.items():
        if key != "start" and value != usual[key]:
            parts = value.items() if isinstance(value, dict) else [("", value)]
            found += [f"{key}{'.' if k else ''}{k} {v:g}" for k, v in parts]
    return ", ".join(found)


def _passages(policy: Policy, entry: Entry) -> str:
    return _wrappable(policy.told.get(entry.label, "")).replace("; ", "<br>")


def _scenarios() -> list[Scenario]:
    return [load(name).scenario for name in choices("scenario")]


def evidence_targets() -> str:
    """Every reported figure that a case is held against."""
    return _table(
        "case,figure,indicator,month,allowed,reported,text,use,note",
        (
            (
                s.name, t.label, f"`{t.indicator}`", f"{t.month:+d}", f"{t.low:g} to {t.high:g}",
                "" if t.reported is None else f"{t.reported:g}", t.source[:3],
                t.use, t.note,
            )
            for s in _scenarios()
            for t in s.targets
        ),
    )  # fmt: skip


def evidence_groups() -> str:
    """Every group of parameters with the sources its numbers name."""
    return _table(
        "group,numbers,assumed,sources named",
        (
            (f"`{name}`", len(rows), sum(r.source == ASSUMED for r in rows), _sources(rows))
            for name, group in groups().items()
            for rows in [list(group.describe())]
        ),
    )


def _sources(rows: list[Described]) -> str:
    by_source: dict[str, list[str]] = {}
    for row in rows:
        if row.source != ASSUMED:
            by_source.setdefault(row.source, []).append(row.key)
    # Keys of one sub-group share a source: its name says enough.
    short = {s: list(dict.fromkeys(k.split(".")[0] for k in keys)) for s, keys in by_source.items()}
    return "<br>".join(f"`{'`, `'.join(keys)}`: {s}" for s, keys in short.items()) or "none"


def evidence_passages() -> str:
    """Every passage a scenario rests on, and the use made of it."""
    return _table(
        "case,passage,text,use",
        ((s.name, e.quote, e.source[:3], e.note) for s in _scenarios() for e in s.evidence),
    )


def library_cases() -> str:
    """Every case of the library: what is reported, how good the source is, and whether it is lived."""
    return _table(
        "case,who,reported,before,after,grade,negative,lived as",
        (
            (
                f"`{c.id}`", f"{c.title} {c.title_zh}", MEASURES[c.measure][0], c.before.words, c.after.words,
                c.grade, "yes" if c.negative else "", _lived_as(c),
            )
            for c in cases()
        ),
    )  # fmt: skip


def _lived_as(case: Case) -> str:
    if case.run is None:
        return f"not: {case.why[0]}"
    figures = [
        f"`{f.indicator}`{' relative' if f.relative else ''} {f.month:+d}: {f.low:g} to {f.high:g}"
        for f in case.run.figures
    ]
    return f"{case.run.role}; {', '.join(figures)}"


KEYS = {
    "run": ("1", "number of the run within its study or policy, from 0"),
    "seed": ("1", "seed of the run"),
    "draw": ("1", "number of the parameter set that was lived, from 0; see `xiaoqu explain doubt`"),
    "month": ("month", "0 is the last month before the policy; the history is below 0"),
    "compound": ("1", "number of the compound, from 0"),
    "scenario": ("name", "the case"),
    "policy": ("name", "measures in force"),
    "point": ("1", "number of the point of the design, from 0"),
    "status": ("word", "ok or failed"),
    "stage": ("word", "where a failed run failed: build, run, record"),
    "message": ("text", "why"),
    "actor": ("name", "who spent it; all is everybody together"),
    "measure": ("name", "what it was spent on"),
    "hours": ("hour", "working hours"),
    "yuan": ("yuan", "money"),
    "indicator": ("name", "which indicator"),
    "reference": ("name", "policy that the others are held against"),
    "recovery": ("month", "first of three months in a row at the threshold; infinite if not seen"),
}
"""Unit and meaning of columns that are no indicators."""

ENDINGS = {
    "_end": "in the last month",
    "_last12": "mean of the last 12 months",
    "_12": "at month 12",
    "_24": "at month 24",
}


def _meaning(column: str) -> tuple[str, str]:
    """Unit and meaning of a column of a kept table.

    Raises:
        KeyError: Nobody has said what it is.
    """
    if column in KEYS:
        return KEYS[column]
    for ending, when in {"": "", **ENDINGS}.items():
        indicator = INDICATORS.get(column.removesuffix(ending))
        if column.endswith(ending) and indicator:
            return indicator.unit, f"{indicator.en}{', ' if when else ''}{when}"
    raise KeyError(f"docs/tables.py: KEYS says nothing of the column {column!r}")


def results() -> str:
    """Every column of what ``run`` keeps, and of the runs of ``compare``, from a small real run."""
    small = {"population__households": 20, "population__buildings": 2, "months": 1,
             "scenario__history_months": 1, "executor": "serial"}  # fmt: skip
    comparison = compare(policies=["member_contact"], replications=2, **small)
    study = run(load(policy="member_contact", replications=2, **small))
    frames = {f"run/{name}": getattr(study, name) for name in ("runs", "months", "costs")}
    frames |= {f"compare/{name}": getattr(comparison, name) for name in ("runs", "months")}
    rows = []
    for place, frame in frames.items():
        drawn = [name for name in frame.columns if "." in str(name)]
        for name in frame.columns.drop(drawn[1:]):
            if name in drawn:
                meaning = (
                    f"value of this drawn key, and a column for each of the other {len(drawn) - 1}"
                )
                rows.append((place, f"`{name}`", str(frame[name].dtype), "its own", meaning))
                continue
            unit, meaning = _meaning(str(name))
            rows.append((place, f"`{name}`", str(frame[name].dtype), unit, meaning))
    return _table("table,column,dtype,unit,meaning", rows)


ANSWERS = (
    Study, Comparison, Sweep, Tipping, Sensitivity, Calibration, Prediction, Attribution, Optimum,
    Robustness,
)  # fmt: skip


NO_TABLES = {
    "question",
    "folder",
    "loaded",
    "made_of",
    "design",
    "config",
    "seconds",
    "shown",
    "failed",
    "lived",
    "panel_columns",
}


def answers() -> str:
    """Every kept table of every command, in the words of the class that holds it."""
    rows = []
    for kind in ANSWERS:
        text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:")[2]
        for name, said in re.findall(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", text, re.MULTILINE):
            made = re.match(r"What ``paired\.(\w+)`` makes", said)
            if made:
                own = inspect.cleandoc(getattr(paired, made[1]).__doc__ or "")
                said = own.partition("Returns:")[2].partition("\n\n")[0] or own
            if name not in NO_TABLES:
                meaning = " ".join(said.replace("``", "`").split())
                rows.append((kind.__name__, f"`{name}`", meaning))
    return _table("answer,table,what it holds", rows)


def glossary() -> str:
    """Every term that has a name in both languages."""
    rows = [(m.zh, m.en, f"{m.kind} `{name}`") for name, m in CATALOGUE.items()]
    rows += [(i.zh, i.en, f"indicator `{i.name}`") for i in INDICATORS.values()]
    for name in choices("scenario"):
        scenario = load(name).scenario
        rows.append((scenario.title_zh, scenario.title, f"scenario `{name}`"))
    # Single measures are policies too, and stand above.
    for name in sorted(set(choices("policy")) - set(CATALOGUE)):
        policy = load(policy=name).policy
        if policy.title and policy.title_zh:
            rows.append((policy.title_zh, policy.title, f"policy `{name}`"))
    rows += [(case.title_zh, case.title, f"case `{case.id}`") for case in cases()]
    rows += [(row.zh, row.en, f"parameter `{row.key}`") for row in Config.describe() if row.zh]
    for name, measure in CATALOGUE.items():
        own = [r for r in measure.Parameters.describe(f"{name}.") if r.zh]
        common = set(MeasureParameters.model_fields)
        rows += [
            (r.zh, r.en, f"parameter `{r.key}`") for r in own if r.key.split(".")[1] not in common
        ]
    return _table("中文,English,name in the program", rows)


TABLES: dict[str, Callable[[], str]] = {
    "results": results,
    "answers": answers,
    "glossary": glossary,
    "households": households,
    "tables": tables,
    "numbers": numbers,
    "codes": codes,
    "states": states,
    "signals": signals,
    "indicators": indicators,
    "measures": measures,
    "measure_common": partial(parameter_table, MeasureParameters),
    "measure_parameters": measure_parameters,
    "arrow_list": arrow_list,
    "run": run_parameters,
    "core": core,
    "evidence_measures": evidence_measures,
    "evidence_bundles": evidence_bundles,
    "evidence_targets": evidence_targets,
    "evidence_groups": evidence_groups,
    "evidence_passages": evidence_passages,
    "library_cases": library_cases,
    **{name: partial(parameter_table, group, f"{name}.") for name, group in groups().items()},
    **{f"api_{part}": partial(reference, part) for part in API},
}


def rewritten(text: str) -> str:
    """A document with every table made anew; those that come from runs are for ``python docs/reproduce.py``.

    Raises:
        KeyError: If a marker names a table that nothing makes.
    """
    return _TABLE.sub(lambda m: m[0] if m[2] in LIVED else m[1] + TABLES[m[2]]() + m[3], text)


def stale() -> list[Path]:
    """Documents whose tables differ from the code."""
    return [p for p in sorted(DOCS.glob("*.md")) if (t := p.read_text("utf-8")) != rewritten(t)]


def main(arguments: list[str]) -> int:
    """Rewrite the tables, or only look with ``--check``."""
    paths = stale()
    for path in paths:
        if "--check" in arguments:
            print(f"{path.name}: a table is stale; run python docs/tables.py", file=sys.stderr)
        else:
            path.write_text(rewritten(path.read_text("utf-8")), encoding="utf-8")
            print(f"{path.name} rewritten")
    return 1 if paths and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
