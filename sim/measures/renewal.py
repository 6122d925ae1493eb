"""Renewal of facilities for every age, promises kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import param

if TYPE_CHECKING:
    from sim.society.compound import Compound


@register
class AllAgeRenewal(Measure):
    """Public money mends lifts, walls and cameras and builds what the old and the young lack."""

    name = "all_age_renewal"
    en = "All-age renewal, promises kept"
    zh = "全龄友好改造(承诺必为)"
    told = "004_56d13d5bc3bde075: 墙砖3200平方米,监控设备22个,电梯轿厢底板9个; “承诺必为”"
    through = (
        "condition of facilities, security and amenities; the developer's legacy; public money"
    )

    class Parameters(MeasureParameters):
        """Pace, reach and money."""

        months: int = param(18, "Months the works last", unit="month", low=1, high=120, zh="工期")
        facilities: float = param(
            0.6, "Share of what facilities lack that the works mend", low=0, high=1, zh="设施改善"
        )
        security: float = param(
            0.4, "Share of what security lacks that the works mend", low=0, high=1, zh="安防改善"
        )
        amenities: float = param(
            0.7,
            "Share of what amenities lack that the works build",
            low=0,
            high=1,
            zh="全龄设施改善",
        )
        promises: float = param(
            0.6, "Share of the developer's legacy that is made good", low=0, high=1, zh="兑现承诺"
        )
        yuan_each: float = param(
            1500.0,
            "Public money per household over the whole works",
            unit="yuan",
            low=0,
            high=100_000,
            zh="户均投入",
        )

    def act(self, compound: Compound, strength: float) -> None:
        """Do one month of the works."""
        p = self.p
        if compound.month >= p.start + p.months:
            return
        shares = (0.0, p.facilities, p.security, 0.0, p.amenities)
        for line, share in enumerate(shares):
            # n equal steps of this size leave (1 - share) of what was lacking.
            step = 1.0 - (1.0 - share * p.coverage) ** (strength / p.months)
            compound.condition[line] += step * (1.0 - compound.condition[line])
        kept = 1.0 - (1.0 - p.promises * p.coverage) ** (strength / p.months)
        compound.developer.legacy *= 1.0 - kept
        compound.spend(
            self.label, "public", yuan=p.yuan_each * compound.households * strength / p.months
        )
