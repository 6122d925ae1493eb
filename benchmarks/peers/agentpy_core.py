"""The core month in AgentPy: an agent per household, its neighbours in a list."""

from __future__ import annotations

from math import exp

import agentpy as ap
import numpy as np

from peers import rules as r
from peers.world import World, draw


class Household(ap.Agent):
    """One household; ``look_around`` reads last month's neighbours, ``live`` does the rest."""

    def setup(self, **start: float) -> None:
        for name, value in start.items():
            setattr(self, name, value)
        self.neighbours: list[Household] = []
        self.norm = 0.85
        self.owed_fen = self.owed_months = 0

    def look_around(self) -> None:
        content, paying = 0.0, 0
        for other in self.neighbours:
            content += other.satisfaction
            paying += other.paid
        degree = len(self.neighbours)
        self.seen_satisfaction, self.seen_paid = content / degree, paying / degree

    def live(self) -> None:
        random = self.model.random.random
        own = self.model.experience[self.life] + self.taste - r.CLOSED_ACCOUNTS
        judged = (1 - r.HEARSAY) * min(max(own, 0.0), 1.0) + r.HEARSAY * self.seen_satisfaction
        self.satisfaction += r.OPINION_SPEED * (judged - self.satisfaction)
        reach = (r.TRUST_FROM_OPINION * self.satisfaction + r.OPENNESS) * r.BLAME
        self.trust_firm += r.TRUST_SPEED * (reach - self.trust_firm)
        self.pay(random)
        inflow = r.LEGACY + r.DISCONTENT * max(0.5 - self.satisfaction, 0.0)
        g = self.grievance + inflow * (1 - self.grievance) - r.FORGETS * self.grievance
        self.grievance = min(max(g, 0.0), 1.0)

    def pay(self, random) -> None:  # type: ignore[no-untyped-def]
        self.norm += r.NORM_SPEED * (self.seen_paid - self.norm)
        push = r.BASE[self.kind] + r.NORM[self.kind] * (self.norm - 0.5)
        push += r.SERVICE * (self.satisfaction - 0.5) + r.TRUST * (self.trust_firm - 0.5)
        push += r.HABIT * (self.habit - 0.5) - r.GRIEVANCE * self.grievance - self.burden
        if self.owed_months > 0:
            push += r.DUNNING
        self.paid = random() < 1.0 / (1.0 + exp(-push))
        if not self.paid:
            self.owed_fen += self.fee
            self.owed_months += 1
        self.habit = r.HABIT_KEEPS * self.habit + (1 - r.HABIT_KEEPS) * self.paid


class CoreModel(ap.Model):
    """One compound; parameters: households, steps, seed, and world for a start drawn before."""

    def setup(self) -> None:
        world = self.p.get("world") or draw(self.p.households, self.random.getrandbits(32))
        names = (
            "life", "kind", "fee", "burden", "taste", "satisfaction", "trust_firm", "grievance", "habit",
            "paid",
        )  # fmt: skip
        start = {name: ap.AttrIter(getattr(world, name).tolist()) for name in names}
        self.households = ap.AgentList(self, len(world), Household, **start)
        people, ends, others = (
            list(self.households),
            world.indptr.tolist(),
            world.neighbours.tolist(),
        )
        for i, person in enumerate(people):
            person.neighbours = [people[j] for j in others[ends[i] : ends[i + 1]]]
        self.due_fen, self.lines = sum(world.fee.tolist()), r.Lines()

    def step(self) -> None:
        self.households.look_around()
        self.experience = self.lines.wear().tolist()
        self.households.live()

    def update(self) -> None:
        if self.t == 0:
            return
        collected = owed = satisfied = 0
        trust = grievance = 0.0
        for a in self.households:
            collected += a.fee * a.paid
            owed += a.owed_fen
            satisfied += a.satisfaction > 0.5
            trust += a.trust_firm
            grievance += a.grievance
        n = len(self.households)
        now = (
            collected / self.due_fen,
            satisfied / n,
            trust / n,
            grievance / n,
            owed / 100,
        )
        for name, value in zip(r.INDICATORS, now, strict=True):
            self.record(name, value)


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World, seed: int) -> None:
        self.model = CoreModel({"world": world, "seed": seed, "steps": 10**9})
        self.model.sim_setup()

    def run(self, months: int) -> np.ndarray:
        for _ in range(months):
            self.model.sim_step()
        return np.array([self.model.log[name][-months:] for name in r.INDICATORS]).T
