"""Households move: tenants leave and are replaced, owners sell, vacant units are bought.

Who comes in brings traits like those of the compound's first residents of the same tenure, and
knows nobody: ties, trust, habits and visits start anew (seed 002: many tenants, fast turnover).
Arrears stay with the unit, since the owner owes them.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from sim.compiled import kernel
from sim.schema import Parameters, fraction, monthly
from sim.streams import BLOCK, Stream, draw, fill
from sim.world.native import INTERPRETED, rows
from sim.world.process import How, Process, process
from sim.world.tables import Stage, Tenure

_TURNOVER = int(Stream.TURNOVER)


class TurnoverParameters(Parameters):
    """How often households change."""

    tenant_moves: float = monthly(
        0.03, "Chance that a tenant household moves out and another moves in", high=0.3, zh="租户每月搬迁概率",
    )  # fmt: skip
    owner_moves: float = monthly(
        0.002, "Chance that an owner-occupied unit is sold to another household", high=0.05, zh="业主每月换手概率",
    )  # fmt: skip
    vacant_sold: float = monthly(
        0.003, "Chance that a vacant unit is bought and lived in", high=0.2, zh="空置房每月售出概率"
    )
    newcomer_satisfaction: float = fraction(
        0.6, "Satisfaction a household arrives with", zh="新住户初始满意度"
    )
    newcomer_expects: float = fraction(
        0.75, "Needs met that a household expects that comes from elsewhere", zh="新住户的服务期望",
        source="what it was used to: an ordinary compound's service in this model; assumed",
    )  # fmt: skip
    newcomer_trust: float = fraction(
        0.5, "Trust in firm, committee, cell and street a household arrives with", zh="新住户初始信任",
    )  # fmt: skip
    newcomer_habit: float = fraction(
        0.5, "Habit of paying a household arrives with", zh="新住户缴费习惯"
    )


SETTLED = 1200
"""Months after which nobody counts any more how long a household has lived here."""


@process(How.SPAN, stream=Stream.TURNOVER, switch="turnover")
def households_move(world, first, last):  # type: ignore[no-untyped-def]
    """Tenants, owners and vacant units change hands; ``moved`` marks rows with a new household."""
    h, compounds = world.households, world.compounds
    tenure, moved, compound, lived_here = h.tenure, h.moved, h.compound, h.lived_here
    u = np.empty((2, BLOCK))
    for a in range(first, last, BLOCK):
        b = min(a + BLOCK, last)
        fill(u, 2, b - a, a, world.month, world.seed, _TURNOVER)
        start, p = np.uint64(a), compounds[compound[a]].parameters.turnover
        owner_moves, tenant_moves, vacant_sold = p.owner_moves, p.tenant_moves, p.vacant_sold
        for i in rows(a, b):
            held = tenure[i]
            let = tenant_moves if held == Tenure.TENANT else vacant_sold
            leaves = owner_moves if held == Tenure.OWNER else let
            moved[i] = u[0, i - start] < leaves
            lived_here[i] = min(lived_here[i] + 1, SETTLED)
        for i in range(a, b):
            if moved[i]:
                if tenure[i] == Tenure.VACANT:
                    tenure[i] = Tenure.OWNER
                _take_traits(world, i, u[1, i - a])
                begin_anew(world, i)


@kernel
def _donor(world, i, chance):  # type: ignore[no-untyped-def]
    # One of the compound's first residents of the same tenure, whose traits a newcomer has; -1 if none.
    h, d = world.households, world.donors
    c, t = h.compound[i], h.tenure[i]
    low, high = d.donor_start[c, t], d.donor_start[c, t + 1]
    return d.donor_rows[low + int(chance * (high - low))] if high > low else -1


@kernel
def _take_traits(world, i, chance):  # type: ignore[no-untyped-def]
    h, d, k = world.households, world.donors, _donor(world, i, chance)
    if k >= 0:
        h.life[i], h.kind[i], h.civic[i] = d.life0[k], d.kind0[k], d.civic0[k]
        h.burden[i], h.threshold[i], h.taste[i] = d.burden0[k], d.threshold0[k], d.taste0[k]
        h.member[i] = d.member0[k]


@kernel
def begin_anew(world, i):  # type: ignore[no-untyped-def]
    """Give a household that moves in what a newcomer has, see ``newcomer`` in ``tables.Households``."""
    h = world.households
    p = world.compounds[h.compound[i]].parameters.turnover
    h.active[i] = h.lived_here[i] = h.asked[i] = h.called_on[i] = 0
    h.summoned[i] = 0
    h.satisfaction[i] = p.newcomer_satisfaction
    h.trust_firm[i] = h.trust_committee[i] = p.newcomer_trust
    h.trust_cell[i] = h.trust_street[i] = p.newcomer_trust
    h.norm[i] = h.habit[i] = p.newcomer_habit
    h.efficacy[i] = p.newcomer_trust
    h.grievance[i] = h.free_habit[i] = h.contact[i] = h.points[i] = 0.0
    h.estranged[i] = 0.0
    h.expects[i] = p.newcomer_expects
    h.stage[i], h.misuse[i] = Stage.CALM, 0


def newcomers_get(name: str, value: float | str) -> Process:
    """A process behind ``households_move`` for a column of somebody's own.

    Args:
        name: The column.
        value: What a household that moves in gets there, "donor" for the value of the first resident
            from whom it has its other traits.
    """

    def get_value(world, first, last):  # type: ignore[no-untyped-def]
        own, moved = world.households.own, world.households.moved
        for i in rows(first, last):
            if moved[i]:
                own[i] = value

    rule = _renamed(_get_donors if value == "donor" else get_value, name)
    run = rule if INTERPRETED else kernel(rule, own=True)
    doc = f"Households that move in get their {name}."
    zh = f"新迁入的住户取得其 {name}。"
    return Process(f"newcomers.{name}", How.SPAN, run, switch="turnover", doc=doc, zh=zh)


def _get_donors(world, first, last):  # type: ignore[no-untyped-def]
    own, own0, moved = world.households.own, world.donors.own0, world.households.moved
    for i in range(first, last):
        if moved[i]:
            k = _donor(world, i, draw(i, world.month, world.seed, _TURNOVER)[1])
            own[i] = own0[k] if k >= 0 else own[i]


def _renamed(rule: Any, name: str) -> FunctionType:
    # The same rule for the column ``name`` where it says ``own``: compiled rules know columns by name only.
    names = {"own": name, "own0": f"{name}0"}
    code = rule.__code__.replace(co_names=tuple(names.get(n, n) for n in rule.__code__.co_names))
    made = FunctionType(code, rule.__globals__, f"newcomers_{name}", closure=rule.__closure__)
    made.__qualname__ = f"newcomers_{name}"
    return made
