"""Figures of ``docs/why.md``: what carried effects, and by which chain, in two estates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.household import Why
    from sim.science.chain import Chain
    from sim.science.effect import Effect

LANGUAGES = ("en", "zh")
SEEDS, EFFECT_SEEDS = 6, 20


def _asked(quick: bool, scenario: str, policy: str, seeds: int, **words: Any) -> Any:
    from sim.questions.why import why

    size: dict[str, Any] = {"replications": 1 if quick else seeds}
    size |= {"at": 6} if quick else {}
    return why(scenario, policies=policy, **{**size, **words})


def _saved(stem: Path | None, draw: Callable[[str], Figure]) -> None:
    from sim.figures import style

    for language in LANGUAGES if stem else ():
        style.save(draw(language), Path(f"{stem}-{language}"), ["svg"], {"why": "docs/why.md"})


def household_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """A household of Kangqiao under its own policy, and its twin without."""
    from sim.figures.household import both

    found: Why = _asked(quick, "kangqiao", "five_level_linkage", 1, household=17, at=24)
    _saved(stem, lambda language: both(found, language))
    return found.months[["run", "month", "status", "chance", "needs"]]


def effect_figure(scenario: str, policy: str) -> Callable[[bool, Path | None], pd.DataFrame]:
    """What carried a policy's effect in one estate."""

    def draw(quick: bool, stem: Path | None) -> pd.DataFrame:
        from sim.figures.effect import whole

        found: Effect = _asked(quick, scenario, policy, EFFECT_SEEDS)
        _saved(stem, lambda language: whole(found, language))
        return found.parts

    return draw


def chain_figure(scenario: str, policy: str) -> Callable[[bool, Path | None], pd.DataFrame]:
    """The chain by which a policy brings in fees in one estate."""

    def draw(quick: bool, stem: Path | None) -> pd.DataFrame:
        from sim.figures.chain import links

        found: Chain = _asked(quick, scenario, policy, SEEDS, by="arrows")
        _saved(stem, lambda language: links(found, language=language)[0])
        return found.links.drop(columns="source").assign(sure=found.links["sure"].astype(int))

    return draw
