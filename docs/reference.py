"""The Python reference: what may be called from outside, written as Markdown from its docstrings.

``docs/tables.py`` puts it into ``docs/api.md``.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

WIDTH, LONGEST = 100, 30
"""Characters up to which a call stands on one line, and up to which a default is shown."""

API: dict[str, tuple[str, ...]] = {
    "configuration": ("sim.compose.load", "sim.errors.InputError"),
    "library": (
        "sim.library.cases", "sim.library.case", "sim.library.facts", "sim.library.Case", "sim.library.Run",
    ),
    "own": (
        "sim.own.give_column", "sim.own.give_parameters", "sim.own.give_theory", "sim.own.give_actor",
        "sim.own.replace_actor", "sim.own.change_month", "sim.own.load", "sim.outcomes.give_indicator",
        "sim.outcomes.Indicator", "sim.measures.catalogue.Measure", "sim.plugins.load_plugins",
    ),
    "runs": (
        "sim.run", "sim.experiments.store.Study", "sim.experiments.store.read_study",
        "sim.compare", "sim.experiments.compare.Comparison",
        "sim.sweep", "sim.why", "sim.books", "sim.experiments.sweep.Sweep",
        "sim.experiments.sweep.read_sweep",
        "sim.experiments.answers.Answer.export", "sim.experiments.answers.Answer.as_command",
        "sim.experiments.answers.Answer.as_python", "sim.report.exported.export_folder", "sim.bundle.bundle",
        "sim.again.rerun", "sim.again.Rerun", "sim.experiments.validate.validate",
        "sim.science.levels.run_levels", "sim.science.trials.run_trials",
    ),
    "science": (
        "sim.calibrate", "sim.science.calibrate.Calibration",
        "sim.pool", "sim.posterior.answer.Pool",
        "sim.compound", "sim.posterior.own.Own",
        "sim.collect", "sim.posterior.records.Collect",
        "sim.predict", "sim.science.predict.Prediction",
        "sim.sensitivity", "sim.science.sensitivity.Sensitivity",
        "sim.tipping", "sim.science.tipping.Tipping",
        "sim.attribute", "sim.science.attribute.Attribution",
        "sim.optimise", "sim.science.optimise.Optimum",
        "sim.street", "sim.science.street.Street",
        "sim.robustness", "sim.science.robustness.Robustness",
        "sim.explore", "sim.science.explore.Explorer", "sim.science.explore.Explorer.page",
    ),
    "figures": (
        "sim.figures.style.journal_style", "sim.figures.style.new_figure", "sim.figures.style.save",
        "sim.figures.trajectories.trajectories", "sim.figures.comparison.effects",
        "sim.figures.comparison.cost_effect", "sim.figures.phase.portrait", "sim.figures.response.means",
        "sim.figures.response.response", "sim.figures.tipping.loop", "sim.figures.tipping.basin",
        "sim.figures.district.compounds",
    ),
    "model": (
        "sim.model.NeighborhoodModel", "sim.model.NeighborhoodModel.step", "sim.model.NeighborhoodModel.run",
        "sim.model.NeighborhoodModel.fork", "sim.model.NeighborhoodModel.residents",
        "sim.model.NeighborhoodModel.panel", "sim.model.NeighborhoodModel.to_networkx", "sim.panel.Panel.frame",
        "sim.agents.resident.Resident.neighbours",
    ),
}  # fmt: skip
"""Functions, classes and methods of each part of the page."""

_SECTIONS = {
    "Args": "Takes", "Attributes": "Holds", "Returns": "Gives", "Yields": "Gives one by one",
    "Raises": "Raises",
}  # fmt: skip


def reference(part: str) -> str:
    """One part of the page as Markdown.

    Args:
        part: Key of ``API``.
    """
    return "\n".join(_entry(dotted) for dotted in API[part])


def _entry(dotted: str) -> str:
    thing = _named(dotted)
    blocks = [f"### {dotted}", f"```python\n{_call(dotted, thing)}\n```", *_told(thing)]
    return "\n\n".join(blocks) + "\n"


def _named(dotted: str) -> Any:
    """What a dotted name stands for.

    Raises:
        ModuleNotFoundError: Nothing.
    """
    parts = dotted.split(".")
    # The longest beginning that is a module; a class and its method follow.
    depth = next(k for k, part in enumerate(parts) if part[0].isupper() or k == len(parts) - 1)
    found: Any = import_module(".".join(parts[:depth]))
    for name in parts[depth:]:
        found = getattr(found, name)
    return found


def _call(dotted: str, thing: Any) -> str:
    """How it is called, or which class it is."""
    name = dotted.rpartition(".")[2]
    if isinstance(thing, type):
        return f"class {name}"
    if isinstance(thing, property):
        return name
    signature = inspect.signature(thing)
    given = [_parameter(one) for one in signature.parameters.values() if one.name != "self"]
    kinds = [one.kind for one in signature.parameters.values() if one.name != "self"]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        given.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    back = signature.return_annotation
    end = "" if back is inspect.Signature.empty else f" -> {back}"
    line = f"{name}({', '.join(given)}){end}"
    return line if len(line) <= WIDTH else f"{name}(\n    " + ",\n    ".join(given) + f",\n){end}"


def _parameter(one: inspect.Parameter) -> str:
    text = str(one.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty))
    if one.annotation is not inspect.Parameter.empty:
        text += f": {one.annotation}"
    if one.default is inspect.Parameter.empty:
        return text
    default = repr(one.default)
    # What is long, has an address in memory or is a folder of this machine says nothing to a reader.
    told = len(default) <= LONGEST and "<" not in default and not isinstance(one.default, Path)
    return f"{text} = {default if told else '...'}"


def _told(thing: Any) -> Iterator[str]:
    """Its docstring, block by block."""
    text = inspect.getdoc(thing) or ""
    first, *rest = re.split(f"^({'|'.join(_SECTIONS)}):\n", text, flags=re.MULTILINE)
    yield _plain(first)
    for section, body in zip(rest[::2], rest[1::2], strict=True):
        lines = body.splitlines()
        # What is not indented any more is text that follows the section.
        end = next((k for k, line in enumerate(lines) if line[:1].strip()), len(lines))
        yield _section(section, textwrap.dedent("\n".join(lines[:end])))
        if after := _plain("\n".join(lines[end:])):
            yield after


def _section(section: str, body: str) -> str:
    """A section of a docstring: a list where it names things, else text."""
    items = re.findall(r"^([*\w]+(?:, \w+)*): (.*(?:\n +.*)*)", body, re.MULTILINE)
    if section in ("Returns", "Yields") or not items:
        return f"{_SECTIONS[section]}: {_plain(body)}"
    return f"{_SECTIONS[section]}:\n\n" + "\n".join(
        f"- `{name}`: {_plain(said)}" for name, said in items
    )


def _plain(text: str) -> str:
    """Text of a docstring as Markdown: names in one backtick, lines of a paragraph together."""
    paragraphs = text.strip().replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
