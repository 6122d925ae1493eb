"""Measures and events by family; importing this package fills the catalogue."""

from sim.measures import (
    committee,
    contact,
    courts,
    deliberation,
    digital,
    enforcement,
    events,
    firm,
    grid,
    meetings,
    money,
    organisation,
    parking,
    renewal,
    residents,
    resources,
    service,
    supervision,
)
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters, register

__all__ = [
    "CATALOGUE", "Measure", "MeasureParameters", "committee", "contact", "courts", "deliberation",
    "digital", "enforcement", "events", "firm", "grid", "meetings", "money", "organisation",
    "parking", "register", "renewal", "residents", "resources", "service", "supervision",
]  # fmt: skip
