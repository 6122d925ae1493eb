"""The core of behaviour: the few numbers that stay free, each with what is known of it.

Everything else is fixed with its source, or is a trait of a case or a compound. A prior's middle is the
schema's default, which a search over levels and cases set (docs/evidence.md, "Run again"); its ends are what sources or
levels leave possible. Calibration, screening and robustness vary these where nothing else is said.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from sim.config import Config
from sim.schema import Described

CORE_NAME = "core"
"""In a list of groups: all of the core."""

MOST = 25
"""Numbers of the core at most."""

SOURCE, LEVEL, ASSUMED = "source", "level", "assumed"
"""What a default was set from: a figure or finding that is cited, levels of many compounds, or nothing firmer."""


class Prior(NamedTuple):
    """What is held of a number before a case is looked at.

    Attributes:
        low, high: Ends.
        likely: Where it is most likely; None where all between the ends is alike.
    """

    low: float
    high: float
    likely: float | None = None

    @property
    def law(self) -> tuple[str, tuple[float, ...], float, float]:
        """Name in scipy, shape, place and width: uniform, or the beta of PERT (Malcolm et al. 1959)."""
        wide = self.high - self.low
        if self.likely is None:
            return "uniform", (), self.low, wide
        before, behind = (self.likely - self.low) / wide, (self.high - self.likely) / wide
        return "beta", (1.0 + 4.0 * before, 1.0 + 4.0 * behind), self.low, wide

    def quantile(self, share: np.ndarray | float) -> np.ndarray:
        """Values below which shares of the prior lie."""
        name, shape, low, wide = self.law
        if name == "uniform":
            return np.asarray(low + wide * np.asarray(share))
        return np.asarray(low + wide * stats.beta.ppf(share, *shape))


class Core(NamedTuple):
    """One number of the core.

    Attributes:
        key: Key of the configuration; its default is the prior's most likely value.
        low, high: Ends of the prior.
        by: What the default was set from: ``SOURCE``, ``LEVEL`` or ``ASSUMED``.
        source: What the prior rests on.
    """

    key: str
    low: float
    high: float
    by: str
    source: str

    @property
    def described(self) -> Described:
        """What the schema says of it."""
        return next(row for row in Config.describe() if row.key == self.key)

    @property
    def prior(self) -> Prior:
        """Its prior."""
        return Prior(self.low, self.high, float(self.described.default))


CORE = (
    # Who people are.
    Core(
        "population.conditional_share", 0.35, 0.65, SOURCE, "50 percent of people (Fischbacher, Gächter and Fehr "
        "2001, doi 10.1016/S0165-1765(01)00394-9), 55 by a mixed logit",
    ),
    Core(
        "population.free_rider_share", 0.05, 0.33, SOURCE,
        "up to a third in the same experiments; 40 percent say they do not pay or do not mean to (D017)",
    ),
    Core(
        "population.burden_mean", 0.05, 0.35, ASSUMED, "assumed: hardship is hardly named among reasons (D012, D017)",
    ),
    Core(
        "population.taste_sd", 0.1, 0.3, LEVEL,
        "27 good, 59 middling, 14 poor in thirds of a scale: a spread of 0.2 over people and compounds (D019)",
    ),
    # Paying.
    Core(
        "fees.base_conditional", 0.3, 2.5, LEVEL,
        "71 to 90 percent collected in ordinary compounds (W), 60 to 65 in whole cities (D010, D051)",
    ),
    Core(
        "fees.base_free_rider", -2.0, 0.6, LEVEL,
        "the same levels: nine of ten at most in ordinary compounds, all in some of a good firm (D054)",
    ),
    Core(
        "fees.norm_conditional", 1.0, 4.0, SOURCE, "four times the slope of what is given on what others are believed "
        "to give: 0.5 to 1 in the experiments, and half of the least where neighbours are not seen to pay (assumed)",
    ),
    Core(
        "fees.service", 3.0, 10.0, LEVEL, "service is the reason named first (D012, D094: 92 percent); weight from "
        "levels: an ordinary compound at 71 to 90, a good firm's over 90 (D054)",
    ),
    Core(
        "fees.trust", 0.0, 3.0, ASSUMED, "openness and trust: no effect on payment in trials (doi "
        "10.1016/j.jebo.2025.107042) to the told loss of it (seed 000); weight assumed, 0 included",
    ),
    Core(
        "fees.grievance", 0.5, 4.0, ASSUMED, "unsolved matters as reason to refuse (seed 004; D012); weight assumed",
    ),
    Core(
        "fees.company", 1.0, 10.0, ASSUMED, "many refuse only in company (Granovetter 1978; 法不责众); whole "
        "compounds fall to 10 percent and come back within two years (K053, K087); weight assumed",
    ),
    Core("fees.habit", 0.5, 3.5, ASSUMED, "past payment predicts payment (D047); weight assumed"),
    Core(
        "fees.dunning", 0.0, 1.0, ASSUMED, "reminders raise payment of overdue property tax in China (grade F); "
        "official dunning twice without effect (K042); weight assumed",
    ),
    Core(
        "fees.free_habit", 1.0, 5.0, ASSUMED, "free service seen as a right (seed 002); weight assumed",
    ),
    Core("fees.price", 0.5, 2.5, SOURCE, "1 percent higher, 0.23 points fewer pay on time (D050)"),
    # Judging.
    Core(
        "perception.contrast", 0.0, 1.0, ASSUMED, "disconfirmed expectations are among what satisfaction hangs on "
        "most, less so for services (Szymanski and Henard 2001, doi 10.1177/0092070301291002); weight assumed",
    ),
    Core(
        "perception.adapts", 0.02, 0.12, ASSUMED, "people get used to most changes within half a year to some years "
        "(reviewed by Luhmann and Intelisano 2018); rate assumed",
    ),
    Core(
        "perception.hearsay", 0.05, 0.5, ASSUMED, "opinions move toward neighbours' (DeGroot 1974); 57 percent talk "
        "weekly or more, 28 never (D064); weight assumed",
    ),
    Core(
        "perception.opacity", 0.0, 0.16, ASSUMED,
        "openness betters attitudes (doi 10.1016/j.jebo.2025.107042); size assumed, 0 included",
    ),
    # Anger.
    Core(
        "conflict.discontent", 0.0, 0.15, ASSUMED, "services decline, conflicts sharpen (seed 004); rate assumed",
    ),
    Core(
        "conflict.legacy", 0.02, 0.1, ASSUMED,
        "promises not kept are one of two main reasons (D012; seed 004); rate assumed",
    ),
    Core(
        "conflict.forgets", 0.04, 0.16, ASSUMED,
        "old grievances are carried over to a new firm for a year and more (K042); rate assumed",
    ),
    # Firms.
    Core(
        "firm.diligence", 0.6, 0.9, LEVEL, "59 to 75 of 100 in surveys of satisfaction (EVIDENCE, D031, D068)",
    ),
    Core(
        "firm.full_cost", 0.65, 0.95, SOURCE,
        "below 80 percent collected a firm cannot keep going, says an office (D010)",
    ),
    # Taking part.
    Core("participation.base", -3.6, -1.6, ASSUMED, "assumed"),
)  # fmt: skip
"""In the order of the document."""

PRIORS = {one.key: one.prior for one in CORE}
"""Priors of the core by key."""
