"""What a worker process gets beside its task: the user's code, files, measures and indicators, by content.

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
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing.util import Finalize
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from sim import ensemble, files, source
from sim.errors import InputError
from sim.experiments.own_code import Module
from sim.experiments.provenance import (
    SESSION,
    Provenance,
    current,
    foreign_measures,
    noting_failures,
    versions,
)
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS, OWN, Indicator, forget_indicators
from sim.own import forget

_HERE = secrets.token_hex(8)
"""Tells a task that never left this process, as on a cluster of threads."""

HOMES = "worker"
"""What files beside tasks are called in the temporary folder."""


class Packed(NamedTuple):
    """What goes along with all tasks of an answer.

    Attributes:
        digest: Tells it from that of other answers.
        folder: Where the asker works, for processes of this machine.
        data: The pickled rest.
    """

    digest: str
    folder: str
    data: bytes


class _Payload(NamedTuple):
    sender: str
    source: str
    versions: dict[str, str]
    modules: dict[str, Module]
    data: dict[str, bytes]
    files: dict[str, bytes]
    parts: tuple[str, ...]
    measures: bytes
    indicators: bytes


def pack(made: Provenance) -> Packed:
    """Pack what tasks of an answer need.

    Raises:
        InputError: A measure cannot be sent to another process, or code stands in a module that its
            file does not hold.
    """
    own = made.own
    if own.exchanged:
        allowed = "functions that stand in the file, or executor.workers=1"
        raise InputError("model", f"{own.exchanged} is not of the file it stands in", allowed)
    if SESSION in made.modules:
        allowed = "a file that is imported or given by --plugin, or executor.kind=threads"
        raise InputError("own parts", f"of {SESSION} cannot be sent to other processes", allowed)
    measures = dumps(made.measures, "measures")
    indicators = [(INDICATORS[name], _sent(of)) for name, of in made.indicators.items()]
    versions_here = {**made.versions, **own.libraries}
    data = pickle.dumps(
        _Payload(
            _HERE, _ours(), versions_here, own.modules, own.data, made.files, made.modules,
            measures, dumps(indicators, "indicators"),
        )
    )  # fmt: skip
    return Packed(hashlib.sha256(data).hexdigest(), os.getcwd(), data)


class _Named(NamedTuple):
    """A function of a module."""

    module: str
    name: str


def _sent(of: Any) -> Any:
    """A function as it travels: by its name, since a compiled copy would be compiled anew, if it has one."""
    named = _Named(of.__module__, of.__name__)
    there = getattr(sys.modules.get(named.module), named.name, None) is of
    return named if there and named.module != "__main__" else of


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
def unpacked(packed: Packed, here: bool) -> Iterator[list[str]]:
    """Let a task be lived with what was packed for it.

    Args:
        packed: As ``pack`` made it.
        here: Whether this is a process of the asker's machine, which sees the same files.

    Yields:
        Messages of runs that fail meanwhile but may not fail again.

    Raises:
        RuntimeError: This process has another xiaoqu, or other libraries, than the one that asks.
    """
    with (
        _WORKER.using(packed, here) as payload,
        files.held(payload.files),
        noting_failures() as noted,
    ):
        yield noted


def _ours() -> str:
    """What must be the same wherever a run is lived: code, and the parameter sets that are drawn from."""
    return f"{source.digest()}-{ensemble.shipped().sha256[:8]}"


def _check(payload: _Payload) -> None:
    if payload.source != _ours():
        raise RuntimeError(
            f"a worker has other code or parameter sets of xiaoqu (source {_ours()}, not {payload.source}); "
            "install the same on every machine"
        )
    known = versions(payload.versions.keys() - {"python"})
    for name, version in payload.versions.items():
        if known[name] != version:
            raise RuntimeError(
                f"a worker has {name} {known[name]}, not {version}; install the same on every machine"
            )


class _Worker:
    """Whose code this process has loaded; several threads of it may live tasks of one answer."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._loaded, self._using = "", 0
        self._payload: _Payload | None = None
        self._finder: _Shipped | None = None

    @contextmanager
    def using(self, packed: Packed, here: bool) -> Iterator[_Payload]:
        with self._changed:
            # Two answers may have measures of one name: the second waits until the first is done.
            self._changed.wait_for(lambda: not self._using or self._loaded == packed.digest)
            if self._payload is None or self._loaded != packed.digest:
                self._payload = self._load(packed, here)
                self._loaded = packed.digest
            payload = self._payload
            self._using += 1
        try:
            yield payload
        finally:
            with self._changed:
                self._using -= 1
                self._changed.notify_all()

    def _load(self, packed: Packed, here: bool) -> _Payload:
        self._loaded, self._payload = "", None
        payload: _Payload = pickle.loads(packed.data)
        if payload.sender == _HERE:
            return payload
        _check(payload)
        if here:
            os.chdir(packed.folder)
        if self._finder is not None:
            sys.meta_path.remove(self._finder)
            self._finder.remove()
        self._finder = _Shipped(payload, here)
        sys.meta_path.insert(0, self._finder)
        # Another answer's may have the names of this one's.
        forget()
        for name in foreign_measures():
            del CATALOGUE[name]
        for name in payload.parts:
            # Loaded anew, also where it is installed here: it gives its parts as it is run.
            sys.modules.pop(name, None)
            import_module(name)
        CATALOGUE.update(pickle.loads(payload.measures))
        _take_indicators(pickle.loads(payload.indicators))
        return payload


