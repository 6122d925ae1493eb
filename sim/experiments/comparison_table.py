"""What a comparison says in a page: effect, certainty, cost, recovery and persistence by policy."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import known
from sim.as_text import (
    MISSING,
    aside,
    clean,
    exact_text,
    number_text,
    title_of,
    value_text,
    with_interval,
)
from sim.experiments import paired
from sim.experiments.doubt_text import comparison_lines
from sim.experiments.summary import HIGH, LOW, spread_text, unit_text
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS, OWN, RATE
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.config import Config
    from sim.experiments.compare import Comparison

FIRST = 12
"""Least width of the policies' names."""

GAIN_DIGITS = 3
"""Digits of a mean gain: as many as its quotients have, so that they can be worked out again."""

WIDE = 110
"""Columns of a terminal from which a number and its interval stand on one line."""

WORDS = phrases("comparison")

REASONS = {
    "en": {
        "reference": "reference", paired.UNCERTAIN: "uncertain", paired.LOSS: "loss",
        paired.FEW: "one pair",
    },
    "zh": {
        "reference": "参照", paired.UNCERTAIN: "不确定", paired.LOSS: "下降", paired.FEW: "仅一对",
    },
}  # fmt: skip
"""What stands in the place of a number that is not given, so that no dash has to be guessed at."""

NOTES = phrases("comparison_notes")
"""What brackets and columns mean, a paragraph each."""

HOLDS = phrases("comparison_holds")
"""What intervals hold, under one parameter set and under many."""


def policy_title(config: Config, word: str, language: str = "en") -> str:
    """What a policy is called by people: its own title, its measures', or the word asked."""
    chinese = language == "zh"
    if clean(config.policy.title_zh if chinese else config.policy.title):
        return title_of(config.policy, language)
    parts = [CATALOGUE.get(part) for part in word.split("+")]
    names = [
        part if measure is None else measure.zh if chinese else measure.en
        for part, measure in zip(word.split("+"), parts, strict=True)
    ]
    return clean(" + ".join(names))


def shown_month(comparison: Comparison, scenario: str, asked: int = 24) -> int:
    """Month at which policies are set side by side: as asked, or the last if fewer were lived."""
    return min(asked, comparison.question.configs[scenario, comparison.question.reference].months)


def effects_at(comparison: Comparison, scenario: str, month: int) -> pd.DataFrame:
    """Differences in one scenario and month, also in a month that is not kept among the effects."""
    kept = _rows(comparison.effects, scenario, month=month)
    if len(kept):
        return kept
    lived = comparison.months
    lived = lived[(lived["scenario"] == scenario) & (lived["month"] <= month)]
    # Effects are always read in the last month too, and here that is the one asked.
    question, means = comparison.question, paired.run_means_of(lived)
    found = _rows(paired.effects(means, question.reference), scenario, month=month)
    order = [policy for policy in question.policies if policy != question.reference]
    return found.set_index("policy").loc[order].reset_index()


def print_comparison(comparison: Comparison, console: Console, language: str = "en") -> None:
    """Print effects, costs, recovery and persistence, a line on the pairing, and where it is kept.

    Args:
        comparison: What to sum up.
        console: Rich console to print on.
        language: "en" or "zh".
    """
    words = WORDS[language]
    question = comparison.question
    for scenario in question.scenarios:
        config = question.configs[scenario, question.reference]
        console.print(title_of(config.scenario, language), style="bold")
        wide = console.width >= WIDE
        console.print(_effects_table(comparison, scenario, language, wide))
        console.print()
        if OWN:
            console.print(_own_table(comparison, scenario, language, wide))
            console.print()
        console.print(_costs_table(comparison, scenario, language))
        console.print()
        console.print(_duration_table(comparison, scenario, language, wide))
        lines = [
            *missing_lines(comparison, scenario, language),
            *_after_lines(comparison, scenario, language),
            narrowing_line(comparison, scenario, language),
            *comparison_lines(comparison, scenario, language),
        ]
        for line in filter(None, lines):
            console.print(line)
    for line in _notes(comparison, language):
        console.print(line, style="dim")
    _print_failures(comparison, console, words)
    if comparison.folder is not None:
        lines = [f"{words['kept_in']}: {comparison.folder}"]
        drawn = sorted((comparison.folder / "figures").glob(f"*-{language}.png"))
        lines += [f"{words['figures']}: {path}" for path in drawn]
        for line in lines:
            console.print(line, soft_wrap=True)


