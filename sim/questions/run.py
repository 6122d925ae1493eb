"""One configuration under many seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from sim.questions.base import Given, question
from sim.questions.words import INDICATOR, Number, Option, Whole

if TYPE_CHECKING:
    from sim.experiments.run import Question


@question(
    "scenario=kangqiao policy=none months=60 replications=30",
    "case=K053 replications=30",
    "scenario=kangqiao policy=five_level_linkage policy.measures.member_contact.quota=20",
    "firm=extractive fees.norm_conditional=5 executor.workers=2",
    "scenario=kangqiao months=24 replications=5 --panel paid,arrears_fen,satisfaction",
    "scenario=kangqiao precision=0.02",
    model=True,
    cfg=True,
    drawn_last=True,  # figures take longer than the numbers, so whoever waits reads these first
)
def run(
    given: Given,
    precision: Annotated[float | None, Number(1e-9, 1e12)] = None,
    indicator: Annotated[str | None, INDICATOR] = None,
    at: Annotated[int | None, Whole(0, 600)] = None,
    most: Annotated[int | None, Whole(2, 1_000_000)] = None,
    panel: Annotated[str | Sequence[str], Option("--panel", "COLUMN,...")] = "",
) -> Question:
    """Run one configuration under many seeds, keep the results, print a summary.

    Args:
        precision: go on until the 95% interval of a mean is as narrow as this, 0.02 for two points of a share
        indicator: of what; usually collection_rate
        at: in which month; usually 24, or the last
        most: replications at which it ends all the same; usually 2000
        panel: columns of households to keep for every month

    Raises:
        RuntimeError: Every replication failed.
    """
    from sim.experiments import precision as precisions
    from sim.experiments.run import Question
    from sim.panel import panel_columns

    columns = panel.split(",") if isinstance(panel, str) else panel
    named = [name for name in map(str.strip, columns) if name]
    config = given.config()
    asked = precisions.asked(precision, indicator, at, most, config.months, config.replications)
    return Question(config, panel_columns(named) if named else (), asked)
