"""Which runs of a sweep go together: those that share a past, and no more than a task should hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from sim.experiments.design import Design

MOST_OPEN = 4
"""Most files whose runs are lived side by side: a sweep that is killed begins these anew."""


def tasks(design: Design, missing: Sequence[int], size: int) -> Iterator[list[list[int]]]:
    """Runs of each task, up to so many, those together that share a past.

    Args:
        design: What is asked.
        missing: Numbers of the chunks to be lived.
        size: Most runs in a task.
    """
    for numbers in side_by_side(design, missing):
        task: list[list[int]] = []
        for group in sharing(design, numbers):
            for first in range(0, len(group), size):
                part = group[first : first + size]
                if sum(map(len, task)) + len(part) > size:
                    yield task
                    task = []
                task.append(part)
        yield task


def side_by_side(design: Design, missing: Sequence[int]) -> Iterator[list[int]]:
    """Chunks that are lived at the same time, since their runs share pasts."""
    alike: dict[tuple[int, int, int], list[int]] = {}
    for number in missing:
        runs = design.chunks[number]
        point, after = divmod(runs.start, design.replications)
        # A file of one point has its pasts in common with files of others, one of more with itself.
        one = runs.stop <= (point + 1) * design.replications
        key = (int(design.pasts[point]), after, len(runs)) if one else (-1, number, 0)
        alike.setdefault(key, []).append(number)
    for numbers in alike.values():
        for first in range(0, len(numbers), MOST_OPEN):
            yield numbers[first : first + MOST_OPEN]


def sharing(design: Design, numbers: Sequence[int]) -> list[list[int]]:
    """Runs of some chunks, those together that have one past and one seed."""
    groups: dict[tuple[int, int], list[int]] = {}
    for run in chain.from_iterable(design.chunks[number] for number in numbers):
        point, after = divmod(run, design.replications)
        groups.setdefault((int(design.pasts[point]), after), []).append(run)
    return list(groups.values())
