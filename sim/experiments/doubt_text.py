"""What is said of chance and of doubt about parameters: which were drawn, what part of a spread is which, how sure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.as_text import exact_text, points_text, value_text
from sim.config import Config
from sim.experiments import doubt, paired
from sim.experiments.doubt import Weak, weakest
from sim.outcomes import INDICATORS, Indicator
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.experiments.compare import Comparison
    from sim.experiments.precision import Precision

WORDS = phrases("doubt")


def level_lines(
    config: Config,
    months: pd.DataFrame,
    twins: pd.DataFrame,
    asked: Precision | None = None,
    language: str = "en",
) -> list[str]:
    """What is said of one policy: the split at +24, or the last month, and how well the mean is known.

    Args:
        config: What was lived.
        months: Frame of run, month and indicators.
        twins: Second runs of parameter sets, alike.
        asked: How well what was to be known, if anything was asked.
        language: "en" or "zh".
    """
    name, month = _what(asked, config.months)
    lines = []
    if config.doubted:
        label = _name(INDICATORS[name], language)
        said = _split(doubt.matched(months, twins), name, month, label, language)
        lines.append(said or WORDS[language]["unknown"].format(of="", month=month))
    means = months[months["month"] == month].groupby("run")[name].mean().dropna()
    known = paired.mean(means.to_numpy())
    if not math.isnan(known.low):
        indicator = INDICATORS[name]
        value, low, high = (value_text(v, indicator, language) for v in known)
        lines.append(
            WORDS[language]["known"].format(
                runs=len(means), name=_name(indicator, language), month=month, value=value, low=low, high=high
            )
        )  # fmt: skip
    return lines + _reached(asked, known.high - known.low, months["run"].nunique(), language)


def comparison_lines(comparison: Comparison, scenario: str, language: str = "en") -> list[str]:
    """What is said of a comparison in one scenario.

    Counts of parameter sets in which a policy beats the reference, what would have to be wrong where it does
    in all of them, the split of each difference, and how well the differences are known.
    """
    from sim.experiments.comparison_table import effects_at, policy_title

    question, asked = comparison.question, comparison.question.precision
    config = question.configs[scenario, question.reference]
    name, month = _what(asked, config.months)
    lines, shown = (
        list[str](),
        {p: policy_title(question.configs[scenario, p], p, language) for p in question.policies},
    )
    for policy in question.policies if config.doubted else ():
        runs, values, gains = _by_seed(comparison, scenario, policy, name, month)
        lines += _held(policy, runs, values, gains, comparison, shown, name, month, language)
    if config.doubted:
        lines += _splits(comparison, scenario, name, month, shown, language)
    rows = effects_at(comparison, scenario, month)
    rows = rows[rows["indicator"] == name]
    width = float((rows["high"] - rows["low"]).max())
    count = len(comparison.runs[comparison.runs["scenario"] == scenario]) // len(question.policies)
    if not math.isnan(width):
        indicator = INDICATORS[name]
        lines.append(
            WORDS[language]["width"].format(
                runs=count, name=_name(indicator, language), month=month, width=_size(width, indicator, language)
            )
        )  # fmt: skip
    # One difference that is not known keeps all of them from being known.
    width = float((rows["high"] - rows["low"]).max(skipna=False))
    return lines + _reached(asked, width, count, language)


def _what(asked: Precision | None, months: int) -> tuple[str, int]:
    """Indicator and month that are told of."""
    return (paired.MAIN, min(24, months)) if asked is None else (asked.indicator, asked.month)


def _name(indicator: Indicator, language: str) -> str:
    return indicator.zh if language == "zh" else indicator.en[:1].lower() + indicator.en[1:]


def _size(width: float, indicator: Indicator, language: str) -> str:
    """How wide, in the indicator's unit."""
    if indicator.share:
        return WORDS[language]["points"].format(n=points_text(100 * width))
    return exact_text(width, 3)


def _splits(
    comparison: Comparison,
    scenario: str,
    name: str,
    month: int,
    shown: dict[str, str],
    language: str,
) -> list[str]:
    """The split of every difference, and of which it cannot be told."""
    words, lines, unknown = WORDS[language], list[str](), list[str]()
    label = _name(INDICATORS[name], language)
    for policy in comparison.question.policies:
        if policy == comparison.question.reference:
            continue
        found = ""
        if len(comparison.twins):
            of = words["of"].format(policy=shown[policy], name=label)
            found = _split(comparison.differences(scenario, policy), name, month, of, language)
        lines += [found] if found else []
        unknown += [] if found else [shown[policy]]
    if unknown:
        names = ("、" if language == "zh" else ", ").join(unknown)
        lines.append(
            words["unknown"].format(of=words["unknown_of"].format(names=names), month=month)
        )
    return lines


