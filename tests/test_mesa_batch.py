"""``mesa.batch_run``: every iteration lives a seed of its own, or it is said how to ask for that."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import mesa
import pytest

from sim import load, run
from sim.errors import InputError
from sim.model import NeighborhoodModel

KEYS = {"policy": ["none"], "months": 2, "population__households": 60}
# Mesa 3.3 tells of the month before the last.
NEWER = "rng" in inspect.signature(mesa.batch_run).parameters


class OwnSeed(NeighborhoodModel):
    """A subclass that names its seed, which mesa 3.5 then sets itself."""

    def __init__(self, seed: int | None = None, **keys: Any) -> None:
        super().__init__(seed=seed, **keys)


def batch(
    keys: dict[str, Any] | None = None, *, processes: int = 1, model: Any = NeighborhoodModel,
    **words: Any,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Iteration, seed and satisfaction of each row, in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # mesa 3.5 would have rng=[None] * 3
        rows = mesa.batch_run(
            model, {**KEYS, **(keys or {})}, number_processes=processes, max_steps=2,
            display_progress=False, **words,
        )  # fmt: skip
    return sorted((row["iteration"], row.get("seed"), row["satisfaction"]) for row in rows)


def runs(**keys: Any) -> list[float]:
    """Satisfaction of the month a batch tells of, as ``run`` gives it for seeds in a row."""
    config = load(None, policy="none", months=2, population__households=60, **keys)
    months = run(config).months
    return [float(x) for x in months[months["month"] == 2]["satisfaction"]]


@pytest.mark.parametrize("processes", [1, 2])
def test_iterations_are_the_replications_of_a_run(processes: int) -> None:
    """Catches copies of one run for iterations."""
    found = batch(iterations=3, processes=processes)
    assert [row[:2] for row in found] == [(0, 1), (1, 2), (2, 3)], "and the table says the seed"
    assert [row[2] for row in found] == runs(replications=3)
    assert len({row[2] for row in found}) == 3


@pytest.mark.parametrize("words", [{"iterations": 2}, {"rng": [None, None]}, {"rng": [4, 5]}])
@pytest.mark.parametrize("given", [{"config": "first seed 4"}, {}])
def test_seeds_however_they_are_asked_for(words: dict[str, Any], given: dict[str, Any]) -> None:
    if "rng" in words and not NEWER:
        pytest.skip("mesa 3.3 has no rng")
    keys = {"config": [load(None, policy="none", months=2, population__households=60, seed=4)]}
    keys = keys if given else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        rows = mesa.batch_run(
            NeighborhoodModel, keys or {**KEYS, "policy": ["none"]}, number_processes=1, max_steps=2,
            display_progress=False, **words,
        )  # fmt: skip
    first = 4 if given or words.get("rng") == [4, 5] else 1
    assert [row["satisfaction"] for row in rows] == runs(seed=first, replications=2)


def test_seeds_among_the_parameters_are_lived() -> None:
    """Catches mesa 3.5, which overwrites them where the model names its seed."""
    found = batch({"seed": [5, 6]})
    assert [row[1:] for row in found] == list(
        zip([5, 6], runs(seed=5, replications=2), strict=True)
    )


@pytest.mark.parametrize("processes", [1, 2])
def test_one_seed_for_several_iterations_is_refused(processes: int) -> None:
    with pytest.raises(InputError, match=r"seed: 5 would be lived by every iteration") as error:
        batch({"seed": 5}, iterations=2, processes=processes)
    assert "seed=[5, 6, ...] without iterations" in error.value.allowed
    assert len(batch({"seed": 5}, iterations=1)) == 1


def test_a_subclass_that_names_its_seed() -> None:
    assert [row[1] for row in batch(iterations=2, model=OwnSeed)] == [1, 2]
    if NEWER:
        with pytest.raises(InputError, match=r"replaced by mesa.batch_run's rng"):
            batch({"seed": [5, 6]}, model=OwnSeed)
    else:
        assert [row[1] for row in batch({"seed": [5, 6]}, model=OwnSeed)] == [5, 6]


def test_outside_a_batch_a_model_lives_the_seed_of_its_configuration() -> None:
    small = {"months": 1, "population__households": 60}
    assert NeighborhoodModel(**small).streams.seed == 1
    assert NeighborhoodModel(seed=3, **small).streams.seed == 3
    assert NeighborhoodModel(rng=3, **small).streams.seed == 3
    for wrong in ({"seed": 3, "rng": 3}, {"seed": 1.5}, {"seed": True}, {"rng": [1]}):
        with pytest.raises(InputError):
            NeighborhoodModel(**small, **wrong)


def test_keys_beside_a_configuration_are_refused() -> None:
    """Catches months=[3, 6] of a batch that are passed over where config is given."""
    with pytest.raises(InputError, match=r"months: is given beside a configuration"):
        NeighborhoodModel(load(None, months=1, population__households=60), months=3)
