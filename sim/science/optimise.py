"""The cheapest policy that reaches a target with a given probability, and the frontier around it.

A policy is a choice, for each candidate measure, of off or one of the doses and starts on offer. All
policies are tried in the same worlds (a seed, and where a posterior is given a draw of it), so that
chance does not decide between two of them. NSGA-II (Deb et al. 2002, as in Optuna) looks for policies
that are cheap and likely to succeed; each new policy is tried in few worlds first, and in more only
while it may still matter. Steps of one change then polish the cheapest one that is likely enough.
What is on the frontier is tried once more in worlds that the search has not seen, since the luckiest
of many policies looks better than it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.compose import Setting, parse
from sim.config import Config, Policy
from sim.errors import InputError
from sim.experiments import paired, store
from sim.experiments.progress import announce_compiling, bar
from sim.experiments.run import check_seeds
from sim.explain import show, unknown_name
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.science import kept, words, worlds
from sim.science.kept import Asked
from sim.science.sensitivity import case
from sim.science.worlds import Reading, World

WORDS = (
    "target", "probability", "measures", "doses", "starts", "hour_yuan", "hours_most", "yuan_most",
    "posterior", "trials", "worlds", "check", "method",
)  # fmt: skip
TABLES = ("frontier", "policies", "candidates")

POPULATION = 24
"""Policies of one generation."""

MOST_POLICIES = 20_000
"""Most policies that are all tried."""

_GOAL = re.compile(r"(\w+)\s*(>=|<=)\s*([-+.\deE]+?)\s*(%?)\s*(?:at\s*\+?\s*(\d+))?")
_FIRST_RUNG = 4
"""The first worlds are this part of all."""

_ROUNDS = 20

Genome = tuple[int, ...]
"""Choice for each measure: 0 is off, else 1 + dose * number of starts + start."""


class Goal(NamedTuple):
    """One condition: an indicator in a month, at least (sign 1) or at most (sign -1) a bound."""

    indicator: str
    sign: int
    bound: float
    month: int

    def margin(self, values: np.ndarray) -> np.ndarray:
        """By how much values pass, relative to the bound's size or 1."""
        return self.sign * (values - self.bound) / max(abs(self.bound), 1e-9)


@dataclass(frozen=True)
class Question:
    """What is sought.

    Attributes:
        config: Scenario and candidate measures with their other settings.
        goals: Conditions that all have to hold.
        probability: In this share of worlds at least.
        doses: On offer for every measure.
        starts: First months on offer for every measure.
        hour_yuan: What an hour of anybody's work counts for, in yuan.
        hours_most: Limit on mean hours beyond those without measures; infinite for none.
        yuan_most: Limit on mean yuan.
        posterior: File of draws, "" for the scenario's parameters.
        trials: Different policies tried by the search.
        worlds: Worlds of the search.
        check: Further worlds in which the frontier is tried.
        method: "nsga2", or "exhaustive" for every policy.
    """

    config: Config
    goals: tuple[Goal, ...]
    probability: float = 0.9
    doses: tuple[float, ...] = (0.5, 1.0)
    starts: tuple[int, ...] = (1, 7)
    hour_yuan: float = 30.0
    hours_most: float = math.inf
    yuan_most: float = math.inf
    posterior: str = ""
    trials: int = 400
    worlds: int = 32
    check: int = 100
    method: str = "nsga2"

    @property
    def labels(self) -> list[str]:
        """Candidate measures in the catalogue's order."""
        return [entry.label for entry in self.config.policy.entries()]

    @property
    def choices(self) -> int:
        """Choices for one measure, off among them."""
        return 1 + len(self.doses) * len(self.starts)

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        own = {name: getattr(self, name) for name in WORDS if name not in ("target", "measures")}
        own |= {key: None for key in ("hours_most", "yuan_most") if math.isinf(own[key])}
        own |= {"doses": list(self.doses), "starts": list(self.starts)}
        own["goals"] = [list(goal) for goal in self.goals]
        own["posterior"] = store.sha256(Path(self.posterior)) if self.posterior else ""
        libraries = ("optuna",) if self.method == "nsga2" else ()
        return Asked("optimise", self.config, own, libraries)

    def policy(self, genome: Genome) -> Policy:
        """The policy that a genome stands for."""
        measures = {}
        for label, choice in zip(self.labels, genome, strict=True):
            if choice:
                given = dict(self.config.policy.measures[label])
                measures[label] = given | self.setting(choice)
        return Policy(name="optimised", measures=measures)

    def setting(self, choice: int) -> dict[str, Any]:
        """Dose and start of a choice that is not off."""
        dose, start = divmod(choice - 1, len(self.starts))
        return {"dose": self.doses[dose], "start": self.starts[start]}


