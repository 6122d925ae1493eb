"""The month: what happens, in its order."""

from __future__ import annotations

import numpy as np

import sim.actors  # noqa: F401  (rules find rows by the name of their table)
from sim.compiled import kernel
from sim.mechanisms import conflict, issues, participation, turnover
from sim.mechanisms.chance import to_chances
from sim.processes.process import How, Month, each, process
from sim.society import census, ties
from sim.society.census import add_buildings
from sim.streams import Stream, fill
from sim.world.native import rows
from sim.world.numbers import exact_sum, pairwise_sum

_ARISEN, _OPEN = issues.COUNTS.index("arisen"), issues.COUNTS.index("open")
_PARTICIPATION, _FEES, _COMMONS, _CONFLICT, _HOTLINE = (
    int(stream)
    for stream in (Stream.PARTICIPATION, Stream.FEES, Stream.COMMONS, Stream.CONFLICT, Stream.HOTLINE)
)  # fmt: skip


@process(How.WORLD)
def begin_month(world):  # type: ignore[no-untyped-def]
    """Named values are set to neutral."""
    values, neutral = world.signals.numbers, world.neutral
    for c in range(len(values)):
        for k in range(len(neutral)):
            values[c, k] = neutral[k]


@process(How.WORLD)
def call_meetings(world):  # type: ignore[no-untyped-def]
    """Buildings whose turn it is meet; what members who pay in the open are worth is laid out."""
    signals = world.signals.array
    participation.call_meetings(signals, world.month, world.building_start, world.buildings.meeting)
    for c in range(len(signals)):
        world.lead[c] = signals[c].lead


@process(How.SPAN, switch="turnover")
def households_move(world, first, last):  # type: ignore[no-untyped-def]
    """Tenants, owners and vacant units change hands."""
    h, d = world.households, world.donors
    turnover.move(
        first, last, world.month, world.seed, world.p_turnover, h.compound, d.donor_rows, d.donor_start,
        d.life0, d.kind0, d.civic0, d.burden0, d.threshold0, d.member0, d.taste0, h.tenure, h.moved,
        h.life, h.kind, h.civic, h.burden, h.threshold, h.member, h.taste, h.active, h.satisfaction,
        h.trust_firm, h.trust_committee, h.trust_cell, h.grievance, h.norm, h.habit, h.free_habit,
        h.contact, h.efficacy, h.stage, h.misuse, h.points,
    )  # fmt: skip


@process(How.SPAN)
def show(world, first, last):  # type: ignore[no-untyped-def]
    """Households show their neighbours what they did."""
    h, b = world.households, world.buildings
    ties.show(
        first, last, h.paid, h.misuse, h.stage, h.member, h.attended, h.moved, h.tenure,
        world.scratch.shown,
    )  # fmt: skip
    for k in range(h.building[first], h.building[last - 1] + 1):
        b.tied[k] = 0.0


@process(How.SPAN)
def look_around(world, first, last):  # type: ignore[no-untyped-def]
    """Ties grow or fade; everybody sees what tied neighbours did last month."""
    h, t, n = world.households, world.ties, world.p_network[0]
    ties.look_around(
        first, last, world.ties_change != 0, n.newcomer, n.forget, n.meet, t.indptr, t.neighbour,
        t.strength, t.latent, world.scratch.shown, world.lead, h.compound, h.building,
        h.satisfaction, h.norm, world.buildings.tied, h.seen_satisfaction, h.seen_paid,
        h.seen_misuse, h.seen_conflict, h.seen_open,
    )  # fmt: skip


@process(How.WORLD, switch="issues")
def problems_arise(world):  # type: ignore[no-untyped-def]
    """Problems arise at households, still hidden."""
    h, book, arising, counts = (
        world.households,
        world.book,
        world.scratch.arising,
        world.issue_counts,
    )
    counts[:] = 0.0
    issues.arise(
        0, len(h.tenure), world.month, world.seed, _chances(world), h.compound, h.tenure, arising
    )
    world.issues_held = issues.enter(
        world.month, arising, world.issues_held, book.category, book.level, book.state, book.reporter,
        book.arose, book.due, h.compound, h.own_open, counts,
    )  # fmt: skip
    # Problems that events place come after those drawn, so that they shift no draw.
    for k in range(world.placed):
        _place(world, world.placing.category[k], world.placing.household[k])
    world.placed = 0