def missing_lines(
    comparison: Comparison, scenario: str, language: str = "en", asked: int = 24
) -> list[str]:
    """Which policies' difference in collection is of fewer seeds than were lived, and why.

    Args:
        comparison: What was compared.
        scenario: Where.
        language: "en" or "zh".
        asked: Month in which the difference is read.
    """
    question, lines = comparison.question, []
    month = shown_month(comparison, scenario, asked)
    rows = effects_at(comparison, scenario, month)
    runs = _rows(comparison.runs, scenario, status="ok")
    seeds = {policy: set(part["seed"]) for policy, part in runs.groupby("policy")}
    few: dict[tuple[int, int], list[str]] = {}
    for row in rows[rows["indicator"] == paired.MAIN].to_dict("records"):
        lived = len(seeds[row["policy"]] & seeds[question.reference])
        if row["pairs"] < lived:
            few.setdefault((int(row["pairs"]), lived), []).append(row["policy"])
    for (pairs, lived), policies in few.items():
        names = _names(comparison, scenario, policies, language)
        reference = _title(comparison, scenario, question.reference, language)
        text = WORDS[language]["few_pairs" if pairs else "no_pairs"]
        lines.append(
            text.format(names=names, reference=reference, pairs=pairs, runs=lived, month=month)
        )
    return lines


def narrowing_line(comparison: Comparison, scenario: str, language: str = "en") -> str:
    """How much narrower the intervals are than those of independent seeds; empty where there is none."""
    words = WORDS[language]
    month = shown_month(comparison, scenario)
    rows = _rows(comparison.effects, scenario, indicator=paired.MAIN, month=month)
    told = [f for f in rows["narrowing"].tolist() if math.isfinite(f)]
    if not told:
        return ""
    low, middle, high = min(told), float(np.median(told)), max(told)
    if language == "zh":
        factors = f"1/{low:.1f}" if len(told) == 1 else f"1/{low:.1f}至1/{high:.1f}"
    else:
        factors = f"{low:.1f}" if len(told) == 1 else f"{low:.1f} to {high:.1f}"
    more = words["median"].format(factor=f"{middle:.1f}", times=f"{middle**2:.1f}")
    line = words["narrowing"].format(month=month, factors=factors)
    stop = line[-1]
    return line[:-1] + more + stop


def _rows(frame: pd.DataFrame, scenario: str, **keys: Any) -> pd.DataFrame:
    chosen = frame["scenario"] == scenario
    for key, value in keys.items():
        chosen &= frame[key] == value
    return frame[chosen]


def _title(comparison: Comparison, scenario: str, policy: str, language: str) -> str:
    return policy_title(comparison.question.configs[scenario, policy], policy, language)


def _names(comparison: Comparison, scenario: str, policies: Iterable[str], language: str) -> str:
    titles = [_title(comparison, scenario, policy, language) for policy in policies]
    return ("、" if language == "zh" else ", ").join(titles)


