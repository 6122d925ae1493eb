"""Actors as rows of the world with their decisions compiled beside them (the gate; see docs/architecture.md)."""
