"""What a person is told: about parameters, measures, indicators and cases, and about bad input.

Every text is made from the schema and the catalogue, so it cannot drift from what the code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from sim.errors import InputError
from sim.phrases import phrases
from sim.schema import Described, Parameters

OPTIONS = ("out", "quiet", "lang", "force", "plugin", "config_dir", "panel")
"""Options of commands that are easily typed as if they were keys."""

_SHOWN_NAMES = 40
_SHOWN_CHARACTERS = 60


# --- about what there is ------------------------------------------------------------------------


def parameter_table(group: type[Parameters], prefix: str = "") -> str:
    """Markdown table of all parameters of a group, for the documents.

    Args:
        group: Class of the group.
        prefix: Dotted key of the group with a dot at its end, put before each key.

    Returns:
        A header and one line per parameter: key, meaning, default, allowed, unit, source.
    """
    lines = [
        "| key | meaning | 中文 | default | range | unit | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in group.describe(prefix):
        cells = (
            f"`{row.key}`", row.en, row.zh, _value_text(row.default), _range(row), row.unit,
            row.source,
        )  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def parameter_lines(group: type[Parameters], prefix: str = "") -> Iterator[str]:
    """Three lines of plain text for each parameter of a group."""
    for row in group.describe(prefix):
        yield f"{row.key}  {row.zh}".rstrip()
        yield f"    {row.en}"
        owner, field = find_field(group, row.key.removeprefix(prefix).split("."))
        allowed = describe_allowed(field) if field else owner.__name__
        yield f"    default {_value_text(row.default)}; {allowed}; source: {row.source}"


def group_text(key: str, root: type[Parameters]) -> str:
    """A whole group such as ``fees``, or one parameter such as ``fees.norm_conditional``.

    Args:
        key: Dotted key below ``root``.
        root: Class of the whole configuration.

    Returns:
        Plain text, three lines a parameter.

    Raises:
        InputError: If there is no such key; names the closest.
    """
    place = key.split(".")
    owner, field = find_field(root, place)
    if field is None:
        raise unknown_key(key, place[-1], owner, root)
    lines = []
    if (group := group_in(field.annotation)) is not None:
        lines = [f"{key}: {inspect.getdoc(group)} (group)", ""]
    rows = list(parameter_lines(root))
    for i in range(0, len(rows), 3):
        name = rows[i].split()[0]
        if name == key or name.startswith(f"{key}."):
            lines += rows[i : i + 3]
    return "\n".join(lines)


def _range(row: Described) -> str:
    if row.low is None and row.high is None:
        return ""
    return f"{'' if row.low is None else row.low} to {'' if row.high is None else row.high}"


def _value_text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return f"{value:g}" if isinstance(value, float) else str(value) or "(empty)"


# --- about bad input ----------------------------------------------------------------------------


def input_error(error: ValidationError, group: type[Parameters], prefix: str = "") -> InputError:
    """The first complaint of the schema as one line that a person can act on.

    Args:
        error: What pydantic raised.
        group: The class that was being filled.
        prefix: Dotted key of that class in the whole configuration.

    Returns:
        The error to raise; it names key, value, what is allowed, and the closest valid key.
    """
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return cause
    place = [str(part) for part in first["loc"]]
    where = ".".join([prefix, *place] if prefix else place) or "configuration"
    owner, field = find_field(group, place)
    value = show(first["input"])
    if first["type"] == "extra_forbidden":
        return unknown_key(where, place[-1], owner, group, f" (given {value})")
    if first["type"] == "missing":
        return InputError(where, "is missing", describe_allowed(field) if field else "")
    if cause is not None:
        return InputError(where, str(cause))
    if first["type"] == "dict_type" and field is None:
        return InputError(where, f"{value} is not allowed", "group of key: value pairs")
    problem = first["msg"] if field is None else f"{value} is not allowed"
    if first["type"] == "finite_number":
        problem = f"{value} is not a finite number"
    return InputError(where, problem, describe_allowed(field) if field else "")


def describe_allowed(field: FieldInfo) -> str:
    """What a field takes, in words: "number from 0 to 1 (1/month)"."""
    words = _type_words(field.annotation)
    bounds = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(rule, name, None) is not None
    }
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if low is not None and high is not None:
        words += f" from {low} to {high}"
    elif low is not None or high is not None:
        words += f" of at least {low}" if low is not None else f" of at most {high}"
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = extra.get("unit", "1")
    return words if unit in ("1", "") else f"{words} ({unit})"


def _type_words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(str(choice) for choice in inner)
    if origin in (Union, UnionType):
        return " or ".join(_type_words(part) for part in inner)
    if origin in (list, tuple):
        parts = [part for part in inner if part is not Ellipsis]
        return f"list of {_type_words(parts[0])}" if parts else "list"
    if isinstance(kind, type) and issubclass(kind, Parameters):
        return "group of the keys " + _some(list(kind.model_fields))
    words = {
        bool: "true or false", int: "whole number", float: "number", str: "text", NoneType: "null",
    }  # fmt: skip
    return words.get(kind, "group of key: value pairs" if origin is dict else "value")


def find_field(
    group: type[Parameters], place: list[str]
) -> tuple[type[Parameters], FieldInfo | None]:
    """The deepest class and field that a place in the tree leads to."""
    field: FieldInfo | None = None
    for part in place:
        if part in group.model_fields:
            field = group.model_fields[part]
            group = group_in(field.annotation) or group
        elif not part.isdigit():
            return group, None
    return group, field


def group_in(kind: Any) -> type[Parameters] | None:
    """The group that a type annotation holds, if any."""
    if isinstance(kind, type) and issubclass(kind, Parameters):
        return kind
    return next((found for part in get_args(kind) if (found := group_in(part))), None)


def unknown_key(
    where: str, name: str, owner: type[Parameters], top: type[Parameters], given: str = ""
) -> InputError:
    """The error for a key that is not there, with the closest one that is.

    Args:
        where: Whole dotted key.
        name: Its unknown part.
        owner: Group in which it was looked for.
        top: Class of the whole tree, searched when the group has nothing like it.
        given: Value that came with the key, in words.
    """
    keys = list(owner.model_fields)
    problem = f"unknown key{given}"
    if where in REPLACED:
        return InputError(where, f"{problem}; {REPLACED[where]}", _some(keys))
    if not get_close_matches(name, keys):
        # Right key, wrong group: "norm" for "fees.norm".
        below = {row.key.rpartition(".")[2]: row.key for row in top.describe()}
        elsewhere = get_close_matches(name, below, n=1, cutoff=0.8)
        if elsewhere:
            problem += f"; did you mean {below[elsewhere[0]]}?"
    return unknown_name(where, problem, name, keys)


REPLACED: dict[str, str] = phrases("replaced")["en"]
"""Keys that were, and what stands in their place."""


def unknown_name(where: str, problem: str, name: str, names: list[str]) -> InputError:
    """The error for ``name`` that is none of ``names``, with the closest of them."""
    close = get_close_matches(name, names, n=3)
    if where == name and name.replace("-", "_") in OPTIONS:
        problem += f"; did you mean --{name.replace('_', '-')}?"
    elif close:
        problem += f"; did you mean {' or '.join(close)}?"
    return InputError(where, problem, _some(names) or "nothing here yet")


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more


def show(value: Any) -> str:
    """A value as it stands in a message: as Python writes it, cut where it is long."""
    try:
        return shorten("null" if value is None else repr(value))
    except (ValueError, RecursionError):  # thousands of digits, or of lists in lists
        return "a value too long to be shown"


def shorten(text: str) -> str:
    """The first characters of a text that is too long for a message."""
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
