"""Does the ranking of policies hold in other scenarios, networks, parameters and mechanisms?

Every policy is tried in every world: the scenario as it is, other scenarios, other ways in which ties
are made, each mechanism switched off in turn, and draws of the parameters, from a posterior or from
ranges of the schema. Where the order of two policies turns around over the draws, a small
decision tree (CART, one of the two usual algorithms of scenario discovery; Lempert, Bryant and Bankes
2008) says under which parameters; how well it would tell for new draws is cross-validated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

from sim import files
from sim.compose import Setting, load, load_settings
from sim.config import Config, Mechanisms, Policy
from sim.errors import InputError
from sim.experiments import paired
from sim.explain import show
from sim.inputs import look_at
from sim.outcomes import INDICATORS
from sim.science import factors, kept, words, worlds
from sim.science.core import CORE_NAME
from sim.science.discovery import boxes_of, need_sklearn
from sim.science.kept import Asked
from sim.science.worlds import COSTS, Reading, World
from sim.society.ties import NetworkParameters

WORDS = (
    "policies", "scenarios", "networks", "mechanisms", "over", "width", "draws", "posterior",
    "indicator", "at",
)  # fmt: skip
"""What the command line takes beside the keys of a configuration."""

TABLES = ("runs", "ranking", "flips", "pairs", "boxes", "draws")

POLICIES = ("none", "five_level_linkage", "red_pilot", "shenhong", "star_property")
SCENARIOS = ("shenhong", "ordinary_estate", "old_estate", "new_estate", "resettlement_estate")
"""Compared where nothing is said: the named systems, in the cases and types of a single compound."""

REPLICATIONS = 8
"""Seeds of each world but draws, which have one each."""

BASE, SCENARIO, NETWORK, OFF, DRAW = "base", "scenario", "network", "without", "draw"
"""Families of worlds."""

LEADING, CONTESTED = "leading", "contested"
"""Pairs whose order is explained: the best two of the base, and those the draws settle least."""


@dataclass(frozen=True)
class Question:
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
    draws: int = 200
    posterior: str = ""
    outcomes: tuple[str, ...] = ("collection_rate",)

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


class Place(NamedTuple):
    """One world to try policies in: family, name in it, key of its configuration, and the world."""

    family: str
    name: str
    scenario: str
    world: World


@dataclass(frozen=True)
class Robustness:
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
        draws: A row per draw: parameters, and by indicator and policy (``indicator:policy``) what
            was read.
        folder: Where it is kept, None if it is not.
    """

    question: Question
    runs: pd.DataFrame = field(repr=False)
    ranking: pd.DataFrame = field(repr=False)
    flips: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    boxes: pd.DataFrame = field(repr=False)
    draws: pd.DataFrame = field(repr=False)
    folder: Path | None = None


# --- asking -------------------------------------------------------------------------------------


def robustness(
    scenario: str = "kangqiao",
    *overrides: str,
    out: Path | None = None,
    progress: bool = False,
    config_dir: Path | None = None,
    force: bool = False,
    model: Callable[..., Any] | None = None,
    **own: Any,
) -> Robustness:
    """Rank policies in many worlds.

    Args:
        scenario: Name of the base scenario.
        *overrides: Settings as on the command line; those of the base hold in all worlds but other
            scenarios.
        out: Folder of all results; None keeps nothing.
        progress: Show a bar on standard error.
        config_dir: Folder with configuration groups of your own.
        force: Live it again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it.
        **own: ``policies``; ``scenarios``, ``networks``, ``mechanisms`` (lists, empty for none);
            ``draws``; ``over`` (groups and keys, those that ``calibrate`` fits where nothing is
            said) and ``width`` as ``sensitivity`` takes them, or ``posterior``, a
            Parquet file; ``indicator`` (one or several); ``at`` (month read); other keys are
            settings as ``load`` takes them.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
        RuntimeError: The base could not be lived.
    """
    given, settings = words.of_call(scenario, overrides, own, WORDS)
    return answer(ask(given, settings, config_dir), out, progress, force=force, model=model)


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    return ask(*words.split(overrides, WORDS), config_dir)