@dataclass(frozen=True)
class Optimum:
    """The frontier of cost against probability.

    Attributes:
        question: What was sought.
        frontier: A row per policy that none of those tried beats in both cost and probability,
            cheapest first: ``policy`` (number), ``cost`` in yuan, hours turned into yuan; ``hours``,
            ``yuan``, means beyond those without measures; ``searched``, share of the search's worlds
            in which the target was reached; ``probability``, the same share in the worlds of the
            check, with Wilson's interval ``low`` to ``high``; the mean of every indicator of the
            target; ``within``, whether it keeps the limits; ``chosen``.
        policies: A row per policy of the frontier and measure: dose and start.
        candidates: A row per policy tried: cost, share of worlds, how many worlds, its choices.
        folder: Where it is kept, None if it is not.
    """

    question: Question
    frontier: pd.DataFrame = field(repr=False)
    policies: pd.DataFrame = field(repr=False)
    candidates: pd.DataFrame = field(repr=False)
    folder: Path | None = None

    @property
    def chosen(self) -> pd.Series | None:
        """Row of the cheapest policy that is likely enough in the check; None if there is none."""
        rows = self.frontier[self.frontier["chosen"]]
        return rows.iloc[0] if len(rows) else None

    def settings(self, policy: int) -> list[str]:
        """Words for ``xiaoqu run`` or ``compare`` that stand for a policy of the frontier."""
        rows = self.policies[self.policies["policy"] == policy].to_dict("records")
        if not rows:
            return ["policy=none"]
        told = [f"policy=[{','.join(row['measure'] for row in rows)}]"]
        for row in rows:
            place = f"policy.measures.{row['measure']}"
            given = self.question.config.policy.measures[row["measure"]]
            own = {key: value for key, value in given.items() if key not in ("dose", "start")}
            own |= {"dose": row["dose"], "start": row["start"]}
            told += [f"{place}.{key}={value}" for key, value in own.items()]
        return told


# --- asking -------------------------------------------------------------------------------------


def optimise(
    scenario: str = "kangqiao",
    *overrides: str,
    out: Path | None = None,
    progress: bool = False,
    config_dir: Path | None = None,
    force: bool = False,
    model: Callable[..., Any] | None = None,
    **own: Any,
) -> Optimum:
    """Seek the cheapest policy that reaches a target with a given probability.

    Args:
        scenario: Name of a scenario; the measures of its own policy are the candidates unless
            others are set.
        *overrides: Settings as on the command line.
        out: Folder of all results; None keeps nothing.
        progress: Show a bar on standard error.
        config_dir: Folder with configuration groups of your own.
        force: Search again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it.
        **own: ``target``; ``probability``; ``measures`` (names, or "all") instead of a policy;
            ``doses``; ``starts``; ``hour_yuan``, yuan that an hour counts for; ``hours_most``,
            ``yuan_most``; ``posterior``, a Parquet file of draws; ``trials``; ``worlds``;
            ``check``; ``method``; other keys are settings as ``load`` takes them.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given = {key: own.pop(key) for key in WORDS if key in own}
    settings: list[Setting] = [("scenario", scenario)]
    settings += [(key.replace("__", "."), value) for key, value in own.items()]
    settings += [parse(text) for text in overrides]
    return answer(ask(given, settings, config_dir), out, progress, force=force, model=model)


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    # A target has signs that Hydra's grammar does not let stand in a value.
    targets = [text for text in overrides if text.startswith("target=")]
    if len(targets) > 1:
        raise InputError("target", "is given twice", "conditions joined by and")
    own, settings = words.split([text for text in overrides if text not in targets], WORDS)
    if targets:
        own["target"] = targets[0].partition("=")[2].strip("\"' ")
    return ask(own, settings, config_dir)


def ask(
    own: dict[str, Any], settings: Sequence[Setting], config_dir: Path | None = None
) -> Question:
    """Check what is asked; ``optimise`` says what is taken.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    goals = parse_target(own.get("target", ""))
    keys = {key for key, _ in settings}
    if "months" in keys:
        raise InputError("months", "is the target's month here", '"collection_rate>=0.7 at +24"')
    if "measures" in own:
        if "policy" in keys:
            raise InputError("measures", "policy is given too", "one of the two")
        settings = [*settings, ("policy", _candidates(own["measures"]))]
    last = max(goal.month for goal in goals)
    config = case([*settings, ("months", last)], {}, config_dir)
    if not config.policy.entries():
        allowed = "measures=[a,b], measures=all, or policy=NAME for the measures of a bundle"
        raise InputError("measures", "no candidates are named", allowed)
    method = own.get("method", "nsga2")
    if method not in ("nsga2", "exhaustive"):
        raise InputError("method", f"{show(method)} is not known", "nsga2, exhaustive")
    counts = {
        key: words.whole(key, own.get(key, getattr(Question, key)), 4, 100_000)
        for key in ("trials", "worlds", "check")
    }
    limits: dict[str, Any] = {
        key: words.number(key, own[key], 0, 1e15)
        for key in ("hours_most", "yuan_most")
        if own.get(key) is not None
    }
    usual = [start for start in Question.starts if start <= last]
    question = Question(
        config,
        goals,
        probability=words.number("probability", own.get("probability", 0.9), 0.01, 1),
        doses=_levels("doses", own.get("doses", Question.doses), words.number, 0.01, 2),
        starts=_levels("starts", own.get("starts", usual), words.whole, 1, last),
        hour_yuan=words.number("hour_yuan", own.get("hour_yuan", Question.hour_yuan), 0, 1e6),
        posterior=str(own.get("posterior") or ""),
        method=method,
        **counts,
        **limits,
    )
    check_seeds(config, question.worlds + question.check)
    size = question.choices ** len(question.labels)
    if method == "exhaustive" and size > MOST_POLICIES:
        raise InputError(
            "method", f"exhaustive would try {size} policies", f"up to {MOST_POLICIES}"
        )
    return question


