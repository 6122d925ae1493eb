"""An actor: a mediator in every compound, who gets better at it with every case.

xiaoqu run mediator.hours=40 --plugin docs/own/mediator.py
"""

from __future__ import annotations

from sim.own import Actor, Parameters, column, give_actor, give_parameters, link, param, rule


class MediatorParameters(Parameters):
    """What a mediator can do."""

    hours: float = param(20.0, "Hours of the mediator", unit="hour/month", low=0, high=400)
    hours_each: float = param(4.0, "Hours of one case", unit="hour", low=0.5, high=40)
    learns: float = param(
        0.02, "Share of what skill lacks that a case teaches", unit="1/case", low=0, high=1
    )


give_parameters("mediator", MediatorParameters)


class Mediator(Actor, table="mediators", parameters="mediator"):
    """The mediator of one compound."""

    skill: float = column("f8", "1", "0 to 1", "share of cases that go well")
    cases: float = column("f8", "case", "0 or more", "cases taken on so far")

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin half skilled."""
        self.skill = 0.5

    @rule
    def act(self) -> None:
        """Reach as many of the households in conflict as there are hours for."""
        census, signals = self.compound.census, self.compound.signals
        conflicts = census.stage_1 + census.stage_2 + census.stage_3 + census.stage_4
        cases = min(self.p.hours / self.p.hours_each, conflicts)
        if cases > 0.0:
            reached = self.skill * cases / conflicts
            signals.mediation = min(signals.mediation + reached, 1.0)
            self.cases += cases
            self.skill += (1.0 - self.skill) * (1.0 - (1.0 - self.p.learns) ** cases)


give_actor(Mediator, after="cells.settle")
