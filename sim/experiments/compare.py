"""Several policies under the same seeds: the past is lived once, then each policy goes on from it.

An answer is kept under ``compare/<scenario>-<hash>``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import outcomes
from sim.config import Config, check
from sim.errors import InputError
from sim.experiments import doubt, paired, store
from sim.experiments import precision as precisions
from sim.experiments import run as runs_of
from sim.experiments.answers import TWINS, Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.precision import Precision
from sim.experiments.run import Replication, Whole
from sim.experiments.together import live_together
from sim.inputs import units

Pair = tuple[str, str]
"""Scenario and policy, by the words that named them."""


@dataclass(frozen=True, repr=False)
class Comparison(Answer):
    """A question and its answer, in tidy frames.

    Attributes:
        question: What was compared.
        runs: A row per scenario, policy and seed: run (0, 1, ...), status, stage and message of a
            failure; every indicator at +12, +24 and the end and its mean over the last 12 months
            (``<indicator>_12``, ``_24``, ``_end``, ``_last12``); hours and yuan from month 1 on;
            months to recovery, infinite where not seen. With doubt also ``draw``, the number of the parameter set,
            and the value of every drawn key.
        months: A row per scenario, policy, seed, month and compound, a column per indicator.
        effects: What ``paired.effects`` makes of it.
        costs: What ``paired.costs`` makes of it.
        recovery: What ``paired.recovery`` makes of it.
        persistence: What ``paired.persistence`` makes of it.
        twins: Months of second runs under parameters that were lived already, see ``sim.experiments.doubt``;
            ``run`` is the number of the first. Empty without doubt.
        folder: Where it is kept, None if it is not.
        made_of: Fingerprint of the question, and what made the numbers, see ``Provenance``.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("runs", "months", "effects", "costs", "recovery", "persistence")
    MAIN = "effects"
    SHOWN = "sim.experiments.comparison_table:print_comparison"
    FIGURES = "sim.figures.comparison"

    question: Question
    runs: pd.DataFrame
    months: pd.DataFrame
    effects: pd.DataFrame
    costs: pd.DataFrame
    recovery: pd.DataFrame
    persistence: pd.DataFrame
    twins: pd.DataFrame = field(default_factory=pd.DataFrame)
    made_of: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived: one for each scenario, as policies differ in nothing else."""
        return list({s: config for (s, _), config in self.question.configs.items()}.values())

    @cached_property
    def split(self) -> pd.DataFrame:
        """Chance and doubt in every difference to the reference, at +12, +24 and the last month.

        Columns scenario and policy, then those of ``doubt.split_frame``; no rows without doubt.
        """
        parts = [
            doubt.split_frame(*self.differences(scenario, policy), self._told(scenario)).assign(
                scenario=scenario, policy=policy
            )
            for scenario, policy in self.question.configs
            if policy != self.question.reference and len(self.twins)
        ]
        columns = ["scenario", "policy", *doubt.SPLIT]
        return (
            pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
        )

    def _told(self, scenario: str) -> list[int]:
        last = int(self.months.loc[self.months["scenario"] == scenario, "month"].max())
        return sorted({month for month in (12, 24) if month < last} | {last})

    def differences(self, scenario: str, policy: str) -> doubt.Matched:
        """Differences to the reference by run, as ``doubt.matched`` gives levels: of runs that both lived."""
        parts = []
        for frame in (self.months, self.twins):
            both = [
                frame.loc[_of(frame, (scenario, name))] if len(frame) else frame
                for name in (policy, self.question.reference)
            ]
            if len(frame):
                shared = set(both[0]["run"]) & set(both[1]["run"])
                both = [part[part["run"].isin(shared)] for part in both]
            parts.append(both)
        (ours, theirs), (ours_again, theirs_again) = parts
        months, here, here_again, at = doubt.matched(ours, ours_again)
        _, there, there_again, _ = doubt.matched(theirs, theirs_again)
        return months, here - there, here_again - there_again, at

    @property
    def provenance(self) -> dict[str, Any]:
        """In a few words what made this, for the metadata of a figure."""
        return {
            **store.signature(self.made_of),
            "scenarios": self.question.scenarios,
            "policies": self.question.policies,
            "reference": self.question.reference,
            "seeds": [int(self.runs["seed"].min()), int(self.runs["seed"].max())],
        }


@dataclass(frozen=True)
class Question(Kept):
    """What is compared.

    Attributes:
        configs: Configuration by scenario and policy; those of a scenario differ in policy only.
        reference: Policy that the others are held against.
        threshold: Share of fees collected from which a compound counts as recovered.
        precision: How well every difference to the reference is to be known, None if nothing is asked.
    """

    configs: dict[Pair, Config]
    reference: str = "none"
    threshold: float = 0.6
    precision: Precision | None = None

    ANSWER = Comparison

    @property
    def scenarios(self) -> list[str]:
        """Names in the order asked."""
        return list(dict.fromkeys(scenario for scenario, _ in self.configs))

    @property
    def policies(self) -> list[str]:
        """Names in the order asked."""
        return list(dict.fromkeys(policy for _, policy in self.configs))

    def fingerprint(self) -> str:
        """Short hash of all that can change the answer."""
        parts = [[*pair, config.fingerprint()] for pair, config in self.configs.items()]
        asked = [parts, self.reference, self.threshold]
        asked += [list(self.precision)] if self.precision else []
        text = json.dumps(asked, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def asked(self) -> Compared:
        """What decides the answer."""
        first, *others = self.configs.values()
        return Compared("compare", first, {}, others=tuple(others), question=self)

    def maker(self, how: How) -> Maker:
        """What lives every policy.

        Raises:
            RuntimeError: Every replication of a policy failed.
        """

        def make() -> dict[str, pd.DataFrame]:
            comparison = _assemble(self, _live(self, how.progress, how.model))
            kept = (*Comparison.TABLES, *([TWINS] if len(comparison.twins) else []))
            return {table: getattr(comparison, table) for table in kept}

        return make


@dataclass(frozen=True, kw_only=True)
class Compared(Asked):
    """What decides a comparison, and is kept of it.

    Attributes:
        question: What is compared.
    """

    question: Question

    def fingerprint(self) -> str:
        """Short hash of all that can change the answer."""
        return self.question.fingerprint()

    @property
    def told(self) -> dict[str, Any]:
        """What made the answer."""
        return {"made_of": {"fingerprint": self.fingerprint(), **self.made.identity}}

    @property
    def said(self) -> str:
        """Names of the scenarios."""
        return store.plain("+".join(self.question.scenarios))

    def manifest(self, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is kept beside the tables, and what of it is the same whenever the numbers are."""
        question, runs = self.question, tables["runs"]
        trees: dict[str, dict[str, Any]] = {scenario: {} for scenario in question.scenarios}
        counts: dict[str, int] = {}
        for (scenario, policy), config in question.configs.items():
            trees[scenario][policy] = config.resolved()
            counts[scenario] = counts.get(scenario) or units(config)
        manifest = {
            "fingerprint": self.fingerprint(),
            **self.made.described,
            "reference": question.reference,
            "threshold": question.threshold,
            **precisions.told(question.precision),
            "seeds": sorted({int(seed) for seed in runs["seed"]}),
            **store.failures(runs),
            store.UNITS: counts,
            "configurations": trees,
        }
        return manifest, {**manifest, "configurations": _without_executor(trees)}


