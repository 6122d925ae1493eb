"""Approximate Bayesian computation by sequential Monte Carlo: pyabc on our processes and our seeds.

pyabc does the statistics (priors, proposals, weights, tolerances, the database of generations). Its
own parallel samplers seed each process from the clock; ours numbers every simulation, seeds it by
(seed, generation, number) and accepts in that order, so that the posterior is the same bytes
whatever the number of processes, and however often it was stopped and continued.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock, local
from typing import Any

import numpy as np
import pandas as pd
import pyabc
from sqlalchemy.exc import DatabaseError

from sim.config import Executor
from sim.errors import InputError
from sim.experiments import executors
from sim.experiments.progress import Advance, bar
from sim.science.core import Prior

Simulate = Callable[[dict[str, float], int, float], tuple[float, np.ndarray]]
"""From parameters, a seed and a limit to the distance and the values behind it; a run may stop
early once its distance is above the limit. It must not raise."""

FIRST_SAMPLE, FIRST_QUANTILE, QUANTILE = 10, 0.1, 0.3
"""Prior runs per particle before the first generation, the quantile of their distances that it must
reach, and the quantile of each generation's that the next must reach.

Most of a wide prior gives one and the same ruined compound. Small steps down from there breed from
the few ruined ones that are nearest by chance; one large step does not."""

SCALING = 5.0
"""Covariance of proposals, in those of pyabc's rule.

