"""The decision to pay, read term by term from a world that is being lived, and what moved the terms.

``sim.processes.fees.would_pay`` adds its pushes up and keeps the chance only. Here the same pushes are
computed from the same columns, at the same moment of the month, one by one; a test holds their sum against
what the compiled rule made of it. The world is left as it was, so a run that is watched is the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sim.config import Config
from sim.errors import InputError
from sim.processes import fees
from sim.world.process import Month, python
from sim.world.tables import Kind, Stage, Tenure
from sim.world.units import MIDDLE


class Named(NamedTuple):
    """A term or a cause as it is called."""

    en: str
    zh: str


TERMS: dict[str, Named] = {
    "base": Named("its own bent", "自身倾向"),
    "norm": Named("what others are believed to pay", "对他人是否缴费的判断"),
    "habit": Named("habit of paying", "缴费习惯"),
    "service": Named("satisfaction with the service", "服务满意度"),
    "trust": Named("trust in the firm", "对物业服务企业的信任"),
    "contact": Named("visits", "上门走访"),
    "pledge": Named("pledge of members", "党员承诺"),
    "price": Named("price", "价格"),
    "grievance": Named("grievance", "不满情绪"),
    "company": Named("company in refusing", "从众拒缴（法不责众）"),
    "hardship": Named("hardship", "经济负担"),
    "free_habit": Named("used to free service", "长期免费形成的习惯"),
    "conflict": Named("open complaint", "公开投诉后拒缴"),
    "reminders": Named("reminders", "催缴提醒"),
    "appeal": Named("letters of appeal", "倡议书"),
    "common_purse": Named("neighbours who run the compound", "邻里自管、彼此监督"),
}
"""Terms of the decision, in the order in which the rule adds them up."""

CAUSES: dict[str, Named] = {
    "offers": Named("measures, reminders and prices of the month", "当月措施、催缴与定价"),
    "moves": Named("another household moved in", "住户更替"),
    "handled": Named("problems solved or left unsolved", "诉求办结或未办结"),
    "hearsay": Named("what neighbours say of the service", "邻居对服务的评价"),
    "service": Named("the service it gets and its own problems", "服务感受与自家诉求"),
    "meetings": Named("meetings and activities", "议事会与活动"),
    "visits": Named("visits of members", "党员上门"),
    "calls": Named("calls of staff", "工作人员上门"),
    "neighbours": Named("what neighbours are seen to pay", "邻居是否缴费"),
    "published": Named("the published rate", "公布的收缴率"),
    "bills": Named("its own bills, paid or not", "自己的缴费经历"),
    "rents": Named("parking rents", "停车费"),
    "troubles": Named("anger grown or faded", "不满情绪的积累与消退"),
    "ladder": Named("open complaint begun or ended", "公开投诉的起止"),
    "votes": Named("votes and pledges of owners", "业主表决与承诺"),
    "members": Named("members won over", "动员党员"),
    "firm": Named("the firm and its price", "物业服务企业及其定价"),
    "other": Named("all else", "其他"),
}
"""What moves a term between two decisions, by the process of the month that did it."""

_CAUSE_OF = {
    "households_move": "moves", "problems_are_handled": "handled", "perceive": "service", "attend": "meetings",
    "be_visited": "visits", "be_called_on": "calls", "form_norm": "published", "pay": "bills",
    "resent_rents": "rents", "resent": "troubles", "climb": "ladder", "assemblies.decide": "votes",
    "committees.decide": "votes", "join_in": "members", "firms.serve": "firm", "firms.close_books": "firm",
    "companies.decide": "firm",
}  # fmt: skip

_READ = (
    "norm", "habit", "asked", "satisfaction", "trust_firm", "contact", "active", "grievance", "burden",
    "free_habit", "stage", "arrears_months", "kind", "dear",
)  # fmt: skip
"""Columns of households that the decision reads and that may change."""


def check_theory(config: Config) -> None:
    """Refuse a configuration whose decision has no such terms.

    Raises:
        InputError: It has another theory of paying, or nobody decides.
    """
    if config.fees.response != "logit":
        problem = f"{config.fees.response!r} does not add up pushes, so there are no terms to tell"
        raise InputError("fees.response", problem, "logit")
    if not config.mechanisms.fees:
        raise InputError("mechanisms.fees", "is off, so nobody decides", "true")


def pushes(world: Any) -> np.ndarray:
    """Terms of the decision of every household, as the world is now.

    Returns:
        (terms, households), in logits, in the order of ``TERMS``. At the moment of the decision a household's sum
        is what ``would_pay`` turns into its chance.
    """
    parts = [_of(compound, slice(compound.first, compound.last)) for compound in world.compounds]
    return np.concatenate(parts, axis=1)


def _of(compound: Any, at: slice) -> np.ndarray:
    h, s, p = compound.world.households, compound.signals, compound.parameters.fees
    on, usual = compound.parameters.arrows, compound.parameters.turnover.newcomer_satisfaction
    conditional, asked, norm = h.kind[at] == Kind.CONDITIONAL, h.asked[at], h.norm[at]
    others = np.where(h.kind[at] == Kind.UNCONDITIONAL, p.base_unconditional, p.base_free_rider)
    content = np.where(on.satisfaction_to_pay > 0.0, h.satisfaction[at], usual)
    by_norm = np.where(conditional, p.norm_conditional, p.norm_others) * on.norm_to_pay
    risen = np.log(max(compound.asked_price * s.price_ratio, fees._LEAST_PRICE))
    price = on.price_to_pay * (h.dear[at] + risen)
    excused = 1.0 + p.worth * (1.0 - 2.0 * content)
    refuse = (1.0 - np.where(on.norm_to_pay > 0.0, norm, MIDDLE)) * asked
    angry = h.grievance[at] * on.grievance_to_pay
    return np.array(
        [
            np.where(conditional, p.base_conditional, others),
            by_norm * (norm - MIDDLE) * asked,
            p.habit * on.habit_to_pay * (h.habit[at] - MIDDLE) * asked,
            p.service * (content - MIDDLE),
            p.trust * on.trust_to_pay * (h.trust_firm[at] - MIDDLE),
            on.contact_to_pay * h.contact[at],
            s.pledge * on.pledge_to_pay * h.active[at],
            -p.price * (np.maximum(price, 0.0) * excused + p.price_cut * np.minimum(price, 0.0)),
            -p.grievance * angry,
            -p.company * refuse * angry,
            -p.burden * on.hardship_to_pay * h.burden[at] * np.maximum(1.0 + price, 0.0),
            -p.free_habit * on.free_habit_to_pay * h.free_habit[at],
            -p.strike * on.conflict_to_pay * (h.stage[at] >= Stage.CALLS_HOTLINE),
            p.dunning * s.dunning * on.reminders_to_pay * (h.arrears_months[at] > 0),
            np.full(len(norm), s.appeal * on.appeal_to_pay),
            np.full(len(norm), p.common_purse * on.self_running_to_pay * compound.firm.watched),
        ]
    )


class Moves:
    """The terms of every decision, and what moved them, process by process, since the one before.

    After every process of the month the terms are read again; what has changed is put down to that process, so
    the parts add up to the whole change, in the order in which the month was lived. Two processes do two things at
    once and are told apart by a stop in their midst: what neighbours say comes before what a household meets
    itself, and what neighbours pay before what is published. Visits are told less what has faded of them.

    Args:
        since: First month whose decision is kept.

    Attributes:
        terms: Terms (terms, households) of each decision, by month.
        moved: What each cause has changed of their sum since the first of these decisions (causes, households).
        closely: Household whose terms are told apart too, None for none; may be set before the run.
        moved_terms: Of that household, what each cause changed since the decision before (causes, terms).
    """

    def __init__(self, since: int, closely: int | None = None) -> None:
        self.since, self.closely = since, closely
        self.terms: dict[int, np.ndarray] = {}
        self.moved: dict[int, np.ndarray] = {}
        self.moved_terms: dict[int, np.ndarray] = {}
        self._now: np.ndarray | None = None
        self._seen: list[np.ndarray] = []
        self._sums, self._own = np.zeros(0), np.zeros((len(CAUSES), len(TERMS)))

    def month(self, month: Month) -> Month:
        """A month with a look behind every process."""
        names = [p.name for p in month]
        for name in names[names.index("cells.settle") :]:
            month = month.after(name, python(self._look(name), f"look.{name}"))
        for name, of in (("perceive", _in_perceive), ("form_norm", _in_form_norm)):
            if name in names:
                month = month.before(name, python(partial(self._put_midst, stop=of), f"in.{name}"))
        month = month.before("cells.settle", python(partial(self._put, cause="offers"), "offers"))
        return month.before("would_pay", python(self._decide, "decide"))

    def _look(self, name: str) -> Callable[[Any], None]:
        return partial(self._put, cause=_CAUSE_OF.get(name, "other"))

    def _put(self, world: Any, cause: str) -> None:
        # Nothing has to be computed where nothing was changed.
        if world.month < self.since:
            return
        h, prices = world.households, np.array([c.asked_price for c in world.compounds])
        seen = [*(getattr(h, name) for name in _READ), world.signals.numbers, prices]
        if self._seen and all(map(np.array_equal, seen, self._seen)):
            return
        now = pushes(world)
        if self._now is not None:
            k, change = list(CAUSES).index(cause), now - self._now
            self._sums[k] += change.sum(axis=0)
            if self.closely is not None:
                self._own[k] += change[:, self.closely]
        else:
            self._sums = np.zeros((len(CAUSES), now.shape[1]))
        self._now, self._seen = now, [one.copy() for one in seen]

    def _decide(self, world: Any) -> None:
        if world.month < self.since or self._now is None:
            return
        if not self.terms:
            self._sums[:], self._own[:] = 0.0, 0.0
        self.terms[world.month], self.moved[world.month] = self._now, self._sums.copy()
        self.moved_terms[world.month], self._own = self._own, np.zeros_like(self._own)

    def _put_midst(self, world: Any, stop: Callable[[Any, slice], _Stop]) -> None:
        """Put down to a cause what the terms would be had a process done its first part only."""
        if world.month < self.since:
            return
        h, kept = world.households, np.empty(0)
        for compound in world.compounds:
            at = slice(compound.first, compound.last)
            cause, name, values = stop(compound, at)
            kept = kept if len(kept) else getattr(h, name).copy()
            getattr(h, name)[at] = np.where(h.tenure[at] != Tenure.VACANT, values, kept[at])
        self._put(world, cause)
        getattr(h, name)[:] = kept


class _Stop(NamedTuple):
    """What a column of a compound's households would be had a process done only a part of its work."""

    cause: str
    column: str
    values: np.ndarray


def _in_perceive(c: Any, at: slice) -> _Stop:
    h, p, on = c.world.households, c.parameters.perception, c.parameters.arrows
    hearsay, now = p.hearsay * on.neighbours_to_satisfaction, h.satisfaction[at]
    rate = np.maximum(p.speed, on.first_months_to_newcomers / (2.0 + h.lived_here[at]))
    heard = now + rate * hearsay * (h.seen_satisfaction[at] - now)
    return _Stop("hearsay", "satisfaction", heard)


def _in_form_norm(c: Any, at: slice) -> _Stop:
    h, on, s, norm = c.world.households, c.parameters.arrows, c.signals, c.world.households.norm[at]
    asks = (s.firm_present != 0.0) & (c.census.due_fen != 0.0) & (h.asked[at] == 1)
    published = s.published * on.published_to_norm * (c.census.billed_fen > 0.0)
    fresh = on.first_months_to_newcomers / (2.0 + h.lived_here[at])
    rate = np.maximum(c.parameters.fees.norm_speed, fresh) * asks * (1.0 - published)
    seen = np.where(on.neighbours_to_norm > 0.0, h.seen_paid[at], norm)
    return _Stop("neighbours", "norm", norm + rate * (seen - norm))
