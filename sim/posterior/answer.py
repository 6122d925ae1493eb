"""The pooled fit as a question: its runs part by part, its tables, and what is said of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sim.config import Config
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker, answered
from sim.posterior import audit, coverage, held, pooled, runs, scores, space
from sim.science.core import CORE
from sim.science.discovery import need_sklearn
from sim.science.untouched import POPULATIONS

LIBRARIES = ("scikit-learn", "scipy")

AUDITED = 20
"""Draws under which each case is lived with what was done and without."""

DIGITS = 5
"""Significant digits of what is handed on: text that reads back the same on every machine."""


@dataclass(frozen=True, repr=False)
class Pool(Answer):
    """What cases and levels say together.

    Attributes:
        question: What was asked.
        posterior: A row a draw that is handed on, a column a number of the core.
        parameters: A row a number: ``prior_low``, ``prior_high`` (middle 90%), ``default``, ``q05``, ``median``,
            ``q95``, and ``width`` (posterior over prior width of the middle 90%; 1 means that nothing was learnt).
        telling: The numbers of the report, the same columns but for the default.
        predictions: A row an outcome, foreseen without its case, see ``scores.predictions``.
        levels: A row a level: share of the posterior that meets it, and its median.
        matching: A row a level: share of the prior that it rules out alone, and that is left after it, see
            ``Pooled.ruled_out``.
        audit: A row an outcome: its chance with what was done and without, see ``audit.audit``.
        coverage: A row a number: how often it is found again, see ``coverage.coverage``; none without truths.
        emulators: A row a quantity: ``fit``, the part of the variance over runs kept out that its emulator explains.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than made now.
    """

    TABLES = ("posterior", "parameters", "telling", "predictions", "levels", "matching", "audit",
              "coverage", "emulators")  # fmt: skip
    MAIN = "predictions"
    SHOWN = "sim.posterior.answer_tables:print_pool"
    BILINGUAL = False
    WIDTH = 160

    question: Question
    posterior: pd.DataFrame
    parameters: pd.DataFrame
    telling: pd.DataFrame
    predictions: pd.DataFrame
    levels: pd.DataFrame
    matching: pd.DataFrame
    audit: pd.DataFrame
    coverage: pd.DataFrame
    emulators: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def scores(self) -> pd.DataFrame:
        """Mean scores of the model and of each rival, over outcomes: ``crps``, ``log_score``, ``inside``."""
        rows = {}
        for name, title in (("", "the model"), *((f"_{r.name}", r.en) for r in scores.RIVALS)):
            columns = [f"{part}{name}" for part in ("crps", "log_score", "inside")]
            rows[title] = self.predictions[columns].mean().to_numpy()
        frame = pd.DataFrame(rows, index=["crps", "log_score", "inside"]).T
        return frame.rename_axis("who").reset_index()


@dataclass(frozen=True)
class Question(Kept):
    """How large a fit.

    Attributes:
        draws: Of the design.
        particles: Of the posterior.
        kept: Draws handed on.
        truths: Of the test of coverage; 0 for none.
        base: Names seed and executor.
    """

    draws: int
    particles: int
    kept: int
    truths: int
    base: Config

    ANSWER = Pool

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        configs = tuple(case.config for case in held.cases().values())
        figures = [
            [f.name, f.case, f.told, *f.counts, f.target.low, f.target.high] for f in held.figures()
        ]
        own = {
            "numbers": [self.draws, self.particles, self.kept, self.truths, self.base.seed],
            "figures": figures,
        }
        return Asked("pool", self.base, own, LIBRARIES, configs)

    def maker(self, how: How) -> Maker:
        """What lives and fits."""
        # Said before the runs, which take their time.
        need_sklearn("pool")
        return partial(_tables, self, how)


@dataclass(frozen=True)
class _Part(Kept):
    """The designed runs of one part, kept by themselves so that a stopped fit goes on."""

    part: str
    draws: int
    base: Config

    @property
    def asked(self) -> Asked:
        untouched = self.part in POPULATIONS
        config = POPULATIONS[self.part].config() if untouched else held.cases()[self.part].config
        words = {
            "part": self.part,
            "draws": self.draws,
            "columns": [name for name, _ in runs.columns(self.part)],
        }
        return Asked("pool_runs", config, words, LIBRARIES)

    def runs(self, how: How) -> pd.DataFrame:
        return answered(self.asked, ("runs",), self._lived, how)["runs"]

    def _lived(self) -> dict[str, pd.DataFrame]:
        return {"runs": runs.live(self.part, self.draws, self.base.executor)}


def _tables(question: Question, how: How) -> dict[str, pd.DataFrame]:
    say: Callable[[str], None] = (
        partial(print, file=sys.stderr) if how.progress else lambda text: None
    )
    lived = {}
    for part in runs.parts():
        say(f"pool: {part}")
        lived[part] = _Part(part, question.draws, question.base).runs(how._replace(progress=False))
    fitted = pooled.Pooled(lived, question.draws)
    found = fitted.sample(question.particles, question.base.seed, tell=say)
    posterior = _handed_on(found, question)
    known = None
    if question.truths:
        known = coverage.coverage(
            lived, question.draws, question.truths, question.base.executor, say
        )
    return {
        "posterior": posterior,
        **_learnt(found, question),
        "predictions": scores.predictions(fitted, found),
        "levels": fitted.levels_held(found.core),
        "matching": fitted.ruled_out(seed=question.base.seed),
        "audit": audit.audit(posterior, min(AUDITED, question.kept), lived, question.base.executor),
        "coverage": pd.DataFrame(columns=coverage.COLUMNS) if known is None else known,
        "emulators": pd.DataFrame(
            {"quantity": list(fitted.fits), "fit": list(fitted.fits.values())}
        ),
    }


def _handed_on(found: pooled.Particles, question: Question) -> pd.DataFrame:
    rng = np.random.default_rng([space.SEED, question.base.seed])
    rows = rng.choice(question.particles, question.kept, replace=False)
    core = space.from_unit(found.core)[rows]
    rounded = [[float(f"{value:.{DIGITS}g}") for value in row] for row in core]
    return pd.DataFrame(rounded, columns=list(space.KEYS))


def _learnt(found: pooled.Particles, question: Question) -> dict[str, pd.DataFrame]:
    many, seed = 4 * question.particles, question.base.seed
    core = space.from_unit(space.prior_places(many, seed))
    parameters = space.widths(space.from_unit(found.core), core, space.KEYS)
    parameters.insert(3, "default", [float(one.described.default) for one in CORE])
    telling = space.widths(found.telling, pooled.telling_from_prior(many, seed), pooled.TELLING)
    return {"parameters": parameters, "telling": telling}
