"""A file that somebody has sent to the page: read in memory, and what it adds to the compound once it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sim import files
from sim.desk import compound
from sim.desk.session import Own
from sim.errors import InputError
from sim.intake import cells, door, graphs, layout, names
from sim.intake.door import Read
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import sheets

TOLD = (
    "columns",
    "personal",
    "unused",
    "people",
    "rival",
    "not_homes",
    "from_room",
    "merged",
    "unnamed",
)
"""What a file is shown for before it is taken; a table with the model's own names is taken at once."""


@dataclass
class Arrived:
    """A file that waits to be confirmed.

    Attributes:
        name: What the user calls it.
        data: What is in it.
        said: What the user says of it.
        read: What was read of it.
        zero: Month that is taken as the last before the policy.
    """

    name: str
    data: bytes
    said: Said
    read: Read
    zero: cells.Month | None


def arrive(own: Own, what: str, data: bytes, name: str) -> Arrived:
    """Read a file that was sent.

    Args:
        own: The compound that it is of.
        what: Field it was put into: households or months.
        data: What is in it.
        name: What the user calls it.

    Raises:
        InputError: It cannot be read; names row and column.
    """
    name = PurePosixPath(name.replace("\\", "/")).name[:80] or f"{what}.csv"
    if name.lower().endswith(graphs.GRAPHS):
        raise InputError(name, "ties are not read here", "xiaoqu import")
    try:
        kind = door.kind_of(name, sheets(name, data))
    except InputError as error:
        if not error.problem.startswith("is of no kind"):
            raise
        kind = "register" if what == "households" else "months"
    said = Said(kind=kind)
    read = read_again(own, name, data, said)
    dated = door.calendar([read])
    return Arrived(name, data, said, read, dated[-1] if dated else None)


def read_again(own: Own, name: str, data: bytes, said: Said) -> Read:
    """Read what was sent, as the user says it is to be read.

    Raises:
        InputError: It cannot be read so.
    """
    count = compound.own(own).population.households if said.kind == "tickets" else None
    with files.held({name: data}):
        try:
            return door.read_files([name], [said], households=count)[0]
        except InputError as error:
            # Of several compounds the user's is meant, if it has been named.
            if not (error.problem.startswith("tickets of") and own.name):
                raise
            return door.read_files([name], [said], households=count, compound=own.name)[0]


def needs_a_look(read: Read) -> bool:
    """Whether somebody should see how a file was taken before it is used."""
    counted = read.kind in ("ledger", "tickets") or bool(door.calendar([read]))
    return counted or any(note.kind in TOLD for note in read.notes)


def taken(own: Own, arrived: Arrived) -> Own:
    """The compound with a file that was confirmed.

    Raises:
        InputError: What is in it cannot be used here.
    """
    read = arrived.read
    if read.households is not None:
        return own.model_copy(update={"households": door.households_text(read.households)})
    if read.kind == "edges":
        raise InputError(arrived.name, "ties are not read here", "xiaoqu import")
    found = door.observed([read], arrived.zero)
    if not found:
        raise InputError(arrived.name, "no figure in it is one of the model's", "")
    before = {name: dict(rows) for name, rows in compound.own_months(own).items()}
    for name, values in found.items():
        before[name] = {**before.get(name, {}), **values}
    changed: dict[str, Any] = {"months": door.months_text(before)}
    rates = {month: rate for month, rate in before.get("collection_rate", {}).items() if month <= 0}
    if rates and own.collection is None:
        changed["collection"] = round(rates[max(rates)], 4)
    return own.model_copy(update=changed)


def columns_offered(arrived: Arrived) -> list[str]:
    """Names of a file's columns that do not tell of persons."""
    look = door.looks()[arrived.read.kind]
    places = [
        layout.place(sheet, look, arrived.said) for sheet in sheets(arrived.name, arrived.data)
    ]
    best = max(places, key=lambda place: place.score)
    return [name for name in dict.fromkeys(best.names) if name and not names.personal(name)]
