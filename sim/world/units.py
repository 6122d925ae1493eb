"""What is one unit in another, and where a scale has its middle: facts and definitions, no parameters."""

from __future__ import annotations

MIDDLE = 0.5
"""Middle of a scale from 0 to 1: a state there pushes a household neither way."""

THOUSAND = 1000.0
"""Households that hours, candidates and petitions "per 1,000 households" are told for."""

FEN_PER_YUAN = 100

MONTHS_PER_YEAR = 12

DAYS_PER_MONTH = 30.0
"""Days of a month, for the age of a problem."""
