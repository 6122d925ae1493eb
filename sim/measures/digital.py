"""The digital platform: report, deliberate, vote and pay on a phone; sensors that report by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, at_least, close_gap
from sim.schema import fraction, in_hours, in_yuan, logits, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.numbers import exact_dot
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class DigitalPlatform(Measure):
    """One channel on the phone for reports, councils, votes and payment, and sensors in the compound.

    It reaches the young first. Where it takes the place of window and telephone, those it does not
    reach are heard less than before, so in a compound of old people it may do harm.
    """

    name = "digital_platform"
    en = "Digital platform and sensors"
    zh = "智慧社区平台（141基层智治）"
    told = (
        "004_56d13d5bc3bde075: 居民可在网格内参与小区事项反映和表决; 002_8c9cd9e280662931: 線上議事; "
        "004_56d13d5bc3bde075: 实现垃圾满溢识别准确率98%; 004_56d13d5bc3bde075: 防止“技术依赖”与“人力闲置”并存"
    )
    through = (
        "reach of digital channels (cost of time to attend and vote), a platform to report on, fewer who go to "
        "the grid worker's window, sensors that find problems, push to vote, firm's reminders; public money, "
        "community's hours"
    )
    through_zh = (
        "数字渠道覆盖（降低参会投票时间成本）、线上报事平台、到窗口报事减少、传感器发现问题、投票动员、物业服务企业提醒；"
        "公共资金，占用社区工时"
    )

    class Parameters(MeasureParameters):
        """Whom it reaches, what it does, and its money."""

        young: float = fraction(
            0.8, "Share of young households that use it", zh="青年使用率",
            source="young pay most to take part offline: seed 004 (年轻群体参与成本高); share assumed",
        )  # fmt: skip
        working: float = fraction(
            0.65, "Share of working-age households that use it", zh="中年使用率"
        )
        elderly: float = fraction(0.25, "Share of elderly households that use it", zh="老年使用率")
        replaces: float = logits(
            0.5, "Push away from the grid worker's window where it takes the place of it", low=0, high=5,
            zh="替代窗口的作用", source="dependence on technology (技术依赖): seed 004; size assumed",
        )  # fmt: skip
        sensors: float = monthly(
            0.1, "Part of the problems grid workers miss that sensors find", high=0.8, zh="传感器发现率",
            source="98% of full bins recognised, one kind of problem of many: seed 004; size assumed",
        )  # fmt: skip
        vote: float = logits(
            0.3, "Push to take part in a vote if all use it", low=-0.3, high=2, zh="线上投票作用"
        )
        reminders: float = fraction(
            0.2, "Gain in the intensity of the firm's reminders if all use it", zh="线上催缴提醒"
        )
        setup_yuan: float = in_yuan(
            120.0, "Cost to set it up, per household", high=5000, zh="户均建设费用"
        )
        running_yuan: float = param(
            1.0, "Cost to run it, per household", unit="yuan/month", low=0, high=50, zh="户均运行费用",
        )  # fmt: skip
        hours: float = in_hours(
            3.0, "Community's hours per 1,000 households to sort what comes in", high=200, zh="线上受理工时",
        )  # fmt: skip

    class Memory:
        """What stands already."""

        built: float = column("f8", "1", "0 or more", "reach for which it has been set up")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Open the channel to those who use it, and close part of the old ones."""
        p, s = self.p, compound.signals
        full = min(p.coverage * strength, 1.0)
        users = self._users(compound) * full
        works = compound.community.fidelity
        s.digital = at_least(s.digital, users)
        s.platform_young = close_gap(s.platform_young, p.young * full * works)
        s.platform_working = close_gap(s.platform_working, p.working * full * works)
        s.platform_elderly = close_gap(s.platform_elderly, p.elderly * full * works)
        s.asks_for_reports = add(s.asks_for_reports, -p.replaces * full)
        s.detect_grid = close_gap(s.detect_grid, p.sensors * full * works)
        s.canvass = add(s.canvass, p.vote * users)
        if compound.firm.present:
            s.dunning = add(s.dunning, p.reminders * users, most=1.0)
        self._pay(compound, p.coverage * strength)

    @rule
    def _users(self, compound: Compound) -> float:
        # Named values hold for a whole compound, so its make-up by age decides how far they reach.
        p, census = self.p, compound.census
        counted = np.array([census.young, census.working, census.elderly])
        users = exact_dot(np.array([p.young, p.working, p.elderly]), counted)
        return users / max(census.occupied, 1.0)

    @rule
    def _pay(self, compound: Compound, reached: float) -> None:
        p, n, memory = self.p, compound.households, self.states[compound.index]
        compound.community.ask(compound, self.label, p.hours * n / THOUSAND * reached)
        # A wider net costs more, but what stands is not paid for again.
        built = memory.built
        memory.built = max(built, reached)
        yuan = p.setup_yuan * max(reached - built, 0.0) + p.running_yuan * reached
        compound.spend(self.label, Payer.PUBLIC, yuan=yuan * n)
