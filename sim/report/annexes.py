"""The annexes: what was compared, every number, what it rests on, and how to get it again."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import yaml

from sim.as_text import aside, exact_text, is_share, month_text, parameter_text, signed, value_text
from sim.config import Config, Entry
from sim.errors import InputError
from sim.experiments import paired
from sim.experiments.compare import last_month_in_force
from sim.experiments.comparison_table import cost_cells, effects_at, missing_lines
from sim.experiments.doubt_text import comparison_lines, level_lines
from sim.experiments.summary import spread_of, unit_text
from sim.experiments.summary_table import ACTORS
from sim.experiments.tables import unit_of
from sim.outcomes import INDICATORS, RATE, with_own
from sim.report import sentences
from sim.report.case import Case, Extra
from sim.report.content import (
    Block,
    Bullets,
    Cell,
    Code,
    Number,
    Paragraph,
    Picture,
    Section,
    Table,
    plain,
)
from sim.report.reliability import reported, sources
from sim.report.words import CANNOT, PAPER, SURE, SURE_HOLDS, WORDS
from sim.science import effect_table
from sim.science.effect import WHOLE, Effect

COPIED = {
    "en": ("The same as a command:", "The same from Python:"),
    "zh": ("用命令重新运行：", "用Python重新运行："),
}
"""Before the text that asks the same again."""

SHOWN = (
    "collection_rate", "satisfied_share", "complaints_per_1000", "petitions_per_1000",
    "open_conflict_share", "issues_in_place_share", "service_condition", "trust_firm", "trust_cell",
    "grievance", "hours_spent", "yuan_spent",
)  # fmt: skip
"""Indicators of the table that pages show; the spreadsheet has all."""

SPENT = ("hours_spent", "yuan_spent")
"""What is put in: in how many runs less of it was spent says nothing of which policy is better."""

DRAWN = ("collection_rate", "satisfied_share", "complaints_per_1000")


def sections(cases: Sequence[Case]) -> list[Section]:
    """All annexes, numbered in their order."""
    first, found = cases[0], list[Section]()
    for case in cases:
        several = f" · {case.place}" if len(cases) > 1 else ""
        for part in (asked(case), answer(case), *why(case), results(case), costs(case)):
            part.title += several
            found.append(part)
    found += _further(first.extra)
    found += [_uncertainty(cases), _assumptions(cases), _cannot(first.language), _repeat(cases)]
    words = PAPER[first.language]
    for number, part in enumerate(found, 1):
        part.title = words["annex"].format(n=number, title=part.title)
    return found


def _sheet(case: Case, name: str) -> str:
    """What a table's sheet is called: with the compound where there are several."""
    title = case.words[f"n_{name}"]
    return title if len(case.comparison.question.scenarios) == 1 else f"{title} {case.place}"


def asked(case: Case) -> Section:
    """What was compared: every policy with its measures, their months and settings."""
    words, seeds = case.words, case.runs[case.reference].seeds
    told = words["asked" if case.tried else "asked_one"].format(
        reference=case.title(case.reference), months=case.last, runs=len(seeds),
        first=int(seeds[0]), last=int(seeds[-1]),
    )  # fmt: skip
    notes = [Paragraph(plain(note)) for note in case.extra.notes]
    return Section(words["s_asked"], [Paragraph(told), *notes, _measures_table(case)])


def _measures_table(case: Case) -> Table:
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
    return Table(
        f"measures-{case.plain}",
        words["t_measures"],
        columns,
        rows,
        sheet=_sheet(case, "measures"),
    )


def _settings(entry: Entry, case: Case) -> str:
    rows = {row.key: row for row in entry.measure.Parameters.describe()}
    parts = []
    for key, value in entry.parameters.model_dump(exclude_defaults=True).items():
        if key not in ("start", "end", "dose") and key in rows:
            parts.append(f"{case.name_of(rows[key])} {case.value(value, rows[key])}")
    return ("；" if case.language == "zh" else "; ").join(parts)


