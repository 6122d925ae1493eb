"""Runs that a page of sliders is made of: a designed set to learn from, and others to be held against.

Every setting of the design is lived under one seed, and a few settings share a seed: its past is lived once,
and beside them the compound without measures. Settings that the emulator never sees are lived under several
seeds of their own: settings that share seeds are off together, so that little is known of further ones.
How far the emulator is from them stands in the answer, in its bands and on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

from sim import known
from sim.config import Config, Policy
from sim.experiments.answers import Answer
from sim.experiments.copied import line, policy_changes, settings_of, word
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.progress import Advance, bar
from sim.experiments.run import Replication
from sim.experiments.together import live_together
from sim.outcomes import INDICATORS
from sim.questions.base import Said
from sim.science import emulator
from sim.science.discovery import need_sklearn
from sim.science.emulator import Emulator, Lever, Samples, Setting
from sim.science.worlds import COSTS, spread_worlds

SHARED = 4
"""Settings of the design that share a seed, and with it a past and a run without measures."""

OFF, STAYS = 0.3, 0.5
"""Part of the design in which a measure is not used, and in which one that is used stays to the end."""

UNSEEN_SEED, FRESH_SEED = 2, 3
"""Of the settings that the emulator does not see, and of those that are tried once it is made."""

KNOWN = "_known"
"""Behind an indicator's name: whether it has a value, as collection has none without a firm."""

FINEST_DOSE = 0.05
"""Doses of a slider are so far apart, and so are those of runs."""

STEPS = 24
"""Months on the page, about."""


@dataclass(frozen=True, repr=False)
class Explorer(Answer):
    """What a page of sliders is made of; ``keep_figures`` writes it as ``explorer.html``.

    Attributes:
        question: What was asked.
        errors: How far the emulator is from runs that it has not seen, see ``emulator.errors``.
        coefficients: All of the emulator, see ``emulator.as_table``.
        lived: Runs at settings that it has not seen: a row per setting (-1 without measures), month and
            output with the setting, and ``mean``, 5, 25, 75 and 95% of runs (``low_90`` ...), ``count``
            of those that have a value.
        design: A row per setting that it has learned from: seed, dose, start and end of each measure, and
            every output at the last month.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("errors", "coefficients", "lived", "design")
    MAIN = "errors"
    SHOWN = "sim.science.explore_table:print_explorer"
    FIGURES = "sim.figures.emulated"

    question: Question
    errors: pd.DataFrame
    coefficients: pd.DataFrame
    lived: pd.DataFrame
    design: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @cached_property
    def emulator(self) -> Emulator:
        """The fitted networks."""
        return emulator.of_table(self.coefficients)

    def lines(self) -> np.ndarray:
        """The emulator's lines (settings, months, outputs) where it is held against runs."""
        rows = self.lived[self.lived["setting"] >= 0]
        firsts = rows.drop_duplicates("setting")
        told = [
            self.question.told(
                [
                    Setting(*(row[f"{lever.label}.{name}"] for name in Setting._fields))
                    for lever in self.question.levers
                ]
            )
            for row in firsts.to_dict("records")
        ]
        return self._clipped(np.array(told))

    def _clipped(self, told: np.ndarray) -> np.ndarray:
        lines, named = self.emulator.line(told), self.question.indicators
        ends = [(INDICATORS[name].low, INDICATORS[name].high) for name in named]
        low, high = np.array(ends).T
        # A share is never below 0 or above 1, whatever networks say.
        return np.concatenate(
            [np.clip(lines[..., : len(named)], low, high), lines[..., len(named) :]], axis=-1
        )

    def fresh(
        self, settings: int = 200, model: Callable[..., Any] | None = None
    ) -> dict[str, float]:
        """Of the emulator's lines at random settings that nothing was made of, the share within its stated error.

        Args:
            settings: How many are drawn, each lived under as many seeds as those that the error was measured on.
            model: Another model than ours.

        Returns:
            By indicator the share of settings and months; 0.95 is stated.

        Raises:
            RuntimeError: A run failed.
        """
        question = self.question
        points = np.random.default_rng(FRESH_SEED).random((settings, 3 * len(question.levers)))
        drawn = [question.settings(point) for point in points]
        worlds = _worlds(drawn, question.repeats, question.config.seed + question.seeds, 1)
        read = spread_worlds(
            question.config, partial(live, question, model), worlds, False, "seeds"
        )
        lived = _samples(question, drawn, question.repeats, read, 1)
        off = emulator.distance(self._clipped(lived.told), lived.levels)
        shape = (len(question.outputs), len(question.months))
        within = self.errors["within"].to_numpy().reshape(shape).T
        held = known.mean(np.where(np.isnan(off), np.nan, off <= within), axis=(0, 1))
        return dict(zip(question.indicators, held.tolist(), strict=False))

    def page(self, language: str = "en", command: bool = True) -> str:
        """The page as the text of one HTML file.

        Args:
            language: In which it opens; both are in it.
            command: Whether it says how to live a setting for real; files of one's own are not there for others.
        """
        from sim.report.explorer import as_page

        return as_page(self, language, command)

    def keep_figures(
        self, language: str = "en", more: Sequence[str] = (), dpi: int = 300
    ) -> list[Path]:
        """Draw the figures, and write the page beside them."""
        files = super().keep_figures(language, more, dpi)
        if self.folder is None:
            return files
        from sim.report.write import write_file

        page = self.folder / "explorer.html"
        write_file(page, self.page(language).encode("utf-8"))
        return [page, *files]


