"""Measures on how the firm serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap, scale
from sim.schema import fraction, in_hours, param
from sim.world.costs import Payer
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class ServiceStandard(Measure):
    """Red property service: what is due is shown, repairs and complaints are dealt with at once."""

    name = "service_standard"
    en = "Red property service standard"
    zh = "红色物业服务标准（三亮三即时）"
    told = "004_56d13d5bc3bde075: 设施设备即时维修、建议投诉即时办理、困难需求即时帮助"
    through = (
        "firm's care for the money it has, its hours for issues, its openness; appraisal costs"
    )
    through_zh = "物业服务企业在既有资金下的尽责、诉求工时、公开度；考评费用"

    class Parameters(MeasureParameters):
        """Care, hours and openness."""

        care: float = fraction(
            0.6, "Share of the firm's lack of care that appraisal removes", zh="考评促尽责"
        )
        quick_hours: float = param(
            0.5, "Extra hours for issues, relative to what the firm gives anyway", low=0, high=5, zh="即办工时增幅",
        )  # fmt: skip
        openness: float = fraction(0.15, "Gain in transparency", zh="亮明提升透明度")
        appraisal_yuan: float = param(
            2.0, "Cost of the appraisal per household", unit="yuan/month", low=0, high=100, zh="考评费用",
        )  # fmt: skip

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


@register
class FirmPartyBranch(Measure):
    """The firm's own party branch: members among its staff take on duty hours, and the cell sits with it.

    Without the cell's hours it is a plate at the door (两张皮): it takes time and changes nothing.
    """

    name = "firm_party_branch"
    en = "Party branch of the firm"
    zh = "物业服务企业党支部"
    told = (
        "004_56d13d5bc3bde075: 物业党支部推行“红色物业”服务模式; "
        "004_56d13d5bc3bde075: 物业企业党组织建设滞后"
    )
    through = "firm's care, duty hours of its members for issues, hours that the branch takes from issues; cell's hours"
    through_zh = "物业服务企业尽责程度、党员职工义务工时、组织生活占用的诉求工时；占用党支部工时"

    class Parameters(MeasureParameters):
        """What members among the staff give and what the branch takes."""

        care: float = param(
            0.1, "Share of the firm's lack of care that its branch removes; below 0 where it serves for show",
            low=-0.1, high=0.5, zh="党支部促尽责",
            source="party work joined with service (融入物业管理服务全过程), or beside it (两张皮): seed 004; size "
            "and sign assumed",
        )  # fmt: skip
        duty_hours: float = in_hours(
            6.0, "Members' duty hours for issues per 1,000 households", high=200, zh="党员职工义务工时",
        )  # fmt: skip
        takes: float = fraction(
            0.02, "Share of the firm's hours for issues that the branch's own life takes", high=0.5,
            zh="组织生活占用工时",
        )  # fmt: skip
        cell_hours: float = in_hours(
            4.0, "Cell's hours to sit with the branch", high=100, zh="占用党支部工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Let the branch work as far as the cell sits with it; where there is no firm there is none."""
        if not compound.firm.present:
            return
        p, s, full = self.p, compound.signals, min(self.p.coverage * strength, 1.0)
        compound.cell.ask(self.label, p.cell_hours * full)
        works = full * compound.cell.fidelity
        duty = p.duty_hours * compound.households / THOUSAND * works
        s.compound_hours = scale(s.compound_hours, 1.0 - p.takes * full)
        s.compound_hours = add(s.compound_hours, duty)
        compound.spend(self.label, Payer.FIRM, hours=duty)
        s.diligence_gain = min(s.diligence_gain + p.care * works * (1.0 - s.diligence_gain), 1.0)


@register
class CleaningRounds(Measure):
    """The firm sweeps and takes refuse away as often as it is paid to, because somebody looks.

    Committee and cell watch the rounds. Nobody is hired for it: where the firm lacks cleaners, watching them
    brings little.
    """

    name = "cleaning_rounds"
    en = "More frequent cleaning, watched by cell and committee"
    zh = "增加清扫频次（党支部与业委会监督）"
    told = "000_a762daf79c5ee800: 物业公司在业委会和小区党支部监督下,增加清扫频次,垃圾及时清理"
    through = "care of the firm's cleaners, as far as the cell watches; cell's hours"
    through_zh = "保洁人员的尽责程度（以党支部的监督工时为限）；占用党支部工时"

    class Parameters(MeasureParameters):
        """What watching the rounds brings, and its hours."""

        care: float = fraction(
            0.6, "Share of the slack left in its cleaners' care that watching their rounds removes",
            zh="清扫监督促尽责",
            source="cleaned more often under supervision (监督下,增加清扫频次): seed 000; size assumed",
        )  # fmt: skip
        cell_hours: float = in_hours(
            8.0, "Cell's hours per 1,000 households to watch the rounds", high=200, zh="占用党支部工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Watch the rounds as far as the cell has hours; where there is no firm, nobody makes any."""
        if not compound.firm.present:
            return
        p, s, full = self.p, compound.signals, min(self.p.coverage * strength, 1.0)
        compound.cell.ask(self.label, p.cell_hours * compound.households / THOUSAND * full)
        works = p.care * full * compound.cell.fidelity
        s.cleaning_care = close_gap(s.cleaning_care, works)
