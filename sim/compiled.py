"""How rules are compiled: plain functions over arrays, by Numba, on their first call."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from secrets import randbits
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from sim.cache import folder, prune, sealed, unsealed
from sim.errors import InputError

try:
    with warnings.catch_warnings():
        # A setting that it cannot read it passes over, with a trace.
        warnings.filterwarnings("error", "Environment variable", RuntimeWarning)
        import numba
except ImportError:
    raise
except Exception as error:
    # It reads its settings as it is imported: of the environment, and of a file in the working folder.
    said = " ".join(str(error).split())
    named = re.search(r"NUMBA_\w+", said)
    raise InputError(
        named[0] if named else "NUMBA_... or .numba_config.yaml",
        f"is not taken by Numba ({said.partition(' The parse failed')[0]})",
        "as Numba describes its settings, or unset",
    ) from None
from numba import njit, types
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import FunctionCache, IndexDataCacheFile

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    # Rules are written for the compiler: as plain Python they would not run, let alone in time.
    raise InputError("NUMBA_DISABLE_JIT", "is set, and rules are only run compiled", "0, or unset")
numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]
# Where rules are kept is decided here, whatever a class named for other programs would say.
numba.config.CACHE_LOCATOR_CLASSES = ""  # type: ignore[attr-defined]
prune()

_HOME = os.path.dirname(os.path.abspath(__file__)) + os.sep
_compile = njit(nogil=True, error_model="numpy")
_compile_kept = njit(cache=True, nogil=True, error_model="numpy")

added: dict[str, str] = {}
"""What own parts have added to the world, by name: it decides where in memory their columns lie."""

own_rules: dict[str, Callable[..., Any]] = {}
"""Rules of somebody's own, by module and name."""

_PLAIN = (bool, int, float, complex, str, bytes, tuple, np.ndarray, np.generic)


# Numba names a compiled function after itself and a number that begins at 1 in every process. One that is read
# from disk could so have the name of another version that was compiled here, and be taken for it.
FunctionIdentity._unique_ids = count(randbits(48))


def kernel(function: Callable[..., Any], *, own: bool = False) -> Any:
    """Compile a rule: kept on disk, free of Python's lock, dividing as numpy does.

    Args:
        function: The rule; one of somebody's own is kept apart.
        own: Whether it is one of ours, but for a column of somebody's own.
    """
    compiled: Any
    ours = function.__code__.co_filename.startswith(_HOME)
    if ours and not own:
        compiled = _guarded(_compile_kept(function))
        called = compiled.get_call_template
        compiled.get_call_template = lambda args, named: called(
            tuple(map(_plain, args)), {name: _plain(kind) for name, kind in named.items()}
        )
        return compiled
    if not ours:
        own_rules[f"{function.__module__}.{function.__qualname__}"] = function
    compiled = _compile(function)
    usual = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = os.path.join(usual, "own")  # type: ignore[attr-defined]
    try:
        # What was typed into a session, or sent to a worker, has no file here to be kept by.
        with suppress(RuntimeError):
            compiled._cache = _Kept(function)
    finally:
        numba.config.CACHE_DIR = usual  # type: ignore[attr-defined]
    return compiled


@cache
def _say_unkept(reason: str) -> None:
    """Say once why rules are compiled at every start."""
    place = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    print(f"rules are compiled but not kept: {place}: {reason}", file=sys.stderr)


