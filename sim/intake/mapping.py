"""How a file is to be read, kept in a file of its own (YAML or JSON) and used again: data, no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sim import files
from sim.errors import InputError
from sim.intake import cells

LARGEST = 256 * 2**10

Kind = Literal["register", "ledger", "tickets", "months", "edges"]
KINDS: tuple[Kind, ...] = ("register", "ledger", "tickets", "months", "edges")

Text = str


class Mapping(BaseModel):
    """What somebody says of a file beyond what it shows.

    Attributes:
        kind: What it is: a register of flats, a ledger of fees, hotline tickets, monthly figures or ties.
        sheet: Name of the workbook's sheet.
        header: Row of the header, counted from 1.
        columns: By field the column's name in the file.
        leave_out: Names of columns that are not to be taken.
        values: By field and word of the file what it stands for, as "tenure: {自用: owner}".
        zero: Month before the policy, as 2025-03, which becomes month 0.
        year: Year of months that do not tell theirs.
        compound: Which compound of a file that holds several.
        households: Households that calls are counted for.
        first: Number of the first household where ties name households by number.
        twice: Strength of ties given in both directions with different values.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind | None = None
    sheet: str | None = Field(None, max_length=200)
    header: int | None = Field(None, ge=1, le=1000)
    columns: dict[str, str] = Field(default_factory=dict, max_length=60)
    leave_out: list[str] = Field(default_factory=list, max_length=200)
    values: dict[str, dict[str, str]] = Field(default_factory=dict, max_length=30)
    zero: str | None = Field(None, max_length=20)
    year: int | None = Field(None, ge=1980, le=2100)
    compound: str | None = Field(None, max_length=100)
    households: int | None = Field(None, ge=1, le=1_000_000)
    first: Literal[0, 1] | None = None
    twice: Literal["mean", "largest", "smallest", "refuse"] | None = None

    @field_validator("zero")
    @classmethod
    def _is_month(cls, said: str | None) -> str | None:
        if said is not None and cells.month(said) is None:
            raise ValueError(f"{said!r} is no month; allowed: 2025-03, 2025年3月 or 202503")
        return said

    @property
    def zero_month(self) -> cells.Month | None:
        """``zero`` as year and month."""
        return cells.month(self.zero) if self.zero is not None else None


def read(path: Path) -> Mapping:
    """A mapping from its file.

    Raises:
        InputError: It is not there, too large, or says what no mapping says; names the key.
    """
    try:
        text = files.read_bytes(path, LARGEST).decode("utf-8-sig")
        # The safe loader makes nothing but data; aliases would grow without end.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise InputError(str(path), "holds an alias (*)", "YAML or JSON without aliases")
        _refuse_misread(yaml.compose(text, Loader=yaml.SafeLoader), str(path))
        tree = yaml.safe_load(text)
    except InputError:
        raise
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as problem:
        said = " ".join(str(getattr(problem, "strerror", None) or problem).split())[:160]
        raise InputError(str(path), f"cannot be read ({said})", "YAML or JSON in UTF-8") from None
    return of(tree, str(path))


def of(tree: Any, where: str = "mapping") -> Mapping:
    """A mapping from what its file holds.

    Raises:
        InputError: It says what no mapping says; names the key.
    """
    if not isinstance(tree, dict):
        raise InputError(where, "is no mapping", f"keys of {', '.join(Mapping.model_fields)}")
    if isinstance(zero := tree.get("zero"), float) and cells.lost_zero([str(zero)]).any():
        # Without quotes 2025.10 is a number, and its last zero is gone.
        raise InputError(f"{where}: zero", f"{zero} is a number", cells.MAY_BE_OCTOBER)
    try:
        return Mapping.model_validate({**tree, **_texts(tree)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=True)[0]
        place = ".".join(map(str, first["loc"]))
        allowed = ", ".join(Mapping.model_fields) if first["type"] == "extra_forbidden" else ""
        problem = (
            "is no key of a mapping" if allowed else str(first["msg"]).removeprefix("Value error, ")
        )
        raise InputError(f"{where}: {place}", problem, allowed) from None


def _refuse_misread(node: Any, where: str) -> None:
    if node is not None:  # an empty file
        files.refuse_misread(node, where)
    for part in node.value if isinstance(node, yaml.CollectionNode) else ():
        for one in part if isinstance(part, tuple) else (part,):
            _refuse_misread(one, where)


def _texts(tree: dict[Any, Any]) -> dict[str, Any]:
    """YAML reads 2025-03-01 as a day and 202503 as a number, where a text is meant."""
    zero = tree.get("zero")
    texts: dict[str, Any] = {} if zero is None else {"zero": str(zero)}
    values = tree.get("values")
    if isinstance(values, dict):
        texts["values"] = {
            key: {str(word): str(value) for word, value in words.items()} if isinstance(words, dict) else words
            for key, words in values.items()
        }  # fmt: skip
    return texts


def text(mapping: Mapping) -> str:
    """The text of a mapping's file."""
    tree = mapping.model_dump(exclude_none=True)
    tree = {key: value for key, value in tree.items() if value not in ({}, [])}
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
