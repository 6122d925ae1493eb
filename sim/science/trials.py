"""Published field trials of single measures, run in the model as they were run outside.

In each, households of one untouched ordinary compound are drawn by lot to treated and control (``halves.Halves``),
the measure is in force as long as in the trial, and the same outcome is read at the same distance. Every seed also
lives the compound without the measure: what the two groups differ by there, by the luck of the lot, is taken off,
as trials do with what was known before. Bands are the published results; none is moved to fit the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import load
from sim.config import OFF, Config, Policy
from sim.experiments.run import spread
from sim.model import NeighborhoodModel
from sim.science.halves import Halves
from sim.science.holding import Band, drawn, draws_of, frame_of, verdict_of_mean, with_draw
from sim.world.tables import Tenure

SCENARIO = "ordinary_estate"

BEFORE = 24
"""Months lived before the year of the trial, so that the compound has settled."""

PER_SEED = 10
"""Compounds for each seed of the other checks: few households are subjects of a trial."""

SETTINGS: Mapping[str, Any] = {"scenario__first_month": 1, "bills__own_date": 0.0}
"""Month 1 is a January, and all subjects of a trial have the same bill, that of January to December."""

Reads = Callable[[Any], np.ndarray]


def paid_this_year(h: Any) -> np.ndarray:
    """Whether the bill that has just fallen due was paid; read in a December."""
    return np.asarray((h.unpaid & 1) == 0)


def out_of_debt(h: Any) -> np.ndarray:
    """Whether nothing is overdue."""
    return np.asarray(h.arrears_fen == 0)


def attitude(h: Any) -> np.ndarray:
    """Satisfaction with the service and trust in the firm, their mean."""
    return np.asarray(0.5 * (h.satisfaction + h.trust_firm))


def everybody(h: Any) -> np.ndarray:
    """Every household that lives there."""
    return np.asarray(h.tenure != Tenure.VACANT)


def owing(h: Any) -> np.ndarray:
    """Who is overdue with anything."""
    return everybody(h) & (h.arrears_fen > 0)


def long_owing(h: Any) -> np.ndarray:
    """Who is overdue by a year or more."""
    return everybody(h) & (h.arrears_months >= 12)


@dataclass(frozen=True)
class Outcomes:
    """One trial in one seed.

    Attributes:
        treated, control: Of the subjects of each group, what came (subjects,).
        treated_else, control_else: What came of the same without the measure.
        touched: Of those treated, on whom the measure itself acted (who was sued).
    """

    treated: np.ndarray
    control: np.ndarray
    treated_else: np.ndarray
    control_else: np.ndarray
    touched: np.ndarray


Measured = Callable[[Outcomes], float]


def points(o: Outcomes) -> float:
    """Treated less control, in percentage points."""
    return 100.0 * _effect(o)


def relative(o: Outcomes) -> float:
    """Treated less control, relative to control, in percent."""
    base = float(known.mean(o.control))
    return 100.0 * _effect(o) / base if base else math.nan


def deviations(o: Outcomes) -> float:
    """Treated less control, in standard deviations among the control."""
    spread_ = float(o.control.std())
    return _effect(o) / spread_ if spread_ else math.nan


def share_of_touched(o: Outcomes) -> float:
    """Of those on whom it acted, the share with the outcome, in percent."""
    return 100.0 * float(known.mean(o.treated[o.touched]))


def spilled(o: Outcomes) -> float:
    """What all who were not treated gained, relative to what all treated gained."""
    direct = float(o.treated.sum() - o.treated_else.sum())
    return float(o.control.sum() - o.control_else.sum()) / direct if direct > 0 else math.nan


def _effect(o: Outcomes) -> float:
    lot = known.mean(o.treated_else) - known.mean(o.control_else)
    return float(known.mean(o.treated) - known.mean(o.control) - lot)


@dataclass(frozen=True)
class Trial:
    """A published trial and what it found.

    Attributes:
        name, en, zh: Name, and what was tried.
        policy: Measures as in a policy file; the months are those of the trial's year, 1 January to 12 December.
        months: The month before which subjects are chosen, and that at whose end the outcome is read.
        subjects: Who took part, as they are before the first month.
        outcome: What is read of them.
        measured: How the effect is counted.
        unit: Of the effect.
        band: What was published.
        share: Share of subjects treated.
        settings: What else the compound differs by.
    """

    name: str
    en: str
    zh: str
    policy: Mapping[str, Mapping[str, Any]]
    months: tuple[int, int]
    subjects: Reads
    outcome: Reads
    measured: Measured
    unit: str
    band: Band
    share: float = 0.5
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self, **keys: Any) -> Config:
        """What is lived, with the measure."""
        measures = {
            label: {**of, "start": BEFORE + of["start"], "end": BEFORE + of["end"], "ramp": 1}
            for label, of in self.policy.items()
        }
        return load(SCENARIO, policy={"measures": measures}, **self._keys(keys))

    def _keys(self, keys: dict[str, Any]) -> dict[str, Any]:
        return {"months": BEFORE + 12, "doubt": OFF, **SETTINGS, **self.settings, **keys}


_VISIT = {"quota": 200, "every": 1, "hours_each": 0.1}
# One talk with every household treated in the month, by canvassers who have the time for it.

_AT_THE_DOOR = "US turnout +7 to +9 points; pooled Europe near zero (doi 10.1017/S0007123416000521)"

TRIALS: tuple[Trial, ...] = (
    Trial(
        "visit", "One visit by a member some weeks before the bill falls due", "账单到期前党员上门一次",
        {"member_contact": {"start": 11, "end": 12, **_VISIT}}, (11, 12), everybody, paid_this_year, points, "points",
        Band(0.0, 9.0, "from the European result to the American one", "EVIDENCE: " + _AT_THE_DOOR, "F",
             "member_contact.boost", "欧洲结果（接近零）至美国结果（7–9个百分点）"),
    ),
    Trial(
        "appeal", "One letter that appeals to duty", "一封诉诸义务的倡议书",
        {"moral_appeal": {"start": 11, "end": 12, "reminders": 0.0}}, (11, 12), everybody, paid_this_year, points,
        "points",
        Band(-2.0, 2.0, "not significant; read as within 2 points either way (assumed, the abstract has no size)",
             "EVIDENCE: China, moral appeals not significant (doi 10.1016/j.jebo.2024.106779); Austria, no effect "
             "(doi 10.1111/jeea.12013)", "F", "moral_appeal.boost",
             "不显著；按正负2个百分点以内理解（假定，摘要未给出数值）"),
    ),
    Trial(
        "norm_letter", "A letter to debtors that says how many others pay", "向欠费户寄送说明多数人已缴费的信函",
        {"disclosure": {"start": 1, "end": 2, "every": 1, "openness": 0.0, "review": 0.0, "checks": 0.0,
                        "firm_hours": 0.0}},
        (1, 1), owing, out_of_debt, points, "points",
        Band(0.0, 5.0, "from nothing (US) to +5 (UK), within about a month",
             "EVIDENCE: norm letters, UK +1 to +5 points in 23 days (doi 10.1016/j.jpubeco.2017.02.003), US none", "F",
             zh="由无效应（美国）至增加5个百分点（英国），约一个月内"),
    ),
    Trial(
        "openness_pays", "Open accounts for a year: the bill paid", "账目公开一年：缴费",
        {"disclosure": {"start": 1, "end": 13, "published": 0.0, "firm_hours": 0.0}}, (1, 12), everybody,
        paid_this_year, points, "points",
        Band(-2.0, 2.0, "no effect; read as within 2 points either way (assumed, the abstract has no size)",
             "EVIDENCE: transparency, no effect on tax paid (doi 10.1016/j.jebo.2025.107042)", "F",
             zh="无效应；按正负2个百分点以内理解（假定，摘要未给出数值）"),
    ),
    Trial(
        "openness_attitude", "Clean accounts opened for a year: satisfaction and trust",
        "公开无问题的账目一年：满意与信任",
        {"disclosure": {"start": 1, "end": 13, "published": 0.0, "checks": 0.0, "firm_hours": 0.0}}, (1, 12),
        everybody, attitude, deviations, "sd",
        Band(0.02, 0.30, "+0.24 and +0.30 sd among those whose beliefs improved, so above nothing and at most that "
             "among all; the least is assumed",
             "EVIDENCE: transparency, better attitudes (doi 10.1016/j.jebo.2025.107042)", "F",
             zh="认知改善者提高0.24与0.30个标准差；对全体应大于零且不超过此值；下限为假定"),
    ),
    Trial(
        "openness_worse", "Accounts that show skimmed money: satisfaction and trust",
        "公开暴露侵占的账目一年：满意与信任",
        {"disclosure": {"start": 1, "end": 13, "published": 0.0, "firm_hours": 0.0}}, (1, 12), everybody, attitude,
        deviations, "sd",
        Band(-0.1, 0.1, "no significant response among those whose beliefs got worse; read as within 0.1 sd (assumed)",
             "EVIDENCE: transparency (doi 10.1016/j.jebo.2025.107042)", "F", "perception.trust_from_revealed",
             zh="认知变差者态度无显著变化；按正负0.1个标准差以内理解（假定）"),
    ),
    Trial(
        "reminders", "Weekly reminders to debtors over nine weeks, against the usual",
        "九周内每周提醒欠费户（与通常提醒相比）", {"moral_appeal": {"start": 1, "end": 3, "boost": 0.0}}, (1, 2),
        owing, out_of_debt, relative, "percent",
        Band(20.0, 60.0, "around +40 percent; half to one and a half of it (assumed, the abstract has no interval)",
             "EVIDENCE: weekly against one-off reminders, overdue property tax in China (doi "
             "10.1016/j.jebo.2021.09.023)", "F", "moral_appeal.reminders",
             "约增加40%；取其一半至一倍半（假定，摘要未给出区间）"),
    ),
    Trial(
        "lawyers_letter", "A lawyer's letter to those a year overdue", "向欠费一年以上户发律师函",
        {"fee_suits": {"start": 1, "end": 2, "suits": 0.0, "letters": 1.0}}, (1, 3), long_owing, out_of_debt, points,
        "points",
        Band(1.0, 100.0, "a threat works; how much is told for taxes only, so +1 point or more (least assumed)",
             "EVIDENCE: deterrence works on tax in China (doi 10.1016/j.jebo.2024.106779); legal threat, Austria (doi "
             "10.1111/jeea.12013); D050", "F", zh="威慑有效；幅度仅见于税收，取增加1个百分点以上（下限为假定）"),
    ),
    Trial(
        "suit", "A suit: those sued who owe nothing after three quarters of a year",
        "起诉：被诉户九个月后已无欠费的比例", {"fee_suits": {"start": 1, "end": 2, "suits": 100.0, "letters": 0.0}},
        (1, 9), long_owing, out_of_debt, share_of_touched, "percent",
        Band(68.0, 94.2, "settled 41.6 and withdrawn 52.6, mostly after payment: from half of the withdrawn to all",
             "D074", "A", "fee_suits.paid", "和解41.6%，撤诉52.6%且多为已缴：撤诉中由一半至全部"),
    ),
    Trial(
        "spillover", "What others gain where a tenth is visited", "十分之一住户被走访时其他住户的外溢",
        {"member_contact": {"start": 10, "end": 11, **_VISIT}}, (10, 12), everybody, paid_this_year, spilled, "1",
        Band(0.5, 1.5, "about as large as the direct effect, all who were not treated together; half to one and a "
             "half (assumed)", "EVIDENCE: spillover to neighbours (Austria: Drago, Mengel and Traxler 2020)", "F",
             zh="未受处理户合计约与直接效应相当；取一半至一倍半（假定）"),
        share=0.1,
    ),
)  # fmt: skip
"""All trials held against the model."""


def run_trials(
    seeds: int = 10,
    seed: int = 1,
    draws: int = 0,
    workers: int = 0,
    progress: bool = False,
    trials: tuple[Trial, ...] = TRIALS,
    doubt: str = OFF,
) -> pd.DataFrame:
    """Run every trial in the model.

    Args:
        seeds: For each trial ``PER_SEED`` compounds a seed.
        seed: Seed of the first compound.
        draws: Draws of the main parameters from their prior, to find rows that nearly any meet; 0 for none.
        workers: Processes, 0 for one per core.
        progress: Show a bar per trial on standard error.
        trials: Which.
        doubt: "on": each compound lives a parameter set of its own from the posterior; "off": all the defaults.

    Returns:
        A row per trial, see ``holding.frame_of``: ``median`` is the mean over seeds, ``q05`` and ``q95`` are the
        ends of its 95% interval.
    """
    rows = []
    for trial in trials:
        config = trial.config(
            replications=PER_SEED * seeds, seed=seed, executor={"workers": workers}, doubt=doubt
        )
        values = np.array(spread(config, partial(_one, trial, config), progress))
        met = None
        if draws:
            many = config.model_copy(update={"replications": draws})
            tries = spread(
                many,
                partial(_one_drawn, trial, config, draws_of(config, draws, seed), seed),
                progress,
            )
            met = drawn(np.array(tries), trial.band)
        mean, low, high = _interval(values)
        rows.append(
            {
                "check": trial.name, "en": trial.en, "zh": trial.zh, "population": SCENARIO,
                "definition": _definition(trial), "unit": trial.unit, "band": trial.band,
                "values": values, "median": mean, "q05": low, "q95": high,
                "verdict": verdict_of_mean(trial.band, mean, low, high), "met": met,
                "measures": tuple(trial.policy),
            }
        )  # fmt: skip
    return frame_of(rows)


def _definition(trial: Trial) -> str:
    first, last = trial.months
    who = (trial.subjects.__doc__ or "").strip().split("\n")[0].rstrip(".")
    what = (trial.outcome.__doc__ or "").strip().split("\n")[0].rstrip(".")
    how = (trial.measured.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return f"{who}; {what}; {how}; months {first} to {last} of the year, {trial.share:.0%} treated"


def _interval(values: np.ndarray) -> tuple[float, float, float]:
    there = values[~np.isnan(values)]
    mean = float(known.mean(there))
    if len(there) < 2:
        return mean, math.nan, math.nan
    half = 1.96 * float(there.std(ddof=1)) / math.sqrt(len(there))
    return mean, mean - half, mean + half


def outcomes_of(trial: Trial, config: Config, seed: int) -> Outcomes:
    """Live a trial, and the same compound without the measure, under one seed."""
    first, last = (BEFORE + month for month in trial.months)
    bare = config.model_copy(update={"policy": Policy()})
    model, plain = Halves(config, seed=seed, share=trial.share), NeighborhoodModel(bare, seed=seed)
    model.live_until(first - 1)
    subject = trial.subjects(model.households)
    model.live_until(last)
    plain.live_until(last)
    came, else_came = trial.outcome(model.households), trial.outcome(plain.households)
    treated, control = subject & model.treated, subject & ~model.treated
    return Outcomes(
        came[treated], came[control], else_came[treated], else_came[control], model.touched[treated]
    )


def _one(trial: Trial, config: Config, seed: int) -> float:
    return float(trial.measured(outcomes_of(trial, config.drawn(seed), seed)))


def _one_drawn(trial: Trial, config: Config, draws: pd.DataFrame, first: int, seed: int) -> float:
    return _one(trial, with_draw(config, draws, seed - first), seed)
