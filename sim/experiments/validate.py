"""Hold every case against what was reported, and the model against patterns known from elsewhere.

One table over all cases: target, reported figure, what the model gives with the case's policy and
without any measure, and the verdict. A missed target stays missed; whether a case was used to fit
parameters stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import known, outcomes
from sim.compose import choices, load
from sim.config import OFF
from sim.experiments.run import spread
from sim.experiments.summary import markdown, spread_of, spread_text, target_value, verdict
from sim.experiments.tables import print_rows

if TYPE_CHECKING:
    from rich.console import Console

    from sim.config import Config, Target

MONTHS = 36
"""Months lived after month 0: the latest target's."""


@dataclass(frozen=True)
class Validation:
    """All verdicts.

    Attributes:
        cases: A row per target: case, policy, target, month, reported, low, high, with the policy
            (median, q05, q95, share_inside), without measures (none_ the same), verdict, use.
        patterns: A row per pattern known from outside the cases, which needs no fitting: pattern, low, high,
            the model's median, q05, q95, verdict, source.
    """

    cases: pd.DataFrame
    patterns: pd.DataFrame


def cases() -> list[str]:
    """Scenarios that have targets."""
    return [name for name in choices("scenario") if load(name).scenario.targets]


def validate(
    replications: int = 10, seed: int = 1, workers: int = 0, progress: bool = False,
    doubt: str = OFF,
) -> Validation:  # fmt: skip
    """Run every case with its policy and without measures, from one history per seed.

    Args:
        replications: Seeds per case.
        seed: The first of them.
        workers: Processes, 0 for one per core.
        progress: Show a bar per case on standard error.
        doubt: "on": each seed lives a parameter set of its own from the posterior; "off": all the defaults.

    Returns:
        Tables of targets and patterns.
    """
    keys: dict[str, Any] = {"months": MONTHS, "replications": replications, "seed": seed}
    keys["doubt"] = doubt
    keys["executor"] = {"workers": workers}
    rows: list[dict[str, Any]] = []
    patterns: list[dict[str, Any]] = []
    for name in cases():
        bare = load(name, policy="none", **keys)
        config = load(name, policy=bare.scenario.policy, **keys)
        lived = spread(config, partial(both_futures, bare, config), progress)
        rows += [_row(config, target, lived) for target in config.scenario.targets]
        if config.district.compounds > 20:
            patterns += _district_patterns(name, lived)
    patterns.append(_contact_fades(load("ordinary_estate", policy="none", **keys), progress))
    return Validation(pd.DataFrame(rows), pd.DataFrame(patterns))


# --- one seed -----------------------------------------------------------------------------------


