"""What every household does in a month once it has looked around: the rules in their order.

Rules of a household read and write its own row only, so rows may be taken in any order. They are taken
in blocks of one compound, each rule going over a block before the next does: its columns then stay in
the processor's cache for the whole month, and only its own draws have to be kept. What is the same for
all households of a compound, a rule reckons once, before its loop; what it does to each, it does without
branches, so that the compiler can let it take several households at once.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel
from sim.mechanisms.commons import use_commons
from sim.mechanisms.conflict import climb, resent, speak
from sim.mechanisms.fees import pay
from sim.mechanisms.participation import attend, visit
from sim.mechanisms.perception import perceive
from sim.society.census import count
from sim.streams import BLOCK, LANES, Stream, fill

_PARTICIPATION, _FEES, _COMMONS, _CONFLICT, _HOTLINE = (
    int(stream)
    for stream in (Stream.PARTICIPATION, Stream.FEES, Stream.COMMONS, Stream.CONFLICT, Stream.HOTLINE)
)  # fmt: skip


@kernel
def live(  # type: ignore[no-untyped-def]
    first, last, month, seed, judges, takes_part, pays, uses_commons, quarrels,
    perception, participation, matches, fees, commons, conflict,
    signals, condition, met, census, meeting, followed, open_per_household, building_end,
    compound_end, counted,
    compound, building, tenure, life, kind, member, active, civic, burden, threshold, taste, rota,
    fee_fen, seen_satisfaction, seen_paid, seen_misuse, seen_conflict, seen_open,
    satisfaction, trust_firm, trust_committee, trust_cell, grievance, efficacy, norm, habit, free_habit,
    contact, paid, recovered_fen, arrears_fen, arrears_months, stage, misuse, attended, called,
    petitioned, moved, own_open,
):  # fmt: skip
    """Let rows [first, last), whole buildings, live their month and be counted.

    Args:
        judges, takes_part, pays, uses_commons, quarrels: Switches of the five mechanisms.
        perception, participation, fees, commons, conflict: Their parameters, records (1,).
        matches: True for the response "match", see ``fees.pay``.
        signals: Records (compounds,), see ``society.signals``.
        condition, met: (compounds, lines), and (compounds, 3) from ``perception.meet_needs``.
        census: Records (compounds,) of last month.
        meeting, followed: (buildings,) see ``participation.attend``.
        open_per_household: (buildings,) unsolved problems.
        building_end, compound_end: (buildings,) and (compounds,) row after the last.
        counted: (buildings, counts) the census, added to.
    """
    u = np.empty((LANES, BLOCK))
    b = first
    while b < last:
        a, b = b, min(compound_end[compound[b]], last, b + BLOCK)
        if judges:
            perceive(
                a, b, perception, signals, met, compound, tenure, life, taste, own_open,
                seen_satisfaction, satisfaction, trust_firm, trust_committee, trust_cell,
            )  # fmt: skip
        if takes_part:
            fill(u, 2, b - a, a, month, seed, _PARTICIPATION)
            attend(
                a, b, u, participation, signals, compound, building, building_end, meeting, followed,
                tenure, life, civic, efficacy, grievance, trust_cell, attended,
            )  # fmt: skip
            visit(
                a, b, month, participation, signals, compound, tenure, rota, contact, grievance,
                trust_cell,
            )  # fmt: skip
        if pays:
            fill(u, 2, b - a, a, month, seed, _FEES)
            pay(
                a, b, u, matches, fees, signals, census, compound, tenure, kind, active, burden,
                fee_fen, seen_paid, satisfaction, trust_firm, grievance, stage, contact, norm, habit,
                free_habit, paid, recovered_fen, arrears_fen, arrears_months,
            )  # fmt: skip
        if uses_commons:
            fill(u, 1, b - a, a, month, seed, _COMMONS)
            use_commons(
                a, b, u, commons, signals, condition, compound, tenure, civic, seen_misuse, misuse
            )  # fmt: skip
        if quarrels:
            fill(u, 3, b - a, a, month, seed, _CONFLICT)
            resent(
                a, b, u, conflict, signals, compound, building, open_per_household, tenure, own_open, stage,
                satisfaction, grievance,
            )  # fmt: skip
            climb(
                a, b, u[1:], conflict, tenure, grievance, trust_cell, seen_conflict, seen_open, threshold,
                stage,
            )  # fmt: skip
            fill(u, 2, b - a, a, month, seed, _HOTLINE)
            speak(a, b, u, conflict, stage, called, petitioned)
        count(
            a, b, building_end, signals, meeting, compound, building, tenure, life, member, active, fee_fen, paid,
            recovered_fen, arrears_fen, satisfaction, trust_firm, trust_committee, trust_cell, grievance,
            efficacy, stage, misuse, attended, called, petitioned, contact, moved, counted,
        )  # fmt: skip