def answer(case: Case) -> Section:
    """Sentences about every policy, and all policies in pairs."""
    blocks: list[Block] = []
    reference = case.runs[case.reference]
    if case.reference == "none" or len(case.policies) == 1:
        said = sentences.about_reference(reference, case.extra.within, case.language)
        # Of a single policy's run these sentences tell of that policy, not of no measures.
        blocks.append(Bullets(said if case.reference == "none" else said[:1]))
    for policy in case.tried:
        config = case.config(policy)
        said = sentences.about_policy(
            case.runs[policy], reference, level=case.level, within=case.extra.within,
            households=case.households, end=last_month_in_force(config), language=case.language,
        )  # fmt: skip
        blocks += [Paragraph(case.title(policy)), Bullets(said)]
    if case.reference != "none" and len(case.policies) > 1:
        blocks.insert(
            0, Paragraph(case.words["other_reference"].format(name=case.title(case.reference)))
        )
    if len(case.tried) > 1:
        blocks.append(_pairs(case))
    return Section(case.words["s_answer"], blocks)


def why(case: Case) -> list[Section]:
    """What carried a policy's effect, in one figure and five sentences; no section where that was not asked."""
    if case.why is None:
        return []
    from sim.figures.effect import short

    (name, effect), words = case.why, effect_table.WORDS[case.language]
    lines = effect_table.few(effect, case.language)
    title = case.words["f_why"].format(name=name, month=effect.question.config.months)
    return [Section(case.words["s_why"], [
        Bullets(lines), Picture(short(effect, case.language), title, lines[0]),
        Paragraph(words["adds"], small=True), _parts(case, effect, title),
    ])]  # fmt: skip


def _parts(case: Case, effect: Effect, title: str) -> Table:
    """All parts of all outcomes, for the spreadsheet."""
    rows: list[list[Cell]] = []
    for row in effect.parts.to_dict("records"):
        outcome, cause = row["outcome"], row["cause"]
        scale, unit = unit_of(outcome, case.language)
        whole = cause == WHOLE
        name = (
            case.words["whole"] if whole else effect_table.cause_name(outcome, cause, case.language)
        )
        ends = [scale * row[key] for key in ("part", "low", "high")]
        rows.append([effect_table.outcome_name(outcome, case.language), name, *ends, unit])
    columns = [case.words[k] for k in ("indicator", "cause", "part", "low95", "high95", "unit")]
    return Table(f"why-{case.plain}", title, columns, rows, shown=False, sheet=_sheet(case, "why"))


def _pairs(case: Case) -> Table:
    """Every policy beside every other: difference in collection, and the ratio of what they take."""
    words = case.words
    heads = ["first", "second", "difference", "low95", "high95", "hours_ratio", "yuan_ratio"]
    rows: list[list[Cell]] = []
    for ours, theirs in combinations(case.tried, 2):
        one, other = sentences.together(case.runs[ours], case.runs[theirs])
        pair = (runs.at(sentences.MAIN, case.month) for runs in (one, other))
        gap = paired.difference(paired.Gain(*pair), 1)
        numbers: list[Cell] = [
            Number(100 * gap[k], signed(100 * gap[k])) for k in ("difference", "low", "high")
        ]
        ratios: list[Cell] = []
        for unit in ("hours", "yuan"):
            top, below = (float(getattr(runs, unit).mean()) for runs in (one, other))
            ratios.append(top / below if below else None)
        rows.append([case.title(ours), case.title(theirs), *numbers, *ratios])
    columns = [words[head] for head in heads]
    columns[2] = columns[2] + aside(words["points"], case.language)
    title = words["t_pairs"].format(month=case.month)
    return Table(f"pairs-{case.plain}", title, columns, rows, sheet=_sheet(case, "pairs"))


def results(case: Case) -> Section:
    """Figures and tables of the indicators."""
    from sim.figures import comparison as figures
    from sim.figures import trajectories as alone

    words, blocks = case.words, list[Block]()
    if len(case.policies) == 1:
        months = case.comparison.months
        config = case.config(case.reference)
        shown = with_own(alone.MAIN)[: alone.MOST]
        twins = case.comparison.twins
        figure = alone.trajectories(months, config, shown, case.language, twins)
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


