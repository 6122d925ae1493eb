"""What a measure is, and the catalogue that finds measures by name.

A measure is one class in one file, registered by ``@register``. It has a start, an end, a ramp, a
coverage and a dose; each month it is in force it acts on named values, hours, money or
organisations, and books what that costs. It never touches an outcome (payment, satisfaction,
complaints, arrears); trust only where the seeds tell of people's direct reaction. Events of a compound's past
(``kind = "event"``) have the same life: what differs is who does them.
"""

from __future__ import annotations

from inspect import getattr_static
from typing import Any, ClassVar, TypeVar

import numpy as np
from pydantic import model_validator

from sim.agents.compound import Compound
from sim.schema import Parameters, fraction, in_months, param
from sim.world.declare import Row, column, declared, row_type
from sim.world.native import derived, register_row, rule


class Memory:
    """What a measure's rule remembers of each compound: columns, nothing by default."""


class MeasureParameters(Parameters):
    """When a measure is in force and how strongly; every measure has these."""

    start: int = in_months(
        1, "First month in force (month 0 is the last before the policy)", low=-600, high=1200, zh="开始月",
    )  # fmt: skip
    end: int = in_months(
        1200, "Month at whose beginning it is withdrawn", low=-600, high=1200, zh="结束月"
    )
    ramp: int = in_months(
        3, "Months until it works in full", low=1, high=120, zh="逐步到位所需月数"
    )
    coverage: float = fraction(
        1.0, "Share of buildings, households or members reached", zh="覆盖面"
    )
    reach: float = fraction(
        1.0, "Share of a district's compounds it is used in, drawn by lot", zh="小区覆盖率"
    )
    kinds: list[str] = param(
        [], "Kinds of compound it is used in; empty for all", unit="name", zh="适用小区类型"
    )
    dose: float = param(1.0, "Strength relative to its full form", low=0, high=2, zh="实施强度")

    @property
    def full_dose(self) -> float:
        """Strength once it works in full: who reaches nobody does nothing, as with a dose of 0."""
        return self.dose if self.coverage > 0.0 else 0.0

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> MeasureParameters:
        if self.end <= self.start:
            raise ValueError(
                f"end {self.end} is not after start {self.start}, so it is never in force; "
                f"allowed: an end from {self.start + 1}"
            )
        return self


class Measure(Row, table="measures"):
    """Base of all measures: one row each of an event or measure that a run has.

    ``act`` under ``@rule`` is compiled; without it, it is Python, which costs some 20 microseconds a month
    and compound. A rule reads its parameters as ``self.p``, and what it remembers of a compound as
    ``self.states[compound.index]``, with the columns of ``Memory``; Python may keep what it likes in ``state``.

    Attributes:
        name, en, zh: Name in configuration, titles.
        kind: "measure" (somebody's choice) or "event" (of the compound's history).
        told: Seed file and short quote that tells it.
        through, through_zh: What it changes, in words: the mechanism, never an outcome.
        once: It acts in its first month only.
        Parameters: Its parameters; ``help`` and checks are made from them.
        Memory: Columns of what its rule remembers of each compound.
    """

    name: ClassVar[str]
    en: ClassVar[str]
    zh: ClassVar[str] = ""
    kind: ClassVar[str] = "measure"
    told: ClassVar[str] = ""
    through: ClassVar[str] = ""
    through_zh: ClassVar[str] = ""
    once: ClassVar[bool] = False
    Parameters: ClassVar[type[MeasureParameters]] = MeasureParameters
    Memory: ClassVar[type] = Memory
    from_python = frozenset({"act"})
    p: Any = None
    label: str = ""

    start: int = column("i8", "month", "any", "first month in force", fixed=True)
    end: int = column("i8", "month", "any", "month at whose beginning it is withdrawn", fixed=True)
    ramp: int = column("i8", "month", "1 or more", "months until it works in full", fixed=True)
    dose: float = column("f8", "1", "0 to 2", "strength relative to its full form", fixed=True)
    fades: int = column(
        "i8", "month", "0 or more", "months it goes on acting, ever less", fixed=True
    )
    p_at: int = column("i8", "byte", "0 or more", "where its parameters begin", fixed=True)
    states_at: int = column("i8", "byte", "0 or more", "where its memory begins", fixed=True)

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.kind_name = f"{cls.__module__}.{cls.__qualname__}"
        cls.memory = row_type(declared(cls.Memory))
        register_row(cls)

    def __init__(self, label: str, parameters: Any) -> None:
        self.label, self.p = label, parameters
        self.state: dict[int, Any] = {}

    def join(self, world: Any, index: int) -> None:
        """Become row ``index`` of a world's measures."""
        Row.__init__(self, world, index)

    @property
    def states(self) -> Any:
        """What its rule remembers of each compound (compounds,), records of ``Memory``."""
        rows, heap = self.world.number_of_compounds, self.world.states
        return np.frombuffer(heap, self.memory, rows, offset=self.states_at).view(np.recarray)

    def strength(self, month: int) -> float:
        """Dose this month: 0 out of force, rising over the ramp to ``dose``, falling where it fades."""
        if not self.p.start <= month < self.p.end:
            fades = self.months_fading(self.p)
            if not self.p.end <= month < self.p.end + fades:
                return 0.0
            return self.strength(self.p.end - 1) * (1.0 - (month - self.p.end) / fades)
        return self.p.full_dose * min(1.0, (month - self.p.start + 1) / self.p.ramp)

    @classmethod
    def months_fading(cls, parameters: Any) -> int:
        """Months for which it goes on acting after its end."""
        return 0

    @derived
    def in_force(self) -> bool:
        """Whether it acts this month."""
        return self.start <= self.world.month < self.end + self.fades

    @derived
    def strength_now(self) -> float:
        """``strength`` this month, for rules."""
        if not self.in_force:
            return 0.0
        if self.world.month < self.end:
            return self.dose * min(1.0, (self.world.month - self.start + 1) / self.ramp)
        full = self.dose * min(1.0, (self.end - self.start) / self.ramp)
        return full * (1.0 - (self.world.month - self.end) / self.fades)

    def act(self, compound: Compound, strength: float) -> None:
        """Act on one compound for one month.

        Args:
            compound: Signals, institutions and ledger to act on; ``compound.month`` is the month.
            strength: Above 0, from ``strength``.
        """
        raise NotImplementedError

    @classmethod
    def act_rule(cls) -> Any:
        """Its compiled ``act``, or None if it is Python."""
        found = getattr_static(cls, "act")
        plain = cls.strength is not Measure.strength or not isinstance(found, rule)
        return None if plain else found.run

    @property
    def compiled(self) -> Any:
        """Its compiled ``act``, or None if it, or its own ``strength``, is Python."""
        return None if {"act", "strength"} & vars(self).keys() else self.act_rule()


register_row(Measure)

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
