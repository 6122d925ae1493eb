"""Measures that change which firm serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import param

if TYPE_CHECKING:
    from sim.society.compound import Compound


@register
class FirmTender(Measure):
    """Owners choose the firm in an open contest; a firm led by an owner may win."""

    name = "firm_tender"
    en = "Open tender of the firm (owner-led)"
    zh = "公开竞选物业公司(业主领办)"
    told = "004_56d13d5bc3bde075: 业主代表全过程参与,优选小区业主为法定代表的物业公司"
    through = "a vote of all owners, then another firm: care, openness, skimming, blame for the developer's legacy"

    class Parameters(MeasureParameters):
        """Preparation, vote and the winner's nature."""

        preparation: int = param(
            4, "Months from the start to the vote", unit="month", low=1, high=36, zh="筹备月数"
        )
        retry: int = param(
            6,
            "Months between a failed vote and the next",
            unit="month",
            low=1,
            high=36,
            zh="重试间隔",
        )
        canvass: float = param(
            0.6, "Push to take part in the vote", unit="logit", low=0, high=4, zh="动员投票作用"
        )
        diligence: float = param(0.9, "Care of the winner", low=0, high=1, zh="新物业尽责程度")
        transparency: float = param(0.6, "Openness of the winner", low=0, high=1, zh="新物业透明度")
        skimming: float = param(
            0.05, "Share of public revenue the winner keeps", low=0, high=1, zh="新物业侵占比例"
        )
        owner_led: bool = param(True, "Whether the winner is led by an owner", zh="业主领办")
        goodwill: float = param(
            0.4, "Trust in the new firm at its start, where owners chose it", low=0, high=1, zh="初始信任",
            source="selection by owners builds trust (建立居民与物业之间的信任): seed 004; size assumed",
        )  # fmt: skip
        community_hours: float = param(
            15.0,
            "Community's hours while it is prepared",
            unit="hour/month",
            low=0,
            high=500,
            zh="占用社区工时",
        )
        yuan: float = param(
            20000.0, "Cost of one contest", unit="yuan", low=0, high=1e6, zh="一次竞选费用"
        )

    def act(self, compound: Compound, strength: float) -> None:
        """Prepare, put it to the vote, and hand over if the vote passes."""
        p, s = self.p, compound.signals
        state = self.state.setdefault(
            compound.index, {"vote": compound.month + p.preparation, "done": False}
        )
        if state["done"]:
            return
        compound.community.ask(compound, self.label, p.community_hours * strength)
        s["canvass"] = float(s["canvass"]) + p.canvass * strength
        if compound.month < state["vote"]:
            return
        compound.spend(self.label, "public", yuan=p.yuan)
        trust = compound.column("trust_firm")
        change = 0.4 + 0.6 * (1.0 - trust)
        law = compound.committee.p
        if compound.assembly(change).passes(law.quorum, law.majority):
            state["done"] = True
            compound.firm.hand_over(p.diligence, p.transparency, p.skimming, p.owner_led)
            trust[:] = np.maximum(trust, p.goodwill)
        else:
            state["vote"] = compound.month + p.retry
