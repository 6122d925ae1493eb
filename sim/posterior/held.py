"""What the pooled fit is held against: figures of cases, each as it may have been counted, and levels of many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from sim import library
from sim.config import Target
from sim.outcomes import INDICATORS
from sim.science.cases import Case, as_case, case_of

SEEDS = ("kangqiao", "tongqiao")
"""Cases of the five texts that report a share; Xingqu's relative change and Baohe's start are held in ``validate``."""

USUAL = 0.80
"""Share collected where no start is told: the middle of 71 to 90 percent over years and samples (EVIDENCE)."""

_RATES = ("collection_rate", "collection_households", "collection_to_date")
_SHARES = (*_RATES, "satisfied_share", "issues_in_place_share", "committee_or_interim")


@dataclass(frozen=True)
class Figure:
    """One reported figure.

    Attributes:
        case: Of which case.
        target: As a scenario holds it.
        of: "start" or "outcome".
        told: Why it was told: "success", "trouble", "ordinary".
        counts: Indicators that it may be, as far as its definition is told: all are as likely.
        start: Share collected before, None if it is not told.
        grade: Of its source.
        negative: Whether it fell, failed or did not change.
    """

    case: str
    target: Target
    of: str
    told: str
    counts: tuple[str, ...]
    start: float | None
    grade: str
    negative: bool

    @property
    def name(self) -> str:
        """Of its column."""
        return f"{self.target.indicator}@{self.target.month:+d}"

    @property
    def reported(self) -> float:
        """The figure, the middle of its interval where only that is told."""
        said = self.target.reported
        return (self.target.low + self.target.high) / 2 if said is None else said

    @property
    def share(self) -> bool:
        """Whether it is a share that can be held against runs by its size."""
        return self.target.indicator in _SHARES and not self.target.relative


@cache
def figures() -> tuple[Figure, ...]:
    """Every figure of every case that can be lived; what is told in words only is none."""
    found = []
    for name, case in cases().items():
        run = library.case(name).run if _of_library(name) else None
        targets = [target for target in case.observed.targets if not target.in_words]
        start = _start(targets, None if run is None else run.standing)
        for k, target in enumerate(targets):
            of = "start" if target.month <= 0 else "outcome"
            of = of if run is None else run.figures[k].of
            found.append(
                Figure(
                    name, target, of, "success" if run is None else run.told_because, _counts(target, run), start,
                    "S" if run is None else library.case(name).grade,
                    run is not None and library.case(name).negative,
                )
            )  # fmt: skip
    return tuple(found)


@cache
def cases() -> dict[str, Case]:
    """Cases by name: those of the library that can be lived, and those of the texts."""
    lived = [one.id for one in library.cases() if one.run is not None]
    found = {}
    for name in lived:
        case = library.case(name)
        found[name] = as_case(case.config(), case.observed)
    return found | {name: case_of(name, "all") for name in SEEDS}


def _of_library(name: str) -> bool:
    return library.NAME.fullmatch(name) is not None


def _start(targets: list[Target], standing: float | None) -> float | None:
    if standing is not None:
        return standing
    for target in targets:
        if target.month <= 0 and target.indicator in _RATES:
            middle = (target.low + target.high) / 2
            return middle if target.reported is None else target.reported
    return None


def _counts(target: Target, run: library.Run | None) -> tuple[str, ...]:
    """Ways in which a rate may have been counted, from the fields that were frozen with the mapping."""
    if target.indicator not in _RATES:
        return (target.indicator,)
    basis = "unstated" if run is None else run.basis
    ways = [target.indicator]
    if basis in ("unstated", "money"):
        # Of a year not over, what came in may be held against all the year's fees or against what fell due so far.
        ways.append("collection_rate")
    if basis in ("unstated", "households"):
        ways.append("collection_households")
    if run is None or run.old_money != "no":
        ways.append("collection_all_money")
    return tuple(dict.fromkeys(ways))


def bounds(figure: Figure) -> tuple[float, float]:
    """Ends of its interval; one that reaches an end of a share is open there."""
    low, high = figure.target.low, figure.target.high
    of = INDICATORS[figure.target.indicator]
    return (-math.inf if low <= of.low else low), (math.inf if high >= of.high else high)