def _path_words(case: Case, name: str) -> str:
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


def _read_months(case: Case) -> list[int]:
    last = case.last
    return sorted({0, last, *(month for month in (12, 24, case.extra.within) if month < last)})


def _levels(case: Case) -> Table:
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
                # "13 [13, 13]" would say of nothing that it was measured.
                alone = found["runs"] == 1 or low == middle == high
                cell = middle if alone else f"{middle} [{low}, {high}]"
                lived = len(case.runs[policy].seeds)
                if 0 < found["runs"] < lived:
                    few = case.words["few"].format(runs=found["runs"], all=lived)
                    cell = cell + aside(few, case.language)
                cells.append(cell)
            label = case.of(known) + aside(unit_text(known, case.language), case.language)
            rows.append([label, case.title(policy), *cells])
    heads = [month_text(month, case.language) for month in months]
    columns = [case.words["indicator"], case.words["policy"], *heads]
    return Table(
        f"levels-{case.plain}",
        case.words["t_levels"],
        columns,
        rows,
        sheet=_sheet(case, "levels"),
    )


def _lacking(case: Case) -> bool:
    """Whether a run has no value of what the table of levels shows."""
    return any(
        np.isnan(case.runs[policy].at(name, month)).any()
        for name in with_own(SHOWN)
        for policy in case.policies
        for month in _read_months(case)
    )


def _all_levels(case: Case) -> Table:
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
        f"all-levels-{case.plain}", case.words["t_all_levels"], columns, rows, shown=False,
        sheet=_sheet(case, "all_levels"),
    )  # fmt: skip


def _effects(case: Case) -> Table:
    words = case.words
    month = case.month
    frame = effects_at(case.comparison, case.scenario, month)
    columns = [words[k] for k in ("indicator", "policy", "difference", "low95", "high95")]
    columns.append(words["beats"] + aside("%", case.language))
    rows: list[list[Cell]] = []
    for name in with_own(SHOWN):
        known, scale = INDICATORS[name], 100 if INDICATORS[name].share else 1
        unit = words["points"] if known.share else unit_text(known, case.language)
        for row in frame[frame["indicator"] == name].to_dict("records"):
            numbers: list[Cell] = [scale * row[k] for k in ("difference", "low", "high")]
            share = math.nan if name in SPENT else 100 * row["beats"]
            beats = Number(share, exact_text(share))
            rows.append(
                [
                    case.of(known) + aside(unit, case.language),
                    case.title(row["policy"]),
                    *numbers,
                    beats,
                ]
            )
    title = words["t_effects"].format(month=month, reference=case.title(case.reference))
    return Table(f"effects-{case.plain}", title, columns, rows, sheet=_sheet(case, "effects"))


def _every_run(case: Case) -> Table:
    columns = [case.words[k] for k in ("policy", "seed", "hours", "yuan")]
    heads = [
        case.of(known) + aside(case.unit_of(known), case.language) for known in INDICATORS.values()
    ]
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
        f"runs-{case.plain}", case.words["t_runs"], [*columns, *heads], rows, shown=False,
        sheet=_sheet(case, "runs"),
    )  # fmt: skip


def costs(case: Case) -> Section:
    """What every policy takes, by whom, and for a point of collection."""
    from sim.figures import comparison as figures

    words, frame = case.words, case.comparison.costs
    frame = frame[frame["scenario"] == case.scenario]
    last = case.last
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
    table = Table(
        f"costs-{case.plain}", words["t_costs"], columns, rows, sheet=_sheet(case, "costs")
    )
    blocks.append(table)
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


def _uncertainty(cases: Sequence[Case]) -> Section:
    first = cases[0]
    words, runs = first.words, first.comparison.runs
    failed = runs[runs["status"] == "failed"]
    doubted = any(case.config(case.reference).doubted for case in cases)
    place = PAPER[first.language]["place_of"] if len(cases) > 1 else ""
    said = [place.format(place=case.place) + line for case in cases for line in _doubt_lines(case)]
    holds = SURE_HOLDS[first.language][doubted]
    blocks: list[Block] = [Bullets([holds, *SURE[first.language], *said])]
    if len(failed):
        message = failed.iloc[0]["message"]
        told = words["failed"].format(count=len(failed), all=len(runs), message=message)
        blocks.append(Paragraph(told))
    return Section(words["s_sure"], blocks)


