"""What a robustness study says in a page: who leads where, and what turns the order around."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sim import as_text
from sim.as_text import clean, title_of, value_text
from sim.config import Config
from sim.experiments.comparison_table import policy_title
from sim.experiments.doubt_text import split_line
from sim.experiments.tables import new_table, print_place
from sim.outcomes import INDICATORS, Indicator
from sim.phrases import phrases
from sim.science.discovery import TOLD
from sim.science.robustness import BASE, DRAW, NETWORK, OFF, SCENARIO

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.robustness import Robustness

WORDS = phrases("robustness_table")

PLACES = phrases("robustness_figure")

GENERATORS = {
    "blocks": "单元楼栋",
    "stochastic_block": "随机分块",
    "watts_strogatz": "小世界",
    "file": "文件",
}
"""Generators of ties in Chinese; their names serve in English."""


def print_robustness(robustness: Robustness, console: Console, language: str = "en") -> None:
    """Print ranks by world, what flips, and the boxes, for every indicator."""
    words, question = WORDS[language], robustness.question
    for outcome in question.outcomes:
        shown = INDICATORS[outcome]
        head = words["head"].format(outcome=_name(outcome, language), month=question.config.months)
        console.print(head, style="bold")
        titles = {name: title_of_policy(robustness, name, language) for name in question.policies}
        table = new_table([words["world"], *titles.values()])
        rows = robustness.ranking[robustness.ranking["outcome"] == outcome]
        for key, part in rows.groupby(["family", "world"], sort=False):
            rows_of = {row["policy"]: row for row in part.to_dict("records")}
            family, world = key
            if family == DRAW:
                cells = [_percent(rows_of[p]["first"]) for p in question.policies]
                table.add_row(words["draws"], *cells)
                continue
            cells = [_ranked(rows_of[p], shown, language) for p in question.policies]
            place = place_title(robustness, str(family), str(world), language)
            table.add_row(place, *cells, style="bold" if family == BASE else None)
        console.print(table)
        if rows["value"].isna().any():
            console.print(words["missing"], style="dim")
        for line in _lines(robustness, outcome, language):
            console.print(line)
    source = question.posterior or words["prior"]
    if len(robustness.draws):
        console.print(words["source"].format(source=source), style="dim")
    print_place(robustness, console, language)


def _name(outcome: str, language: str) -> str:
    return INDICATORS[outcome].zh if language == "zh" else INDICATORS[outcome].en


def title_of_policy(robustness: Robustness, name: str, language: str) -> str:
    """What a policy is called by people."""
    config = robustness.question.config
    bare = config.model_copy(update={"policy": robustness.question.policies[name]})
    return policy_title(bare, name, language)


def place_title(robustness: Robustness, family: str, world: str, language: str) -> str:
    """What a world is called."""
    question, words, chinese = robustness.question, PLACES[language], language == "zh"
    name = clean(world)
    if family in (BASE, SCENARIO):
        config = question.scenarios.get(world, question.config)
        name = textwrap.shorten(title_of(config.scenario, language), 34, placeholder=" …")
    if family == OFF and chinese:
        name = next(r.zh for r in Config.describe() if r.key == f"mechanisms.{world}")
    if family == NETWORK and chinese:
        name = GENERATORS.get(world, world)
    return words[family].format(name=name.replace("_", " "), draws=len(robustness.draws))


def _split(robustness: Robustness, outcome: str, language: str) -> str:
    """How much of the difference of the best two is chance; empty without doubt."""
    (row,) = robustness.split[robustness.split["outcome"] == outcome].to_dict("records")
    name = _name(outcome, language)
    of = WORDS[language]["between"].format(
        name=name if language == "zh" else name.lower(),
        **{key: title_of_policy(robustness, row[key], language) for key in ("first", "second")},
    )
    return split_line(row, of, robustness.question.config.months, language)


def _percent(share: float) -> str:
    return as_text.MISSING if math.isnan(share) else f"{100 * share:.0f}"


def _ranked(row: dict[Hashable, Any], shown: Indicator, language: str) -> str:
    if math.isnan(row["rank"]):
        return as_text.MISSING
    return f"{row['rank']:.0f} ({value_text(row['value'], shown, language)})"


def _lines(robustness: Robustness, outcome: str, language: str) -> list[str]:
    words = WORDS[language]
    flips = robustness.flips[robustness.flips["outcome"] == outcome]
    some = flips[flips["flipped"]]
    names = {"en": ", ", "zh": "、"}[language].join(
        place_title(robustness, row["family"], row["world"], language)
        + as_text.aside(title_of_policy(robustness, row["best"], language), language)
        for row in some.to_dict("records")
    )
    best = flips["base_best"].iloc[0]
    key = "flips" if len(some) else "steady" if best else "no_base"
    best = title_of_policy(robustness, best, language) if best else best
    lines = [words[key].format(some=len(some), all=len(flips) - 1, names=names, best=best)]
    lines += filter(None, [_split(robustness, outcome, language)])
    boxes = robustness.boxes[robustness.boxes["outcome"] == outcome]
    for _, part in boxes.groupby("role", sort=False):
        row = part.iloc[0]
        if row["reason"] == "no_draws":
            continue
        share = 100 * (part["turned"] * part["draws"]).sum() / part["draws"].sum()
        told = row["reason"] or "told"
        told = "few" if told == "too_few_turned" else told
        pair = {k: title_of_policy(robustness, row[k], language) for k in ("first", "second")}
        line = words["pair"].format(**pair, share=share)
        lines.append(f"{line} {words[told].format(accuracy=100 * row['accuracy'])}")
        if row["accuracy"] >= TOLD:
            lines += [
                words["box"].format(
                    rule=box["rule"], turned=100 * box["turned"], draws=box["draws"],
                    coverage=100 * box["coverage"],
                )
                for box in part[part["turned"] > 0.5].to_dict("records")
            ]  # fmt: skip
    return lines
