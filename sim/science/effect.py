"""A policy's effect over many seeds: what carried it, whom it moved, who gains and who loses.

Every seed is lived under the policy and without it (or once, for two of its months), and each outcome's difference is
shared out by ``sim.science.shares``. Means over compounds and seeds of parts that add up add up too. Intervals are
Student's over seeds: they hold chance and, where each seed lives parameters of its own, doubt about these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config
from sim.experiments import paired
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.run import spread
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.own import usual_month
from sim.science.shares import OUTCOMES, YEAR, Record, Shared, Side, shared
from sim.world.tables import Kind, Life, Tenure

WHOLE = "whole"
"""In the place of a cause: the difference itself."""

FELT = 0.05
"""Change of satisfaction from which a household gains or loses."""

LIMITS = ("cell_fidelity", "firm_present", "firm_staff", "trust_firm", "trust_cell")
"""What a measure can lack: members' hours, a firm and its staff, trust."""

FLOORS = ((1, 3), (4, 6), (7, 12), (13, 999))
"""Floors told together, first and last."""


@dataclass(frozen=True, repr=False)
class Effect(Answer):
    """What carried a policy's effect in a compound.

    Attributes:
        question: What was asked.
        parts: A row per outcome and cause: mean ``part`` of the difference with ``low`` and ``high``, ``seeds`` that it
            is of; the cause ``whole`` is the difference itself, to which the others add up.
        flows: A row per cause of fees paid: households of a run that pay more of their bills (``more``) and less
            (``less``) than on the other side and whom this cause moved most, each with its interval.
        groups: A row per trait and group: households of a run, change of satisfaction and of the share of bills paid,
            and households that ``gain`` and ``lose`` satisfaction by 0.05 or more, that pay ``more`` and ``less``.
        limits: A row per indicator of ``LIMITS``: its mean over the policy's months with ``low`` and ``high``.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("parts", "flows", "groups", "limits")
    MAIN = "parts"
    SHOWN = "sim.science.effect_table:print_effect"
    FIGURES = "sim.figures.effect"

    question: Question
    parts: pd.DataFrame
    flows: pd.DataFrame
    groups: pd.DataFrame
    limits: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    def sentences(self, language: str = "en") -> list[str]:
        """What carried it, in a few sentences, in "en" or "zh"."""
        from sim.science.effect_table import sentences

        return sentences(self, language)

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]


@dataclass(frozen=True)
class Question(Kept):
    """Which effect.

    Attributes:
        config: The policy, lived to the month read.
        other: The same without it, or without one of its measures.
        before: Month of the same run that it is held against, instead of the other run; None for that.
        without: Measure that the other run lacks, "" for the whole policy.
    """

    config: Config
    other: Config
    before: int | None = None
    without: str = ""

    ANSWER: ClassVar[type[Any]] = Effect

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words = {"before": self.before, "without": self.without}
        return Asked("why", self.config, words, others=(self.other,))

    def maker(self, how: How) -> Maker:
        """What lives the seeds."""
        return partial(tables, self, how.progress)


Rows = list[dict[str, Any]]
Seed = tuple[Rows, Rows, Rows, Rows]
"""Rows of parts, flows, groups and limits under one seed."""


def tables(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    """Live all seeds, and make the tables of an ``Effect``."""
    return told(spread(question.config, partial(live, question), progress))


def told(lived: Sequence[Seed]) -> dict[str, pd.DataFrame]:
    """The tables of an ``Effect`` from its seeds, in their order."""
    shares, flows, groups, limits = (
        pd.concat([pd.DataFrame(one[k]).assign(seed=n) for n, one in enumerate(lived)])
        for k in range(4)
    )
    return {
        "parts": _told(shares, ["outcome", "cause"], ("part",)),
        "flows": _told(flows, ["cause"], ("more", "less")),
        "groups": groups.groupby(["trait", "group"], sort=False)
        .mean()
        .drop(columns="seed")
        .reset_index(),
        "limits": _told(limits, ["indicator"], ("value",)),
    }


def _told(rows: pd.DataFrame, keys: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    """Means with intervals over seeds, a row per key."""
    out = []
    for key, part in rows.groupby(keys, sort=False):
        row: dict[str, Any] = dict(
            zip(keys, key if isinstance(key, tuple) else (key,), strict=True)
        )
        for name in names:
            values = part.groupby("seed")[name].mean().dropna().to_numpy()
            given = paired.mean(values)
            end = "" if len(names) == 1 else f"{name}_"
            row |= {
                name: given.value,
                f"{end}low": given.low,
                f"{end}high": given.high,
                "seeds": len(values),
            }
        out.append(row)
    return pd.DataFrame(out)


def live(question: Question, seed: int) -> Seed:
    """Live one seed."""
    at, before = question.config.months, question.before
    # What was billed in a year may have been paid up to a year before that.
    since = min(1, at - YEAR + 1) if before is None else before - 2 * YEAR + 1
    one = Side(watched(question.config.drawn(seed), seed, since), at)
    without = watched(question.other.drawn(seed), seed, since) if before is None else one.record
    other = Side(without, at if before is None else before)
    found = list(shared(one, other))
    parts: Rows = []
    for outcome, compound, given in found:
        own = {"outcome": outcome, "compound": compound}
        parts.append({**own, "cause": WHOLE, "part": given.whole})
        parts += [{**own, "cause": cause, "part": part} for cause, part in given.parts.items()]
    recorder = one.record.world.model.recorder
    of = recorder.values[recorder.months > (0 if before is None else before)]
    limits = [
        {
            "indicator": name,
            "value": float(known.mean(of[:, :, list(INDICATORS).index(name)].ravel())),
        }
        for name in LIMITS
    ]
    lives = one.state.lives & other.state.lives
    return parts, _flows(found, lives), _groups(one, other, found, lives), limits


def watched(config: Config, seed: int, since: int) -> Record:
    """A run, kept from a month on."""
    record = Record(since)
    model = type("Watched", (NeighborhoodModel,), {"processes": record.month(usual_month())})
    model(config, seed=seed).run()
    return record


def _flows(found: list[tuple[str, int, Shared]], lives: np.ndarray) -> Rows:
    names = list(OUTCOMES["collection_rate"])
    more, less = np.zeros(len(names)), np.zeros(len(names))
    own = [given for outcome, _, given in found if outcome == "collection_rate"]
    units, causes = (
        np.concatenate(of, axis=-1) for of in zip(*((g.units, g.causes) for g in own), strict=True)
    )
    # What carried a household most in the direction in which it went; units that are vacant are nobody's.
    for gaps, counted in ((lives & (units > 0), more), (lives & (units < 0), less)):
        toward = causes[:, gaps] * np.sign(units[gaps])
        np.add.at(counted, toward.argmax(axis=0), 1.0)
    return [
        {"cause": c, "more": m, "less": n}
        for c, m, n in zip(names, more.tolist(), less.tolist(), strict=True)
    ]


def _groups(
    one: Side, other: Side, found: list[tuple[str, int, Shared]], lives: np.ndarray
) -> Rows:
    h, b = one.record.world.households, one.record.world.buildings
    gaps = {
        name: np.concatenate([given.units for outcome, _, given in found if outcome == name])
        for name in ("satisfaction", "collection_rate")
    }
    several = one.record.world.number_of_compounds > 1
    number = h.building - np.searchsorted(b.compound, h.compound) + 1
    buildings = [f"{c}-{n}" if several else f"{n}" for c, n in zip(h.compound, number, strict=True)]
    floors = np.array(
        [next(k for k, (low, high) in enumerate(FLOORS) if f <= high) for f in h.floor]
    )
    traits: dict[str, np.ndarray] = {
        "all": np.full(len(h), "all"),
        "tenure": np.array([t.name.lower() for t in Tenure])[h.tenure],
        "life": np.array([t.name.lower() for t in Life])[h.life],
        "kind": np.array([t.name.lower() for t in Kind])[h.kind],
        "floor": np.array([f"{low}-{high}" if high < 999 else f"{low}+" for low, high in FLOORS])[
            floors
        ],
        "building": np.array(buildings),
    }
    rows: Rows = []
    for trait, values in traits.items():
        for group in dict.fromkeys(
            np.sort(values).tolist() if trait != "building" else values.tolist()
        ):
            of = lives & (values == group)
            if of.any():
                felt, paid = gaps["satisfaction"][of], gaps["collection_rate"][of]
                rows.append({
                    "trait": trait, "group": group, "households": float(of.sum()),
                    "satisfaction": float(felt.mean()), "gain": float((felt >= FELT).sum()),
                    "lose": float((felt <= -FELT).sum()), "paid": float(paid.mean()),
                    "more": float((paid > 0).sum()), "less": float((paid < 0).sum()),
                })  # fmt: skip
    return rows
