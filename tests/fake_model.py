"""Stand-ins for the model with known numbers, importable by worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from sim.config import Config
from sim.errors import InputError
from sim.outcomes import INDICATORS

HISTORY, COMPOUNDS = 6, 2


class Recorder:
    """What the fake lived: every value depends on seed, month, compound and indicator."""

    def __init__(self, config: Config, seed: int) -> None:
        self.months = np.arange(1 - HISTORY, config.months + 1)
        months, compounds, places = np.meshgrid(
            self.months, np.arange(COMPOUNDS), np.arange(len(INDICATORS)), indexing="ij"
        )
        noise = np.random.default_rng(seed).random(months.shape)
        self.values = (noise + (months + HISTORY) / 30 + compounds + places / 100) / 5
        self.costs: list[dict[str, Any]] = [
            {
                "month": int(month),
                "compound": 0,
                "actor": "cell",
                "measure": "visits",
                "hours": float(seed),
                "yuan": 10.0,
            }
            for month in self.months
        ]


class FakeModel:
    """Lives at once and writes down what it lived."""

    def __init__(self, config: Config, *, seed: int) -> None:
        self.config, self.seed = config, seed

    def run(self) -> None:
        """Live."""
        self.recorder = Recorder(self.config, self.seed)


class Apart:
    """Beside a stand-in: how far a run is off hangs on a parameter that is drawn, or on the seed."""

    by_seed = False
    config: Config
    seed: int

    @property
    def apart(self) -> float:
        """So far."""
        if self.by_seed:
            return float(np.random.default_rng(self.seed).normal())
        return self.config.fees.trust - 1.5


class FailsOnEvenSeeds(FakeModel):
    """Breaks while it lives whenever the seed is even."""

    def run(self) -> None:
        """Live, or break."""
        if self.seed % 2 == 0:
            raise ZeroDivisionError("no households\nleft")
        super().run()


class NeverBuilds:
    """Breaks before it lives."""

    def __init__(self, config: Config, *, seed: int) -> None:
        raise MemoryError("too large")


class Refuses:
    """Refuses its input."""

    def __init__(self, config: Config, *, seed: int) -> None:
        raise InputError("network.file", "'x.csv' is not there", "a file")


class WrongShape(FakeModel):
    """Records one indicator too few."""

    def run(self) -> None:
        """Live and record badly."""
        super().run()
        self.recorder.values = self.recorder.values[:, :, 1:]


class Interrupted(FakeModel):
    """Is stopped by the user at the third seed."""

    def run(self) -> None:
        """Live, or be stopped."""
        if self.seed == 3:
            raise KeyboardInterrupt
        super().run()


def configuration(**keys: Any) -> Config:
    """A small configuration with one target fitted and one predicted."""
    from sim.config import Policy, Scenario, Target

    targets = [
        Target(
            indicator="collection_rate",
            month=12,
            low=0.0,
            high=1.0,
            reported=0.7,
            label="fees",
            source="004",
            fitted=True,
        ),
        Target(indicator="satisfied_share", month=12, low=0.9, high=1.0, label="joy"),
        Target(indicator="grievance", month=300, low=0.0, high=1.0, label="beyond the run"),
    ]
    scenario = Scenario(
        name="测试/case", title="A case", title_zh="案例", history_months=6, targets=targets
    )
    policy = Policy(name="visits", measures={"member_contact": {"start": 2, "end": 12}})
    given = {"months": 14, "replications": 5, "scenario": scenario, "policy": policy}
    return Config(**{**given, "executor": {"workers": 1}, **keys})


class Steered(FakeModel):
    """Lives as environment variables say.

    FAKE_SECONDS: how long each run takes. FAKE_KILLS: folder with a file for each run of seed 3
    that takes its process down with it, as a system short of memory does; never that of FAKE_MAIN.
    """

    def run(self) -> None:
        """Live after a moment, or end the process."""
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        apart = os.environ.get("FAKE_MAIN", str(os.getpid())) != str(os.getpid())
        for path in sorted(Path(os.environ.get("FAKE_KILLS", "nowhere")).glob("*")):
            if apart and self.seed == 3:
                path.unlink(missing_ok=True)
                os.kill(os.getpid(), signal.SIGKILL)
        super().run()


def arm(kills: Path, count: int) -> None:
    """Let this many processes end."""
    kills.mkdir(exist_ok=True)
    for path in kills.iterdir():
        path.unlink()
    for number in range(count):
        (kills / str(number)).touch()


def armed(kills: Path) -> int:
    """How many processes are still to end."""
    return len(list(kills.iterdir()))


class Starved(FakeModel):
    """Has too little memory for seed 2 as long as the file FAKE_STARVED is there."""

    def run(self) -> None:
        """Live, or fail in a way that may pass."""
        if self.seed == 2 and Path(os.environ["FAKE_STARVED"]).exists():
            raise MemoryError("too little")
        super().run()


class RefusesEven(FakeModel):
    """Refuses its input whenever the seed is even, and counts how often it was asked."""

    def run(self) -> None:
        """Live, or refuse."""
        with Path(os.environ["FAKE_ASKED"]).open("a") as file:
            file.write("x")
        if self.seed % 2 == 0:
            raise InputError("seed", f"{self.seed} is even", "an odd number")
        super().run()
