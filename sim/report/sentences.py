"""Plain sentences about runs; every number in them is counted from the runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim import known
from sim.as_text import (
    exact_text,
    number_text,
    percent_text,
    points_text,
    signed,
    value_text,
)
from sim.experiments.paired import Gain, difference
from sim.outcomes import INDICATORS, column
from sim.report.words import SENTENCES

MAIN = "collection_rate"

WATCHED = (
    "collection_rate", "satisfied_share", "grievance", "complaints_per_1000", "petitions_per_1000",
    "open_conflict_share", "issues_in_place_share", "service_condition", "trust_firm", "trust_cell",
    "trust_committee", "free_rider_share", "misuse_share", "satisfaction_gap_age",
)  # fmt: skip
"""Indicators whose turn for the worse is told."""

MOST_WORSE = 4
"""Indicators that got worse which one sentence names."""

FEW = 20
"""Runs below which a sentence says that numbers will still move."""


@dataclass(frozen=True)
class Runs:
    """One policy under several seeds.

    Attributes:
        seeds: Seeds (S,), rising.
        months: Months (M,), rising; 0 is the last before the policy.
        values: Indicators (S, M, K) in the order of ``INDICATORS``.
        hours, yuan: Spent from month 1 on (S,).
    """

    seeds: np.ndarray
    months: np.ndarray
    values: np.ndarray
    hours: np.ndarray
    yuan: np.ndarray

    def of(self, indicator: str) -> np.ndarray:
        """One indicator (S, M)."""
        return self.values[:, :, column(indicator)]

    def at(self, indicator: str, month: int) -> np.ndarray:
        """One indicator in one month (S,)."""
        place = int(np.searchsorted(self.months, month))
        return self.of(indicator)[:, place]

    def only(self, seeds: np.ndarray) -> Runs:
        """The runs under some of the seeds."""
        kept = np.isin(self.seeds, seeds)
        if kept.all():
            return self
        return Runs(
            self.seeds[kept], self.months, self.values[kept], self.hours[kept], self.yuan[kept]
        )


def together(policy: Runs, reference: Runs) -> tuple[Runs, Runs]:
    """The runs whose seeds both have."""
    both = np.intersect1d(policy.seeds, reference.seeds)
    return policy.only(both), reference.only(both)


def passes(runs: Runs, level: float, within: int) -> int:
    """Runs in which collection reaches a level in months 1 to ``within``."""
    asked = (runs.months >= 1) & (runs.months <= within)
    return int((runs.of(MAIN)[:, asked] >= level).any(axis=1).sum())


def holds(runs: Runs, level: float, month: int) -> int:
    """Runs in which collection stands at a level or above in one month."""
    return int((runs.at(MAIN, month) >= level).sum())


def about_policy(
    policy: Runs,
    reference: Runs,
    *,
    level: float,
    within: int,
    households: int,
    end: int | None,
    language: str,
) -> list[str]:
    """Sentences about one policy beside the compound left to itself.

    Args:
        policy: Its runs.
        reference: Runs without measures; pairs are made by seed.
        level: Share of fees that is asked about.
        within: Month that is asked about.
        households: Units of the compound.
        end: Last month in which a measure is in force; None without measures.
        language: "en" or "zh".

    Returns:
        The most important first; empty where there are no runs.
    """
    policy, reference = together(policy, reference)
    if not len(policy.seeds):
        return []
    words, last = SENTENCES[language], int(policy.months[-1])
    month = min(within, last)
    said = [_reaching(policy, reference, level, month, words)]
    said.append(_level(policy, reference, MAIN, month, words["level"], language))
    if len(policy.seeds) > 1:
        said.append(_gain(policy, reference, month, language))
    said.append(_level(policy, reference, "satisfied_share", month, words["satisfied"], language))
    said.append(_places(policy, reference, words))
    said.append(_cost(policy, reference, households, last, words, language))
    if end is not None and end < last:
        said.append(fading(policy, reference, end, min(12, last - end), language))
    said.append(_worse(policy, reference, month, words, language))
    if len(policy.seeds) < FEW:
        said.append(words["few"].format(n=len(policy.seeds)))
    return said


def about_reference(reference: Runs, within: int, language: str) -> list[str]:
    """Sentences about the compound left to itself: where it starts and where it goes."""
    if not len(reference.seeds):
        return []
    words, month = SENTENCES[language], min(within, int(reference.months[-1]))
    said = []
    for name, at in (("start", 0), ("alone", month)):
        value, low, high = spread(reference.at(MAIN, at))
        text = words[f"{name}_none" if math.isnan(value) else name]
        said.append(
            text.format(month=at, value=percent_text(value), range=_percents(low, high, language))
        )
    return said


def spread(values: np.ndarray) -> tuple[float, float, float]:
    """Median, 5% and 95% of the runs that have a value; NaN where none has."""
    low, middle, high = known.quantiles(values, [0.05, 0.5, 0.95])
    return float(middle), float(low), float(high)


def span(low: str, high: str, language: str) -> str:
    """Two ends as one text; one of them where both are written alike."""
    return low if low == high else SENTENCES[language]["span"].format(low=low, high=high)


def _percents(low: float, high: float, language: str) -> str:
    return span(percent_text(low), percent_text(high), language)


def counted(reference: Runs, level: float) -> tuple[Callable[[Runs, float, int], int], str]:
    """How runs at a level are counted, and the word for it: ``passes`` or ``holds``.

    Where most runs are there at the start, reaching it says nothing; holding it does.
    """
    there = spread(reference.at(MAIN, 0))[0] >= level
    return (holds, "holds") if there else (passes, "passes")


def level_text(level: float) -> str:
    """A share that was asked about."""
    return f"{exact_text(100 * level)}%"


def _reaching(
    policy: Runs, reference: Runs, level: float, month: int, words: dict[str, str]
) -> str:
    count, name = counted(reference, level)
    return words[name].format(
        a=count(policy, level, month), b=count(reference, level, month), n=len(policy.seeds),
        level=level_text(level), month=month,
    )  # fmt: skip


def between(
    policy: Runs,
    other: Runs,
    reference: Runs,
    names: tuple[str, str],
    *,
    level: float,
    within: int,
    language: str,
) -> str:
    """One policy beside another in a sentence: what it takes, what it collects, how often it gets there.

    Args:
        policy: Its runs.
        other: Runs of what it is held against; pairs are made by seed.
        reference: Runs without measures, whose start decides how runs at the level are counted.
        names: Of the policy and of the other.
        level: Share of fees that is asked about.
        within: Month that is asked about.
        language: "en" or "zh".

    Returns:
        The sentence; empty where no seed is shared.
    """
    policy, other = together(policy, other)
    if not len(policy.seeds):
        return ""
    words, month = SENTENCES[language], min(within, int(policy.months[-1]))
    gain = difference(Gain(policy.at(MAIN, month), other.at(MAIN, month)), 1)
    return words["between"].format(
        name=names[0], other=names[1], month=month, spent=_spent_beside(policy, other, language),
        gap=_gap(gain, len(policy.seeds), language),
        odds=_odds(policy, other, counted(reference, level), level, month, words),
    )  # fmt: skip


def _spent_beside(policy: Runs, other: Runs, language: str) -> str:
    words, parts, last = SENTENCES[language], [], int(policy.months[-1])
    for unit in ("hours", "yuan"):
        ours, theirs = (float(getattr(runs, unit).mean()) for runs in (policy, other))
        if ours and theirs:
            ratio = ratio_text(ours / theirs, language)
            key = f"ratio_{unit}" if ratio else f"even_{unit}"
            parts.append(words[key].format(ratio=ratio))
        elif ours:
            amount = number_text(ours / last, language)
            parts.append(words[f"more_{unit}"].format(amount=amount))
        elif theirs:
            parts.append(words[f"none_{unit}"])
    if not parts:
        return words["takes_nothing"]
    return words["takes"].format(parts=words["takes_sep"].join(parts))


def ratio_text(ratio: float, language: str) -> str:
    """How many times as much, as people say it: 1/5, 62%, 2.3 times; empty where both are as much."""
    if 0.95 <= ratio < 1.05:
        return ""
    if ratio > 1:
        digits = 0 if ratio >= 9.95 else 1
        return SENTENCES[language]["times"].format(ratio=f"{ratio:,.{digits}f}")
    # A third is 33%: only from a quarter down is a fraction shorter and as near.
    return f"1/{1 / ratio:,.0f}" if ratio < 0.27 else f"{100 * ratio:.0f}%"


def _gap(gain: dict[str, Any], every: int, language: str) -> str:
    words, pairs = SENTENCES[language], gain["pairs"]
    if not pairs:
        return words["gap_none"]
    side = _side(gain)
    points = _gain_points(gain, side, language)
    told = not (math.isnan(gain["low"]) or _too_wide(gain))
    aside = [words["gap_interval"].format(**points)] if told else []
    aside += [] if pairs == every else [words["gap_pairs"].format(pairs=pairs)]
    key = ("gap_alike", "gap_higher", "gap_lower")[side]
    more = words["aside"].format(text=words["aside_sep"].join(aside)) if aside else ""
    return words[key].format(gain=points["gain"]) + more


def _odds(
    policy: Runs,
    other: Runs,
    how: tuple[Callable[[Runs, float, int], int], str],
    level: float,
    month: int,
    words: dict[str, str],
) -> str:
    count, name = how
    a, b, n = count(policy, level, month), count(other, level, month), len(policy.seeds)
    ours, theirs = (_often(part, n) for part in (a, b))
    key = ("odds" if name == "passes" else "holds") + ("_alike" if ours == theirs else "_unlike")
    return words[key].format(word=words[ours], a=a, b=b, n=n, level=level_text(level))


def _often(count: int, of: int) -> str:
    """The word for how many of some runs."""
    if count in (0, of):
        return "all_runs" if count else "no_runs"
    steps = ((0.1, "hardly"), (0.4, "some"), (0.6, "half"), (0.9, "most"))
    return next((word for top, word in steps if count / of < top), "nearly_all")


def _gain(policy: Runs, reference: Runs, month: int, language: str) -> str:
    words = SENTENCES[language]
    ours, theirs = policy.at(MAIN, month), reference.at(MAIN, month)
    gain = difference(Gain(ours, theirs), 1)
    pairs, every = gain["pairs"], len(ours)
    if not pairs:
        return words["gain_none"].format(month=month)
    side = _side(gain)
    if _too_wide(gain):
        return words["gain_untold"].format(
            month=month, n=pairs, all=every, gain=signed(100 * gain["difference"])
        )
    count = int((ours < theirs).sum() if side < 0 else (ours > theirs).sum())
    said = words[("alike", "higher", "lower")[side]].format(
        month=month, a=count, n=pairs, **_gain_points(gain, side, language)
    )
    return said if pairs == every else said + words["gain_few"].format(n=pairs, all=every)


def _too_wide(gain: dict[str, Any]) -> bool:
    """Whether an interval of shares reaches beyond what a difference of two can be: it is of two or three pairs."""
    return bool(max(abs(gain["low"]), abs(gain["high"])) > 1.0)


def _side(gain: dict[str, Any]) -> int:
    """1 where a gain is one for certain, -1 where it is a loss, 0 where neither is certain."""
    if math.isnan(gain["difference"]):
        return 0
    if math.isnan(gain["low"]):
        return int(np.sign(gain["difference"]))
    return int(gain["low"] > 0) - int(gain["high"] < 0)


def _gain_points(gain: dict[str, Any], side: int, language: str) -> dict[str, str]:
    """A gain and its interval in points: from 0 up where its side is said, else with signs."""
    ends = ("high", "low") if side < 0 else ("low", "high")
    numbers = (100 * gain[name] for name in ("difference", *ends))
    texts = [points_text(abs(n)) if side else signed(n).replace("+0.0", "0.0") for n in numbers]
    middle, low, high = texts
    return {"gain": middle, "range": span(low, high, language)}


def _level(
    policy: Runs, reference: Runs, indicator: str, month: int, text: str, language: str
) -> str:
    value, low, high = spread(policy.at(indicator, month))
    other = spread(reference.at(indicator, month))[0]
    words = SENTENCES[language]
    text = words[f"nothing_{indicator}"] if math.isnan(value) else text
    return text.format(
        month=month, value=percent_text(value), range=_percents(low, high, language),
        other=_or_why(other, indicator, words),
    )  # fmt: skip


def _places(policy: Runs, reference: Runs, words: dict[str, str]) -> str:
    name, year = "issues_in_place_share", policy.months[policy.months >= 1][-12:]
    value, other = (
        float(known.median(known.mean(runs.of(name)[:, np.isin(runs.months, year)], axis=1)))
        for runs in (policy, reference)
    )
    text = words[f"nothing_{name}" if math.isnan(value) else "place"]
    return text.format(
        value=percent_text(value), other=_or_why(other, name, words), months=len(year)
    )


def _or_why(share: float, indicator: str, words: dict[str, str]) -> str:
    """A share, or why there is none."""
    return words[f"why_{indicator}"] if math.isnan(share) else percent_text(share)


def _bare(reference: Runs, words: dict[str, str], language: str) -> str:
    """What is spent without measures too; nothing where nothing is."""
    hours, yuan = float(reference.hours.mean()), float(reference.yuan.mean())
    if not hours and not yuan:
        return ""
    return words["cost_bare"].format(
        hours=number_text(hours, language), yuan=number_text(yuan, language)
    )


def _cost(
    policy: Runs, reference: Runs, households: int, last: int, words: dict[str, str], language: str
) -> str:
    hours, yuan = float(policy.hours.mean()), float(policy.yuan.mean())
    if not hours and not yuan:
        return words["free"]
    share = households * last / 12
    return words["cost"].format(
        last=last, hours=number_text(hours, language), yuan=number_text(yuan, language),
        each=number_text(hours / share, language), fen=number_text(yuan / share, language),
        bare=_bare(reference, words, language),
    )  # fmt: skip


def fading(policy: Runs, reference: Runs, end: int, after: int, language: str) -> str:
    """What is left of a gain some months after the last measure ended."""
    before, later = (
        _standing(difference(Gain(policy.at(MAIN, month), reference.at(MAIN, month)), 1), language)
        for month in (end, end + after)
    )
    return SENTENCES[language]["fades"].format(end=end, after=after, before=before, later=later)


def _standing(gain: dict[str, Any], language: str) -> str:
    words = SENTENCES[language]
    if not gain["pairs"]:
        return words["not_compared"]
    side = _side(gain)
    points = _gain_points(gain, side, language)
    interval = "" if math.isnan(gain["low"]) else words["interval"].format(**points)
    return words[("beside", "above", "below")[side]].format(**points, interval=interval)


def _worse(policy: Runs, reference: Runs, month: int, words: dict[str, str], language: str) -> str:
    items, watched = worse(policy, reference, month, language)
    if not items:
        return words["none_worse"].format(count=watched, month=month)
    names = words["sep"].join(items[:MOST_WORSE])
    if len(items) > MOST_WORSE:
        names = words["worse_more"].format(names=names, count=len(items))
    return words["worse"].format(month=month, names=names)


def worse(policy: Runs, reference: Runs, month: int, language: str) -> tuple[list[str], int]:
    """What is worse for certain in a month, item by item, and how many indicators could be."""
    words = SENTENCES[language]
    items, watched = [], 0
    for name in WATCHED:
        shown = INDICATORS[name]
        gain = difference(Gain(policy.at(name, month), reference.at(name, month)), shown.better)
        # What has no value on one side can be neither better nor worse.
        watched += gain["pairs"] > 0
        bad = gain["high"] < 0 if shown.better > 0 else gain["low"] > 0
        if bad:
            unit = "%" if shown.share else ""
            means = (gain["value"], gain["reference_value"])
            value, other = (value_text(mean, shown, language) + unit for mean in means)
            # What is worse by less than is written would read as a mistake.
            if value != other:
                label = shown.zh if language == "zh" else shown.en
                # Two rounded percents are not as far apart as what they were rounded from.
                gap = gain["difference"] * (100 if shown.share else 1)
                told = words["points"].format(gap=signed(gap)) if shown.share else signed(gap)
                items.append(
                    words["worse_item"].format(name=label, value=value, other=other, gap=told)
                )
    return items, watched