class _Sealed(IndexDataCacheFile):
    """Files of compiled rules that tell whether they were damaged: such a one is made anew, as if it were gone.

    A byte turned over in machine code would give a wrong number, or end the process.
    """

    def _load_index(self) -> Any:
        data = self._read(self._index_name)
        if data is None:
            return {}
        stamp, overloads = pickle.loads(data)
        return overloads if stamp == self._source_stamp else {}

    def save(self, key: Any, data: Any) -> None:
        """Numba lists a rule before it is there; another process that waits for the list would find nothing."""
        overloads = self._load_index()
        name = overloads.get(key) or self._data_name(len(overloads) + 1)
        try:
            self._save_data(name, data)
            self._save_index({**overloads, key: name})
        except OSError as error:
            # The rule is there all the same, for as long as this process lives.
            _say_unkept(error.strerror or str(error))

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_name, self._dump((self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        data = self._read(name)
        if data is None:
            raise OSError(f"{name} was damaged")  # as the class it is made from takes it
        return pickle.loads(data)

    def _save_data(self, name: str, data: Any) -> None:
        self._write(name, self._dump(data))

    def _read(self, name: str) -> bytes | None:
        try:
            return unsealed(f"{name} {self._version}", Path(self._data_path(name)).read_bytes())
        except OSError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        with self._open_for_write(self._data_path(name)) as file:
            file.write(sealed(f"{name} {self._version}", data))


def _plain(kind: Any) -> Any:
    """The type of an argument without its value, its names or its width: each of them would be a rule compiled anew."""
    if isinstance(kind, types.IntegerLiteral | types.BooleanLiteral | types.IntEnumMember):
        kind = types.unliteral(kind) if isinstance(kind, types.Literal) else kind.dtype
    # Unsigned ones stay: they say that an index never counts from the end.
    narrow = kind in (types.int8, types.int16, types.int32)
    return types.int64 if narrow else kind


def _guarded(compiled: Any) -> Any:
    """A rule of ours, kept in a folder that is called as that of its text is.

    Numba would call it by a hash of where the text lies and ask when that was written; so what is compiled in one
    place would be nothing in another. The folder around it is named by all texts together, which says more.
    """
    cache = compiled._cache
    beside = os.path.dirname(os.path.abspath(compiled.py_func.__code__.co_filename))
    usual = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    place = os.path.join(usual, "of", os.path.relpath(beside, _HOME).replace(os.sep, "-"))
    cache._cache_path = cache._impl.locator._cache_path = os.path.normpath(place)
    cache._cache_file = _Sealed(cache._cache_path, cache._impl.filename_base, "")
    return compiled


def kept_at(compiled: Any) -> Path | None:
    """File that lists what is kept of one of our rules; None for a rule that is kept apart, or not at all."""
    file = getattr(compiled._cache, "_cache_file", None)
    return Path(file._index_path) if type(compiled._cache) is FunctionCache and file else None


class _Kept(FunctionCache):
    """Rules of somebody's own on disk, found only where all own rules and parts are what they were.

    Numba looks at the file of a rule alone. But a rule holds what it calls from other files, the values of
    constants, and where the columns of own parts lie, which depends on what else was given before; and its
    module is looked for by the name it then had. So all of these are in the name of its files, and processes
    with other parts never write to the same.
    """

    def _choose_files(self) -> None:
        ours = self._py_func.__code__.co_filename.startswith(_HOME)
        of = repr(added) if ours else f"{self._py_func.__module__} {_own_code(self._py_func)}"
        base = f"{self._impl.filename_base}-{hashlib.sha256(of.encode()).hexdigest()[:16]}"
        self._cache_file = _Sealed(self._cache_path, base, "")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """See ``numba.core.caching.Cache``."""
        self._choose_files()
        return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        """See ``numba.core.caching.Cache``."""
        self._choose_files()
        super().save_overload(sig, data)


def _own_code(rule: Callable[..., Any]) -> str:
    whole = hashlib.sha256(repr(added).encode())
    # Its own too, if it has been taken out since.
    rules = {"": rule, **own_rules}
    for path in sorted({function.__code__.co_filename for function in rules.values()}):
        with suppress(OSError):
            whole.update(Path(path).read_bytes())
    for name, function in sorted(rules.items()):
        try:
            whole.update(pickle.dumps((name, list(_constants(function)))))
        except Exception:
            # Nobody can say that what has no plain form is what it was.
            whole.update(os.urandom(8))
    return whole.hexdigest()


def _constants(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Plain values that a function uses, its module's and those of modules that it names."""
    known = function.__globals__
    for code in _codes(function.__code__):
        named = [known.get(name) for name in code.co_names]
        for holder in (known, *(vars(one) for one in named if isinstance(one, ModuleType))):
            values = ((name, holder.get(name)) for name in code.co_names)
            yield from (pair for pair in values if isinstance(pair[1], _PLAIN))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inside in code.co_consts:
        if isinstance(inside, CodeType):
            yield from _codes(inside)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a part of rules into each of them."""
    return _guarded(njit(cache=True, inline="always", error_model="numpy")(function))


@inlined
def rows(first, last):  # type: ignore[no-untyped-def]
    """Rows first to last - 1, to loop over.

    They are unsigned: an index that might be negative would count from the end, and the compiler does
    not take several rows at once where it has to ask that.
    """
    return range(np.uint64(first), np.uint64(last))
