"""Where to begin: one plan tried in each compound of a street, ranked by what an hour of work brings there.

Each compound lives draws of what it may be like (``sim.posterior.own``), or its kind as usual where nothing is known of
it; with and without the plan under the same draw and seed, so that what differs is the plan's doing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import COMPOUND_PAST, load
from sim.config import Config, Policy
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.intake.compounds import Place
from sim.posterior import own
from sim.science import worlds
from sim.science.worlds import Reading, World

RATE = "collection_rate"


@dataclass(frozen=True, repr=False)
class Street(Answer):
    """A street's compounds, those where an hour brings most first.

    Attributes:
        question: What was asked.
        compounds: A row a compound: ``compound``, ``kind``, ``households``; ``known``, figures it was looked up by, and
            ``left_out``, those beyond the model; ``said`` and ``start``, share of fees as given and as lived in
            month 0; ``gain``, mean gain in it in the month asked about, with ``gain_low`` to ``gain_high``, the middle
            90% of draws; ``hours``, ``yuan`` a month beyond none; ``fees``, households' fees that 100 hours a
            month bring, with ``fees_low`` to ``fees_high``; ``first``, share of draws in which it comes first;
            ``chosen``, whether it is within the hours there are.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("compounds",)
    MAIN = "compounds"
    SHOWN = "sim.science.street_table:print_street"

    question: Question
    compounds: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Question(Kept):
    """What is asked.

    Attributes:
        config: The plan, first seed, number of draws (replications) and the month asked about (months).
        places: The compounds.
        hours: Hours a month that there are; infinite for no limit.
    """

    config: Config
    places: tuple[Place, ...]
    hours: float = math.inf

    ANSWER = Street

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words: dict[str, Any] = {
            "compounds": [[p.name, p.kind, p.households, dict(p.known)] for p in self.places],
            "hours": None if math.isinf(self.hours) else self.hours,
        }
        return Asked("street", self.config, words)

    def maker(self, how: How) -> Maker:
        """What tries the plan in each compound."""
        return partial(rank, self, how.progress)


def rank(question: Question, progress: bool = False) -> dict[str, pd.DataFrame]:
    """Try the plan in every compound: the table of ``Street``."""
    tried = [_tried(question, place, progress) for place in question.places]
    rows = pd.DataFrame([row for row, _ in tried])
    each = np.array([fees for _, fees in tried])
    # A draw without any fees due is no compound's first.
    best = np.where(np.isnan(each), -np.inf, each).argmax(axis=0)
    rows["first"] = [float(np.mean(best == place)) for place in range(len(rows))]
    rows = rows.sort_values(["fees", "gain"], ascending=False, kind="stable", ignore_index=True)
    taken, left = [], question.hours
    for hours, gain in zip(rows["hours"], rows["gain"], strict=True):
        fits = bool(gain > 0 and hours <= left)
        left -= max(hours, 0.0) if fits else 0.0
        taken.append(fits)
    return {"compounds": rows.assign(chosen=taken)}


def _tried(question: Question, place: Place, progress: bool) -> tuple[dict[str, Any], np.ndarray]:
    """One compound's row, and households' fees that 100 hours bring by draw."""
    config, figures = question.config, dict(place.known)
    strange = own.strange(place.kind, figures) if figures else []
    used = {name: value for name, value in figures.items() if name not in strange}
    settings = dict(COMPOUND_PAST) if used else {}
    if place.households:
        settings["population.households"] = place.households
    base = load(place.kind, policy="none", months=config.months, **settings)
    draws = own.find(place.kind, used)["draws"].to_dict("records") if used else [{}]
    tried = [
        World(config.seed + k, {str(key): v for key, v in draws[k % len(draws)].items()})
        for k in range(config.replications)
    ]
    readings = [Reading(RATE, 0), Reading(RATE, config.months)]
    each = partial(worlds.live_in, base.resolved(), [Policy(), config.policy], readings, None)
    read = np.array(worlds.spread_worlds(config, each, tried, progress, place.name))
    gain = read[:, 1, 1] - read[:, 0, 1]
    hours, yuan = (np.nanmean(read[:, 1, k] - read[:, 0, k]) / config.months for k in (2, 3))
    size = base.population.households
    # A plan that gains without hours comes before all that take some; one that does nothing brings nothing.
    fees = 100 * gain * size / hours if hours > 0 else np.where(gain > 0, np.inf, 0.0)
    row: dict[str, Any] = {"compound": place.name, "kind": place.kind, "households": size}
    row |= {"known": ", ".join(used), "left_out": ", ".join(strange)}
    row |= {"said": figures.get(f"{RATE}@+0", np.nan), "start": float(known.mean(read[:, 0, 0]))}
    for name, values in (("gain", gain), ("fees", fees)):
        low, high = known.quantiles(values, [0.05, 0.95]) if hours > 0 else (np.nan, np.nan)
        row |= {name: float(np.nanmean(values)), f"{name}_low": low, f"{name}_high": high}
        row |= {"hours": float(hours), "yuan": float(yuan)} if name == "gain" else {}
    return row, fees
