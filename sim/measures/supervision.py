"""Measures that watch firm and committee, and show what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.committee import State
from sim.agents.firm import Light
from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, at_least, close_gap, scale
from sim.schema import fraction, in_hours, in_months, in_yuan, param
from sim.streams import Stream, draw
from sim.world.arrows import arrow
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound

_MANAGERS = int(Stream.MANAGERS)


@register
class SupervisionEvaluation(Measure):
    """The cell oversees major decisions; firm and committee are evaluated; residents are asked after.

    Surveys that nobody has the hours to follow up do the opposite of what they are for.
    """

    name = "supervision_evaluation"
    en = "Supervision and evaluation of firm and committee"
    zh = "对业委会和物业服务企业的监督评价"
    told = (
        "000_a762daf79c5ee800: 党组织监督重大决策; "
        "000_a762daf79c5ee800: 实现对业委会和物业的全面监督; "
        "000_a762daf79c5ee800: 通过设置意见箱、开展问卷调查等方式定期回访,收集居民意见"
    )
    through = (
        "supervision of the firm, support of the committee, trust from solved issues that are followed up, "
        "hours for issues lost to reports, cell's hours, public money"
    )
    through_zh = (
        "对物业服务企业的监督、对业委会的支持、办结后回访的增信（缺工时则适得其反）；"
        "迎评占用的诉求工时、党支部工时和公共资金"
    )

    class Parameters(MeasureParameters):
        """Oversight, surveys, hours and money."""

        supervision: float = fraction(
            0.3, "Part of the supervision of the firm that is lacking and that oversight gives", zh="监督力度",
        )  # fmt: skip
        care: float = fraction(
            0.3, "Part of the support and checks the committee lacks that evaluation gives", zh="对业委会的督促",
        )  # fmt: skip
        revisit: float = param(
            0.3, "Gain in trust from a solved issue that is asked about afterwards, relative", low=-0.5, high=2,
            zh="回访增信", source="survey after, raises trust (增强居民信任): seed 000; size assumed",
        )  # fmt: skip
        formality: float = fraction(
            0.5, "Share of the hours needed at which asking residents turns from a help into a formality, which costs "
            "trust", high=0.9, zh="回访流于形式的工时占比",
        )  # fmt: skip
        paperwork: float = fraction(
            0.04, "Share of the hours for issues that reports and evaluations take", high=0.5, zh="迎评占用工时",
        )  # fmt: skip
        cell_hours: float = in_hours(
            12.0, "Cell's hours for oversight of one organisation", high=200, zh="占用党支部工时"
        )
        survey_hours: float = in_hours(
            8.0, "Cell's hours for opinion box and surveys", high=200, zh="意见箱与问卷工时"
        )
        survey_yuan: float = param(
            0.3, "Cost of surveys per household", unit="yuan/month", low=0, high=20, zh="户均问卷费用",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Oversee whatever of firm and committee there is, and ask residents."""
        p, s, cell = self.p, compound.signals, compound.cell
        firm = compound.firm.present
        state = compound.committee.state
        committee = state != State.NONE and state != State.PREPARING
        overseen = int(firm) + int(committee)
        hours = (p.survey_hours + p.cell_hours * overseen) * strength
        yuan = p.survey_yuan * compound.households * strength
        cell.ask(self.label, hours, public_yuan=yuan)
        full = min(strength, 1.0)
        works = cell.fidelity * full
        beyond = (cell.fidelity - p.formality) / (1.0 - p.formality)
        asked_after = p.revisit * strength * beyond
        s.revisit = at_least(add(s.revisit, asked_after), -1.0)
        if overseen > 0:
            s.compound_hours = scale(s.compound_hours, 1.0 - p.paperwork * full)
        if firm:
            s.supervision = close_gap(s.supervision, p.supervision * works)
        if committee:
            s.committee_care = close_gap(s.committee_care, p.care * works)


