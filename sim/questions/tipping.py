"""Where a compound tips, and what brings it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import Listed, Number, OneOf, Whole

if TYPE_CHECKING:
    from sim.compose import Setting
    from sim.science.tipping import Question

PARTS = ("loop", "basin", "push")
PARAMETER = ("fees.base_conditional", "fees.base_unconditional", "fees.base_free_rider")
"""Moved by default: everybody's push to pay. By one type's alone a low compound hardly recovers."""

REPLICATIONS = 10
BASIN_MONTHS = 120


@question(
    "scenario=kangqiao",
    "parts=loop parameter=developer.legacy hold=60",
    "parts=push policies=[five_level_linkage,firm_tender] duration=36",
    lang="figures",
    one_set=True,
)
def tipping(
    given: Given,
    policies: Annotated[tuple[str, ...] | None, Listed()] = None,
    parts: Annotated[tuple[str, ...], Listed(OneOf(PARTS))] = PARTS,
    parameter: Annotated[tuple[str, ...], Listed()] = PARAMETER,
    low: Annotated[float | None, Number(-1e9, 1e9)] = None,
    high: Annotated[float | None, Number(-1e9, 1e9)] = None,
    steps: Annotated[int, Whole(3, 1000)] = 22,
    hold: Annotated[int, Whole(1, 1200)] = 120,
    estate: Any = "ordinary_estate",
    grid: Annotated[int, Whole(2, 101)] = 7,
    duration: Annotated[int, Whole(1, 60)] = 24,
    threshold: Annotated[float, Number(0, 1)] = 0.5,
) -> Question:
    """Find where a compound tips: hysteresis loop, basin of attraction, smallest push back.

    Settings but of the scenario hold for the generic estate of the basin too.

    Args:
        policies: those that are tried as pushes, all where nothing is said
        parts: of loop, basin, push
        parameter: key that the loop moves, or keys moved together by a shift
        low: end of the loop
        high: end of the loop
        steps: of the loop
        hold: months at each step
        estate: scenario whose starts the basin paints
        grid: starts on each side of the basin
        duration: months of a push whose dose is sought
        threshold: share of fees between the two states
    """
    from sim.compose import load_settings
    from sim.experiments.run import check_seeds
    from sim.science.hysteresis import drive
    from sim.science.tipping import Question

    for key in given.keys:
        if key.split(".")[0] in ("policy", "months"):
            allowed = "policies=[a,b], duration, or hold"
            raise InputError(key, "is not set here", allowed)
    usual: list[Setting] = [("replications", REPLICATIONS)]
    others = [one for one in given.settings if one[0] != "scenario"]
    case = [one for one in given.settings if one[0] == "scenario"] or [("scenario", "kangqiao")]
    none: Setting = ("policy", "none")
    config, generic = (
        load_settings([*usual, *asked, none, *others, *last], given.config_dir, look=True)[0]
        for asked, last in (
            (case, []),
            ([("scenario", estate)], [("months", BASIN_MONTHS)]),
        )
    )
    check_seeds(config)
    moved = drive(config, [str(key) for key in parameter], low, high, steps, hold)
    asked = tuple(part for part in PARTS if part in parts)
    tried = _tried(policies, given)
    return Question(config, generic, asked, moved, grid, tried, duration, threshold)


def _tried(names: Any, given: Given) -> dict[str, Any]:
    from sim.compose import choices, load
    from sim.science.push import every_policy

    if names is None:
        names = every_policy()
    else:
        known = [name for name in choices("policy", given.config_dir) if name != "none"]
        names = [OneOf(known, "policy")("policies", name) for name in names]
    return {name: load(policy=name, config_dir=given.config_dir) for name in names}
