"""Perception: residents judge what they live in, listen to neighbours, and come to trust or not.

Satisfaction moves toward one's own experience and toward the tie-weighted mean of neighbours
(DeGroot 1974). Experience is how well needs are met, and by how much that is more or less than expected
(expectancy disconfirmation, Oliver 1980); what is expected follows what one got used to and what the fee
promises, so a lasting change is felt less and less. Trust in the firm follows satisfaction and
openness; trust in the committee follows what owners see of it; trust in the cell and community returns
slowly to neutral unless deeds (solved issues, meetings with results, visits) keep it up. Whom a firm
serves well turns to it alone, and neutral is lower for them (seed 001: 部分居民甚至只与物业服务企业打交道).
"""

from __future__ import annotations

import numpy as np

from sim.compiled import inlined
from sim.schema import Parameters, fraction, monthly, param
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Life, Tenure


class Needs(Parameters):
    """Weight of each service line for one life stage; weights are used relative to their sum."""

    cleaning: float = fraction(0.25, "Cleaning and refuse", zh="保洁与垃圾")
    facilities: float = fraction(0.25, "Lifts and other facilities", zh="电梯与设施")
    security: float = fraction(0.20, "Security and fire lanes", zh="安保与消防")
    greenery: float = fraction(0.15, "Greenery", zh="绿化")
    amenities: float = fraction(0.15, "Amenities for every age", zh="全龄设施")


class PerceptionParameters(Parameters):
    """How experience becomes satisfaction and trust (weights assumed unless a source is named)."""

    needs_young: Needs = param(
        Needs(cleaning=0.25, facilities=0.20, security=0.20, greenery=0.15, amenities=0.20),
        "Needs of young households (children's play, sport)", zh="年轻家庭需求权重",
        source="ages differ in needs: seed 004 (全龄需求); weights assumed",
    )  # fmt: skip
    needs_working: Needs = param(
        Needs(cleaning=0.25, facilities=0.25, security=0.25, greenery=0.15, amenities=0.10),
        "Needs of working-age households", zh="中年家庭需求权重",
        source="ages differ in needs: seed 004; weights assumed",
    )  # fmt: skip
    needs_elderly: Needs = param(
        Needs(cleaning=0.20, facilities=0.35, security=0.10, greenery=0.10, amenities=0.25),
        "Needs of elderly households (lifts, ramps, rest)", zh="老年家庭需求权重",
        source="ages differ in needs: seed 004; weights assumed",
    )  # fmt: skip
    speed: float = monthly(
        0.35, "Share of the gap to the new judgement closed in a month", zh="满意度调整速度"
    )
    hearsay: float = fraction(
        0.3, "Weight of neighbours' satisfaction against own experience", zh="邻里影响权重"
    )
    contrast: float = param(
        0.5, "Weight of service that is better or worse than expected, against how well it meets needs", low=0, high=2,
        zh="期望落差权重",
        source="disconfirmed expectations are among what satisfaction hangs on most: Szymanski and Henard 2001, doi "
        "10.1177/0092070301291002; weight assumed",
    )  # fmt: skip
    adapts: float = monthly(
        0.05, "Share of the gap closed in a month by what a household expects", zh="期望适应速度",
        source="people get used to most changes, in months to years and not always whole: reviewed by Luhmann and "
        "Intelisano 2018; half in 14 months assumed",
    )  # fmt: skip
    promise: float = fraction(
        0.5, "Part of what is expected that the fee promises; the rest is what one got used to",
        zh="收费承诺在期望中的占比", source="80 percent call the price too high for the service: D017; part assumed",
    )  # fmt: skip
    promised: float = param(
        0.8, "Needs met that a fee for full service promises; a smaller menu promises less in proportion", low=0.3,
        high=1, zh="足额收费所承诺的服务水平",
        source="condition of the lines under full effort, by service.repair and service.decay",
    )  # fmt: skip
    satisfied_from: float = param(
        0.6,
        "Satisfaction from which a household asked says that it is satisfied: the upper two of five equal answers",
        low=0.4, high=0.8, zh="满意的下限",
        source="surveys count very and fairly satisfied, with a middling answer below: D019, D021",
    )  # fmt: skip
    own_issue: float = fraction(
        0.1, "Satisfaction lost for each own unsolved problem that counts", high=0.5, zh="自家未解决问题的影响",
    )  # fmt: skip
    issues_counted: int = param(
        3, "Own unsolved problems that count at most", unit="issue", low=1, high=20, zh="自家未解决问题计入上限",
    )  # fmt: skip
    opacity: float = fraction(
        0.08, "Satisfaction lost where accounts are wholly closed", high=0.5, zh="不透明的影响"
    )
    trust_speed: float = monthly(
        0.10, "Share of the gap closed by trust in a month", zh="信任调整速度"
    )
    fresh_start: float = fraction(
        0.5, "Part of the way to what a newcomer feels that trust goes when somebody else comes to serve",
        zh="更换物业服务企业后的信任重置比例",
        source="a new firm is not the old one, yet old grievances are carried over to it: K042; part assumed",
    )  # fmt: skip
    trust_from_opinion: float = fraction(
        0.8, "Weight of satisfaction in trust in the firm; the rest is openness of the accounts",
        zh="满意度在信任中的权重",
    )  # fmt: skip
    trust_from_revealed: float = fraction(
        0.25, "Trust in the firm lost at once if all public revenue is seen to be skimmed",
        zh="公共收益被侵占曝光的影响",
        source="no significant response of those whose beliefs got worse: doi 10.1016/j.jebo.2025.107042; size assumed",
    )  # fmt: skip
    trust_from_legacy: float = fraction(
        0.4, "Lowering of the trust the firm can reach, by the developer's legacy laid at its door",
        zh="开发遗留归咎物业服务企业的影响",
        source="residents blame the firm (嫁祸给物业公司): seed 004; size assumed",
    )  # fmt: skip
    cell_neutral: float = fraction(
        0.45, "Trust in cell and community without deeds", zh="对党组织社区的基准信任"
    )
    cell_forgets: float = monthly(
        0.02, "Return of that trust to neutral", high=0.5, zh="信任回落速度"
    )
    estranges: float = param(
        0.15, "Lowering of that neutral trust in a household that deals with the firm alone", low=-0.1, high=0.45,
        zh="只认物业服务企业对社区认同的削弱",
        source="good service, no dealings with the residents' committee, weaker identification with it: seed 001 (只与"
        "物业服务企业打交道); size and sign assumed",
    )  # fmt: skip
    turns_to_firm: float = monthly(
        0.03, "Share of the way to dealing with a good firm alone that a household without other contacts goes",
        zh="转向物业服务企业速度", source="for a long time (长期): seed 001; rate assumed",
    )  # fmt: skip


