"""The door for everybody's own parts: columns and parameters from a file or from Python, nothing else touched.

What is added stands behind what is built in, so no built-in rule is compiled again.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from sim import compiled
from sim.schema import Parameters
from sim.world import native
from sim.world.declare import Column, add_column
from sim.world.tables import COLUMN_TABLES

PARAMETERS: dict[str, type[Parameters]] = {}
"""Own groups of parameters, behind the built-in ones."""


def give_column(table: str, name: str, declared: Column) -> None:
    """Give a table of the world one column more; rules then see it as any other."""
    add_column(COLUMN_TABLES[table], name, declared)
    native.register_columns(table, COLUMN_TABLES[table])
    compiled.added.update(f"{table}.{name} {declared.dtype} {declared.shape}".encode())


def give_parameters(group: str, parameters: type[Parameters]) -> None:
    """Give the configuration a group of one's own; rules read ``compound.parameters.<group>``."""
    PARAMETERS[group] = parameters
    native.GROUPS[group] = parameters().record.dtype
    compiled.added.update(f"{group} {native.GROUPS[group]}".encode())


def load(path: Path) -> ModuleType:
    """Run a file of own parts."""
    # Numba looks for a kept rule's module under the name it had when the rule was compiled.
    spec = spec_from_file_location(f"xiaoqu_own_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
