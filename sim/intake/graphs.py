"""Graph files as nodes and edges: GraphML, GEXF of any version, Pajek.

Only what ties are made of is read: ids and labels of nodes, ends and attributes of edges. XML that
declares entities or a document type is refused before anything is built from it.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from sim.errors import InputError
from sim.intake.sheets import decode

GRAPHS = (".graphml", ".gexf", ".net", ".paj")
MOST_NODES = 2_000_000


class Graph(NamedTuple):
    """A graph as its file has it."""

    nodes: dict[str, str]
    """Label of each node by its id, empty where it has none, in the order of the file."""
    edges: list[tuple[str, str, dict[str, str]]]
    """Ids of the ends, and attributes as text."""
    directed: bool
    own_ids: bool
    """Whether the ids are the user's; Pajek numbers nodes by itself."""


def read(path: str, data: bytes) -> Graph:
    """Read a graph by the ending of its name.

    Raises:
        InputError: It is no such graph.
    """
    if path.lower().endswith((".net", ".paj")):
        return _pajek(path, decode(path, data))
    _refuse_entities(path, data)
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise InputError(path, f"not a readable graph ({problem})", "GraphML or GEXF") from problem
    for element in root.iter():
        # Programs differ in the namespace they name, and agree on what is in it.
        element.tag = str(element.tag).rpartition("}")[2]
    outer = _outer(root)
    if root.tag not in ("graphml", "gexf") or len(outer) != 1:
        found_in = f"<{root.tag}> with {len(outer)} graphs"
        raise InputError(
            path, f"not a readable graph ({found_in})", "GraphML or GEXF with one graph"
        )
    return _graphml(path, root, outer[0]) if root.tag == "graphml" else _gexf(path, root, outer[0])


def _outer(root: Any) -> list[Any]:
    """Graphs that lie in no other graph."""
    found: list[Any] = []
    waiting = [root]
    while waiting:
        for child in waiting.pop():
            (found if child.tag == "graph" else waiting).append(child)
    return found


def _graphml(path: str, root: Any, graph: Any) -> Graph:
    names = {key.get("id"): key.get("attr.name") or key.get("id") for key in root.iter("key")}

    def said(element: Any) -> dict[str, str]:
        told = {}
        for data in element.findall("data"):
            text = "".join(data.itertext()).strip()
            told[str(names.get(data.get("key"), data.get("key")))] = text
        return told

    nodes = {}
    for node in graph.iter("node"):
        told = {key.lower(): value for key, value in said(node).items()}
        labels = (told.get(key, "") for key in ("label", "name", "nodelabel", "v_name", "d_label"))
        nodes[_id(path, node, "id")] = next((label for label in labels if label), "")
    edges = [(_id(path, e, "source"), _id(path, e, "target"), said(e)) for e in graph.iter("edge")]
    return Graph(nodes, edges, graph.get("edgedefault") == "directed", True)


def _gexf(path: str, root: Any, graph: Any) -> Graph:
    titles = {}
    for group in root.iter("attributes"):
        for attribute in group.iter("attribute"):
            titles[group.get("class"), attribute.get("id")] = attribute.get("title") or ""

    def said(element: Any, kind: str) -> dict[str, str]:
        told = {}
        for value in element.iter("attvalue"):
            key = value.get("for") or value.get("id")
            told[titles.get((kind, key)) or str(key)] = value.get("value") or ""
        return told

    nodes = {
        _id(path, node, "id"): (node.get("label") or "").strip() for node in graph.iter("node")
    }
    edges = []
    for edge in graph.iter("edge"):
        told = said(edge, "edge")
        if edge.get("weight") is not None:
            told.setdefault("weight", edge.get("weight"))
        edges.append((_id(path, edge, "source"), _id(path, edge, "target"), told))
    return Graph(nodes, edges, graph.get("defaultedgetype") in ("directed", "mutual"), True)


def _id(path: str, element: Any, key: str) -> str:
    value = element.get(key)
    if value is None:
        raise InputError(
            path, f"not a readable graph (<{element.tag}> without {key})", "GraphML or GEXF"
        )
    return str(value).strip()


def _pajek(path: str, text: str) -> Graph:
    nodes: dict[str, str] = {}
    edges: list[tuple[str, str, dict[str, str]]] = []
    part, directed, row = "", False, 0
    for line, said in enumerate(text.splitlines(), 1):
        words = _words(said)
        if not words or words[0].startswith("%"):
            continue
        if words[0].startswith("*"):
            part, row = words[0].lower(), 0
            if part.startswith("*vertices") and len(words) > 1 and words[1].isdecimal():
                # Each further list would be made as long as it says it is.
                if nodes or len(words[1]) > 9 or int(words[1]) > MOST_NODES:
                    allowed = f"one list of vertices, at most {MOST_NODES}"
                    raise InputError(f"{path}: line {line}", f"{words[1][:20]} vertices", allowed)
                nodes = {str(k): "" for k in range(1, int(words[1]) + 1)}
            directed |= part.startswith("*arcs")
            continue
        row += 1
        numbers = [
            word for word in words if re.fullmatch(r"-?\d+(?:\.\d*)?(?:e-?\d+)?", word.lower())
        ]
        if part.startswith("*vertices"):
            nodes[words[0]] = words[1] if len(words) > 1 else ""
        elif part in ("*arcs", "*edges") and len(numbers) >= 2:
            told = {"weight": words[2]} if len(words) > 2 and words[2] in numbers else {}
            edges.append((words[0], words[1], told))
        elif part in ("*arcslist", "*edgeslist"):
            edges += [(words[0], other, {}) for other in words[1:]]
        elif part == "*matrix":
            edges += [
                (str(row), str(k), {"weight": w})
                for k, w in enumerate(words, 1)
                if w not in ("", "0")
            ]
        elif not part.startswith(("*network", "*partition", "*vector")):
            shown = " ".join(words)[:40]
            raise InputError(
                f"{path}: line {line}",
                f"{shown!r} cannot be read",
                "Pajek: *Vertices, *Arcs, *Edges",
            )
    if not nodes:
        raise InputError(
            path, "not a readable graph (no *Vertices)", "Pajek: *Vertices, *Arcs, *Edges"
        )
    return Graph(nodes, edges, directed, False)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=False)
    except ValueError:
        return line.split()


def _refuse_entities(path: str, data: bytes) -> None:
    # Entities can blow up memory and read other files; the same guard as the defusedxml package.
    def refuse(*_: Any) -> None:
        raise InputError(path, "declares a document type or entities", "XML without <!DOCTYPE>")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except InputError:
        raise
    except (expat.ExpatError, ValueError, LookupError) as problem:
        line = getattr(problem, "lineno", 1)
        raise InputError(f"{path}: line {line}", f"not XML ({problem})") from problem
