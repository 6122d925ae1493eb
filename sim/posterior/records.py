"""Which record to keep next: what knowing it is worth for the choice among policies, per hour and yuan it takes.

Expected value of sample information by regression (Strong, Oakley, Brennan and Breeze 2015,
doi 10.1177/0272989X15575286): runs have both what a record would show and what each policy brings, so the mean of the
latter given the former is fitted, and a record is worth what choosing by that mean gains over choosing without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import f

from sim import known
from sim.config import Config
from sim.experiments.answers import Answer
from sim.experiments.compare import Comparison
from sim.experiments.compare import Question as Comparing
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.outcomes import INDICATORS
from sim.posterior import own

YEAR = range(-11, 1)
"""Months over which states are read."""

GROUPS = 20
"""Parts of the runs that are left out in turn for the sampling error (jackknife)."""

LEVEL = 1.645
"""Standard errors from the middle to the ends of a 90% interval."""

STANDS_OUT = 0.95
"""Level of the test whether a record tells anything of what a policy brings."""

SEED = 23

FEWEST = 60
"""Runs from which something is said."""

ALL = "all"


class Cost(NamedTuple):
    """What keeping a record takes in a compound for a year: least, usual, most (all assumed)."""

    hours: tuple[float, float, float]
    yuan: tuple[float, float, float] = (0.0, 0.0, 0.0)


RECORDS = {
    "collection_rate@+0": Cost((1, 2, 4)),
    "collection_households@+0": Cost((2, 4, 8)),
    "collection_all_money@+0": Cost((1, 3, 6)),
    "collection_to_date@-6": Cost((0.5, 1, 2)),
    "collection_rate@-11": Cost((1, 2, 6)),
    "satisfied_share": Cost((20, 40, 80), (200, 600, 2000)),
    "tickets_per_1000": Cost((1, 3, 8)),
    "complaints_per_1000": Cost((3, 6, 12)),
    "days_to_close": Cost((3, 6, 16)),
}
"""Records that a street could keep, as ``own`` names them, with what they take.

Sums of a ledger are an afternoon's work; satisfaction is asked of a hundred residents at the door, which is where its
error of five points comes from; tickets are an export of the hotline, repeats and days a reading of each.
"""


@dataclass(frozen=True, repr=False)
class Collect(Answer):
    """What each record is worth.

    Attributes:
        question: What was asked.
        records: A row a record, most worth first: ``figure``; ``error`` to which it is known; ``value`` that it adds,
            in the indicator's unit (yuan with ``worth``), with the ends of its 90% interval ``low`` and ``high``;
            ``right`` and ``right_with``, chance that the policy chosen ranks first in a run, without and with it;
            ``hours`` and ``yuan`` that it takes, each also ``_low`` and ``_high``; ``price`` of both in yuan. The
            last row is all of them together.
        choices: A row a policy: mean ``outcome``, and the share of runs in which it is ``first``; ``runs`` that have
            an outcome under every policy, of how many (``of``). A rate has none once no firm is there.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("records", "choices")
    MAIN = "records"
    SHOWN = "sim.posterior.records_table:print_records"

    question: Question
    records: pd.DataFrame
    choices: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [next(iter(self.question.comparing.configs.values()))]


@dataclass(frozen=True)
class Question(Kept):
    """Which policies are chosen among, by what.

    Attributes:
        comparing: The comparison whose runs are read, of one scenario; its last month counts.
        indicator: What policies are ranked by.
        worth: Yuan that a unit of it is worth, against which hours and yuan of policies are set; 0 leaves these out.
        hour: Yuan that an hour costs.
    """

    comparing: Comparing
    indicator: str
    worth: float
    hour: float

    ANSWER = Collect

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        first, *others = self.comparing.configs.values()
        words = {"indicator": self.indicator, "worth": self.worth, "hour": self.hour}
        return Asked("collect", first, words, others=tuple(others))

    def maker(self, how: How) -> Maker:
        """What lives the policies, or reads them back, and weighs the records."""
        live = partial(self.comparing.answer, how.out, how.progress, model=how.model)
        return partial(self._tables, live)

    def _tables(self, live: Callable[[], Comparison]) -> dict[str, pd.DataFrame]:
        found = live()
        outcome, policies = self._outcome(found), found.question.policies
        records, choices = weigh(policies, outcome, seen(found), self.hour)
        told = _told(choices["outcome"].to_numpy(), self)
        return {"records": records, "choices": choices.assign(outcome=told)}

    def _outcome(self, found: Comparison) -> np.ndarray:
        """What is to be had most of (runs, policies)."""
        runs = found.runs.set_index(["policy", "run"])
        of = {}
        for policy in found.question.policies:
            one = runs.loc[policy]
            good = (INDICATORS[self.indicator].better or 1) * one[f"{self.indicator}_end"]
            spent = one["hours"] * self.hour + one["yuan"]
            of[policy] = self.worth * good - spent if self.worth else good
        return pd.DataFrame(of).sort_index().to_numpy(dtype=float)


