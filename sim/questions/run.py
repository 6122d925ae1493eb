"""One configuration under many seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from sim.questions.base import Given, Live, question
from sim.questions.words import Option


@question(
    "scenario=kangqiao policy=none months=60 replications=30",
    "case=K053 replications=30",
    "scenario=kangqiao policy=five_level_linkage policy.measures.member_contact.quota=20",
    "firm=extractive fees.norm_conditional=5 executor.workers=2",
    "scenario=kangqiao months=24 replications=5 --panel paid,arrears_fen,satisfaction",
    model=True,
    cfg=True,
    drawn_last=True,  # figures take longer than the numbers, so whoever waits reads these first
)
def run(
    given: Given,
    panel: Annotated[str | Sequence[str], Option("--panel", "COLUMN,...")] = "",
) -> Live:
    """Run one configuration under many seeds, keep the results, print a summary.

    Args:
        panel: columns of households to keep for every month

    Raises:
        RuntimeError: Every replication failed.
    """
    from sim.experiments import run as runs

    columns = panel.split(",") if isinstance(panel, str) else panel
    named = [name for name in map(str.strip, columns) if name]
    config = given.config()
    return Live(config, partial(runs.run, config, panel=named), config.resolved)
