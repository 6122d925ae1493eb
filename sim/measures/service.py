"""Measures on how the firm serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, scale
from sim.schema import param
from sim.world.costs import Payer
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class ServiceStandard(Measure):
    """Red property service: what is due is shown, repairs and complaints are dealt with at once."""

    name = "service_standard"
    en = "Red property service standard"
    zh = "红色物业服务标准(三亮三即时)"
    told = "004_56d13d5bc3bde075: 设施设备即时维修、建议投诉即时办理、困难需求即时帮助"
    through = (
        "firm's care for the money it has, its hours for issues, its openness; appraisal costs"
    )
    through_zh = "物业在既有资金下的尽责、诉求工时、公开度;考评费用"

    class Parameters(MeasureParameters):
        """Care, hours and openness."""

        care: float = param(
            0.6,
            "Share of the firm's lack of care that appraisal removes",
            low=0,
            high=1,
            zh="考评促尽责",
        )
        quick_hours: float = param(
            0.5,
            "Extra hours for issues, relative to what the firm gives anyway",
            low=0,
            high=5,
            zh="即办工时增幅",
        )
        openness: float = param(0.15, "Gain in transparency", low=0, high=1, zh="亮明提升透明度")
        appraisal_yuan: float = param(
            2.0,
            "Cost of the appraisal per household",
            unit="yuan/month",
            low=0,
            high=100,
            zh="考评费用",
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Hold the firm to the standard; where there is no firm, there is nobody to hold."""
        if not compound.firm.present:
            return
        p, s = self.p, compound.signals
        strength *= p.coverage
        s.diligence_gain = add(s.diligence_gain, p.care * strength, most=1.0)
        s.compound_hours = scale(s.compound_hours, 1.0 + p.quick_hours * strength)
        s.transparency = add(s.transparency, p.openness * strength, most=1.0)
        yuan = p.appraisal_yuan * compound.households * strength
        compound.spend(self.label, Payer.PUBLIC, yuan=yuan)