@register
class Disclosure(Measure):
    """Accounts come out each quarter, plan, money and progress in the open, and residents review them.

    Clean accounts help; accounts that show skimmed revenue cost the firm trust each time; a published
    collection rate says what is normal, high or low.
    """

    name = "disclosure"
    en = "Disclosure of accounts (glass pocket)"
    zh = "账目公开（玻璃口袋、双公示）"
    told = (
        "002_8c9cd9e280662931: 每季度公開收支明細,接受居民評議; 002_8c9cd9e280662931: “玻璃口袋”模式; "
        "002_8c9cd9e280662931: 信息雙公示制度"
    )
    through = (
        "openness of the accounts as residents judge it, weight of the published collection rate in the norm, "
        "skimming revealed when accounts come out, supervision by residents' review; firm's and community's hours"
    )
    through_zh = (
        "居民感受的账目公开度、公布收缴率在规范感知中的权重、公布时曝光的侵占公共收益、居民评议的监督；"
        "占用物业服务企业和社区工时"
    )

    class Parameters(MeasureParameters):
        """Rhythm, openness and review."""

        every: int = in_months(
            3, "Months between two publications", low=1, high=24, zh="公开间隔月数",
            source="each quarter (每季度公开收支明细): seed 002",
        )  # fmt: skip
        openness: float = param(
            0.3, "Part of what is closed that residents find opened; below 0 where reading raises doubts", low=-0.3,
            high=0.9, zh="公开度提升",
            source="better attitudes, no effect on tax paid (anchors in docs/odd.md); size and sign assumed",
        )  # fmt: skip
        published: float = fraction(
            0.25, "Weight of the published collection rate in what residents think is normal", zh="公布收缴率的权重",
            source="norm letters +1 to +5 points or none (anchors in docs/odd.md); size assumed",
        )  # fmt: skip
        checks: float = fraction(
            0.5, "Share of skimmed revenue that a careful review of the accounts finds", zh="查出侵占公共收益的比例",
        )  # fmt: skip
        review: float = fraction(
            0.1, "Part of the supervision of the firm that is lacking and that residents' review gives",
            zh="居民评议的监督",
        )  # fmt: skip
        firm_hours: float = param(
            24.0, "Firm's hours to make and explain one set of accounts, lost for issues", unit="hour", low=0,
            high=500, zh="每次编制账目工时",
        )  # fmt: skip
        community_hours: float = param(
            6.0, "Community's hours to check and post one set of accounts", unit="hour", low=0, high=200,
            zh="每次审核张贴社区工时",
        )  # fmt: skip
        yuan_each: float = in_yuan(
            500.0, "Cost of one publication", high=100_000, zh="每次公开费用"
        )

    class Memory:
        """The accounts that are known."""

        known: bool = column("?", "flag", "0, 1", "accounts have been published")
        founded: int = column("i8", "month", "any", "of the firm that came in this month")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Publish when a period is over; what was published stays known until the next time."""
        p, s, firm = self.p, compound.signals, compound.firm
        accounts = self.states[compound.index]
        if not firm.present:
            accounts.known = False
            return
        full = min(strength * p.coverage, 1.0)
        if (compound.month - p.start + 1) % p.every == 0:
            self._publish(compound, full)
            accounts.known, accounts.founded = True, firm.founded
        # Accounts of a firm that has left say nothing about the one that came.
        if not accounts.known or accounts.founded != firm.founded:
            return
        seen, gain = s.transparency, p.openness * full
        s.transparency = close_gap(seen, gain) if gain > 0.0 else scale(seen, 1.0 + gain)
        s.published = close_gap(s.published, p.published * full)
        s.supervision = close_gap(s.supervision, p.review * full)

    @rule
    def _publish(self, compound: Compound, full: float) -> None:
        p, s = self.p, compound.signals
        found = p.checks * full * compound.community.fidelity * compound.firm.skimming
        s.revealed = at_least(s.revealed, found)
        hours = min(p.firm_hours * full, s.compound_hours)
        s.compound_hours = add(s.compound_hours, -hours)
        compound.spend(self.label, Payer.FIRM, hours=hours)
        compound.community.ask(compound, self.label, p.community_hours * full)
        compound.spend(self.label, Payer.PUBLIC, yuan=p.yuan_each * full)


@register
class DelegatesLookBack(Measure):
    """Residents' delegates look back at what was reported: on site, in talks, by marks given.

    What was put off is taken up again, and who was served is asked. With nobody in the offices to answer, asking is
    worse than silence.
    """

    name = "delegates_lookback"
    en = "Delegates look back"
    zh = "议事代表“回头看”"
    told = (
        "004_56d13d5bc3bde075: 围绕2024年群众反映的46件小区物业管理问题办理情况开展“回头看”; "
        "004_56d13d5bc3bde075: 街道高度重视发挥议事代表常态履职作用"
    )
    through = (
        "share of problems that rise instead of being left unsolved, trust from solved ones that are asked after, "
        "supervision of the firm; residents' and street's hours"
    )
    through_zh = (
        "未解决问题上升办理的比例、办结后回访的增信、对物业服务企业的监督；居民工时、占用街道工时"
    )

    class Parameters(MeasureParameters):
        """Delegates, what they take up, and their hours."""

        delegates: float = param(
            5.0, "Delegates per 1,000 households", unit="person", low=0, high=100, zh="议事代表人数"
        )
        hours_each: float = in_hours(4.0, "Hours of one delegate", high=60, zh="代表月均工时")
        raises: float = fraction(
            0.3, "Share of problems, otherwise left unsolved, that delegates take up again", zh="重新交办比例",
            source="46 problems looked back at, those named all closed: seed 004; share assumed",
        )  # fmt: skip
        revisit: float = param(
            0.2, "Gain in trust from a solved problem that is asked after, relative", low=-0.5, high=2,
            zh="回头看增信", source="interviews and marks (居民访谈、满意度测评): seed 004; size and sign assumed",
        )  # fmt: skip
        formality: float = fraction(
            0.5, "Share of the street's hours needed at which asking turns from a help into a formality, which costs "
            "trust", high=0.9, zh="回头看流于形式的工时占比",
        )  # fmt: skip
        supervision: float = fraction(
            0.1, "Part of the supervision of the firm that is lacking and that delegates give", zh="代表监督力度",
        )  # fmt: skip
        street_hours: float = in_hours(
            0.5, "Street's hours to answer one delegate", high=40, zh="街道答复工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Look back as far as the street answers."""
        p, s = self.p, compound.signals
        out = p.delegates * compound.households / THOUSAND * p.coverage * strength
        asked = out * p.street_hours
        given = compound.take_street_hours(self.label, asked)
        compound.spend(self.label, Payer.RESIDENTS, hours=out * p.hours_each)
        answered = given / asked if asked > 0.0 else 1.0
        there = min(p.coverage * strength, 1.0) if out > 0.0 else 0.0
        s.whistle = close_gap(s.whistle, p.raises * there * answered)
        beyond = (answered - p.formality) / (1.0 - p.formality)
        s.revisit = at_least(add(s.revisit, p.revisit * there * beyond), -1.0)
        if compound.firm.present:
            s.supervision = close_gap(s.supervision, p.supervision * there * answered)


