"""Does the ranking of policies hold in other scenarios, networks, parameters and mechanisms?

Every policy is tried in every world: the scenario as it is, other scenarios, other ways in which ties
are made, each mechanism switched off in turn, and draws of the parameters, from a posterior or from
ranges of the schema. Where the order of two policies turns around over the draws, a small
decision tree (CART, one of the two usual algorithms of scenario discovery; Lempert, Bryant and Bankes
2008) says under which parameters; how well it would tell for new draws is cross-validated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

from sim import files
from sim.config import Config, Policy
from sim.experiments import doubt, paired
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.outcomes import INDICATORS
from sim.science import factors, worlds
from sim.science.discovery import boxes_of, need_sklearn
from sim.science.worlds import COSTS, Reading, World

BASE, SCENARIO, NETWORK, OFF, DRAW = "base", "scenario", "network", "without", "draw"
"""Families of worlds."""

LEADING, CONTESTED = "leading", "contested"
"""Pairs whose order is explained: the best two of the base, and those the draws settle least."""


@dataclass(frozen=True, repr=False)
class Robustness(Answer):
    """How policies rank, and where that changes.

    Attributes:
        question: What was asked.
        runs: A row per world, seed and policy: what was read, hours and yuan.
        ranking: A row per indicator, family, world and policy: ``value``, mean over the ``seeds`` in
            which it has one; ``rank`` of it, 1 the best, none without a value; ``first``, share of
            seeds (of draws) in which it is best, ties shared; ``regret``, mean distance to the best
            of the same seed, and ``worst_regret``.
        flips: A row per indicator and world: ``best`` there, ``base_best``, "" where none has a value;
            ``flipped`` if the two differ by more than chance: the 95% interval of their paired
            difference leaves out 0; ``tau``, Kendall's rank correlation with the base.
        pairs: A row per indicator, ``first`` and ``second``: share of draws in which the first is
            better, ties by half, of those in which both have a value, with Wilson's interval; empty
            without draws.
        boxes: A row per indicator, pair (its ``role``) and box of the tree: ``rule`` in words;
            ``draws`` in it; share ``turned`` of them in which ``second`` beats ``first``;
            ``coverage``, share of all such draws; cross-validated ``accuracy`` of the tree, and the
            ``reason`` where there is none.
        split: A row per indicator: ``first`` and ``second``, the best two of the base; share of ``chance`` in the
            spread of their difference there, with its 90% interval, from ``pairs`` parameter sets lived twice.
        draws: A row per draw: parameters, and by indicator and policy (``indicator:policy``) what
            was read.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("runs", "ranking", "flips", "pairs", "boxes", "split", "draws")
    MAIN = "ranking"
    SHOWN = "sim.science.robustness_table:print_robustness"
    FIGURES = "sim.figures.robustness"

    question: Question
    runs: pd.DataFrame
    ranking: pd.DataFrame
    flips: pd.DataFrame
    pairs: pd.DataFrame
    boxes: pd.DataFrame
    split: pd.DataFrame
    draws: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]


@dataclass(frozen=True)
class Question(Kept):
    """What is ranked, and where.

    Attributes:
        config: The base: its scenario, lived to the month read.
        policies: By name.
        scenarios: Further configurations by name.
        networks: Other generators of ties.
        mechanisms: Switched off in turn.
        varied: Parameters of draws with their bounds; unused where there is a posterior.
        draws: How many.
        posterior: File of draws, "" for the schema's ranges.
        outcomes: Indicators by which policies are ranked.
    """

    config: Config
    policies: dict[str, Policy]
    scenarios: dict[str, Config]
    networks: tuple[str, ...]
    mechanisms: tuple[str, ...]
    varied: tuple[factors.Factor, ...]
    draws: int
    posterior: str
    outcomes: tuple[str, ...]

    ANSWER = Robustness

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        own: dict[str, Any] = {
            "policies": {k: p.model_dump(mode="json") for k, p in self.policies.items()},
            "scenarios": {k: c.fingerprint() for k, c in self.scenarios.items()},
            "networks": list(self.networks), "mechanisms": list(self.mechanisms),
            "over": [[f.key, f.low, f.high] for f in self.varied], "draws": self.draws,
            "posterior": files.content_hash(self.posterior) if self.posterior else "",
            "indicator": list(self.outcomes),
        }  # fmt: skip
        tried = (self.config.model_copy(update={"policy": p}) for p in self.policies.values())
        others = (*self.scenarios.values(), *tried)
        paths = (self.posterior,) if self.posterior else ()
        libraries = ("scikit-learn", "scipy")
        return Asked("robustness", self.config, own, libraries, others, paths)

    def maker(self, how: How) -> Maker:
        """What lives the worlds; a wrong file of draws is refused before anything is lived."""
        need_sklearn("robustness")
        return partial(_tables, self, _places(self), how.progress, how.model)