At 1 and with 12 parameters a few particles soon carry nearly all weight: with pyabc's own steps and
proposals 1.2 effective particles of 150 where the posterior is known, and a spread a fifth of the
true one. At 5 there are 88, and the spread is right to 1%. See ``docs/science/calibration.md``."""

LEAST_ACCEPTED = 0.005
"""Share of simulations accepted below which no further generation is begun."""

BLOCK = 256
"""Proposals drawn at once."""

BATCH = 4
"""Simulations in one task."""

MOST_GENERATIONS = 30

logging.getLogger("ABC").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Plan:
    """How long to sample.

    Attributes:
        particles: Parameter sets in a generation.
        simulations: Simulations in all; a generation that they cannot finish is left out.
        seed: Seed of everything drawn.
        batch: Simulations in one task; changes no result.
    """

    particles: int
    simulations: int
    seed: int
    batch: int = BATCH


@dataclass(frozen=True)
class Sampled:
    """Outcome of the sampling.

    Attributes:
        parameters: A row per particle of the last generation, a column per parameter.
        weights: (n,), they sum to 1.
        distances: (n,).
        values: (n, figures), what each particle gave for what was observed.
        generations: A row per generation: generation (-1 for the prior), tolerance, simulations,
            accepted.
    """

    parameters: pd.DataFrame
    weights: np.ndarray
    distances: np.ndarray
    values: np.ndarray
    generations: pd.DataFrame


def sample(
    simulate: Simulate,
    priors: dict[str, Prior],
    plan: Plan,
    executor: Executor,
    database: Path | None = None,
    progress: bool = False,
) -> Sampled:
    """Sample the posterior under priors, or go on where a database ends.

    Args:
        simulate: The model and its distance.
        priors: Of each parameter.
        plan: How long.
        executor: Where simulations are computed.
        database: SQLite file of pyabc; what it holds is gone on with. None keeps it in memory.
        progress: Show a bar on standard error.

    Raises:
        RuntimeError: Not even the first generation could be finished.
    """
    place = "sqlite://" if database is None else f"sqlite:///{database}"
    there = database is not None and _begun(database)
    with bar(plan.simulations, progress, "simulations") as advance:
        sampler = _Numbered(plan, executor, advance)
        abc = pyabc.ABCSMC(
            _Model(simulate),
            pyabc.Distribution(**{k: _variable(prior) for k, prior in priors.items()}),
            pyabc.FunctionDistance(_own_distance),
            population_size=pyabc.ConstantPopulationSize(
                plan.particles, nr_calibration_particles=FIRST_SAMPLE * plan.particles
            ),
            transitions=_Proposals(priors),
            eps=_Tolerance(),
            sampler=sampler,
        )
        if there:
            abc.load(place, observed_sum_stat={})
        else:
            abc.new(place, {})
        if not _ended(abc.history, plan):
            abc.run(
                minimum_epsilon=0.0,
                min_acceptance_rate=LEAST_ACCEPTED,
                max_total_nr_simulations=plan.simulations,
                max_nr_populations=MOST_GENERATIONS,
            )
    if database is not None:
        return _read(pyabc.History(place), priors, plan)
    try:
        return _read(abc.history, priors, plan)
    finally:
        # Left to the garbage collector it would be closed in any thread, which SQLite refuses with a traceback.
        abc.history._session.close()
        abc.history._engine.dispose()


def check_place(database: Path) -> None:
    """Refuse a database that pyabc would look for elsewhere, or that is no file.

    Raises:
        InputError: It is such a place.
    """
    # pyabc takes an address and cuts the name of the file out of it: neither escapes it.
    for letter in "?%":
        if letter in str(database):
            problem = f"{database}: an address of a database cannot hold {letter!r}"
            raise InputError("out", problem, "a folder without ? and % in its name")
    if database.exists() and not database.is_file():
        raise InputError("out", f"{database}: is no file", "a database, or nothing, of that name")


def _begun(database: Path) -> bool:
    """Whether a database can be gone on with; what a kill left before the first row is taken away."""
    if not database.exists():
        return False
    try:
        if pyabc.History(f"sqlite:///{database}").id is not None:
            return True
    except (AssertionError, DatabaseError):
        pass  # pyabc's word for a database without a version, and SQLite's for no database at all.
    # The journal of one file must not be played back into the next of that name.
    for path in (database, database.with_name(f"{database.name}-journal")):
        path.unlink(missing_ok=True)
    return False


def _ended(history: Any, plan: Plan) -> bool:
    told = history.get_all_populations()
    told = told[told["t"] >= 0]
    if not len(told):
        return False
    spent = int(history.total_nr_simulations) >= plan.simulations
    return spent or float(told["epsilon"].iloc[-1]) <= 0.0


class _Tolerance(pyabc.QuantileEpsilon):
    """Comes down in one large step from the prior, then in smaller ones."""

    def _update(self, t: int, weighted_distances: pd.DataFrame) -> None:
        self.alpha = FIRST_QUANTILE if t == 0 else QUANTILE
        super()._update(t, weighted_distances)


class _Proposals(pyabc.MultivariateNormalTransition):
    """pyabc's proposals, drawn in blocks until one lies inside the prior.

    In 12 dimensions nearly all lie outside; drawn one by one, as pyabc would, they take as long as
    a run. What is proposed has the same distribution.
    """

    def __init__(self, priors: dict[str, Prior]) -> None:
        super().__init__(scaling=SCALING)
        self._bounds = priors

    def fit(self, X: pd.DataFrame, w: np.ndarray) -> None:
        """See ``pyabc.Transition``."""
        super().fit(X, w)
        low, high, _ = zip(*(self._bounds[str(key)] for key in X.columns), strict=True)
        self._low, self._high = np.array(low), np.array(high)
        size, axes = np.linalg.eigh(self.cov)
        self._root = axes * np.sqrt(np.maximum(size, 0.0))

    def rvs_single(self) -> Any:
        """See ``pyabc.Transition``."""
        while True:
            at = np.random.choice(self._range, size=BLOCK, p=self.w, replace=True)
            moved = (
                self._X_arr[at] + np.random.standard_normal((BLOCK, len(self._low))) @ self._root.T
            )
            inside = np.flatnonzero(((moved >= self._low) & (moved <= self._high)).all(axis=1))
            if len(inside):
                return pyabc.Parameter(dict(zip(self.X.columns, moved[inside[0]], strict=True)))


def _variable(prior: Prior) -> pyabc.RV:
    name, shape, low, wide = prior.law
    return pyabc.RV(name, *shape, low, wide)


class _Draws:
    """numpy's global state, from which pyabc and scipy draw: lent to one simulation at a time.

    Threads of this process share it, and let each other in while they draw.
    """

    def __init__(self) -> None:
        self._lock, self._mine = Lock(), local()

    def begin(self, seeds: list[int]) -> None:
        """Draw from these seeds, in this thread alone."""
        self._lock.acquire()
        self._mine.before = np.random.get_state()
        np.random.seed(seeds)

    def end(self) -> None:
        """Give it back as it was; a caller's own must not be disturbed."""
        before = vars(self._mine).pop("before", None)
        if before is not None:
            np.random.set_state(before)
            self._lock.release()


_DRAWS = _Draws()


def _own_distance(found: dict[str, Any], _observed: dict[str, Any]) -> float:
    return float(found["distance"])


