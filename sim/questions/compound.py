"""What a compound of one's own may be like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sim.errors import InputError
from sim.questions.base import Given, question
from sim.questions.words import File, Number, Whole

if TYPE_CHECKING:
    from sim.posterior.own import Question

SHARE = Number(0, 1)


@question(
    "scenario=ordinary_estate rate=0.62",
    "scenario=old_estate households_rate=0.45 satisfied=0.4 tickets=2.1 before=0.6",
    "scenario=ordinary_estate file=months.xlsx",
    own_folder=False,
    lang="table",
)
def compound(
    given: Given,
    rate: Annotated[float | None, SHARE] = None,
    households_rate: Annotated[float | None, SHARE] = None,
    with_old_debts: Annotated[float | None, Number(0, 5)] = None,
    to_date: Annotated[float | None, SHARE] = None,
    month: Annotated[int | None, Whole(1, 12)] = None,
    before: Annotated[float | None, SHARE] = None,
    satisfied: Annotated[float | None, SHARE] = None,
    tickets: Annotated[float | None, Number(0, 1000)] = None,
    complaints: Annotated[float | None, Number(0, 1000)] = None,
    days: Annotated[float | None, Number(0, 400)] = None,
    file: Annotated[str | None, File("path of a file of months")] = None,
) -> Question:
    """Find what a compound of your own may be like, from what you know of it, in two seconds.

    scenario= names the kind that it is like: ordinary_estate, new_estate, old_estate or resettlement_estate. Its draws
    are kept as draws.parquet.

    Args:
        rate: share of the last year's bills paid, by money, without old debts
        households_rate: share of households that paid all of it
        with_old_debts: all that came in this year, old debts too, over this year's fees
        to_date: share of this year's fees paid by the end of the month
        month: calendar month of to_date, usually 12
        before: rate a year before
        satisfied: share of residents who are satisfied, asked this year
        tickets: hotline tickets on property a month and 1,000 households, mean of the year
        complaints: those of them that had been told before
        days: to close a problem, mean of the year
        file: months -11 to 0 and any of these indicators, as calibrate takes them

    Raises:
        RuntimeError: A source file was edited meanwhile.
    """
    from sim.compose import load
    from sim.explain import unknown_name
    from sim.posterior import estates
    from sim.posterior.own import Question, check, of_file

    for key in given.keys:
        if key not in ("scenario", "seed"):
            raise unknown_name(key, "cannot be set here", key, ["scenario", "seed"])
    kind = str(dict(given.settings).get("scenario", estates.KINDS[0]))
    if before is not None and rate is None:
        raise InputError(
            "before", "is the rate a year before, and no rate is given", "rate=0.62 too"
        )
    if month is not None and to_date is None:
        raise InputError("month", "is that of to_date, which is not given", "to_date=0.3 too")
    year_end = (12 if month is None else month) - 12
    said = {
        "collection_rate@+0": rate, "collection_households@+0": households_rate,
        "collection_all_money@+0": with_old_debts, f"collection_to_date@{year_end:+d}": to_date,
        "collection_rate@-11": before, "satisfied_share": satisfied, "tickets_per_1000": tickets,
        "complaints_per_1000": complaints, "days_to_close": days,
    }  # fmt: skip
    known = {name: value for name, value in said.items() if value is not None}
    if file is not None:
        read = of_file(Path(file))
        if twice := sorted(known.keys() & read.keys()):
            problem = f"{file} has {', '.join(twice)}, which is given by itself too"
            raise InputError("file", problem, "each figure once")
        known |= read
    check(kind, known)
    return Question(kind, known, load(kind, seed=given.config().seed, policy="none"))
