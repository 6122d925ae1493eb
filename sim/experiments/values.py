"""What a value is, as a hash that is the same in every process."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

DERIVED = frozenset({"kind_name", "group", "memory", "columns", "links", "dtype", "_numba_type_"})
"""What a class of rows gets from its columns and rules (``sim.world.declare``), which count themselves."""

DEEPEST = 12
"""How far into a value of parts is looked."""

_SIMPLE = (
    bool, int, float, complex, str, bytes, type(None), range, slice, decimal.Decimal,
    fractions.Fraction, datetime.date, datetime.time, datetime.timedelta,
)  # fmt: skip


class Told(NamedTuple):
    """A value's hash, and what in it could not be told ("" if nothing)."""

    digest: str
    opaque: str


def told(value: Any, module: str, folder: Path) -> Told:
    """Hash a value by all that it holds.

    Args:
        value: Anything; classes and functions count by their code and what they hold.
        module: Name of the module it stands in: its classes and objects are looked into.
        folder: Paths below it count by their place in it.
    """
    teller = _Teller(module, folder)
    teller.tell(value, 0)
    return Told(teller.whole.hexdigest(), teller.opaque)


class _Teller:
    def __init__(self, module: str, folder: Path) -> None:
        self.whole, self.opaque = hashlib.sha256(), ""
        self._module, self._folder = module, folder
        self._inside: set[int] = set()

    def tell(self, value: Any, depth: int) -> None:
        """Take in a value."""
        kind = type(value)
        self._say(f"<{kind.__qualname__}")
        if isinstance(value, enum.Enum):
            self._say(value.name)
        elif isinstance(value, _SIMPLE):
            self._say(repr(value))
        elif isinstance(value, Path):
            below = value.is_relative_to(self._folder)
            self._say((value.relative_to(self._folder) if below else value).as_posix())
        elif isinstance(value, np.generic | np.ndarray) and value.dtype.kind in "biufcmMSU":
            self._say(f"{value.dtype} {value.shape}")
            self.whole.update(np.ascontiguousarray(value).data.cast("B") if value.size else b"")
        elif depth >= DEEPEST or id(value) in self._inside:
            self._say("...")
        else:
            self._inside.add(id(value))
            self._tell_parts(value, depth + 1)
            self._inside.discard(id(value))

    def _tell_parts(self, value: Any, depth: int) -> None:
        if isinstance(value, list | tuple):
            if len(value) > 1000 and {type(item) for item in value} <= {int, float, bool}:
                self._say(repr(value))
                return
            for item in value:
                self.tell(item, depth)
        elif isinstance(value, set | frozenset):
            self._say(" ".join(sorted(told(i, self._module, self._folder).digest for i in value)))
        elif isinstance(value, dict):
            for key, item in value.items():
                self.tell(key, depth)
                self.tell(item, depth)
        elif isinstance(value, CodeType):
            self._say(f"{value.co_name} {value.co_names} {value.co_varnames} {value.co_flags}")
            self.whole.update(value.co_code)
            self.tell(value.co_consts, depth)
        elif isinstance(value, FunctionType):
            self._tell_function(value, depth)
        elif isinstance(value, type):
            self._say(f"{value.__module__}.{value.__qualname__}")
            if self._is_near(value):
                for name, item in _own(value):
                    self._say(name)
                    self.tell(item, depth)
        else:
            self._tell_object(value, depth)

    def _tell_function(self, value: FunctionType, depth: int) -> None:
        self.tell(value.__code__, depth)
        self.tell([value.__defaults__, value.__kwdefaults__], depth)
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=False)
        for name, cell in cells:
            self._say(name)
            if name != "__class__":
                try:
                    self.tell(cell.cell_contents, depth)
                except ValueError:
                    self._say("empty")

    def _tell_object(self, value: Any, depth: int) -> None:
        for wrapped in ("__func__", "fget", "func", "py_func", "__wrapped__"):
            inner = getattr(value, wrapped, None)
            if isinstance(inner, FunctionType):
                self.tell(inner, depth)
                return
        if type(value).__module__.split(".")[0] == "pandas" and hasattr(value, "to_numpy"):
            import pandas as pd

            try:
                self.tell(pd.util.hash_pandas_object(value).to_numpy(), depth)
                return
            except TypeError:
                pass
        elif is_dataclass(value):
            self.tell({f.name: getattr(value, f.name, None) for f in fields(value)}, depth)
            return
        elif self._is_near(type(value)) and hasattr(value, "__dict__"):
            self.tell(type(value), depth)
            self.tell(vars(value), depth)
            return
        self.opaque = self.opaque or f"a {type(value).__qualname__}"

    def _is_near(self, kind: type) -> bool:
        return kind.__module__.split(".")[0] == self._module.split(".")[0]

    def _say(self, text: str) -> None:
        self.whole.update(text.encode("utf-8", "surrogatepass") + b"\0")


def _own(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class holds, in the order of names, without what Python puts there itself."""
    given = {"__init__", "__call__", "__post_init__", "__new__", "__getattr__", "__getitem__"}
    for name, value in sorted(vars(kind).items()):
        if (not name.startswith(("__", "_abc_")) or name in given) and name not in DERIVED:
            yield name, value