def _candidates(given: Any) -> list[str]:
    known = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
    if given == "all":
        return known
    names = words.listed("measures", given)
    for name in names:
        if name not in known:
            raise unknown_name("measures", f"no measure is named {show(name)}", str(name), known)
    return names


def _levels(key: str, value: Any, check: Callable[..., Any], low: float, high: float) -> Any:
    return tuple(sorted(check(key, one, low, high) for one in words.listed(key, value)))


def parse_target(text: str) -> tuple[Goal, ...]:
    """Read ``INDICATOR>=NUMBER at +MONTH``, several joined by ``and``.

    Raises:
        InputError: It is not written so, or names no indicator.
    """
    allowed = '"collection_rate>=0.7 at +24", several joined by "and"'
    if not isinstance(text, str) or not text.strip():
        raise InputError("target", "is missing", allowed)
    goals = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = _GOAL.fullmatch(part.strip())
        if found is None:
            raise InputError("target", f"{show(part)} cannot be read", allowed)
        name, sign, number, percent, month = found.groups()
        words.indicators("target", name)
        try:
            bound = float(number) / (100 if percent else 1)
        except ValueError:
            raise InputError("target", f"{show(number)} is no number", allowed) from None
        indicator = INDICATORS[name]
        if not indicator.low <= bound <= indicator.high:
            span = f"{indicator.low:g} to {indicator.high:g}"
            raise InputError("target", f"{name} never is {bound:g}", span)
        at = int(month or 24)
        words.whole("target", at, 1, 600)
        goals.append(Goal(name, 1 if sign == ">=" else -1, bound, at))
    return tuple(goals)


def answer(
    question: Question,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
) -> Optimum:
    """Search for what a question seeks, or read its answer back.

    Raises:
        InputError: An unusable ``out`` or posterior, or the extra ``science`` is not installed.
    """
    if question.method == "nsga2":
        _optuna()
    # Read before anything is lived, so that a wrong file costs nothing.
    tried = _worlds(question)

    def make() -> dict[str, pd.DataFrame]:
        return _Search(question, tried, progress, model).tables()

    tables, folder = kept.answered(question.asked, TABLES, make, out, progress, force)
    return Optimum(question, **tables, folder=folder)