def both_futures(
    bare: Config, config: Config, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months (M,) and indicators (M, C, K) with the policy and without."""
    from sim.model import NeighborhoodModel

    past = NeighborhoodModel(bare.drawn(seed), seed=seed)
    past.live_until(0)
    governed = past.fork(config.drawn(seed))
    governed.run()
    past.run()
    return past.recorder.months, governed.recorder.values, past.recorder.values


def _row(config: Config, target: Target, lived: list[Any]) -> dict[str, Any]:
    governed = np.array([target_value(target, months, a) for months, a, _ in lived])
    bare = np.array([target_value(target, months, b) for months, _, b in lived])
    with_policy, without = spread_of(governed), spread_of(bare)
    return {
        "case": config.scenario.name,
        "policy": config.policy.name,
        "target": target.label,
        "indicator": target.indicator,
        "month": target.month,
        "relative": target.relative,
        "reported": math.nan if target.reported is None else target.reported,
        "low": target.low,
        "high": target.high,
        "median": with_policy["median"],
        "q05": with_policy["low"],
        "q95": with_policy["high"],
        "share_inside": _inside(target, governed),
        "none_median": without["median"],
        "none_q05": without["low"],
        "none_q95": without["high"],
        "none_share_inside": _inside(target, bare),
        "verdict": verdict(target.low, target.high, with_policy["median"]),
        "use": target.use,
    }


def _inside(target: Target, values: np.ndarray) -> float:
    there = values[~np.isnan(values)]
    return float(known.mean((there >= target.low) & (there <= target.high)))


# --- patterns -----------------------------------------------------------------------------------


def _pattern(
    name: str, expected: tuple[float, float], source: str, values: list[float]
) -> dict[str, Any]:
    """A row: what is observed, and the interval that the median over runs must lie in."""
    low, high = expected
    model = spread_of(np.array(values))
    return {
        "pattern": name, "low": low, "high": high, "median": model["median"], "q05": model["low"],
        "q95": model["high"], "verdict": verdict(low, high, model["median"]), "source": source,
    }  # fmt: skip


def _district_patterns(case: str, lived: list[Any]) -> list[dict[str, Any]]:
    """Concentration of complaints and two humps of collection, in the year to month 0."""
    names = list(outcomes.INDICATORS)
    share, calls_of_all, paid = map(
        names.index, ("property_call_share", "hotline_calls", "collection_rate")
    )
    top, middle = [], []
    for months, _, bare in lived:
        in_year = bare[(months > -12) & (months <= 0)]
        # Of no calls no share is property's, and none of them are calls on property.
        calls = np.nansum(in_year[:, :, share] * in_year[:, :, calls_of_all], axis=0)
        calls, rates = np.sort(calls)[::-1], known.mean(in_year[:, :, paid], axis=0)
        top.append(float(calls[: max(round(0.11 * len(calls)), 1)].sum() / max(calls.sum(), 1e-9)))
        # Where a year long no fees are due, a compound is in neither hump.
        rates = rates[~np.isnan(rates)]
        middle.append(float(known.mean((rates > 0.35) & (rates < 0.65))))
    return [
        _pattern(
            f"{case}: share of complaints from the worst 11% of compounds", (0.30, 0.65),
            "Shanghai 2018: 47% (W); interval assumed", top,
        ),
        _pattern(
            f"{case}: share of compounds that collect 35% to 65% (two humps if under a fifth)", (0.0, 0.20),
            "two regimes (model's own claim); 71% to 90% collected in most samples (W)", middle,
        ),
    ]  # fmt: skip


def _contact_fades(config: Config, progress: bool) -> dict[str, Any]:
    """Share of what two years of visits gave that is left a year after they end."""
    visits = {"measures": {"member_contact": {"start": 1, "end": 25}}}
    keys: dict[str, Any] = {
        "months": MONTHS,
        "replications": config.replications,
        "seed": config.seed,
        "doubt": config.doubt,
    }
    governed = load("ordinary_estate", policy=visits, executor=config.executor.model_dump(), **keys)
    lived = spread(governed, partial(both_futures, config, governed), progress)
    k = outcomes.column("collection_rate")
    left = []
    for months, a, b in lived:
        gain = known.mean((a - b)[:, :, k], axis=1)
        # Means over months keep single months' luck out of the ratio.
        ended, late = (months > 18) & (months <= 24), months > 33
        before, after = known.mean(gain[ended]), known.mean(gain[late])
        left.append(float(after / before) if before > 0.005 else math.nan)
    return _pattern(
        "share of a contact campaign's gain left a year after it ends", (0.0, 0.9),
        "fades by 10% to 20% a year after long treatment, faster after short (Allcott and Rogers 2014)", left,
    )  # fmt: skip


# --- words --------------------------------------------------------------------------------------


def as_markdown(result: Validation) -> str:
    """Both tables as Markdown, for documents."""
    return markdown(*_case_cells(result.cases)) + "\n" + markdown(*_pattern_cells(result.patterns))


def print_validation(result: Validation, console: Console) -> None:
    """Print both tables."""
    for title, cells in (
        ("Cases", _case_cells(result.cases)),
        ("Patterns from outside", _pattern_cells(result.patterns)),
    ):
        print_rows(console, *cells, title=title)


def _case_cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    head = [
        "case",
        "target",
        "month",
        "reported",
        "allowed",
        "model [90%]",
        "without measures [90%]",
        "verdict",
    ]
    rows = []
    for row in frame.to_dict("records"):
        text: Callable[[float], str] = partial(_value, str(row["indicator"]), bool(row["relative"]))
        rows.append(
            [
                row["case"], row["target"], f"{row['month']:+d}",
                "" if math.isnan(row["reported"]) else text(row["reported"]),
                f"{text(row['low'])} to {text(row['high'])}",
                spread_text(row, ("median", "q05", "q95"), text),
                spread_text(row, ("none_median", "none_q05", "none_q95"), text),
                f"{row['verdict']}, {row['use']}",
            ]
        )  # fmt: skip
    return head, rows


def _pattern_cells(frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    head = ["pattern", "allowed", "model [90%]", "verdict", "source"]
    rows = [
        [
            row["pattern"], f"{row['low']:.2f} to {row['high']:.2f}",
            spread_text(row, ("median", "q05", "q95"), _plain), row["verdict"], row["source"],
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return head, rows


def _plain(value: float) -> str:
    return f"{value:.2f}"


def _value(indicator: str, relative: bool, value: float) -> str:
    if relative:
        return f"{100 * value:+.0f}%"
    return f"{100 * value:.0f}%" if outcomes.INDICATORS[indicator].share else f"{value:.3g}"
