"""The owners' meeting (业主大会): the one place where all owners vote, and its agenda.

One vote is collected at a time: canvassers gather ballots for some months, then it is counted. What else is
asked for waits, and what has waited longest comes next. A working committee, an interim one or the community
puts up the dismissal and choice of a firm, a higher fee, the use and topping up of the fund, the letting of
common parts and the use of public revenue; elections come from the committee, contests and pilots from measures.
"""

from __future__ import annotations

import numpy as np

from sim.agents.actor import Actor
from sim.compiled import kernel
from sim.processes.assembly import PRESSING, Ballot, Matter, passes, special, vote
from sim.processes.bills import expect
from sim.world.arrows import arrow, through
from sim.world.costs import OWNERS_VOTE, Payer
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import pairwise_sum
from sim.world.units import MIDDLE, THOUSAND

arrow(
    "distrust", "dismissal", "a firm long distrusted is put to a vote",
    neutral="trust is never that low", zh="长期不受信任的物业服务企业被提请表决解聘", zh_neutral="信任从不如此之低",
)  # fmt: skip
arrow(
    "shortfall", "price_votes", "a firm that cannot pay for its service asks for a higher fee",
    neutral="it never asks", zh="入不敷出的物业服务企业提请涨价", zh_neutral="从不提请",
)  # fmt: skip
arrow(
    "trust", "firm_votes", "owners who distrust the firm vote for another",
    neutral="trust of a newcomer (turnover.newcomer_trust)",
    zh="不信任物业服务企业的业主赞成换物业服务企业", zh_neutral="新住户的信任（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "committee_trust", "votes", "owners who trust their committee vote for it and for what it proposes",
    neutral="trust of a newcomer (turnover.newcomer_trust)",
    zh="信任业委会的业主支持它及其提案", zh_neutral="新住户的信任（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "satisfaction", "votes", "the dissatisfied want a first firm, the satisfied agree to a higher fee",
    neutral="satisfaction of a newcomer (turnover.newcomer_satisfaction)",
    zh="不满者赞成引入物业服务企业，满意者同意涨价", zh_neutral="新住户的满意度（turnover.newcomer_satisfaction）",
)  # fmt: skip
arrow(
    "free_habit", "votes", "who is used to free service votes against a first firm",
    neutral="no such habit", zh="习惯于免费服务者反对引入物业服务企业", zh_neutral="没有这种习惯",
)  # fmt: skip
arrow(
    "competence", "choice", "a competent committee chooses a better firm",
    neutral="an ordinary firm comes", zh="业委会择优选聘物业服务企业", zh_neutral="来的是普通物业服务企业",
)  # fmt: skip
arrow(
    "choice", "trust", "owners trust a firm that they chose",
    neutral="trust stays", zh="业主信任自己选的物业服务企业", zh_neutral="信任不变",
)  # fmt: skip


@kernel
def trust_at_least(compound, goodwill):  # type: ignore[no-untyped-def]
    """A firm that owners chose begins with some trust of theirs."""
    trust = compound.world.households.trust_firm
    goodwill *= compound.parameters.arrows.choice_to_trust
    for i in range(compound.first, compound.last):
        trust[i] = max(trust[i], goodwill)


