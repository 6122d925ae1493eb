"""Bills: when a household is asked for its fee, when it gets round to paying, and what becomes of old debts.

A bill covers a month, a quarter, a half-year or a year. It falls overdue when its months are over; where the firm
goes before, what it served falls overdue and the rest was never due. Whether a household would pay stands in ``fees``:
bills meet it with a reluctance drawn once a year, and are paid when it gets round to them (soon after they come, when
somebody calls, at the year's end) if its chance to pay is above that reluctance. So a bill refused stays refused until
something changes, and when something does, debts of years may be paid at once.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from sim.compiled import kernel
from sim.schema import Parameters, fraction, in_months, monthly, param
from sim.streams import Stream, draw, fill
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Called, Tenure
from sim.world.units import MIDDLE, MONTHS_PER_YEAR

_FEES = int(Stream.FEES)

JANUARY, FEBRUARY, NOVEMBER = 1, 2, 11

LAST_YEAR = (1 << MONTHS_PER_YEAR) - 1
"""The bits of twelve billed months in ``households.unpaid``, the latest the lowest."""


class BillParameters(Parameters):
    """The calendar of bills, and when in it households get round to paying."""

    period: Literal[1, 3, 6, 12] = param(
        12, "Months that a bill covers: 1, 3, 6 or 12", unit="month", zh="账单周期",
        source="all four side by side even in one city (D087); which is usual is assumed",
    )  # fmt: skip
    mind: Literal[1, 3, 6, 12] = param(
        12, "Months for which a household's reluctance holds: 1, 3, 6 or 12; a bill of more is one decision",
        unit="month", zh="缴费态度维持月数",
        source="who does not pay is for the most part the same through a year (assumed); with monthly bills everybody "
        "would else refuse some",
    )  # fmt: skip
    own_date: float = fraction(
        0.25, "Share of units whose year of bills begins in the month of their handover; others' in January",
        zh="按交房日计费户比例",
        source="by handover in Yangzhou (D011), by season elsewhere (D087, D052); share assumed",
    )  # fmt: skip
    autumn: float = fraction(
        0.5, "Share of those whose month lies in October to December", zh="四季度交房占比",
        source="handovers bunch in October to December (D011); share assumed",
    )  # fmt: skip
    at_once: float = fraction(
        0.2, "Chance that a household gets round to a bill in the month it comes", zh="当月缴清概率",
        source="20 percent of a year by the end of February (K070); 86 percent at once in one firm (D025)",
    )  # fmt: skip
    later: float = monthly(
        0.2, "Chance that it gets round to it in any other month", zh="平常月份办理概率",
        source="50 percent of a year by April (K054), 40 to 50 by June (K103), most by September (D011)",
    )  # fmt: skip
    spring_festival: float = param(
        0.25, "The same in February, relative", low=0, high=2, zh="春节月份系数",
        source="20 percent at the end of February (K070); assumed",
    )  # fmt: skip
    year_end: float = monthly(
        0.5, "Chance in November and December each, when staff go from door to door", zh="年终清欠办理概率",
        source="year-end campaigns (D088, D079, D011); size assumed",
    )  # fmt: skip
    last_call: float = fraction(
        0.75, "Chance in the last month of a bill's period, when it is called in", zh="账单到期月办理概率",
        source="where all pay in the end, 15 points come in late in the year (D079); size assumed",
    )  # fmt: skip
    reminded: float = fraction(
        0.5, "Weight of reminders in the last two chances: they hold as given for a firm that reminds as usual",
        zh="催缴对办理概率的权重",
    )  # fmt: skip
    usual_reminders: float = param(
        0.5, "Intensity of reminders that is usual", low=0.01, high=1, zh="通常催缴力度"
    )
    ahead: float = fraction(
        0.1, "Share of households without debts that, asked in December, pay the next bill ahead", zh="提前预缴户比例",
        source="prepaying is rewarded and found in all parts (D055, D056, D089); share assumed",
    )  # fmt: skip
    discount: float = fraction(
        0.08, "Part of a bill let off to those who pay ahead", high=0.5, zh="预缴优惠比例",
        source="8 to 20 percent for a year (D055, D056, D089)",
    )  # fmt: skip
    pays_back: float = fraction(
        0.5, "Chance that a household willing to pay its old debts does so when it gets round to bills", zh="补缴概率",
        source="31 percent of old debts came in within four weeks of visits (K037); assumed",
    )  # fmt: skip
    instalment: int = in_months(
        24, "Oldest months paid back at once", low=1, high=120, zh="每次补缴月数",
        source="three to five years at once are told (K001, K040); assumed",
    )  # fmt: skip
    usual_price_fen: int = param(
        150, "Fee for a square metre that is usual nearby for such a compound", unit="fen/m2/month", low=1,
        high=10_000, zh="周边通常单价",
    )  # fmt: skip


@kernel
def month_of_year(world):  # type: ignore[no-untyped-def]
    """Calendar month being lived, 1 to 12."""
    return (world.month - 1 + world.first_month - 1) % MONTHS_PER_YEAR + 1


@process(How.BLOCK)
def begin_bills(compound, first, last):  # type: ignore[no-untyped-def]
    """Where a firm asks for fees, the year before the start is taken as billed, and owed by those in debt.

    A bill that has begun then is open with the months of it that are over.
    """
    world, h = compound.world, compound.world.households
    tenure, asked, paid, intends = h.tenure, h.asked, h.paid, h.intends
    served, usual = compound.signals.firm_present > 0.0, compound.parameters.bills.usual_price_fen
    dealt_with = np.zeros(MONTHS_PER_YEAR + 1)
    _dealt_with(compound, dealt_with)
    for i in range(first, last):
        asked[i] = served
        luck = draw(i, world.month, world.seed, _FEES)
        h.billed[i] = MONTHS_PER_YEAR if served else 0
        if not served:
            paid[i] = 0
            h.arrears_months[i] = 0
            h.arrears_fen[i] = 0
        elif tenure[i] == Tenure.VACANT:
            paid[i] = luck[0] < compound.signals.developer_pays
        intends[i] = paid[i]
        owed = min(h.arrears_months[i], MONTHS_PER_YEAR)
        h.unpaid[i] = (1 << owed) - 1
        if served and tenure[i] == Tenure.VACANT and paid[i] == 0:
            h.unpaid[i] = LAST_YEAR
        # Who is in debt has refused: its reluctance lies above the share that paid.
        refuses = h.norm[i] + (1.0 - h.norm[i]) * luck[1]
        h.held_back[i] = refuses if owed > 0 else 0.0
        h.dear[i] = np.log(max(h.fee_fen[i], 1) / (h.area[i] * usual))
        if served:
            keeps = luck[0] if tenure[i] == Tenure.VACANT else h.norm[i] * luck[2]
            settled = paid[i] == 1 and luck[3] < dealt_with[h.bill_month[i]]
            lives = tenure[i] != Tenure.VACANT
            h.reluctance[i] = refuses if lives and paid[i] == 0 else keeps
            _begin_bill(compound, i, settled)


arrow(
    "year_end", "pay", "staff who go from door to door in November and December bring households to their bills",
    neutral="any other month", zh="年终上门清欠促使住户办理账单", zh_neutral="平常月份",
)  # fmt: skip
arrow(
    "reminders", "bills", "a firm that reminds more than usual brings more households to their bills",
    neutral="usual reminders (bills.usual_reminders)",
    zh="催缴勤于通常时，更多住户办理账单", zh_neutral="通常催缴力度（bills.usual_reminders）",
)  # fmt: skip


@kernel
def _begin_bill(compound, i, settled):  # type: ignore[no-untyped-def]
    # The bill of a period that has begun before the start and goes on.
    world, h = compound.world, compound.world.households
    period = np.int64(compound.parameters.bills.period)
    over = (month_of_year(world) - h.bill_month[i]) % MONTHS_PER_YEAR % period + 1
    h.bill_fee_fen[i] = asked_fen(h.fee_fen[i], compound.asked_price)
    if over < period:
        h.bill_months[i], h.bill_over[i] = period, over
        h.bill_fen[i] = 0 if settled else period * h.bill_fee_fen[i]


@kernel
def _chance(compound, now, age, fresh):  # type: ignore[no-untyped-def]
    # Chance to get round to bills in calendar month ``now``, which is month ``age`` of the bill's period.
    p = compound.parameters.bills
    reminders = compound.signals.dunning / p.usual_reminders
    called = 1.0 + p.reminded * (reminders - 1.0) * compound.parameters.arrows.reminders_to_bills
    chance = p.at_once if fresh else p.later
    if now == FEBRUARY:
        chance *= p.spring_festival
    if now >= NOVEMBER:
        chance = max(chance, p.year_end * called * compound.parameters.arrows.year_end_to_pay)
    if age == p.period - 1:
        chance = max(chance, p.last_call * called)
    return min(chance, 1.0)


@kernel
def _dealt_with(compound, chances):  # type: ignore[no-untyped-def]
    # For each month in which a unit's year of bills may begin: chance that by the end of this month a
    # household has got round to the bill that is open.
    period, now = np.int64(compound.parameters.bills.period), month_of_year(compound.world)
    for begins in range(1, MONTHS_PER_YEAR + 1):
        not_yet, age = 1.0, (now - begins) % MONTHS_PER_YEAR % period
        for ago in range(age + 1):
            month = (now - ago - 1) % MONTHS_PER_YEAR + 1
            not_yet *= 1.0 - _chance(compound, month, age - ago, ago == age)
        chances[begins] = 1.0 - not_yet


@kernel
def _chances(compound, periods, at_once, later):  # type: ignore[no-untyped-def]
    # For each month in which a unit's year of bills may begin: months that the period still has, this one
    # counted, and the chance to get round to bills this month, to one that comes now and to an older one.
    period, now = np.int64(compound.parameters.bills.period), month_of_year(compound.world)
    for begins in range(1, MONTHS_PER_YEAR + 1):
        age = (now - begins) % MONTHS_PER_YEAR % period
        periods[begins] = period - age
        at_once[begins] = _chance(compound, now, age, True)
        later[begins] = _chance(compound, now, age, False)


@kernel
def asked_fen(fee_fen, price):  # type: ignore[no-untyped-def]
    """Monthly fee asked of a household, in whole fen."""
    return np.int64(np.floor(fee_fen * price + MIDDLE))


arrow(
    "calls", "bills", "who is called on deals with its bills",
    neutral="nobody has called", zh="有人上门时住户办理账单", zh_neutral="无人上门",
)  # fmt: skip
arrow(
    "suits", "pay", "letters of lawyers and suits bring debtors to their bills, and to pay old debts",
    neutral="nobody is written to or sued", zh="律师函与诉讼促使欠费户办理账单、补缴旧欠", zh_neutral="无函无诉",
)  # fmt: skip
arrow(
    "willingness", "old_debts", "who has become willing pays old debts",
    neutral="old debts stay", zh="愿缴者补缴旧欠", zh_neutral="旧欠不动",
)  # fmt: skip
arrow(
    "developer", "pay", "the developer pays the fee of vacant units, or defaults",
    neutral="it pays as at the start (developer.pays_vacant)",
    zh="开发商缴纳或拖欠空置房物业费", zh_neutral="同期初（developer.pays_vacant）",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.FEES, switch="fees")
def pay(compound, first, last):  # type: ignore[no-untyped-def]
    """Bills come, are paid or fall overdue; old debts are paid back."""
    world, h = compound.world, compound.world.households
    if compound.signals.firm_present == 0.0:
        _nobody_asks(compound, first, last)
        return
    p, fees = compound.parameters.bills, compound.parameters.fees
    newcomers = compound.parameters.turnover.newcomer_habit
    left_of, at_once = np.zeros(MONTHS_PER_YEAR + 1, np.int64), np.zeros(MONTHS_PER_YEAR + 1)
    later = np.zeros(MONTHS_PER_YEAR + 1)
    _chances(compound, left_of, at_once, later)
    u, start = np.empty((4, last - first)), first
    fill(u, 4, last - first, first, world.month, world.seed, _FEES)
    willing, reluctance, held_back, tenure = h.willing, h.reluctance, h.held_back, h.tenure
    bill_fen, bill_months, begins = h.bill_fen, h.bill_months, h.bill_month
    bill_over = h.bill_over
    paid, received_fen = h.paid, h.received_fen
    credited_fen, recovered_fen = h.credited_fen, h.recovered_fen
    arrears_fen, billed, intends = h.arrears_fen, h.billed, h.intends
    now, new_firm = month_of_year(world), compound.firm.is_new
    december = now == MONTHS_PER_YEAR
    on, owed = compound.parameters.arrows, compound.parameters.developer.pays_vacant
    price, keeps = compound.asked_price, fees.habit_keeps
    pays_vacant = through(on.developer_to_pay, compound.signals.developer_pays, owed)
    by_calls, by_suits = on.calls_to_bills > 0.0, on.suits_to_pay > 0.0
    debts, free_keeps = on.willingness_to_old_debts, fees.free_habit_keeps
    habit, free_habit, asked = h.habit, h.free_habit, h.asked
    called_on, summoned = h.called_on, h.summoned
    for i in rows(first, last):
        received_fen[i] = credited_fen[i] = recovered_fen[i] = 0
        summoned[i] = summoned[i] if by_suits else 0
    for i in range(first, last):
        k, comes = i - start, bill_months[i] == 0
        if comes:
            # For the rest of a period if the firm came in its midst. Whoever has refused one bill of a year has
            # made up its mind for those that follow in it, unless somebody else asks.
            left = left_of[begins[i]]
            anew = (now - begins[i]) % p.mind == 0 or left < p.period or h.asked[i] == 0 or new_firm
            _bill_comes(h, i, left, price, u[2, k] if anew else reluctance[i])
        soon = at_once[begins[i]] if comes else later[begins[i]]
        by_call = called_on[i] and by_calls
        if u[0, k] < soon or by_call or summoned[i] != Called.NOT:
            # It deals with its bills this month, of itself or because somebody called or wrote.
            chance = pays_vacant if tenure[i] == Tenure.VACANT else willing[i]
            if bill_fen[i] > 0:
                if reluctance[i] < chance:
                    received_fen[i] = bill_fen[i]
                    credited_fen[i] += bill_fen[i]
                    bill_fen[i] = 0
            elif december and arrears_fen[i] == 0 and h.ahead[i] == 0 and u[3, k] < p.ahead:
                h.ahead[i] = 1
                received_fen[i] = _ahead_fen(p.period, p.discount, h.fee_fen[i], price)
            if summoned[i] == Called.SETTLES and arrears_fen[i] > 0:
                recovered_fen[i] = _pay_back(h, i, h.arrears_months[i])
            elif (
                arrears_fen[i] > 0 and held_back[i] < chance * debts
                # A bill that was only forgotten is paid as soon as it is thought of.
                and (u[1, k] < p.pays_back or h.arrears_months[i] <= p.period)
            ):  # fmt: skip
                recovered_fen[i] = _pay_back(h, i, p.instalment)
            if arrears_fen[i] == 0 and bill_fen[i] == 0:
                paid[i] = 1
        bill_over[i] += 1
        if bill_over[i] == bill_months[i]:
            vacant = tenure[i] == Tenure.VACANT
            _fall_due(h, i, pays_vacant if vacant else willing[i], newcomers)
    for i in rows(first, last):
        summoned[i] = Called.NOT
        settled = (bill_fen[i] == 0) & (bill_months[i] > 0)
        paid[i] = paid[i] | settled
        intends[i] = (
            settled
            | ((bill_fen[i] > 0) & (reluctance[i] < willing[i]))
            # A bill that is overdue because it was forgotten is not refused.
            | (bill_months[i] == 0) & (paid[i] | (held_back[i] < willing[i]))
        )
        free_habit[i] *= free_keeps if paid[i] else 1.0
        remembered = keeps * habit[i] + (1.0 - keeps) * intends[i]
        habit[i] = remembered if (asked[i] == 1) & (billed[i] > 0) else habit[i]


@kernel
def _ahead_fen(period, discount, fee_fen, price):  # type: ignore[no-untyped-def]
    # Price of a whole bill to who pays it ahead.
    return _discounted(discount, period * asked_fen(fee_fen, price))


@kernel
def _discounted(discount, fen):  # type: ignore[no-untyped-def]
    return np.int64(np.floor((1.0 - discount) * fen))


@kernel
def _bill_comes(h, i, months, price, reluctance):  # type: ignore[no-untyped-def]
    h.bill_months[i], h.bill_over[i] = months, 0
    h.reluctance[i] = reluctance
    h.bill_fee_fen[i] = asked_fen(h.fee_fen[i], price)
    h.bill_fen[i] = months * h.bill_fee_fen[i]
    h.cheaper[i] = h.ahead[i]
    if h.ahead[i]:
        h.credited_fen[i] = h.bill_fen[i]
        h.bill_fen[i] = h.ahead[i] = 0


@kernel
def _pay_back(h, i, most):  # type: ignore[no-untyped-def]
    # The oldest months first; what is left of the last twelve billed months are then the latest.
    months = max(h.arrears_months[i], 1)
    share = min(most, months)
    back = h.arrears_fen[i] if share == months else h.arrears_fen[i] * share // months
    h.arrears_fen[i] -= back
    h.arrears_months[i] = months - share
    bits, owed = h.unpaid[i], 0
    for k in range(MONTHS_PER_YEAR):
        if bits >> k & 1:
            owed += 1
            if h.arrears_months[i] < owed <= months:
                bits &= ~(1 << k)
    h.unpaid[i] = bits
    return back


@kernel
def _be_over(h, i, months, owes):  # type: ignore[no-untyped-def]
    # So many months of the bill are over: what is unpaid of them is owed from now on.
    h.unpaid[i] = (h.unpaid[i] << months | ((1 << months) - 1 if owes else 0)) & LAST_YEAR
    h.billed[i] = min(h.billed[i] + months, MONTHS_PER_YEAR)
    h.paid[i] = not owes
    if owes:
        h.arrears_fen[i] += months * h.bill_fee_fen[i]
        h.arrears_months[i] += months


@kernel
def _fall_due(h, i, chance, habit):  # type: ignore[no-untyped-def]
    # The months of the bill are over, all of them.
    owes = h.bill_fen[i] > 0
    if owes and (h.arrears_months[i] == 0 or h.reluctance[i] >= chance):
        # A bill that was only forgotten does not soften who refused earlier ones.
        h.held_back[i] = h.reluctance[i]
    _be_over(h, i, np.int64(h.bill_months[i]), owes)
    h.bill_fen[i] = 0
    h.bill_months[i] = h.bill_over[i] = 0
    if h.asked[i] == 0:
        # It learns what others did, and has a past of its own.
        h.asked[i] = 1
        h.norm[i] = h.seen_paid[i]
        h.habit[i] = habit


@kernel
def _nobody_asks(compound, first, last):  # type: ignore[no-untyped-def]
    # Nothing is billed; the habit of paying fades all the same, and that of free service grows as far as
    # there is service to be had: where there is none, nobody gets used to it.
    h, p = compound.world.households, compound.parameters.fees
    tenure, habit, free_habit = h.tenure, h.habit, h.free_habit
    keeps, grows, life, met = p.habit_keeps, p.free_habit_grows, h.life, compound.met
    for i in rows(first, last):
        h.recovered_fen[i] = h.received_fen[i] = h.credited_fen[i] = h.bill_fen[i] = 0
        h.paid[i] = h.intends[i] = h.bill_months[i] = h.ahead[i] = h.billed[i] = h.unpaid[i] = 0
        h.bill_over[i] = h.bill_fee_fen[i] = 0
        habit[i] *= keeps
        gained = grows * met[life[i]] * (1.0 - free_habit[i])
        free_habit[i] += gained if tenure[i] != Tenure.VACANT else 0.0


@kernel
def end_bills(compound, successor):  # type: ignore[no-untyped-def]
    """The firm goes: what it served falls due, what it did not serve is no longer asked for.

    Who has paid for months to come has paid them to a successor as well, if one takes over at once.

    Args:
        compound: Row of it.
        successor: Whether one does.

    Returns:
        What households have paid for months to come, in fen: on bills, and ahead of bills.
    """
    h, p, price = compound.world.households, compound.parameters.bills, compound.asked_price
    on_bills = ahead = 0
    for i in range(compound.first, compound.last):
        owes, over = h.bill_fen[i] > 0, np.int64(h.bill_over[i])
        if over > 0:
            _be_over(h, i, over, owes)
        left = np.int64(h.bill_months[i]) - over
        h.bill_over[i] = 0
        h.bill_months[i] = left if successor and not owes else 0
        h.bill_fen[i] = 0
        if not owes:
            paid_fen = left * h.bill_fee_fen[i]
            # No more than was paid.
            on_bills += _discounted(p.discount, paid_fen) if h.cheaper[i] else paid_fen
        if h.ahead[i]:
            ahead += _ahead_fen(p.period, p.discount, h.fee_fen[i], price)
            h.ahead[i] = successor
    return on_bills, ahead


@kernel
def settled_fen(compound):  # type: ignore[no-untyped-def]
    """This month's fees on bills that are paid, in fen."""
    h, total = compound.world.households, 0
    for i in range(compound.first, compound.last):
        total += h.bill_fee_fen[i] if h.bill_months[i] > 0 and h.bill_fen[i] == 0 else 0
    return total


arrow(
    "votes", "norm", "a vote or pledge tells those never asked for a fee what others will do",
    neutral="no vote tells anything", zh="表决或承诺使从未缴费者形成对他人的预期", zh_neutral="表决不带来预期",
)  # fmt: skip


@kernel
def expect(compound, share):  # type: ignore[no-untyped-def]
    """A vote or pledge tells those never asked for a fee what share of others to expect to pay."""
    if compound.parameters.arrows.votes_to_norm == 0.0:
        return
    h = compound.world.households
    asked, norm, habit = h.asked, h.norm, h.habit
    for i in range(compound.first, compound.last):
        if asked[i] == 0:
            asked[i], norm[i], habit[i] = 1, share, MIDDLE
