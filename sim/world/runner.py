"""Lives a world month by month: in one compiled call where it can, in Python where it must."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import Any

import numpy as np

from sim.world import native
from sim.world.costs import CostRefused
from sim.world.process import How, Month, Process, do_in_python, do_part, live_until
from sim.world.ranges import check_ranges, check_signals, foreign

stop = Event()
"""Set to let every run of this process end within a moment."""

HOUSEHOLD_MONTHS = 500_000
"""Lived in one compiled call, some 40 ms: a call cannot be stopped from outside."""


class Stopped(BaseException):
    """A run that was told to end. It is no failure of the run, so nobody takes it for one."""


class Runner:
    """Lives one world.

    Args:
        world: What is lived.
        month: What happens in a month, in its order.
        measures: Events and measures, in the order of ``world.measures``.
        threads: Threads that share the households of this world, from 1 on.

    Attributes:
        spans: Households that each thread takes, first and the one after the last.
        left: How often compiled code was left for Python so far.
    """

    def __init__(self, world: Any, month: Month, measures: list[Any], threads: int = 1) -> None:
        self.world, self.month, self.measures, self.left = world, month, measures, 0
        self._at_once = max(HOUSEHOLD_MONTHS // len(world.households), 1)
        self.spans = _split(world, threads)
        self._pool = ThreadPoolExecutor(len(self.spans)) if len(self.spans) > 1 else None
        self._foreign = foreign(month, measures)
        if not native.INTERPRETED:
            world.put("program", month.program(world))

    def add(self, *processes: Process) -> None:
        """Do something more at the end of every month from now on."""
        self.month = Month((*self.month, *processes))
        if not native.INTERPRETED:
            self.world.put("program", self.month.program(self.world))

    def live_until(self, month: int) -> None:
        """Live on to a month, that one too.

        Raises:
            InputError: A measure gives hours or yuan back, or they are no number; names the measure. Or
                somebody's own part left a column outside of its range.
        """
        before = self.world.month
        self.world.seed = self.world.model.streams.seed
        try:
            # Named values are set anew each month: what is left in them is looked at before.
            for until in range(before + 1, month + 1) if self._foreign else (month,):
                self._live_until(until)
                check_signals(self.world, self._foreign)
        except CostRefused as refused:
            raise refused.named(self.world) from None
        except (Exception, KeyboardInterrupt, Stopped):
            raise
        except BaseException as error:  # somebody's own part that exits
            problem = f"{type(error).__name__} {error} of {', '.join(self._foreign)}"
            raise RuntimeError(problem) from error
        if self._foreign and self.world.month > before:
            check_ranges(self.world, self._foreign)

    def _live_until(self, month: int) -> None:
        world = self.world
        while world.month < month or world.at:
            if native.INTERPRETED or self._pool is not None:
                self._live_by_process()
                continue
            if stop.is_set():
                raise Stopped
            waits = live_until(world, min(month, world.month + self._at_once))
            if waits >= 0:
                self.left += 1
                self._do_in_python(self.month.processes[waits])
                world.at = waits + 1
            elif waits == -2:
                world.make_room()

    def _live_by_process(self) -> None:
        """Live one month, each process called from Python: for threads in one world, and interpreted."""
        world = self.world
        if world.at == 0:
            world.make_room()
            world.month += 1
        while world.at < len(self.month.processes):
            process = self.month.processes[world.at]
            if native.INTERPRETED or not process.compiled:
                self._do_in_python(process)
                world.at += 1
            elif process.how in (How.SPAN, How.BLOCK) and self._pool is not None:
                at = world.at
                jobs = [self._pool.submit(do_part, world, at, *span) for span in self.spans]
                (world.at,) = {job.result() for job in jobs}
            else:
                world.at = do_part(world, world.at, 0, len(world.households))
        world.at = 0

    def _do_in_python(self, process: Process) -> None:
        world = self.world
        if process.how != How.MEASURE:
            do_in_python(world, process)
            return
        # Only from the start on, also where a class has its own idea of strength: what shares a past with
        # others has not been there before. After the end some still act, by crowding out.
        measure = self.measures[process.entry]
        if not measure.in_force:
            return
        strength = measure.strength(world.month)
        if strength <= 0.0:
            return
        for c in np.flatnonzero(world.reaches[process.entry]):
            measure.act(world.compounds[int(c)], strength)


def _split(world: Any, threads: int) -> list[tuple[int, int]]:
    # Threads take whole buildings; with few buildings there are few spans.
    b = world.buildings
    ends = np.linspace(0, b.number_of_buildings, threads + 1).astype(int)
    starts = np.append(b.start, len(world.households))
    spans = [(int(starts[a]), int(starts[c])) for a, c in pairwise(ends)]
    return [span for span in spans if span[1] > span[0]]