@register_row
class OwnersAssembly(Actor, table="assemblies", parameters="assembly"):
    """The meeting of all owners of one compound."""

    matter: int = column("i8", "code", "Matter", "matter on which a vote is being collected")
    on_agenda: bool = column("?", "flag", "0, 1", "committee or community put it up")
    months: int = column("i8", "month", "0 or more", "months for which it has been collected")
    rests: int = column("i8", "month", "0 or more", "months until the agenda's next may come up")
    waits: np.ndarray = column(
        "i8",
        "month",
        "0 or more",
        "months for which each matter has waited for its turn",
        shape=(len(Matter),),
    )
    called: np.ndarray = column(
        "?",
        "flag",
        "0, 1",
        "asked for this month, by a committee being formed or by a measure",
        shape=(len(Matter),),
    )
    hours: float = column("f8", "hour", "0 or more", "canvassers' hours for it so far: officials'")
    own_hours: float = column("f8", "hour", "0 or more", "canvassers' hours for it so far: owners'")
    distrust: int = column("i8", "month", "0 or more", "months in which the firm was distrusted")
    held: int = column("i8", "vote", "0 or more", "votes of all owners so far")
    passed: int = column("i8", "vote", "0 or more", "of these, passed")
    dismissals: int = column("i8", "firm", "0 or more", "firms dismissed by owners so far")
    turnout: float = column(
        "f8", "1", "0 to 1, NaN", "turnout of the last vote; NaN before the first"
    )
    agreed: float = column("f8", "1", "0 to 1, NaN", "share of these that agreed")

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin without a vote."""
        self.turnout = self.agreed = np.nan

    # --- one vote at a time -----------------------------------------------------------------------

    @rule
    def ask(self, matter: int) -> None:
        """Ask for a vote on a matter, anew each month: a place in the queue is lost where nobody asks any more."""
        self.called[matter] = True
        if self.matter == Matter.NONE and self._next(matter) == matter:
            self._open(matter, False)

    @rule
    def gathered(self, matter: int, prepares: float) -> bool:
        """Ask for a vote on a matter; whether its ballots are gathered.

        Args:
            matter: ``Matter``.
            prepares: Months for which whoever asks prepares it, if these are fewer than a vote is usually collected.
        """
        self.ask(matter)
        mine = self.matter == matter and not self.on_agenda
        return mine and self.months >= min(self.p.collects, prepares)

    @rule
    def _next(self, asks: int) -> int:
        """Whose turn it is: the matter that has waited longest, then the most pressing; ``NONE`` if none waits.

        Args:
            asks: A matter just asked for, ``NONE`` for none.
        """
        chosen, longest = Matter.NONE + 0, -1
        for matter in PRESSING:
            waits = self.waits[matter] > 0 or matter == asks
            # On the agenda nothing is opened while owners rest from votes.
            may = self.called[matter] or self.rests == 0
            if waits and may and self.waits[matter] > longest:
                chosen, longest = matter, self.waits[matter]
        return chosen

    @rule
    def _open(self, matter: int, on_agenda: bool) -> None:
        self.matter, self.on_agenda, self.months = matter, on_agenda, 0
        self.hours = self.own_hours = 0.0
        self.waits[matter] = 0

    @derived
    def volunteers(self) -> float:
        """Owners who go from door to door: in a small compound fewer, but more of each household."""
        size = self.compound.households / THOUSAND
        return self.p.volunteers * size**self.compound.committee.p.size_power

    @rule
    def collect(self) -> None:
        """A month of the collection passes: canvassers go from door to door."""
        if self.matter == Matter.NONE:
            return
        p, compound = self.p, self.compound
        self.months += 1
        self.hours += compound.signals.canvass_hours
        label = self.world.number_of_measures + OWNERS_VOTE
        own = self.volunteers * p.volunteer_hours
        compound.spend(label, Payer.RESIDENTS, own)
        if compound.committee.works:
            given = p.committee_hours * compound.committee.competence
            compound.spend(label, Payer.COMMITTEE, given)
            own += given
        self.own_hours += own

    @rule
    def ballot(self, appeal: np.ndarray, hours: float) -> Ballot:
        """Let all owners vote, given each household's chance to agree and canvassers' hours."""
        compound = self.compound
        n = compound.last - compound.first
        took_part, agreed = np.zeros(n), np.zeros(n)
        vote(compound, appeal, hours, took_part, agreed)
        came, for_it = int(np.count_nonzero(took_part)), int(np.count_nonzero(agreed))
        area = pairwise_sum(took_part)
        of_all = self.world.households.area[compound.first : compound.last]
        return Ballot(
            came / n,
            area / pairwise_sum(of_all),
            for_it / max(came, 1),
            pairwise_sum(agreed) / max(area, 1e-9),
        )

    @rule
    def count(self, matter: int, appeal: np.ndarray) -> bool:
        """Count the votes on a matter and close it; whether it passes.

        Args:
            matter: ``Matter``.
            appeal: (households,) chance that an owner who takes part agrees.
        """
        mine = self.matter == matter
        # Owners' own canvassing goes as far as there are people who lead it.
        committee = self.compound.committee
        hours = self.hours + committee.leaders * self.own_hours if mine else 0.0
        cast, law = self.ballot(appeal, hours), committee.p
        passed = passes(cast, law.quorum, self.p.special if special(matter) else law.majority)
        self.held += 1
        self.passed += int(passed)
        self.turnout = cast.turnout_units
        self.agreed = cast.agreed_units
        if Matter.CHOOSE_FIRM <= matter <= Matter.RAISE_PRICE:
            # Consent is not payment (K007): it only says what to expect of others.
            expect(self.compound, cast.turnout_units * cast.agreed_units)
        if mine:
            self.matter = Matter.NONE + 0
        self.waits[matter], self.called[matter] = 0, False
        return passed

    @rule
    def appeal(self, matter: int) -> np.ndarray:
        """Each household's chance to agree to a matter (households,)."""
        h, p, first = self.world.households, self.p, self.compound.first
        elect, on = self.compound.committee.p, self.parameters.arrows
        usual = self.parameters.turnover
        content, start = usual.newcomer_satisfaction, usual.newcomer_trust
        chances = np.empty(self.compound.households)
        for k in range(len(chances)):
            i = first + k
            satisfied = through(on.satisfaction_to_votes, h.satisfaction[i], content)
            trusts = through(on.committee_trust_to_votes, h.trust_committee[i], start)
            if matter == Matter.ELECT:
                x = elect.agrees + elect.agrees_trust * trusts
            elif matter == Matter.FIRST_FIRM:
                x = p.first_agrees + p.first_need * (1.0 - satisfied)
                x -= p.first_free * h.free_habit[i] * on.free_habit_to_votes
            elif matter == Matter.RAISE_PRICE:
                x = p.price_agrees + p.price_satisfied * satisfied
                x -= p.price_burden * h.burden[i]
            elif matter == Matter.RAISE_FUND:
                # It is their own money.
                x = p.spend_agrees + p.spend_trust * trusts
                x -= p.price_burden * h.burden[i]
            elif matter == Matter.DISMISS_FIRM or matter == Matter.CHOOSE_FIRM:
                trust = through(on.trust_to_firm_votes, h.trust_firm[i], start)
                x = p.change_agrees + p.change_distrust * (1.0 - trust)
            else:
                x = p.spend_agrees + p.spend_trust * trusts
            chances[k] = min(max(x, 0.0), 1.0)
        return chances

    # --- the agenda -------------------------------------------------------------------------------

    @rule
    def decide(self, chance: tuple[float, ...]) -> None:
        """Drop a vote that nobody wants, collect ballots, count them, put up what is due, open what waited longest.

        Args:
            chance: 4 draws of the owners' stream.
        """
        self.rests = max(self.rests - 1, 0)
        self._watch_firm()
        if self._has_lapsed:
            self.matter = Matter.NONE + 0
        self.collect()
        if self.matter != Matter.NONE and self.on_agenda and self.months >= self.p.collects:
            self._settle()
        self._queue(self.rests == 0 and chance[0] < self._calls())
        if self.matter == Matter.NONE:
            due = self._next(Matter.NONE + 0)
            if due != Matter.NONE:
                self._open(due, not self.called[due])
        self.called[:] = False

    @rule
    def _watch_firm(self) -> None:
        firm, trust = self.compound.firm, self.compound.census.trust_firm
        known = firm.contracted and firm.founded != self.world.month
        known = known and self.parameters.arrows.distrust_to_dismissal > 0.0
        distrusted = self.compound.per_household(trust) < self.p.distrusted
        self.distrust = self.distrust + 1 if known and distrusted else 0

    @derived
    def _has_lapsed(self) -> bool:
        """Whether nobody wants the vote any more that is being collected."""
        if self.matter == Matter.NONE:
            return False
        if not self.on_agenda:
            # A measure has ended, or a committee came about some other way.
            return not self.called[self.matter]
        if self.matter == Matter.CHOOSE_FIRM or self.matter == Matter.FIRST_FIRM:
            # Another firm has come meanwhile.
            return not self.compound.firm.lacking
        # The firm in question is gone, or trusted again.
        return self.matter == Matter.DISMISS_FIRM and self.distrust == 0

    @rule
    def _queue(self, put_up: bool) -> None:
        """Matters asked for, and those due that are put up now or were before, wait a month longer."""
        for matter in PRESSING:
            stays = put_up or self.waits[matter] > 0
            wanted = self.called[matter] or (stays and self._is_due(matter))
            self.waits[matter] = self.waits[matter] + 1 if wanted and matter != self.matter else 0

    @rule
    def _calls(self) -> float:
        # Who may call the owners together, and how readily.
        p, committee = self.p, self.compound.committee
        if committee.works:
            return p.moves * committee.competence
        if committee.interim > 0.0:
            return p.interim_moves * committee.interim
        return p.community_calls * self.compound.per_household(self.compound.census.grievance)

    @rule
    def _is_due(self, matter: int) -> bool:
        """Whether a matter calls for a vote that whoever there is may put up."""
        p, compound = self.p, self.compound
        firm, fund, committee = compound.firm, compound.fund, compound.committee
        if matter == Matter.DISMISS_FIRM:
            return firm.contracted and self.distrust >= p.patience
        if matter == Matter.CHOOSE_FIRM or matter == Matter.FIRST_FIRM:
            chosen = self.dismissals > 0
            asked = committee.works or committee.interim > 0.0
            return firm.lacking and asked and chosen == (matter == Matter.CHOOSE_FIRM)
        if matter == Matter.USE_FUND:
            return fund.repair_due and fund.fund_fen >= fund.repair_cost_fen
        if matter == Matter.RAISE_FUND:
            return fund.repair_due and fund.fund_fen < fund.repair_cost_fen
        if not committee.works:
            return False
        if matter == Matter.RAISE_PRICE:
            satisfied = compound.per_household(compound.census.satisfaction) > MIDDLE
            asks = firm.contracted and satisfied and firm.staff < p.price_asks
            asks = asks and self.parameters.arrows.shortfall_to_price_votes > 0.0
            return asks and compound.price * (1.0 + p.price_step) <= p.price_most
        if matter == Matter.LET_COMMON:
            # Premises stand idle until money is short.
            short = fund.repair_due or (firm.contracted and firm.staff < p.price_asks)
            return short and not fund.lets and fund.p.lets > 0.0
        idle = fund.p.idle_months * firm.public_revenue_fen
        return matter == Matter.USE_REVENUE and fund.pool_fen > idle

    @rule
    def _settle(self) -> None:
        matter, compound, p = self.matter, self.compound, self.p
        self.rests = int(p.rests)
        if not self.count(matter, self.appeal(matter)):
            return
        if matter == Matter.DISMISS_FIRM:
            self.dismiss_firm()
            # Whoever dismisses has to look for another at once.
            self.rests = 0
            self.waits[Matter.CHOOSE_FIRM + 0] = 1 + self.waits.max()
        elif matter == Matter.CHOOSE_FIRM or matter == Matter.FIRST_FIRM:
            self._bring_in_firm()
        elif matter == Matter.RAISE_PRICE:
            compound.raise_fees(p.price_step)
        elif matter == Matter.USE_FUND:
            compound.fund.repair_from_fund()
        elif matter == Matter.RAISE_FUND:
            compound.fund.top_up()
        elif matter == Matter.LET_COMMON:
            compound.fund.lets = True
        elif matter == Matter.USE_REVENUE:
            compound.fund.use_pool()

    @rule
    def dismiss_firm(self) -> None:
        """Send the firm away, as owners have decided."""
        if self.compound.firm.present:
            self.compound.firm.dismiss()
            self.dismissals += 1
            self.distrust = 0

    @rule
    def _bring_in_firm(self) -> None:
        compound = self.compound
        firm, usual, committee = compound.firm, compound.firm.p, compound.committee
        able = committee.competence if committee.works else 0.0
        gain = self.p.choice * able * self.parameters.arrows.competence_to_choice
        care = firm.usual_diligence + gain * (1.0 - firm.usual_diligence)
        opened = usual.transparency + gain * (1.0 - usual.transparency)
        firm.hand_over(care, opened, usual.skimming * (1.0 - gain), False)
        trust_at_least(compound, self.p.goodwill)
