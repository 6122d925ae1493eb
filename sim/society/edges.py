"""A user's own ties: read from a table or a graph file, checked tie by tie.

Programs give nodes ids of their own and keep the user's as a label, count from 1, and write a weight
where none was given. What a file means by its names is found out for all of them at once, never node by
node, and said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, graphs, layout, names, rooms
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import TEXTS, WORKBOOKS, read_bytes, sheets
from sim.society import tables
from sim.society.reading import Note, Notes

LAYERS = {"stair": 0, "building": 1, "interest": 2, "across": 3}
_LAYER_WORDS = LAYERS | {
    "单元": 0,
    "同单元": 0,
    "楼栋": 1,
    "同楼": 1,
    "同楼栋": 1,
    "兴趣": 2,
    "跨小区": 3,
}

LOOK = layout.Look(
    names.EDGES,
    required=("source", "target"),
    allowed=("source", "target", "strength", "weight", "layer"),
    strict=False,
)


class Edges(NamedTuple):
    """Ties read from a file, each pair once; arrays (m,)."""

    i: np.ndarray
    """int64: household, numbered from 0 as in the household file."""
    j: np.ndarray
    """int64: the other household."""
    strength: np.ndarray
    """float64 in [0, 1], NaN where the file says nothing."""
    layer: np.ndarray
    """int8, as ``ties.Layer``, -1 where the file says nothing."""


Rooms = Callable[[], Sequence[str] | None]


def read_edges(
    path: str,
    n: int,
    notes: Notes | None = None,
    rooms_of: Rooms | None = None,
    said: Said | None = None,
) -> Edges:
    """Read ties between households from a table or a graph (GraphML, GEXF, Pajek).

    Args:
        path: A table with the columns source, target and optionally strength or weight, and layer, where a row
            without a target names a household without ties; or a graph whose nodes are households by id or label,
            and whose edges may carry the same. Households are numbered from 0 in the order of the household file,
            or named by their rooms. Directions are not used; two of different strength are taken as
            their mean. Weights above 1 are counts and divided by the largest; weights that are all alike say
            nothing, as programs write them where none was given.
        n: Number of households.
        notes: What was read and what was not used is added.
        rooms_of: Gives the room of each household in one way, as ``sim.intake.rooms.keys_of`` has it, None if they
            are not known; asked only if the ties name no numbers.
        said: What somebody says of the file: ``first``, ``twice``, ``columns``.

    Returns:
        The ties.

    Raises:
        InputError: Names file, row or edge, column, value and what is allowed.
    """
    suffix = Path(path).suffix.lower()
    aside: Notes = []
    asked = _Asked(path, n, aside, rooms_of, Said() if said is None else said)
    if suffix in graphs.GRAPHS:
        edges = _of_graph(asked)
    elif suffix in (*TEXTS, *WORKBOOKS):
        edges = _of_table(asked)
    else:
        allowed = ", ".join((*TEXTS, *WORKBOOKS, *graphs.GRAPHS))
        raise InputError(path, f"file type {suffix!r} is not known", allowed)
    if notes is not None:
        notes += [*_described(edges, n), *aside]
    return edges


class _Asked(NamedTuple):
    path: str
    n: int
    notes: Notes
    rooms_of: Rooms | None
    said: Said


def _of_table(asked: _Asked) -> Edges:
    path, notes = asked.path, asked.notes
    data = read_bytes(path)
    table = layout.table(path, LOOK, notes, asked.said, sheets(path, data)).frame
    target = table["target"].fillna("").str.strip()
    untied = (target == "").to_numpy()
    source = table["source"].fillna("").str.strip()
    every = pd.concat([source, target[~untied]])
    for name in ("source", "target"):
        short = table[name].fillna("").str.contains(r"^\d+(?:\.\d+)?e", case=False).to_numpy(bool)
        # Programs write long numbers as 1.2E+05, whose last digits are lost.
        tables.refuse(path, table, name, short, f"a whole number from 0 to {asked.n - 1}")
    known = _households(asked, list(every.unique()))
    if isinstance(known, str):
        for name, column in (("source", source), ("target", target)):
            tables.refuse(
                path,
                table,
                name,
                (column == known).to_numpy() & ~(untied & (name == "target")),
                _allowed(asked),
            )
    assert isinstance(known, dict)
    table, source, target = table[~untied], source[~untied], target[~untied]
    m = len(table)
    strength = _column_strength(asked, table)
    layer = np.full(m, -1, dtype=np.int8)
    if "layer" in table:
        filled = tables.filled_cells(table["layer"])
        layer[filled] = tables.codes(path, table[filled], "layer", _LAYER_WORDS)
    return _pairs(
        asked, source.map(known).to_numpy(np.int64), target.map(known).to_numpy(np.int64), strength, layer,
        lambda e: f"{path}: row {table.index[e]}",
    )  # fmt: skip


def _column_strength(asked: _Asked, table: pd.DataFrame) -> np.ndarray:
    if "strength" in table:
        if "weight" in table:
            asked.notes.append(Note("unused", {"columns": ["weight"]}))
        return tables.numbers(asked.path, table, "strength", 0.0, 1.0, blank=True)
    if "weight" not in table:
        return np.full(len(table), np.nan)
    nan = (
        table["weight"]
        .fillna("")
        .map(lambda t: cells.plain(t) in ("nan", *cells.NOTHING))
        .to_numpy(bool)
    )
    kept = table.assign(weight=table["weight"].mask(nan, ""))
    weight = tables.numbers(asked.path, kept, "weight", 0.0, np.inf, blank=True)
    return _of_weights(asked, weight)


def _of_graph(asked: _Asked) -> Edges:
    path = asked.path
    graph = graphs.read(path, read_bytes(path))
    nodes = dict(graph.nodes)
    for a, b, _ in graph.edges:
        nodes.setdefault(a, "")
        nodes.setdefault(b, "")
    known = _nodes(asked, nodes, graph.own_ids)
    edges = graph.edges
    where = [f"{path}: edge {a} - {b}" for a, b, _ in edges]
    if graph.directed and edges:
        asked.notes.append(Note("direction", {}))
    said = [data for _, _, data in edges]
    key = "strength" if any("strength" in data for data in said) else "weight"
    numbers = np.array(
        [_number(f"{w}: {key}", data.get(key), key) for w, data in zip(where, said, strict=True)],
        dtype=float,
    )
    strength = numbers if key == "strength" else _of_weights(asked, numbers)
    layer = [_layer(w, data.get("layer", "")) for w, data in zip(where, said, strict=True)]
    return _pairs(
        asked, np.array([known[a] for a, _, _ in edges], dtype=np.int64),
        np.array([known[b] for _, b, _ in edges], dtype=np.int64), strength,
        np.array(layer, dtype=np.int8), lambda e: where[e],
    )  # fmt: skip


# --- which household is meant ---------------------------------------------------------------------


def _allowed(asked: _Asked) -> str:
    return f"0 to {asked.n - 1}, in the order of the households, or rooms as 2-1-301 where the household file has them"


def _number_of(label: str) -> int | None:
    found = re.fullmatch(r"(\d{1,12})(?:\.0+)?", label)
    return int(found[1]) if found and label.isascii() else None


def _households(asked: _Asked, labels: Sequence[str]) -> dict[str, int] | str:
    """Household of each label, or the first label that is none."""
    numbers = [_number_of(label) for label in labels]
    if all(number is not None for number in numbers):
        return _numbered(asked, dict(zip(labels, numbers, strict=True)))  # type: ignore[arg-type]
    by_room = _by_rooms(asked, labels)
    if by_room is not None:
        asked.notes.append(Note("by_room_label", {"n": len(by_room)}))
        return by_room
    begun = {label: re.fullmatch(r"([a-z_]+)(\d+)", label.casefold()) for label in labels}
    if all(begun.values()) and len({found[1] for found in begun.values() if found}) == 1:
        return _numbered(asked, {label: int(found[2]) for label, found in begun.items() if found})
    return next(label for label, number in zip(labels, numbers, strict=True) if number is None)


def _numbered(asked: _Asked, numbers: dict[str, int]) -> dict[str, int] | str:
    """Numbers from 0, or from 1 where only that can be meant or was said."""
    if not numbers:
        return {}
    low, high = min(numbers.values()), max(numbers.values())
    first = asked.said.first
    if first is None and low == 1 and high == asked.n:
        first = 1
        asked.notes.append(Note("from_one", {"n": asked.n}))
    elif first is None and low == 1 and high < asked.n:
        problem = "household 0 is not there and 1 is, as where households are numbered from 1"
        way_out = (
            "numbers from 0; a row with source 0 and no target, or a node 0 without edges, if it has no ties; "
            "or first: 1 in a mapping of xiaoqu import"
        )
        raise InputError(asked.path, problem, way_out)
    shift = first or 0
    for label, number in numbers.items():
        if not shift <= number < asked.n + shift:
            return label
    return {label: number - shift for label, number in numbers.items()}


def _by_rooms(asked: _Asked, labels: Sequence[str]) -> dict[str, int] | None:
    known = asked.rooms_of() if asked.rooms_of is not None else None
    return rows_of(known, labels) if known else None


def rows_of(known: Sequence[str], labels: Sequence[str]) -> dict[str, int] | None:
    """Rows of households by labels of their rooms; None where one of them is nobody's or anybody's.

    Args:
        known: Room of each household in one way, as ``sim.intake.rooms.keys_of`` has it.
        labels: Rooms as somebody writes them.
    """
    place = {key: k for k, key in enumerate(known)}
    if len(place) < len(known):
        return None
    # Without its stair a room is known where no other of its building has that number.
    short: dict[str, int] = {}
    for key, k in place.items():
        parts = key.split("-")
        brief = f"{parts[0]}-{parts[-1]}"
        short[brief] = -1 if brief in short else k
    found = {}
    for label in labels:
        taken = rooms.split(label)
        key = taken._replace(before="").key if taken else rooms.alike(label, "room")
        k = place.get(key, short.get(key, -1))
        if k < 0:
            return None
        found[label] = k
    return found if len(set(found.values())) == len(found) else None


def _nodes(asked: _Asked, nodes: dict[str, str], own_ids: bool) -> dict[str, int]:
    """Household of each node: by its id, or by its label where the ids are a program's."""
    ids, labels = list(nodes), list(nodes.values())
    full = bool(labels) and all(labels) and len(set(labels)) == len(labels)
    label_numbers = [_number_of(label) for label in labels]
    if full and any(number is None for number in label_numbers):
        by_room = _by_rooms(asked, labels)
        if by_room is not None:
            asked.notes.append(Note("by_room_label", {"n": len(ids)}))
            return {node: by_room[label] for node, label in nodes.items()}
    id_numbers = [_number_of(node) for node in ids]
    ids_fit = own_ids and all(k is not None and k < asked.n for k in id_numbers)
    labels_fit = full and all(k is not None and k < asked.n for k in label_numbers)
    if labels_fit and not ids_fit:
        asked.notes.append(Note("by_label", {"n": len(ids)}))
        found = _numbered(asked, dict(zip(labels, label_numbers, strict=True)))  # type: ignore[arg-type]
        assert isinstance(found, dict)
        return {node: found[label] for node, label in nodes.items()}
    for node, label in nodes.items():
        number = _number_of(label)
        if own_ids and number is not None and _number_of(node) not in (None, number):
            problem = f"node {node} is called {label!r}: which of the two is the household?"
            raise InputError(asked.path, problem, "a node's id as its label, or no number there")
    if not own_ids and asked.said.first is None:
        asked = asked._replace(said=asked.said.model_copy(update={"first": 1}))
    known = _households(asked, ids)
    if isinstance(known, str):
        where = f"{asked.path}: node"
        raise InputError(
            where, f"{known[: layout.LONGEST_LABEL]!r} is no household", _allowed(asked)
        )
    return known