def ask(
    own: dict[str, Any], settings: Sequence[Setting], config_dir: Path | None = None
) -> Question:
    """Check what is asked; ``robustness`` says what is taken.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    at = words.whole("at", own.get("at", 24), 1, 600)
    keys = {key for key, _ in settings}
    for key, allowed in (("months", "at=24"), ("policy", "policies=[a,b]")):
        if key in keys:
            raise InputError(key, "is not taken here", allowed)
    usual = {"replications": REPLICATIONS}
    config = words.case([*settings, ("months", at), ("policy", "none")], usual, config_dir)
    outcomes = words.indicators("indicator", own.get("indicator", "collection_rate"))
    for name in outcomes:
        if not INDICATORS[name].better:
            raise InputError("indicator", f"neither more nor less of {name} is better")
    width = own.get("width", 0.5)
    if width != factors.WHOLE:
        width = words.number("width", width, 0.001, 1)
    over = words.listed("over", own.get("over", [CORE_NAME]))
    posterior = str(own.get("posterior") or "")
    return Question(
        config,
        _policies(own.get("policies", POLICIES), config, config_dir),
        _scenarios(own.get("scenarios"), config, config_dir),
        _names("networks", own.get("networks"), _generators(), config.network.generator),
        _names("mechanisms", own.get("mechanisms"), list(Mechanisms.model_fields)),
        () if posterior else tuple(factors.choose(config, over, {}, width)),
        words.whole("draws", own.get("draws", Question.draws), 0, 100_000),
        posterior,
        tuple(outcomes),
    )


def _policies(given: Any, base: Config, config_dir: Path | None) -> dict[str, Policy]:
    names = words.listed("policies", given)
    if len(names) < 2:
        raise InputError("policies", f"{show(given)} cannot be ranked", "at least two policies")
    found = {}
    for name in names:
        if not isinstance(name, str):
            raise InputError("policies", f"{show(name)} is not allowed", "name, or name+name")
        parts = name.split("+")
        chosen = load_settings([("policy", parts if len(parts) > 1 else name)], config_dir)[0]
        found[name] = chosen.policy
        look_at(base.model_copy(update={"policy": chosen.policy}))
    return found


def _scenarios(given: Any, base: Config, config_dir: Path | None) -> dict[str, Config]:
    names = SCENARIOS if given is None else given
    keys = {"months": base.months, "replications": base.replications, "seed": base.seed}
    return {
        name: load(name, policy="none", config_dir=config_dir, **keys)
        for name in (words.listed("scenarios", names) if names else [])
        if name != base.scenario.name
    }


def _generators() -> list[str]:
    kinds = get_args(NetworkParameters.model_fields["generator"].annotation)
    return [kind for kind in kinds if kind != "file"]


def _names(key: str, given: Any, known: list[str], own: str = "") -> tuple[str, ...]:
    names = known if given is None else words.listed(key, given) if given else []
    for name in names:
        if name not in known:
            raise InputError(key, f"{show(name)} is not known", ", ".join(known))
    return tuple(name for name in names if name != own)


# --- living -------------------------------------------------------------------------------------


def answer(
    question: Question,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
) -> Robustness:
    """Rank the policies of a question, or read its answer back.

    Raises:
        InputError: An unusable ``out`` or posterior, or the extra ``science`` is not installed.
        RuntimeError: The base could not be lived.
    """
    need_sklearn()
    asked = replace(question.asked, model=model)
    with asked.made.held():
        places = _places(question)

    def make() -> dict[str, pd.DataFrame]:
        return _tables(question, places, progress, model)

    tables, folder = kept.answered(asked, TABLES, make, out, progress, force)
    return Robustness(question, **tables, folder=folder)


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
    trees = {"": question.config.resolved()}
    trees |= {name: config.resolved() for name, config in question.scenarios.items()}
    readings = [Reading(name, question.config.months) for name in question.outcomes]
    each = partial(_live, trees, list(question.policies.values()), readings, model)
    read = worlds.spread_worlds(question.config, each, places, progress)
    runs = _runs(question, places, read)
    if runs.loc[runs["family"] == BASE, list(COSTS)].isna().any(axis=None):
        raise RuntimeError("a policy could not be lived in the base; try xiaoqu run")
    ranking = pd.concat([_ranking(question, runs, name) for name in question.outcomes])
    flips = pd.concat([_flips(question, runs, ranking, name) for name in question.outcomes])
    drawn = [place.world.settings for place in places if place.family == DRAW]
    draws = pd.DataFrame(drawn).rename_axis("draw").reset_index()
    pairs = pd.concat([_pairs(question, runs, name) for name in question.outcomes])
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


def _pairs(question: Question, runs: pd.DataFrame, outcome: str) -> pd.DataFrame:
    table = _by_policy(runs[runs["family"] == DRAW], outcome) * INDICATORS[outcome].better
    rows = []
    for first, second in permutations(question.policies, 2) if len(table) else ():
        both = table[[first, second]].dropna()
        ahead = (both[first] > both[second]) + 0.5 * (both[first] == both[second])
        sure = paired._wilson(float(ahead.sum()), len(both))  # type: ignore[arg-type]
        rows.append(
            {"outcome": outcome, "first": first, "second": second, "draws": len(both)}
            | {"better": sure.value, "low": sure.low, "high": sure.high}
        )
    columns = ["outcome", "first", "second", "draws", "better", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
