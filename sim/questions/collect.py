"""Which record of a compound to keep next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATOR, Items, Number, Whole

if TYPE_CHECKING:
    from sim.posterior.records import Question


HOUR = 40.0
"""Yuan that an hour of work costs where nothing else is said (assumed)."""


@question(
    "compound=results/compound/NAME policies=[member_contact,building_meetings]",
    "scenario=ordinary_estate scenario.history_months=24 policies=[none,member_contact] worth=10000",
    lang="table",
)
def collect(
    given: Given,
    policies: Annotated[tuple[Any, ...] | None, Items()] = None,
    reference: Any = "none",
    indicator: Annotated[str, INDICATOR] = "collection_rate",
    at: Annotated[int, Whole(1, 600)] = 24,
    worth: Annotated[float, Number(0, 1e9)] = 0.0,
    hour: Annotated[float, Number(0, 10_000)] = HOUR,
) -> Question:
    """Weigh which record of a compound to keep next: what it adds to the choice of a policy, per hour and yuan.

    Every draw lives all policies; runs tell what each record would have shown and what each policy brought.

    Args:
        policies: names of policies or measures to choose among, as of compare
        reference: policy added in front if it is not among them
        indicator: what they are ranked by
        at: month read
        worth: yuan that a percentage point (or another indicator's unit) is worth, against the policies' hours and
            yuan; 0 leaves these out
        hour: yuan that an hour of work costs (assumed; 20 to 80 is usual)

    Raises:
        RuntimeError: Too few runs have what is asked.
    """
    from sim.outcomes import INDICATORS
    from sim.posterior.records import FEWEST, Question
    from sim.questions import find

    if "months" in given.keys:
        raise InputError("months", "is the month read here", "at=24")
    usual = [] if "replications" in given.keys else [("replications", 200)]
    own = {"policies": policies, "reference": reference}
    comparing = find("compare").ask(
        own, [*usual, *given.settings, ("months", at)], given.config_dir
    )
    config = next(iter(comparing.configs.values()))
    if config.scenario.history_months < 12:
        problem = f"{config.scenario.history_months}: no year of records before the policies"
        raise InputError("scenario.history_months", problem, "12 or more, as 24")
    if config.replications < FEWEST:
        raise InputError(
            "replications", f"{config.replications}: too few to tell", f"{FEWEST} or more, as 200"
        )
    unit = 100.0 if INDICATORS[indicator].share else 1.0
    return Question(comparing, indicator, worth * unit, hour)
