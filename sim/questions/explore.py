"""A page to explore measures by sliders, without a model behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATORS, Number, Whole

if TYPE_CHECKING:
    from sim.compose import Setting
    from sim.science.explore import Question

MOST_MEASURES = 6

MONTHS = 48

SHOWN = (
    "collection_rate", "satisfied_share", "complaints_per_1000", "petitions_per_1000", "trust_firm",
    "trust_committee",
)  # fmt: skip
"""Indicators on the page where nothing is said."""


@question(
    "scenario=kangqiao measures=[member_contact,building_meetings,firm_tender]",
    "scenario=kangqiao measures=[interim_committee,lead_by_paying] indicator=[collection_rate] runs=1024",
    model=True,
)
def explore(
    given: Given,
    measures: Any = None,
    indicator: Annotated[tuple[str, ...], INDICATORS] = SHOWN,
    dose: Annotated[float, Number(0.1, 2)] = 1.5,
    latest: Annotated[int, Whole(1, 600)] = 24,
    runs: Annotated[int, Whole(64, 100_000)] = 8192,
    unseen: Annotated[int, Whole(20, 1000)] = 100,
    repeats: Annotated[int, Whole(4, 200)] = 20,
) -> Question:
    """Make one HTML file in which measures are explored by sliders: no server, no network.

    A designed set of runs is lived, and an emulator fitted to it whose coefficients are in the file. Its
    error is measured on runs that it has not seen, and stands in the bands. The measures of a scenario's own
    policy are taken unless others are named.

    Args:
        measures: up to six, instead of a policy
        indicator: curves on the page, one or several
        dose: largest dose of a slider
        latest: latest first month of a slider
        runs: runs that the emulator learns from
        unseen: settings that it has not seen, on which its error is measured
        repeats: runs of each of these

    Raises:
        RuntimeError: A run failed.
    """
    from sim.experiments.run import check_seeds
    from sim.science.explore import Question
    from sim.science.optimise import candidates

    own: list[Setting] = []
    if measures is not None:
        if "policy" in given.keys:
            raise InputError("measures", "policy is given too", "one of the two")
        own.append(("policy", candidates(measures)))
    config = given.case({"months": MONTHS}, *own)
    labels = [entry.label for entry in config.policy.entries()]
    if not 1 <= len(labels) <= MOST_MEASURES:
        problem = f"{len(labels)} measures are {'too many' if labels else 'too few'} for sliders"
        allowed = f"measures=[a,b,...], one to {MOST_MEASURES}"
        if labels:
            allowed += f", such as some of {', '.join(labels)}"
        raise InputError("measures", problem, allowed)
    if config.months < 12:
        raise InputError("months", f"{config.months} is too short a time to explore", "at least 12")
    question = Question(
        config, tuple(indicator), float(dose), min(latest, config.months), runs, unseen, repeats
    )
    check_seeds(config, question.seeds)
    return question
