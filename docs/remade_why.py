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
ESTATES = {"kangqiao": "Kangqiao", "ordinary_estate": "ordinary estate"}
MEASURES = (
    "service_standard", "member_contact", "building_meetings", "grid_inspection", "disclosure", "staff_visits",
    "supervision_evaluation",
)  # fmt: skip
"""Measures whose chains are told, each by itself."""


def _asked(quick: bool, scenario: str, policy: str, seeds: int, **words: Any) -> Any:
    from sim.questions.why import why

    size: dict[str, Any] = {"replications": 1 if quick else seeds}
    size |= {"at": 6} if quick else {}
    return why(scenario, policies=policy, **{**size, **words})


def chains(quick: bool) -> str:
    """The chain of each of ``MEASURES`` in each estate: the outcome that moves for sure, fees first."""
    from sim.experiments.summary import markdown
    from sim.measures import CATALOGUE

    rows = []
    for measure in MEASURES[:1] if quick else MEASURES:
        for scenario, title in ESTATES.items():
            found: Chain = _asked(quick, scenario, measure, SEEDS, by="arrows")
            rows.append([CATALOGUE[measure].en, title, *_told(found)])
    return markdown(
        [
            "measure",
            "where",
            "effect, points [95%]",
            "chain, share of the effect [95%]",
            "breaks at",
        ],
        rows,
    )


def _told(found: Chain) -> tuple[str, str, str]:
    from sim.as_text import percent_text, with_interval
    from sim.science.chain_table import against, lacking
    from sim.science.effect_table import outcome_name

    missing = [
        f"{name.replace('_', ' ')} {percent_text(value)}" for name, value in lacking(found).items()
    ]
    moved = [
        name for name in ("collection_rate", "satisfaction") if name in set(found.links["outcome"])
    ]
    outcome = next(
        (name for name in moved if found.of(name)), moved[0] if moved else "collection_rate"
    )
    whole = found.whole(outcome)
    effect = with_interval(*(100.0 * whole[key] for key in ("part", "low", "high")))
    effect = f"{outcome_name(outcome, 'en').lower()} {effect}"
    links = []
    for link in found.of(outcome):
        ends = sorted(link[key] / whole["part"] for key in ("low", "high"))
        low, high = (f"{100.0 * end:.0f}" for end in ends)
        known = {"sourced": "", "size assumed": "°"}.get(link["evidence"], "*")
        links.append(f"`{link['arrow']}`{known} {100.0 * link['share']:.0f}% [{low}, {high}]")
    worst = against(found, outcome) if moved else None
    if worst is not None:
        missing = [f"`{worst['arrow']}` {100.0 * worst['share']:.0f}%", *missing]
    none = "no arrow for sure" if moved else "no effect of half a point for sure"
    return effect, " → ".join(links) or none, "; ".join(missing) or "–"


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


def loops_figure(quick: bool, stem: Path | None) -> pd.DataFrame:
    """Which loop leads when in Kangqiao, under its own policy and without it."""
    from sim.figures.loops import both

    found: Loops = _asked(
        quick,
        "kangqiao",
        "five_level_linkage",
        EFFECT_SEEDS,
        by="loops",
        **{} if quick else {"at": 36},
    )
    _saved(stem, lambda language: both(found, language))
    return found.carried.assign(leads=found.carried["leads"].astype(int))
