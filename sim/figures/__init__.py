"""Figures: one function per figure, labels in English or Chinese."""
