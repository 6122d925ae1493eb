"""What is sought: conditions that a policy has to meet, and the policies on offer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim import files
from sim.config import Config, Policy
from sim.experiments.kept import Asked

Genome = tuple[int, ...]
"""Choice for each measure: 0 is off, else 1 + dose * number of starts + start."""

_SAID = (
    "probability", "doses", "starts", "hour_yuan", "hours_most", "yuan_most", "posterior", "trials", "worlds",
    "check", "method",
)  # fmt: skip


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
        hours_of: Limits on mean hours a month by who gives them, as ``Payer`` names them.
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
    hours_of: tuple[tuple[str, float], ...] = ()
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
        own = {name: getattr(self, name) for name in _SAID}
        own |= {key: None for key in ("hours_most", "yuan_most") if math.isinf(own[key])}
        own |= {"doses": list(self.doses), "starts": list(self.starts)}
        own["goals"] = [list(goal) for goal in self.goals]
        if self.hours_of:
            own["hours_of"] = dict(self.hours_of)
        own["posterior"] = files.content_hash(self.posterior) if self.posterior else ""
        libraries = ("optuna",) if self.method == "nsga2" else ()
        paths = (self.posterior,) if self.posterior else ()
        return Asked("optimise", self.config, own, libraries, paths=paths)

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
