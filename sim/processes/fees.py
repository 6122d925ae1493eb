"""Fees: the chance that a household pays a bill for the property fee; when it pays stands in ``bills``.

P(pay) = logistic(base + service + norm + trust - grievance + habit + contact + pledge + dunning + appeal
                  + common purse - price - burden - free habit - conflict)

Grievance weighs the more the fewer others are believed to pay: many refuse only in company (法不责众).

The norm is what a household believes its neighbours do (conditional cooperation: about half of
people, Fischbacher et al. 2001). Norm and habit count from the first bill that fell due on, or from a vote.
"""

from __future__ import annotations

import numpy as np
from pydantic import field_validator

from sim.processes.chance import to_chances
from sim.schema import Parameters, fraction, logits, monthly, param
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, Process, process
from sim.world.tables import Kind, Stage, Tenure
from sim.world.units import MIDDLE

_LEAST_PRICE = 1e-3

THEORIES: dict[str, Process] = {}
"""Theories of paying by name, see ``fees.response``: each writes ``households.willing``."""


class FeeParameters(Parameters):
    """Weights of the payment decision, in logits (assumed and then fitted, see docs/odd.md)."""

    response: str = param(
        "logit", "Theory of paying: logit, match (conditional cooperators repay a share of the norm), or one "
        "of your own", zh="缴费反应形式",
    )  # fmt: skip
    base_conditional: float = logits(
        1.7, "Push to pay of a conditional cooperator, all else neutral", low=-6, high=6, zh="条件合作者基准",
    )  # fmt: skip
    base_unconditional: float = logits(
        2.2, "Push to pay of an unconditional cooperator", low=-6, high=6, zh="无条件合作者基准"
    )
    base_free_rider: float = logits(
        -0.4, "Push to pay of a free-rider", low=-8, high=4, zh="享受服务而不缴费者基准"
    )
    norm_conditional: float = logits(
        2.0, "Weight of the perceived norm, conditional cooperators", low=0, high=10, zh="条件合作者的规范权重",
        source="conditional cooperation in public-goods experiments; size assumed",
    )  # fmt: skip
    norm_others: float = logits(
        0.9, "Weight of the perceived norm, the other types", low=0, high=10, zh="其他类型的规范权重",
    )  # fmt: skip
    norm_speed: float = monthly(
        0.5, "Share of the gap between belief and what is seen closed in a month", zh="规范感知速度"
    )
    service: float = logits(7.0, "Weight of satisfaction", low=0, high=12, zh="满意度权重")
    trust: float = logits(
        1.5, "Weight of trust in the firm", low=0, high=10, zh="对物业服务企业信任权重"
    )
    grievance: float = logits(2.0, "Weight of grievance", low=0, high=10, zh="不满情绪权重")
    company: float = logits(
        5.5, "More of that weight where nobody else is believed to pay; none where all do", low=0, high=15,
        zh="法不责众权重",
        source="many refuse only in company (Granovetter 1978; 法不责众): whole compounds go from 95 to 10 percent "
        "within three years (K053) and back within one or two (K087); size assumed",
    )  # fmt: skip
    strike: float = logits(
        0.8, "Push not to pay of a household in open complaint (stage 2 and above)", low=0, high=5, zh="拒缴抗争",
    )  # fmt: skip
    common_purse: float = logits(
        2.5, "Push to pay where neighbours run a small compound themselves, know who has paid and still have the "
        "energy to ask; of a compound larger than firm.self_run_size a part", low=0, high=6, zh="自管互相监督作用",
        source="small groups contribute more (Olson 1965), users who watch each other sanction (Ostrom 1990); "
        "consistent with it, each with other causes beside: 97 to 100 percent of 84 to 129 households (K057 with names "
        "posted, K063 after repairs, K072 with accounts posted, K088 whose own running is our reading), 30 of 2,000 "
        "(K031, no accounts shown), 80 and then very low of 408 (K086); against it K094 (200, ended over refusers). "
        "Set so that K063, K072 and K088 come near what is told; size assumed",
    )  # fmt: skip
    habit: float = logits(1.8, "Weight of own habit of paying", low=0, high=10, zh="缴费习惯权重")
    habit_keeps: float = monthly(
        0.94, "Share of the habit left after a month", zh="习惯月留存率",
        source="bills come once or a few times a year; half in a year assumed",
    )  # fmt: skip
    dunning: float = logits(
        0.4, "Weight of reminders to households in arrears", low=-2, high=4, zh="催缴权重",
        source="reminders raise payment of overdue property tax in China (anchors in docs/odd.md); size assumed",
    )  # fmt: skip
    burden: float = logits(1.0, "Weight of hardship", low=0, high=5, zh="经济负担权重")
    free_habit: float = logits(
        2.8, "Weight of being used to free service", low=0, high=8, zh="免费习惯权重",
        source="free service seen as a right: seed 002 (免费状态); size assumed",
    )  # fmt: skip
    free_habit_keeps: float = monthly(
        0.97, "Share of that habit left after a month in which the household paid", zh="免费习惯月留存率",
    )  # fmt: skip
    free_habit_grows: float = monthly(
        0.02, "Share of the rest of that habit gained in a month in which nobody asks for a fee, where service is had "
        "all the same", zh="免费习惯月增长率",
        source="long without a firm, service is seen as a free right: seed 002; size assumed",
    )  # fmt: skip
    matching: float = fraction(
        0.9, "Share of the norm that conditional cooperators repay (response = match)", zh="条件合作匹配率",
    )  # fmt: skip
    price: float = logits(
        1.4, "Weight of a fee above what is usual nearby, for each unit of ln(fee / usual)", low=0, high=6,
        zh="价格权重", source="1 percent higher, 0.23 points fewer pay on time (D050): 1.4 logits at 80 percent",
    )  # fmt: skip
    price_cut: float = fraction(
        0.3, "Weight of a fee below what is usual, relative to one above it", zh="低价作用系数",
        source="a cut does not bring payers back (K053); size assumed",
    )  # fmt: skip
    worth: float = fraction(
        1.0, "How far good service excuses, and bad service worsens, a high fee", zh="质价相符系数",
        source="first quality, then price (先提质再议价, R2); too dear for the service (D017); size assumed",
    )  # fmt: skip

    @field_validator("response")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in THEORIES:
            allowed = f"{', '.join(THEORIES)}, or one of a file given by --plugin"
            raise ValueError(f"no theory of paying is named {name!r}; allowed: {allowed}")
        return name


