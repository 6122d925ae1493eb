"""What a question's own words may be: each check stands beside its word, as ``Annotated[int, Whole(1, 600)]``.

A check takes the word and what was given for it, and returns what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError

Check = Callable[[str, Any], Any]


def _refused(key: str, value: Any, allowed: str) -> InputError:
    # The schema comes with it, which a command's help does not need.
    from sim.explain import show

    return InputError(key, f"{show(value)} is not allowed", allowed)


def _within(value: Any, kind: Any, bounds: Number | Whole) -> bool:
    # True and False are numbers to Python, and nobody means them as such.
    number = isinstance(value, kind) and not isinstance(value, bool)
    return number and bool(bounds.low <= value <= bounds.high)


@dataclass(frozen=True)
class Number:
    """A number between two bounds."""

    low: float
    high: float

    def __call__(self, key: str, value: Any) -> float:
        """The number; refused if it is none, or outside."""
        if not _within(value, int | float, self):
            raise _refused(key, value, f"number from {self.low:g} to {self.high:g}")
        return float(value)


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds."""

    low: int
    high: int

    def __call__(self, key: str, value: Any) -> int:
        """The number; refused if it is none, or outside."""
        if not _within(value, int, self):
            raise _refused(key, value, f"whole number from {self.low} to {self.high}")
        return int(value)


@dataclass(frozen=True)
class Listed:
    """Different things, or one thing as a list of one.

    Attributes:
        each: What each of them may be.
        empty: Whether there may be none.
    """

    each: Check | None = None
    empty: bool = False

    def __call__(self, key: str, value: Any) -> list[Any]:
        """The list; refused if it is empty, or names something twice."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        if self.empty and (not items or items == [None]):
            return []
        if not items or len({str(item) for item in items}) < len(items):
            raise _refused(key, value, f"{key}=[a,b], each once")
        return [self.each(key, item) for item in items] if self.each else items


@dataclass(frozen=True)
class Items:
    """One thing or several, at least one; the question says what they may be."""

    def __call__(self, key: str, value: Any) -> list[Any]:
        """The list; refused if it is empty."""
        items = value if isinstance(value, list | tuple) else [value]
        if not items:
            raise InputError(key, "is empty", f"{key}=[a,b]")
        return list(items)


@dataclass(frozen=True)
class OneOf:
    """One of some names.

    Attributes:
        names: The names, or what makes them: some are known only once files of one's own were read.
        what: What such a thing is, in the refusal.
    """

    names: Sequence[str] | Callable[[], Sequence[str]]
    what: str = ""

    def __call__(self, key: str, value: Any) -> str:
        """The name; refused with the closest of those that there are."""
        from sim.explain import show, unknown_name

        known = list(self.names() if callable(self.names) else self.names)
        if value not in known:
            problem = f"no {self.what} is named {show(value)}" if self.what else None
            raise unknown_name(key, problem or f"{show(value)} is not known", str(value), known)
        return str(value)


@dataclass(frozen=True)
class Or:
    """One name, or what another check takes."""

    name: str
    check: Check

    def __call__(self, key: str, value: Any) -> Any:
        """The name, or what the check returns."""
        return value if value == self.name else self.check(key, value)


@dataclass(frozen=True)
class File:
    """A file's name, or a path; nothing or "" for none."""

    allowed: str

    def __call__(self, key: str, value: Any) -> str:
        """The name as text."""
        if not isinstance(value, str):
            raise _refused(key, value, self.allowed)
        return value


@dataclass(frozen=True)
class Option:
    """A word that is an option of the command rather than ``key=value``.

    Attributes:
        flag: The option.
        metavar: What stands for its value in the help.
        low, high: Bounds of a number.
    """

    flag: str
    metavar: str | None = None
    low: float | None = None
    high: float | None = None


def _indicators() -> list[str]:
    from sim.outcomes import INDICATORS

    return list(INDICATORS)


INDICATORS = Listed(OneOf(_indicators))
"""Names of indicators."""


INDICATOR = OneOf(_indicators)
"""Name of one indicator."""


@dataclass(frozen=True)
class Called:
    """A word that only Python has: what it takes cannot be written on a command line."""


@dataclass(frozen=True)
class Raw:
    """A word whose value is read as it stands: it has signs that Hydra's grammar does not take."""
