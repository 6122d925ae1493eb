"""Which parameters could have given the figures: a posterior by approximate Bayesian computation.

``ask_words`` reads the question, ``answer`` lives it, or reads its answer back, and keeps it under
``calibrate/<scenario>-<hash>``, with pyabc's database beside the folder; ``calibrate`` asks and
answers. What the figures cannot tell apart is a result too: ``parameters`` holds posterior against
prior width, ``pairs`` the parameters that make up for one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.compose import Interval, Setting, load, load_settings
from sim.config import Config, Executor, change
from sim.errors import InputError
from sim.experiments import executors, store
from sim.experiments.progress import announce_compiling
from sim.explain import show, unknown_name
from sim.outcomes import INDICATORS
from sim.science import kept, words
from sim.science.kept import Asked
from sim.science.observed import MISSING, Observed, of_file, of_scenario

if TYPE_CHECKING:
    from sim.science.smc import Sampled

PARAMETERS = (
    "fees.base_conditional",
    "fees.norm_conditional",
    "fees.service",
    "fees.trust",
    "fees.grievance",
    "fees.habit",
    "conflict.legacy",
    "conflict.discontent",
    "perception.opacity",
    "perception.hearsay",
    "population.active_share",
    "firm.diligence",
)
"""Calibrated where nothing is said: the weights of paying, what feeds grievance, how opinions form,
how many members are active, and what the firm gives for its money."""

WORDS = ("parameters", "file", "targets", "particles", "simulations", "draws")
"""What the command line takes beside the keys of a configuration."""

TABLES = ("posterior", "generations", "parameters", "pairs", "figures", "predictive")

LIBRARIES = ("pyabc", "scipy")
"""Of the sampler."""

HEAVY = 8
"""Compounds from which a case is too slow for thousands of runs."""


@dataclass(frozen=True)
class Case:
    """One case that parameters are held against.

    Attributes:
        config: What is lived.
        observed: Its figures.
    """

    config: Config
    observed: Observed

    @property
    def name(self) -> str:
        """Name of its scenario."""
        return self.config.scenario.name

    @property
    def heavy(self) -> bool:
        """Whether a run takes seconds."""
        return self.config.district.compounds >= HEAVY


@dataclass(frozen=True)
class Question:
    """What is calibrated against what.

    Attributes:
        cases: Held against together, the quickest first.
        priors: Low and high of each parameter; the prior is uniform between them.
        particles: Parameter sets in a generation.
        simulations: Simulations in all.
        draws: Runs of the posterior predictive, and of the prior's.
        seed: Seed of everything drawn.
        executor: Where it is computed.
    """

    cases: tuple[Case, ...]
    priors: dict[str, tuple[float, float]]
    particles: int = 150
    simulations: int = 8000
    draws: int = 100
    seed: int = 1
    executor: Executor = field(default_factory=Executor)

    @property
    def asked(self) -> Asked:
        """The question as it is kept: how long it may take is told apart, see ``identity``."""
        figures = [
            [case.config.fingerprint(), [t.model_dump() for t in case.observed.targets]]
            for case in self.cases
        ]
        own = {
            "figures": figures,
            "series": [case.observed.series for case in self.cases],
            "priors": {key: list(bounds) for key, bounds in self.priors.items()},
            "particles": self.particles,
        }
        return Asked("calibrate", self.cases[0].config, own, LIBRARIES)


@dataclass(frozen=True)
class Calibration:
    """A question and its answer, in tidy frames.

    Attributes:
        question: What was asked.
        posterior: A row per particle: a column per parameter, weight, distance.
        generations: A row per generation: tolerance, simulations, accepted. Tolerance 0 means that
            every particle met every figure.
        parameters: A row per parameter: prior_low, prior_high, default, q05, median, q95, ``width``
            (posterior over prior width of the middle 90%; 1 means nothing was learnt), shift
            (of the median, in prior widths of that 90%).
        pairs: A row per two parameters: their weighted correlation, strongest first.
        figures: A row per case and figure: allowed interval, and median, q05, q95 and share_inside
            of fresh runs under the prior (prior_*) and the posterior.
        predictive: A row per case, source ("prior" or "posterior"), draw, indicator and month.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    question: Question
    posterior: pd.DataFrame = field(repr=False)
    generations: pd.DataFrame = field(repr=False)
    parameters: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    figures: pd.DataFrame = field(repr=False)
    predictive: pd.DataFrame = field(repr=False)
    folder: Path | None = None
    loaded: bool = False

    @property
    def tolerance(self) -> float:
        """Largest distance among the particles."""
        return float(self.posterior["distance"].max())

    @property
    def effective(self) -> float:
        """Effective number of particles: how many equal weights the weights are worth."""
        return effective_size(self.posterior["weight"].to_numpy())

    def draw(self, count: int, seed: int = 0) -> pd.DataFrame:
        """Parameter sets of equal weight, drawn from the posterior with replacement."""
        rng = np.random.default_rng([self.question.seed, seed])
        weights = self.posterior["weight"].to_numpy()
        rows = rng.choice(len(weights), size=count, p=weights / weights.sum())
        return self.posterior.iloc[rows][list(self.question.priors)].reset_index(drop=True)


