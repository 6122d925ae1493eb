"""The processes of the month on the world (the gate; see docs/architecture.md)."""
