"""The core month in plain Mesa: an agent per household, its neighbours in a list."""

from __future__ import annotations

from math import exp

import mesa
import numpy as np

from peers import rules as r
from peers.world import World, draw


class Household(mesa.Agent):
    """One household; ``look_around`` reads last month's neighbours, ``live`` does the rest."""

    def __init__(self, model: CoreModel, start: dict[str, float]) -> None:
        super().__init__(model)
        self.__dict__.update(start)
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
        self.judge()
        self.pay()
        self.resent()

    def judge(self) -> None:
        own = self.model.experience[self.life] + self.taste - r.CLOSED_ACCOUNTS
        judged = (1 - r.HEARSAY) * min(max(own, 0.0), 1.0) + r.HEARSAY * self.seen_satisfaction
        self.satisfaction += r.OPINION_SPEED * (judged - self.satisfaction)
        reach = (r.TRUST_FROM_OPINION * self.satisfaction + r.OPENNESS) * r.BLAME
        self.trust_firm += r.TRUST_SPEED * (reach - self.trust_firm)

    def pay(self) -> None:
        self.norm += r.NORM_SPEED * (self.seen_paid - self.norm)
        push = r.BASE[self.kind] + r.NORM[self.kind] * (self.norm - 0.5)
        push += r.SERVICE * (self.satisfaction - 0.5) + r.TRUST * (self.trust_firm - 0.5)
        push += r.HABIT * (self.habit - 0.5) - r.GRIEVANCE * self.grievance - self.burden
        if self.owed_months > 0:
            push += r.DUNNING
        self.paid = self.random.random() < 1.0 / (1.0 + exp(-push))
        if not self.paid:
            self.owed_fen += self.fee
            self.owed_months += 1
        self.habit = r.HABIT_KEEPS * self.habit + (1 - r.HABIT_KEEPS) * self.paid

    def resent(self) -> None:
        inflow = r.LEGACY + r.DISCONTENT * max(0.5 - self.satisfaction, 0.0)
        g = self.grievance + inflow * (1 - self.grievance) - r.FORGETS * self.grievance
        self.grievance = min(max(g, 0.0), 1.0)


class CoreModel(mesa.Model):
    """One compound for ``batch_run`` and for stepping.

    Args:
        households: Size of the compound.
        months: Months after which it stops.
        seed: Seed of the start and of all draws.
        world: A start drawn before.
    """

    def __init__(
        self,
        households: int = 1000,
        months: int = r.MONTHS,
        seed: int | None = None,
        world: World | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.months, self.lived = months, 0
        self.settle(world or draw(households, seed or 0))
        self.datacollector = mesa.DataCollector(
            model_reporters={
                name: lambda model, k=k: model.now[k] for k, name in enumerate(r.INDICATORS)
            }
        )

    def settle(self, world: World) -> None:
        names = (
            "life", "kind", "fee", "burden", "taste", "satisfaction", "trust_firm", "grievance", "habit",
            "paid",
        )  # fmt: skip
        rows = zip(*[getattr(world, name).tolist() for name in names], strict=True)
        people = [Household(self, dict(zip(names, row, strict=True))) for row in rows]
        ends, others = world.indptr.tolist(), world.neighbours.tolist()
        for i, person in enumerate(people):
            person.neighbours = [people[j] for j in others[ends[i] : ends[i + 1]]]
        self.due_fen, self.lines = sum(world.fee.tolist()), r.Lines()

    def step(self) -> None:
        self.agents.do("look_around")
        self.experience = self.lines.wear().tolist()
        self.agents.do("live")
        self.record()
        self.datacollector.collect(self)
        self.lived += 1
        self.running = self.lived < self.months

    def record(self) -> None:
        collected = owed = satisfied = 0
        trust = grievance = 0.0
        for a in self.agents:
            collected += a.fee * a.paid
            owed += a.owed_fen
            satisfied += a.satisfaction > 0.5
            trust += a.trust_firm
            grievance += a.grievance
        n = len(self.agents)
        self.now = (
            collected / self.due_fen,
            satisfied / n,
            trust / n,
            grievance / n,
            owed / 100,
        )


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World, seed: int) -> None:
        self.model = CoreModel(seed=seed, world=world)

    def run(self, months: int) -> np.ndarray:
        for _ in range(months):
            self.model.step()
        table = self.model.datacollector.get_model_vars_dataframe()
        return table[list(r.INDICATORS)].to_numpy()[-months:]
