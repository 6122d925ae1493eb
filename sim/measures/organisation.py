"""Measures on the party's own organisation in a compound, and on who sits where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.committee import State
from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, at_least, close_gap, scale
from sim.schema import fraction, in_hours, in_months, logits, monthly, param
from sim.world.costs import Payer
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class PartyOrganisation(Measure):
    """Home visits find the members of a compound; building groups and member households hold them.

    Visits last some months, groups cost hours for as long as they stand: a cell with few members
    spends on itself what it then lacks for its tasks.
    """

    name = "party_organisation"
    en = "Party organisation down to buildings"
    zh = "党组织建到楼栋（支部—党小组—党员中心户）"
    told = (
        "001_966095599a598409: 构建“小区党支部—楼栋党小组—党员家庭中心户”的组织体系; "
        "001_966095599a598409: 党员户家访; 000_a762daf79c5ee800: 实现小区党组织100%覆盖; "
        "002_8c9cd9e280662931: 率先派駐黨支部開展服務與治理"
    )
    through = (
        "idle members who become active, hours an active member gives, "
        "hours that cell and community spend on visits and groups"
    )
    through_zh = "动员未活跃党员、活跃党员人均工时；占用党支部和社区的家访与小组活动工时"

    class Parameters(MeasureParameters):
        """Visits, groups and their hours."""

        visit_months: int = in_months(
            12, "Months the home visits last", low=1, high=120, zh="家访持续月数"
        )
        finds: float = monthly(
            0.04, "Share of idle members won over in a month of visits", high=0.3, zh="家访动员率",
            source="members turn from hidden to leading (从“隐身者”变为“领跑者”): seed 001; size assumed",
        )  # fmt: skip
        belonging: float = param(
            0.10, "Change of the hours an active member gives, where groups give everybody a post", low=-0.3, high=0.5,
            zh="设岗定责的工时增幅",
            source="posts for members without office: seed 000; size and sign assumed (duties may also tire)",
        )  # fmt: skip
        visit_hours: float = param(
            1.5, "Hours of community staff for one home visit", unit="hour", low=0, high=20, zh="每次家访社区工时",
        )  # fmt: skip
        group_hours: float = in_hours(
            2.0, "Cell's hours to keep one building group", high=40, zh="每个党小组工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Visit idle members while visits last; keep the groups."""
        p, s, census = self.p, compound.signals, compound.census
        reached = p.coverage * strength
        groups = compound.last_building - compound.first_building
        compound.cell.ask(self.label, p.group_hours * groups * reached)
        s.cell_hours = scale(s.cell_hours, max(1.0 + p.belonging * reached, 0.0))
        if compound.month >= p.start + p.visit_months:
            return
        idle = max(census.members - census.active, 0.0)
        hours = idle * p.visit_hours * reached / p.visit_months
        compound.community.ask(compound, self.label, hours)
        found = p.finds * reached * compound.community.fidelity
        s.cell_recruits = add(s.cell_recruits, found, most=1.0)


