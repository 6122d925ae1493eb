"""Actors as rows of the world with their decisions compiled beside them (the gate; see docs/architecture.md)."""

from sim.actors import cell, committee, community, compound, developer, firm, measures

__all__ = ["cell", "committee", "community", "compound", "developer", "firm", "measures"]
