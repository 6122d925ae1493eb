"""The door by which somebody's files come in: what each is, what was read and left out, and clean files of it.

The command ``xiaoqu import``, the desk and Python all come by here. Clean files hold the model's names
and words only: nothing that tells who somebody is leaves the file it came from.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sim.errors import InputError
from sim.files import whole
from sim.intake import cells, figures, graphs, layout, ledger, mapping, register, tickets
from sim.intake.mapping import Kind
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import Sheet, read_bytes, sheets
from sim.outcomes import INDICATORS
from sim.society.edges import LAYERS, Edges, read_edges
from sim.society.edges import LOOK as TIES
from sim.society.imports import CODES, NUMBERS, clean, read_rooms, traits
from sim.society.reading import Note, Notes, sentences

MONTHS = (-240, 600)
"""Months from the policy that figures may be of."""


@dataclass
class Read:
    """One file that was read.

    Attributes:
        path: The file.
        kind: What it is.
        notes: What was read and left out.
        said: What somebody says of it, with its kind.
        households: Its register, clean.
        flats: What was due and paid by flat.
        months: A table of its months to be shown.
        kinds: Tickets by month and kind.
        figures: Indicator, month and value.
        edges: Its ties.
    """

    path: str
    kind: Kind
    notes: Notes
    said: Said
    households: pd.DataFrame | None = None
    flats: pd.DataFrame | None = None
    months: pd.DataFrame | None = None
    kinds: pd.DataFrame | None = None
    figures: figures.Figures = field(default_factory=list)
    edges: Edges | None = None


def titles() -> dict[str, tuple[str, str]]:
    """Names of all indicators as people read them."""
    return {name: (known.zh, known.en) for name, known in INDICATORS.items()}


def kind_of(path: str, read: list[Sheet] | None = None, said: Said | None = None) -> Kind:
    """What a file is, by the columns that it has.

    Raises:
        InputError: It has columns of none of them.
    """
    if path.lower().endswith(graphs.GRAPHS):
        return "edges"
    said = Said() if said is None else said
    read = sheets(path) if read is None else read
    seen: dict[Kind, dict[str, int]] = {}
    best: dict[Kind, int] = {}
    for kind, look in looks().items():
        places = [layout.place(sheet, look, said) for sheet in read]
        place = max(places, key=lambda place: place.score)
        seen[kind], best[kind] = place.found, place.score
    has = {kind: set(found) for kind, found in seen.items()}
    place_named = bool(has["register"] & {"building", "room"})
    wide = best["ledger"] > len(has["ledger"])
    if {"source", "target"} <= has["edges"] and not place_named:
        return "edges"
    if "day" in has["tickets"] and has["tickets"] & {
        "number",
        "form",
        "text",
        "channel",
        "caller",
        "phone",
        "closed",
    }:
        return "tickets"
    paid = has["ledger"] & {"paid", "owed"}
    if (place_named and (wide or paid)) or (
        "month" in has["ledger"] and {"due", "paid"} <= has["ledger"]
    ):
        return "ledger"
    if "month" in has["months"] and len(has["months"] - {"year"}) > 1 and not place_named:
        return "months"
    if "day" in has["tickets"] and has["tickets"] & {"kind"}:
        return "tickets"
    if place_named:
        return "register"
    shown = [cell for row in read[0].head()[:1] for cell in row if cell][:8]
    problem = (
        f"is of no kind that is known; its first row: {', '.join(shown)}"
        if shown
        else "is of no kind that is known"
    )
    raise InputError(path, problem, "a register, ledger, tickets, months or edges; --as says which")


def looks() -> dict[Kind, layout.Look]:
    """What is looked for in each kind of table."""
    exact = ("building", "stair", "floor", register.ROOM, *CODES, *NUMBERS, *traits())
    return {
        "register": register.look(exact), "ledger": ledger.LOOK, "tickets": tickets.LOOK,
        "months": figures.look(list(INDICATORS), titles()), "edges": TIES,
    }  # fmt: skip


def read_files(paths: Sequence[str], said: Sequence[Said] = (), **more: object) -> list[Read]:
    """Read files, registers first, so that ties can be named by room and calls be counted for households.

    Args:
        paths: The files.
        said: Mappings; each goes to files of its kind, one without a kind to all.
        **more: Keys of a mapping that stand over them, such as ``zero="2025-03"``; None says nothing.

    Raises:
        InputError: A file that cannot be read; names file, row and column.
    """
    over = {key: value for key, value in more.items() if value is not None}
    opened: list[tuple[str, Kind, list[Sheet], Said]] = []
    for path in paths:
        is_graph = path.lower().endswith(graphs.GRAPHS)
        found = [] if is_graph else sheets(path, read_bytes(path))
        asked = _said(said, over, None)
        kind = asked.kind or kind_of(path, found, asked)
        opened.append((path, kind, found, _said(said, over, kind)))
    done: list[Read] = []
    order = mapping.KINDS
    for path, kind, found, asked in sorted(opened, key=lambda one: order.index(one[1])):
        done.append(_read(path, kind, found, asked, done))
    return done


def _said(said: Sequence[Said], over: Mapping[str, object], kind: Kind | None) -> Said:
    """What all mappings of a kind say together, and what stands over them."""
    tree: dict[str, object] = {}
    for one in said:
        if one.kind in (None, kind) or (kind is None and len(said) == 1):
            tree |= one.model_dump(exclude_none=True)
    return mapping.of(tree | dict(over) | ({"kind": kind} if kind else {}))


def _read(path: str, kind: Kind, found: list[Sheet], said: Said, before: list[Read]) -> Read:
    notes: Notes = []
    read = Read(path, kind, notes, said)
    homes = next((one for one in before if one.households is not None), None)
    count = len(homes.households) if homes is not None and homes.households is not None else None
    if kind == "register":
        read.households = clean(path, said, notes)
    elif kind == "ledger":
        told = ledger.read(path, notes, said, found)
        read.months, read.figures = told.months, list(told.figures)
        # Sums of the whole compound are of no flat.
        read.flats = told.flats if len(told.flats) > 1 else None
        if homes is not None:
            _join(read, homes)
    elif kind == "tickets":
        known = (
            said if said.households is not None else said.model_copy(update={"households": count})
        )
        calls = tickets.read(path, notes, known, found)
        read.months, read.kinds, read.figures = calls.months, calls.kinds, list(calls.figures)
    elif kind == "months":
        bounds = {name: (known.low, known.high) for name, known in INDICATORS.items()}
        read.figures = figures.read_figures(
            path, bounds, MONTHS, notes, titles=titles(), said=said, read=found
        )
    else:
        n = said.households or count
        if n is None:
            raise InputError(
                path,
                "ties need to know the households",
                "the register beside it, or --households N",
            )
        rooms = None if homes is None else (lambda: read_rooms(homes.path, homes.said))
        read.edges = read_edges(path, n, notes, rooms, said)
    return read


def _join(read: Read, homes: Read) -> None:
    """Say how many flats of a ledger are flats of the register."""
    known = read_rooms(homes.path, homes.said)
    if known is None or read.flats is None:
        return
    there = read.flats["key"].isin(known)
    read.notes.append(Note("joined", {"n": int(there.sum()), "of": len(there)}))


# --- clean files ----------------------------------------------------------------------------------


def calendar(read: Sequence[Read]) -> list[cells.Month]:
    """Months of the calendar that figures are of."""
    return sorted({when for one in read for _, when, _ in one.figures if not isinstance(when, int)})


def observed(read: Sequence[Read], zero: cells.Month | None) -> dict[str, dict[int, float]]:
    """Figures that are indicators of the model, by indicator and month from the policy.

    Where several files tell a figure, that of months stands over those that were counted from rows.

    Args:
        read: What was read.
        zero: Month of the calendar that is 0.

    Raises:
        InputError: Figures are of the calendar and nothing says which month is 0; or a month is too far from it.
    """
    dated = calendar(read)
    if dated and zero is None:
        first, last = cells.month_name(dated[0]), cells.month_name(dated[-1])
        problem = (
            f"{first} to {last} are of the calendar: which month is the last before the policy?"
        )
        raise InputError("zero", problem, f"--zero {last}, if it is the last of them")
    if zero is not None and not zero[0]:
        zero = (max((when[0] for when in dated), default=0), zero[1])
    found: dict[str, dict[int, float]] = {}
    for one in sorted(read, key=lambda one: one.kind == "months"):
        for name, when, value in one.figures:
            if name not in INDICATORS:
                continue
            if isinstance(when, int):
                month = when
            else:
                assert zero is not None
                when = when if when[0] else (zero[0], when[1])
                month = cells.months_between(zero, when)
            if not MONTHS[0] <= month <= MONTHS[1]:
                raise InputError(
                    f"{one.path}: month", f"{month} from month 0", f"{MONTHS[0]} to {MONTHS[1]}"
                )
            found.setdefault(name, {})[month] = value
    return found


def months_text(found: Mapping[str, Mapping[int, float]]) -> str:
    """The text of a file of months, as ``calibrate file=`` takes it."""
    rows = sorted({month for values in found.values() for month in values})
    body = [[month, *(_short(values.get(month)) for values in found.values())] for month in rows]
    return _csv(["month", *found], body)


def households_text(frame: pd.DataFrame) -> str:
    """The text of a register, as ``population.household_file`` takes it."""
    return _csv([str(name) for name in frame], frame.fillna("").to_numpy().tolist())


def edges_text(edges: Edges, n: int) -> str:
    """The text of ties; households without a tie are named, so that numbers are seen to begin at 0."""
    layers = {code: word for word, code in LAYERS.items()}
    body: list[list[object]] = [
        [int(i), int(j), "" if s != s else f"{s:.6g}", layers.get(int(layer), "")]
        for i, j, s, layer in zip(edges.i, edges.j, edges.strength, edges.layer, strict=True)
    ]
    tied = set(edges.i.tolist()) | set(edges.j.tolist())
    body += [[k, "", "", ""] for k in range(n) if k not in tied]
    return _csv(["source", "target", "strength", "layer"], body)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def clean_files(read: Sequence[Read]) -> dict[str, str]:
    """Text of every clean file by its name.

    Raises:
        InputError: As ``observed``; or two files are both registers, or both ties.
    """
    texts: dict[str, str] = {}
    for kind in ("register", "edges"):
        twice = [one.path for one in read if one.kind == kind]
        if len(twice) > 1:
            raise InputError(
                twice[1], f"is a second file of {kind} beside {twice[0]}", "one of each at a time"
            )
    for one in read:
        if one.households is not None:
            texts["households.csv"] = households_text(one.households)
        if one.flats is not None:
            kept = [str(name) for name in one.flats if name != "key"]
            frame = one.flats[kept]
            texts["arrears.csv"] = texts.get("arrears.csv", "") or _csv(
                kept, frame.fillna("").to_numpy().tolist()
            )
        if one.kinds is not None:
            rows = [
                [cells.month_name(when), kind, n] for when, kind, n in one.kinds.to_numpy().tolist()
            ]
            texts["tickets.csv"] = _csv(["month", "kind", "tickets"], rows)
        if one.edges is not None:
            n = one.said.households or max(
                _count(read), int(max([0, *one.edges.i, *one.edges.j])) + 1
            )
            texts["edges.csv"] = edges_text(one.edges, n)
        name = f"mapping-{one.kind}.yaml"
        texts[name] = mapping.text(used(one))
    if any(one.figures for one in read):
        zero = next((one.said.zero_month for one in read if one.said.zero), None)
        found = observed(read, zero)
        if found:
            texts["months.csv"] = months_text(found)
        every = [[name, when if isinstance(when, int) else cells.month_name(when), _short(value), Path(one.path).name]
                 for one in read for name, when, value in one.figures]  # fmt: skip
        texts["figures.csv"] = _csv(["figure", "month", "value", "file"], every)
    return texts


def used(one: Read) -> Said:
    """How a file was read, as a mapping by which one of the same layout is read again."""
    columns = {
        field: written
        for note in one.notes
        if note.kind == "columns"
        for written, field in note.values["pairs"]
    }
    return one.said.model_copy(update={"columns": columns | one.said.columns})


def _count(read: Sequence[Read]) -> int:
    return next((len(one.households) for one in read if one.households is not None), 0)


def write(read: Sequence[Read], folder: Path) -> list[Path]:
    """Write clean files into a folder.

    Raises:
        InputError: As ``clean_files``; or a file that was read would be written over.
        InputError: The folder cannot be written, or is full; what was there before stays.
    """
    texts = clean_files(read)
    sources = {Path(one.path).resolve() for one in read}
    for name in texts:
        if (folder / name).resolve() in sources:
            raise InputError(str(folder / name), "is a file that was read", "another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Those of one reading belong together, so none takes its place before all are written.
        with ExitStack() as parts:
            for name, text in texts.items():
                # With a mark, Excel and WPS read it as UTF-8; so do we.
                encoding = "utf-8-sig" if name.endswith(".csv") else "utf-8"
                part = parts.enter_context(whole(folder / name))
                part.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        problem = error.strerror or str(error)
        raise InputError(
            str(folder), problem, "a folder that can be written, with space left"
        ) from error
    return [folder / name for name in texts]


def told(one: Read, language: str = "en") -> list[str]:
    """What is said of a file that was read, in sentences."""
    return sentences(one.notes, language)


def shown(one: Read) -> list[list[str]]:
    """The file's months as a table to be looked at, its header first; empty where there are none."""
    if one.months is not None:
        told = [dict(row) for row in one.months.to_dict("records")]
        when = [cells.month_name(month) for month in one.months.index]
        return _of_ledger(when, told, one) if one.kind == "ledger" else _of_tickets(when, told, one)
    if one.kind == "months":
        names = list(dict.fromkeys(name for name, _, _ in one.figures))
        by_month: dict[int | cells.Month, dict[str, float]] = {}
        for name, month, value in one.figures:
            by_month.setdefault(month, {})[name] = value
        rows = [
            [
                str(m) if isinstance(m, int) else cells.month_name(m),
                *(_short(values.get(n)) for n in names),
            ]
            for m, values in by_month.items()
        ]
        return [["month", *names], *rows]
    return []


