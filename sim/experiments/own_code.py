"""Code of a user's own: all that stands behind a model class or a plug-in, as it was loaded.

An answer may be given again only if the code that would be run now is the code that made it. For
xiaoqu itself ``sim.source`` sees to that. Here: the files of classes, of their bases and of what they
import from folders of the user's own; files and folders whose names stand in them as text; the values
that their functions use as they are now, since a constant changed from a notebook changes a result too;
and the classes and functions in hand themselves. What cannot be told, such as a class typed into a
notebook, makes the code ``uncertain``: an answer of it is never taken for a later one's.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import os
import pickle
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from sim import source
from sim.errors import InputError
from sim.experiments.values import Told, told

_NOT_OWN = frozenset({"sim", "mesa", "numpy", "scipy", "pandas", "numba", "networkx", "pyarrow"})
"""Top names of what ``sim.source`` and the versions of every answer account for."""

LARGEST_SENT = 64 * 2**20
"""Bytes of a file beside a module up to which it travels to worker processes."""

MOST_FILES = 2_000
"""Files of a folder named in a module up to which they count."""

_WRITES = ("to_", "write", "save", "dump")
"""How the names of methods begin that write a file: what they name is no input."""


class Module(NamedTuple):
    """A module as it travels to a worker process.

    Attributes:
        below: Place of its file below the folder it is imported from.
        content: What the file held.
        folder: Where it lay; parts of a package that are no Python are looked for there.
        values: Values that its functions use, as they are now (pickled), by name.
    """

    below: str
    content: bytes
    folder: str
    values: dict[str, bytes]


@dataclass(frozen=True)
class OwnCode:
    """What was found.

    Attributes:
        hashes: SHA-256 by name of a file, and of values and code by name of a module or class.
        modules: Modules by name.
        data: Content of files named in modules, by their place below the same folder.
        libraries: Versions of installed packages that the modules import, by name.
        uncertain: Why the code cannot be told apart from other code; "" where it can.
        exchanged: A function that stands in a module or class and not in its file; "" if none does.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict, repr=False)
    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    libraries: dict[str, str] = field(default_factory=dict)
    uncertain: str = ""
    exchanged: str = ""


def own_code(things: Iterable[Any], modules: Iterable[str] = ()) -> OwnCode:
    """Find the code behind classes and functions.

    Args:
        things: Model classes, functions that build models, measures; those of xiaoqu are passed over.
        modules: Names of modules that gave own parts (``sim.own``).

    Raises:
        InputError: A file has changed since it was imported, or cannot be read.
    """
    search = _Search()
    for thing in things:
        search.follow(thing)
    for name in modules:
        search.module(name)
    return OwnCode(
        dict(sorted(search.hashes.items())),
        search.modules,
        search.data,
        dict(sorted(search.libraries.items())),
        search.uncertain,
        search.exchanged,
    )


