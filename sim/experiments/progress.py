"""How far the runs are: a bar on standard error with rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sim.cache import rules_compiled

Advance = Callable[[int], None]


def announce_compiling() -> None:
    """Say on standard error that the first start takes long, if this is one."""
    if not rules_compiled():
        from rich.console import Console

        text = (
            "compiling the model, at the first start only: about a minute, longer on a busy machine"
        )
        Console(stderr=True).print(text)


@contextmanager
def bar(
    total: int, shown: bool, what: str = "replications", done: int = 0, unit: str = "runs"
) -> Iterator[Advance]:
    """Show a bar while the block runs.

    Args:
        total: Runs in all.
        shown: Whether to show anything.
        what: Word before the bar.
        done: Runs finished earlier, which do not count for the rate.
        unit: What the rate counts; empty for no rate.

    Yields:
        A function to call with the number of runs just finished.
    """
    if not shown:
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown_bar:
        task = shown_bar.add_task("", total=total, completed=done, rate="")

        def advance(finished: int) -> None:
            shown_bar.update(task, advance=finished)
            speed = shown_bar.tasks[0].speed
            shown_bar.update(task, rate=f"{speed:.3g} {unit}/s" if speed and unit else "")

        yield advance