def _doubt_lines(case: Case) -> list[str]:
    """What is said of doubt about the parameters in one compound; nothing where none is drawn."""
    config, made = case.config(case.reference), case.comparison
    if not config.doubted:
        return []
    lines = (
        comparison_lines(made, case.scenario, case.language)
        if len(case.policies) > 1
        else level_lines(config, made.months, made.twins, language=case.language)
    )
    return [config.doubt_said(case.language), *lines]


def _assumptions(cases: Sequence[Case]) -> Section:
    words, of = cases[0].words, sources()
    text = words["assumed"].format(sourced=of.sourced, sized=of.sized, all=of.all)
    blocks: list[Block] = [Paragraph(text), *(_compound_table(case) for case in cases)]
    for case in cases:
        blocks += _reported_table(case)
        evidence = case.config(case.reference).scenario.evidence
        if evidence:
            blocks.append(
                Paragraph(words["evidence"].format(place=case.place, count=len(evidence)))
            )
    return Section(words["s_assumed"], blocks)


def _reported_table(case: Case) -> list[Block]:
    """Reported figures beside the model's, and which of them it was set to."""
    words, rows = case.words, list[list[Cell]]()
    for figure in reported(case):
        target = figure.target
        found = spread_of(figure.values)
        middle, ends = (
            figure.written((found[low], found[high]), case)
            for low, high in (("median", "median"), ("low", "high"))
        )
        name = case.of(INDICATORS[target.indicator])
        change = words["change"] if target.relative else ""
        rows.append(
            [
                name + aside(change, case.language),
                month_text(target.month, case.language),
                figure.text(case),
                middle + aside(ends if ends != middle else "", case.language),
                words[f"use_{target.use}"],
                words[f"met_{figure.verdict}"],
            ]
        )
    heads = ("figure", "month", "reported", "simulated", "use", "met")
    columns, title = [words[head] for head in heads], words["t_reported"].format(place=case.place)
    table = Table(f"reported-{case.plain}", title, columns, rows, sheet=_sheet(case, "reported"))
    return [table] if rows else []


def _compound_table(case: Case) -> Table:
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
        value = config.at(row.key)
        if value != row.default and not isinstance(value, dict | list) and "file" not in row.key:
            texts = [parameter_text(v, row, case.language) for v in (value, row.default)]
            rows.append([case.name_of(row), *texts, "" if is_share(row) else case.unit(row.unit)])
    for entry in config.scenario.entries():
        when = month_text(entry.parameters.start, case.language)
        told = words["event"].format(name=case.of(entry.measure), month=when)
        sizes = [r for r in entry.measure.Parameters.describe() if r.key == "size"]
        size = [case.value(getattr(entry.parameters, row.key), row) for row in sizes]
        rows.append([told, "".join(size), "", ""])
    columns = [words[k] for k in ("parameter", "value", "default", "unit")]
    title = words["t_compound"].format(place=case.place)
    return Table(f"compound-{case.plain}", title, columns, rows, sheet=_sheet(case, "compound"))


def _cannot(language: str) -> Section:
    return Section(WORDS[language]["s_cannot"], [Bullets(list(CANNOT[language]))])


def _copied(case: Case) -> list[Block]:
    """What to type to live the same again; nothing where that cannot be typed, as with files of one's own."""
    if case.extra.files:
        return []
    try:
        made = (case.comparison.as_command(), case.comparison.as_python())
    except InputError:
        return []
    return [Code(text, title) for text, title in zip(made, COPIED[case.language], strict=True)]


def _repeat(cases: Sequence[Case]) -> Section:
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
            title = words["configuration"].format(policy=case.title(policy), place=case.place)
            blocks.append(Code(text, title, long=True))
    return Section(words["s_repeat"], blocks)