arrow(
    "neighbours", "norm", "what neighbours are seen to pay shapes what a household takes for normal",
    neutral="its own belief, as it is", zh="邻居缴费的情形影响住户对“多数人缴费”的认识", zh_neutral="住户原有的看法",
)  # fmt: skip
arrow(
    "published", "norm", "a published rate shapes it too",
    neutral="nothing is published", zh="公布的收缴率影响住户的看法", zh_neutral="不公布",
)  # fmt: skip


@process(How.BLOCK, switch="fees")
def form_norm(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents come to believe how many others pay, from neighbours and from what is published."""
    h, s, census = compound.world.households, compound.signals, compound.census
    if s.firm_present == 0.0 or census.due_fen == 0.0:
        # Where nobody asked for a fee last month, nobody showed that it pays one.
        return
    tenure, norm, seen_paid, on = h.tenure, h.norm, h.seen_paid, compound.parameters.arrows
    published = s.published * on.published_to_norm if census.billed_fen > 0.0 else 0.0
    known, norm_speed = published * compound.collection_rate, compound.parameters.fees.norm_speed
    asked, lived_here = h.asked, h.lived_here
    by_neighbours, fresh = on.neighbours_to_norm, on.first_months_to_newcomers
    for i in rows(first, last):
        seen = (1.0 - published) * through(by_neighbours, seen_paid[i], norm[i]) + known
        speed = max(norm_speed, fresh / (2.0 + lived_here[i]))
        norm[i] += speed * (seen - norm[i]) if (tenure[i] != Tenure.VACANT) & asked[i] else 0.0


arrow(
    "satisfaction", "pay", "who is satisfied pays more readily, and finds a high fee less dear",
    neutral="satisfaction of a newcomer (turnover.newcomer_satisfaction)",
    zh="满意者更愿缴费，也更能接受较高的价格", zh_neutral="新住户的满意度（turnover.newcomer_satisfaction）",
)  # fmt: skip
arrow(
    "norm", "pay", "conditional cooperators pay where they believe that others do",
    neutral="half of the others are believed to pay", zh="认为别人缴费，自己也缴费", zh_neutral="认为半数人缴费",
)  # fmt: skip
arrow(
    "trust", "pay", "who trusts the firm pays more readily",
    neutral="trust of one half", zh="信任物业服务企业者更愿缴费", zh_neutral="信任为一半",
)  # fmt: skip
arrow(
    "habit", "pay", "who has paid goes on paying",
    neutral="habit of one half", zh="缴费成习惯", zh_neutral="习惯为一半",
)  # fmt: skip
arrow(
    "grievance", "pay", "who bears a grievance withholds the fee, the more the fewer others are believed to pay",
    neutral="no grievance", zh="有不满情绪者拒缴，认为别人缴费越少越是如此", zh_neutral="没有不满情绪",
)  # fmt: skip
arrow(
    "conflict", "pay", "who complains in the open withholds the fee besides",
    neutral="calm", zh="公开投诉者以拒缴抗争", zh_neutral="平静",
)  # fmt: skip
arrow(
    "contact", "pay", "a visit moves a household to pay",
    neutral="nobody has called", zh="上门走访促使住户缴费", zh_neutral="无人上门",
)  # fmt: skip
arrow(
    "price", "pay", "a fee above what is usual nearby deters, and weighs more on the poor",
    neutral="the usual fee", zh="高于周边的价格抑制缴费，困难户尤甚", zh_neutral="周边通常价格",
)  # fmt: skip
arrow(
    "hardship", "pay", "who is poor pays less readily",
    neutral="no hardship", zh="经济困难者缴费较少", zh_neutral="没有困难",
)  # fmt: skip
arrow(
    "free_habit", "pay", "who is used to free service withholds the fee",
    neutral="no such habit", zh="习惯于免费服务者不愿缴费", zh_neutral="没有这种习惯",
)  # fmt: skip
arrow(
    "reminders", "pay", "reminders move households in debt to pay",
    neutral="no reminders", zh="催缴促使欠费户缴费", zh_neutral="不催缴",
)  # fmt: skip
arrow(
    "self_running", "pay", "who is asked by neighbours that run a small compound themselves pays",
    neutral="a firm asks", zh="小型小区邻里自管，彼此监督，促使缴费", zh_neutral="由物业服务企业收费",
)  # fmt: skip
arrow(
    "pledge", "pay", "active members who have pledged pay first",
    neutral="no pledge", zh="承诺带头的党员先缴", zh_neutral="没有承诺",
)  # fmt: skip
arrow(
    "appeal", "pay", "letters that appeal to duty move all",
    neutral="no letters", zh="倡议书促使住户缴费", zh_neutral="没有倡议书",
)  # fmt: skip


@process(How.BLOCK, switch="fees")
def would_pay(compound, first, last):  # type: ignore[no-untyped-def]
    """The chance to pay: every push added up, in logits (the theory of paying; another may stand here)."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.fees
    willing = h.willing
    kind, active, burden, stage, contact = h.kind, h.active, h.burden, h.stage, h.contact
    satisfaction, trust_firm, grievance = h.satisfaction, h.trust_firm, h.grievance
    norm, habit, free_habit, arrears_months = h.norm, h.habit, h.free_habit, h.arrears_months
    on, usual = compound.parameters.arrows, compound.parameters.turnover.newcomer_satisfaction
    base, base_always, base_free = p.base_conditional, p.base_unconditional, p.base_free_rider
    by_norm, by_norm_others = p.norm_conditional * on.norm_to_pay, p.norm_others * on.norm_to_pay
    by_service, by_trust, by_habit = p.service, p.trust * on.trust_to_pay, p.habit * on.habit_to_pay
    by_company, norm_felt = p.company * on.grievance_to_pay, on.norm_to_pay
    by_grievance, by_burden = p.grievance * on.grievance_to_pay, p.burden * on.hardship_to_pay
    by_free_habit, strike = p.free_habit * on.free_habit_to_pay, p.strike * on.conflict_to_pay
    dunned = p.dunning * s.dunning * on.reminders_to_pay
    pledge, appeal = s.pledge * on.pledge_to_pay, s.appeal * on.appeal_to_pay
    purse = p.common_purse * on.self_running_to_pay * compound.firm.watched
    by_contact, priced, felt = on.contact_to_pay, on.price_to_pay, on.satisfaction_to_pay
    asked, dear, by_price, cut, worth = h.asked, h.dear, p.price, p.price_cut, p.worth
    risen = np.log(max(compound.asked_price * s.price_ratio, _LEAST_PRICE))
    for i in rows(first, last):
        conditional = kind[i] == Kind.CONDITIONAL
        others = base_always if kind[i] == Kind.UNCONDITIONAL else base_free
        x = base if conditional else others
        told = (by_norm if conditional else by_norm_others) * (norm[i] - MIDDLE)
        x += (told + by_habit * (habit[i] - MIDDLE)) * asked[i]
        content = through(felt, satisfaction[i], usual)
        x += by_service * (content - MIDDLE) + by_trust * (trust_firm[i] - MIDDLE)
        x += by_contact * contact[i] + pledge * active[i]
        price = priced * (dear[i] + risen)
        excused = 1.0 + worth * (1.0 - 2.0 * content)
        x -= by_price * (max(price, 0.0) * excused + cut * min(price, 0.0))
        # Anger refuses more readily in company.
        others_refuse = (1.0 - through(norm_felt, norm[i], MIDDLE)) * asked[i]
        angry = (by_grievance + by_company * others_refuse) * grievance[i]
        x -= angry + by_burden * burden[i] * max(1.0 + price, 0.0)
        x -= by_free_habit * free_habit[i]
        x -= strike * (stage[i] >= Stage.CALLS_HOTLINE)
        x += dunned * (arrears_months[i] > 0)
        willing[i] = x + appeal + purse
    to_chances(willing[first:last])


@process(How.BLOCK, switch="fees")
def would_match(compound, first, last):  # type: ignore[no-untyped-def]
    """The chance to pay: conditional cooperators repay a share of the norm (another theory of paying)."""
    h, matching = compound.world.households, compound.parameters.fees.matching
    kind, norm, willing = h.kind, h.norm, h.willing
    by_norm = compound.parameters.arrows.norm_to_pay
    for i in rows(first, last):
        gives = matching * through(by_norm, norm[i], MIDDLE) if kind[i] == Kind.CONDITIONAL else 0.0
        willing[i] = 1.0 if kind[i] == Kind.UNCONDITIONAL else gives


THEORIES.update(logit=would_pay, match=would_match)
