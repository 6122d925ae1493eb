"""One user's visit: the session with undo and redo, and the runs it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np

from sim import known
from sim.desk import compound
from sim.desk.bench import Asked, Bench
from sim.desk.charts import Parts, parts_of
from sim.desk.live import Film, Lived
from sim.desk.refusals import refusal, told_in
from sim.desk.session import Plan, Planned, Session, read, write
from sim.errors import InputError
from sim.experiments import doubt
from sim.outcomes import column
from sim.report.sentences import MAIN, Runs

MOST_STEPS = 100
"""Steps that undo goes back."""

PAUSE = 0.12
"""Seconds that a slider must rest before runs are begun anew."""

IDLE = 0.5
"""Seconds between two looks at whether anybody waits for runs."""

PARTS_SEEDS = 30
"""Replications for the parts of a bundle: enough to see which carry it."""


class Visit:
    """What one browser tab holds; closing it gives the work up.

    Args:
        bench: Shared by all visits.
        session: Where it begins.
        told: Called when more runs have come, or work has ended.
    """

    def __init__(self, bench: Bench, session: Session, told: Callable[[], None]) -> None:
        self.bench = bench
        self.session = session
        self.told = told
        self.problem = ""
        """Why nothing is lived, in one line; empty where all is well."""
        self.asked: dict[str, Asked] = {}
        self._before: dict[str, tuple[Plan, Asked]] = {}
        """By policy: what it was before its last change, and its runs' configuration."""
        self._sliding = False
        self._steps = [_step(session)]
        self._place = 0
        self._task: asyncio.Task[None] | None = None
        self._parts: asyncio.Task[None] | None = None
        self._again: asyncio.Task[None] | None = None
        """Second runs of parameter sets: begun when all runs are there, and waited for by nobody."""
        self.parts: dict[str, Asked] = {}
        self._parts_of = ""
        """Key of the policy, in its compound, whose parts they are."""
        self._stacked: dict[tuple[str, bool], tuple[Any, Runs | None]] = {}
        self._closed = False
        bench.holders.add(self)

    # --- changing it ----------------------------------------------------------------------------

    def change(self, session: Session, step: bool = True) -> None:
        """Put another session in place and ask for its runs.

        Args:
            session: A copy with something changed; it is checked whole before it counts.
            step: Whether undo comes back to here; a slider under way makes no step.

        Raises:
            InputError: The session is not allowed; everything stays as it was.
        """
        checked = read(write(session))
        if checked == self.session and self.asked and not self.problem:
            return
        asked = compound.configurations(checked)
        if not self._sliding:
            self._remember(asked)
        self._sliding = not step
        self.session, self.asked, self.problem = checked, asked, ""
        if step:
            self.settle()
        self.start()

    def set(self, step: bool = True, **values: Any) -> None:
        """Change some fields of the session; ``change`` says the rest."""
        self.change(self.session.model_copy(update=values), step)

    def plan(self, number: int, plan: Plan, step: bool = True) -> None:
        """Put another policy in the place of one."""
        policies = list(self.session.policies)
        policies[number] = plan
        self.set(step, policies=policies)

    def measure(self, name: str, step: bool = True, **values: Any) -> None:
        """Change one measure of the chosen policy."""
        plan = self.chosen
        assert plan is not None
        measures = [
            one.model_copy(update=values) if one.key == name else one for one in plan.measures
        ]
        self.plan(self.session.chosen, plan.model_copy(update={"measures": measures}), step)

    @property
    def chosen(self) -> Plan | None:
        """The policy that is being edited."""
        policies = self.session.policies
        return policies[min(self.session.chosen, len(policies) - 1)] if policies else None

    def planned(self, name: str) -> Planned | None:
        """A measure of the chosen policy."""
        measures = self.chosen.measures if self.chosen else []
        return next((one for one in measures if one.key == name), None)

    def _remember(self, asked: dict[str, Asked]) -> None:
        """Keep the last answer to policies that are something else now; a slide counts from where it began."""
        old = {plan.name: plan for plan in self.session.policies}
        for name, one in self.asked.items():
            changed = name in old and name in asked and asked[name].key != one.key
            if changed and self.bench.lived(one, self.session.seeds):
                self._before[name] = (old[name], one)

    def before(self, policy: str) -> tuple[Plan, Runs | None] | None:
        """A policy before its last change, and its runs; None where nothing differs, or but the compound."""
        plan, was = self._before.get(policy, (None, None))
        now = self.asked.get(policy)
        if plan is None or was is None or now is None:
            return None
        if was.compound != now.compound or was.key == now.key:
            return None
        return plan, as_runs(self.bench.lived(was, self.session.seeds))

    def settle(self) -> None:
        """Make a step of the session as it is now, as when a slider is let go."""
        self._sliding = False
        text = _step(self.session)
        if text == self._steps[self._place]:
            return
        self._steps = [*self._steps[: self._place + 1], text][-MOST_STEPS:]
        self._place = len(self._steps) - 1

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to go back."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to go forward again."""
        return self._place < len(self._steps) - 1

    def undo(self, steps: int = 1) -> None:
        """Go back a step; a negative number goes forward again."""
        place = min(max(self._place - steps, 0), len(self._steps) - 1)
        if place != self._place:
            self._place = place
            language = self.session.language
            there = read(self._steps[place]).model_copy(update={"language": language})
            self.change(there, step=False)
            self._sliding = False

    # --- living it ------------------------------------------------------------------------------

    def start(self) -> None:
        """Ask for all runs that are not there yet, giving up what was asked before."""
        self.stop()
        if self._closed:
            return
        if not self.asked:
            try:
                self.asked = compound.configurations(self.session)
            except InputError as error:
                self.problem = refusal(error, self.session.language)
                return
        self._task = asyncio.create_task(self._live())

    def stop(self) -> None:
        """Give the work up; what has come stays."""
        for task in (self._task, self._parts, self._again):
            if task is not None and not task.done():
                task.cancel()
        self._task = self._parts = self._again = None

    def close(self) -> None:
        """The browser has gone: give the work up for good."""
        self._closed = True
        self.bench.holders.discard(self)
        self.stop()

    def held(self) -> frozenset[str]:
        """Keys of the runs that it shows."""
        named = self.chosen.name if self.chosen else ""
        was = [self._before[named][1]] if named in self._before else []
        return frozenset(one.key for one in (*self.asked.values(), *self.parts.values(), *was))

    @property
    def working(self) -> bool:
        """Whether runs are being lived now."""
        return any(task is not None and not task.done() for task in (self._task, self._parts))

    async def _live(self) -> None:
        await asyncio.sleep(PAUSE)
        await self._run(self._in_order(), self.session.seeds)
        if not self.problem:
            self._again = asyncio.create_task(self._live_again())

    async def _live_again(self) -> None:
        # Where others wait for their first runs, nobody's second ones come before them.
        while self.bench.working:
            await asyncio.sleep(IDLE)
        with told_in(self, self.session.language, self.told):
            await self.bench.run(self._in_order(), self.second_seeds, lambda: None)
        self.told()

    async def _run(self, asked: list[Asked], seeds: list[int]) -> None:
        with told_in(self, self.session.language, self.told):
            await self.bench.run(asked, seeds, self.told)

    def _in_order(self) -> list[Asked]:
        # What is being changed comes first: the others are mostly there already.
        first = self.chosen.name if self.chosen else compound.REFERENCE
        return sorted(self.asked.values(), key=lambda one: one is not self.asked.get(first))

    def progress(self) -> tuple[int, int]:
        """Runs that are there, and runs asked for."""
        seeds = self.session.seeds
        there = sum(len(self.bench.lived(one, seeds)) for one in self.asked.values())
        every = len(seeds) * len(self.asked)
        if self._parts is not None and not self._parts.done():
            few = self.parts_seeds
            there += sum(len(self.bench.lived(one, few)) for one in self.parts.values())
            every += len(few) * len(self.parts)
        return there, every

    def lived(self, policy: str) -> list[Lived]:
        """Runs there are of a policy, by seed."""
        one = self.asked.get(policy)
        return [] if one is None else self.bench.lived(one, self.session.seeds)

    def runs(self, policy: str) -> Runs | None:
        """The same as arrays; None where there are none."""
        return self._as_runs(policy, self.lived(policy))

    def second_runs(self, policy: str) -> Runs | None:
        """What ``again`` gives, as arrays; None where there are none."""
        return self._as_runs(policy, self.again(policy), second=True)

    def _as_runs(self, policy: str, lived: list[Lived], second: bool = False) -> Runs | None:
        state = (self.asked[policy].key if lived else "", tuple(one.seed for one in lived))
        if self._stacked.get((policy, second), (None, None))[0] != state:
            self._stacked[policy, second] = (state, as_runs(lived))
        return self._stacked[policy, second][1]

    @property
    def second_seeds(self) -> list[int]:
        """Under which the first runs' parameter sets are lived once more; see ``doubt.twice``."""
        one = next(iter(self.asked.values()), None)
        return [] if one is None else doubt.twice(one.config, len(self.session.seeds))

    def again(self, policy: str) -> list[Lived]:
        """Second runs of the first seeds' parameter sets, in their order; none before all are there."""
        one, seeds = self.asked.get(policy), self.second_seeds
        if one is None or len(self.lived(policy)) < len(self.session.seeds):
            return []
        lived = self.bench.lived(one, seeds)
        return lived if len(lived) == len(seeds) else []

    @property
    def told_of(self) -> dict[str, Asked]:
        """What a report tells of: the compound without measures, and the plans that hold any."""
        empty = {plan.name for plan in self.session.policies if not plan.measures}
        return {name: one for name, one in self.asked.items() if name not in empty}

    def common(self) -> dict[str, list[Lived]]:
        """Runs by policy under the seeds that all of them have: what can be held side by side."""
        lived = {name: self.lived(name) for name in self.told_of}
        seeds = [{one.seed for one in runs} for runs in lived.values()]
        both = set.intersection(*seeds) if seeds else set()
        return {name: [one for one in runs if one.seed in both] for name, runs in lived.items()}

    async def film(self, policy: str) -> Film:
        """The run in the middle, household by household."""
        return await self.bench.film(self.asked[policy], self.middle(policy))

    def middle(self, policy: str) -> int:
        """Seed of the run whose collection ends nearest to the middle run's."""
        lived = self.lived(policy)
        ends = np.array([one.values[-1, column(MAIN)] for one in lived])
        away = abs(ends - known.median(ends))
        # Where no fees are due in any run, one is as good as another.
        nearest = 0 if np.isnan(away).all() else int(np.nanargmin(away))
        return lived[nearest].seed if lived else self.session.seed

    # --- the parts of a bundle ------------------------------------------------------------------

    def start_parts(self) -> None:
        """Ask for the chosen policy without each of its measures, and for each of them alone."""
        plan = self.chosen
        if plan is None or len(plan.measures) < 2:
            return
        variants = {}
        for one in plan.measures:
            others = [other for other in plan.measures if other is not one]
            variants[f"-{one.key}"] = plan.model_copy(update={"measures": others})
            variants[f"+{one.key}"] = plan.model_copy(update={"measures": [one]})
        one_policy = {
            name: self.session.model_copy(update={"policies": [v]}) for name, v in variants.items()
        }
        self.parts = {
            name: compound.configurations(session)[plan.name]
            for name, session in one_policy.items()
        }
        self._parts_of = self.asked[plan.name].key
        self._parts = asyncio.create_task(self._live_parts())

    async def _live_parts(self) -> None:
        names = (compound.REFERENCE, *([self.chosen.name] if self.chosen else []))
        whole = [self.asked[name] for name in names]
        await self._run([*whole, *self.parts.values()], self.parts_seeds)

    @property
    def parts_seeds(self) -> list[int]:
        """Seeds under which parts are lived."""
        return self.session.seeds[:PARTS_SEEDS]

    def part_table(self) -> Parts | None:
        """What ``charts.parts_of`` makes of the parts that are there; None where there are none.

        Parts of what the policy was before it was changed, or of another one, are not its own.
        """
        plan = self.chosen
        if (
            plan is None
            or plan.name not in self.asked
            or self._parts_of != self.asked[plan.name].key
        ):
            return None
        whole, reference = (
            as_runs(self.bench.lived(self.asked[name], self.parts_seeds))
            for name in (plan.name, compound.REFERENCE)
        )
        if whole is None or reference is None:
            return None
        part = {name: self.part(name) for name in self.parts}
        return parts_of(plan, self.session.within, whole, reference, part)

    def part(self, name: str) -> Runs | None:
        """Runs of one part: ``-measure`` for the bundle without it, ``+measure`` for it alone."""
        return as_runs(self.bench.lived(self.parts[name], self.parts_seeds))


def _step(session: Session) -> str:
    """A session as undo keeps it: in which language it is shown is no step."""
    return write(session.model_copy(update={"language": "zh"}))


def as_runs(lived: list[Lived]) -> Runs | None:
    """Runs as arrays; None where there are none."""
    if not lived:
        return None
    costs = np.array([one.spent() for one in lived])
    return Runs(
        np.array([one.seed for one in lived]), lived[0].months, np.array([one.values for one in lived]),
        costs[:, 0], costs[:, 1],
    )  # fmt: skip
