"""What a measure is, and the catalogue that finds measures by name.

A measure is one class in one file, registered by ``@register``. It has a start, an end, a ramp, a
coverage and a dose; each month it is in force it acts on named values, hours, money or
organisations, and books what that costs. It never touches an outcome (payment, satisfaction,
complaints, arrears); trust only where the seeds tell of people's direct reaction. Events of a compound's past
(``kind = "event"``) have the same life: what differs is who does them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import model_validator

from sim.schema import Parameters, param

if TYPE_CHECKING:
    from sim.society.compound import Compound


class MeasureParameters(Parameters):
    """When a measure is in force and how strongly; every measure has these."""

    start: int = param(
        1, "First month in force (month 0 is the last before the policy)", unit="month", low=-600, high=1200,
        zh="开始月",
    )  # fmt: skip
    end: int = param(
        1200,
        "Month at whose beginning it is withdrawn",
        unit="month",
        low=-600,
        high=1200,
        zh="结束月",
    )
    ramp: int = param(
        3, "Months until it works in full", unit="month", low=1, high=120, zh="爬坡月数"
    )
    coverage: float = param(
        1.0, "Share of buildings, households or members reached", low=0, high=1, zh="覆盖面"
    )
    reach: float = param(
        1.0,
        "Share of a district's compounds it is used in, drawn by lot",
        low=0,
        high=1,
        zh="小区覆盖率",
    )
    kinds: list[str] = param(
        [], "Kinds of compound it is used in; empty for all", unit="name", zh="适用小区类型"
    )
    dose: float = param(1.0, "Strength relative to its full form", low=0, high=2, zh="力度")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> MeasureParameters:
        if self.end <= self.start:
            raise ValueError(
                f"end {self.end} is not after start {self.start}, so it is never in force; "
                f"allowed: an end from {self.start + 1}"
            )
        return self


class Measure:
    """Base of all measures.

    Attributes:
        name, en, zh: Name in configuration, titles.
        kind: "measure" (somebody's choice) or "event" (of the compound's history).
        told: Seed file and short quote that tells it.
        through, through_zh: What it changes, in words: the mechanism, never an outcome.
        Parameters: Its parameters; ``help`` and checks are made from them.
    """

    name: ClassVar[str]
    en: ClassVar[str]
    zh: ClassVar[str]
    kind: ClassVar[str] = "measure"
    told: ClassVar[str] = ""
    through: ClassVar[str] = ""
    through_zh: ClassVar[str] = ""
    Parameters: ClassVar[type[MeasureParameters]] = MeasureParameters

    def __init__(self, label: str, parameters: Any) -> None:
        self.label = label
        self.p = parameters
        self.state: dict[int, Any] = {}

    def strength(self, month: int) -> float:
        """Dose this month: 0 out of force, rising over the ramp to ``dose``."""
        if not self.p.start <= month < self.p.end:
            return 0.0
        return float(self.p.dose) * min(1.0, (month - self.p.start + 1) / self.p.ramp)

    def act(self, compound: Compound, strength: float) -> None:
        """Act on one compound for one month.

        Args:
            compound: Signals, institutions and ledger to act on; ``compound.month`` is the month.
            strength: Above 0, from ``strength``.
        """
        raise NotImplementedError


CATALOGUE: dict[str, type[Measure]] = {}
"""Every registered measure and event by name."""

M = TypeVar("M", bound=type[Measure])


def register(measure: M) -> M:
    """Class decorator: put a measure into the catalogue under its name.

    Raises:
        ValueError: If the name is taken or no identifier, or title or kind are missing.
    """
    name = getattr(measure, "name", "")
    if not name.isidentifier() or not getattr(measure, "en", ""):
        raise ValueError(f"measure {measure.__name__} needs a name (an identifier) and a title en")
    if measure.kind not in ("measure", "event"):
        raise ValueError(f"measure {name}: kind is {measure.kind!r}, allowed: measure, event")
    # The same class may come again when its module is loaded anew; another file's may not.
    taken = CATALOGUE.get(name, measure)
    if (taken.__module__, taken.__qualname__) != (measure.__module__, measure.__qualname__):
        raise ValueError(f"measure {name} is registered twice")
    CATALOGUE[name] = measure
    return measure
