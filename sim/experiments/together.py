"""Policies under one seed share every month before the first measure, which is lived once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

from sim.config import Config, Policy
from sim.experiments.run import Replication, live, own_model


def live_together(
    configs: Sequence[Config],
    seed: int,
    model: Callable[..., Any] | None = None,
    *,
    costs: bool = True,
) -> list[Replication]:
    """Live several policies under one seed, their common past once.

    Args:
        configs: They differ in policy only; with doubt all live the seed's own parameters.
        seed: Seed of all of them.
        model: Class to live instead of ``NeighborhoodModel``; without ``fork`` each policy is
            lived from the first month.
        costs: Whether to keep what measures took.

    Returns:
        A replication for each configuration, the same bytes as ``run.live`` gives alone.
    """
    # They differ in policy only, so the seed's set is put in once.
    one = configs[0].drawn(seed)
    configs = [one.model_copy(update={"policy": config.policy}) for config in configs]
    past = _shared_past(configs, seed, model)
    if past is None:
        return [live(config, seed, model, costs=costs) for config in configs]
    going_on = partial(_go_on, past, model or own_model())
    lived = [live(config, seed, going_on, costs=costs) for config in configs]
    if type(past) in _PROVED or type(past) is own_model():
        return lived
    # A class of somebody's own may keep state where no fork looks: once in each process it is tried.
    alone = [live(config, seed, model, costs=costs) for config in configs]
    same = all(a.values.tobytes() == b.values.tobytes() for a, b in zip(lived, alone, strict=True))
    (_PROVED if same else _ALONE).add(type(past))
    return alone


_PROVED: WeakSet[type] = WeakSet()
"""Classes of others whose forks have given what runs from the first month give."""

_ALONE: WeakSet[type] = WeakSet()
"""Classes of others whose forks have not."""


def _shared_past(
    configs: Sequence[Config], seed: int, model: Callable[..., Any] | None
) -> Any | None:
    """A model just before any policy's first measure; None where nothing can be shared."""
    if len(configs) < 2:
        return None
    starts = [entry.parameters.start for c in configs for entry in c.policy.entries()]
    until = min(min(starts, default=1) - 1, configs[0].months)
    if until <= -configs[0].scenario.history_months:
        return None
    cls = own_model() if model is None else model
    if not hasattr(cls, "fork") or cls in _ALONE:
        return None
    try:
        past = cls(configs[0].model_copy(update={"policy": Policy()}), seed=seed)
        past.live_until(until)
    except Exception:
        # Lived alone, each policy says itself at which stage it fails.
        return None
    return past


def _go_on(past: Any, model: Callable[..., Any], config: Config, *, seed: int) -> Any:
    try:
        return past.fork(config)
    except Exception:
        # Whatever it is that cannot be taken over, a run from the first month needs nothing of it; and
        # no further past of such a class is lived only to be thrown away.
        _ALONE.add(type(past))
        return model(config, seed=seed)