class Place(NamedTuple):
    """One world to try policies in: family, name in it, key of its configuration, and the world."""

    family: str
    name: str
    scenario: str
    world: World


# --- living -------------------------------------------------------------------------------------


def _places(question: Question) -> list[Place]:
    config = question.config
    seeds = range(config.seed, config.seed + config.replications)
    named: list[tuple[str, str, str, dict[str, Any]]] = [(BASE, config.scenario.name, "", {})]
    named += [(SCENARIO, name, name, {}) for name in question.scenarios]
    named += [(NETWORK, name, "", {"network.generator": name}) for name in question.networks]
    named += [(OFF, name, "", {f"mechanisms.{name}": False}) for name in question.mechanisms]
    places = [Place(f, n, s, World(seed, own)) for f, n, s, own in named for seed in seeds]
    first = config.seed + config.replications
    if question.posterior:
        posterior = worlds.read_posterior(question.posterior)
        drawn = worlds.posterior_worlds(config, posterior, question.draws, first)
    else:
        drawn = (
            worlds.prior_worlds(question.varied, question.draws, first) if question.draws else []
        )
    return [*places, *(Place(DRAW, str(k), "", world) for k, world in enumerate(drawn))]


def _live(
    trees: dict[str, dict[str, Any]],
    policies: list[Policy],
    readings: list[Reading],
    model: Callable[..., Any] | None,
    place: Place,
) -> np.ndarray:
    return worlds.live_in(trees[place.scenario], policies, readings, model, place.world)


def _tables(
    question: Question, places: list[Place], progress: bool, model: Callable[..., Any] | None
) -> dict[str, pd.DataFrame]:
    config = question.config
    trees = {"": config.resolved()}
    trees |= {name: config.resolved() for name, config in question.scenarios.items()}
    readings = [Reading(name, config.months) for name in question.outcomes]
    each = partial(_live, trees, list(question.policies.values()), readings, model)
    read = worlds.spread_worlds(config, each, places, progress)
    runs = _runs(question, places, read)
    if runs.loc[runs["family"] == BASE, list(COSTS)].isna().any(axis=None):
        raise RuntimeError("a policy could not be lived in the base; try xiaoqu run")
    ranking = pd.concat([_ranking(question, runs, name) for name in question.outcomes])
    flips = pd.concat([_flips(question, runs, ranking, name) for name in question.outcomes])
    drawn = [place.world.settings for place in places if place.family == DRAW]
    draws = pd.DataFrame(drawn).rename_axis("draw").reset_index()
    pairs = pd.concat([_pairs(question, runs, name) for name in question.outcomes])
    twins = [Place(BASE, "", "", World(seed)) for seed in doubt.twice(config, config.replications)]
    again = worlds.spread_worlds(config, each, twins, progress, "parameter sets a second time")
    boxes = []
    for name in question.outcomes:
        # Draws are numbered: put values beside the parameters that made them.
        values = _by_policy(runs[runs["family"] == DRAW], name).add_prefix(f"{name}:")
        values.index = values.index.get_level_values("world").astype(int)
        draws = draws.join(values, on="draw") if len(draws) else draws
        asked = {LEADING: leading(ranking, name), CONTESTED: contested(pairs, name)}
        boxes += [
            boxes_of(draws, name, role, *pair)
            for role, pair in asked.items()
            if pair is not None and (role == LEADING or set(pair) != set(asked[LEADING] or ()))
        ]
    return {
        "runs": runs,
        "ranking": ranking.reset_index(drop=True),
        "flips": flips.reset_index(drop=True),
        "pairs": pairs.reset_index(drop=True),
        "boxes": pd.concat(boxes, ignore_index=True),
        "split": pd.DataFrame(
            [_split(question, ranking, read, again, n) for n in question.outcomes]
        ),
        "draws": draws,
    }


def _runs(question: Question, places: list[Place], read: list[np.ndarray]) -> pd.DataFrame:
    names = list(question.policies)
    keys = [
        {"family": p.family, "world": p.name, "seed": p.world.seed, "policy": name}
        for p in places
        for name in names
    ]
    values = pd.DataFrame(np.concatenate(read), columns=[*question.outcomes, *COSTS])
    return pd.concat([pd.DataFrame(keys), values], axis=1)


# --- ranking ------------------------------------------------------------------------------------


def leading(ranking: pd.DataFrame, outcome: str) -> tuple[str, str]:
    """The best policy of the base and the next."""
    rows = ranking[(ranking["family"] == BASE) & (ranking["outcome"] == outcome)]
    first, second = rows.sort_values("rank", kind="stable")["policy"].iloc[:2]
    return str(first), str(second)


def contested(pairs: pd.DataFrame, outcome: str) -> tuple[str, str] | None:
    """The two policies whose order the draws settle least, the more often better one first."""
    rows = pairs[(pairs["outcome"] == outcome) & (pairs["better"] >= 0.5)]
    if not len(rows):
        return None
    row = rows.sort_values("better", kind="stable").iloc[0]
    return str(row["first"]), str(row["second"])