def read_comparison(folder: Path) -> Comparison:
    """Read a comparison back.

    Raises:
        InputError: No comparison there, or a file lost or changed since it was written.
    """
    folder = Path(folder)
    manifest = store.read_manifest(folder)
    try:
        # The tables first: they vouch for the manifest.
        frames = store.read_kept(folder, manifest, Comparison.TABLES)
        trees = kept_trees(folder, manifest)
        configs = {
            (scenario, policy): check(trees[scenario][policy])
            for scenario in trees
            for policy in trees[scenario]
        }
        asked = precisions.read(manifest)
        question = Question(configs, manifest["reference"], manifest["threshold"], asked)
        return Comparison(question, **frames, made_of=manifest, folder=folder, loaded=True)
    except KeyError as error:
        raise InputError(str(folder / store.MANIFEST), f"has no entry {error}") from error


def kept_trees(folder: Path, manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Configurations of a kept comparison as plain trees, by scenario and policy.

    Raises:
        InputError: They are no such thing.
    """
    found = manifest["configurations"]
    if not isinstance(found, dict) or not all(isinstance(some, dict) for some in found.values()):
        path = str(folder / store.MANIFEST)
        raise InputError(path, "configurations cannot be read", "as the run wrote it")
    return found


def last_month_in_force(config: Config) -> int | None:
    """Last month in which any measure of the policy is in force; None without measures."""
    return max((entry.parameters.end - 1 for entry in config.policy.entries()), default=None)


# --- living it ----------------------------------------------------------------------------------


def _live(
    question: Question, progress: bool, model: Callable[..., Any] | None
) -> dict[Pair, Whole[Replication]]:
    lived: dict[Pair, Whole[Replication]] = {}
    for scenario in question.scenarios:
        configs = [question.configs[scenario, policy] for policy in question.policies]
        each = partial(live_together, configs, model=model)
        whole = runs_of.live_all(
            configs[0], each, partial(each, costs=False), progress, question.precision,
            partial(_gains, question),
        )  # fmt: skip
        for place, policy in enumerate(question.policies):
            runs, twins = ([together[place] for together in part] for part in whole)
            lived[scenario, policy] = Whole(runs, twins)
            if all(replication.stage for replication in runs):
                _raise_first(policy, runs)
    return lived


def _gains(question: Question, together: list[Replication]) -> list[float]:
    """Differences to the reference in what the precision is asked of, under one seed."""
    assert question.precision is not None
    values = [question.precision.at(one.months, one.values) for one in together]
    level = values[question.policies.index(question.reference)]
    others = zip(question.policies, values, strict=True)
    return [value - level for policy, value in others if policy != question.reference]


def _raise_first(policy: str, replications: list[Replication]) -> None:
    try:
        runs_of._raise_first(replications)
    except RuntimeError as error:
        raise RuntimeError(f"policy {policy}: {error}") from None


# --- the answer ---------------------------------------------------------------------------------


def _assemble(question: Question, lived: dict[Pair, Whole[Replication]]) -> Comparison:
    months, tables, spent, again = [], [], [], []
    for pair, (replications, twins) in lived.items():
        config, here = question.configs[pair], dict(zip(("scenario", "policy"), pair, strict=True))
        frame = runs_of._months_frame(replications)
        runs = runs_of._runs_frame(config, replications).assign(**here)
        months.append(_with_pair(frame, pair))
        second = runs_of.twins_frame(twins)
        again += [_with_pair(second, pair)] if len(second) else []
        costs = _spent(replications)
        total = costs.xs(paired.ALL, level="actor")
        runs = runs.join(_extra_columns(frame, question.threshold).join(total), on="seed")
        spent.append(pd.concat([costs], keys=[pair], names=["scenario", "policy"]))
        tables.append(runs)
    all_months, all_runs = (pd.concat(parts, ignore_index=True) for parts in (months, tables))
    means = paired.run_means_of(all_months)
    reference = question.reference
    last = {scenario: config.months for (scenario, _), config in question.configs.items()}
    ends = {pair: last_month_in_force(config) for pair, config in question.configs.items()}
    order = list(question.configs)
    return Comparison(
        question,
        runs=all_runs,
        months=all_months,
        effects=_in_order(paired.effects(means, reference), order),
        costs=_in_order(paired.costs(_every_actor(pd.concat(spent)), means, reference), order),
        recovery=paired.recovery(all_runs, question.threshold, last),
        persistence=_in_order(paired.persistence(means, reference, ends), order),
        twins=pd.concat(again, ignore_index=True) if again else pd.DataFrame(),
    )


def _of(frame: pd.DataFrame, pair: Pair) -> pd.Series:
    """Which rows are of a scenario and policy."""
    return (frame["scenario"] == pair[0]) & (frame["policy"] == pair[1])


def _with_pair(frame: pd.DataFrame, pair: Pair) -> pd.DataFrame:
    frame.insert(0, "scenario", pair[0])
    frame.insert(1, "policy", pair[1])
    return frame


def _extra_columns(months: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """By seed: indicators at +12 and +24, NaN where not lived, and months to recovery."""
    names = list(outcomes.INDICATORS)
    means = months.groupby(["seed", "month"], sort=True)[names].mean()
    lived = means.index.get_level_values("month")
    parts = []
    for month in (12, 24):
        part = means[lived == month].droplevel("month").add_suffix(f"_{month}")
        parts.append(part.reindex(months["seed"].unique()))
    main = means[paired.MAIN].unstack("month")
    when = paired.months_to_recovery(main.columns.to_numpy(), main.to_numpy(), threshold)
    return pd.concat([*parts, pd.Series(when, index=main.index, name="recovery")], axis=1)


def _spent(replications: list[Replication]) -> pd.DataFrame:
    """Hours and yuan from month 1 on by seed and actor, and by all actors together."""
    lived = [replication.seed for replication in replications if not replication.stage]
    costs = runs_of._costs_frame(replications)
    costs = costs[(costs["month"] >= 1) & costs["seed"].isin(lived)]
    by_actor = costs.groupby(["seed", "actor"], sort=True)[["hours", "yuan"]].sum()
    total = by_actor.groupby(level="seed").sum().reindex(lived, fill_value=0.0)
    total.index = pd.MultiIndex.from_product([lived, [paired.ALL]], names=["seed", "actor"])
    return pd.concat([total, by_actor])


def _every_actor(spent: pd.DataFrame) -> pd.DataFrame:
    """The same with a row of zeros where an actor of the comparison spent nothing."""
    actors = set(spent.index.get_level_values("actor")) - {paired.ALL}
    names = ["scenario", "policy", "seed", "actor"]
    levels = [spent.index.get_level_values(name) for name in names[:-1]]
    lived = dict.fromkeys(zip(*levels, strict=True))
    keys = [(*run, actor) for run in lived for actor in (paired.ALL, *sorted(actors))]
    return spent.reindex(pd.MultiIndex.from_tuples(keys, names=names), fill_value=0.0).sort_index()


def _in_order(frame: pd.DataFrame, order: list[Pair]) -> pd.DataFrame:
    if not len(frame):
        # Nothing beside the reference.
        return frame
    place = [order.index(pair) for pair in zip(frame["scenario"], frame["policy"], strict=True)]
    return frame.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


# --- keeping it ---------------------------------------------------------------------------------


def _without_executor(trees: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        scenario: {
            policy: {key: value for key, value in tree.items() if key != "executor"}
            for policy, tree in by_policy.items()
        }
        for scenario, by_policy in trees.items()
    }