@inlined
def served_well(satisfaction, firm_present):  # type: ignore[no-untyped-def]
    """How far a firm solves what a household needs, so that it needs nobody else, 0 to 1."""
    return firm_present * max(2.0 * satisfaction - 1.0, 0.0)


arrow(
    "service", "estranged", "whom a firm serves well turns to it alone",
    neutral="nobody turns to it alone", zh="服务好，住户便只与物业服务企业打交道", zh_neutral="无人只认物业服务企业",
)  # fmt: skip


@inlined
def expected(used_to, part, promised):  # type: ignore[no-untyped-def]
    """What service is expected in the long run: what one is used to, and to a ``part`` what the fee promises.

    A fee that is dear for its service acts in the decision to pay (``fees``), not here: it would count twice.
    """
    return used_to + part * (promised - used_to)


@process(How.BLOCK, switch="perception")
def begin_expecting(compound, first, last):  # type: ignore[no-untyped-def]
    """At the start people are used to what there is."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.perception
    part, promised = p.promise * s.firm_present, p.promised * compound.firm.scope
    for i in range(first, last):
        h.expects[i] = expected(compound.met[h.life[i]], part, promised)


@process(How.BLOCK, switch="perception")
def begin_apart(compound, first, last):  # type: ignore[no-untyped-def]
    """At the start a household that a firm serves well has long dealt with it alone."""
    h, on = compound.world.households, compound.parameters.arrows
    firm = compound.signals.firm_present * on.service_to_estranged
    for i in range(first, last):
        lives = h.tenure[i] != Tenure.VACANT
        h.estranged[i] = served_well(h.satisfaction[i], firm) if lives else 0.0


arrow(
    "problems", "satisfaction", "own unsolved problems lower satisfaction",
    neutral="none are open", zh="自家未解决的问题降低满意度", zh_neutral="没有未解决的问题",
)  # fmt: skip
arrow(
    "neighbours", "satisfaction", "what neighbours say moves a household's own judgement",
    neutral="it hears nobody", zh="邻居的评价影响住户的评价", zh_neutral="只凭自己的体验",
)  # fmt: skip
arrow(
    "accounts", "satisfaction", "closed accounts lower satisfaction",
    neutral="accounts as open as an ordinary firm's (firm.transparency)",
    zh="账目不公开降低满意度", zh_neutral="普通物业服务企业的公开程度（firm.transparency）",
)  # fmt: skip
arrow(
    "first_months", "newcomers", "what newcomers meet in their first months sets satisfaction, trust and norm",
    neutral="they move as slowly as all others",
    zh="新住户头几个月的见闻决定其满意度、信任和规范感", zh_neutral="调整与他人一样缓慢",
)  # fmt: skip
arrow(
    "satisfaction", "trust", "who is satisfied comes to trust the firm",
    neutral="satisfaction of a newcomer (turnover.newcomer_satisfaction)",
    zh="满意者逐渐信任物业服务企业", zh_neutral="新住户的满意度（turnover.newcomer_satisfaction）",
)  # fmt: skip
arrow(
    "accounts", "trust", "open accounts win trust in the firm",
    neutral="accounts as open as an ordinary firm's (firm.transparency)",
    zh="账目公开赢得对物业服务企业的信任", zh_neutral="普通物业服务企业的公开程度（firm.transparency）",
)  # fmt: skip
arrow(
    "legacy", "trust", "the developer's legacy laid at the firm's door lowers trust in it",
    neutral="nothing is laid at its door",
    zh="把开发遗留归咎于物业服务企业，降低信任", zh_neutral="不归咎物业服务企业",
)  # fmt: skip
arrow(
    "revelations", "trust", "seeing that public revenue was skimmed costs the firm trust",
    neutral="nothing comes to light", zh="公共收益被侵占的曝光使物业服务企业失信", zh_neutral="没有曝光",
)  # fmt: skip
arrow(
    "image", "committee_trust", "what owners see of their committee decides how far they trust it",
    neutral="trust of a newcomer (turnover.newcomer_trust)",
    zh="业委会给人的观感决定业主对它的信任", zh_neutral="新住户的信任（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "estranged", "cell_trust", "who deals with the firm alone trusts cell and community less",
    neutral="it deals with others as before", zh="只认物业服务企业者对党组织和社区较疏远", zh_neutral="照常与社区往来",
)  # fmt: skip


@process(How.BLOCK, switch="perception")
def perceive(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents judge what they live in, listen to neighbours, and come to trust or not."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.perception
    tenure, life, taste, own_open = h.tenure, h.life, h.taste, h.own_open
    seen_satisfaction, satisfaction = h.seen_satisfaction, h.satisfaction
    trust_firm, trust_committee, trust_cell = h.trust_firm, h.trust_committee, h.trust_cell
    met = compound.met
    young, working, elderly = met[Life.YOUNG], met[Life.WORKING], met[Life.ELDERLY]
    on, start = compound.parameters.arrows, compound.parameters.turnover
    own_issue, speed = p.own_issue * on.problems_to_satisfaction, p.speed
    hearsay = p.hearsay * on.neighbours_to_satisfaction
    counted = np.int64(p.issues_counted)
    usual = compound.parameters.firm.transparency
    lost = p.opacity * (1.0 - through(on.accounts_to_satisfaction, s.transparency, usual))
    from_opinion, by_opinion = p.trust_from_opinion, on.satisfaction_to_trust
    openness = (1.0 - from_opinion) * through(on.accounts_to_trust, s.transparency, usual)
    blameless = 1.0 - p.trust_from_legacy * s.legacy * s.blame * on.legacy_to_trust
    trust_speed = p.trust_speed
    revealed = p.trust_from_revealed * s.revealed * on.revelations_to_trust
    image = through(on.image_to_committee_trust, s.committee_image, start.newcomer_trust)
    cell_forgets, cell_neutral = p.cell_forgets, p.cell_neutral
    renewed, stranger = p.fresh_start if compound.firm.is_new else 0.0, start.newcomer_trust
    lived_here, estranged, firm = h.lived_here, h.estranged, s.firm_present
    turns, estranges = p.turns_to_firm, p.estranges * on.estranged_to_cell_trust
    expects, contrast, adapts = h.expects, p.contrast, p.adapts
    part, promised = p.promise * firm, p.promised * compound.firm.scope
    firm, newcomers = firm * on.service_to_estranged, on.first_months_to_newcomers
    arrives = start.newcomer_satisfaction
    for i in rows(first, last):
        # What newcomers meet in their first months is all they know of the place.
        fresh = newcomers / (2.0 + lived_here[i])
        lived_in = tenure[i] != Tenure.VACANT
        older = working if life[i] == Life.WORKING else elderly
        experience = young if life[i] == Life.YOUNG else older
        wanted = expects[i]
        aim = expected(experience, part, promised)
        experience += contrast * (experience - wanted) + taste[i]
        experience -= own_issue * min(own_open[i], counted)
        experience = min(max(experience - lost, 0.0), 1.0)
        judged = (1.0 - hearsay) * experience + hearsay * seen_satisfaction[i]
        opinion = satisfaction[i] + max(speed, fresh) * (judged - satisfaction[i])
        reach = (from_opinion * through(by_opinion, opinion, arrives) + openness) * blameless
        felt = trust_firm[i] + renewed * (stranger - trust_firm[i])
        trust = felt + max(trust_speed, fresh) * (reach - felt)
        in_committee = trust_committee[i] + max(trust_speed, fresh) * (image - trust_committee[i])
        apart = served_well(opinion, firm) - estranged[i]
        estranged[i] += turns * apart if lived_in else 0.0
        neutral = cell_neutral - estranges * estranged[i]
        in_cell = trust_cell[i] + cell_forgets * (neutral - trust_cell[i])
        expects[i] = wanted + adapts * (aim - wanted) if lived_in else wanted
        satisfaction[i] = opinion if lived_in else satisfaction[i]
        trust_firm[i] = max(trust - revealed * trust, 0.0) if lived_in else trust_firm[i]
        trust_committee[i] = in_committee if lived_in else trust_committee[i]
        trust_cell[i] = in_cell if lived_in else trust_cell[i]