def _by_policy(runs: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Values by world and seed (rows) and policy (columns); rows with a failed run are left out.

    A run that lived, and has no value all the same, as of collection without a firm, stays: missing.
    """
    order = list(dict.fromkeys(runs["policy"]))
    index = ["world", "seed"]
    lived = runs["hours"].notna().groupby([runs[key] for key in index]).transform("all")
    table = runs[lived].pivot(index=index, columns="policy", values=outcome)
    return table.reindex(columns=order)


def _ranking(question: Question, runs: pd.DataFrame, outcome: str) -> pd.DataFrame:
    better, parts = INDICATORS[outcome].better, []
    # All draws together are one world: what counts is how often each policy leads in them.
    worlds_of = runs["world"].where(runs["family"] != DRAW, "all")
    for (family, world), part in runs.groupby([runs["family"], worlds_of], sort=False):
        table = _by_policy(part, outcome)
        if not len(table):
            continue
        good = better * table
        lead = good.eq(good.max(axis=1), axis=0)
        regret = good.mul(-1).add(good.max(axis=1), axis=0)
        frame = pd.DataFrame(
            {
                "outcome": outcome, "family": family, "world": world, "policy": table.columns,
                "value": table.mean().to_numpy(),
                "rank": rankdata(-good.mean().round(12), method="min", nan_policy="omit"),
                "first": lead.div(lead.sum(axis=1), axis=0).mean().to_numpy(),
                "regret": regret.mean().to_numpy(), "worst_regret": regret.max().to_numpy(),
                "seeds": table.notna().sum().to_numpy(),
            }
        )  # fmt: skip
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _flips(
    question: Question, runs: pd.DataFrame, ranking: pd.DataFrame, outcome: str
) -> pd.DataFrame:
    better, rows = INDICATORS[outcome].better, []
    mine = ranking[(ranking["outcome"] == outcome) & (ranking["family"] != DRAW)]
    base = mine[mine["family"] == BASE].set_index("policy")["value"]
    base_best = _best(better * base)
    for (family, world), part in mine.groupby(["family", "world"], sort=False):
        values = part.set_index("policy")["value"].reindex(base.index)
        good = (better * values).round(12)
        # Where all do alike nothing has turned.
        best = base_best if good.get(base_best) == good.max() else _best(good)
        here = runs[(runs["family"] == family) & (runs["world"] == world)]
        table = _by_policy(here, outcome)
        apart = better * (table[best] - table[base_best]) if best and base_best else base[:0]
        gap = paired.mean(apart.dropna().to_numpy())
        rows.append(
            {"outcome": outcome, "family": family, "world": world, "best": best}
            | {"base_best": base_best, "gap": gap.value, "low": gap.low, "high": gap.high}
            | {"flipped": bool(best != base_best and gap.low > 0)}
            | {"tau": _tau(values.round(12), base.round(12))}
        )
    return pd.DataFrame(rows)


def _best(good: pd.Series) -> str:
    """Policy of the greatest value; "" where none has any."""
    return str(good.idxmax()) if good.notna().any() else ""


def _tau(values: pd.Series, base: pd.Series) -> float:
    both = values.notna() & base.notna()
    return float(kendalltau(values[both], base[both]).statistic) if both.sum() > 1 else np.nan


def _split(
    question: Question,
    ranking: pd.DataFrame,
    read: list[np.ndarray],
    again: list[np.ndarray],
    outcome: str,
) -> dict[str, Any]:
    """What of the spread of the difference of the best two of the base is chance."""
    first, second = leading(ranking, outcome)
    names, k, config = list(question.policies), question.outcomes.index(outcome), question.config
    apart = [
        lived[[names.index(first)], k] - lived[[names.index(second)], k]
        for lived in (*read[: config.replications], *again)
    ]
    effects = {config.seed + place: apart[place] for place in range(config.replications)}
    found = doubt.shares(effects, apart[config.replications :], config.seed)[0]
    return {"outcome": outcome, "first": first, "second": second, **doubt.named(found)}


def _pairs(question: Question, runs: pd.DataFrame, outcome: str) -> pd.DataFrame:
    table = _by_policy(runs[runs["family"] == DRAW], outcome) * INDICATORS[outcome].better
    rows = []
    for first, second in permutations(question.policies, 2) if len(table) else ():
        both = table[[first, second]].dropna()
        ahead = (both[first] > both[second]) + 0.5 * (both[first] == both[second])
        sure = paired.wilson(float(ahead.sum()), len(both))
        rows.append(
            {"outcome": outcome, "first": first, "second": second, "draws": len(both)}
            | {"better": sure.value, "low": sure.low, "high": sure.high}
        )
    columns = ["outcome", "first", "second", "draws", "better", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
