"""A user's own ties: read from a table or a graph file, checked tie by tie.

Files are data and nothing else: XML that declares entities or a document type is refused before it
is parsed as a graph.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

import numpy as np

from sim.errors import InputError
from sim.society import tables
from sim.society.reading import Note, Notes

_LAYERS = {"stair": 0, "building": 1, "interest": 2, "across": 3}


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


def read_edges(path: str, n: int, notes: Notes | None = None) -> Edges:
    """Read ties between households from .csv, .graphml or .gexf.

    Args:
        path: CSV with the columns source, target and optionally strength and layer, where a row
            without a target names a household without ties; or a graph whose node ids are household
            numbers and whose edges may carry ``strength`` (or ``weight``) and ``layer``. Households
            are numbered from 0 in the order of the household file. Direction is ignored; a pair
            given twice must say the same twice. A weight of 1 on every edge says nothing, as
            programs write it where none was given.
        n: Number of households.
        notes: What was read and what was not used is added.

    Returns:
        The ties.

    Raises:
        InputError: Names file, row or edge, column, value and what is allowed.
    """
    readers: dict[str, Callable[[str, int, Notes], Edges]] = {
        ".csv": _of_table,
        ".graphml": _of_graph,
        ".gexf": _of_graph,
    }
    suffix = Path(path).suffix.lower()
    if suffix not in readers:
        raise InputError(path, f"file type {suffix!r} is not known", ", ".join(readers))
    aside: Notes = []
    edges = readers[suffix](path, n, aside)
    if notes is not None:
        notes += [*_described(edges, n), *aside]
    return edges


def _of_table(path: str, n: int, notes: Notes) -> Edges:
    table = tables.read_table(path, ("source", "target"), ("strength", "layer"), notes)
    source = tables.whole(path, table, "source", 0, n - 1)
    untied = (table["target"].fillna("").str.strip() == "").to_numpy()
    table, tied = table[~untied], source[~untied]
    target = tables.whole(path, table, "target", 0, n - 1)
    _refuse_one_based(f"{path}: source, target", [source, target], "a row with source 0, no target")
    m = len(table)
    has = set(table)
    strength = tables.numbers(path, table, "strength", 0.0, 1.0) if "strength" in has else None
    layer = tables.codes(path, table, "layer", _LAYERS) if "layer" in has else None
    return _pairs(
        tied,
        target,
        np.full(m, np.nan) if strength is None else strength,
        np.full(m, -1, dtype=np.int8) if layer is None else layer,
        lambda e: f"{path}: row {table.index[e]}",
        notes,
    )


def _of_graph(path: str, n: int, notes: Notes) -> Edges:
    import networkx as nx  # Slow to import, and needed by few.

    data = tables.read_bytes(path)
    _refuse_entities(path, data)
    read = nx.read_gexf if path.lower().endswith(".gexf") else nx.read_graphml
    try:
        graph = read(io.BytesIO(data))
    except Exception as problem:  # networkx raises many types on a malformed graph
        raise InputError(path, f"not a readable graph ({problem})", "GraphML or GEXF") from problem
    edges = list(graph.edges(data=True))
    names = [f"{path}: edge {a} - {b}" for a, b, _ in edges]
    number = {name: _node(f"{path}: node", name, n) for name in graph.nodes}
    _refuse_renamed(path, graph.nodes(data=True))
    nodes = np.array(list(number.values()), dtype=np.int64)
    _refuse_one_based(path, [nodes], "a node 0 without edges")
    if graph.is_directed() and edges:
        notes.append(Note("direction", {}))
    layer = [_layer(w, e[2]) for w, e in zip(names, edges, strict=True)]
    return _pairs(
        np.array([number[a] for a, _, _ in edges], dtype=np.int64),
        np.array([number[b] for _, b, _ in edges], dtype=np.int64),
        _strengths(names, [e[2] for e in edges], notes),
        np.array(layer, dtype=np.int8),
        lambda e: names[e],
        notes,
    )


def _node(where: str, name: Any, n: int) -> int:
    text = str(name)
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) < n):
        allowed = f"0 to {n - 1}, in the order of the households"
        raise InputError(where, f"{text[: tables.LONGEST_LABEL]!r} is no household", allowed)
    return int(text)


def _refuse_renamed(path: str, nodes: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
    """Programs give nodes ids of their own and keep the user's number as a name."""
    for node, data in nodes:
        for key in ("label", "name"):
            said = str(data.get(key, "")).strip()
            if said.isascii() and said.isdigit() and said != str(node):
                problem = f"node {node} has the {key} {said!r}: which of the two is the household?"
                raise InputError(path, problem, f"a node's id as its {key}, or no number there")


