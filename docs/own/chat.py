"""A mechanism: a group chat of owners, in which who is angry is heard, and trust in the firm follows.

xiaoqu run chat.joins=0.9 --plugin docs/own/chat.py
"""

from __future__ import annotations

from sim.own import (
    How,
    Parameters,
    change_month,
    column,
    give_column,
    give_parameters,
    param,
    process,
)


class Chat(Parameters):
    """Who is in the chat, and what it does."""

    joins: float = param(0.5, "Share of households in the chat", low=0, high=1)
    loud: float = param(4.0, "Weight of a fully angry household beside a calm one", low=0, high=50)
    follows: float = param(
        0.2, "Share of the gap to the chat's mood closed in a month", unit="1/month", low=0, high=1
    )


give_parameters("chat", Chat)
give_column(
    "households", "in_chat", column("i1", "flag", "0, 1", "is in the chat of its compound"),
    drawn=lambda rng, households, parameters: rng.random(len(households)) < parameters.chat.joins,
)  # fmt: skip
give_column(
    "households",
    "mood",
    column("f8", "1", "0 to 1", "mood of the chat as it read it", newcomer=0.5),
)


@process(How.ROWS, table="compounds")
def chat(compound):
    """Owners read the chat: the mean satisfaction of those in it, the angry counting more."""
    h, p = compound.world.households, compound.parameters.chat
    in_chat, mood, trust, satisfaction = h.in_chat, h.mood, h.trust_firm, h.satisfaction
    total = weights = 0.0
    for i in range(compound.first, compound.last):
        weight = in_chat[i] * (1.0 + p.loud * h.grievance[i])
        total += weight * satisfaction[i]
        weights += weight
    # Only when all have spoken does anybody read, so that nobody's place in the list counts.
    for i in range(compound.first, compound.last):
        if in_chat[i]:
            mood[i] = total / weights
            trust[i] += p.follows * (mood[i] - trust[i])


@change_month
def with_chat(month):
    """Put the chat behind perception, before anybody decides."""
    return month.after("perceive", chat)
