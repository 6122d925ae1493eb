"""Tables of the documents, made from the code: ``python docs/tables.py`` rewrites them in place.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end table -->``. With ``--check`` nothing
is written, and the exit code is 1 if a table is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from enum import IntEnum
from functools import partial
from pathlib import Path

from sim.agents.committee import Capture, State
from sim.compose import choices, folder, load
from sim.config import Config, Scenario
from sim.explain import group_in, parameter_table
from sim.measures.catalogue import CATALOGUE, MeasureParameters
from sim.mechanisms.issues import Category, Level
from sim.mechanisms.service import Line
from sim.outcomes import INDICATORS
from sim.schema import ASSUMED, Described, Parameters
from sim.society.population import Households, Kind, Life, Tenure
from sim.society.signals import SIGNALS

DOCS = Path(__file__).resolve().parent
SIM = DOCS.parent / "sim"
CODES: tuple[type[IntEnum], ...] = (Tenure, Life, Kind, Line, Category, Level, State, Capture)

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
    columns = [(f.name, f.metadata) for f in fields(Households) if f.metadata]
    return _table(
        "column,meaning,dtype,unit,range",
        ((f"`{name}`", m["doc"], m["dtype"], m["unit"], m["range"]) for name, m in columns),
    )


def codes() -> str:
    """Every coded list."""
    return _table(
        "code,values",
        (
            (f"`{code.__name__}`", ", ".join(f"{c.value} {c.name.lower()}" for c in code))
            for code in CODES
        ),
    )


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
    return [
        f"{path.parent.name}/{path.name}"
        for path in files
        if path.suffix == ".py" and f'["{name}"] = ' in path.read_text(encoding="utf-8")
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


def run_parameters() -> str:
    """Parameters of a run that belong to no group."""
    head, line, *rows = parameter_table(Config).splitlines()
    return "\n".join([head, line, *(row for row in rows if "." not in _key(row))]) + "\n"


def _key(row: str) -> str:
    return row.split("`")[1]


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
                "fitted" if t.fitted else "predicted", t.note,
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


TABLES: dict[str, Callable[[], str]] = {
    "households": households,
    "codes": codes,
    "signals": signals,
    "indicators": indicators,
    "measures": measures,
    "measure_common": partial(parameter_table, MeasureParameters),
    "measure_parameters": measure_parameters,
    "run": run_parameters,
    "evidence_measures": evidence_measures,
    "evidence_targets": evidence_targets,
    "evidence_groups": evidence_groups,
    "evidence_passages": evidence_passages,
    **{name: partial(parameter_table, group, f"{name}.") for name, group in groups().items()},
}


def rewritten(text: str) -> str:
    """A document with every table made anew.

    Raises:
        KeyError: If a marker names a table that nothing makes.
    """
    return _TABLE.sub(lambda m: m[1] + TABLES[m[2]]() + m[3], text)


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