def weigh(
    policies: Sequence[str], outcome: np.ndarray, shown: np.ndarray, hour: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each record adds to the choice.

    Args:
        policies: Their names.
        outcome: What is to be had most of (runs, policies).
        shown: What the records of each run would show, with their errors (runs, records).
        hour: Yuan that an hour costs.

    Returns:
        Rows as of ``Collect.records`` and of ``Collect.choices``.

    Raises:
        RuntimeError: Too few runs have one.
    """
    there = ~np.isnan(outcome).any(axis=1)
    if there.sum() < FEWEST:
        problem = f"{there.sum()} of {len(there)} runs have an outcome under every policy"
        raise RuntimeError(f"{problem}; at least {FEWEST} are needed: replications=200")
    outcome, shown = outcome[there], shown[there]
    # Where a run has nothing to record, as days to close where nothing was closed, nothing is learnt from it.
    shown = np.where(np.isnan(shown), known.mean(shown, axis=0), shown)
    first, rows = _first(outcome), []
    for places in [*([k] for k in range(len(RECORDS))), list(range(len(RECORDS)))]:
        names = [list(RECORDS)[k] for k in places]
        gain, right = (value(of, shown[:, places]) for of in (outcome, first))
        row: dict[str, object] = {"figure": names[0] if len(names) == 1 else ALL}
        row["error"] = error_of(names[0]) if len(names) == 1 else np.nan
        row |= {"value": gain.value, "low": gain.low, "high": gain.high}
        row |= {"right": first.mean(axis=0).max()}
        row["right_with"] = first.mean(axis=0).max() + right.value
        for part in ("hours", "yuan"):
            ends = np.sum([getattr(RECORDS[name], part) for name in names], axis=0)
            row |= dict(zip((f"{part}_low", part, f"{part}_high"), ends.tolist(), strict=True))
        row["price"] = float(row["hours"]) * hour + float(row["yuan"])  # type: ignore[arg-type]
        rows.append(row)
    single = pd.DataFrame(rows[:-1]).sort_values("value", ascending=False, kind="stable")
    choices = pd.DataFrame({"policy": list(policies), "outcome": outcome.mean(axis=0)})
    choices = choices.assign(first=first.mean(axis=0), runs=len(outcome), of=len(there))
    return pd.concat([single, pd.DataFrame(rows[-1:])], ignore_index=True), choices


def _first(outcome: np.ndarray) -> np.ndarray:
    """Which policy ranks first in each run (runs, policies), shared where several do."""
    best = outcome == outcome.max(axis=1, keepdims=True)
    return np.asarray(best / best.sum(axis=1, keepdims=True))


def _told(outcome: np.ndarray, question: Question) -> np.ndarray:
    """Means as the indicator has them, not turned round where less is better."""
    return outcome if question.worth else outcome * (INDICATORS[question.indicator].better or 1)


def error_of(figure: str) -> float:
    """How well a record is known, a standard deviation in its unit (assumed)."""
    return own.ERROR.get(figure, own.RATE_ERROR)


def seen(found: Comparison) -> np.ndarray:
    """What the records of each run would show before the policies begin (runs, records), with their errors."""
    months = found.months
    past = months[(months["policy"] == found.question.policies[0]) & months["month"].isin(YEAR)]
    means = past.groupby(["run", "month"])[list(INDICATORS)].mean()
    year, columns = means.groupby("run").mean(), []
    for record in RECORDS:
        name, _, month = record.partition("@")
        columns.append(means[name].xs(int(month), level="month") if month else year[name])
    return with_errors(pd.concat(columns, axis=1).sort_index().to_numpy(dtype=float))


def with_errors(shown: np.ndarray) -> np.ndarray:
    """Records (runs, records) as they would be kept, each off by its error."""
    noise = np.random.default_rng(SEED).standard_normal(shown.shape)
    return np.asarray(shown + noise * [error_of(record) for record in RECORDS])


# --- the value of a record ------------------------------------------------------------------------


class Worth(NamedTuple):
    """Expected value of sample information with its 90% interval."""

    value: float
    low: float
    high: float


def value(utility: np.ndarray, record: np.ndarray) -> Worth:
    """What choosing by a record gains over choosing without it.

    Args:
        utility: What each option brings (runs, options).
        record: What is seen (runs, records); several are seen together.

    Returns:
        The gain in the unit of ``utility``, never below 0, with the interval of its sampling error (jackknife over
        parts of the runs).
    """
    found = _gain(utility, record)
    part = np.arange(len(utility)) % GROUPS
    without = [_gain(utility[part != k], record[part != k]) for k in range(GROUPS)]
    error = LEVEL * float(np.sqrt((GROUPS - 1) * np.var(without)))
    return Worth(found, max(found - error, 0.0), found + error)


def _gain(utility: np.ndarray, record: np.ndarray) -> float:
    best = int(utility.mean(axis=0).argmax())
    apart = np.delete(utility - utility[:, [best]], best, axis=1)
    if not apart.shape[1]:
        return 0.0
    given = np.column_stack([np.zeros(len(utility)), *(_mean_given(y, record) for y in apart.T)])
    return float(given.max(axis=1).mean())


def _mean_given(outcome: np.ndarray, record: np.ndarray) -> np.ndarray:
    """The mean of an outcome given a record (runs,): a cubic of one record, a plane of several.

    A fit follows chance too, so its spread is taken back to what is left after chance, and nothing is left of one that
    does not stand out from chance (F test).
    """
    scaled = (record - record.mean(axis=0)) / np.maximum(record.std(axis=0), 1e-12)
    terms = np.clip(scaled, -3.0, 3.0)
    grown = np.column_stack(
        [terms**power for power in ((1, 2, 3) if record.shape[1] == 1 else (1,))]
    )
    middle = outcome.mean()
    plane = grown - grown.mean(axis=0)
    fitted = plane @ np.linalg.lstsq(plane, outcome - middle, rcond=None)[0]
    count, terms_fitted = len(outcome), grown.shape[1]
    chance = ((outcome - middle - fitted) ** 2).sum() / (count - terms_fitted - 1)
    explained = float((fitted**2).sum())
    by_chance = terms_fitted * chance
    stands_out = explained > by_chance * f.ppf(STANDS_OUT, terms_fitted, count - terms_fitted - 1)
    left = 1.0 - by_chance / explained if stands_out else 0.0
    return np.asarray(middle + np.sqrt(left) * fitted)