# --- asking -------------------------------------------------------------------------------------


def calibrate(
    scenario: str | None = None,
    *overrides: str,
    parameters: Sequence[str] | None = None,
    file: Path | str | None = None,
    targets: str = "fitted",
    particles: int = 150,
    simulations: int = 8000,
    draws: int = 100,
    config_dir: Path | None = None,
    out: Path | None = None,
    progress: bool = False,
    force: bool = False,
    **keys: Any,
) -> Calibration:
    """Calibrate parameters against a scenario's figures or a file of months.

    Args:
        scenario: Name of a scenario; none gives a compound with default parameters.
        *overrides: Settings as on the command line; ``key=interval(low,high)`` narrows a prior.
        parameters: Keys to calibrate, each between the bounds of the schema; ``PARAMETERS`` if
            neither these nor intervals are given.
        file: CSV of a compound's own months instead of the scenario's targets.
        targets: "fitted" for the targets marked so, "all" for every one.
        particles: Parameter sets in a generation.
        simulations: Simulations in all; asked again with more, it goes on.
        draws: Runs of the posterior predictive, and of the prior's.
        config_dir: Folder with configuration groups of your own.
        out: Folder of all results. None keeps nothing.
        progress: Show a bar on standard error.
        force: Begin anew even if the answer is there.
        **keys: Settings as ``load`` takes them. Without a policy that of the scenario is taken.

    Returns:
        The calibration, in tidy frames.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
        RuntimeError: Not even one generation could be finished.
    """
    own: dict[str, Any] = {
        "targets": targets, "particles": particles, "simulations": simulations, "draws": draws,
    }  # fmt: skip
    own |= {} if file is None else {"file": str(file)}
    own |= {} if parameters is None else {"parameters": list(parameters)}
    given, settings = words.split(overrides, WORDS)
    named: list[Setting] = [] if scenario is None else [("scenario", scenario)]
    named += [(key.replace("__", "."), value) for key, value in keys.items()]
    question = _ask(own | given, named + settings, config_dir)
    return answer(question, out, progress, force=force)


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Args:
        overrides: ``WORDS``, settings of the configuration, and ``key=interval(low,high)``.
        config_dir: Folder with configuration groups of the user's own.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    return _ask(*words.split(overrides, WORDS), config_dir)