@register
class CrossAppointment(Measure):
    """The cell's secretary chairs the committee; firm and committee join the cell's organisation.

    It saves coordination and steadies the committee. It costs the chair's time, who now serves twice,
    and a little of the trust of owners who want a voice of their own.
    """

    name = "cross_appointment"
    en = "Cross-appointment (secretary chairs the committee)"
    zh = "交叉任职（书记兼任业委会主任）"
    told = (
        "001_966095599a598409: 推动符合条件的小区党支部书记通过法定程序担任业主委员会主任; "
        "001_966095599a598409: 通过组织联建的方式纳入小区党组织体系; "
        "004_56d13d5bc3bde075: 探索“交叉任职”“双向考核”等机制"
    )
    through = (
        "hours for issues that coordination saves and the chair's second office takes, "
        "support of the committee, what owners see of it, cell's hours"
    )
    through_zh = (
        "协调节省的诉求工时、主任兼职挤占的工时、对业委会的支持、业主对业委会的观感；占用党支部工时"
    )

    class Parameters(MeasureParameters):
        """Coordination, steadiness, and what they cost."""

        coordination: float = fraction(
            0.10, "Hours for issues gained where firm, committee and cell need not negotiate, relative", high=0.5,
            zh="协调成本节省", source="less pulling apart (减少掣肘和内耗): seed 001; size assumed",
        )  # fmt: skip
        firm_part: float = fraction(
            0.5, "Part of the coordination that is joined through the firm; the rest through the committee",
            zh="物业服务企业所占协调份额",
        )  # fmt: skip
        steadies: float = fraction(
            0.3, "Part of what support the committee lacks that the cell gives it", zh="对业委会的稳定作用",
        )  # fmt: skip
        busy: float = fraction(
            0.15, "Share of the committee's hours that its chair's second office takes", zh="兼职挤占工时",
        )  # fmt: skip
        distrust: float = param(
            0.06, "Share of the committee's image lost among owners who want an independent voice", low=-0.1, high=0.4,
            zh="独立性疑虑", source="size and sign assumed",
        )  # fmt: skip
        cell_hours: float = in_hours(
            8.0, "Cell's hours for joint meetings and the chair's work", high=200, zh="占用党支部工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Join what there is: a firm, a committee, or both; without either do nothing."""
        p, s, committee = self.p, compound.signals, compound.committee
        seated = committee.state == State.ELECTED or committee.state == State.WORKING
        joined = p.firm_part * compound.firm.present + (1.0 - p.firm_part) * seated
        full = min(strength, 1.0)
        if not compound.firm.present and not seated:
            return
        compound.cell.ask(self.label, p.cell_hours * joined * strength)
        hours = s.compound_hours
        if committee.works:
            hours -= p.busy * full * committee.p.hours * committee.competence
        works = compound.cell.fidelity * full
        s.compound_hours = scale(max(hours, 0.0), 1.0 + p.coordination * joined * works)
        if seated:
            s.committee_care = close_gap(s.committee_care, p.steadies * works)
            s.committee_image = min(scale(s.committee_image, 1.0 - p.distrust * full), 1.0)


@register
class PartiesCouncil(Measure):
    """Cell, community, committee and firm sit at one table as a rule, and post what became of each demand.

    Nobody takes a second office, unlike in cross-appointment. A table takes hours from all who sit at it; where it
    settles nothing they are lost.
    """

    name = "parties_council"
    en = "Council of cell, community, committee and firm"
    zh = "多方协同议事（三方协同、四方共治）"
    told = (
        "002_8c9cd9e280662931: “社區黨組織、物業服務企業、業主委員會”三方協同的常態化治理架構; "
        "004_56d13d5bc3bde075: 与物业公司开展四方共治,清单化公示居民意见建议办理情况; "
        "000_a762daf79c5ee800: 在小区绿化改造等项目中实现信息共享与协同决策"
    )
    through = (
        "hours for issues that coordination saves and sitting takes, trust from solved issues whose outcome is "
        "posted; cell's, community's and firm's hours"
    )
    through_zh = (
        "协调节省与开会占用的诉求工时、办理结果公示的增信；占用党支部、社区和物业服务企业工时"
    )

    class Parameters(MeasureParameters):
        """What a table saves, and what it takes."""

        coordination: float = param(
            0.08, "Hours for issues gained where all four sit at the table, relative; below 0 where they only talk",
            low=-0.1, high=0.3, zh="协调成本节省",
            source="shared information, joint decisions (信息共享与协同决策): seed 000; size and sign assumed",
        )  # fmt: skip
        posted: float = param(
            0.1, "Gain in trust from a solved issue whose outcome is posted, relative", low=-0.2, high=1,
            zh="公示办理情况的增信",
            source="a list of what became of residents' opinions (清单化公示): seed 004; size and sign assumed",
        )  # fmt: skip
        cell_hours: float = in_hours(
            4.0, "Cell's hours for the table", high=100, zh="占用党支部工时"
        )
        community_hours: float = in_hours(
            3.0, "Community's hours for table and list", high=100, zh="占用社区工时"
        )
        firm_hours: float = in_hours(
            4.0, "Firm's hours at the table, lost for issues", high=200, zh="占用物业服务企业工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Sit with whatever of firm and committee there is; without either there is no table."""
        p, s, committee = self.p, compound.signals, compound.committee
        has_firm, has_committee = compound.firm.present, committee.works or committee.stands_in
        if not has_firm and not has_committee:
            return
        full = min(p.coverage * strength, 1.0)
        compound.cell.ask(self.label, p.cell_hours * full)
        compound.community.ask(compound, self.label, p.community_hours * full)
        works = full * min(compound.cell.fidelity, compound.community.fidelity)
        hours = s.compound_hours
        if has_firm:
            sat = min(p.firm_hours * full, hours)
            hours -= sat
            compound.spend(self.label, Payer.FIRM, hours=sat)
        # Half of it is the firm's coming, half the committee's.
        joined = has_firm / 2.0 + has_committee / 2.0
        s.compound_hours = scale(hours, 1.0 + p.coordination * joined * works)
        s.revisit = at_least(add(s.revisit, p.posted * works), -1.0)


@register
class BuildingHeads(Measure):
    """A party member is head of each building: settles small matters at once, talks people out of misuse.

    There are no more heads than active members, and what they give the cell lacks for its other tasks.
    """

    name = "building_heads"
    en = "Member building heads, small matters at once"
    zh = "党员楼栋长与小微问题劝导快处"
    told = (
        "004_56d13d5bc3bde075: 培育“党员楼栋长”; 004_56d13d5bc3bde075: 建立小微问题劝导快处机制; "
        "001_966095599a598409: 突出抓好党小组长、楼栋长、治安员、卫生员、调解员、监督员等组成的“两长多员”队伍建设"
    )
    through = "hours for small problems of the building, small push against misuse of common space; cell's hours"
    through_zh = "楼内小微问题工时、对占用公共空间的轻微劝导；占用党支部工时"

    class Parameters(MeasureParameters):
        """Hours of a head, and what they do."""

        hours_each: float = in_hours(4.0, "Cell's hours of one head", high=60, zh="楼栋长月工时")
        handles: float = fraction(
            0.5, "Share of these hours that goes to small problems; the rest is rounds and talk",
            zh="用于小微问题的比例",
        )  # fmt: skip
        order: float = logits(
            0.08, "Push against misuse where every building has a head; below 0 where it annoys", low=-0.1, high=0.5,
            zh="劝导作用", source="talked out of wires and litter (小微问题劝导): seed 004; size and sign assumed",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Let heads work in as many buildings as there are active members."""
        p, s, cell = self.p, compound.signals, compound.cell
        buildings = compound.last_building - compound.first_building
        heads = min(buildings * min(p.coverage * strength, 1.0), cell.members)
        hours = heads * p.hours_each
        cell.ask(self.label, hours)
        # Hours at building level are cut to what the cell has when it settles.
        s.building_hours = add(s.building_hours, hours * p.handles)
        s.enforcement = add(s.enforcement, p.order * heads / buildings * cell.fidelity)