def _new_table(heads: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(heads[0], overflow="fold", min_width=FIRST)
    for head in heads[1:]:
        table.add_column(head, justify="right", overflow="fold")
    return table


def _add_row(table: Table, cells: list[str], wide: bool) -> None:
    # In a narrow terminal brackets would break anywhere: they get a line of their own.
    table.add_row(*(cell if wide else cell.replace(" [", "\n[") for cell in cells))


def _effects_table(comparison: Comparison, scenario: str, language: str, wide: bool) -> Table:
    words, month = WORDS[language], shown_month(comparison, scenario)
    heads = ["policy", "collected", "difference", "beats", "satisfied", "calls"]
    table = _new_table([words[head].format(month=month) for head in heads])
    suffix = "24" if month == 24 else "end"
    for policy in comparison.question.policies:
        runs = _rows(comparison.runs, scenario, policy=policy)
        values = {n: runs[f"{n}_{suffix}"].to_numpy() for n in _SIDE_BY_SIDE}
        main, *others = _SIDE_BY_SIDE
        effect = _rows(
            comparison.effects, scenario, policy=policy, indicator=main, month=month
        ).to_dict("records")
        spread = known.quantiles(values[main], [LOW, HIGH])
        collected = _with_range(100 * v for v in (known.mean(values[main]), *spread))
        there, lived = np.count_nonzero(~np.isnan(values[main])), (runs["status"] == "ok").sum()
        if 0 < there < lived:
            collected += f" [{words['few'].format(runs=there, all=lived)}]"
        cells = [
            _title(comparison, scenario, policy, language),
            collected,
            *(_effect_cells(effect[0]) if effect else (words["reference"], MISSING)),
            *(value_text(known.mean(values[n]), INDICATORS[n], language) for n in others),
        ]
        _add_row(table, cells, wide)
    return table


_SIDE_BY_SIDE = (paired.MAIN, "satisfied_share", "complaints_per_1000")


def _own_table(comparison: Comparison, scenario: str, language: str, wide: bool) -> Table:
    """Indicators of one's own: level, difference to the reference and how often it is the better one."""
    words, month = WORDS[language], shown_month(comparison, scenario)
    heads = [
        words[head].format(month=month) for head in ("policy", "own", "level", "own_difference")
    ]
    table = _new_table([*heads, words["beats"]])
    suffix = "24" if month == 24 else "end"
    for policy in comparison.question.policies:
        runs = _rows(comparison.runs, scenario, policy=policy)
        for name in OWN:
            known_as = INDICATORS[name]
            label = known_as.zh if language == "zh" else known_as.en
            level = value_text(known.mean(runs[f"{name}_{suffix}"].to_numpy()), known_as, language)
            effect = _rows(
                comparison.effects, scenario, policy=policy, indicator=name, month=month
            ).to_dict("records")
            scale = 100 if known_as.share else 1
            points = [scale * effect[0][n] for n in ("difference", "low", "high")] if effect else []
            cells = [
                _title(comparison, scenario, policy, language),
                label + aside(unit_text(known_as, language), language),
                level,
                with_interval(*points) if effect else words["reference"],
                exact_text(100 * effect[0]["beats"]) if effect else MISSING,
            ]
            _add_row(table, cells, wide)
    return table


def _effect_cells(effect: dict[Any, Any]) -> tuple[str, str]:
    points = (100 * effect[name] for name in ("difference", "low", "high"))
    return with_interval(*points), exact_text(100 * effect["beats"])


def _with_range(numbers: Iterable[float]) -> str:
    names = ("value", "low", "high")
    return spread_text(dict(zip(names, numbers, strict=True)), names, "{:.1f}".format)


def _costs_table(comparison: Comparison, scenario: str, language: str) -> Table:
    words, question = WORDS[language], comparison.question
    last = question.configs[scenario, question.reference].months
    heads = ("policy", "hours", "yuan", "gain", "per_hours", "per_yuan")
    table = _new_table([words[head].format(last=last) for head in heads])
    for policy in question.policies:
        cost = _rows(comparison.costs, scenario, policy=policy, actor=paired.ALL).iloc[0]
        table.add_row(
            _title(comparison, scenario, policy, language),
            *(number_text(cost[name], language) for name in ("hours", "yuan")),
            *cost_cells(cost.to_dict(), language),
        )
    return table


def cost_cells(cost: dict[Any, Any], language: str) -> tuple[str, str, str]:
    """Mean gain, hours and yuan for a point of it; why in a word where one is not given."""
    gain, why = exact_text(cost["gain"], GAIN_DIGITS), REASONS[language].get(cost["reason"])
    if why:
        return why if cost["reason"] == "reference" else gain, why, why
    hours, yuan = (number_text(cost[f"{unit}_per_point"], language) for unit in ("hours", "yuan"))
    return gain, hours, yuan


def _duration_table(comparison: Comparison, scenario: str, language: str, wide: bool) -> Table:
    words = WORDS[language]
    kept_heads = [words["kept"].format(after=after) for after in paired.AFTER]
    table = _new_table([words["policy"], words["recovery"], *kept_heads])
    for policy in comparison.question.policies:
        back = _rows(comparison.recovery, scenario, policy=policy).iloc[0]
        left = _rows(comparison.persistence, scenario, policy=policy, indicator=paired.MAIN)
        kept = [_kept_text(row, language) for row in left.to_dict("records")]
        kept = kept or [words["reference"]] * len(paired.AFTER)
        name = _title(comparison, scenario, policy, language)
        _add_row(table, [name, _recovery_text(back.to_dict()), *kept], wide)
    return table


def _kept_text(row: dict[Any, Any], language: str) -> str:
    if math.isnan(row["kept"]):
        return REASONS[language].get(row["reason"], MISSING)
    return spread_text(row, ("kept", "kept_low", "kept_high"), lambda share: f"{100 * share:.0f}")


def _recovery_text(row: dict[Any, Any]) -> str:
    last = int(row["observed_to"])

    def month(value: float) -> str:
        return f"{value:.0f}" if math.isfinite(value) else f">{last}"

    share = f"({100 * row['recovered']:.0f}%)"
    if not math.isfinite(row["low"]):
        return f"{month(row['median'])} {share}"
    return f"{month(row['median'])} [{month(row['low'])}, {month(row['high'])}] {share}"


def _after_lines(comparison: Comparison, scenario: str, language: str) -> list[str]:
    """Why shares kept are missing, and what to do about it."""
    words = WORDS[language]
    rows = _rows(comparison.persistence, scenario, indicator=paired.MAIN)
    question = comparison.question
    configs = [question.configs[scenario, policy] for policy in question.policies]
    months = configs[0].months
    # Measures end at the beginning of the month named, so one month more is lived without them.
    month = months - max(paired.AFTER) + 1
    starts = [entry.parameters.start for config in configs for entry in config.policy.entries()]
    # All measures must have begun before.
    least = max(starts, default=1) + 1
    lines = []
    for reason, word in (
        (paired.NO_END, "no_end"),
        (paired.TOO_SHORT, "too_short"),
        (paired.UNCERTAIN, "uncertain"),
    ):
        policies = dict.fromkeys(rows.loc[rows["reason"] == reason, "policy"])
        if not policies:
            continue
        names = _names(comparison, scenario, policies, language)
        longest = rows.loc[rows["reason"] == reason, "month"].max()
        enough = months if math.isnan(longest) else int(longest)
        if reason == paired.NO_END:
            key = "withdraw" if month >= least else "withdraw_later"
            enough = least + max(paired.AFTER) - 1
        else:
            key = "longer" if month >= least else "only_longer"
        hint = words[key].format(month=max(month, least), months=enough)
        lines.append(words[word].format(names=names, hint=hint))
    return lines


def _notes(comparison: Comparison, language: str) -> list[str]:
    question = comparison.question
    config = question.configs[question.scenarios[0], question.reference]
    return [
        line.format(
            runs=comparison.runs["seed"].nunique(),
            holds=HOLDS[language][config.doubted],
            reference=policy_title(config, question.reference, language),
            last=config.months,
            threshold=f"{100 * question.threshold:g}%",
            held=paired.HELD,
            first=paired.AFTER[0],
            second=paired.AFTER[1],
        )
        for line in (*NOTES[language], RATE[language])
    ]


def _print_failures(comparison: Comparison, console: Console, words: dict[str, str]) -> None:
    failed = comparison.runs[comparison.runs["status"] == "failed"]
    if not len(failed):
        return
    first = failed.iloc[0]
    line = words["failed"].format(
        failed=len(failed), all=len(comparison.runs), policy=first["policy"], seed=first["seed"]
    )
    text = f"{line}{first['stage']}: {first['message']}"
    console.print(text, style="red")
