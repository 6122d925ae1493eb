"""Objects of Python that may stand for values of a configuration.

NumPy's numbers and arrays become Python's, paths become text. A table of households and a graph of ties
are written as a clean CSV file named after what it holds, and the file's name is taken: from then on they
are what a ``population.household_file`` or ``network.file`` is, hashed and checked as such.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.files import whole

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path("results") / "inputs"
"""Where tables and graphs are written, below the folder that Python was started in."""

HOUSEHOLDS, TIES, NETWORK = "household_file", "file", "network"
"""Last parts of keys that take a table of households or of ties, and the group that takes a graph."""

COMPOUND = "compound"
"""Key that takes what ``sim.compound`` answered."""

MOST_PARTS = 50
"""Most parts of a dotted key; those of the schema have far fewer."""

CARRIED = ("strength", "weight", "layer")
"""Attributes of a graph's edges that are kept."""


def bare(value: Any) -> Any:
    """A number of NumPy as Python's, an array as a list, a path as text, also inside lists; else as it is."""
    if type(value) in (list, tuple):
        return type(value)(bare(one) for one in value)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return value.tolist()
    return value


def plain(key: str, value: Any) -> Any:
    """A value as a configuration takes it.

    Args:
        key: Key that it is given for; a dict's own keys go on from there.
        value: Anything.

    Returns:
        The same with every object inside replaced.

    Raises:
        InputError: A table or a graph where none is taken, or a folder that cannot be written.
    """
    if key.count(".") > MOST_PARTS:
        raise InputError(key.partition(".")[0], "goes too deep", f"at most {MOST_PARTS} levels")
    if isinstance(value, dict):
        return {
            name: plain(f"{key}.{name}", one) if isinstance(name, str) else one
            for name, one in value.items()
        }
    if type(value) in (list, tuple):
        return type(value)(plain(key, one) for one in value)
    if key == COMPOUND and hasattr(value, "folder"):
        if value.folder is None:
            problem = "was kept nowhere, and runs read its sets from a file"
            raise InputError(key, problem, 'sim.compound(..., out="results")')
        return str(value.folder)
    if _is("pandas", "DataFrame", value):
        return _table(key, value)
    if _is("networkx", "Graph", value):
        return _graph(key, value)
    return bare(value)


def _is(library: str, kind: str, value: Any) -> bool:
    """Whether a value is of a class of a library; one that was never imported made none."""
    module = sys.modules.get(library)
    return module is not None and isinstance(value, getattr(module, kind, ()))


def _table(key: str, frame: pd.DataFrame) -> str:
    if key.rpartition(".")[2] not in (HOUSEHOLDS, TIES):
        raise InputError(key, "is a table", "population.household_file, network.file")
    named = frame.index.names != [None]
    return _kept(frame.reset_index() if named else frame, key.rpartition(".")[2])


def _graph(key: str, graph: Any) -> Any:
    if key not in (NETWORK, f"{NETWORK}.{TIES}"):
        raise InputError(key, "is a graph", "network, network.file")
    import pandas as pd

    rows: list[dict[str, Any]] = sorted(
        _rows(graph), key=lambda row: (str(row["source"]), str(row["target"]))
    )
    path = _kept(pd.DataFrame(rows), TIES)
    return {"generator": "file", "file": path} if key == NETWORK else path


def _rows(graph: Any) -> Iterator[dict[str, Any]]:
    """A row for each edge, and one without a target for each node without any."""
    for source, target, said in graph.edges(data=True):
        ends = sorted((source, target), key=str)
        carried = {name: said[name] for name in CARRIED if name in said}
        yield {"source": ends[0], "target": ends[1], **carried}
    for node in graph:
        if not graph.degree(node):
            yield {"source": node, "target": ""}


def _kept(frame: pd.DataFrame, what: str) -> str:
    """Write a table under the hash of what it holds, unless it is there.

    Raises:
        InputError: The folder cannot be written.
    """
    data = frame.to_csv(index=False, lineterminator="\n").encode()
    name = "households" if what == HOUSEHOLDS else "ties"
    path = FOLDER / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.csv"
    try:
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Another process may look for the same file now.
            with whole(path) as part:
                part.write_bytes(data)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise InputError(str(path), problem, "a working folder that can be written") from error
    return str(path)