@dataclass(frozen=True)
class Question(Kept):
    """What is asked.

    Attributes:
        config: Scenario, and the measures with their other settings.
        indicators: Curves on the page.
        dose: Largest dose.
        latest: Latest first month.
        runs: Settings of the design, at least.
        unseen: Settings that are kept out.
        repeats: Seeds of each of these.
    """

    config: Config
    indicators: tuple[str, ...]
    dose: float = 1.5
    latest: int = 24
    runs: int = 8192
    unseen: int = 100
    repeats: int = 20

    ANSWER = Explorer

    @property
    def asked(self) -> Asked:
        """All that decides the answer."""
        said = {"indicator": list(self.indicators), "dose": self.dose, "latest": self.latest}
        said |= {"runs": self.runs, "unseen": self.unseen, "repeats": self.repeats}
        return Asked("explore", self.config, said, ("scikit-learn", "scipy"))

    @property
    def worlds(self) -> int:
        """Seeds of the design."""
        return -(-self.runs // SHARED)

    @property
    def seeds(self) -> int:
        """Seeds in all."""
        return self.worlds + self.repeats * self.unseen

    @cached_property
    def levers(self) -> tuple[Lever, ...]:
        """Measures in the catalogue's order."""
        entries = self.config.policy.entries()
        return tuple(
            Lever(e.label, e.parameters.ramp, e.measure.months_fading(e.parameters))
            for e in entries
        )

    @property
    def months(self) -> list[int]:
        """Months that are read, the last among them."""
        step = max(1, round(self.config.months / STEPS))
        return sorted({*range(0, self.config.months + 1, step), self.config.months})

    @property
    def outputs(self) -> list[str]:
        """What is read: indicators, hours and yuan of all months so far, share with a value of each indicator."""
        return [*self.indicators, *COSTS, *(f"{name}{KNOWN}" for name in self.indicators)]

    @cached_property
    def command(self) -> str:
        """The command of a run without measures, which a page adds its own to."""
        bare = self.config.model_copy(update={"policy": Policy()})
        return line(Said("run", {}, tuple(s for s in settings_of(bare) if s[0] != "policy")))

    def others(self, label: str) -> list[str]:
        """What of a measure is not moved and not as usual, as words of a command."""
        kept = self.config.model_copy(
            update={
                "policy": Policy(name=label, measures={label: self.config.policy.measures[label]})
            }
        )
        moved = tuple(f"policy.measures.{label}.{name}" for name in Setting._fields)
        return [word(*one) for one in policy_changes(kept) if one[0] not in moved]

    def settings(self, point: np.ndarray) -> tuple[Setting, ...]:
        """How measures are used at a point (3 * levers,) of the unit cube."""
        found, last = [], self.config.months
        for lot, begins, ends in point.reshape(-1, 3).tolist():
            share = max(lot - OFF, 0.0) / (1.0 - OFF)
            steps = round(self.dose * share / FINEST_DOSE)
            dose = min(round(FINEST_DOSE * steps, 2), self.dose)
            start = 1 + int(begins * self.latest)
            left = max(ends - STAYS, 0.0) / (1.0 - STAYS)
            end = last + 1 if left == 0.0 else start + 1 + int(left * (last - start))
            found.append(Setting(dose, start, end))
        return tuple(found)

    def policy(self, settings: Sequence[Setting]) -> Policy:
        """The policy that settings stand for."""
        measures = {
            lever.label: {**self.config.policy.measures[lever.label], **setting._asdict()}
            for lever, setting in zip(self.levers, settings, strict=True)
            if setting.dose > 0
        }
        return Policy(name="explored", measures=measures)

    def told(self, settings: Sequence[Setting]) -> np.ndarray:
        """What the emulator is told of settings (months, inputs)."""
        first = self.config.scenario.first_month
        return emulator.inputs(self.levers, settings, self.config.months, first)[self.months]

    def maker(self, how: How) -> Maker:
        """What lives the runs and fits the emulator."""
        need_sklearn("explore")
        return partial(_made, self, how)


class _World(NamedTuple):
    """A seed, and the settings that are lived under it."""

    seed: int
    settings: list[tuple[Setting, ...]]
    bare: bool
    """Whether the compound without measures is lived beside them."""


class Laid(NamedTuple):
    """What is lived: settings to learn from, settings that are kept out, and the worlds of both in turn."""

    design: list[tuple[Setting, ...]]
    kept_out: list[tuple[Setting, ...]]
    worlds: list[_World]


def lay_out(question: Question) -> Laid:
    """All that is lived for a question."""
    inputs, seed = 3 * len(question.levers), question.config.seed
    points = qmc.Sobol(inputs, rng=np.random.default_rng(seed))
    design = [question.settings(point) for point in points.random(SHARED * question.worlds)]
    held = np.random.default_rng(UNSEEN_SEED).random((question.unseen, inputs))
    kept_out = [question.settings(point) for point in held]
    worlds = _worlds(design, 1, seed, SHARED)
    worlds += _worlds(kept_out, question.repeats, seed + len(worlds), 1)
    return Laid(design, kept_out, worlds)


def _made(question: Question, how: How) -> dict[str, pd.DataFrame]:
    laid, each = lay_out(question), partial(live, question, how.model)
    read = spread_worlds(question.config, each, laid.worlds, how.progress, "seeds")
    with bar(emulator.FITS, how.progress, "networks", unit="") as done:
        return put_together(question, laid, read, done)


def put_together(
    question: Question, laid: Laid, read: Sequence[np.ndarray], done: Advance = lambda _: None
) -> dict[str, pd.DataFrame]:
    """Fit the emulator, hold it against what it has not seen, and write all of it as tables.

    Args:
        question: What was asked.
        laid: What was lived.
        read: Of each world, see ``live``.
        done: Is told of each network that is fitted.
    """
    design = _samples(question, laid.design, 1, read[: question.worlds], SHARED)
    unseen = _samples(question, laid.kept_out, question.repeats, read[question.worlds :], 1)
    fitted = emulator.calibrated(emulator.fit(design, question.config.seed, done), unseen)
    return {
        "errors": emulator.errors(fitted, unseen, question.outputs, question.months),
        "coefficients": emulator.as_table(fitted),
        "lived": _lived_table(question, laid.kept_out, unseen, design),
        "design": _design_table(question, laid.design, design),
    }


def _worlds(
    settings: list[tuple[Setting, ...]], repeats: int, first: int, shared: int
) -> list[_World]:
    """Seeds one after the other: some for the first ``shared`` settings, then others for the next.

    Settings that share a seed are held against the compound without measures under it.
    """
    parts = [settings[k : k + shared] for k in range(0, len(settings), shared)]
    return [
        _World(first + repeats * k + again, part, shared > 1)
        for k, part in enumerate(parts)
        for again in range(repeats)
    ]


def live(question: Question, model: Callable[..., Any] | None, world: _World) -> np.ndarray:
    """What was read (settings, months, outputs), first without measures where that is lived."""
    policies = [Policy()] * world.bare + [question.policy(one) for one in world.settings]
    configs = [question.config.model_copy(update={"policy": policy}) for policy in policies]
    return np.array([_read(question, one) for one in live_together(configs, world.seed, model)])


def _read(question: Question, lived: Replication) -> np.ndarray:
    if lived.refusal is not None:
        raise lived.refusal
    if lived.stage:
        raise RuntimeError(f"seed {lived.seed} failed at stage {lived.stage}: {lived.message}")
    months, names = np.array(question.months), list(INDICATORS)
    places = np.searchsorted(lived.months, months)
    columns = [names.index(name) for name in question.indicators]
    values = known.mean(lived.values[places][:, :, columns], axis=1)
    spent = np.zeros((len(months), len(COSTS)))
    for row in lived.costs:
        if row["month"] >= 1:
            spent[months >= row["month"]] += [row[cost] for cost in COSTS]
    there = ~np.isnan(values[:, : len(columns)])
    return np.hstack([values, spent, there])


def _samples(
    question: Question,
    settings: Sequence[tuple[Setting, ...]],
    repeats: int,
    read: Sequence[np.ndarray],
    shared: int,
) -> Samples:
    """Runs by setting and seed, of worlds as ``_worlds`` lays them out."""
    told = np.array([question.told(one) for one in settings])
    parts = [np.array(read[k : k + repeats]) for k in range(0, len(read), repeats)]
    first = int(shared > 1)
    levels = np.concatenate([np.moveaxis(part[:, first:], 0, 1) for part in parts])
    world = np.arange(len(settings)) // shared
    bare = np.array([part[:, 0] for part in parts])[world] if first else levels[:0]
    return Samples(told, levels, bare, world)


# --- tables -------------------------------------------------------------------------------------


def _columns(question: Question, settings: Sequence[tuple[Setting, ...]]) -> dict[str, np.ndarray]:
    return {
        f"{lever.label}.{name}": np.array([getattr(one[k], name) for one in settings])
        for k, lever in enumerate(question.levers)
        for name in Setting._fields
    }


def _design_table(
    question: Question, laid: Sequence[tuple[Setting, ...]], design: Samples
) -> pd.DataFrame:
    last = {name: design.levels[:, 0, -1, k] for k, name in enumerate(question.outputs)}
    seeds = question.config.seed + design.world
    return pd.DataFrame({"seed": seeds, **_columns(question, laid), **last})


def _figures(levels: np.ndarray) -> dict[str, np.ndarray]:
    """Mean, quantiles and number of runs (settings, months, outputs) that have a value."""
    names = ("low_90", "low_50", "high_50", "high_90")
    quantiles = dict(zip(names, known.quantiles(levels, emulator.BANDS, axis=1), strict=True))
    mean, count = known.mean(levels, axis=1), (~np.isnan(levels)).sum(axis=1)
    return {"mean": mean, **quantiles, "count": count}


def _lived_table(
    question: Question, kept_out: Sequence[tuple[Setting, ...]], unseen: Samples, design: Samples
) -> pd.DataFrame:
    nothing = (Setting(0.0, 1, question.config.months + 1),) * len(question.levers)
    bare = design.bare[::SHARED].reshape(1, -1, *design.bare.shape[2:])
    both = [_figures(bare), _figures(unseen.levels)]
    figures = {name: np.concatenate([one[name] for one in both]) for name in both[0]}
    shape = figures["mean"].shape
    place = np.indices(shape).reshape(3, -1)
    frame = {
        "setting": place[0] - 1,
        "month": np.array(question.months)[place[1]],
        "output": np.array(question.outputs)[place[2]],
    }
    own = _columns(question, [nothing, *kept_out])
    frame |= {name: values[place[0]] for name, values in own.items()}
    return pd.DataFrame({**frame, **{name: v.ravel() for name, v in figures.items()}})
