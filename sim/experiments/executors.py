"""Where tasks are computed: threads or processes of this machine, or a Dask cluster."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from contextvars import copy_context
from functools import lru_cache
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sim import files
from sim.errors import InputError
from sim.leaving import unheard

if TYPE_CHECKING:
    from sim.config import Executor
    from sim.experiments.payload import Packed

Task = TypeVar("Task")
Answer = TypeVar("Answer")

AHEAD = 3
"""Tasks handed out per process, so that none waits for the next."""

ATTEMPTS = 4
"""Times that a task is tried when the workers that had it were ended."""

IDLE_SECONDS, CONNECT_SECONDS, COUNT_SECONDS = 30, 20, 5.0

ALONE_SECONDS = 60.0
"""Seconds that a cluster which has lost all its workers is waited for."""

PATIENCE_SECONDS = 2.0
"""Seconds after which it is said that what is stopped has not ended yet."""

STOPPING = "stopping once the rules being compiled are done, for they are kept; Ctrl-C again leaves at once"

# One thread each: processes already take every core. And a file random.py in the working folder is not
# Python's: workers are started as a module, and would look there first. They take over our own path later.
_ENVIRONMENT = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
} | {"PYTHONSAFEPATH": "1"}


class _Pool(Protocol):
    """A crew of threads or processes."""

    lost: tuple[type[BaseException], ...]
    advice: str

    def slots(self) -> int: ...
    def submit(self, function: Callable[[Task], Answer], task: Task) -> Future[Any]: ...
    def close(self, finished: bool) -> None: ...


def processes(executor: Executor, tasks: int | None = None) -> int:
    """Processes of this machine that an executor stands for, no more than there are tasks."""
    import joblib

    count = executor.workers or int(joblib.cpu_count())
    return count if tasks is None else max(min(count, tasks), 1)


def slots(executor: Executor) -> int:
    """Processes that will share the work, as far as is known now.

    Raises:
        InputError: The cluster cannot be reached.
    """
    if executor.kind != "dask":
        return processes(executor)
    with _open(executor, None) as pool:
        return pool.slots()


def spread(
    executor: Executor,
    function: Callable[[Task], Answer],
    tasks: Iterable[Task],
    count: int | None = None,
) -> Generator[tuple[int, Answer], None, None]:
    """Call a function for every task; few tasks are held at a time, however many there are.

    Runs whose rules are all compiled go on threads of this process; where Python is part of a month
    (somebody's model, a measure without a rule), on processes. This is the one door to these: what the
    answer in hand is made of (``provenance``) goes along, and a process with other code refuses.

    Args:
        executor: Where.
        function: From a task to an answer; all three can be pickled, by cloudpickle.
        tasks: Taken as there is room for them.
        count: How many tasks there are, if known: no more processes are started.

    Yields:
        Number of a task and its answer, in the order in which they are ready.

    Raises:
        InputError: The cluster cannot be reached, or the function cannot be sent to a process.
        RuntimeError: Workers were ended from outside again and again, the cluster was lost, or a
            worker has another xiaoqu or other libraries.
    """
    if executor.kind != "dask" and processes(executor, count) == 1:
        for number, task in enumerate(tasks):
            yield number, function(task)
        return
    with _open(executor, count) as pool:
        yield from _keep_busy(pool, function, tasks)


def gathered(
    executor: Executor,
    function: Callable[[Task], Answer],
    tasks: Sequence[Task],
    landed: Callable[[Answer], object] | None = None,
) -> list[Answer]:
    """Answers for every task, in the order of the tasks, in whatever order they are ready; see ``spread``.

    Args:
        executor: Where.
        function: From a task to an answer.
        tasks: All of them.
        landed: Is told each answer as it comes, to move a bar.
    """
    found: dict[int, Answer] = {}
    with closing(spread(executor, function, tasks, len(tasks))) as answers:
        for number, answer in answers:
            found[number] = answer
            if landed is not None:
                landed(answer)
    return [found[number] for number in range(len(tasks))]


def _keep_busy(
    pool: _Pool, function: Callable[[Task], Answer], tasks: Iterable[Task]
) -> Iterator[tuple[int, Answer]]:
    # Brings numba along, which whoever only reads an answer need not wait for.
    from sim.experiments.provenance import note_failures

    fresh, again = enumerate(tasks), deque[tuple[int, Task]]()
    running: dict[Future[Any], tuple[int, Task]] = {}
    lost: Counter[int] = Counter()
    while True:
        while len(running) < AHEAD * max(pool.slots(), 1):
            item = again.popleft() if again else next(fresh, None)
            if item is None:
                break
            running[pool.submit(function, item[1])] = item
        if not running:
            return
        # Looked at now and then: a cluster without workers never completes anything.
        for future in wait(running, COUNT_SECONDS, return_when=FIRST_COMPLETED).done:
            number, task = running.pop(future)
            try:
                answer, failures = future.result()
            except pool.lost as error:
                lost[number] += 1
                if lost[number] >= ATTEMPTS:
                    raise RuntimeError(pool.advice) from error
                again.append((number, task))
            else:
                note_failures(failures)
                yield number, answer


def _call(along: Packed, packed: bytes) -> tuple[Any, list[str]]:
    from sim.experiments.payload import unpacked

    return _answer(unpacked(along, here=False), packed)


def _call_here(along: str, packed: bytes) -> tuple[Any, list[str]]:
    from sim.experiments.payload import unpacked

    return _answer(unpacked(_read_along(along), here=True), packed)


@lru_cache(maxsize=1)
def _read_along(path: str) -> Packed:
    packed: Packed = pickle.loads(Path(path).read_bytes())
    return packed


def _answer(loaded: AbstractContextManager[list[str]], packed: bytes) -> tuple[Any, list[str]]:
    with loaded as failures:
        function, task = pickle.loads(packed)
        return function(task), failures


@contextmanager
def _open(executor: Executor, count: int | None) -> Iterator[_Pool]:
    from sim.experiments.provenance import current

    pool: _Pool
    if executor.kind == "dask":
        pool = _Cluster(executor.address)
    elif executor.kind == "threads" or (executor.kind == "local" and not current().python):
        pool = _Threads(processes(executor, count))
    else:
        pool = _Processes(executor, count)
    try:
        yield pool
    except BaseException:
        pool.close(finished=False)
        raise
    pool.close(finished=True)


class _Threads:
    """Threads of this process."""

    lost: tuple[type[BaseException], ...] = ()
    advice = ""

    def __init__(self, count: int) -> None:
        self._count, self._pool = count, ThreadPoolExecutor(count)

    def slots(self) -> int:
        return self._count

    def submit(self, function: Callable[[Task], Answer], task: Task) -> Future[Any]:
        # What the answer is made of, and which runs failed, is noted in the asker's context.
        return self._pool.submit(copy_context().run, lambda: (function(task), list[str]()))

    def close(self, finished: bool) -> None:
        from sim.world.runner import stop

        # Rules that are being compiled cannot be stopped from outside.
        word = threading.Timer(PATIENCE_SECONDS, print, [STOPPING], {"file": sys.stderr})
        if not finished:
            stop.set()
            word.start()
        self._pool.shutdown(cancel_futures=True)
        word.cancel()
        stop.clear()


class _Shipping:
    """A crew of processes, each of which is told once what the answer is made of."""

    _along: Any = None

    def submit(self, function: Callable[[Task], Answer], task: Task) -> Future[Any]:
        # Both bring numba along, which whoever only reads an answer need not wait for.
        from sim.experiments.payload import dumps, pack
        from sim.experiments.provenance import current

        if self._along is None:
            self._along = self._prepare(pack(current()))
        return self._hand_out(dumps((function, task), "model"))

    def _prepare(self, along: Packed) -> Any:
        raise NotImplementedError

    def _hand_out(self, packed: bytes) -> Future[Any]:
        raise NotImplementedError


class _Processes(_Shipping):
    """Processes of this machine; when one is ended, all are lost and started anew."""

    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, executor: Executor, count: int | None) -> None:
        self._count = processes(executor, count)
        # Loky warns in the thread that keeps its workers when one that was idle left as work came.
        # It starts another; but where warnings are errors the thread would end and all would wait.
        warnings.filterwarnings(
            "ignore", "A worker stopped while some jobs were given", UserWarning
        )
        self.advice = (
            f"worker processes were ended from outside {ATTEMPTS} times, perhaps for want of "
            f"memory; try executor.workers below {self._count}"
        )

    def _pool(self) -> Any:
        # Reused by the next study, and made anew by this call when it is broken.
        from joblib.externals.loky import get_reusable_executor

        return get_reusable_executor(
            self._count,
            timeout=IDLE_SECONDS,
            initializer=_start_worker,
            initargs=(os.getpid(),),
            env=_ENVIRONMENT,
        )

    def slots(self) -> int:
        return self._count

    def _prepare(self, along: Packed) -> str:
        # Once for all tasks, not with each: tables of a city are large.
        from sim.experiments.payload import HOMES

        files.clear_leftovers(HOMES)
        number, name = tempfile.mkstemp(prefix=files.own_name(HOMES))
        # Known before it is written, so that it goes even if that fails.
        self._along = name
        with os.fdopen(number, "wb") as file:
            file.write(pickle.dumps(along))
        return name

    def _hand_out(self, packed: bytes) -> Future[Any]:
        for _ in range(ATTEMPTS):
            with suppress(BrokenExecutor), unheard():
                return self._pool().submit(_call_here, self._along, packed)
        raise RuntimeError(self.advice)

    def close(self, finished: bool) -> None:
        if not finished:
            pool = self._pool()
            # Loky takes the tasks away and then still looks for those whose numbers wait here.
            with suppress(Empty):
                while True:
                    pool._work_ids.get_nowait()
            pool.shutdown(wait=False, kill_workers=True)
        if self._along is not None:
            Path(self._along).unlink(missing_ok=True)


def _start_worker(parent: int) -> None:
    # Ctrl-C reaches every process of the terminal; the one in front decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = sys.stderr  # as in the process in front, see ``sim.cli``
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A process that is killed cannot end its workers, so they look after themselves.
    while os.name != "posix" or os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


class _Cluster(_Shipping):
    """An existing Dask cluster, whose scheduler gives the tasks of a lost worker to others."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
            from distributed.scheduler import KilledWorker
        except ModuleNotFoundError:
            problem = "dask is not installed"
            raise InputError("executor.kind", problem, "pip install 'xiaoqu[cluster]'") from None
        allowed = "the address of a running Dask scheduler, as in tcp://host:8786"
        if not address:
            raise InputError("executor.address", "is not given", allowed)
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            problem = f"{address}: {error or type(error).__name__}"
            raise InputError("executor.address", problem, allowed) from None
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            self._client.close()
            problem = f"{address}: the cluster has no workers, and none came in {CONNECT_SECONDS} s"
            allowed = f"a cluster with workers, as by: dask worker {address}"
            raise InputError("executor.address", problem, allowed) from None
        self.lost: tuple[type[BaseException], ...] = (KilledWorker, CancelledError)
        self.advice = f"workers of the Dask cluster at {address} were lost {ATTEMPTS} times"
        self._address, self._pool = address, self._client.get_executor(pure=False)
        self._slots, self._counted, self._seen = 0, -COUNT_SECONDS, time.monotonic()

    def slots(self) -> int:
        # Workers come and go; asking the scheduler each time would cost more than it saves.
        self._check()
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._counted = time.monotonic()
            with suppress(OSError):
                self._slots = sum(self._client.nthreads().values())
            if self._slots:
                self._seen = time.monotonic()
            elif time.monotonic() - self._seen > ALONE_SECONDS:
                problem = f"has had no workers for {ALONE_SECONDS:.0f} s"
                raise RuntimeError(f"the Dask cluster at {self._address} {problem}")
        return self._slots

    def _prepare(self, along: Packed) -> Any:
        return self._client.scatter(along, broadcast=True, hash=False)

    def _hand_out(self, packed: bytes) -> Future[Any]:
        return self._pool.submit(_call, self._along, packed)

    def _check(self) -> None:
        if self._client.status != "running":
            raise RuntimeError(f"the Dask cluster at {self._address} was lost")

    def close(self, finished: bool) -> None:
        with suppress(OSError, RuntimeError, TimeoutError):
            self._pool.shutdown(wait=finished)
            self._client.close(timeout=CONNECT_SECONDS)