def _split(found: doubt.Matched, name: str, month: int, label: str, language: str) -> str:
    """The split in one indicator and month; empty where it cannot be told."""
    frame = doubt.split_frame(*found, [month])
    row = frame[frame["indicator"] == name].to_dict("records")[0]
    return split_line(row, label, month, language)


def split_line(row: Mapping[Any, Any], label: str, month: int, language: str = "en") -> str:
    """How a spread parts into chance and doubt, in a sentence; empty where too few sets were lived twice to tell.

    Args:
        row: With ``pairs``, ``chance``, ``chance_low`` and ``chance_high``, see ``doubt.Share``.
        label: Of what.
        month: In which month.
        language: "en" or "zh".
    """
    if math.isnan(row["chance"]):
        said = WORDS[language]["outweighed"].format(name=label, month=month, pairs=row["pairs"])
        return "" if math.isnan(row["chance_high"]) else said
    chance, low, high = (round(100 * row[key]) for key in ("chance", "chance_low", "chance_high"))
    return WORDS[language]["split"].format(
        name=label, month=month, chance=chance, doubt=100 - chance, low=low, high=high, pairs=row["pairs"]
    )  # fmt: skip


def _by_seed(
    comparison: Comparison, scenario: str, policy: str, name: str, month: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Runs of a policy that lived, and by run its value and its gain on the reference, better above 0."""
    frame = comparison.months
    frame = frame[(frame["scenario"] == scenario) & (frame["month"] == month)]
    means = frame.groupby(["policy", "seed"])[name].mean()
    runs = comparison.runs
    runs = runs[
        (runs["scenario"] == scenario) & (runs["policy"] == policy) & (runs["status"] == "ok")
    ]
    mine, other = (
        means[p].reindex(runs["seed"]).to_numpy() for p in (policy, comparison.question.reference)
    )
    return runs, mine, INDICATORS[name].better * (mine - other)


def _held(
    policy: str,
    runs: pd.DataFrame,
    values: np.ndarray,
    gains: np.ndarray,
    comparison: Comparison,
    shown: dict[str, str],
    name: str,
    month: int,
    language: str,
) -> list[str]:
    """In how many parameter sets a policy is ahead, or at its goal in all of them; and then what that hangs on."""
    words, indicator, reference = WORDS[language], INDICATORS[name], comparison.question.reference
    there = int(np.count_nonzero(~np.isnan(gains)))
    draws = int(runs["draw"].nunique())
    sets = words["sets"] if draws == len(runs) else words["runs_of"].format(draws=draws)
    said = {
        "policy": shown[policy],
        "name": _name(indicator, language),
        "month": month,
        "sets": sets,
    }
    lines, weak = list[str](), None
    # Of a means to an end, as attendance, neither more nor less is better: P(better) is missing there too.
    if policy != reference and there and indicator.better:
        ahead, same = int((gains > 0).sum()), int((gains == 0).sum())
        unit = "组" if draws == len(runs) else "次"
        tied = words["tied"].format(same=same, unit=unit) if same else ""
        lines.append(
            words["beats"].format(
                **said, ahead=ahead, all=there, reference=shown[reference], unit=unit, tied=tied
            )
        )
        # In sets where one of the two has no rate, as without a firm, nothing can be told.
        weak = weakest(gains, runs) if ahead == there else None
    bound = comparison.question.threshold
    whole = not np.isnan(values).any()
    if name == paired.MAIN and policy != reference and whole and len(runs) > 1:
        goal = weakest(values - bound, runs)
        if goal is not None:
            least = _size(goal.least, indicator, language)
            percent = f"{exact_text(100 * bound)}%"
            lines.append(words["goal"].format(**said, all=len(runs), bound=percent, least=least))
            return [*lines, _wrong(goal, language)]
    if weak is not None:
        margin = words["margin"].format(least=_size(weak.least, indicator, language))
        lines[-1] += ("" if language == "zh" else " ") + margin
        lines.append(_wrong(weak, language))
    return lines


def _wrong(weak: Weak, language: str) -> str:
    words = WORDS[language]
    if not weak.key:
        return words["wrong_else"]
    low, high, beyond = (exact_text(v, 3) for v in (weak.low, weak.high, weak.beyond))
    return words["wrong"].format(
        key=key_text(weak.key, language),
        correlation=f"{weak.correlation:+.2f}",
        beyond=beyond,
        low=low,
        high=high,
    )


def key_text(key: str, language: str) -> str:
    """A parameter as a sentence names it: its key, in Chinese behind its name."""
    if language == "en":
        return key
    name = next((row.zh for row in Config.describe() if row.key == key), "")
    return f"{name}（{key}）" if name else key


def _reached(asked: Precision | None, width: float, runs: int, language: str) -> list[str]:
    """Whether the precision asked for was reached."""
    if asked is None:
        return []
    key = "reached" if width <= asked.width else "bound"
    wanted = _size(asked.width, INDICATORS[asked.indicator], language)
    return [WORDS[language][key].format(wanted=wanted, runs=runs, most=asked.most)]
