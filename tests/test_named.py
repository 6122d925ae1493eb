"""What is named acts: parking, facilities for each age, staff at the door, and other told names, at their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from acts import act, begin, put_in
from worlds import do, world

from sim.agents.compound import Compound
from sim.compose import load
from sim.measures.catalogue import CATALOGUE, Measure
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.world.tables import Life


def lived(months: int, *, seed: int = 1, policy: Any = "none", **groups: Any) -> NeighborhoodModel:
    """A run of a small estate."""
    people = {"households": 300, "buildings": 4} | groups.pop("population", {})
    config = load("ordinary_estate", population=people, months=months, policy=policy, **groups)
    model = NeighborhoodModel(config, seed=seed)
    model.run()
    return model


def last(model: NeighborhoodModel, name: str, months: int = 12) -> float:
    """Mean of an indicator over the last months of a run."""
    return float(np.nanmean(model.recorder.values[-months:, 0, list(INDICATORS).index(name)]))


def ready(month: int = 1, **groups: Any) -> Compound:
    """A compound in which institutions have offered and measures may act."""
    people = {"households": 600} | groups.pop("population", {})
    model = NeighborhoodModel(load(None, population=people, **groups), seed=1)
    return begin(model.compounds[0], month)


def made(name: str, **settings: Any) -> Measure:
    """A measure that is in force in full from month 1."""
    measure = CATALOGUE[name]
    return measure(name, measure.Parameters(**{"start": 1, "ramp": 1} | settings))


def lived_with(c: Compound, measure: Measure, months: int) -> Compound:
    """Let a measure act for some months in which institutions only offer."""
    put_in(c.world.model, measure)
    for month in range(1, months + 1):
        begin(c, month)
        measure.act(c, 1.0)
    return c


# --- parking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cars", "places", "short"), [(0.6, 0.6, 0.0), (0.8, 0.2, 0.75), (0.5, 0.0, 1.0), (0.0, 0.4, 0.0)])  # fmt: skip
def test_cars_beyond_the_places_stand_short(cars: float, places: float, short: float) -> None:
    """Where there is a place for each car, or no car, nobody is short."""
    people = {"vacant_share": 0.0}
    c = ready(population=people, parking={"cars_each": cars, "places_each": places})
    assert c.parking_short == pytest.approx(short)


def test_quarrels_over_parking_follow_cars_without_a_place() -> None:
    """With a place for each car and nobody on the lawn there is nothing to quarrel about."""
    arisen = []
    for places in (0.7, 0.35, 0.0):
        w = world(4000, parking={"cars_each": 0.7, "places_each": places},
                  population={"vacant_share": 0.0}, issues={"rate": {"parking": 0.5}})  # fmt: skip
        w.census["occupied"][:] = 4000
        w.compounds[0].lay_places()
        do(w, "problems_arise")
        arisen.append(int((w.households.arising == 4).sum()))
    none, half, all_of_them = arisen
    assert none == 0
    assert half == pytest.approx(1000, abs=100)
    assert all_of_them == pytest.approx(2000, abs=120)


def test_where_cars_lack_places_more_misuse_common_space() -> None:
    """Scarcity pushes cars onto lanes and lawns."""
    ample, scarce = (lived(48, parking={"places_each": x}) for x in (0.7, 0.05))
    assert last(scarce, "misuse_share") > 1.3 * last(ample, "misuse_share")
    assert last(scarce, "issues_arisen") > last(ample, "issues_arisen")
    assert last(ample, "parking_short") < 0.01 < last(scarce, "parking_short")


def test_rents_are_public_revenue() -> None:
    """Twice the rent, while all places stay let, doubles the part that rents bring; nothing else moves."""
    c = ready(parking={"cars_each": 1.0, "places_each": 0.3, "of_revenue": 0.6, "dear": 0.0})
    usual = c.firm.public_revenue_fen
    act(made("parking_rents", rise=1.0), c)
    assert c.firm.public_revenue_fen == pytest.approx(1.6 * usual, abs=1)
    c = ready(parking={"cars_each": 0.3, "places_each": 0.3, "dear": 2.0})
    usual = c.firm.public_revenue_fen
    act(made("parking_rents", rise=1.0), c)
    assert c.firm.public_revenue_fen < usual and c.parking_short > 0.7


@pytest.mark.parametrize(("asked", "angers"), [(0.0, True), (1.0, False)])
def test_a_rise_without_talk_angers_households_with_a_car(asked: float, angers: bool) -> None:
    """K035: raised without talk, fees are withheld for months; talked over, nobody minds."""
    w = world(1000, parking={"cars_each": 0.5, "anger": 0.2})
    act(made("parking_rents", asked=asked), w.compounds[0])
    do(w, "resent_rents")
    angry = w.households.grievance > 0.0
    assert angry.mean() == pytest.approx(0.5 if angers else 0.0, abs=0.06)


def test_a_rise_without_talk_costs_fees_for_months() -> None:
    """And not for ever: people come to terms with it."""
    event = {"parking_rents": {"start": -8, "rise": 0.7}}
    runs = [
        [lived(24, seed=seed, scenario__history=history) for seed in (1, 2, 3)] for history in ({}, event)
    ]  # fmt: skip
    at = [
        [np.mean([r.recorder.values[m, 0, list(INDICATORS).index("grievance")] for r in group])
         for m in (7, 36)] for group in runs
    ]  # fmt: skip
    assert at[1][0] > at[0][0] + 0.1
    assert at[1][1] < at[0][1] + 0.1


def test_a_parking_council_finds_places_up_to_what_the_ground_holds() -> None:
    """K081: twelve meetings, some twenty places of 682 households, and a rule at the end."""
    cell = {"hours_per_member": 60.0}
    c = ready(population={"households": 682}, cell=cell)
    before, order = c.places, []
    council = made("parking_renewal", most=0.05, order=0.5)
    put_in(c.world.model, council)
    for month in range(1, 7):
        begin(c, month)
        council.act(c, 1.0)
        order.append(c.signals.enforcement)
    assert c.places - before in (19, 20)
    assert order == [0.0] * 5 + [0.5]
    lived_with(c, council, 60)
    assert c.places - before == int(0.05 * 682)
    idle = ready(population={"households": 682, "active_share": 0.0})
    idle.cell.fidelity = 0.0
    act(council, idle)
    assert idle.places == before


# --- facilities for each age ----------------------------------------------------------------------


def test_what_is_not_built_for_an_age_is_missed_by_that_age_alone() -> None:
    """Upkeep does not build: the old lack benches and ramps however well the rest is kept."""
    whole, without = (lived(36, service={"built": {"elderly": x}}) for x in (1.0, 0.0))
    assert last(without, "amenities_elderly") == 0.0
    assert last(without, "amenities_young") == pytest.approx(last(whole, "amenities_young"), abs=0.05)  # fmt: skip
    lost = {a: last(whole, f"satisfaction_{a}") - last(without, f"satisfaction_{a}") for a in ("young", "working", "elderly")}  # fmt: skip
    assert lost["elderly"] > 0.08
    assert lost["elderly"] > 2 * max(lost["young"], lost["working"])


def test_a_broken_promise_takes_from_whom_it_was_made_to() -> None:
    """A sports ground and a pool are no loss of the old; renewal builds what each lacks."""
    c = ready()
    act(made("broken_promise", size=1.0), c)
    assert c.built.tolist() == [0.5, 0.5, 1.0]
    c.built[:] = (1.0, 0.5, 0.0)
    lived_with(c, made("all_age_renewal", months=10, builds={"young": 1, "working": 1, "elderly": 0}), 12)  # fmt: skip
    assert c.built == pytest.approx([1.0, 1.0, 0.0])
    c.condition[:] = 1.0
    c.meet_needs()
    assert c.met[Life.ELDERLY] < c.met[Life.YOUNG] == 1.0
