"""Measures on the owners' committee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.committee import State
from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, at_least, close_gap
from sim.processes.assembly import Matter
from sim.schema import fraction, in_hours, monthly, param
from sim.streams import Stream, draw
from sim.world.arrows import arrow
from sim.world.costs import Payer
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound

_OWNERS = int(Stream.OWNERS)


@register
class InterimCommittee(Measure):
    """A temporary committee stands in where owners have none, and prepares a real election."""

    name = "interim_committee"
    en = "Temporary (interim) committee"
    zh = "临时业委会（物管会）"
    told = (
        "004_56d13d5bc3bde075: 组建临时业委会、召开恳谈会; "
        "001_966095599a598409: 切实承担起监督物业管理、启用维修基金等职责"
    )
    through = (
        "supervision of the firm, hours for issues, hours from door to door before votes; "
        "community's, cell's and residents' hours"
    )
    through_zh = "对物业服务企业的监督、诉求工时、投票前的入户动员工时；占用社区、党支部和居民工时"

    class Parameters(MeasureParameters):
        """Strength and hours."""

        supervision: float = fraction(0.6, "Supervision of the firm it gives", zh="监督力度")
        image: float = fraction(0.55, "What owners see of it", zh="业主观感")
        canvass_hours: float = in_hours(
            40.0, "Hours its members go from door to door for a vote", high=1000, zh="入户动员工时",
            source="004: 入户征求居民意见; size assumed",
        )  # fmt: skip
        issue_hours: float = in_hours(30.0, "Hours it has for issues", high=1000, zh="处理诉求工时")
        community_hours: float = in_hours(
            6.0, "Community's hours it takes", high=500, zh="占用社区工时"
        )
        cell_hours: float = in_hours(20.0, "Cell's hours it takes", high=500, zh="占用党支部工时")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Stand in for a committee that does not work; support one that is being formed."""
        p, s, committee = self.p, compound.signals, compound.committee
        compound.community.ask(compound, self.label, p.community_hours * strength)
        compound.cell.ask(self.label, p.cell_hours * strength)
        # The community's hours of this month are known only once all have asked: last month's stand in.
        works = compound.community.fidelity * strength * p.coverage
        s.committee_care = at_least(s.committee_care, min(works, 1.0))
        if compound.assembly.matter != Matter.NONE:
            s.canvass_hours = add(s.canvass_hours, p.canvass_hours * works)
            compound.spend(self.label, Payer.RESIDENTS, hours=p.canvass_hours * works)
        if committee.works:
            return
        committee.interim = max(committee.interim, min(works, 1.0))
        s.supervision = at_least(s.supervision, p.supervision * committee.interim)
        s.committee_image = at_least(s.committee_image, p.image * committee.interim)
        committee.give_hours(p.issue_hours * works)


