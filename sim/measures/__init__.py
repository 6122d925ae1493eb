"""Measures and events by family; importing this package fills the catalogue."""

from sim.measures import committee, contact, events, firm, meetings, renewal, service
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters, register

__all__ = [
    "CATALOGUE", "Measure", "MeasureParameters", "committee", "contact", "events", "firm", "meetings",
    "register", "renewal", "service",
]  # fmt: skip
