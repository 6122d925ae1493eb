"""What a parameter is: a checked value with its unit, range, source and names in two languages.

Parameters stand beside the rule that uses them (each mechanism, agent and measure has a
``Parameters`` class of its own); ``sim.config`` puts them together into one tree. Tables in the
documents, messages about bad input and the page's sliders are all made from these classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic.fields import FieldInfo

ASSUMED, PATH = "assumed", "path"


def param(
    default: Any,
    en: str,
    *,
    unit: str = "1",
    low: float | None = None,
    high: float | None = None,
    source: str = ASSUMED,
    zh: str = "",
) -> Any:
    """Declare one parameter of a ``Parameters`` class.

    Args:
        default: Value used where the configuration says nothing.
        en: What it is, in one English sentence without a full stop.
        unit: Unit, "1" for a pure number, "1/month" for a monthly rate; ``PATH`` for a file that is
            read, whose content then decides a result, not its name.
        low: Smallest value allowed, also the lower end of a prior.
        high: Largest value allowed, also the upper end of a prior.
        source: Where the number comes from: a seed with its quote, a reference, or ``ASSUMED``.
        zh: Short Chinese name, for tables and the page.

    Returns:
        A pydantic field that carries the above.
    """
    return Field(
        default,
        ge=low,
        le=high,
        description=en,
        json_schema_extra={"unit": unit, "source": source, "zh": zh},
    )


def fraction(default: Any, en: str, *, high: float = 1, **more: Any) -> Any:
    """Declare a number from 0 to 1, or to ``high``: a share, a weight, a level; else as ``param``."""
    return param(default, en, low=0, high=high, **more)


def monthly(default: Any, en: str, *, high: float = 1, **more: Any) -> Any:
    """Declare a chance or a share in a month, from 0 to 1 or to ``high``; else as ``param``."""
    return param(default, en, unit="1/month", low=0, high=high, **more)


def logits(default: Any, en: str, **more: Any) -> Any:
    """Declare a push, in logits; else as ``param``."""
    return param(default, en, unit="logit", **more)


def in_hours(default: Any, en: str, **more: Any) -> Any:
    """Declare hours of work a month, from 0 on; else as ``param``."""
    return param(default, en, unit="hour/month", low=0, **more)


def in_yuan(default: Any, en: str, **more: Any) -> Any:
    """Declare an amount of money in yuan, from 0 on; else as ``param``."""
    return param(default, en, unit="yuan", low=0, **more)


def in_months(default: Any, en: str, **more: Any) -> Any:
    """Declare a number of months; else as ``param``."""
    return param(default, en, unit="month", **more)


@dataclass(frozen=True)
class Described:
    """One parameter as the documents and the command ``explain`` show it."""

    key: str
    default: Any
    unit: str
    low: float | None
    high: float | None
    source: str
    en: str
    zh: str


class Parameters(BaseModel):
    """A group of parameters: unknown keys, wrong types, NaN and values out of range are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True,
        # A command uses a few of a hundred groups, and those within another are checked by that one.
        defer_build=True,
    )  # fmt: skip

    @model_validator(mode="after")
    def _no_minus_nothing(self) -> Self:
        # -0.0 equals 0 and passes a lower bound of 0, but numpy takes it for a negative spread, and
        # the two would have different hashes.
        values = self.__dict__
        for name, value in values.items():
            if value == 0.0 if type(value) is float else isinstance(value, list | dict | tuple):
                values[name] = _without_sign(value)
        return self

    @cached_property
    def record(self) -> np.ndarray:
        """The numbers of this group for a compiled kernel.

        Returns:
            A structured array of one row; a kernel reads ``p = record[0]`` and then ``p.name``.
            A nested group or a list of numbers becomes a sub-array in declared order. Text is
            left out.
        """
        fields: list[tuple[str, tuple[int, ...]]] = []
        values: list[float] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, float):
                fields.append((name, ()))
                values.append(value)
            elif (array := _as_number(value)) is not None:
                fields.append((name, array.shape))
                values.extend(array.ravel().tolist())
        kind = _record_type(tuple(fields))
        return np.array(values).view(kind) if values else np.zeros(1, kind)

    @cached_property
    def numbers(self) -> list[float]:
        """The numbers of this group in declared order, for plain Python."""
        values: list[float] = np.concatenate(self.record.tolist()[0], axis=None).tolist()
        return values

    def named_files(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Parts of the key, and path, of every file that this group names."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Parameters):
                yield from (((name, *key), path) for key, path in value.named_files())
            elif value and _extra(field).get("unit") == PATH:
                yield (name,), str(value)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy as pydantic does, without what is cached of the old values."""
        copy = super().model_copy(update=update, deep=deep)
        for cached in ("record", "numbers"):
            copy.__dict__.pop(cached, None)
        return copy

    @classmethod
    def describe(cls, prefix: str = "", inside: Parameters | None = None) -> Iterator[Described]:
        """Walk all parameters below this group, in declared order.

        Args:
            prefix: Put before each key.
            inside: Instance whose values are the defaults, as where an owner states its own.
        """
        for name, field in cls.model_fields.items():
            key = f"{prefix}{name}"
            default = getattr(inside, name, None) if inside else _default(field)
            inner = _inner_group(field)
            if inner is not None:
                owned = default if isinstance(default, Parameters) else None
                for row in inner.describe(f"{key}.", owned):
                    yield _within(field, row)
            else:
                yield _described(key, field, default)


def _without_sign(value: Any) -> Any:
    """A value in which every -0.0 is 0.0."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, dict):
        return {key: _without_sign(part) for key, part in value.items()}
    return type(value)(map(_without_sign, value)) if type(value) in (list, tuple) else value


def bounded(
    group: type[Parameters], name: str, low: float, high: float, module: str
) -> type[Parameters]:
    """A group with the same keys as another and narrower bounds, such as chances or levels.

    Args:
        group: Group of plain numbers.
        name: Name of the new class.
        low: Smallest value allowed for every key.
        high: Largest value allowed for every key.
        module: ``__name__`` of the module that keeps it under that name, so that it can be pickled.
    """
    fields: dict[str, Any] = {
        item.key: (float, param(0.0, item.en, unit=item.unit, low=low, high=high, zh=item.zh))
        for item in group.describe()
    }
    return create_model(
        name, __base__=Parameters, __doc__=group.__doc__, __module__=module, **fields
    )


def in_order(group: type[Parameters], *values: float) -> Any:
    """A group of parameters from their values in the order of its fields."""
    return group(**dict(zip(group.model_fields, map(float, values), strict=True)))


@cache
def _record_type(fields: tuple[tuple[str, tuple[int, ...]], ...]) -> np.dtype[Any]:
    # One object for all sets of parameters, so that two of them are the same at a glance.
    return np.dtype([(name, np.float64, shape) for name, shape in fields])


def _as_number(value: Any) -> np.ndarray | None:
    if isinstance(value, Parameters):
        value = [getattr(value, name) for name in type(value).model_fields]
    if isinstance(value, (bool, int, float)) or (
        isinstance(value, (list, tuple)) and value and not isinstance(value[0], (str, dict))
    ):
        try:
            return np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            return None
    return None


def _inner_group(field: FieldInfo) -> type[Parameters] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Parameters) else None


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _within(field: FieldInfo, row: Described) -> Described:
    # The owner of a group of like numbers says their unit and source, and what they are.
    extra = _extra(field)
    if not extra:
        return row
    return replace(
        row,
        unit=str(extra["unit"]),
        source=str(extra["source"]),
        en=f"{field.description}: {row.en}",
        zh=f"{extra['zh']}：{row.zh}",
    )


def _described(key: str, field: FieldInfo, default: Any) -> Described:
    extra = _extra(field)
    bounds: dict[str, float] = {}
    for constraint in field.metadata:
        for attribute in ("ge", "le"):
            if hasattr(constraint, attribute):
                bounds[attribute] = getattr(constraint, attribute)
    return Described(
        key=key,
        default=default,
        unit=str(extra.get("unit", "")),
        low=bounds.get("ge"),
        high=bounds.get("le"),
        source=str(extra.get("source", ASSUMED)),
        en=field.description or "",
        zh=str(extra.get("zh", "")),
    )