def _take_indicators(sent: list[tuple[Indicator, Any]]) -> None:
    """Have the asker's own indicators, in the asker's order, and no others."""
    functions = [
        getattr(import_module(of.module), of.name) if isinstance(of, _Named) else of
        for _, of in sent
    ]
    # Modules loaded for them have given theirs, in an order of their own.
    forget_indicators()
    for (indicator, _), of in zip(sent, functions, strict=True):
        OWN[indicator.name], INDICATORS[indicator.name] = of, indicator


_WORKER = _Worker()


class _Loader(SourceFileLoader):
    """Loads a module as it stands where it was sent from: its text, then the values it now holds."""

    def __init__(self, name: str, path: str, module: Module) -> None:
        super().__init__(name, path)
        self._module = module

    def get_data(self, path: str) -> bytes:
        """See ``importlib.abc.ResourceLoader``."""
        return self._module.content if path == self.path else super().get_data(path)

    def get_code(self, fullname: str) -> Any:
        """See ``importlib.abc.InspectLoader``: never from a cache of what lies here."""
        return self.source_to_code(self._module.content, self.path)

    def exec_module(self, module: ModuleType) -> None:
        """See ``importlib.abc.Loader``."""
        super().exec_module(module)
        for place, data in self._module.values.items():
            *homes, last = place.split(".")
            holder: Any = module
            for name in homes:
                holder = getattr(holder, name)
            with suppress(AttributeError, TypeError):
                setattr(holder, last, pickle.loads(data))


class _Shipped(MetaPathFinder):
    """Finds modules that were sent along, before any of the same name that lies here.

    On the asker's own machine they go by their true place, so that they find their data; elsewhere
    they are laid into a folder of their own with the data that was sent.
    """

    def __init__(self, payload: _Payload, here: bool) -> None:
        self._modules, self._home = payload.modules, Path()
        self._finalize: Finalize | None = None
        if not here and payload.modules:
            self._lay_out(payload)
        self._here = here
        self._forget()

    def _lay_out(self, payload: _Payload) -> None:
        files.clear_leftovers(HOMES)
        self._home = Path(tempfile.mkdtemp(prefix=files.own_name(HOMES)))
        # A worker that ends in its turn calls the one or the other; a killed one leaves it to the next.
        self._finalize = Finalize(None, self.remove, exitpriority=1)
        atexit.register(self.remove)
        sent = {module.below: module.content for module in payload.modules.values()}
        for below, content in {**payload.data, **sent}.items():
            path = self._home / below
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """See ``importlib.abc.MetaPathFinder``."""
        module = self._modules.get(fullname)
        if module is None:
            return self._namespace(fullname)
        place = Path(module.folder) / Path(module.below).name
        file = place if self._here else self._home / module.below
        inside = [str(file.parent), module.folder] if file.name == "__init__.py" else None
        loader = _Loader(fullname, str(file), module)
        return spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=inside
        )

    def _namespace(self, fullname: str) -> ModuleSpec | None:
        """A package without a file of its own, of which a part was sent."""
        if self._here or not any(name.startswith(f"{fullname}.") for name in self._modules):
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = [str(self._home / fullname.replace(".", "/"))]
        return spec

    def _forget(self) -> None:
        for name in self._modules:
            sys.modules.pop(name, None)

    def remove(self) -> None:
        """Forget the modules, and what was written for them."""
        self._forget()
        if self._finalize is not None:
            atexit.unregister(self.remove)
            self._finalize.cancel()
            shutil.rmtree(self._home, ignore_errors=True)
