"""Leaving well: a command that is stopped cleans up once, says one line and shows no trace."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_STOPS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_heard = signal.SIGINT


def listen() -> None:
    """Take Ctrl-C, SIGTERM and a terminal that is closed alike; a signal shut off, as by nohup, stays so."""
    for stop in _STOPS:
        if signal.getsignal(stop) is not signal.SIG_IGN:
            signal.signal(stop, _leave)


def code() -> int:
    """What a process ended by the signal that was heard gives back."""
    return 128 + _heard


def _leave(number: int, _frame: FrameType | None) -> Any:
    global _heard
    _heard = signal.Signals(number)
    # Whoever asks again does not want to wait for what is being cleaned.
    for stop in _STOPS:
        if signal.getsignal(stop) is not signal.SIG_IGN:
            signal.signal(stop, lambda again, _: os._exit(128 + again))
    # What is cut in the middle, such as a workbook being written, has its own complaint as it is cleared away.
    sys.unraisablehook = lambda _: None
    raise KeyboardInterrupt


@contextmanager
def fitting() -> Iterator[None]:
    """Inside, a stop ends a fit of scikit-learn's networks as it ends anything else.

    They take it for the end of the fit and warn: the command went on, and kept an answer of a network half fitted.
    To be entered after filters of warnings that are not of interest.
    """
    said = "Training interrupted"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", said)
        try:
            yield
        except UserWarning as warning:
            if not str(warning).startswith(said):
                raise
            raise KeyboardInterrupt from None


@contextmanager
def unheard() -> Iterator[None]:
    """Processes started inside hear neither Ctrl-C nor the end of the terminal: whoever started them decides.

    They would show traces of their own while they start; and the one that clears semaphores away must
    outlive the one that uses them.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    quiet = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, quiet)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