def _ask(own: dict[str, Any], settings: list[Setting], config_dir: Path | None) -> Question:
    intervals = {key: value for key, value in settings if isinstance(value, Interval)}
    plain = [(key, value) for key, value in settings if not isinstance(value, Interval)]
    config = load_settings(plain, config_dir)[0]
    if not any(key.split(".")[0] == "policy" for key, _ in plain):
        config = load_settings([*plain, ("policy", config.scenario.policy)], config_dir)[0]
    which = own.get("targets", "fitted")
    if which not in ("fitted", "all"):
        raise InputError("targets", f"{show(which)} is not allowed", "fitted, all")
    file = own.get("file")
    if file is not None and not isinstance(file, str):
        raise InputError("file", f"{show(file)} is not allowed", "path of a CSV file")
    observed = of_scenario(config, which) if file is None else of_file(config, Path(file))
    return Question(
        cases=(as_case(config, observed),),
        priors=priors(own.get("parameters"), intervals, config),
        particles=words.whole("particles", own.get("particles", 150), 20, 100_000),
        simulations=words.whole("simulations", own.get("simulations", 8000), 40, 100_000_000),
        draws=words.whole("draws", own.get("draws", 100), 2, 10_000),
        seed=config.seed,
        executor=config.executor,
    )


def as_case(config: Config, observed: Observed) -> Case:
    """A case whose runs end with the last month that is looked at."""
    return Case(config.model_copy(update={"months": observed.last, "replications": 1}), observed)


def case_of(scenario: str, which: str = "fitted", **keys: Any) -> Case:
    """A scenario under its own policy, held against its targets."""
    config = load(scenario, policy=load(scenario).scenario.policy, **keys)
    return as_case(config, of_scenario(config, which))


def priors(
    named: Any, intervals: dict[str, Interval], config: Config
) -> dict[str, tuple[float, float]]:
    """Uniform priors: bounds of the schema, or an interval of the user's own.

    Raises:
        InputError: A key that is no continuous parameter, or bounds that are not allowed.
    """
    keys = list(PARAMETERS) if named is None and not intervals else []
    keys += [] if named is None else [str(key) for key in words.listed("parameters", named)]
    described = {row.key: row for row in Config.describe()}
    bounds: dict[str, tuple[float, float]] = {}
    for key in keys:
        row = described.get(key)
        if row is None:
            raise unknown_name("parameters", f"{key} is no parameter", key, list(described))
        if not isinstance(row.default, float) or row.low is None or row.high is None:
            problem = f"{key} is not a number between two bounds"
            raise InputError("parameters", problem, f"{key}=interval(low,high), or another")
        bounds[key] = (float(row.low), float(row.high))
    bounds |= {key: (interval.low, interval.high) for key, interval in intervals.items()}
    for key, (low, high) in bounds.items():
        if not low < high:
            raise InputError(key, f"interval({low:g},{high:g})", "low below high")
    tree = config.resolved()
    for end in (0, 1):
        change(tree, {key: pair[end] for key, pair in bounds.items()})
    return bounds


# --- living -------------------------------------------------------------------------------------


class Simulator:
    """Lives the cases under given parameters: what is sent to the processes."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._trees = [case.config.resolved() for case in cases]
        self._observed = [case.observed for case in cases]

    def __call__(
        self, parameters: dict[str, float], seed: int, limit: float
    ) -> tuple[float, np.ndarray]:
        """Distance and the values behind it; cases after one that is beyond the limit are left out."""
        worst, found = 0.0, []
        for tree, observed in zip(self._trees, self._observed, strict=True):
            values = np.full(len(observed.targets), np.nan)
            if worst <= limit:
                record = live(tree, parameters, seed)
                if record is not None:
                    values = observed.values(*record)
                worst = max(worst, observed.distance(values))
            found.append(values)
        return worst, np.concatenate(found)


def live(
    tree: dict[str, Any], parameters: dict[str, float], seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Months (M,) and indicators (M, C, K) of one run; None if these parameters cannot be lived."""
    from sim.model import NeighborhoodModel

    try:
        model = NeighborhoodModel(change(tree, dict(parameters)), seed=seed)
        model.run()
        return model.recorder.months, model.recorder.values
    except (InputError, ArithmeticError, ValueError):
        return None


