"""The core month in mesa-frames: an agent set in Polars, its ties a table of pairs."""

from __future__ import annotations

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF

from peers import rules as r
from peers.world import World

COLUMNS = (
    "life", "kind", "fee", "burden", "taste", "satisfaction", "trust_firm", "grievance",
    "habit",
)  # fmt: skip
c = pl.col


def _by(column: str, values: tuple[float, ...] | np.ndarray) -> pl.Expr:
    return c(column).replace_strict(list(range(len(values))), list(values), return_dtype=pl.Float64)


def _logistic(push: pl.Expr) -> pl.Expr:
    return 1 / (1 + (-push).exp())


class Households(AgentSetPolars):
    """All households of one compound."""

    def __init__(self, model: CoreModel, world: World) -> None:
        super().__init__(model)
        n = len(world)
        columns = {name: getattr(world, name) for name in COLUMNS}
        self += pl.DataFrame(
            {
                "unique_id": np.arange(n),
                **columns,
                "paid": world.paid == 1,
                "norm": np.full(n, 0.85),
                "owed_fen": np.zeros(n, np.int64),
                "owed_months": np.zeros(n, np.int32),
            }
        ).with_columns(_by("kind", r.BASE).alias("base"), _by("kind", r.NORM).alias("weight"))
        degree = np.diff(world.indptr)
        self.source = pl.Series("source", np.repeat(np.arange(n), degree))
        self.target = pl.Series("target", world.neighbours)

    def step(self) -> None:
        self.look_around()
        self.judge(self.model.lines.wear())
        self.pay()
        self.resent()

    def chance(self) -> pl.Series:
        return pl.Series(self.model.random.random(len(self.agents)))

    def look_around(self) -> None:
        shown = self.agents.select(
            c("satisfaction"),
            c("paid").cast(pl.Float64),
        )
        seen = (
            shown[self.target]
            .with_columns(self.source)
            .group_by("source", maintain_order=True)
            .agg(pl.all().mean().name.prefix("seen_"))
        )
        self.agents = self.agents.with_columns(seen.drop("source"))

    def judge(self, experience: np.ndarray) -> None:
        own = (_by("life", experience) + c("taste") - r.CLOSED_ACCOUNTS).clip(0, 1)
        judged = (1 - r.HEARSAY) * own + r.HEARSAY * c("seen_satisfaction")
        opinion = c("satisfaction") + r.OPINION_SPEED * (judged - c("satisfaction"))
        self.agents = self.agents.with_columns(satisfaction=opinion)
        reach = (r.TRUST_FROM_OPINION * c("satisfaction") + r.OPENNESS) * r.BLAME
        self.agents = self.agents.with_columns(
            trust_firm=c("trust_firm") + r.TRUST_SPEED * (reach - c("trust_firm")),
            norm=c("norm") + r.NORM_SPEED * (c("seen_paid") - c("norm")),
        )

    def pay(self) -> None:
        push = c("base") + c("weight") * (c("norm") - 0.5) + r.SERVICE * (c("satisfaction") - 0.5)
        push += r.TRUST * (c("trust_firm") - 0.5) + r.HABIT * (c("habit") - 0.5)
        push -= r.GRIEVANCE * c("grievance") + c("burden")
        push += r.DUNNING * (c("owed_months") > 0).cast(pl.Float64)
        self.agents = self.agents.with_columns(paid=pl.lit(self.chance()) < _logistic(push))
        self.agents = self.agents.with_columns(
            owed_fen=c("owed_fen") + pl.when(c("paid")).then(0).otherwise(c("fee")),
            owed_months=c("owed_months") + (~c("paid")).cast(pl.Int32),
            habit=r.HABIT_KEEPS * c("habit") + (1 - r.HABIT_KEEPS) * c("paid").cast(pl.Float64),
        )

    def resent(self) -> None:
        inflow = r.LEGACY + r.DISCONTENT * (0.5 - c("satisfaction")).clip(lower_bound=0)
        g = c("grievance") + inflow * (1 - c("grievance")) - r.FORGETS * c("grievance")
        self.agents = self.agents.with_columns(grievance=g.clip(0, 1))


class CoreModel(ModelDF):
    """One compound."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(seed)
        self.households = Households(self, world)
        self.agents += self.households
        self.due_fen, self.lines = int(world.fee.sum()), r.Lines()
        self.rows: list[tuple[float, ...]] = []

    def step(self) -> None:
        self.agents.step()
        people = self.get_agents_of_type(Households).agents
        n = len(people)
        collected, owed, satisfied, trust, grievance = people.select(
            c("fee").filter(c("paid")).sum(),
            c("owed_fen").sum(),
            (c("satisfaction") > 0.5).sum(),
            c("trust_firm").mean(),
            c("grievance").mean(),
        ).row(0)
        share = collected / self.due_fen
        self.rows.append((share, satisfied / n, trust, grievance, owed / 100))


class Core:
    """One compound; ``run`` gives its indicators (months, 5)."""

    def __init__(self, world: World, seed: int) -> None:
        self.model = CoreModel(world, seed)

    def run(self, months: int) -> np.ndarray:
        for _ in range(months):
            self.model.step()
        return np.array(self.model.rows[-months:])
