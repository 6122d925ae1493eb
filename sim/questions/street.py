"""In which of a street's compounds to begin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import File, Number, Whole

if TYPE_CHECKING:
    from sim.science.street import Question

REPLICATIONS = 40

KEYS = ["policy", "seed", "replications", "executor"]
"""What can be set: the compounds are what the table says."""


@question(
    "file=compounds.xlsx policy=member_contact hours=300",
    "file=compounds.csv policy=[building_meetings,disclosure] at=12 replications=100",
    own_folder=False,
    lang="table",
)
def street(
    given: Given,
    file: Annotated[str, File("path of a table of compounds")] = "",
    at: Annotated[int, Whole(1, 120)] = 24,
    hours: Annotated[float, Number(0, 1e6)] = math.inf,
) -> Question:
    """Find in which compounds of a street a plan brings most for an hour of work, with limited hours.

    Each row of the table is a compound: its name (小区名称) and, as far as known, kind (类型), households (户数),
    share of fees now and a year before (收缴率, 去年收缴率), satisfied residents (满意率), tickets (千户工单). Each
    lives draws of what it may be like, as compound finds them; of nothing known, its kind as usual.

    Args:
        file: table of compounds (xlsx, xls, ods, csv)
        at: month read
        hours: hours a month that there are for all of them

    Raises:
        RuntimeError: No draw could be lived.
    """
    from sim.explain import unknown_name
    from sim.inputs import say_read
    from sim.intake import compounds
    from sim.science.street import Question
    from sim.society.reading import Notes

    for key in given.keys:
        if key.partition(".")[0] not in KEYS:
            raise unknown_name(key, "cannot be set here", key, KEYS)
    if not file:
        raise InputError("file", "is missing", "a table of compounds, as file=compounds.xlsx")
    usual = [] if "replications" in given.keys else [("replications", REPLICATIONS)]
    config = given.config([("scenario", "ordinary_estate"), *usual], [("months", at)])
    if not config.policy.entries():
        raise InputError("policy", "has no measure", "policy=member_contact, or several as [a,b]")
    notes: Notes = []
    places = compounds.read(file, notes)
    say_read(file, notes)
    return Question(config, tuple(places), hours)