def answer(
    question: Question, out: Path | None = None, progress: bool = False, *, force: bool = False
) -> Calibration:
    """Live a question, go on where it was stopped, or read its answer back.

    Raises:
        InputError: An unusable ``out``, or pyabc is not installed.
        RuntimeError: Not even one generation could be finished.
    """
    smc = _smc()
    asked, database = question.asked, None
    if out is not None:
        found = kept.find(asked, out, (*TABLES, "effort"))
        if found is not None and not force:
            effort = found.pop("effort").iloc[0]
            if (effort["simulations"], effort["draws"]) == (question.simulations, question.draws):
                return Calibration(question, **found, folder=asked.folder(out), loaded=True)
        # Other code would go on from numbers that it would not have given itself.
        database = asked.folder(out).with_suffix(f".{store.source_digest()}.db")
        if force:
            database.unlink(missing_ok=True)
    started = datetime.now(UTC)
    if progress:
        announce_compiling()
    plan = smc.Plan(question.particles, question.simulations, question.seed)
    sampled = smc.sample(
        Simulator(question.cases), question.priors, plan, question.executor, database, progress
    )
    calibration = _assemble(question, sampled)
    if out is None:
        return calibration
    tables = {name: getattr(calibration, name) for name in TABLES}
    tables["effort"] = pd.DataFrame(
        {"simulations": [question.simulations], "draws": [question.draws]}
    )
    return replace(calibration, folder=kept.keep(asked, out, tables, started))


@cache
def _smc() -> Any:
    try:
        from sim.science import smc
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pyabc":
            raise
        raise InputError(
            "calibrate", "pyabc is not installed", "pip install 'xiaoqu[science]'"
        ) from None
    return smc


def predictive(
    case: Case, draws: pd.DataFrame, seed: int, executor: Executor
) -> list[tuple[np.ndarray, np.ndarray] | None]:
    """Fresh runs of a case, one per draw: months (M,) and means over compounds (M, K).

    Args:
        case: What is lived.
        draws: A row per run, a column per parameter.
        seed: Seed of the first run.
        executor: Where it is computed; changes no result.
    """
    size = 1 if case.heavy else 4
    rows = [{str(k): float(v) for k, v in row.items()} for row in draws.to_dict("records")]
    tasks = [
        (case.config.resolved(), seed + first, rows[first : first + size])
        for first in range(0, len(rows), size)
    ]
    lived: dict[int, list[Any]] = {}
    answers = executors.spread(executor, _live_rows, tasks, len(tasks))
    with closing(answers):
        for number, found in answers:
            lived[number] = found
    return [one for number in sorted(lived) for one in lived[number]]


def _live_rows(task: tuple[dict[str, Any], int, list[dict[str, float]]]) -> list[Any]:
    tree, first, rows = task
    records = [live(tree, row, first + k) for k, row in enumerate(rows)]
    return [None if r is None else (r[0], r[1].mean(axis=1)) for r in records]


def prior_draws(bounds: dict[str, tuple[float, float]], count: int, seed: int) -> pd.DataFrame:
    """Parameter sets drawn from the prior."""
    rng = np.random.default_rng([seed, 1])
    low, high = np.array(list(bounds.values())).T
    return pd.DataFrame(rng.uniform(low, high, (count, len(bounds))), columns=list(bounds))


# --- tables -------------------------------------------------------------------------------------

FRESH = 1_000_000
"""First seed of predictive runs: none that was used to find the posterior."""


def _assemble(question: Question, sampled: Sampled) -> Calibration:
    posterior = sampled.parameters.assign(weight=sampled.weights, distance=sampled.distances)
    none = pd.DataFrame()
    bare = Calibration(question, posterior, sampled.generations, none, none, none, none)
    sources = {
        "prior": prior_draws(question.priors, question.draws, question.seed),
        "posterior": bare.draw(question.draws),
    }
    figures, paths = [], []
    for case in question.cases:
        lived = {
            name: predictive(case, draws, FRESH + k * question.draws, question.executor)
            for k, (name, draws) in enumerate(sources.items())
        }
        figures += list(_figures(case, lived))
        paths += [_paths(case, name, runs) for name, runs in lived.items()]
    keys = list(question.priors)
    return replace(
        bare,
        parameters=identified(sampled.parameters, sampled.weights, question),
        pairs=correlated(sampled.parameters[keys], sampled.weights),
        figures=pd.DataFrame(figures),
        predictive=pd.concat(paths, ignore_index=True),
    )