class _Search:
    """Goes from classes to their modules, and from modules to what they import."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.modules: dict[str, Module] = {}
        self.data: dict[str, bytes] = {}
        self.libraries: dict[str, str] = {}
        self.uncertain = self.exchanged = ""
        self._seen: set[str] = set()
        self._codes: dict[str, tuple[Path, set[CodeType]]] = {}
        self._adopted: set[str] = set()

    def follow(self, thing: Any) -> None:
        """A class with its bases, a function, compiled or not, or a partial call of one of them."""
        thing = getattr(thing, "py_func", thing)
        if isinstance(thing, functools.partial):
            self.follow(thing.func)
            self._sure("partial call", [thing.args, thing.keywords])
        elif isinstance(thing, type):
            # Somebody's measures may be an installed package: its version may stay as its code changes.
            self._adopted.add(thing.__module__.split(".")[0])
            for base in thing.__mro__:
                self._member(base)
        elif isinstance(thing, FunctionType):
            self._member(thing)
        else:
            self._doubt(f"{thing!r} is neither a class nor a function")

    def module(self, name: str) -> None:
        """A module that gave own parts, an installed one too."""
        self._adopted.add(name.split(".")[0])
        self._module(name)

    def _member(self, member: Any) -> None:
        name = member.__module__
        if name.split(".")[0] in _NOT_OWN or not self._module(name):
            return
        label = f"{name}.{member.__qualname__}"
        here = _at(sys.modules[name], member.__qualname__)
        if "<" not in label and getattr(here, "py_func", here) is not member:
            allowed = f"the one that {name} holds now"
            raise InputError(label, "has been replaced since it was imported", allowed)
        if name in self._codes:
            self._check_functions(member, label, *self._codes[name])
        # Two classes made by one function, or two lambdas, are of one file and name.
        self._sure(label, member, within=name)

    def _module(self, name: str) -> bool:
        """Whether a module is the user's own; if so it is looked through, once."""
        path = _file_of(name)
        if path is None:
            if name not in sys.builtin_module_names:
                self._doubt(f"module {name} has no file")
            return False
        return self._look(name, path)

    def _look(self, name: str, path: Path) -> bool:
        top, installed = name.split(".")[0], _is_library(path)
        if installed and top not in sys.stdlib_module_names:
            self._library(top)
        if installed and (top not in self._adopted or top in sys.stdlib_module_names):
            return False
        if name not in self._seen:
            self._seen.add(name)
            if path.suffix == ".py":
                self._read(name, path, installed)
            else:
                self.hashes[f"{name}{path.suffix}"] = _hash_of(path)
        return True

    def _read(self, name: str, path: Path, installed: bool) -> None:
        try:
            text = path.read_bytes()
            tree = ast.parse(text, str(path))
        except (OSError, SyntaxError, ValueError) as error:
            raise InputError(str(path), f"cannot be read: {error}", "a Python file") from error
        below = _below(name, path)
        # A plug-in is loaded under another name than that of its file.
        label = Path(below).with_name(path.name).as_posix()
        while label in self.hashes:
            label += f" ({name})"
        self.hashes[label] = hashlib.sha256(text).hexdigest()
        module = sys.modules.get(name)
        values: dict[str, bytes] = {}
        if module is not None:
            values = self._values(module, path, text, tree)
        if name != "__main__" and not installed:
            self.modules[name] = Module(below, text, str(path.parent), values)
        for imported in _imported(tree, name, path):
            if imported.split(".")[0] not in _NOT_OWN:
                self._imported(imported, path.parent)
        written = _written(tree)
        for node in ast.walk(tree):
            found = node.value if isinstance(node, ast.Constant) else None
            if isinstance(found, str) and 0 < len(found) < 256 and id(node) not in written:
                self._named(found, name, path.parent, Path(below).parent)

    def _values(
        self, module: ModuleType, path: Path, text: bytes, tree: ast.AST
    ) -> dict[str, bytes]:
        """Hash what the functions of a module use and are; plain values, pickled, by name."""
        codes = list(_codes(compile(text, str(path), "exec", dont_inherit=True)))
        self._codes[module.__name__] = (path, set(codes))
        used = {name for code in codes[1:] for name in code.co_names}
        imported = {
            (alias.asname or alias.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        sent: dict[str, bytes] = {}
        classes = {
            name for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        }  # fmt: skip
        # Of a script only what its functions use: its other names change as it goes on.
        here = vars(module).keys() & used if module.__name__ == "__main__" else vars(module).keys()
        for name in sorted(here | classes):
            value = vars(module)[name]
            label = f"{module.__name__}.{name}"
            if name.startswith(("__", "@")) or isinstance(value, ModuleType):
                continue
            if name in imported and self._elsewhere(value, module.__name__, label):
                continue
            self._check_functions(value, label, path, set(codes))
            found = told(value, module.__name__, path.parent)
            self.hashes[f"value of {label}"] = found.digest
            sent |= _pickled(name, value, module.__name__)
        return sent

    def _elsewhere(self, value: Any, module: str, label: str) -> bool:
        """Whether an imported name stands for a class or function that is looked at where it lies.

        Raises:
            InputError: It is no longer what its own module holds, which was loaded again since.
        """
        home, place = getattr(value, "__module__", None), getattr(value, "__qualname__", "<>")
        if not isinstance(home, str) or not callable(value) or home == module:
            return False
        path = None if home.split(".")[0] in _NOT_OWN else _file_of(home)
        own = path is not None and not _is_library(path)
        if own and "<" not in place and _at(sys.modules[home], place) is not value:
            allowed = f"to load {module} again too, or to start Python anew"
            raise InputError(label, f"is not what {home} holds now", allowed)
        return True

    def _check_functions(self, value: Any, label: str, path: Path, codes: set[CodeType]) -> None:
        """Note what is not of the file it stands in; refuse what was edited since it was loaded.

        Raises:
            InputError: A function is not in its file, which has been written since this process began.
        """
        for function in _functions(value):
            code = function.__code__
            here = os.path.realpath(code.co_filename) == os.path.realpath(path)
            if here and code not in codes and not _rewritten(code):
                # Some decorators make functions that claim to lie here: no edit, but no proof.
                if path.stat().st_mtime > source.IMPORTED:
                    allowed = "to start Python anew, or to load it again (importlib.reload)"
                    raise InputError(str(path), "has changed since it was imported", allowed)
                self._doubt(f"{label} is not what its file says")
            elif not here and not _of_library(function) and not code.co_filename.startswith("<"):
                self.exchanged = self.exchanged or f"{label} ({function.__qualname__})"

    def _imported(self, name: str, folder: Path) -> None:
        path = _file_of(name) or _beside(name, folder)
        if path is not None:
            self._look(name, path)

    def _named(self, text: str, module: str, folder: Path, below: Path) -> None:
        """A file, folder or module whose name stands in a module: what it holds may decide a result."""
        if text.replace(".", "").isidentifier():
            for path in (folder / f"{text.replace('.', '/')}.py", folder / text / "__init__.py"):
                with suppress(OSError):
                    if path.is_file() and text not in self._seen and f"{module}.py" != path.name:
                        self._look(text, path.resolve())
                        return
        for home in (folder, Path.cwd()):
            path = home / text
            with suppress(OSError, ValueError):
                if path.is_file() and str(path.resolve()) != str(
                    getattr(sys.modules.get(module), "__file__", "")
                ):
                    inside = home == folder and not Path(text).is_absolute() and ".." not in text
                    self._data(path, f"{module}: {text}", below / text if inside else None)
                    return
                if home == folder and text.strip("./\\") and ".." not in text and path.is_dir():
                    if not Path(text).is_absolute():
                        self._folder(path, f"{module}: {text}", below / text)
                    return

    def _folder(self, folder: Path, label: str, below: Path) -> None:
        files = [
            p for p in sorted(folder.rglob("*")) if p.is_file() and "__pycache__" not in p.parts
        ]
        if len(files) > MOST_FILES:
            self._doubt(f"{label} is a folder of {len(files)} files")
            return
        for path in files:
            inside = path.relative_to(folder)
            self._data(path, f"{label}/{inside.as_posix()}", below / inside)

    def _data(self, path: Path, label: str, below: Path | None) -> None:
        self.hashes[label] = _hash_of(path)
        if below is not None and path.stat().st_size <= LARGEST_SENT:
            self.data[below.as_posix()] = path.read_bytes()

    def _library(self, top: str) -> None:
        if top not in _NOT_OWN:
            for found in _distributions().get(top, ()):
                self.libraries[found] = metadata.version(found)

    def _sure(self, label: str, value: Any, within: str = "") -> None:
        """A value that must be told whole, or nothing is certain."""
        found: Told = told(value, within, Path())
        self.hashes[f"value of {label}"] = found.digest
        if found.opaque:
            self._doubt(f"{label} depends on {found.opaque}, which has no plain form")

    def _doubt(self, why: str) -> None:
        self.uncertain = self.uncertain or why


def _at(module: ModuleType, qualname: str) -> Any:
    found: Any = module
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _pickled(name: str, value: Any, module: str) -> dict[str, bytes]:
    """Plain values of a name, those of a class by dotted name; what cannot travel is left out."""
    if isinstance(value, type):
        inside = vars(value) if value.__module__ == module else {}
        return {
            place: data
            for k, v in inside.items()
            if not k.startswith("__")
            for place, data in _pickled(f"{name}.{k}", v, module).items()
        }
    if callable(value) or isinstance(value, property | classmethod | staticmethod):
        return {}
    with suppress(Exception):
        return {name: pickle.dumps(value)}
    return {}


# --- where modules lie --------------------------------------------------------------------------


@functools.cache
def _library_folders() -> tuple[Path, ...]:
    found = {sysconfig.get_paths()[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    # Where packages were put for PYTHONPATH, as clusters do.
    found |= {entry for entry in sys.path if entry and any(Path(entry).glob("*.dist-info/RECORD"))}
    return tuple(Path(os.path.realpath(path)) for path in found)


@functools.cache
def _is_library(path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(folder) for folder in _library_folders())


def _of_library(function: FunctionType) -> bool:
    top = (function.__module__ or "").split(".")[0]
    return top in _NOT_OWN or _is_library(Path(function.__code__.co_filename))


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _file_of(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file else None


def _beside(name: str, folder: Path) -> Path | None:
    """File of a module that is not loaded yet."""
    place = name.replace(".", "/")
    for home in (folder, *(Path(entry or ".") for entry in sys.path)):
        for path in (home / f"{place}.py", home / place / "__init__.py"):
            if path.is_file():
                return path.resolve()
    return None


@functools.lru_cache(maxsize=10_000)
def _hash_as_of(path: Path, _stamp: tuple[int, int, int]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of(path: Path) -> str:
    # Large files are not read for each question; a change within a stamp's fineness would be missed,
    # so what was written just now is read.
    known = path.stat()
    stamp = (known.st_mtime_ns, known.st_size, known.st_ino)
    if known.st_size < 2**22:
        return _hash_as_of.__wrapped__(path, stamp)
    return _hash_as_of(path, stamp)


def _below(name: str, path: Path) -> str:
    """Place of a module's file below the folder that it is imported from, without this machine's."""
    if name == "__main__":
        return path.name
    place = name.replace(".", "/")
    return f"{place}/__init__.py" if path.name == "__init__.py" else f"{place}.py"


def _imported(tree: ast.AST, name: str, path: Path) -> Iterator[str]:
    """Dotted names of all modules that a module may import, also late."""
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


def _written(tree: ast.AST) -> set[int]:
    """Texts that name a file to be written, by ``id`` of their place in the tree."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        modes = [a.value for a in node.args[1:2] if isinstance(a, ast.Constant)]
        opened = (
            name == "open" and modes and isinstance(modes[0], str) and set(modes[0]) & set("wax")
        )
        if opened or name.startswith(_WRITES) or name in ("savefig", "mkdir", "touch"):
            found |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
    return found


# --- what modules hold --------------------------------------------------------------------------


def _rewritten(code: CodeType) -> bool:
    # Pytest compiles the assertions of test modules into something else than what stands there.
    return any(name.startswith("@py") for one in _codes(code) for name in one.co_names)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _functions(value: Any) -> Iterator[FunctionType]:
    """A function with all that it wraps, or the functions of a class and of classes inside it."""
    if isinstance(value, type):
        # Looking at a group of parameters may be what completes it.
        for inner in list(vars(value).values()):
            if not isinstance(inner, type) or inner.__qualname__.startswith(
                f"{value.__qualname__}."
            ):
                yield from _functions(inner)
        return
    for _ in range(20):
        value = getattr(value, "__func__", getattr(value, "fget", value))
        value = getattr(value, "py_func", value)
        if isinstance(value, FunctionType):
            yield value
        if not callable(value) or not hasattr(value, "__wrapped__"):
            return
        value = inspect.getattr_static(value, "__wrapped__", None) or value.__wrapped__
