"""What a worker process gets beside its task: the user's code, files and measures, by content.

A worker may lie on another machine, or have begun before a file was edited. So it is told which xiaoqu
and which libraries it must have, and takes all else from here: a module or a file of its own by the
same name is not looked at.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import pickle
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, NamedTuple

from sim import files, source
from sim.errors import InputError
from sim.experiments.own_code import Module
from sim.experiments.provenance import (
    Provenance,
    current,
    foreign_measures,
    noting_failures,
    versions,
)
from sim.measures.catalogue import CATALOGUE

_HERE = secrets.token_hex(8)
"""Tells a task that never left this process, as on a cluster of threads."""

_HOMES = "xiaoqu-worker-"


class _Payload(NamedTuple):
    sender: str
    source: str
    versions: dict[str, str]
    modules: dict[str, Module]
    data: dict[str, bytes]
    files: dict[str, bytes]
    measures: bytes


def pack(made: Provenance) -> bytes:
    """Pack what tasks of an answer need.

    Raises:
        InputError: A measure cannot be sent to another process.
    """
    measures = dumps(made.measures, "measures")
    told = {**made.versions, **made.own.libraries}
    own = made.own
    return pickle.dumps(
        _Payload(_HERE, source.digest(), told, own.modules, own.data, made.files, measures)
    )


def dumps(value: Any, what: str) -> bytes:
    """Pickle something for another process; what was typed into a notebook travels whole.

    Raises:
        InputError: It cannot be pickled.
    """
    import cloudpickle

    # What goes along as a file is named only: as a copy it would not lie beside its data.
    by_value = [
        sys.modules[name]
        for name in cloudpickle.list_registry_pickle_by_value() & current().own.modules.keys()
    ]
    for module in by_value:
        cloudpickle.unregister_pickle_by_value(module)
    try:
        data: bytes = cloudpickle.dumps(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        problem = f"cannot be sent to worker processes: {' '.join(str(error).split())}"
        allowed = "classes of a module, or executor.workers=1"
        raise InputError(what, problem, allowed) from error
    finally:
        for module in by_value:
            cloudpickle.register_pickle_by_value(module)
    return data


@contextmanager
def unpacked(data: bytes) -> Iterator[list[str]]:
    """Let a task be lived with what was packed for it.

    Yields:
        Messages of runs that fail meanwhile but may not fail again.

    Raises:
        RuntimeError: This process has another xiaoqu, or other libraries, than the one that asks.
    """
    payload: _Payload = pickle.loads(data)
    if payload.sender != _HERE:
        _check(payload)
    loaded = _WORKER.using(hashlib.sha256(data).hexdigest(), payload)
    with loaded, files.held(payload.files), noting_failures() as noted:
        yield noted


def _check(payload: _Payload) -> None:
    if payload.source != source.digest():
        raise RuntimeError(
            f"a worker has other code of xiaoqu (source {source.digest()}, not {payload.source}); "
            "install the same on every machine"
        )
    here = versions(payload.versions.keys() - {"python"})
    for name, version in payload.versions.items():
        if here[name] != version:
            raise RuntimeError(
                f"a worker has {name} {here[name]}, not {version}; install the same on every machine"
            )


class _Worker:
    """Whose code this process has loaded; several threads of it may live tasks of one answer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._loaded, self._using = "", 0
        self._finder: _Shipped | None = None

    @contextmanager
    def using(self, digest: str, payload: _Payload) -> Iterator[None]:
        if payload.sender == _HERE:
            yield
            return
        with self._changed:
            # Two answers may have measures of one name: the second waits until the first is done.
            self._changed.wait_for(lambda: not self._using or self._loaded == digest)
            if self._loaded != digest:
                self._load(payload)
                self._loaded = digest
            self._using += 1
        try:
            yield
        finally:
            with self._changed:
                self._using -= 1
                self._changed.notify_all()

    def _load(self, payload: _Payload) -> None:
        self._loaded = ""
        if self._finder is not None:
            sys.meta_path.remove(self._finder)
            self._finder.remove()
        self._finder = _Shipped(payload)
        sys.meta_path.insert(0, self._finder)
        for name in foreign_measures():
            del CATALOGUE[name]
        CATALOGUE.update(pickle.loads(payload.measures))


_WORKER = _Worker()


class _Shipped(MetaPathFinder):
    """Finds modules that were sent along, before any of the same name that lies here."""

    def __init__(self, payload: _Payload) -> None:
        self._modules = payload.modules
        _clear_leftovers()
        self._home = Path(tempfile.mkdtemp(prefix=f"{_HOMES}{os.getpid()}-"))
        # A worker that ends in its turn calls the one or the other; a killed one leaves it to the next.
        self._finalize = Finalize(None, self.remove, exitpriority=1)
        atexit.register(self.remove)
        sent = {module.below: module.content for module in payload.modules.values()}
        for below, content in {**payload.data, **sent}.items():
            path = self._home / below
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._forget()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """See ``importlib.abc.MetaPathFinder``."""
        module = self._modules.get(fullname)
        if module is None:
            return None
        file = self._home / module.below
        inside = [str(file.parent), module.folder] if file.name == "__init__.py" else None
        return spec_from_file_location(fullname, file, submodule_search_locations=inside)

    def _forget(self) -> None:
        for name in self._modules:
            sys.modules.pop(name, None)

    def remove(self) -> None:
        """Forget the modules, and what was written for them."""
        self._forget()
        atexit.unregister(self.remove)
        self._finalize.cancel()
        shutil.rmtree(self._home, ignore_errors=True)


def _clear_leftovers() -> None:
    """Take away what workers wrote that were killed since."""
    for path in Path(tempfile.gettempdir()).glob(f"{_HOMES}*"):
        with suppress(ValueError):
            process = int(path.name.removeprefix(_HOMES).split("-")[0])
            if not files.process_alive(process):
                shutil.rmtree(path, ignore_errors=True)