class _Model(pyabc.IntegratedModel):
    """Simulates, measures and accepts in one, so that a hopeless run can stop early."""

    def __init__(self, simulate: Simulate) -> None:
        super().__init__(name="xiaoqu")
        self._simulate = simulate

    def sample(self, pars: Any) -> dict[str, Any]:
        return self._live(pars, math.inf)

    def integrated_simulate(self, pars: Any, eps: float) -> Any:
        found = self._live(pars, eps)
        distance = float(found["distance"])
        # The weight of a particle accepted by a uniform kernel; pyabc's default is the same.
        return pyabc.ModelResult(
            accepted=distance <= eps, distance=distance, sum_stat=found, weight=1.0
        )

    def _live(self, pars: Any, limit: float) -> dict[str, Any]:
        seed = int(np.random.randint(0, 2**31))
        # All is drawn, and others may draw while this one lives.
        _DRAWS.end()
        distance, values = self._simulate({k: float(v) for k, v in pars.items()}, seed, limit)
        return {"distance": distance, "values": values}


class _Numbered(pyabc.Sampler):
    """Every simulation has a number, which alone decides what it draws."""

    def __init__(self, plan: Plan, executor: Executor, advance: Advance) -> None:
        super().__init__()
        self._plan, self._executor, self._advance = plan, executor, advance
        self._total = 0

    def sample_until_n_accepted(
        self,
        n: int,
        simulate_one: Callable[[], Any],
        t: int,
        *,
        max_eval: float = math.inf,
        all_accepted: bool = False,
        ana_vars: Any = None,
    ) -> Any:
        """See ``pyabc.Sampler``."""
        found = self._create_empty_sample()
        spent = 0 if ana_vars is None else ana_vars.prev_total_nr_simulations
        limit = int(min(max_eval, max(self._plan.simulations - spent, n if t < 0 else 0)))
        lived = 0
        while found.n_accepted < n and lived < limit:
            # Half at first; then as many as the share accepted so far makes likely to do.
            share = 1.0 if all_accepted else (found.n_accepted + n / 2) / (lived + n)
            wanted = math.ceil(1.1 * (n - found.n_accepted) / share) if share < 1 else n
            wanted = min(wanted, 4 * n, limit - lived)
            for particle in self._round(simulate_one, t, range(lived, lived + wanted)):
                if found.n_accepted < n:
                    found.append(particle)
            lived += wanted
        self.nr_evaluations_ = lived
        found.ok = found.n_accepted >= n
        return found

    def _round(self, simulate_one: Callable[[], Any], t: int, numbers: range) -> list[Any]:
        size = self._plan.batch
        tasks = [numbers[k : k + size] for k in range(0, len(numbers), size)]
        each = partial(_live_numbered, simulate_one, self._plan.seed, t)
        answers = executors.spread(self._executor, each, tasks, len(tasks))
        lived: dict[int, list[Any]] = {}
        with closing(answers):
            for number, particles in answers:
                lived[number] = particles
                self._advance(len(particles))
        return [particle for number in sorted(lived) for particle in lived[number]]


def _live_numbered(simulate_one: Callable[[], Any], seed: int, t: int, numbers: range) -> list[Any]:
    lived = []
    for number in numbers:
        _DRAWS.begin([seed, t + 1, number])
        try:
            lived.append(simulate_one())
        finally:
            _DRAWS.end()
    return lived


def _read(history: Any, priors: dict[str, Prior], plan: Plan) -> Sampled:
    if history.max_t < 0:
        raise RuntimeError(
            f"{plan.simulations} simulations are too few for one generation of {plan.particles}; "
            f"try simulations={max(3 * FIRST_SAMPLE * plan.particles, 2 * plan.simulations)}"
        )
    particles = history.get_population(history.max_t).particles
    if not any(math.isfinite(particle.distance) for particle in particles):
        raise RuntimeError(
            "no simulation gave a value for every figure: under these priors nothing can be told"
        )
    # By what they hold: a database gives rows back in an order of its own.
    order = sorted(particles, key=lambda p: tuple(float(p.parameter[key]) for key in priors))
    parameters = pd.DataFrame({k: [float(p.parameter[k]) for p in order] for k in priors})
    weights = np.array([p.weight for p in order])
    told = history.get_all_populations()
    generations = pd.DataFrame(
        {
            "generation": told["t"].astype("int64"),
            "tolerance": told["epsilon"].astype("float64"),
            "simulations": told["samples"].astype("int64"),
            "accepted": np.where(told["t"] < 0, told["samples"], plan.particles).astype("int64"),
        }
    ).reset_index(drop=True)
    return Sampled(
        parameters,
        weights / weights.sum(),
        np.array([p.distance for p in order]),
        np.array([np.asarray(p.sum_stat["values"], dtype=float) for p in order]),
        generations,
    )
