"""The search for cheap policies that are likely to succeed, and their trial in fresh worlds.

NSGA-II (Deb et al. 2002, as in Optuna) proposes policies; each meets few worlds first, and more only
while it may still matter. Steps of one change then polish the cheapest one that is likely enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim import known
from sim.experiments import doubt, paired
from sim.experiments.progress import announce_compiling, bar
from sim.science import worlds
from sim.science.goal import Genome, Question
from sim.science.libraries import need
from sim.science.worlds import HoursOf, Reading, World

POPULATION = 24
"""Policies of one generation."""

_FIRST_RUNG = 4
"""The first worlds are this part of all."""

_ROUNDS = 20


def need_optuna() -> Any:
    """The library of the search."""
    return need("optuna", "method", "optuna is not installed")


class _Judged(NamedTuple):
    """What is known of a policy: cost, hours, yuan, share of worlds reached, score, worlds, hours by who gives them."""

    cost: float
    hours: float
    yuan: float
    share: float
    score: float
    worlds: int
    given: tuple[float, ...] = ()


class Search:
    """Policies tried so far, and what was read in each world."""

    def __init__(
        self,
        question: Question,
        tried: list[World],
        progress: bool,
        model: Callable[..., Any] | None,
    ) -> None:
        self.question, self.worlds, self.progress = question, tried[: question.worlds], progress
        self.fresh = tried[question.worlds :]
        self.readings: list[Reading | HoursOf] = [
            *(Reading(goal.indicator, goal.month) for goal in question.goals),
            *(HoursOf(payer) for payer, _ in question.hours_of),
        ]
        self.each = partial(_live_policies, question, self.readings, model)
        self.nothing: Genome = (0,) * len(question.labels)
        self.read: dict[Genome, np.ndarray] = {}
        self.checked: dict[Genome, np.ndarray] = {}
        self.known: dict[tuple[Genome, int], _Judged] = {}
        first = max(question.worlds // _FIRST_RUNG, 2)
        self.rungs = sorted({first, min(2 * first, question.worlds), question.worlds})

    # --- trying ---------------------------------------------------------------------------------

    def live(self, genomes: Sequence[Genome], to: int) -> None:
        """Try policies in the worlds up to a number, those known already left out."""
        waiting: dict[int, list[Genome]] = {}
        for genome in dict.fromkeys(genomes):
            done = len(self.read.get(genome, ()))
            if done < to:
                waiting.setdefault(done, []).append(genome)
        for done, some in sorted(waiting.items()):
            read = self._live(some, self.worlds[done:to])
            for place, genome in enumerate(some):
                before = self.read.get(genome, read[:0, place])
                self.read[genome] = np.concatenate([before, read[:, place]])

    def _live(self, genomes: list[Genome], places: list[World]) -> np.ndarray:
        each = partial(self.each, genomes)
        return np.array(worlds.spread_worlds(self.question.config, each, places))

    def judge(self, genome: Genome) -> _Judged:
        """What is known of a policy."""
        count = len(self.read[genome])
        # Asked again and again in a race: computed anew only when more worlds are known.
        if (genome, count) not in self.known:
            judged = self._judged(self.read[genome], self.read[self.nothing][:count])
            self.known[genome, count] = judged
        return self.known[genome, count]

    def _judged(self, read: np.ndarray, bare: np.ndarray) -> _Judged:
        question = self.question
        lived = ~(np.isnan(read[:, -2:]).any(axis=1) | np.isnan(bare[:, -2:]).any(axis=1))
        if not lived.any():
            return _Judged(math.inf, math.inf, math.inf, 0.0, -2.0, 0)
        read, bare = read[lived], bare[lived]
        margins = np.array([g.margin(read[:, k]) for k, g in enumerate(question.goals)])
        # What has no value, as collection without a firm, has not reached its bound.
        least = np.where(np.isnan(margins), -1.0, margins).min(axis=0)
        share = float(np.mean(least >= 0))
        hours, yuan = (float(v) for v in (read[:, -2:] - bare[:, -2:]).mean(axis=0))
        cost = question.hour_yuan * hours + yuan
        # Far below the target every share is 0; how far below then leads the search.
        score = share + 1e-3 * float(np.clip(least, -1, 0).mean())
        first = len(question.goals)
        given = (read - bare)[:, first : first + len(question.hours_of)].mean(axis=0)
        judged = _Judged(cost, hours, yuan, share, score, len(read), tuple(map(float, given)))
        over = max(self._used(judged))
        return judged._replace(score=-over) if over > 1 else judged

    def _used(self, judged: _Judged) -> list[float]:
        """How much of each limit a policy takes, 1 for all of it; a limit of 0 allows nothing."""
        question, months = self.question, max(goal.month for goal in self.question.goals)
        spent = [(judged.hours, question.hours_most), (judged.yuan, question.yuan_most)]
        spent += [
            (given, months * most)
            for given, (_, most) in zip(judged.given, question.hours_of, strict=True)
        ]
        # What measures save is no use of a limit.
        return [
            max(took, 0.0) / most if most else 2.0 + took if took > 0 else 0.0
            for took, most in spent
        ]

    def _limited(self) -> bool:
        question = self.question
        return bool(question.hours_of) or math.isfinite(
            min(question.hours_most, question.yuan_most)
        )

    def within(self, judged: _Judged) -> bool:
        """Whether a policy keeps the limits."""
        return max(self._used(judged)) <= 1 if judged.worlds else not self._limited()

    def race(self, genomes: Sequence[Genome]) -> None:
        """Try policies in few worlds, and in more only while they may still matter."""
        for rung in self.rungs:
            self.live(genomes, rung)
            genomes = [genome for genome in genomes if self._may_matter(genome)]

    def _may_matter(self, genome: Genome) -> bool:
        mine = self.judge(genome)
        if mine.share == 0.0 or not self.within(mine):
            return False
        # Worlds are shared, so the error of a difference is below that of two independent shares.
        slack = math.sqrt(0.5 / mine.worlds)
        known = (self.judge(other) for other in self.read if other != genome)
        return not any(
            other.cost <= mine.cost and other.share >= mine.share + slack and self.within(other)
            for other in known
        )

    # --- the order of the search ----------------------------------------------------------------

    def tables(self) -> dict[str, pd.DataFrame]:
        """Search, check, and tell."""
        self.seek()
        frontier = self._frontier()
        answer = self.tell(frontier)
        return answer | {"split": self._split(frontier, answer["frontier"])}

    def seek(self, polish: bool = True) -> None:
        """Try policies; what was tried before is not tried again.

        Args:
            polish: Whether the cheapest one that is likely enough is then changed step by step, which takes as
                many trials again.
        """
        if self.progress:
            announce_compiling()
        self.live([self.nothing], len(self.worlds))
        if self.question.method == "exhaustive":
            self._try_all()
        else:
            self._evolve()
            if polish:
                self._polish()

    def tell(self, genomes: list[Genome]) -> dict[str, pd.DataFrame]:
        """Try policies in the fresh worlds, those tried there before left out, and tell of them."""
        told = [self.nothing, *genomes]
        if new := [genome for genome in dict.fromkeys(told) if genome not in self.checked]:
            read = self._live(new, self.fresh)
            self.checked |= {genome: read[:, place] for place, genome in enumerate(new)}
        return self._told(genomes, np.stack([self.checked[genome] for genome in told], axis=1))

    def best(self, count: int) -> list[Genome]:
        """The policies within the limits that are likeliest to succeed, or come nearest to it, at the least cost."""
        for to in (self.rungs[0], len(self.worlds)):
            there = [g for g in self.read if g != self.nothing and len(self.read[g]) >= to]
            ranked = sorted(filter(self._keeps, there), key=self._rank)
            self.live(ranked[: 4 * count], len(self.worlds))
        return ranked[:count]

    def _keeps(self, genome: Genome) -> bool:
        return self.within(self.judge(genome))

    def _rank(self, genome: Genome) -> tuple[float, float]:
        judged = self.judge(genome)
        return (-judged.score, judged.cost)

    def _try_all(self) -> None:
        question = self.question
        every = list(product(range(question.choices), repeat=len(question.labels)))
        with bar(len(every), self.progress, "policies") as advance:
            for first in range(0, len(every), POPULATION):
                self.live(some := every[first : first + POPULATION], len(self.worlds))
                advance(len(some))

    def _evolve(self) -> None:
        optuna, question = need_optuna(), self.question
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.NSGAIISampler(
            population_size=POPULATION, seed=question.config.seed
        )
        study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
        for genome in self._starting_points():
            study.enqueue_trial(self._parameters(genome))
        most = min(question.trials, question.choices ** len(question.labels) - 1)
        try:
            with bar(question.trials, self.progress, "policies") as advance:
                # A population that has settled proposes what is known: asking is bounded too.
                for _ in range(4 * question.trials // POPULATION + 1):
                    known = len(self.read)
                    if known >= most:
                        break
                    asked = [study.ask() for _ in range(POPULATION)]
                    genomes = [self._suggested(trial) for trial in asked]
                    self.race(genomes)
                    for trial, genome in zip(asked, genomes, strict=True):
                        judged = self.judge(genome)
                        study.tell(trial, [min(judged.cost, 1e15), judged.score])
                    advance(len(self.read) - known)
        finally:
            optuna.logging.set_verbosity(before)

    def _starting_points(self) -> Iterator[Genome]:
        """Everything in full at once, and all but one: most bundles work only nearly whole.

        Under limits each measure alone comes first: the whole bundle may be far beyond them.
        """
        count = len(self.question.labels)
        full = 1 + (len(self.question.doses) - 1) * len(self.question.starts)
        if self._limited():
            for alone in range(count):
                yield tuple(full if place == alone else 0 for place in range(count))
        yield (full,) * count
        for left_out in range(min(count, POPULATION // 2)):
            yield tuple(0 if place == left_out else full for place in range(count))

    def _parameters(self, genome: Genome) -> dict[str, int]:
        given: dict[str, int] = {}
        for label, choice in zip(self.question.labels, genome, strict=True):
            dose, start = divmod(max(choice - 1, 0), len(self.question.starts))
            given |= {
                f"{label}.on": int(choice > 0),
                f"{label}.dose": dose,
                f"{label}.start": start,
            }
        return given

    def _suggested(self, trial: Any) -> Genome:
        question, genome = self.question, []
        for label in question.labels:
            on = trial.suggest_int(f"{label}.on", 0, 1)
            dose = trial.suggest_int(f"{label}.dose", 0, len(question.doses) - 1)
            start = trial.suggest_int(f"{label}.start", 0, len(question.starts) - 1)
            genome.append(on * (1 + dose * len(question.starts) + start))
        return tuple(genome)

    def _polish(self) -> None:
        """Change one choice at a time as long as that makes the best policy better."""
        best = min(self._full(), key=self._order)
        for _ in range(_ROUNDS):
            near = list(self._neighbours(best))
            self.race(near)
            found = min(self._full(), key=self._order)
            if self._order(found) >= self._order(best):
                return
            best = found

    def _full(self) -> list[Genome]:
        return [genome for genome, read in self.read.items() if len(read) == len(self.worlds)]

    def _order(self, genome: Genome) -> tuple[bool, float, float]:
        judged = self.judge(genome)
        short = judged.share < self.question.probability or not self.within(judged)
        return (short, -judged.score if short else judged.cost, judged.cost)

    def _neighbours(self, genome: Genome) -> Iterator[Genome]:
        for place, choice in enumerate(genome):
            for other in self._steps(choice):
                yield (*genome[:place], other, *genome[place + 1 :])

    def _steps(self, choice: int) -> Iterator[int]:
        """Off, or one dose or start away; from off to anything."""
        starts, doses = len(self.question.starts), len(self.question.doses)
        if not choice:
            yield from range(1, self.question.choices)
            return
        yield 0
        dose, start = divmod(choice - 1, starts)
        for d, s in ((dose - 1, start), (dose + 1, start), (dose, start - 1), (dose, start + 1)):
            if 0 <= d < doses and 0 <= s < starts:
                yield 1 + d * starts + s

    def _frontier(self) -> list[Genome]:
        """Policies tried in all worlds that none beats in both cost and share, cheapest first."""
        judged = {genome: self.judge(genome) for genome in self._full()}
        kept: list[Genome] = []
        best = -1.0
        for genome in sorted(judged, key=lambda g: (judged[g].cost, -judged[g].share, g)):
            if self.within(judged[genome]) and judged[genome].share > best:
                best = judged[genome].share
                kept.append(genome)
        return kept

    # --- telling --------------------------------------------------------------------------------

    def _told(self, frontier: list[Genome], fresh: np.ndarray) -> dict[str, pd.DataFrame]:
        question, rows, parts = self.question, [], []
        for number, genome in enumerate(frontier):
            checked = self._judged(fresh[:, 1 + number], fresh[:, 0])
            sure = paired.wilson(round(checked.share * checked.worlds), max(checked.worlds, 1))
            row: dict[str, Any] = {"policy": number, "cost": checked.cost, "hours": checked.hours}
            row |= {"yuan": checked.yuan, "measures": sum(choice > 0 for choice in genome)}
            row |= {"searched": self.judge(genome).share, "probability": sure.value}
            row |= {"low": sure.low, "high": sure.high, "within": self.within(checked)}
            row |= {
                f"hours_{payer}": hours
                for (payer, _), hours in zip(question.hours_of, checked.given, strict=True)
            }
            means = known.mean(fresh[:, 1 + number, : len(question.goals)], axis=0)
            row |= {
                f"{g.indicator}_{g.month}": m for g, m in zip(question.goals, means, strict=True)
            }
            rows.append(row)
            parts += [
                {"policy": number, "measure": label, **question.setting(choice)}
                for label, choice in zip(question.labels, genome, strict=True)
                if choice
            ]
        table = pd.DataFrame(rows)
        enough = (table["probability"] >= question.probability) & table["within"]
        best = table.loc[enough, "cost"].idxmin() if enough.any() else -1
        table["chosen"] = table.index == best
        columns = {"policy": "int64", "measure": "str", "dose": "float64", "start": "int64"}
        policies = pd.DataFrame(parts, columns=list(columns)).astype(columns)
        return {"frontier": table, "policies": policies, "candidates": self._candidates(frontier)}

    def _split(self, frontier: list[Genome], table: pd.DataFrame) -> pd.DataFrame:
        """What of the spread of what the chosen policy adds is chance: some fresh worlds are lived a second time."""
        question, rows = self.question, list[dict[str, Any]]()
        first = question.config.seed + question.worlds
        config = question.config.model_copy(update={"seed": first})
        # Draws of a posterior are worlds of their own, no parameter sets of seeds.
        seeds = [] if question.posterior else doubt.twice(config, question.check)
        for number in table.index[table["chosen"]] if seeds else ():
            pair = [self.nothing, frontier[number]]
            here, again = (
                read[:, 1] - read[:, 0]
                for read in (
                    np.stack([self.checked[genome] for genome in pair], axis=1),
                    self._live(pair, [World(seed) for seed in seeds]),
                )
            )
            effects = {first + place: effect for place, effect in enumerate(here)}
            found = doubt.shares(effects, list(again), first)
            rows += [
                {
                    "policy": number,
                    "outcome": goal.indicator,
                    "month": goal.month,
                    **doubt.named(share),
                }
                for goal, share in zip(question.goals, found, strict=False)
            ]
        return pd.DataFrame(rows, columns=["policy", "outcome", "month", *doubt.NAMED])

    def _candidates(self, frontier: list[Genome]) -> pd.DataFrame:
        rows = [
            {key: value for key, value in self.judge(genome)._asdict().items() if key != "given"}
            | {"frontier": genome in frontier}
            | dict(zip(self.question.labels, genome, strict=True))
            for genome in self.read
        ]
        return pd.DataFrame(rows)


def _live_policies(
    question: Question,
    readings: list[Reading | HoursOf],
    model: Callable[..., Any] | None,
    genomes: list[Genome],
    world: World,
) -> np.ndarray:
    policies = [question.policy(genome) for genome in genomes]
    return worlds.live_in(question.config.resolved(), policies, readings, model, world)