def _of_ledger(when: list[str], told: list[dict[Any, Any]], one: Read) -> list[list[str]]:
    rows = [
        [month, f"{row['due_yuan']:,.2f}", f"{row['paid_yuan']:,.2f}", f"{100 * row['rate']:.1f}%"]
        for month, row in zip(when, told, strict=True)
    ]
    if not rows:
        return []
    if one.flats is None:
        return [["month", "due", "paid", "rate"], *rows]
    paid = [f"{row['flats_paid']}/{row['flats']}" for row in told]
    head = ["month", "due", "paid", "rate", "flats"]
    return [head, *([*row, cell] for row, cell in zip(rows, paid, strict=True))]


def _of_tickets(when: list[str], told: list[dict[Any, Any]], one: Read) -> list[list[str]]:
    rates = {
        cells.month_name(month): value
        for name, month, value in one.figures
        if name == "tickets_per_1000" and not isinstance(month, int)
    }
    rows = [
        [
            month,
            str(row["tickets"]),
            str(row["property"]),
            _rate(rates.get(month)),
            _percent(row["repeats"]),
        ]
        for month, row in zip(when, told, strict=True)
    ]
    return [["month", "tickets", "property", "per_1000", "repeats"], *rows]


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float) -> str:
    return "" if value != value else f"{100 * value:.0f}%"