# --- how strong -----------------------------------------------------------------------------------


def _number(where: str, text: str | None, key: str) -> float:
    """A number of an attribute, NaN where it says nothing."""
    if text is None or cells.plain(text) in ("nan", *cells.NOTHING):
        return np.nan
    number = cells.number(text)
    if np.isnan(number):
        try:
            number = float(text)
        except ValueError:
            number = np.nan
    if not (0.0 <= number < np.inf) or (key == "strength" and number > 1.0):
        allowed = "0 to 1" if key == "strength" else "0 to 1, or counts"
        raise InputError(where, f"{text!r} cannot be used", allowed)
    return number


def _of_weights(asked: _Asked, weight: np.ndarray) -> np.ndarray:
    """Strengths of weights: counts in parts of the largest, and nothing where all are alike."""
    known = weight[~np.isnan(weight)]
    if not len(known):
        return weight
    if known.max() >= 1.0 and np.all(known == known[0]):
        asked.notes.append(Note("ones", {"weight": f"{known[0]:g}"}))
        return np.full(len(weight), np.nan)
    if known.max() > 1.0:
        asked.notes.append(Note("scaled", {"high": f"{known.max():g}"}))
        return weight / known.max()
    return weight


def _layer(where: str, value: str) -> int:
    if not value.strip():
        return -1
    code = _LAYER_WORDS.get(cells.plain(value))
    if code is None:
        raise InputError(f"{where}: layer", f"{value!r} is not known", ", ".join(LAYERS))
    return code