def identified(parameters: pd.DataFrame, weights: np.ndarray, question: Question) -> pd.DataFrame:
    """Posterior against prior, a row per parameter; see ``Calibration.parameters``."""
    tree = question.cases[0].config.resolved()
    rows = []
    for key, (low, high) in question.priors.items():
        q05, median, q95 = weighted_quantiles(
            parameters[key].to_numpy(), weights, (0.05, 0.5, 0.95)
        )
        default: Any = tree
        for name in key.split("."):
            default = default.get(name) if isinstance(default, dict) else None
        wide = 0.9 * (high - low)
        rows.append(
            {
                "parameter": key, "prior_low": low, "prior_high": high,
                "default": math.nan if default is None else float(default),
                "q05": q05, "median": median, "q95": q95, "width": (q95 - q05) / wide,
                "shift": (median - (low + high) / 2) / wide,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def correlated(parameters: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """Weighted correlation of every two parameters, strongest first."""
    keys = list(parameters)
    spread = np.cov(parameters.to_numpy().T, aweights=weights).reshape(len(keys), len(keys))
    size = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    rows = [
        {"first": a, "second": b, "correlation": float(spread[i, j] / (size[i] * size[j]))}
        for i, a in enumerate(keys)
        for j, b in enumerate(keys)
        if i < j
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "correlation"])
    return frame.sort_values("correlation", key=abs, ascending=False, ignore_index=True)


def figure_row(case: Case, place: int, values: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Median, q05, q95 and share inside of what runs gave for one figure of a case."""
    target = case.observed.targets[place]
    known = values[~np.isnan(values)]
    q05, median, q95 = np.quantile(known, [0.05, 0.5, 0.95]) if len(known) else [math.nan] * 3
    inside = (known >= target.low) & (known <= target.high)
    return {
        f"{prefix}median": float(median), f"{prefix}q05": float(q05), f"{prefix}q95": float(q95),
        f"{prefix}share_inside": float(inside.sum()) / max(len(values), 1),
    }  # fmt: skip


def of_runs(case: Case, runs: list[tuple[np.ndarray, np.ndarray] | None]) -> np.ndarray:
    """What runs gave for each figure of a case (runs, figures)."""
    blank = np.full(len(case.observed.targets), np.nan)
    return np.array(
        [blank if r is None else case.observed.values(r[0], r[1][:, None, :]) for r in runs]
    )


def _figures(case: Case, lived: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    before, after = of_runs(case, lived["prior"]), of_runs(case, lived["posterior"])
    for place, target in enumerate(case.observed.targets):
        yield {
            "case": case.name, "label": target.label, "indicator": target.indicator,
            "month": target.month, "relative": target.relative, "low": target.low,
            "high": target.high, **figure_row(case, place, before[:, place], "prior_"),
            **figure_row(case, place, after[:, place]),
        }  # fmt: skip


def _paths(case: Case, source: str, runs: list[Any]) -> pd.DataFrame:
    names = list(INDICATORS)
    shown = list(dict.fromkeys(target.indicator for target in case.observed.targets))
    parts = [
        pd.DataFrame(
            {
                "case": case.name, "source": source, "draw": np.int32(number),
                "indicator": indicator, "month": run[0].astype(np.int32),
                "value": run[1][:, names.index(indicator)],
            }
        )
        for number, run in enumerate(runs) if run is not None for indicator in shown
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, at: Sequence[float]
) -> tuple[float, ...]:
    """Quantiles of weighted values: between neighbours, at the middle of each one's weight."""
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order] / weights.sum()
    return tuple(float(q) for q in np.interp(at, np.cumsum(weights) - weights / 2, values))


def effective_size(weights: np.ndarray) -> float:
    """How many equal weights some weights are worth."""
    return float(weights.sum() ** 2 / (weights**2).sum())


__all__ = ["MISSING", "Calibration", "Case", "Question", "answer", "ask_words", "calibrate"]
