"""Several policies under the same seeds: the past is lived once, then each policy goes on from it.

``answer`` lives a question, or reads its answer back, and keeps it under
``compare/<scenario>-<hash>``; ``compare`` asks and answers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import outcomes
from sim.config import Config, check
from sim.errors import InputError
from sim.experiments import paired, store
from sim.experiments import run as runs_of
from sim.experiments.provenance import Provenance, provenance
from sim.experiments.question import Pair, Question, ask
from sim.experiments.run import Replication
from sim.experiments.together import live_together

TABLES = ("runs", "months", "effects", "costs", "recovery", "persistence")


@dataclass(frozen=True)
class Comparison:
    """A question and its answer, in tidy frames.

    Attributes:
        question: What was compared.
        runs: A row per scenario, policy and seed: run (0, 1, ...), status, stage and message of a
            failure; every indicator at +12, +24 and the end and its mean over the last 12 months
            (``<indicator>_12``, ``_24``, ``_end``, ``_last12``); hours and yuan from month 1 on;
            months to recovery, infinite where not seen.
        months: A row per scenario, policy, seed, month and compound, a column per indicator.
        effects: What ``paired.effects`` makes of it.
        costs: What ``paired.costs`` makes of it.
        recovery: What ``paired.recovery`` makes of it.
        persistence: What ``paired.persistence`` makes of it.
        folder: Where it is kept, None if it is not.
        made_of: Fingerprint of the question, and what made the numbers, see ``Provenance``.
        loaded: Whether it was read back rather than lived now.
    """

    question: Question
    runs: pd.DataFrame = field(repr=False)
    months: pd.DataFrame = field(repr=False)
    effects: pd.DataFrame = field(repr=False)
    costs: pd.DataFrame = field(repr=False)
    recovery: pd.DataFrame = field(repr=False)
    persistence: pd.DataFrame = field(repr=False)
    made_of: dict[str, Any] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    loaded: bool = False

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


def compare(
    policies: Sequence[str | dict[str, Any]],
    scenario: str | None = None,
    *overrides: str,
    scenarios: Sequence[str] | None = None,
    reference: str = "none",
    withdraw: int | None = None,
    threshold: float = 0.6,
    config_dir: Path | None = None,
    out: Path | None = None,
    progress: bool = False,
    force: bool = False,
    model: Callable[..., Any] | None = None,
    **keys: Any,
) -> Comparison:
    """Compare policies under the same seeds.

    Args:
        policies: Names of policies or measures, ``a+b`` for several together, or dicts with
            ``name`` and ``measures``.
        scenario: Name of a scenario; none gives a compound with default parameters.
        *overrides: Settings as on the command line; ``policy.measures.LABEL.KEY=VALUE`` changes
            the policies that have the measure, and leaves the others alone.
        scenarios: Names of several scenarios instead of one.
        reference: Policy the others are held against; added in front if it is not among them.
        withdraw: Month at whose beginning every measure still in force ends.
        threshold: Share of fees collected from which a compound counts as recovered.
        config_dir: Folder with configuration groups of your own.
        out: Folder of all results; the answer is kept below it, and read back from there when
            the same question was answered before. None keeps nothing.
        progress: Show a bar on standard error.
        force: Live it again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it.
        **keys: Settings as ``load`` takes them, such as ``replications=50, months=48``.

    Returns:
        The comparison, in tidy frames.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
        RuntimeError: Every replication of a policy failed.
    """
    if scenario is not None and scenarios is not None:
        raise InputError("scenarios", "scenario is given too", "one of the two")
    question = ask(
        policies,
        [scenario] if scenarios is None else scenarios,
        overrides,
        reference=reference,
        withdraw=withdraw,
        threshold=threshold,
        config_dir=config_dir,
        **keys,
    )
    return answer(question, out, progress, force=force, model=model)


def answer(
    question: Question,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
) -> Comparison:
    """Live a question, or read its answer back; ``compare`` says what is taken.

    Raises:
        InputError: A seed out of range, an unusable ``out``, or input the model refuses.
        RuntimeError: Every replication of a policy failed.
    """
    for config in question.configs.values():
        runs_of.check_seeds(config)
    made = provenance(question.configs.values(), model)
    with made.held():
        folder = None if out is None else _folder(question, Path(out), made)
        if folder is not None and out is not None:
            store.make_ready(folder, out)
            found = None if force else _find(question, folder, made)
            if found is not None:
                if progress:
                    print(f"answered before, read from {folder}", file=sys.stderr)
                return found
        started = datetime.now(UTC)
        comparison = _assemble(question, _live(question, progress, model))
        made_of = {"fingerprint": question.fingerprint(), **made.identity}
        comparison = replace(comparison, made_of=made_of)
        if folder is None:
            return comparison
        manifest = _describe(comparison, made)
        plain = {**manifest, "configurations": _without_executor(manifest["configurations"])}
        frames = {table: getattr(comparison, table) for table in TABLES}
        store.write_folder(folder, frames, manifest, plain, started)
        return replace(comparison, folder=folder)


def read_comparison(folder: Path) -> Comparison:
    """Read a comparison back.

    Raises:
        InputError: No comparison there, or a file lost or changed since it was written.
    """
    folder = Path(folder)
    manifest = store.read_manifest(folder)
    try:
        # The tables first: they vouch for the manifest.
        frames = store.read_tables(folder, manifest, TABLES)
        configs = {
            (scenario, policy): check(tree)
            for scenario, trees in manifest["configurations"].items()
            for policy, tree in trees.items()
        }
        question = Question(configs, manifest["reference"], manifest["threshold"])
        return Comparison(question, **frames, made_of=manifest, folder=folder, loaded=True)
    except KeyError as error:
        raise InputError(str(folder / store.MANIFEST), f"has no entry {error}") from error


def last_month_in_force(config: Config) -> int | None:
    """Last month in which any measure of the policy is in force; None without measures."""
    return max((entry.parameters.end - 1 for entry in config.policy.entries()), default=None)


# --- living it ----------------------------------------------------------------------------------


def _live(
    question: Question, progress: bool, model: Callable[..., Any] | None
) -> dict[Pair, list[Replication]]:
    lived: dict[Pair, list[Replication]] = {}
    for scenario in question.scenarios:
        configs = [question.configs[scenario, policy] for policy in question.policies]
        each = partial(live_together, configs, model=model)
        by_seed = runs_of.spread(configs[0], each, progress)
        for place, policy in enumerate(question.policies):
            lived[scenario, policy] = [together[place] for together in by_seed]
            if all(replication.stage for replication in lived[scenario, policy]):
                _raise_first(policy, lived[scenario, policy])
    return lived


def _raise_first(policy: str, replications: list[Replication]) -> None:
    try:
        runs_of._raise_first(replications)
    except RuntimeError as error:
        raise RuntimeError(f"policy {policy}: {error}") from None


# --- the answer ---------------------------------------------------------------------------------


def _assemble(question: Question, lived: dict[Pair, list[Replication]]) -> Comparison:
    months, tables, spent = [], [], []
    for pair, replications in lived.items():
        config, here = question.configs[pair], dict(zip(("scenario", "policy"), pair, strict=True))
        frame = runs_of._months_frame(replications)
        runs = runs_of._runs_frame(config, replications).assign(**here)
        months.append(_with_pair(frame, pair))
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
    )


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


def _folder(question: Question, out: Path, made: Provenance) -> Path:
    said = store.plain("+".join(question.scenarios))
    return out / "compare" / store.place_name(said, question.fingerprint(), made)


def _describe(comparison: Comparison, made: Provenance) -> dict[str, Any]:
    question = comparison.question
    trees: dict[str, dict[str, Any]] = {scenario: {} for scenario in question.scenarios}
    for (scenario, policy), config in question.configs.items():
        trees[scenario][policy] = config.resolved()
    return {
        "fingerprint": question.fingerprint(),
        **made.described,
        "reference": question.reference,
        "threshold": question.threshold,
        "seeds": sorted({int(seed) for seed in comparison.runs["seed"]}),
        **store.failures(comparison.runs),
        "configurations": trees,
    }


def _without_executor(trees: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        scenario: {
            policy: {key: value for key, value in tree.items() if key != "executor"}
            for policy, tree in by_policy.items()
        }
        for scenario, by_policy in trees.items()
    }


def _find(question: Question, folder: Path, made: Provenance) -> Comparison | None:
    try:
        manifest = store.read_manifest(folder)
        if not store.answers(manifest, question.fingerprint(), made):
            return None
        frames = store.read_tables(folder, manifest, TABLES)
        return Comparison(question, **frames, made_of=manifest, folder=folder, loaded=True)
    except (InputError, KeyError):
        return None
