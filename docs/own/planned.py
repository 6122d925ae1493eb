"""The theory of planned behaviour (Ajzen 1991) as a theory of paying, with households' income.

xiaoqu run fees.response=planned planned.control=1.5 --plugin docs/own/planned.py
"""

from __future__ import annotations

from sim.own import (
    How,
    Parameters,
    column,
    give_column,
    give_parameters,
    give_theory,
    param,
    process,
    rows,
    to_chances,
)  # fmt: skip

give_column(
    "households", "income",
    column("i1", "decile", "1 to 10", "income decile", newcomer="donor"),
    drawn=lambda rng, households, parameters: rng.integers(1, 11, len(households)),
)  # fmt: skip


class Planned(Parameters):
    """Weights of the theory of planned behaviour."""

    base: float = param(1.0, "Push to pay, all else neutral", unit="logit", low=-6, high=6)
    attitude: float = param(
        4.0, "Weight of attitude: satisfaction and trust", unit="logit", low=0, high=10
    )
    norm: float = param(
        3.0, "Weight of the subjective norm: who is believed to pay", unit="logit", low=0, high=10
    )
    control: float = param(
        1.0, "Weight of perceived control: income less burden", unit="logit", low=0, high=10
    )


give_parameters("planned", Planned)


@process(How.BLOCK)
def planned(compound, first, last):
    """The chance to pay: attitude, subjective norm and perceived control, added up in logits."""
    h, p = compound.world.households, compound.parameters.planned
    willing, income, burden, believed = h.willing, h.income, h.burden, h.norm
    satisfaction, trust = h.satisfaction, h.trust_firm
    base, attitude, norm, control = p.base, p.attitude, p.norm, p.control
    for i in rows(first, last):
        x = base + attitude * (0.5 * (satisfaction[i] + trust[i]) - 0.5)
        x += norm * (believed[i] - 0.5)
        x += control * ((income[i] - 5.5) / 4.5 - burden[i])
        willing[i] = x
    to_chances(willing[first:last])


give_theory("planned", planned)
