"""The census: what is counted over households each month, by building and by compound, in a fixed order."""

from __future__ import annotations

from sim.compiled import kernel
from sim.processes.issues import Door
from sim.processes.participation import MET
from sim.world.native import rows
from sim.world.numbers import bits
from sim.world.process import How, process
from sim.world.tables import Life, Stage, Tenure


@process(How.WORLD)
def begin_count(world):  # type: ignore[no-untyped-def]
    """The census begins at nothing."""
    counted = world.counted.numbers
    for b in range(len(counted)):
        counted[b] = 0.0


@process(How.BLOCK)
def count(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents are counted, building by building.

    Rows of one building come in order and by one thread, and the later sum over buildings runs in
    building order, so neither threads nor blocks can change a bit of a sum.
    """
    world = compound.world
    building, end, b = world.households.building, world.buildings.end, first
    while b < last:
        a, at = b, building[b]
        b = min(end[at], last)
        counted = world.counted[at]
        _count_people(counted, a, b, world)
        _count_acts(counted, a, b, world)
        if compound.signals.firm_present > 0.0:
            _count_fees(counted, a, b, world)
        _add_up(counted, a, b, world)


@kernel
def _count_people(counted, first, last, world):  # type: ignore[no-untyped-def]
    # Counts and money are whole numbers, so integers hold them exactly, in whatever order.
    h = world.households
    tenure, life, member, active, moved = h.tenure, h.life, h.member, h.active, h.moved
    occupied = owners = renting = members = actives = movers = young = working = elderly = 0
    for i in rows(first, last):
        lived_in = tenure[i] != Tenure.VACANT
        occupied += lived_in
        owners += tenure[i] == Tenure.OWNER
        renting += tenure[i] == Tenure.TENANT
        members += lived_in & (member[i] == 1)
        actives += lived_in & (active[i] == 1)
        movers += moved[i]
        young += lived_in & (life[i] == Life.YOUNG)
        working += lived_in & (life[i] == Life.WORKING)
        elderly += lived_in & (life[i] == Life.ELDERLY)
    counted.units += last - first
    counted.occupied += occupied
    counted.owners += owners
    counted.tenants += renting
    counted.members += members
    counted.active += actives
    counted.moved += movers
    counted.young += young
    counted.working += working
    counted.elderly += elderly
    counted.invited += occupied * world.buildings.meeting[h.building[first]]


@kernel
def _count_acts(counted, first, last, world):  # type: ignore[no-untyped-def]
    h = world.households
    tenure, misuse, attended, stage = h.tenure, h.misuse, h.attended, h.stage
    complained = h.complained
    satisfaction, arrears_fen = h.satisfaction, h.arrears_fen
    satisfied_from = world.compounds[h.compound[first]].parameters.perception.satisfied_from
    misusing = attending = calls = petitions = satisfied = owed = at_1 = at_2 = at_3 = at_4 = 0
    for i in rows(first, last):
        lived_in = tenure[i] != Tenure.VACANT
        owed += arrears_fen[i]
        satisfied += lived_in & (satisfaction[i] > satisfied_from)
        misusing += lived_in & (misuse[i] == 1)
        attending += lived_in & (attended[i] & MET == MET)
        calls += lived_in & (complained[i] == Door.HOTLINE)
        petitions += lived_in & (complained[i] == Door.PETITION)
        at_1 += lived_in & (stage[i] == Stage.TELLS_FIRM)
        at_2 += lived_in & (stage[i] == Stage.CALLS_HOTLINE)
        at_3 += lived_in & (stage[i] == Stage.PETITIONS)
        at_4 += lived_in & (stage[i] == Stage.OPEN_CONFLICT)
    counted.arrears_fen += owed
    counted.satisfied += satisfied
    counted.misuse += misusing
    counted.attended += attending * world.buildings.meeting[h.building[first]]
    counted.calls += calls
    counted.petitions += petitions
    counted.stage_1 += at_1
    counted.stage_2 += at_2
    counted.stage_3 += at_3
    counted.stage_4 += at_4


@kernel
def _count_fees(counted, first, last, world):  # type: ignore[no-untyped-def]
    # Where nobody asks for a fee, none is due.
    h = world.households
    tenure, bill_fee_fen, paid, recovered_fen = h.tenure, h.bill_fee_fen, h.paid, h.recovered_fen
    received_fen, credited_fen, billed, unpaid = h.received_fen, h.credited_fen, h.billed, h.unpaid
    satisfaction, asked = h.satisfaction, h.asked
    satisfied_from = world.compounds[h.compound[first]].parameters.perception.satisfied_from
    due = collected = received = recovered = payers = free_riding = over = owed = units = up = 0
    for i in rows(first, last):
        happy = (tenure[i] != Tenure.VACANT) & (satisfaction[i] > satisfied_from)
        # A price that was raised is due from the next bill on.
        fee = bill_fee_fen[i]
        due += fee
        received += received_fen[i]
        collected += credited_fen[i]
        recovered += recovered_fen[i]
        over += billed[i] * fee
        owed += bits(unpaid[i]) * fee
        units += billed[i] > 0
        up += (billed[i] > 0) & (unpaid[i] == 0)
        payers += paid[i]
        free_riding += happy & (paid[i] == 0) & asked[i]
    counted.due_fen += due
    counted.received_fen += received
    counted.billed_fen += over
    counted.unpaid_fen += owed
    counted.billed_units += units
    counted.paid_up += up
    counted.collected_fen += collected
    counted.recovered_fen += recovered
    counted.payers += payers
    counted.free_riders += free_riding


@kernel
def _add_up(counted, first, last, world):  # type: ignore[no-untyped-def]
    # What is not a whole number: in the order of rows, and on from the sum so far.
    h = world.households
    tenure, life, satisfaction, contact = h.tenure, h.life, h.satisfaction, h.contact
    trust_firm, trust_committee, trust_cell = h.trust_firm, h.trust_committee, h.trust_cell
    trust_street = h.trust_street
    grievance, efficacy, estranged = h.grievance, h.efficacy, h.estranged
    happy, by_young = counted.satisfaction, counted.young_satisfaction
    by_working, by_elderly = counted.working_satisfaction, counted.elderly_satisfaction
    by_tenants, firm = counted.tenant_satisfaction, counted.trust_firm
    committee, cell = counted.trust_committee, counted.trust_cell
    grief, heard, visited = counted.grievance, counted.efficacy, counted.contact
    apart, street = counted.estranged, counted.trust_street
    for i in rows(first, last):
        counts = 1.0 if tenure[i] != Tenure.VACANT else 0.0
        mark = counts * satisfaction[i]
        happy += mark
        firm += counts * trust_firm[i]
        committee += counts * trust_committee[i]
        cell += counts * trust_cell[i]
        grief += counts * grievance[i]
        heard += counts * efficacy[i]
        visited += counts * contact[i]
        apart += counts * estranged[i]
        street += counts * trust_street[i]
        by_young += mark * (life[i] == Life.YOUNG)
        by_working += mark * (life[i] == Life.WORKING)
        by_elderly += mark * (life[i] == Life.ELDERLY)
        by_tenants += mark * (tenure[i] == Tenure.TENANT)
    counted.satisfaction, counted.young_satisfaction = happy, by_young
    counted.working_satisfaction, counted.elderly_satisfaction = by_working, by_elderly
    counted.tenant_satisfaction, counted.trust_firm = by_tenants, firm
    counted.trust_committee, counted.trust_cell = committee, cell
    counted.grievance, counted.efficacy, counted.contact = grief, heard, visited
    counted.estranged, counted.trust_street = apart, street


@process(How.WORLD)
def take_census(world):  # type: ignore[no-untyped-def]
    """What was counted building by building is added up."""
    out, counted, compound = world.census.numbers, world.counted.numbers, world.buildings.compound
    for c in range(len(out)):
        out[c] = 0.0
    for b in range(len(counted)):
        for k in range(len(counted[b])):
            out[compound[b], k] += counted[b, k]
