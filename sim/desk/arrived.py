"""A file that somebody has sent to the page: read in memory, and what it adds to the compound once it is confirmed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sim import files
from sim.desk import compound
from sim.desk.session import Own
from sim.errors import InputError
from sim.intake import cells, door, graphs, layout, mapping, names
from sim.intake.door import Read
from sim.intake.mapping import Kind
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import sheets

if TYPE_CHECKING:
    import pandas as pd

    from sim.science import street
    from sim.society.reading import Notes

REGISTER = "households.csv"
"""What the compound's own register is called where ties are read beside it."""

MAPPINGS = (".yaml", ".yml", ".json")

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
        again: Whether it was read as one of its kind was confirmed before.
    """

    name: str
    data: bytes
    said: Said
    read: Read
    zero: cells.Month | None
    again: bool = False


def arrive(own: Own, data: bytes, name: str, kind: Kind | None = None) -> Arrived:
    """Read a file that was sent.

    Args:
        own: The compound that it is of.
        data: What is in it.
        name: What the user calls it.
        kind: What the user says that it is; None to find out.

    Raises:
        InputError: It cannot be read; names row and column.
    """
    name = short_name(name)
    graph = name.lower().endswith(graphs.GRAPHS)
    kind = kind or door.kind_of(name, None if graph else sheets(name, data))
    said, again = Said(kind=kind), False
    try:
        kept = mapping.of(own.mappings[kind]) if kind in own.mappings else None
        read = None if kept is None else read_again(own, name, data, kept)
        said, again = kept or said, read is not None
    except InputError:
        # A file of another layout than the last one.
        read = None
    read = read or read_again(own, name, data, said)
    dated = door.calendar([read])
    return Arrived(name, data, said, read, dated[-1] if dated else None, again)


def short_name(name: str) -> str:
    """The name of a file that was sent, without any folder."""
    return PurePosixPath(name.replace("\\", "/")).name[:80] or "table.csv"


def read_again(own: Own, name: str, data: bytes, said: Said) -> Read:
    """Read what was sent, as the user says it is to be read.

    Raises:
        InputError: It cannot be read so.
    """
    held, paths, count = {name: data}, [name], None
    if said.kind == "edges" and own.households:
        held[REGISTER] = own.households.encode()
        paths = [REGISTER, name]
    elif said.kind in ("edges", "tickets"):
        count = compound.own(own.model_copy(update={"edges": ""})).population.households
    asked = [Said(kind="register"), said]
    with files.held(held):
        try:
            return door.read_files(paths, asked, households=count)[-1]
        except InputError as error:
            # Of several compounds the user's is meant, if it has been named.
            if not (error.problem.startswith("tickets of") and own.name):
                raise
            return door.read_files(paths, asked, households=count, compound=own.name)[-1]


def needs_a_look(read: Read) -> bool:
    """Whether somebody should see how a file was taken before it is used."""
    counted = read.kind in ("ledger", "tickets", "edges") or bool(door.calendar([read]))
    return counted or any(note.kind in TOLD for note in read.notes)


def taken(own: Own, arrived: Arrived) -> Own:
    """The compound with a file that was confirmed, and how files of its kind are read from now on.

    Raises:
        InputError: What is in it cannot be used here.
    """
    read = arrived.read
    changed: dict[str, Any] = {"mappings": {**own.mappings, read.kind: layout_of(read)}}
    if read.households is not None:
        # Ties are between the flats of the register that they came with.
        changed |= {"households": door.households_text(read.households), "edges": ""}
    elif read.edges is not None:
        n = compound.own(own.model_copy(update={"edges": ""})).population.households
        changed["edges"] = door.edges_text(read.edges, n)
    else:
        found = door.observed([read], arrived.zero)
        if not found:
            raise InputError(arrived.name, "no figure in it is one of the model's", "")
        before = {name: dict(rows) for name, rows in compound.own_months(own).items()}
        for name, values in found.items():
            before[name] = {**before.get(name, {}), **values}
        changed["months"] = door.months_text(before)
    return own.model_copy(update=changed)


def layout_of(read: Read) -> dict[str, Any]:
    """How a file was read, for others of its layout: not which month or compound it is of."""
    said = door.used(read).model_dump(exclude_none=True, exclude={"zero", "year", "households"})
    return {key: value for key, value in said.items() if value not in ({}, [])}


def mapping_of(data: bytes, name: str) -> tuple[Kind, dict[str, Any]]:
    """A mapping from a file that was sent: the kind that it is for, and what it says.

    Raises:
        InputError: It is no mapping, or says not what kind of file it is for.
    """
    with files.held({name: data}):
        said = mapping.read(Path(name))
    if said.kind is None:
        raise InputError(f"{name}: kind", "is missing", ", ".join(mapping.KINDS))
    return said.kind, said.model_dump(exclude_none=True)


def clean_archive(arrived: Arrived) -> bytes:
    """The clean tables of a file as an archive: arrears by flat, figures by month and so on.

    Raises:
        InputError: Figures lie too far from the month that is 0.
    """
    read = arrived.read
    if arrived.zero is not None:
        read.said = read.said.model_copy(update={"zero": cells.month_name(arrived.zero)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in door.clean_files([read]).items():
            mark = "\ufeff" if name.endswith(".csv") else ""
            archive.writestr(name, (mark + text).encode())
    return packed.getvalue()


def columns_offered(arrived: Arrived) -> list[str]:
    """Names of a file's columns that do not tell of persons; none of a graph."""
    if arrived.name.lower().endswith(graphs.GRAPHS):
        return []
    look = door.looks()[arrived.read.kind]
    places = [
        layout.place(sheet, look, arrived.said) for sheet in sheets(arrived.name, arrived.data)
    ]
    best = max(places, key=lambda place: place.score)
    return [name for name in dict.fromkeys(best.names) if name and not names.personal(name)]


@dataclass
class StreetAsked:
    """A street's table that was sent, what was read of it, and what was found; it is not part of the session.

    Attributes:
        question: What is asked.
        plan: What the plan is called.
        notes: What was read and left out.
        found: The compounds in their order; None while they are lived.
        problem: Why there is no answer, in one line.
    """

    question: street.Question
    plan: str
    notes: Notes
    found: pd.DataFrame | None = None
    problem: str = ""
