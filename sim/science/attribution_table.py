"""What an attribution says in a page: each measure's part, its cost, the strongest pairs."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim import as_text
from sim.as_text import number_text, signed, with_interval
from sim.experiments.comparison_table import policy_title
from sim.experiments.doubt_text import WORDS as WORDS_OF_DOUBT
from sim.experiments.doubt_text import split_line
from sim.experiments.tables import measure_title, new_table, print_place, unit_of
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.science.attribute import NO_COST, YUAN_UNIT

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from sim.science.attribute import Attribution

HOURS_UNIT = 100
"""Hours for which an effect is printed."""

PAIRS = 3
"""Strongest pairs printed."""

WORDS = phrases("attribution_table")


def print_attribution(attribution: Attribution, console: Console, language: str = "en") -> None:
    """Print a table for each outcome, its strongest pairs, and where it is kept."""
    words, question = WORDS[language], attribution.question
    bundle = attribution.bundle.set_index("outcome")
    title = policy_title(question.config, question.config.policy.name, language)
    for outcome in question.outcomes:
        scale, unit = unit_of(outcome, language)
        row: dict[Hashable, Any] = bundle.loc[outcome].to_dict()
        name = INDICATORS[outcome].zh if language == "zh" else INDICATORS[outcome].en
        ends = {key: _plain(scale * row[key]) for key in ("without", "with_bundle")}
        head = words["head"].format(title=title, outcome=name, month=question.config.months, **ends)
        console.print(head, style="bold")
        console.print(_table(attribution, outcome, language))
        pairs = _pairs(attribution, outcome, language)
        if pairs:
            told = words["pairs"].format(unit=unit, pairs=pairs)
            console.print(told)
        console.print(_apart(attribution, outcome, language))
        if said := _chance(attribution, row, name, language):
            console.print(said)
        if row["missing"]:
            every = row["seeds"] + row["missing"]
            told = words["missing"].format(missing=row["missing"], all=every)
            console.print(told, style="red")
        console.print()
    first = attribution.bundle.iloc[0]
    orders = words["all"] if question.exact else words["some"].format(orders=first["orders"])
    console.print(
        words["how"].format(orders=orders, seeds=first["seeds"] + first["missing"]),
        style="dim",
    )
    if first["failed"]:
        console.print(words["failed"].format(failed=first["failed"]), style="red")
    print_place(attribution, console, language)


def _table(attribution: Attribution, outcome: str, language: str) -> Table:
    words, scale = WORDS[language], unit_of(outcome, language)[0]
    texts = {"unit": unit_of(outcome, language)[1], "hours": HOURS_UNIT}
    heads = (
        "measure",
        "value",
        "share",
        "alone",
        "left_out",
        "hours",
        "yuan",
        "per_hours",
        "per_yuan",
    )
    table = new_table([words[head].format(**texts) for head in heads])
    rows = attribution.values[attribution.values["outcome"] == outcome]
    for row in rows.sort_values("value", key=abs, ascending=False).to_dict("records"):
        table.add_row(
            measure_title(attribution.question.config, row["measure"], language),
            _ranged(row, scale),
            as_text.MISSING if math.isnan(row["share"]) else f"{100 * row['share']:.0f}",
            signed(scale * row["alone"]),
            signed(scale * row["left_out"]),
            number_text(row["hours"], language),
            number_text(row["yuan"], language),
            _per(row, "hour", "hours", scale * HOURS_UNIT, language),
            _per(row, "10000_yuan", "yuan", scale, language),
        )
    bundle = attribution.bundle.set_index("outcome")["effect"]
    costs = [number_text(bundle[name], language) for name in ("hours", "yuan")]
    # What a bundle's effect costs is the sum of the parts over the sum of the costs.
    per = [_quotient(scale * bundle[outcome], bundle["hours"] / HOURS_UNIT)]
    per += [_quotient(scale * bundle[outcome], bundle["yuan"] / YUAN_UNIT)]
    whole = signed(scale * bundle[outcome])
    share = as_text.MISSING if math.isnan(bundle[outcome]) else "100"
    table.add_row(words["sum"], whole, share, "", "", *costs, *per, style="bold")
    return table


def _apart(attribution: Attribution, outcome: str, language: str) -> str:
    """What the columns beside the parts add up to, and why it is not the bundle."""
    scale = unit_of(outcome, language)[0]
    rows = attribution.values[attribution.values["outcome"] == outcome]
    effect = attribution.bundle.set_index("outcome")["effect"][outcome]
    # As printed: whoever adds up the column finds this number.
    sums = {
        k: signed(sum(round(scale * value, 1) for value in rows[k].tolist()))
        for k in ("alone", "left_out")
    }
    return WORDS[language]["apart"].format(**sums, whole=signed(scale * effect))


def _chance(attribution: Attribution, row: dict[Hashable, Any], name: str, language: str) -> str:
    """How much of the spread of the bundle's effect is chance; empty without doubt."""
    config = attribution.question.config
    title = policy_title(config, config.policy.name, language)
    of = WORDS_OF_DOUBT[language]["of"].format(policy=title, name=name)
    return split_line(row, of, config.months, language)


def _ranged(row: dict[Any, Any], scale: float) -> str:
    value, low, high = (scale * row[name] for name in ("value", "low", "high"))
    return with_interval(value, low, high)


def _per(row: dict[Any, Any], title: str, cost: str, scale: float, language: str) -> str:
    if row[f"reason_{cost}"] == NO_COST:
        return WORDS[language]["free"]
    return _quotient(scale * row[f"per_{title}"], 1.0)


def _quotient(above: float, below: float) -> str:
    return as_text.MISSING if math.isnan(above) or not below > 0 else f"{above / below:+.2g}"


def _plain(value: float) -> str:
    return as_text.MISSING if math.isnan(value) else f"{value:.1f}"


def _pairs(attribution: Attribution, outcome: str, language: str) -> str:
    scale = unit_of(outcome, language)[0]
    frame = attribution.interactions
    rows: pd.DataFrame = frame[frame["outcome"] == outcome].dropna(subset="value")
    rows = rows.sort_values("value", key=abs, ascending=False).head(PAIRS)
    joined = "、" if language == "zh" else "; "
    return joined.join(
        " × ".join(
            measure_title(attribution.question.config, row[k], language)
            for k in ("first", "second")
        )
        + f" {_ranged(row, scale)}"
        for row in rows.to_dict("records")
    )
