"""Experiments: run a configuration over many seeds, keep the answer, and sum it up."""