@register
class CommitteePartyShare(Measure):
    """At least half of a newly elected committee are party members, and candidates are vetted.

    Members answer to the cell as well, so fewer committees idle or are captured. Vetting leaves fewer of those
    willing; the organisation that vets also talks to people whom it wants to stand, and goes from door to door.
    """

    name = "committee_party_share"
    en = "Party members hold half the committee's seats, candidates vetted"
    zh = "业委会党员比例过半与候选人把关"
    told = (
        "000_a762daf79c5ee800: 确保业委会成员党员比例不低于50%; 000_a762daf79c5ee800: 严格把关人选; "
        "001_966095599a598409: 业委会成员中的党员比例应达到50%以上"
    )
    through = (
        "share of party members in committees elected from now on (their chances to idle or be captured), "
        "share of willing candidates turned away, candidates won by talks, hours from door to door; "
        "community's and cell's hours"
    )
    through_zh = (
        "新选业委会的党员比例（影响未正常履职与被少数人把持的概率）、被刷下的候选人比例、谈话动员的候选人、入户工时；"
        "占用社区和党支部工时"
    )

    class Parameters(MeasureParameters):
        """Rule, vetting and hours."""

        rule: float = fraction(
            0.5, "Smallest share of party members in a newly elected committee", zh="党员最低比例",
            source="at least 50% (党员比例不低于50%): seeds 000, 001",
        )  # fmt: skip
        turned_away: float = fraction(
            0.29, "Share of willing candidates that rule and vetting turn away", high=0.9, zh="被刷下的候选人",
            source="418 of 1,426 turned away: K079",
        )  # fmt: skip
        vetting_hours: float = in_hours(
            10.0, "Community's hours to vet candidates while an election is prepared", high=200, zh="审查候选人工时",
        )  # fmt: skip

        talks: float = param(
            3.0, "Talks with people wanted as candidates while an election is prepared", unit="talk/month", low=0,
            high=100, zh="动员谈话次数",
            source="2,700 talks for 145 committees within a drive: K079; rate without one assumed",
        )  # fmt: skip
        talk_brings: float = param(
            0.53, "Candidates that one talk brings", unit="person/talk", low=0, high=1, zh="每次谈话带来的候选人",
            source="1,426 candidates from 2,700 talks: K079",
        )  # fmt: skip
        talk_hours: float = param(
            1.0, "Community's hours for one talk", unit="hour/talk", low=0, high=10, zh="每次谈话工时",
        )  # fmt: skip
        door_hours: float = in_hours(
            15.0, "Cell's hours from door to door while an election is prepared", high=500, zh="党支部入户工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Set the rule; while an election is prepared vet, win candidates and go from door to door."""
        p, s, full = self.p, compound.signals, min(strength, 1.0)
        s.party_rule = at_least(s.party_rule, p.rule * full)
        s.candidate_bar = close_gap(s.candidate_bar, p.turned_away * full)
        if compound.committee.state == State.PREPARING:
            hours = p.vetting_hours + p.talks * p.talk_hours
            compound.community.ask(compound, self.label, hours * strength)
            compound.cell.ask(self.label, p.door_hours * strength)
            talked = p.talks * full * compound.community.fidelity
            compound.committee.won_over += p.talk_brings * talked
            if compound.assembly.matter == Matter.ELECT:
                door = p.door_hours * full * compound.cell.fidelity
                s.canvass_hours = add(s.canvass_hours, door)


@register
class CommitteeTraining(Measure):
    """A training school for those who stand for, or sit on, the committee.

    Hours in class are hours not given to issues, and a course may teach little.
    """

    name = "committee_training"
    en = "Training school for committees"
    zh = "业委会培训（社区治理学院）"
    told = "000_a762daf79c5ee800: 通过培训提升成员素养; 001_966095599a598409: 开办社区治理学院"
    through = (
        "competence of newly elected committees, and of those in office up to a ceiling, candidates won; "
        "committee's hours, public money"
    )
    through_zh = (
        "新选业委会的履职能力，在任业委会能力（有上限），带动参选；占用业委会工时和公共资金"
    )

    class Parameters(MeasureParameters):
        """What a course teaches and costs."""

        gain: float = param(
            0.08, "Gain in competence of a committee whose candidates were trained", low=-0.05, high=0.3,
            zh="候选人培训增效",
        )  # fmt: skip
        learns: float = monthly(
            0.03, "Share of the gap to the ceiling that members in office close", high=0.3, zh="在任学习速度",
        )  # fmt: skip
        brings: float = param(
            0.25, "Candidates whom a month of courses before an election makes willing", unit="person/month", low=0,
            high=5, zh="培训带动参选",
            source="draws the middle-aged and the expert (吸引中青年和专业人才): seed 000; size assumed",
        )  # fmt: skip
        ceiling: float = fraction(
            0.7, "Competence beyond which courses teach members in office nothing", zh="培训上限"
        )
        class_hours: float = in_hours(
            6.0, "Committee's (or candidates') hours in class", high=100, zh="上课工时"
        )
        yuan: float = param(
            400.0, "Cost of the courses for one compound", unit="yuan/month", low=0, high=50_000, zh="培训费用",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Teach candidates before an election, members once they are in office."""
        p, s, committee = self.p, compound.signals, compound.committee
        reached = min(p.coverage * strength, 1.0)
        # Candidates are trained before anybody knows when the vote is.
        s.training = add(s.training, p.gain * reached)
        in_office = committee.state == State.ELECTED or committee.state == State.WORKING
        if not in_office and committee.state != State.PREPARING:
            return
        if not in_office:
            committee.won_over += p.brings * reached
        hours = p.class_hours * reached
        if committee.works:
            hours = min(hours, s.compound_hours)
            s.compound_hours = add(s.compound_hours, -hours)
        pupils = Payer.COMMITTEE if in_office else Payer.RESIDENTS
        compound.spend(self.label, pupils, hours=hours)
        compound.spend(self.label, Payer.PUBLIC, yuan=p.yuan * reached)
        if in_office:
            committee.competence += p.learns * reached * max(p.ceiling - committee.competence, 0.0)


arrow(
    "drive", "committees",
    "the street, appraised by committees formed, prepares elections and sets up interim committees",
    neutral="it brings about nothing, whatever its hours",
    zh="以组建率考核街道，推动选举或设立物管会", zh_neutral="耗时而无效果",
)  # fmt: skip


@register
class CommitteeDrive(Measure):
    """The street is appraised by committees formed: it prepares elections, or sets up interim committees.

    An interim committee is set up from above, wherever there is no committee. It may call owners' meetings, but few
    know of it and it watches the firm little.
    """

    name = "committee_drive"
    en = "Drive to form committees (street's appraisal)"
    zh = "业委会（物管会）组建攻坚（街道考核）"
    told = (
        "001_966095599a598409: 对尚未成立业委会的小区,由街道牵头成立小区物业管理委员会; "
        "000_a762daf79c5ee800: 高效推动组建"
    )
    through = (
        "preparation of elections that owners ask for, candidates won by talks, hours from door to door, interim "
        "committees where there is none; street's and community's hours"
    )
    through_zh = (
        "业主申请的选举筹备、谈话动员的候选人、入户工时、在无业委会处设立物管会；占用街道和社区工时"
    )

    class Parameters(MeasureParameters):
        """Hours of the street and what they bring about."""

        street_hours: float = in_hours(
            12.0, "Street's hours for a compound without a committee", high=500, zh="占用街道工时"
        )
        community_hours: float = in_hours(
            16.0, "Community's hours from door to door while an election is prepared", high=500, zh="社区入户工时",
        )  # fmt: skip
        support: float = fraction(
            0.6, "Support of the preparation that these hours give", zh="筹备扶持"
        )
        talks: float = param(
            4.0, "Talks with people wanted as candidates", unit="talk/month", low=0, high=100, zh="动员谈话次数",
            source="2,700 talks for 145 committees: K079, over some four months of preparation",
        )  # fmt: skip
        talk_brings: float = param(
            0.53, "Candidates that one talk brings", unit="person/talk", low=0, high=1, zh="每次谈话带来的候选人",
            source="1,426 candidates from 2,700 talks: K079",
        )  # fmt: skip
        interim: float = monthly(
            0.15, "Chance that an interim committee is set up where there is none yet, with all the street's hours",
            zh="设立物管会概率",
            source="11.9 to 90.1 percent in 12 months is 0.19 a month for both kinds: K077; 74 percent interim: D072",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Work on a compound without an elected committee."""
        p, s, committee = self.p, compound.signals, compound.committee
        if committee.formed:
            return
        asked = p.street_hours * strength
        given = compound.take_street_hours(self.label, asked)
        works = p.coverage * min(strength, 1.0) * (given / asked if asked > 0.0 else 0.0)
        works *= compound.parameters.arrows.drive_to_committees
        s.committee_care = at_least(s.committee_care, p.support * works)
        if committee.state == State.PREPARING:
            compound.community.ask(compound, self.label, p.community_hours * strength)
            if compound.assembly.matter == Matter.ELECT:
                door = given + p.community_hours * strength * compound.community.fidelity
                s.canvass_hours = add(s.canvass_hours, door)
        if committee.state == State.PREPARING or committee.lacks_candidates:
            # Without people to lead it no election is asked for.
            committee.won_over += p.talk_brings * p.talks * works
        if not committee.stands_in:
            # It comes first, and prepares the meeting of owners that elects a committee.
            u = draw(compound.index, compound.month, compound.world.seed, _OWNERS)
            if u[3] < p.interim * works:
                committee.set_up_interim()