@kernel
def _place(world, category, household):  # type: ignore[no-untyped-def]
    # A household has one new problem a month at most: if it has one, that takes the category.
    book, h, held = world.book, world.households, world.issues_held
    for k in range(held):
        if book.arose[k] == world.month and book.reporter[k] == household:
            book.category[k] = category
            return
    book.category[held], book.level[held], book.state[held] = category, 0, 0
    book.reporter[held], book.arose[held], book.due[held] = household, world.month, 0
    world.issues_held = held + 1
    h.own_open[household] += 1
    world.issue_counts[h.compound[household], _ARISEN] += 1


@kernel
def _chances(world):  # type: ignore[no-untyped-def]
    """The chance that a household has a new problem (compounds, categories), summed up over categories."""
    rate, out = world.p_issues[0].rate, np.empty((len(world.lead), issues.CATEGORIES))
    for c in range(len(out)):
        compound = world.compounds[c]
        s, condition = compound.signals, compound.condition
        misuse = compound.census.misuse / max(compound.census.occupied, 1.0)
        total = 0.0
        for k in range(4):
            total += rate[k] * (1.0 - condition[k])
            out[c, k] = total
        others = (0.3 + 0.7 * misuse, 1.0, misuse, 1.0 - s.transparency, s.legacy)
        for k in range(5):
            total += rate[4 + k] * others[k]
            out[c, 4 + k] = total
    return out


@process(How.WORLD, switch="issues")
def problems_are_handled(world):  # type: ignore[no-untyped-def]
    """Problems are found, handled within hours, raised or shelved; buildings see what came of theirs."""
    h, k, b = world.households, world.book, world.buildings
    world.issues_held = issues.work(
        world.month, world.seed, world.p_issues, world.signals.array, world.issues_held, k.category,
        k.level, k.state, k.reporter, k.arose, k.due, k.happened, k.handled_at, h.compound, h.building,
        b.meeting, h.efficacy, h.own_open, h.grievance, h.trust_firm, h.trust_cell, b.open, b.closed,
        world.issue_counts,
    )  # fmt: skip
    issues.follow_up(b.open, b.closed, b.size, b.closed_lately, b.followed, b.open_per_household)


@process(How.WORLD)
def begin_count(world):  # type: ignore[no-untyped-def]
    """The census begins at nothing."""
    world.buildings.counted[:] = 0.0


