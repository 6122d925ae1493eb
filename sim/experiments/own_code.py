"""Code of a user's own: every file behind a model class or a plug-in, as it was loaded, by its hash.

An answer may be given again only if the code that would be run now is the code that made it. For
xiaoqu itself ``sim.source`` sees to that. Here: the file of a class, those of its bases, what they
import from folders of the user's own, files whose names stand in them as text, and the plain values
that the modules hold at the moment (a constant changed from a notebook changes a result too). What
cannot be told, such as a class typed into a notebook, makes the code ``uncertain``: an answer of it
is never taken for a later one's.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from sim import source
from sim.errors import InputError

_NOT_OWN = frozenset({"sim", "mesa", "numpy", "scipy", "pandas", "numba", "networkx", "pyarrow"})
"""Top names of what ``sim.source`` and the versions of every answer account for."""

LARGEST_SENT = 64 * 2**20
"""Bytes of a file beside a module up to which it travels to worker processes."""

_DEEPEST = 8


class Module(NamedTuple):
    """A module as it travels to a worker process.

    Attributes:
        below: Place of its file below the folder it is imported from.
        content: What the file held.
        folder: Where it lay; parts of a package that are no Python are looked for there.
    """

    below: str
    content: bytes
    folder: str


@dataclass(frozen=True)
class OwnCode:
    """What was found.

    Attributes:
        hashes: SHA-256 by name of a file, and by name of a module that of its plain values.
        modules: Modules by name.
        data: Content of files named in modules, by their place below the same folder.
        libraries: Versions of installed packages that the modules import, by name.
        uncertain: Why the code cannot be told apart from other code; "" where it can.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict, repr=False)
    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    libraries: dict[str, str] = field(default_factory=dict)
    uncertain: str = ""


def own_code(things: Iterable[Any]) -> OwnCode:
    """Find the code behind classes and functions.

    Args:
        things: Model classes, functions that build models, measures; those of xiaoqu are passed over.

    Raises:
        InputError: A file has changed since it was imported, or cannot be read.
    """
    search = _Search()
    for thing in things:
        search.follow(thing)
    return OwnCode(
        dict(sorted(search.hashes.items())),
        search.modules,
        search.data,
        dict(sorted(search.libraries.items())),
        search.uncertain,
    )


class _Search:
    """Goes from classes to their modules, and from modules to what they import."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.modules: dict[str, Module] = {}
        self.data: dict[str, bytes] = {}
        self.libraries: dict[str, str] = {}
        self.uncertain = ""
        self._seen: set[str] = set()
        self._adopted: set[str] = set()

    def follow(self, thing: Any) -> None:
        """A class with its bases, a function, or a partial call of either."""
        if isinstance(thing, functools.partial):
            self.follow(thing.func)
            self._value("partial call", [thing.args, thing.keywords])
        elif isinstance(thing, type):
            # Somebody's measures may be an installed package: its version may stay as its code changes.
            self._adopted.add(thing.__module__.split(".")[0])
            for base in thing.__mro__:
                self._member(base)
        elif isinstance(thing, FunctionType):
            self._member(thing)
        else:
            self._doubt(f"{thing!r} is neither a class nor a function")

    def _member(self, member: Any) -> None:
        name = member.__module__
        if name.split(".")[0] in _NOT_OWN:
            return
        if not self._module(name):
            return
        for function in _functions(member):
            label = f"{name}.{function.__qualname__}"
            cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
            for variable, cell in cells:
                if variable != "__class__":
                    self._value(label, cell.cell_contents)
            for defaults in (function.__defaults__, function.__kwdefaults__):
                if defaults is not None:
                    self._value(label, defaults)

    def _module(self, name: str) -> bool:
        """Whether a module is the user's own; if so it is looked through, once."""
        path = _file_of(name)
        if path is None:
            if name not in sys.builtin_module_names and name not in sys.stdlib_module_names:
                self._doubt(f"module {name} has no file")
            return False
        return self._look(name, path)

    def _look(self, name: str, path: Path) -> bool:
        top = name.split(".")[0]
        installed = _is_library(path)
        if installed:
            self._library(top)
        if top in sys.stdlib_module_names or (installed and top not in self._adopted):
            return False
        if name not in self._seen:
            self._seen.add(name)
            self._read(name, path, installed)
        return True

    def _read(self, name: str, path: Path, installed: bool) -> None:
        try:
            text = path.read_bytes()
            tree = ast.parse(text, str(path))
        except (OSError, SyntaxError, ValueError) as error:
            raise InputError(str(path), f"cannot be read: {error}", "a Python file") from error
        below = _below(name, path)
        # A plug-in is loaded under another name than that of its file.
        self.hashes[Path(below).with_name(path.name).as_posix()] = hashlib.sha256(text).hexdigest()
        if name != "__main__" and not installed:
            self.modules[name] = Module(below, text, str(path.parent))
        module = sys.modules.get(name)
        if module is not None:
            if not _as_loaded(module, path, text):
                self._doubt(f"module {name} holds functions that its file does not")
            self.hashes[f"values of {name}"] = _plain_hash(_values(module))
        for imported in _imported(tree, name, path):
            if imported.split(".")[0] not in _NOT_OWN:
                self._imported(imported, path.parent)
        for text_found in _texts(tree):
            self._named(text_found, path.parent, Path(below).parent)

    def _imported(self, name: str, folder: Path) -> None:
        path = _file_of(name) or _beside(name, folder)
        if path is not None:
            self._look(name, path)

    def _named(self, text: str, folder: Path, below: Path) -> None:
        """A file whose name stands in a module: what it holds may decide a result."""
        for home in (folder, Path.cwd()):
            path = home / text
            try:
                if not path.is_file() or path.suffix == ".py":
                    continue
                with path.open("rb") as file:
                    self.hashes[text] = hashlib.file_digest(file, "sha256").hexdigest()
                inside = home == folder and not Path(text).is_absolute() and ".." not in text
                if inside and path.stat().st_size <= LARGEST_SENT:
                    self.data[(below / text).as_posix()] = path.read_bytes()
            except (OSError, ValueError):
                continue
            return

    def _library(self, top: str) -> None:
        if top in sys.stdlib_module_names or top in _NOT_OWN:
            return
        for found in _distributions().get(top, ()):
            self.libraries[found] = metadata.version(found)

    def _value(self, label: str, value: Any) -> None:
        if _plain(value) is None:
            self._doubt(f"{label} depends on a value that has no plain form")
        else:
            key = f"values of {label}"
            self.hashes[key] = _plain_hash([self.hashes.get(key), value])

    def _doubt(self, why: str) -> None:
        self.uncertain = self.uncertain or why


