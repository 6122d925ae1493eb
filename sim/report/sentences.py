"""Plain sentences about runs; every number in them is counted from the runs."""

from __future__ import annotations

import math
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
        said.append(_gain(policy, reference, month, words))
    said.append(_level(policy, reference, "satisfied_share", month, words["satisfied"], language))
    said.append(_places(policy, reference, words))
    said.append(_cost(policy, households, last, words, language))
    if end is not None and end < last:
        said.append(_fading(policy, reference, end, min(12, last - end), words))
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
            text.format(
                month=at, value=percent_text(value), low=percent_text(low), high=percent_text(high)
            )
        )
    return said


def spread(values: np.ndarray) -> tuple[float, float, float]:
    """Median, 5% and 95% of the runs that have a value; NaN where none has."""
    low, middle, high = known.quantiles(values, [0.05, 0.5, 0.95])
    return float(middle), float(low), float(high)


def _reaching(
    policy: Runs, reference: Runs, level: float, month: int, words: dict[str, str]
) -> str:
    # Where most runs are there at the start, reaching it says nothing; holding it does.
    there = spread(reference.at(MAIN, 0))[0] >= level
    count, name = (holds, "holds") if there else (passes, "passes")
    return words[name].format(
        a=count(policy, level, month), b=count(reference, level, month), n=len(policy.seeds),
        level=f"{exact_text(100 * level)}%", month=month,
    )  # fmt: skip


def _gain(policy: Runs, reference: Runs, month: int, words: dict[str, str]) -> str:
    ours, theirs = policy.at(MAIN, month), reference.at(MAIN, month)
    gain = difference(Gain(ours, theirs), 1)
    pairs, every = gain["pairs"], len(ours)
    if not pairs:
        return words["gain_none"].format(month=month)
    side = _side(gain)
    count = int((ours < theirs).sum() if side < 0 else (ours > theirs).sum())
    said = words[("alike", "higher", "lower")[side]].format(
        month=month, a=count, n=pairs, **_gain_points(gain, side)
    )
    return said if pairs == every else said + words["gain_few"].format(n=pairs, all=every)


def _side(gain: dict[str, Any]) -> int:
    """1 where a gain is one for certain, -1 where it is a loss, 0 where neither is certain."""
    if math.isnan(gain["difference"]):
        return 0
    if math.isnan(gain["low"]):
        return int(np.sign(gain["difference"]))
    return int(gain["low"] > 0) - int(gain["high"] < 0)


def _gain_points(gain: dict[str, Any], side: int) -> dict[str, str]:
    """A gain and its interval in points: from 0 up where its side is said, else with signs."""
    ends = ("high", "low") if side < 0 else ("low", "high")
    numbers = (100 * gain[name] for name in ("difference", *ends))
    texts = [points_text(abs(n)) if side else signed(n).replace("+0.0", "0.0") for n in numbers]
    return dict(zip(("gain", "low", "high"), texts, strict=True))


def _level(
    policy: Runs, reference: Runs, indicator: str, month: int, text: str, language: str
) -> str:
    value, low, high = spread(policy.at(indicator, month))
    other = spread(reference.at(indicator, month))[0]
    words = SENTENCES[language]
    text = words[f"nothing_{indicator}"] if math.isnan(value) else text
    return text.format(
        month=month, value=percent_text(value), low=percent_text(low), high=percent_text(high),
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


def _cost(policy: Runs, households: int, last: int, words: dict[str, str], language: str) -> str:
    hours, yuan = float(policy.hours.mean()), float(policy.yuan.mean())
    if not hours and not yuan:
        return words["free"]
    share = households * last / 12
    return words["cost"].format(
        last=last, hours=number_text(hours, language), yuan=number_text(yuan, language),
        each=number_text(hours / share, language), fen=number_text(yuan / share, language),
    )  # fmt: skip


def _fading(policy: Runs, reference: Runs, end: int, after: int, words: dict[str, str]) -> str:
    before, later = (
        _standing(difference(Gain(policy.at(MAIN, month), reference.at(MAIN, month)), 1), words)
        for month in (end, end + after)
    )
    return words["fades"].format(end=end, after=after, before=before, later=later)


def _standing(gain: dict[str, Any], words: dict[str, str]) -> str:
    if not gain["pairs"]:
        return words["not_compared"]
    side = _side(gain)
    points = _gain_points(gain, side)
    interval = "" if math.isnan(gain["low"]) else words["interval"].format(**points)
    return words[("beside", "above", "below")[side]].format(**points, interval=interval)


def _worse(policy: Runs, reference: Runs, month: int, words: dict[str, str], language: str) -> str:
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
    if not items:
        return words["none_worse"].format(count=watched, month=month)
    names = words["sep"].join(items[:MOST_WORSE])
    if len(items) > MOST_WORSE:
        names = words["worse_more"].format(names=names, count=len(items))
    return words["worse"].format(month=month, names=names)