@process(How.BLOCK, switch="perception")
def perceive(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents judge what they live in, listen to neighbours, and come to trust or not."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.perception
    tenure, life, taste, own_open = h.tenure, h.life, h.taste, h.own_open
    seen_satisfaction, satisfaction = h.seen_satisfaction, h.satisfaction
    trust_firm, trust_committee, trust_cell = h.trust_firm, h.trust_committee, h.trust_cell
    young, working, elderly = compound.met[0], compound.met[1], compound.met[2]
    own_issue, hearsay, speed = p.own_issue, p.hearsay, p.speed
    lost = p.opacity * (1.0 - s.transparency) + p.price * (s.price_ratio - 1.0)
    from_opinion, openness = p.trust_from_opinion, (1.0 - p.trust_from_opinion) * s.transparency
    blameless = 1.0 - p.trust_from_legacy * s.legacy * s.blame
    trust_speed, revealed, image = (
        p.trust_speed,
        p.trust_from_revealed * s.revealed,
        s.committee_image,
    )
    cell_forgets, cell_neutral = p.cell_forgets, p.cell_neutral
    for i in rows(first, last):
        lived_in = tenure[i] != 2
        experience = young if life[i] == 0 else working if life[i] == 1 else elderly
        experience += taste[i] - own_issue * min(own_open[i], 3)
        experience = min(max(experience - lost, 0.0), 1.0)
        judged = (1.0 - hearsay) * experience + hearsay * seen_satisfaction[i]
        opinion = satisfaction[i] + speed * (judged - satisfaction[i])
        reach = (from_opinion * opinion + openness) * blameless
        trust = trust_firm[i] + trust_speed * (reach - trust_firm[i])
        in_committee = trust_committee[i] + trust_speed * (image - trust_committee[i])
        in_cell = trust_cell[i] + cell_forgets * (cell_neutral - trust_cell[i])
        satisfaction[i] = opinion if lived_in else satisfaction[i]
        trust_firm[i] = max(trust - revealed * trust, 0.0) if lived_in else trust_firm[i]
        trust_committee[i] = in_committee if lived_in else trust_committee[i]
        trust_cell[i] = in_cell if lived_in else trust_cell[i]


@process(How.BLOCK, switch="participation")
def take_part(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents attend meetings and are visited."""
    world, h, b = compound.world, compound.world.households, compound.world.buildings
    u, signals, p = np.empty((2, last - first)), world.signals.array, world.p_participation
    fill(u, 2, last - first, first, world.month, world.seed, _PARTICIPATION)
    participation.attend(
        first, last, u, p, signals, h.compound, h.building, b.end, b.meeting, b.followed, h.tenure,
        h.life, h.civic, h.efficacy, h.grievance, h.trust_cell, h.attended,
    )  # fmt: skip
    participation.visit(
        first, last, world.month, p, signals, h.compound, h.tenure, h.rota, h.contact, h.grievance,
        h.trust_cell,
    )  # fmt: skip


@process(How.BLOCK, switch="fees")
def form_norm(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents come to believe how many others pay, from neighbours and from what is published."""
    h, s, census = compound.world.households, compound.signals, compound.census
    if s.firm_present == 0.0:
        return
    tenure, norm, seen_paid = h.tenure, h.norm, h.seen_paid
    due, collected = census.due_fen, census.collected_fen
    known = s.published * (collected / due if due > 0.0 else 0.0)
    published, norm_speed = s.published, compound.parameters.fees.norm_speed
    for i in rows(first, last):
        seen = (1.0 - published) * seen_paid[i] + known
        norm[i] += norm_speed * (seen - norm[i]) if tenure[i] != 2 else 0.0


@process(How.BLOCK, switch="fees")
def would_pay(compound, first, last):  # type: ignore[no-untyped-def]
    """Every push to pay is added up, in logits: the theory of paying, to be replaced by another."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.fees
    push = compound.world.scratch.push
    kind, active, burden, stage, contact = h.kind, h.active, h.burden, h.stage, h.contact
    satisfaction, trust_firm, grievance = h.satisfaction, h.trust_firm, h.grievance
    norm, habit, free_habit, arrears_months = h.norm, h.habit, h.free_habit, h.arrears_months
    base, base_always, base_free = p.base_conditional, p.base_unconditional, p.base_free_rider
    by_norm, by_norm_others = p.norm_conditional, p.norm_others
    by_service, by_trust, by_habit = p.service, p.trust, p.habit
    by_grievance, by_burden, by_free_habit = p.grievance, p.burden, p.free_habit
    pledge, strike, dunned, appeal = s.pledge, p.strike, p.dunning * s.dunning, s.appeal
    for i in rows(first, last):
        conditional = kind[i] == 0
        x = base if conditional else base_always if kind[i] == 1 else base_free
        x += (by_norm if conditional else by_norm_others) * (norm[i] - 0.5)
        x += by_service * (satisfaction[i] - 0.5) + by_trust * (trust_firm[i] - 0.5)
        x += by_habit * (habit[i] - 0.5) + contact[i] + pledge * active[i]
        x -= by_grievance * grievance[i] + by_burden * burden[i]
        x -= by_free_habit * free_habit[i]
        x -= strike * (stage[i] >= 2)
        x += dunned * (arrears_months[i] > 0)
        push[i] = x + appeal


@process(How.BLOCK, switch="fees")
def pay(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents pay this month's fee or not, and pay back old ones."""
    world, h, s, p = (
        compound.world,
        compound.world.households,
        compound.signals,
        compound.parameters.fees,
    )
    tenure, habit, free_habit, push = h.tenure, h.habit, h.free_habit, world.scratch.push
    paid, fee_fen, recovered_fen = h.paid, h.fee_fen, h.recovered_fen
    arrears_fen, arrears_months = h.arrears_fen, h.arrears_months
    keeps, grows = p.habit_keeps, p.free_habit_grows
    if s.firm_present == 0.0:
        # Nobody asks for a fee, so nothing is owed; the habit of paying fades all the same.
        for i in rows(first, last):
            recovered_fen[i] = 0
            paid[i] = 0
            habit[i] *= keeps
            free_habit[i] += grows * (1.0 - free_habit[i]) if tenure[i] != 2 else 0.0
        return
    u = np.empty((2, last - first))
    fill(u, 2, last - first, first, world.month, world.seed, _FEES)
    willing, start = push[first:last], np.uint64(first)
    to_chances(willing)
    recovers, instalment, free_keeps = p.recovers, np.int64(p.instalment), p.free_habit_keeps
    pays_vacant = s.developer_pays
    # Without branches, since nobody can guess who pays, and a processor that guesses wrong waits.
    for i in rows(first, last):
        pays = u[0, i - start] < (pays_vacant if tenure[i] == 2 else willing[i - start])
        pays_back = pays & (arrears_fen[i] > 0) & (u[1, i - start] < recovers)
        back = min(arrears_fen[i], instalment * fee_fen[i]) if pays_back else 0
        owed = arrears_fen[i] - back
        months = max(arrears_months[i] - instalment, 0) if owed > 0 else 0
        months = months if pays_back else arrears_months[i]
        paid[i] = pays
        recovered_fen[i] = back
        arrears_fen[i] = owed + (0 if pays else fee_fen[i])
        arrears_months[i] = months + (0 if pays else 1)
        free_habit[i] *= free_keeps if pays else 1.0
        habit[i] = keeps * habit[i] + (1.0 - keeps) * pays


@process(How.BLOCK, switch="commons")
def use_commons(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents start or stop misusing common space."""
    world, h, p = compound.world, compound.world.households, compound.parameters.commons
    tenure, civic, seen_misuse, misuse = h.tenure, h.civic, h.seen_misuse, h.misuse
    weight, imitation, starts, stops = p.civic, p.imitation, p.starts, p.stops
    enforced = compound.signals.enforcement
    neglect = p.need * (1.0 - 0.5 * (compound.condition[2] + compound.condition[3]))
    u, push, start = np.empty((1, last - first)), np.empty(last - first), np.uint64(first)
    fill(u, 1, last - first, first, world.month, world.seed, _COMMONS)
    for i in rows(first, last):
        held = weight * (civic[i] - 0.5) + enforced
        begin = starts + imitation * seen_misuse[i] + neglect - held
        end = stops - imitation * (seen_misuse[i] - 0.5) + held
        push[i - start] = end if misuse[i] else begin
    to_chances(push)
    for i in rows(first, last):
        changes = (tenure[i] != 2) & (u[0, i - start] < push[i - start])
        misuse[i] = misuse[i] != changes


@process(How.BLOCK, switch="conflict")
def quarrel(compound, first, last):  # type: ignore[no-untyped-def]
    """Grievance moves, households climb or leave the ladder of conflict, and speak."""
    world, h, p = compound.world, compound.world.households, compound.world.p_conflict
    n, u = last - first, np.empty((3, last - first))
    fill(u, 3, n, first, world.month, world.seed, _CONFLICT)
    conflict.resent(
        first, last, u, p, world.signals.array, h.compound, h.building,
        world.buildings.open_per_household, h.tenure, h.own_open, h.stage, h.satisfaction, h.grievance,
    )  # fmt: skip
    conflict.climb(
        first, last, u[1:], p, h.tenure, h.grievance, h.trust_cell, h.seen_conflict, h.seen_open,
        h.threshold, h.stage,
    )  # fmt: skip
    fill(u, 2, n, first, world.month, world.seed, _HOTLINE)
    conflict.speak(first, last, u, p, h.stage, h.called, h.petitioned)


@process(How.BLOCK)
def count(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents are counted."""
    world, h, b = compound.world, compound.world.households, compound.world.buildings
    census.count(
        first, last, b.end, world.signals.array, b.meeting, h.compound, h.building, h.tenure, h.life,
        h.member, h.active, h.fee_fen, h.paid, h.recovered_fen, h.arrears_fen, h.satisfaction,
        h.trust_firm, h.trust_committee, h.trust_cell, h.grievance, h.efficacy, h.stage, h.misuse,
        h.attended, h.called, h.petitioned, h.contact, h.moved, b.counted,
    )  # fmt: skip


@process(How.WORLD)
def take_census(world):  # type: ignore[no-untyped-def]
    """What was counted building by building is added up."""
    add_buildings(world.buildings.counted, world.buildings.compound, world.census.numbers)


@process(How.WORLD, switch="institutions")
def recruit(world):  # type: ignore[no-untyped-def]
    """A cell with tasks wins over members who so far only stood by (从“隐身者”变为“领跑者”, seed 001)."""
    for c in range(len(world.recruits)):
        cell = world.cells[c]
        wins = cell.p.recruits + world.signals[c].cell_recruits
        world.recruits[c] = wins if cell.asked > 0 else 0.0


@process(How.SPAN, switch="institutions")
def join_in(world, first, last):  # type: ignore[no-untyped-def]
    """Members who are won over become active."""
    h = world.households
    if world.recruits.any():
        participation.join_in(
            first, last, world.month, world.seed, world.recruits, h.compound, h.tenure, h.member,
            h.active,
        )  # fmt: skip


@process(How.WORLD)
def note(world):  # type: ignore[no-untyped-def]
    """The month is written down."""
    costs, start = _costs_by_compound(world)
    for c in range(len(world.lead)):
        compound, to = world.compounds[c], world.notes[world.lived, c]
        compound.unsolved = int(world.issue_counts[c, _OPEN])
        k = _copy(to, 0, world.census.numbers[c])
        k = _copy(to, k, world.issue_counts[c])
        tied = world.buildings.tied[compound.first_building : compound.last_building]
        strengths = tied[0] + pairwise_sum(tied[1:])
        to[k] = strengths / compound.tie_count if compound.tie_count > 0.0 else np.nan
        k = _copy(to, k + 1, compound.condition)
        k = _copy(to, k, compound.effort)
        s, committee, of_month = (
            compound.signals,
            compound.committee,
            costs[start[c] : start[c + 1]],
        )
        to[k], to[k + 1] = s.visit_share, compound.cell.fidelity
        to[k + 2] = compound.cell.hours_asked
        to[k + 3], to[k + 4] = compound.firm.present, compound.firm.cash_fen
        to[k + 5], to[k + 6], to[k + 7] = committee.works, committee.state, committee.capture
        to[k + 8], to[k + 9] = committee.interim, committee.failed_votes
        to[k + 10], to[k + 11] = committee.turnout, compound.developer.legacy
        to[k + 12] = compound.community.p.other_calls
        to[k + 13] = exact_sum(_picked(world.ledger.hours, of_month))
        to[k + 14] = exact_sum(_picked(world.ledger.yuan, of_month))
    world.lived += 1


@kernel
def _copy(to, k, values):  # type: ignore[no-untyped-def]
    for i in range(len(values)):
        to[k + i] = values[i]
    return k + len(values)


@kernel
def _picked(values, at):  # type: ignore[no-untyped-def]
    picked = np.empty(len(at))
    for i in range(len(at)):
        picked[i] = values[at[i]]
    return picked


@kernel
def _costs_by_compound(world):  # type: ignore[no-untyped-def]
    """Rows of this month's costs, a compound's behind each other, and where each compound's begin."""
    ledger, end = world.ledger, world.booked
    first = end
    while first > 0 and ledger.month[first - 1] == world.month:
        first -= 1
    start = np.zeros(len(world.lead) + 1, np.int64)
    for k in range(first, end):
        start[ledger.compound[k] + 1] += 1
    for c in range(len(world.lead)):
        start[c + 1] += start[c]
    order, filled = np.empty(end - first, np.int64), start.copy()
    for k in range(first, end):
        at = ledger.compound[k]
        order[filled[at]] = k
        filled[at] += 1
    return order, start


MONTH = Month(
    [
        begin_month,
        each("firms", "offer"),
        each("committees", "offer"),
        each("cells", "offer"),
        each("developers", "offer"),
        each("communities", "offer"),
        each("streets", "offer"),
        # The measures of the policy come here, in its order.
        each("cells", "settle"),
        each("communities", "settle"),
        call_meetings,
        households_move,
        show,
        look_around,
        problems_arise,
        problems_are_handled,
        each("firms", "serve", switch="service"),
        each("compounds", "wear", switch="service"),
        each("compounds", "meet_needs"),
        begin_count,
        perceive,
        take_part,
        form_norm,
        would_pay,
        pay,
        use_commons,
        quarrel,
        count,
        take_census,
        each("firms", "close_books", stream=int(Stream.FIRM), switch="institutions"),
        each("developers", "decide", stream=int(Stream.DEVELOPER), switch="institutions"),
        each("committees", "decide", stream=int(Stream.COMMITTEE), switch="institutions"),
        each("companies", "decide", switch="institutions"),
        recruit,
        join_in,
        note,
    ]
)
"""The month as it is without a policy."""
