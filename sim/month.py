"""The month: what happens, in its order. ``xiaoqu explain month`` prints it."""

from __future__ import annotations

from sim.agents import assembly, cell, committee, community, compound, developer, firm, fund
from sim.processes.bills import begin_bills, pay
from sim.processes.census import begin_count, count, take_census
from sim.processes.commons import use_commons
from sim.processes.conflict import climb, resent
from sim.processes.fees import form_norm, would_pay
from sim.processes.handling import buildings_follow_up, hear_of_calls, problems_are_handled
from sim.processes.issues import problems_are_entered, problems_arise
from sim.processes.neighbours import look_around, show
from sim.processes.notes import note
from sim.processes.parking import accept_rents, resent_rents
from sim.processes.participation import attend, be_called_on, be_visited, call_meetings, join_in
from sim.processes.perception import begin_apart, begin_expecting, perceive
from sim.processes.turnover import households_move
from sim.processes.voices import residents_speak
from sim.streams import Stream
from sim.world.process import How, Month, each, process

ACTORS = (assembly, cell, committee, community, compound, developer, firm, fund)
"""Modules whose rows the month goes through: importing them lets rules find these by name."""


@process(How.WORLD)
def begin_month(world):  # type: ignore[no-untyped-def]
    """Named values are set to neutral."""
    values, neutral = world.signals.numbers, world.neutral
    for c in range(len(values)):
        for k in range(len(neutral)):
            values[c, k] = neutral[k]


OFFERS = (
    begin_month,
    each("firms", "offer"),
    each("committees", "offer"),
    each("cells", "offer"),
    each("developers", "offer"),
    each("communities", "offer"),
    each("streets", "offer"),
)
"""What institutions do anyway, whatever the policy."""

MONTH = Month(
    (
        *OFFERS,
        # Events and measures come here, in the order of history and policy.
        each("cells", "settle"),
        each("communities", "settle"),
        call_meetings,
        households_move,
        show,
        look_around,
        problems_arise,
        problems_are_entered,
        residents_speak,
        problems_are_handled,
        buildings_follow_up,
        each("firms", "serve", switch="service"),
        each("compounds", "wear", switch="service"),
        each("compounds", "meet_needs"),
        begin_count,
        hear_of_calls,
        perceive,
        attend,
        be_visited,
        be_called_on,
        form_norm,
        would_pay,
        pay,
        use_commons,
        resent_rents,
        resent,
        climb,
        count,
        take_census,
        accept_rents,
        each("compounds", "keep_year"),
        each("firms", "close_books", stream=Stream.FIRM, switch="institutions"),
        each("developers", "decide", stream=Stream.DEVELOPER, switch="institutions"),
        each("funds", "close_month", switch="institutions"),
        each("committees", "decide", stream=Stream.COMMITTEE, switch="institutions"),
        each("assemblies", "decide", stream=Stream.OWNERS, switch="institutions"),
        each("companies", "decide", switch="institutions"),
        join_in,
        note,
    )
)
"""The month without events and measures, with every mechanism switched on."""

START = Month(
    (
        each("firms", "begin"),
        each("companies", "begin"),
        each("committees", "begin"),
        each("assemblies", "begin"),
        each("funds", "begin"),
        each("cells", "begin"),
        each("developers", "begin"),
        each("communities", "begin"),
        *OFFERS,
        begin_bills,
        each("compounds", "meet_needs"),
        begin_expecting,
        begin_apart,
        begin_count,
        count,
        take_census,
        each("compounds", "lay_places"),
        note,
    )
)
"""What makes the state before the first month."""

BEFORE_MEASURES = "streets.offer"
"""The process behind which events and measures act."""