def _worlds(question: Question) -> list[World]:
    """Worlds of the search, then those of the check."""
    config, sizes = question.config, (question.worlds, question.check)
    firsts = (config.seed, config.seed + question.worlds)
    if not question.posterior:
        return worlds.seed_worlds(sum(sizes), firsts[0])
    draws = worlds.read_posterior(question.posterior)
    # Two samples of their own: each by itself is spread as the weights say.
    return [
        world
        for size, first in zip(sizes, firsts, strict=True)
        for world in worlds.posterior_worlds(config, draws, size, first)
    ]


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        raise InputError(
            "method", "optuna is not installed", "pip install 'xiaoqu[science]'"
        ) from None
    return optuna


# --- searching ----------------------------------------------------------------------------------


class _Judged(NamedTuple):
    """What is known of a policy: cost, hours, yuan, share of worlds reached, score, worlds."""

    cost: float
    hours: float
    yuan: float
    share: float
    score: float
    worlds: int


class _Search:
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
        self.readings = [Reading(goal.indicator, goal.month) for goal in question.goals]
        self.each = partial(_live_policies, question, self.readings, model)
        self.nothing: Genome = (0,) * len(question.labels)
        self.read: dict[Genome, np.ndarray] = {}
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
        known = ~(np.isnan(read[:, -2:]).any(axis=1) | np.isnan(bare[:, -2:]).any(axis=1))
        if not known.any():
            return _Judged(math.inf, math.inf, math.inf, 0.0, -2.0, 0)
        read, bare = read[known], bare[known]
        margins = np.array([g.margin(read[:, k]) for k, g in enumerate(question.goals)])
        least = np.where(np.isnan(margins), -1.0, margins).min(axis=0)
        share = float(np.mean(least >= 0))
        hours, yuan = (float(v) for v in (read[:, -2:] - bare[:, -2:]).mean(axis=0))
        cost = question.hour_yuan * hours + yuan
        # Far below the target every share is 0; how far below then leads the search.
        score = share + 1e-3 * float(np.clip(least, -1, 0).mean())
        over = (
            max(hours / question.hours_most, yuan / question.yuan_most, 0.0)
            if self._limited()
            else 0.0
        )
        if over > 1:
            score = -over
        return _Judged(cost, hours, yuan, share, score, len(read))

    def _limited(self) -> bool:
        return math.isfinite(self.question.hours_most) or math.isfinite(self.question.yuan_most)

    def within(self, judged: _Judged) -> bool:
        """Whether a policy keeps the limits."""
        return judged.hours <= self.question.hours_most and judged.yuan <= self.question.yuan_most

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
        if self.progress:
            announce_compiling()
        self.live([self.nothing], len(self.worlds))
        if self.question.method == "exhaustive":
            self._try_all()
        else:
            self._evolve()
            self._polish()
        frontier = self._frontier()
        return self._told(frontier, self._live([self.nothing, *frontier], self.fresh))

    def _try_all(self) -> None:
        question = self.question
        every = list(product(range(question.choices), repeat=len(question.labels)))
        with bar(len(every), self.progress, "policies") as advance:
            for first in range(0, len(every), POPULATION):
                self.live(some := every[first : first + POPULATION], len(self.worlds))
                advance(len(some))

    def _evolve(self) -> None:
        optuna, question = _optuna(), self.question
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
        """Everything in full at once, and all but one: most bundles work only nearly whole."""
        count = len(self.question.labels)
        full = 1 + (len(self.question.doses) - 1) * len(self.question.starts)
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
            sure = paired._wilson(round(checked.share * checked.worlds), max(checked.worlds, 1))
            row: dict[str, Any] = {"policy": number, "cost": checked.cost, "hours": checked.hours}
            row |= {"yuan": checked.yuan, "measures": sum(choice > 0 for choice in genome)}
            row |= {"searched": self.judge(genome).share, "probability": sure.value}
            row |= {"low": sure.low, "high": sure.high, "within": self.within(checked)}
            means = np.nanmean(fresh[:, 1 + number, : len(self.readings)], axis=0)
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

    def _candidates(self, frontier: list[Genome]) -> pd.DataFrame:
        rows = [
            self.judge(genome)._asdict()
            | {"frontier": genome in frontier}
            | dict(zip(self.question.labels, genome, strict=True))
            for genome in self.read
        ]
        return pd.DataFrame(rows)


def _live_policies(
    question: Question,
    readings: list[Reading],
    model: Callable[..., Any] | None,
    genomes: list[Genome],
    world: World,
) -> np.ndarray:
    policies = [question.policy(genome) for genome in genomes]
    return worlds.live_in(question.config.resolved(), policies, readings, model, world)
