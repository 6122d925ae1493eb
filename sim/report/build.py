"""From results to a report: what was asked, what came out, how sure, and what cannot be said."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sim.as_text import (
    exact_text,
    is_share,
    month_text,
    parameter_text,
    value_text,
)
from sim.config import Config, Entry
from sim.errors import InputError
from sim.experiments import paired, store
from sim.experiments.compare import (
    Comparison,
    Question,
    last_month_in_force,
    read_comparison,
)
from sim.experiments.comparison_table import (
    cost_cells,
    effects_at,
    missing_lines,
    policy_title,
    shown_month,
)
from sim.experiments.store import Study, read_study
from sim.experiments.summary import spread_of, unit_text, unit_word
from sim.experiments.summary_table import ACTORS
from sim.outcomes import INDICATORS, RATE, Indicator, with_own
from sim.report import sentences
from sim.report.content import (
    Block,
    Bullets,
    Cell,
    Code,
    Number,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
)
from sim.report.sentences import Runs
from sim.report.words import CANNOT, SURE, WORDS
from sim.schema import ASSUMED, Described

SHOWN = (
    "collection_rate", "satisfied_share", "complaints_per_1000", "petitions_per_1000",
    "open_conflict_share", "issues_in_place_share", "service_condition", "trust_firm", "trust_cell",
    "grievance", "hours_spent", "yuan_spent",
)  # fmt: skip
"""Indicators of the table that pages show; the spreadsheet has all."""

WITHOUT_UNIT = ("1", "name", "path")
"""Units of the configuration that are none to a reader."""

SPENT = ("hours_spent", "yuan_spent")
"""What is put in: in how many runs less of it was spent says nothing of which policy is better."""

DRAWN = ("collection_rate", "satisfied_share", "complaints_per_1000")


@dataclass(frozen=True)
class Extra:
    """What the desk knows beyond a comparison.

    Attributes:
        question: What the user wants to know, in words.
        level: Share of fees that sentences ask about; None takes the comparison's own threshold.
        within: Month that sentences ask about.
        notes: Said under the description of the compound, such as how its start was reached.
        tables: Further tables, with the title of the section they make.
        repeat: How to repeat it, instead of a command.
        link: To be copied for that.
        files: Paths of a configuration, and what they are called in the report.
    """

    question: str = ""
    level: float | None = None
    within: int = 24
    notes: Sequence[str] = ()
    tables: Sequence[tuple[str, str, Table]] = ()
    repeat: str = ""
    link: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Case:
    """One scenario of a comparison, ready to be told."""

    comparison: Comparison
    scenario: str
    language: str
    extra: Extra
    runs: dict[str, Runs] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, str]:
        return WORDS[self.language]

    @property
    def reference(self) -> str:
        return self.comparison.question.reference

    @property
    def policies(self) -> list[str]:
        return self.comparison.question.policies

    @property
    def level(self) -> float:
        level = self.extra.level
        return self.comparison.question.threshold if level is None else level

    def config(self, policy: str) -> Config:
        return self.comparison.question.configs[self.scenario, policy]

    def title(self, policy: str) -> str:
        return policy_title(self.config(policy), policy, self.language)

    def of(self, indicator: Any) -> str:
        return str(indicator.zh if self.language == "zh" else indicator.en)

    def unit(self, unit: str) -> str:
        """The unit of a parameter; empty where it has none."""
        return "" if unit in WITHOUT_UNIT else unit_word(unit, self.language)

    def unit_of(self, known: Indicator) -> str:
        """The unit of an indicator's values; shares are percent in every table."""
        return "%" if known.share else self.unit(known.unit)


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
    question = Question({(scenario, policy): config}, policy)
    nothing = pd.DataFrame()
    return Comparison(
        question, runs, months, nothing, _study_costs(costs, seeds, here), nothing, nothing,
        made_of=study.made_of, folder=study.folder,
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
        comparison: What is reported; every scenario of it gets its sections.
        language: "en" or "zh".
        extra: What is known beyond it.

    Raises:
        InputError: Another language.
    """
    if language not in WORDS:
        raise InputError("lang", f"{language!r} is not known", ", ".join(WORDS))
    words, extra = WORDS[language], extra or Extra()
    cases = [
        _Case(comparison, scenario, language, extra, _runs(comparison, scenario))
        for scenario in comparison.question.scenarios
    ]
    sections: list[Section] = []
    for case in cases:
        several = f" · {_place(case)}" if len(cases) > 1 else ""
        for part in (_asked(case), _answer(case), _results(case), _costs(case)):
            part.title += several
            sections.append(part)
    sections += _further(extra)
    sections += [_uncertainty(cases[0]), _assumptions(cases), _cannot(language), _repeat(cases)]
    title = words["title"].format(place="、".join(map(_place, cases)))
    made = local_date(date.today(), language)
    footer = words["footer"].format(
        version=comparison.made_of.get("xiaoqu", "unknown"),
        fingerprint=comparison.made_of.get("fingerprint", "unknown"),
        date=made,
    )
    return Report(language, title, words["subtitle"].format(date=made), sections, footer)


COPIED = {
    "en": ("The same as a command:", "The same from Python:"),
    "zh": ("用命令重新运行：", "用Python重新运行："),
}
"""Before the text that asks the same again."""


def local_date(day: date, language: str) -> str:
    """A date as people write it."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B} {day.year}"


def _place(case: _Case) -> str:
    scenario = case.config(case.reference).scenario
    return (scenario.title_zh if case.language == "zh" else scenario.title) or scenario.name


def _runs(comparison: Comparison, scenario: str) -> dict[str, Runs]:
    found = {}
    for policy in comparison.question.policies:
        frame = comparison.months
        frame = frame[(frame["scenario"] == scenario) & (frame["policy"] == policy)]
        means = frame.groupby(["seed", "month"], sort=True)[list(INDICATORS)].mean()
        seeds = means.index.get_level_values("seed").unique().to_numpy()
        months = means.index.get_level_values("month").unique().to_numpy()
        values = means.to_numpy().reshape(len(seeds), len(months), len(INDICATORS))
        rows = comparison.runs
        rows = rows[(rows["scenario"] == scenario) & (rows["policy"] == policy)]
        spent = rows.set_index("seed")[["hours", "yuan"]].loc[seeds]
        found[policy] = Runs(
            seeds, months, values, spent["hours"].to_numpy(), spent["yuan"].to_numpy()
        )
    return found


# --- sections -----------------------------------------------------------------------------------


def _asked(case: _Case) -> Section:
    words, config = case.words, case.config(case.reference)
    seeds = case.runs[case.reference].seeds
    blocks: list[Block] = []
    if case.extra.question:
        blocks.append(Paragraph(case.extra.question))
    names = [case.title(p) for p in case.policies if p != case.reference]
    told = words["asked"] if names else words["asked_one"]
    blocks.append(
        Paragraph(
            told.format(
                place=_place(case), households=f"{_households(config):,}",
                policies="、".join(names) if case.language == "zh" else ", ".join(names),
                reference=case.title(case.reference), months=config.months, runs=len(seeds),
                first=int(seeds[0]), last=int(seeds[-1]),
            )
        )
    )  # fmt: skip
    blocks += [Paragraph(note) for note in case.extra.notes]
    blocks.append(_measures_table(case))
    return Section(words["s_asked"], blocks)


def _households(config: Config) -> int:
    return config.population.households * max(config.district.compounds, 1)


def _measures_table(case: _Case) -> Table:
    words = case.words
    columns = [words[k] for k in ("policy", "measure", "start", "end", "dose", "settings")]
    rows: list[list[Cell]] = []
    for policy in case.policies:
        config = case.config(policy)
        entries = config.policy.entries()
        if not entries:
            rows.append([case.title(policy), words["no_measures"], "", "", "", ""])
        for entry in entries:
            p = entry.parameters
            end: Cell = p.end - 1 if p.end <= config.months else words["to_end"]
            rows.append(
                [
                    case.title(policy),
                    case.of(entry.measure),
                    p.start,
                    end,
                    Number(100 * p.dose, exact_text(100 * p.dose)),
                    _settings(entry, case),
                ]
            )
    return Table(f"measures-{case.scenario}", words["t_measures"], columns, rows)


def _settings(entry: Entry, case: _Case) -> str:
    rows = {row.key: row for row in entry.measure.Parameters.describe()}
    parts = []
    for key, value in entry.parameters.model_dump(exclude_defaults=True).items():
        if key not in ("start", "end", "dose") and key in rows:
            parts.append(f"{_name(rows[key], case)} {_value(value, rows[key], case)}")
    return "; ".join(parts)


def _name(row: Described, case: _Case) -> str:
    return row.zh if case.language == "zh" and row.zh else row.en


def _value(value: Any, row: Described, case: _Case) -> str:
    """A parameter's value with its unit."""
    unit = "" if is_share(row) else case.unit(row.unit)
    return " ".join(filter(None, [parameter_text(value, row, case.language), unit]))


def _answer(case: _Case) -> Section:
    blocks: list[Block] = []
    reference = case.runs[case.reference]
    if case.reference == "none" or len(case.policies) == 1:
        said = sentences.about_reference(reference, case.extra.within, case.language)
        # Of a single policy's run these sentences tell of that policy, not of no measures.
        blocks.append(Bullets(said if case.reference == "none" else said[:1]))
    for policy in case.policies:
        if policy == case.reference:
            continue
        config = case.config(policy)
        said = sentences.about_policy(
            case.runs[policy], reference, level=case.level, within=case.extra.within,
            households=_households(config), end=last_month_in_force(config), language=case.language,
        )  # fmt: skip
        blocks += [Paragraph(case.title(policy)), Bullets(said)]
    if case.reference != "none" and len(case.policies) > 1:
        blocks.insert(
            0, Paragraph(case.words["other_reference"].format(name=case.title(case.reference)))
        )
    return Section(case.words["s_answer"], blocks)


def _results(case: _Case) -> Section:
    from sim.figures import comparison as figures
    from sim.figures import trajectories as alone

    words, blocks = case.words, list[Block]()
    if len(case.policies) == 1:
        months = case.comparison.months
        config = case.config(case.reference)
        shown = with_own(alone.MAIN)[: alone.MOST]
        figure = alone.trajectories(months, config, shown, case.language)
        blocks.append(Picture(figure, words["f_alone"], words["see_table"]))
    else:
        for name in with_own(DRAWN):
            figure = figures.trajectories(case.comparison, case.scenario, name, case.language)
            label = case.of(INDICATORS[name])
            blocks.append(
                Picture(figure, words["f_path"].format(name=label), _path_words(case, name))
            )
        figure = figures.effects(case.comparison, case.scenario, case.language, case.extra.within)
        blocks.append(Picture(figure, words["f_effects"], words["see_table"]))
    blocks.append(_levels(case))
    blocks.append(Paragraph(RATE[case.language], small=True))
    if _lacking(case):
        blocks.append(Paragraph(words["no_level"], small=True))
    blocks.append(_all_levels(case))
    if len(case.comparison.effects):
        pairs = int(case.comparison.effects["pairs"].max())
        note = words["beats_note"] + (words["one_pair"] if pairs == 1 else "")
        blocks += [_effects(case), Paragraph(note, small=True)]
        lines = missing_lines(case.comparison, case.scenario, case.language, case.extra.within)
        blocks += [Paragraph(line, small=True) for line in lines]
    blocks.append(_every_run(case))
    return Section(words["s_results"], blocks)


def _path_words(case: _Case, name: str) -> str:
    known, parts = INDICATORS[name], []
    for policy in case.policies:
        runs = case.runs[policy]
        ends = [spread_of(runs.at(name, month))["median"] for month in (0, int(runs.months[-1]))]
        values = [value_text(v, known, case.language) for v in ends]
        parts.append(
            case.words["path_words"].format(
                policy=case.title(policy), first=values[0], last=values[1],
                unit=unit_text(known, case.language),
            )
        )  # fmt: skip
    return " ".join(parts)


def _read_months(case: _Case) -> list[int]:
    last = case.config(case.reference).months
    return sorted({0, last, *(month for month in (12, 24, case.extra.within) if month < last)})


def _levels(case: _Case) -> Table:
    months = _read_months(case)
    rows: list[list[Cell]] = []
    for name in with_own(SHOWN):
        known = INDICATORS[name]
        for policy in case.policies:
            cells: list[Cell] = []
            for month in months:
                found = spread_of(case.runs[policy].at(name, month))
                middle, low, high = (
                    value_text(found[k], known, case.language) for k in ("median", "low", "high")
                )
                cell = f"{middle} [{low}, {high}]" if found["runs"] > 1 else middle
                lived = len(case.runs[policy].seeds)
                if 0 < found["runs"] < lived:
                    cell += f" ({case.words['few'].format(runs=found['runs'], all=lived)})"
                cells.append(cell)
            label = f"{case.of(known)} ({unit_text(known, case.language)})"
            rows.append([label, case.title(policy), *cells])
    heads = [month_text(month, case.language) for month in months]
    columns = [case.words["indicator"], case.words["policy"], *heads]
    return Table(f"levels-{case.scenario}", case.words["t_levels"], columns, rows)


def _lacking(case: _Case) -> bool:
    """Whether a run has no value of what the table of levels shows."""
    return any(
        np.isnan(case.runs[policy].at(name, month)).any()
        for name in with_own(SHOWN)
        for policy in case.policies
        for month in _read_months(case)
    )


def _all_levels(case: _Case) -> Table:
    columns = [
        case.words[k]
        for k in ("indicator", "policy", "month", "runs", "median", "p5", "p95", "unit")
    ]
    rows: list[list[Cell]] = []
    for name, known in INDICATORS.items():
        for policy in case.policies:
            for month in _read_months(case):
                found = spread_of(case.runs[policy].at(name, month))
                scale = 100 if known.share else 1
                numbers: list[Cell] = [scale * found[k] for k in ("median", "low", "high")]
                rows.append(
                    [
                        case.of(known),
                        case.title(policy),
                        month,
                        int(found["runs"]),
                        *numbers,
                        case.unit_of(known),
                    ]
                )
    return Table(
        f"all-levels-{case.scenario}", case.words["t_all_levels"], columns, rows, shown=False
    )


def _effects(case: _Case) -> Table:
    words = case.words
    month = shown_month(case.comparison, case.scenario, case.extra.within)
    frame = effects_at(case.comparison, case.scenario, month)
    columns = [words[k] for k in ("indicator", "policy", "difference", "low95", "high95")]
    columns.append(f"{words['beats']} (%)")
    rows: list[list[Cell]] = []
    for name in with_own(SHOWN):
        known, scale = INDICATORS[name], 100 if INDICATORS[name].share else 1
        unit = words["points"] if known.share else unit_text(known, case.language)
        for row in frame[frame["indicator"] == name].to_dict("records"):
            numbers: list[Cell] = [scale * row[k] for k in ("difference", "low", "high")]
            share = math.nan if name in SPENT else 100 * row["beats"]
            beats = Number(share, exact_text(share))
            rows.append([f"{case.of(known)} ({unit})", case.title(row["policy"]), *numbers, beats])
    title = words["t_effects"].format(month=month, reference=case.title(case.reference))
    return Table(f"effects-{case.scenario}", title, columns, rows)


def _every_run(case: _Case) -> Table:
    columns = [case.words[k] for k in ("policy", "seed", "hours", "yuan")]
    heads = [_with_unit(case.of(known), case.unit_of(known)) for known in INDICATORS.values()]
    scale = np.array([100.0 if known.share else 1.0 for known in INDICATORS.values()])
    rows: list[list[Cell]] = []
    for policy in case.policies:
        runs = case.runs[policy]
        for k, seed in enumerate(runs.seeds):
            values = (scale * runs.values[k, -1]).tolist()
            rows.append(
                [case.title(policy), int(seed), float(runs.hours[k]), float(runs.yuan[k]), *values]
            )
    return Table(
        f"runs-{case.scenario}", case.words["t_runs"], [*columns, *heads], rows, shown=False
    )


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _costs(case: _Case) -> Section:
    from sim.figures import comparison as figures

    words, frame = case.words, case.comparison.costs
    frame = frame[frame["scenario"] == case.scenario]
    last = case.config(case.reference).months
    compared = len(case.policies) > 1
    heads = ("policy", "actor", "hours", "yuan", *(PER_POINT if compared else ()))
    rows: list[list[Cell]] = []
    for row in frame.to_dict("records"):
        actor = row["actor"]
        if actor == paired.ALL or row["hours"] or row["yuan"]:
            name = ACTORS[case.language].get(actor, actor)
            name = words["everybody"] if actor == paired.ALL else name
            per = _per_point(row, case.language) if compared else []
            rows.append([case.title(row["policy"]), name, row["hours"], row["yuan"], *per])
    columns = [words[head].format(last=last) for head in heads]
    blocks: list[Block] = []
    if compared:
        figure = figures.cost_effect(case.comparison, case.scenario, case.language)
        blocks.append(Picture(figure, words["f_cost"], words["see_table"]))
    blocks.append(Table(f"costs-{case.scenario}", words["t_costs"], columns, rows))
    if compared:
        blocks.append(Paragraph(words["per_note"].format(last=last), small=True))
    blocks.append(Paragraph(words["cost_note"], small=True))
    return Section(words["s_costs"], blocks)


PER_POINT = ("gain", "per_hours", "per_yuan")


def _per_point(row: dict[Any, Any], language: str) -> list[Cell]:
    """Mean gain and what a point of it takes; of one actor only what it takes."""
    gain, *texts = cost_cells(row, language)
    whole = row["actor"] == paired.ALL
    if row["reason"]:
        cells: list[Cell] = (
            [gain, *texts] if row["reason"] == "reference" else [Number(row["gain"], gain), *texts]
        )
        return cells if whole else ["", "", ""]
    per: list[Cell] = [row["hours_per_point"], row["yuan_per_point"]]
    return [Number(row["gain"], gain) if whole else "", *per]


def _further(extra: Extra) -> list[Section]:
    return [Section(title, [Paragraph(note), table]) for title, note, table in extra.tables]


def _uncertainty(case: _Case) -> Section:
    words, runs = case.words, case.comparison.runs
    failed = runs[runs["status"] == "failed"]
    blocks: list[Block] = [Bullets(list(SURE[case.language]))]
    if len(failed):
        first = failed.iloc[0]
        blocks.append(
            Paragraph(
                words["failed"].format(count=len(failed), all=len(runs), message=first["message"])
            )
        )
    return Section(words["s_sure"], blocks)


def _assumptions(cases: Sequence[_Case]) -> Section:
    words = cases[0].words
    rows = [row for row in Config.describe() if not row.key.startswith(("scenario.", "policy."))]
    assumed = sum(row.source.startswith(ASSUMED) for row in rows)
    blocks: list[Block] = [
        Paragraph(words["assumed"].format(assumed=assumed, all=len(rows))),
        *(_compound_table(case) for case in cases),
    ]
    for case in cases:
        evidence = case.config(case.reference).scenario.evidence
        if evidence:
            blocks.append(
                Paragraph(words["evidence"].format(place=_place(case), count=len(evidence)))
            )
    return Section(words["s_assumed"], blocks)


def _compound_table(case: _Case) -> Table:
    """What differs from the defaults in this compound, and what happened to it."""
    config = case.config(case.reference)
    words = case.words
    rows: list[list[Cell]] = []
    for row in Config.describe():
        group = row.key.partition(".")[0]
        if group in (
            "scenario",
            "policy",
            "experiment",
            "executor",
            "seed",
            "months",
            "replications",
        ):
            continue
        value = _value_at(config, row.key)
        if value != row.default and not isinstance(value, dict | list) and "file" not in row.key:
            texts = [parameter_text(v, row, case.language) for v in (value, row.default)]
            rows.append([_name(row, case), *texts, "" if is_share(row) else case.unit(row.unit)])
    for entry in config.scenario.entries():
        when = month_text(entry.parameters.start, case.language)
        told = words["event"].format(name=case.of(entry.measure), month=when)
        sizes = [r for r in entry.measure.Parameters.describe() if r.key == "size"]
        size = [_value(getattr(entry.parameters, row.key), row, case) for row in sizes]
        rows.append([told, "".join(size), "", ""])
    columns = [words[k] for k in ("parameter", "value", "default", "unit")]
    title = words["t_compound"].format(place=_place(case))
    return Table(f"compound-{case.scenario}", title, columns, rows)


def _value_at(config: Config, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _cannot(language: str) -> Section:
    return Section(WORDS[language]["s_cannot"], [Bullets(list(CANNOT[language]))])


def _copied(case: _Case) -> list[Block]:
    """What to type to live the same again; nothing where that cannot be typed, as with files of one's own."""
    if case.extra.files:
        return []
    texts = COPIED[case.language]
    try:
        made = (case.comparison.as_command(), case.comparison.as_python())
    except InputError:
        return []
    return [Code(text, title) for text, title in zip(made, texts, strict=True)]


def _repeat(cases: Sequence[_Case]) -> Section:
    words, first = cases[0].words, cases[0]
    facts = first.comparison.provenance
    blocks: list[Block] = [
        Paragraph(
            words["repeat"].format(
                version=facts["software"], source=facts["source"][:12], fingerprint=facts["fingerprint"],
                first=facts["seeds"][0], last=facts["seeds"][1],
            )
        )
    ]  # fmt: skip
    if first.extra.repeat:
        blocks.append(Paragraph(first.extra.repeat))
    if first.extra.link:
        blocks.append(Code(first.extra.link))
    blocks += _copied(first)
    for case in cases:
        for policy in case.policies:
            tree = case.config(policy).resolved()
            for left_out in ("experiment", "executor"):
                tree.pop(left_out)
            # Through JSON: plain types only, and no reference from one place to another.
            text = yaml.safe_dump(json.loads(json.dumps(tree)), allow_unicode=True, sort_keys=False)
            for path, name in first.extra.files.items():
                text = text.replace(path, name)
            title = words["configuration"].format(policy=case.title(policy), place=_place(case))
            blocks.append(Code(text, title, long=True))
    return Section(words["s_repeat"], blocks)
