"""What a report says in English and in Chinese."""

from __future__ import annotations

from sim.phrases import phrases

WORDS = phrases("report")
SENTENCES = phrases("report_sentences")
CANNOT = phrases("report_cannot")
SURE = phrases("report_sure")

SURE_HOLDS = phrases("report_sure_holds")
"""What bands hold, under one parameter set and under many."""

PAPER = phrases("report_paper")
"""What the paper of a page or two says."""
