"""Measures put into a run by hand, so that one act of theirs can be looked at."""

from __future__ import annotations

from sim.agents.compound import Compound
from sim.build import equip, month_of
from sim.measures.catalogue import Measure
from sim.model import NeighborhoodModel
from sim.month import OFFERS
from sim.world.process import How, Month, do_in_python, each
from sim.world.runner import Runner

ANY, NO = ({"quorum": 0.0, "majority": majority} for majority in (0.0, 1.0))
"""Settings of ``committee`` under which every vote of the owners passes, or none."""


def begin(c: Compound, month: int) -> Compound:
    """Begin a month: institutions offer what they stand for, and measures may act."""
    c.world.month = month
    for process in OFFERS:
        do_in_python(c.world, process)
    return c


def put_in(m: NeighborhoodModel, measure: Measure) -> None:
    """Make a measure one of a run's measures, if it is none yet."""
    if measure not in m.measures:
        m.measures.append(measure)
        equip(m.world, m.measures, 12)


def act(measure: Measure, c: Compound, strength: float = 1.0) -> None:
    """Let a measure act on a compound."""
    put_in(c.world.model, measure)
    measure.act(c, strength)


def live_measures(
    m: NeighborhoodModel, until: int, *, offers: bool = True, threads: int = 1
) -> None:
    """Live on to a month, in which institutions offer, measures act, ballots are gathered, and no more happens."""
    acts = [p for p in month_of(m.config, m.measures) if p.how == How.MEASURE]
    month = Month([*OFFERS, *acts, each("assemblies", "collect")] if offers else acts)
    Runner(m.world, month, m.measures, threads).live_until(until)
