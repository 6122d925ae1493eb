"""Tables and figures of ``docs/why.md``: what carried effects, by which chain, and which loop leads, in two estates."""

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
    from sim.science.loops import Loops

LANGUAGES = ("en", "zh")
SEEDS, EFFECT_SEEDS = 6, 20
BUNDLE = "five_level_linkage"
"""Kangqiao's own policy."""


def _asked(quick: bool, scenario: str, policy: str, seeds: int, **words: Any) -> Any:
    from sim.questions.why import why

    size: dict[str, Any] = {"replications": 1 if quick else seeds}
    size |= {"at": 6} if quick else {}
    return why(scenario, policies=policy, **{**size, **words})


def chains(quick: bool) -> str:
    """The chain of every measure by itself in an ordinary estate: of the first outcome that moves for sure."""
    from sim.measures import CATALOGUE

    names = {name: one.en for name, one in CATALOGUE.items() if one.kind == "measure"}
    return _table(names, quick, lambda name: {"scenario": "ordinary_estate", "policy": name})


def chains_in_bundle(quick: bool) -> str:
    """The same for Kangqiao, where a measure alone keeps no firm: what the bundle loses without each of its own."""
    from sim import load
    from sim.experiments.tables import measure_title

    config = load("kangqiao", policy=BUNDLE)
    names = {label: measure_title(config, label) for label in config.policy.measures}
    return _table(
        names, quick, lambda name: {"scenario": "kangqiao", "policy": BUNDLE, "without": name}
    )


def _table(names: dict[str, str], quick: bool, words: Callable[[str], dict[str, Any]]) -> str:
    from sim.experiments.summary import markdown

    heads = ["measure", "effect [95%]", "chain, share of the effect [95%]", "breaks at"]
    rows = []
    for name in list(names)[:1] if quick else names:
        found: Chain = _asked(quick, seeds=SEEDS, by="arrows", **words(name))
        rows.append([names[name], *_told(found)])
    return markdown(heads, rows)


def _told(found: Chain) -> tuple[str, str, str]:
    from sim.as_text import percent_text, with_interval
    from sim.experiments.tables import unit_of
    from sim.science.chain_table import against, lacking
    from sim.science.effect_table import outcome_name

    missing = [
        f"{name.replace('_', ' ')} {percent_text(value)}" for name, value in lacking(found).items()
    ]
    moved, outcome = found.told, found.told or "collection_rate"
    whole, (scale, unit) = found.whole(outcome), unit_of(outcome, "en")
    effect = with_interval(*(scale * whole[key] for key in ("part", "low", "high")))
    effect = f"{outcome_name(outcome, 'en').lower()} {effect} {unit}"
    links = []
    for link in found.of(outcome):
        ends = sorted(link[key] / whole["part"] for key in ("low", "high"))
        low, high = (f"{100.0 * end:.0f}" for end in ends)
        known = {"sourced": "", "size assumed": "°"}.get(link["evidence"], "*")
        links.append(f"`{link['arrow']}`{known} {100.0 * link['share']:.0f}% [{low}, {high}]")
    worst = against(found, outcome) if moved else None
    if worst is not None:
        missing = [f"`{worst['arrow']}` {100.0 * worst['share']:.0f}%", *missing]
    none = "no arrow for sure" if moved else "nothing moves enough for sure"
    return effect, " → ".join(links) or none, "; ".join(missing) or "–"


def _saved(stem: Path | None, draw: Callable[[str], Figure]) -> None:
    from sim.figures import style

    for language in LANGUAGES if stem else ():
        style.save(draw(language), Path(f"{stem}-{language}"), ["svg"], {"why": "docs/why.md"})


def household_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """A household of Kangqiao under its own policy, and its twin without."""
    from sim.figures.household import both

    found: Why = _asked(quick, "kangqiao", BUNDLE, 1, household=17, at=24)
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


def loops_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """Which loop leads when in Kangqiao, under its own policy and without it."""
    from sim.figures.loops import both

    found: Loops = _asked(
        quick,
        "kangqiao",
        BUNDLE,
        EFFECT_SEEDS,
        by="loops",
        **{} if quick else {"at": 36},
    )
    _saved(stem, lambda language: both(found, language))
    return found.carried.assign(leads=found.carried["leads"].astype(int))
