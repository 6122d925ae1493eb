"""The house: imports run one way, and the code says what its documents say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

import sim

HOME = Path(sim.__file__).parent
FILES = {
    ".".join(("sim", *file.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__"): file
    for file in HOME.rglob("*.py")
}


def imports(nodes: list[ast.stmt]) -> Iterator[str]:
    """Modules that statements at the top of a file import, for types too."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sim":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in FILES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.If):
            yield from imports([*node.body, *node.orelse])


def test_imports_run_one_way() -> None:
    """Catches a circle of imports, also one that only the type checker walks."""
    graph = nx.DiGraph(
        (name, other)
        for name, file in FILES.items()
        for other in imports(ast.parse(file.read_text(encoding="utf-8")).body)
        # The package itself names what users import, and loads it when it is asked for.
        if name != "sim"
    )
    assert graph.number_of_edges() > 300
    assert not [ring for ring in nx.strongly_connected_components(graph) if len(ring) > 1]


def test_the_engine_knows_nothing_of_the_model() -> None:
    """Catches a table, a runner or a rule's machinery that imports a process, an actor or a question."""
    below = {"errors", "explain", "schema", "streams", "compiled", "cache", "world"}
    for name, file in FILES.items():
        if name.startswith("sim.world"):
            found = set(imports(ast.parse(file.read_text(encoding="utf-8")).body))
            assert {other.split(".")[1] for other in found} <= below, name