arrow(
    "credit", "effort", "a firm cares for its credit file: stars, warning, summons",
    neutral="no wish for stars, no fear of lights",
    zh="信用档案促使物业服务企业尽责：星级、警示、约谈", zh_neutral="不在乎星级与亮灯",
)  # fmt: skip


@register
class CreditFile(Measure):
    """Firm and manager have a credit file: the firm's over all compounds it serves, the manager's own.

    A manager long under red light must go, and takes the file along; the next one is better or worse.

    The street has little hard power, so warnings work no better than firms fear them; a firm that
    expects to go may do even less. Exit leaves a compound to a successor, or to nobody.
    """

    name = "credit_file"
    en = "Credit file of firm and manager (stars, lights, exit)"
    zh = "物业服务企业与项目经理信用档案（亮灯评星）"
    told = "002_8c9cd9e280662931: 實施“亮燈預警”和“評星定級”機制; 002_8c9cd9e280662931: 警示、約談甚至退出處理"
    through = (
        "firm's care under stars, warning and summons; another manager where one is long under red light, exit of "
        "firms that are; street's hours"
    )
    through_zh = "评星、亮灯、约谈对物业服务企业尽责的影响；长期红灯的项目经理更换、物业服务企业退出；占用街道工时"

    class Parameters(MeasureParameters):
        """Stars, warnings and exit."""

        stars: float = fraction(
            0.05, "Part of the firm's lack of care that the wish for stars removes, under green light", high=0.5,
            zh="评星促尽责",
        )  # fmt: skip
        warned: float = fraction(
            0.15, "Part of that lack removed by a warning, under yellow light", high=0.8, zh="警示促尽责",
        )  # fmt: skip
        summoned: float = param(
            0.25, "Part of that lack removed by summons, under red light; below 0 where a firm gives up", low=-0.2,
            high=0.8, zh="约谈促尽责",
            source="the street has only soft means (仅能通过协调、督促等柔性手段介入): seed 004; size and sign assumed",
        )  # fmt: skip
        red_months: int = in_months(
            12, "Months under red light until the firm must go", low=1, high=120, zh="红灯退出月数"
        )
        grace: int = in_months(
            12, "Months before the file of a firm that just came counts", low=0, high=60, zh="新物业服务企业宽限月数",
        )  # fmt: skip
        manager_months: int = in_months(
            6, "Months of the manager's own file under red light until the firm must send another", low=1, high=120,
            zh="项目经理红灯更换月数", source="a file of the manager (项目经理信用档案): seed 002; months assumed",
        )  # fmt: skip
        managers_differ: float = fraction(
            0.15, "Most by which another manager's care differs from the last one's, for better or worse",
            zh="项目经理尽责差异",
        )  # fmt: skip
        successor: bool = param(
            True, "Whether the street has an ordinary firm ready to follow", zh="有接替物业服务企业"
        )
        file_hours: float = in_hours(
            1.0, "Street's hours to keep the file", high=100, zh="建档工时"
        )
        summons_hours: float = in_hours(
            6.0, "Street's hours for a month of warnings or summons", high=200, zh="警示约谈工时"
        )
        exit_yuan: float = in_yuan(
            20000.0, "Public cost of replacing a firm", high=1e6, zh="更换物业服务企业费用"
        )

    class Memory:
        """The file."""

        kept: bool = column("?", "flag", "0, 1", "there is a file")
        founded: int = column("i8", "month", "any", "of the firm that came in this month")
        counts: int = column("i8", "month", "any", "month from which it counts")
        red: int = column("i8", "month", "0 or more", "months under red light")
        manager: float = column(
            "f8", "1", "0 to 1", "standing of the manager, by this compound alone"
        )
        manager_red: int = column(
            "i8", "month", "0 or more", "months the manager is under red light"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Act on the light of the firm's file."""
        p, s, firm = self.p, compound.signals, compound.firm
        file = self.states[compound.index]
        self._open_file(compound)
        if not firm.present:
            return
        light = Light.GREEN + 0
        if compound.month >= file.counts:
            light = firm.company.light
        file.red = file.red + 1 if light == Light.RED else 0
        works = self._take_street_hours(compound, light, strength)
        self._judge_manager(compound)
        if file.red > p.red_months:
            self._replace(compound)
            return
        push = (p.stars, p.warned, p.summoned)[light]
        push *= compound.parameters.arrows.credit_to_effort
        s.diligence_gain = close_gap(s.diligence_gain, push * min(strength, 1.0) * works)

    @rule
    def _open_file(self, compound: Compound) -> None:
        firm, month, file = compound.firm, compound.month, self.states[compound.index]
        if not file.kept:
            file.kept, file.founded, file.counts = True, firm.founded, month
            file.manager = firm.company.p.credit_start
        if not firm.present or firm.founded != file.founded:
            # The file follows the company; a firm that just came is not judged by what it inherits.
            file.red, file.founded, file.counts = 0, firm.founded, month + int(self.p.grace)
            file.manager, file.manager_red = firm.company.p.credit_start, 0

    @rule
    def _judge_manager(self, compound: Compound) -> None:
        p, firm, file, month = self.p, compound.firm, self.states[compound.index], compound.month
        company = firm.company.p
        file.manager += company.credit_speed * (firm.mark - file.manager)
        red = month >= file.counts and file.manager < company.yellow_from
        file.manager_red = file.manager_red + 1 if red else 0
        if file.manager_red > p.manager_months:
            # The file goes with the person; who comes has one of an ordinary standing.
            luck = draw(compound.index, month, compound.world.seed, _MANAGERS)[0]
            care = firm.diligence + p.managers_differ * (2.0 * luck - 1.0)
            firm.diligence = min(max(care, 0.0), 1.0)
            file.manager, file.manager_red = company.credit_start, 0

    @rule
    def _take_street_hours(self, compound: Compound, light: int, strength: float) -> float:
        p = self.p
        asked = (p.file_hours + (p.summons_hours if light != Light.GREEN else 0.0)) * strength
        given = compound.take_street_hours(self.label, asked)
        return given / asked if asked != 0.0 else 1.0

    @rule
    def _replace(self, compound: Compound) -> None:
        firm, p = compound.firm, self.p
        compound.spend(self.label, Payer.PUBLIC, yuan=p.exit_yuan)
        if p.successor != 0.0:
            usual = firm.p
            firm.hand_over(firm.usual_diligence, usual.transparency, usual.skimming, False)
        else:
            firm.dismiss()