def _refuse_one_based(where: str, named: list[np.ndarray], way_out: str) -> None:
    """Households 1 to n numbered from 0 would each be tied to the neighbour of whom is meant."""
    numbers = np.concatenate(named)
    if len(numbers) and numbers.min() == 1:
        problem = "household 0 is not there and 1 is, as where households are numbered from 1"
        raise InputError(where, problem, f"numbers from 0; {way_out}, if it has no ties")


def _strengths(names: list[str], attributes: list[Mapping[str, Any]], notes: Notes) -> np.ndarray:
    """Strengths (m,) under the name ``strength``, or ``weight`` where no edge has the first."""
    key = "strength" if any("strength" in data for data in attributes) else "weight"
    given = [data.get(key) for data in attributes]
    known = [value for value in given if isinstance(value, int | float) and value == value]
    counts = key == "weight" and bool(known) and max(known) > 1
    allowed = "0 to 1"
    if counts:
        allowed += f"; counts divided by the largest, {max(known):g}"
    for where, value in zip(names, given, strict=True):
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        if value is not None and not fits:
            raise InputError(f"{where}: {key}", f"{value!r} cannot be used", allowed)
    if key == "weight" and given and all(value == 1 for value in given):
        notes.append(Note("ones", {}))
        given = [None] * len(given)
    return np.array([np.nan if value is None else float(value) for value in given])


def _layer(where: str, data: Mapping[str, Any]) -> int:
    value = data.get("layer")
    if value is None:
        return -1
    if not isinstance(value, str) or value not in _LAYERS:
        raise InputError(f"{where}: layer", f"{value!r} is not known", ", ".join(_LAYERS))
    return _LAYERS[value]


def _pairs(
    i: np.ndarray,
    j: np.ndarray,
    strength: np.ndarray,
    layer: np.ndarray,
    where: Callable[[int], str],
    notes: Notes,
) -> Edges:
    own = np.flatnonzero(i == j)
    if len(own):
        raise InputError(where(int(own[0])), f"household {i[own[0]]} tied to itself", "two others")
    low, high = np.minimum(i, j), np.maximum(i, j)
    order = np.lexsort((high, low))
    low, high, strength, layer = low[order], high[order], strength[order], layer[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    differs = np.zeros(len(order), dtype=bool)
    same_strength = (strength[1:] == strength[:-1]) | (
        np.isnan(strength[1:]) & np.isnan(strength[:-1])
    )
    differs[1:] = again[1:] & ~(same_strength & (layer[1:] == layer[:-1]))
    if differs.any():
        at = int(np.flatnonzero(differs)[0])
        raise InputError(
            where(int(order[at])),
            f"households {low[at]} and {high[at]} are tied twice with different values",
            "each pair once, or the same values",
        )
    if again.any():
        notes.append(Note("twice", {"n": int(again.sum())}))
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


def _refuse_entities(path: str, data: bytes) -> None:
    # Entities can blow up memory and read other files; the same guard as the defusedxml package.
    def refuse(*_: Any) -> None:
        raise InputError(path, "declares a document type or entities", "XML without <!DOCTYPE>")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise InputError(f"{path}: line {problem.lineno}", f"not XML ({problem})") from problem
