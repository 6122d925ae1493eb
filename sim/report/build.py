"""From results to a report: a paper of a page or two, and annexes with all that it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.experiments import paired, store
from sim.experiments.compare import Comparison, Question, read_comparison
from sim.experiments.store import Study, read_study
from sim.report import annexes, brief
from sim.report.case import Case, cut_short
from sim.report.case import Extra as Extra
from sim.report.content import Report, plain
from sim.report.words import PAPER


def read_results(folder: Path) -> Comparison:
    """What ``run`` or ``compare`` kept, as a comparison.

    Raises:
        InputError: There is nothing of the kind, or a file was lost or changed since.
    """
    folder = Path(folder)
    manifest = store.read_manifest(folder)
    if "configurations" in manifest:
        return read_comparison(folder)
    if folder.resolve().parent.name == "run" or "seeds" in manifest:
        return as_comparison(read_study(folder))
    raise InputError(str(folder), "holds another kind of results", "a folder of run or compare")


def as_comparison(study: Study) -> Comparison:
    """A study of one policy as a comparison with nothing to compare with."""
    config = study.config
    scenario, policy = config.scenario.name, config.policy.name
    here = {"scenario": scenario, "policy": policy}
    costs = study.costs[study.costs["month"] >= 1]
    seeds = study.runs.loc[study.runs["status"] == "ok", "seed"]
    total = costs.groupby("seed")[["hours", "yuan"]].sum().reindex(seeds, fill_value=0.0)
    runs = study.runs.assign(**here).join(total, on="seed")
    months = study.months.assign(**here)
    twins = study.twins.assign(**here) if len(study.twins) else study.twins
    question = Question({(scenario, policy): config}, policy)
    nothing = pd.DataFrame()
    return Comparison(
        question, runs, months, nothing, _study_costs(costs, seeds, here), nothing, nothing,
        twins, made_of=study.made_of, folder=study.folder,
    )  # fmt: skip


def _study_costs(costs: pd.DataFrame, seeds: pd.Series, here: dict[str, str]) -> pd.DataFrame:
    rows = []
    for actor in [paired.ALL, *sorted(costs["actor"].unique())]:
        part = costs if actor == paired.ALL else costs[costs["actor"] == actor]
        spent = part.groupby("seed")[["hours", "yuan"]].sum().reindex(seeds, fill_value=0.0)
        row: dict[str, Any] = {**here, "actor": actor}
        for unit in ("hours", "yuan"):
            low, high = np.quantile(spent[unit], [0.05, 0.95])
            row |= {unit: spent[unit].mean(), f"{unit}_low": low, f"{unit}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


def build(comparison: Comparison, language: str = "zh", extra: Extra | None = None) -> Report:
    """Put a report together.

    Args:
        comparison: What is reported; every scenario of it is told of.
        language: "en" or "zh".
        extra: What is known beyond it.

    Raises:
        InputError: Another language.
    """
    if language not in PAPER:
        raise InputError("lang", f"{language!r} is not known", ", ".join(PAPER))
    words, extra = PAPER[language], extra or Extra()
    extra = replace(extra, question=plain(extra.question))
    cases = [Case(comparison, name, language, extra) for name in comparison.question.scenarios]
    places = words["and"].join(cut_short(case.place, language) for case in cases)
    footer = words["footer"].format(
        version=comparison.made_of.get("xiaoqu", "unknown"),
        fingerprint=comparison.made_of.get("fingerprint", "unknown"),
    )
    return Report(
        language,
        words["title" if cases[0].tried else "title_one"].format(place=places),
        words["subtitle"].format(date=local_date(date.today(), language)),
        brief.sections(cases),
        annexes.sections(cases),
        [words["unit_line"], words["date_line"]],
        footer,
    )


def local_date(day: date, language: str) -> str:
    """A date as people write it."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"
