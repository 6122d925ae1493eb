"""The door to files of one's own: measures, indicators and whatever else a file gives the model.

A file is run as any program is, so only a command line or a Python program may name one.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from sim.errors import InputError


def load_plugins(paths: Iterable[Path]) -> list[ModuleType]:
    """Run files of one's own, in their order; what is in them registers itself.

    Raises:
        InputError: One is no Python file, or fails, or two have one name; tells in one line which and why.
    """
    paths, named = list(paths), dict[str, Path]()
    for path in paths:
        other = named.setdefault(_module(path), path)
        if other.resolve() != path.resolve():
            # By its module's name a kept rule is found again.
            raise InputError(
                "--plugin", f"{other} and {path} have one name", "files of different names"
            )
    return [load(path) for path in paths]


def _module(path: Path) -> str:
    """Always the same name for a file: Numba looks for a kept rule's module under it."""
    plain = re.sub(r"\W", "_", path.stem)
    return f"xiaoqu_plugin_{plain}"


def load(path: Path | str) -> ModuleType:
    """Run one file, see ``load_plugins``."""
    import cloudpickle

    path = Path(path)
    if not path.is_file():
        raise InputError("--plugin", f"{path} is no file", "a Python file")
    # As with a script: what lies beside it can be imported.
    if (folder := str(path.resolve().parent)) not in sys.path:
        sys.path.append(folder)
    name = _module(path)
    while getattr(sys.modules.get(name), "__file__", str(path)) != str(path):
        name += "_"  # two files of one name, from two folders
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("--plugin", f"{path} is no Python file", "a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # What it prints is no part of an answer, which a script may read.
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # such as its own exit
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(path)]
        where = f"{path}: line {lines[-1]}" if lines else str(path)
        told = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(where, " ".join(told.split())) from error
    # For whoever spreads configurations by means of his own; our own tasks take the file along.
    cloudpickle.register_pickle_by_value(module)
    return module
