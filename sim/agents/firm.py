"""The property firm (物业公司): serves by what its budget pays for; and the company it belongs to."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sim.agents.actor import Actor
from sim.agents.budget import BudgetParameters, Provider
from sim.agents.provider import UNSIGNED, ProviderParameters, Providing
from sim.processes.service import Line
from sim.schema import Parameters, fraction, in_hours, in_months, logits, monthly, param
from sim.world.arrows import arrow
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_dot, exact_sum
from sim.world.units import MONTHS_PER_YEAR


class FirmParameters(BudgetParameters, ProviderParameters):
    """What a firm is like: its nature here, its money in ``budget``, its coming and going in ``provider``."""

    diligence: float = fraction(
        0.74, "Care with which the staff it has work", zh="尽责程度",
        source="collects first, serves later (重收费轻服务): seed 004; size assumed",
    )  # fmt: skip
    transparency: float = fraction(
        0.2, "Share of its accounts residents can check", zh="账目透明度"
    )
    skimming: float = fraction(
        0.3, "Share of public revenue it keeps off the books", zh="侵占公共收益比例",
        source="public revenue misused: seeds 000, 001; size assumed",
    )  # fmt: skip
    price_ratio: float = param(
        1.0, "Fee relative to the local usual fee", low=0.2, high=3, zh="收费相对水平"
    )
    issue_hours: float = in_hours(
        0.25, "Hours for residents' issues per household at full effort", high=5, zh="户均报事工时"
    )
    patrol: float = monthly(
        0.25, "Chance that its own patrol finds a problem, at full effort", zh="巡查发现率"
    )
    owner_led_blame: float = fraction(
        0.3, "Share of the developer's legacy laid at the door of a firm led by an owner",
        zh="业主牵头物业服务企业的归咎比例",
    )  # fmt: skip
    dunning: float = fraction(0.5, "Intensity of its reminders", zh="催缴力度")
    obstruction: float = logits(
        1.5, "Push against votes for a committee by a firm that skims everything", low=0, high=5, zh="阻挠业委会",
        source="firms obstruct preparation (设障): seed 000; size assumed",
    )  # fmt: skip
    supervised_care: float = fraction(
        0.7, "Share of the slack in its care that full supervision removes", zh="监督对尽责的促进"
    )
    supervised_skimming: float = monthly(
        0.15, "Share of skimming that full supervision ends in a month", zh="监督纠正侵占公共收益速度",
    )  # fmt: skip


class CompanyParameters(Parameters):
    """How the credit file of a property company moves, alike for all companies."""

    credit_start: float = fraction(0.6, "Standing at the start", zh="初始信用分")
    credit_speed: float = monthly(
        0.1, "Share of the gap to this month's mark closed in a month", zh="信用分调整速度"
    )
    calls_weight: float = in_months(
        5.0, "Weight of hotline calls per household in that mark, against satisfaction", low=0, high=100,
        zh="热线投诉扣分权重",
    )  # fmt: skip
    green_from: float = fraction(
        0.5, "Standing from which the light is green", zh="绿灯信用分",
        source="lights as a warning (亮燈預警): seed 002; level assumed",
    )  # fmt: skip
    yellow_from: float = fraction(
        0.35, "Standing from which the light is yellow; below it is red", zh="黄灯信用分",
        source="lights as a warning (亮燈預警): seed 002; level assumed",
    )  # fmt: skip


class Light(IntEnum):
    """Warning light of a company's credit file."""

    GREEN = 0
    YELLOW = 1
    RED = 2


arrow(
    "supervision", "effort", "who is supervised works with more care",
    neutral="nobody supervises", zh="监督使物业服务企业更尽责", zh_neutral="无人监督",
)  # fmt: skip
arrow(
    "standards", "effort", "standards, stars and warnings raise care",
    neutral="no standard", zh="标准、星级与警示促使尽责", zh_neutral="没有标准",
)  # fmt: skip
arrow(
    "supervision", "skimming", "supervision ends the skimming of public revenue",
    neutral="nobody supervises", zh="监督遏制侵占公共收益", zh_neutral="无人监督",
)  # fmt: skip