def _pairs(
    asked: _Asked, i: np.ndarray, j: np.ndarray, strength: np.ndarray, layer: np.ndarray, where: Callable[[int], str]
) -> Edges:  # fmt: skip
    own = np.flatnonzero(i == j)
    if len(own):
        raise InputError(where(int(own[0])), f"household {i[own[0]]} tied to itself", "two others")
    low, high, turned = np.minimum(i, j), np.maximum(i, j), i > j
    order = np.lexsort((high, low))
    low, high, strength, layer, turned = (a[order] for a in (low, high, strength, layer, turned))
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    same = np.ones(len(order), dtype=bool)
    same[1:] = (strength[1:] == strength[:-1]) | (np.isnan(strength[1:]) & np.isnan(strength[:-1]))
    differs = again & ~same
    rule = asked.said.twice
    # The same direction twice, or two kinds of tie, is a slip; two directions are two views of one tie.
    one_way = again.copy()
    one_way[1:] &= turned[1:] == turned[:-1]
    kinds = np.zeros(len(order), dtype=bool)
    kinds[1:] = again[1:] & (layer[1:] != layer[:-1])
    wrong = kinds | (differs & (one_way if rule is None else np.full(len(order), rule == "refuse")))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise InputError(
            where(int(order[at])),
            f"households {low[at]} and {high[at]} are tied twice with different values",
            "each pair once, or the same values; a rule for it is `twice` of a mapping: mean, largest, smallest",
        )
    pair = np.cumsum(~again) - 1
    if differs.any():
        merged = pd.Series(strength).groupby(pair)
        how = {"largest": merged.max, "smallest": merged.min}.get(rule or "mean", merged.mean)
        strength = how().to_numpy()[pair]
        told = {"n": len(np.unique(pair[differs])), "how": Note(f"how_{rule or 'mean'}", {})}
        asked.notes.append(Note("both_ways", told))
    if again.any():
        asked.notes.append(Note("twice", {"n": int(again.sum())}))
    return Edges(low[~again], high[~again], strength[~again], layer[~again])


def _described(edges: Edges, n: int) -> Notes:
    alone = n - len(np.union1d(edges.i, edges.j))
    notes = [Note("ties", {"n": len(edges.i), "households": n, "alone": alone})]
    known = edges.strength[~np.isnan(edges.strength)]
    if len(known):
        span = {"low": known.min(), "high": known.max(), "mean": known.mean()}
        notes.append(Note("strength", span))
    if unsaid := len(edges.strength) - len(known):
        notes.append(Note("unsaid", {"n": unsaid}))
    return notes