# --- where modules lie --------------------------------------------------------------------------


@functools.cache
def _library_folders() -> tuple[Path, ...]:
    found = {sysconfig.get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    return tuple(Path(os.path.realpath(path)) for path in found)


def _is_library(path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(folder) for folder in _library_folders())


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _file_of(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file and str(file).endswith(".py") else None


def _beside(name: str, folder: Path) -> Path | None:
    """File of a module that is not loaded yet."""
    place = name.replace(".", "/")
    for home in (folder, *(Path(entry or ".") for entry in sys.path)):
        for path in (home / f"{place}.py", home / place / "__init__.py"):
            if path.is_file():
                return path.resolve()
    return None


def _below(name: str, path: Path) -> str:
    """Place of a module's file below the folder that it is imported from, without this machine's."""
    if name == "__main__":
        return path.name
    place = name.replace(".", "/")
    return f"{place}/__init__.py" if path.name == "__init__.py" else f"{place}.py"


def _imported(tree: ast.AST, name: str, path: Path) -> Iterator[str]:
    """Dotted names of all modules that a module may import, also late or by a text that names them."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            home = ".".join(
                [*(parts if node.level else []), *([node.module] if node.module else [])]
            )
            found = [home, *(f"{home}.{alias.name}" for alias in node.names)]
        else:
            continue
        for dotted in found:
            steps = dotted.strip(".").split(".")
            yield from (".".join(steps[:count]) for count in range(1, len(steps) + 1))


def _texts(tree: ast.AST) -> Iterator[str]:
    """Texts in a module that might name a file."""
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and 0 < len(text) < 256 and not set("\n\0") & set(text):
            yield text


# --- what modules hold --------------------------------------------------------------------------


def _as_loaded(module: ModuleType, path: Path, text: bytes) -> bool:
    """Whether every function of a module is in its file as it stands.

    Raises:
        InputError: One is not, and the file has been written since this process began.
    """
    known = set(_codes(compile(text, str(path), "exec", dont_inherit=True)))
    for function in _functions(module):
        code = function.__code__
        here = os.path.realpath(code.co_filename) == os.path.realpath(path)
        if not here or code in known or _rewritten(code):
            continue
        # Some decorators make functions of their own that claim to lie here: no edit, but no proof.
        if path.stat().st_mtime > source.IMPORTED:
            allowed = "to start Python anew, or to load the module again (importlib.reload)"
            raise InputError(str(path), "has changed since it was imported", allowed)
        return False
    return True


def _rewritten(code: CodeType) -> bool:
    # Pytest compiles the assertions of test modules into something else than what stands there.
    return any(name.startswith("@py") for one in _codes(code) for name in one.co_names)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _functions(home: Any) -> Iterator[FunctionType]:
    """Functions of a module or class with those of its own classes, whatever wraps them."""
    if isinstance(home, FunctionType):
        yield home
        return
    name = home.__name__ if isinstance(home, ModuleType) else home.__module__
    for value in list(vars(home).values()):
        if isinstance(value, type):
            if value.__module__ == name and value is not home and not _is_outer(value, home):
                yield from _functions(value)
            continue
        value = getattr(value, "__func__", getattr(value, "fget", value))
        value = inspect.unwrap(getattr(value, "py_func", value)) if callable(value) else value
        if isinstance(value, FunctionType) and value.__module__ == name:
            yield value


def _is_outer(value: type, home: Any) -> bool:
    # A class may keep another one of its module as an attribute, even one that keeps it in turn.
    return isinstance(home, type) and not value.__qualname__.startswith(f"{home.__qualname__}.")


def _values(module: ModuleType) -> dict[str, Any]:
    """Plain values that a module and its classes hold."""
    found = {k: v for k, v in vars(module).items() if not k.startswith("__")}
    for name, value in list(found.items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            found |= {f"{name}.{k}": v for k, v in vars(value).items() if not k.startswith("__")}
    return {k: v for k, v in found.items() if _plain(v) is not None}


def _plain_hash(value: Any) -> str:
    return hashlib.sha256(repr(_plain(value)).encode()).hexdigest()


def _plain(value: Any, depth: int = 0) -> Any:
    """A value in a form whose text is the same in every process; None where it has none."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return (type(value).__name__, value)
    if isinstance(value, Path):
        return ("Path", value.name)
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in "biufcSU":
        return (str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest())
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset | dict):
        items = list(value.items()) if isinstance(value, dict) else list(value)
        parts = [_plain(item, depth + 1) for item in items]
        if any(part is None for part in parts):
            return None
        return (
            type(value).__name__,
            sorted(parts, key=repr) if isinstance(value, set | frozenset) else parts,
        )
    return None