@register_row
class PropertyFirm(Providing, table="firms", parameters="firm"):
    """Who serves one compound: a company's branch there, or whoever stands in its place."""

    of_company: int = column(
        "i8", "index", "0 or more", "the company it is a branch of", fixed=True
    )
    care_shift: float = column(
        "f8", "1", "any", "what its company's care differs by from others", fixed=True
    )

    company = link("companies", "of_company")

    @rule
    def begin(self) -> None:
        """Begin as the parameters say."""
        p = self.p
        self.usual_diligence = min(max(p.diligence + self.care_shift, 0.0), 1.0)
        self.place_rate, self.fee_level = p.expects_least, 1.0
        serves = p.present != 0.0
        provider = Provider.FIRM + 0 if serves else Provider.NONE + 0
        self._take_over(provider, self.usual_diligence, p.transparency, p.skimming, p.reckons, 1.0)
        self.founded, self.months, self.contract_end = 0, MONTHS_PER_YEAR, UNSIGNED

    @rule
    def offer(self) -> None:
        """Set the named values that whoever serves stands for, before measures act."""
        p, s = self.p, self.compound.signals
        s.firm_present = 1.0 if self.present else 0.0
        if not self.present:
            s.blame = 0.0
            return
        s.transparency = self.transparency
        s.price_ratio = p.price_ratio
        s.dunning = p.dunning
        s.blame = p.owner_led_blame if self.owner_led else 1.0
        if self.provider == Provider.EMERGENCY:
            # It takes what is paid.
            s.dunning = 0.0
        elif self.provider == Provider.SELF_RUN:
            s.dunning = self.volunteers
            s.blame = p.owner_led_blame
            self._book_volunteers()
        s.detect_firm = p.patrol * self.staff * self.diligence
        hours = p.issue_hours * self.compound.households
        s.compound_hours = hours * self.staff * self.scope

    @derived
    def care(self) -> float:
        """Care with which staff work, with standards and supervision counted in."""
        s, on = self.compound.signals, self.parameters.arrows
        slack = (1.0 - self.diligence) * (1.0 - s.diligence_gain * on.standards_to_effort)
        watched = s.supervision * on.supervision_to_effort
        given = 1.0 - slack * (1.0 - self.p.supervised_care * watched)
        # A firm that gives nothing and is paid all the same (special funds) cannot give less.
        return max(given, 0.0)

    @rule
    def serve(self) -> None:
        """Deliver this month's effort: what staff do, the fewer the more the priorities show, and contracts."""
        p, effort = self.p, self.compound.effort
        if not self.present:
            effort[:] = 0.0
            return
        weight = np.empty(len(effort))
        for line in range(len(effort)):
            weight[line] = p.priority[line] ** (1.0 - self.staff)
        # Weights move staff between lines and leave their number as it is.
        weighted = exact_dot(p.cost_share, weight)
        each = self.staff * exact_sum(p.cost_share) / max(weighted, 1e-9)
        care = self.care
        # Cleaners whose rounds are watched make more of those they are paid for.
        watched = care + (1.0 - care) * self.compound.signals.cleaning_care
        for line in range(len(effort)):
            given = self.scope * (watched if line == Line.CLEANING else care)
            by_staff = (1.0 - p.by_contract[line]) * min(each * weight[line], 1.0)
            effort[line] = given * (by_staff + p.by_contract[line] * self.upkeep)
        # Lifts and lights stand still where energy is not paid for.
        effort[Line.FACILITIES] *= self.power

    @derived
    def mark(self) -> float:
        """This month's mark in the credit file, 0 to 1: residents' satisfaction, less for calls to the hotline."""
        compound, census = self.compound, self.compound.census
        calls = self.company.p.calls_weight * compound.per_household(census.calls)
        return compound.per_household(census.satisfaction) / (1.0 + calls)

    @rule
    def close_books(self, chance: tuple[float, ...]) -> None:
        """Book the month, then decide on staff, contracts, skimming and whether to stay.

        Args:
            chance: 4 draws of the firm's own stream.
        """
        if not self.present:
            self._clear_book()
            self.compound.fund.claim(self.public_revenue_fen)
            self._find_somebody(chance)
            return
        if self.contract_end == UNSIGNED:
            self._was_there_before(chance[2])
        self._book()
        self._plan()
        watched = self.compound.signals.supervision * self.parameters.arrows.supervision_to_skimming
        self.skimming *= 1.0 - self.p.supervised_skimming * watched
        self._stay_or_go(chance)


@register_row
class Company(Actor, table="companies", parameters="company"):
    """A property company with its branches in compounds and one credit file for all of them."""

    credit: float = column(
        "f8", "1", "0 to 1", "standing: follows satisfaction and calls over all branches"
    )
    first_branch: int = column(
        "i8", "index", "0 or more", "its first place in the list of branches", fixed=True
    )
    last_branch: int = column("i8", "index", "0 or more", "place after its last", fixed=True)

    @rule
    def decide(self) -> None:
        """Bring the credit file up to date with this month's residents."""
        p, n = self.p, self.last_branch - self.first_branch
        marks, households, served = np.zeros(n), 0, 0
        for k in range(n):
            c = self.world.branches[self.first_branch + k]
            firm = self.world.firms[c]
            if not firm.contracted:
                continue
            size = self.world.compounds[c].households
            marks[served] = firm.mark * size
            households += size
            served += 1
        if served:
            mark = exact_sum(marks[:served]) / households
            self.credit += p.credit_speed * (mark - self.credit)

    @rule
    def begin(self) -> None:
        """Begin with an ordinary standing."""
        self.credit = self.p.credit_start

    @derived
    def light(self) -> int:
        """Warning light of the credit file, see ``Light``."""
        if self.credit >= self.p.green_from:
            return Light.GREEN + 0
        return Light.YELLOW + 0 if self.credit >= self.p.yellow_from else Light.RED + 0
