"""Which parameters an outcome hangs on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import INDICATORS, Listed, Number, Or, Whole

if TYPE_CHECKING:
    from sim.science.sensitivity import Question

REPLICATIONS = 2
"""Seeds of each point where nothing is said."""


@question(
    "scenario=kangqiao policy=five_level_linkage",
    "over=[fees,doses] indicator=satisfied_share at=24 width=0.25 top=6",
    '"fees.service=interval(2,6)" "firm.full_cost=interval(0.6,1.2)" samples=64',
    lang="figure",
    one_set=True,
)
def sensitivity(
    given: Given,
    over: Annotated[tuple[str, ...] | None, Listed(empty=True)] = None,
    indicator: Annotated[tuple[str, ...], INDICATORS] = ("collection_rate",),
    at: Annotated[tuple[int, ...], Listed(Whole(-240, 600))] = (24, 0),
    width: Annotated[float | str, Or("whole", Number(0.001, 1))] = 0.5,
    trajectories: Annotated[int, Whole(2, 10_000)] = 10,
    top: Annotated[int, Whole(0, 1000)] = 10,
    samples: Annotated[int, Whole(4, 2**20)] = 256,
) -> Question:
    """Find the parameters an outcome hangs on: Morris screening, then Sobol indices.

    A scenario's own policy is in force unless another is set; KEY=interval(low,high) varies a key
    between bounds of your own.

    Args:
        over: core, groups, keys, doses; core and doses where no interval is given
        indicator: one or several
        at: months read
        width: share of the way to the nearer limit of the schema, or whole
        trajectories: of the screening
        top: parameters that go on to Sobol's indices
        samples: rows of Sobol's two matrices, a power of two

    Raises:
        RuntimeError: A run failed.
    """
    from sim.science.core import CORE_NAME
    from sim.science.factors import DOSES, choose
    from sim.science.sensitivity import Question

    months = max(*at, 1)
    config = given.plain.case({"replications": REPLICATIONS, "months": months})
    if months > config.months or min(at) < -config.scenario.history_months:
        first = -config.scenario.history_months
        raise InputError(
            "at", f"{list(at)} is not lived", f"months from {first} to {config.months}"
        )
    usual = [] if given.intervals else [CORE_NAME, DOSES]
    factors = choose(config, list(usual if over is None else over), given.intervals, width)
    if len(factors) < 2:
        raise InputError("over", f"{len(factors)} parameters are varied", "at least 2")
    if samples & (samples - 1):
        near = 2 ** int(math.log2(samples))
        raise InputError("samples", f"{samples} is no power of two", f"{near}, {2 * near}")
    outputs = tuple((name, month) for name in indicator for month in at)
    return Question(config, tuple(factors), outputs, trajectories, top, samples)
