"""One configuration has one answer: whichever question lives it, from whatever past, in whatever process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import own_parts
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sim.compose import load
from sim.config import Config
from sim.desk import live as desk
from sim.experiments.run import end_columns, run
from sim.measures.catalogue import CATALOGUE
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.questions.attribute import attribute
from sim.questions.compare import compare
from sim.questions.optimise import optimise
from sim.questions.robustness import robustness
from sim.questions.sweep import sweep

for _measure in (own_parts.Lottery, own_parts.Fatigue):
    CATALOGUE.pop(_measure.name, None)  # known to the tests below only

TESTS = Path(__file__).parent
MODELS = {"plain": None, "own": own_parts.Own}
KEYS: dict[str, Any] = {
    "population": {"households": 60, "stairs_per_building": 2},
    "scenario__history_months": 5,
    "scenario__history": {"own_fatigue": {"start": -4, "end": 40, "ramp": 1}},
    "months": 6, "replications": 2, "executor": {"workers": 1},
}  # fmt: skip
BUNDLE = {"name": "bundle", "measures": {"own_lottery": {"start": 3}, "member_contact": {}}}
NAMES = list(INDICATORS)


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures of our own are known here, and in no other file of tests."""
    for measure in (own_parts.Lottery, own_parts.Fatigue):
        monkeypatch.setitem(CATALOGUE, measure.name, measure)


def alone(model: Any, scenario: str | None = None, **keys: Any) -> pd.DataFrame:
    """Months of a configuration lived by itself, from its first month."""
    return run(load(scenario, **{**KEYS, **keys}), model=model).months


def of_policy(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Indicators of one policy of a comparison."""
    return frame.loc[frame["policy"] == name, NAMES].to_numpy()


@pytest.mark.usefixtures("as_shipped")
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_compare_lives_what_run_lives(model: Any) -> None:
    """Catches a subclass that is lost where policies share a past: differences of 0.0 [0, 0]."""
    found = compare(policies=[BUNDLE, "none"], model=model, **KEYS)
    for name, policy in (("bundle", BUNDLE), ("none", "none")):
        assert np.array_equal(
            of_policy(found.months, name), alone(model, policy=policy)[NAMES], equal_nan=True
        )
    spent = found.runs.query("policy == 'bundle'")["yuan"]
    # 3 yuan, then 6, 9, 12 in months 3 to 6: months before the start do not count.
    assert spent.tolist() == [30.0, 30.0]


def test_a_subclass_lives_otherwise_than_the_model() -> None:
    """Without this the tests beside it could not fail."""
    assert not alone(own_parts.Own)[NAMES].equals(alone(None)[NAMES])


@pytest.mark.usefixtures("as_shipped")
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_sweep_lives_what_run_lives(model: Any) -> None:
    factors = {"policy": ["none", "own_lottery"], "fees.trust": [1.0, 2.0]}
    lived = sweep(None, factors=factors, model=model, **KEYS).runs
    for (policy, trust), rows in lived.groupby(["policy", "fees.trust"]):
        whole = run(load(None, f"fees.trust={trust}", policy=policy, **KEYS), model=model)
        columns = end_columns()
        assert np.array_equal(rows[columns], whole.runs[columns], equal_nan=True)


@pytest.mark.usefixtures("as_shipped")
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_attribute_optimise_and_robustness_live_what_run_lives(model: Any) -> None:
    name = "collection_rate"
    last = {k: v for k, v in KEYS.items() if k != "months"}
    # What these three live where no scenario is named.
    whole = alone(model, "kangqiao", policy=BUNDLE).query("month == 6")[name]
    parts = attribute(
        None, policy=BUNDLE, at=6, indicator=name, model=model, **last
    ).coalitions  # fmt: skip
    assert parts.loc[parts["size"] == 2, name].tolist() == whole.tolist()
    ranked = robustness(
        None, policies=["none", "own_lottery+member_contact"], scenarios=[], networks=[],
        mechanisms=[], draws=0, at=6, model=model, **last,
    ).runs  # fmt: skip
    together = ["own_lottery", "member_contact"]
    both = alone(model, "kangqiao", policy=together).query("month == 6")[name]
    lived = ranked.query("policy == 'own_lottery+member_contact'")[name]
    assert lived.tolist() == both.tolist()
    sought = optimise(
        None, target=f"{name}>=0 at +6", measures=["own_lottery", "member_contact"], doses=[1.0],
        starts=[1], worlds=4, check=4, method="exhaustive", model=model,
        **{k: v for k, v in last.items() if k != "replications"},
    )  # fmt: skip
    costs = sought.candidates.set_index(["own_lottery", "member_contact"])["yuan"]
    assert costs[1, 0] == sum(3.0 * month for month in range(1, 7))


@pytest.mark.parametrize("own", [False, True])
def test_processes_live_what_this_one_lives(own: bool) -> None:
    """Catches a model or measure of one's own that is another one in a worker process."""
    model = own_parts.Own if own else None
    for found in (
        compare(
            policies=[BUNDLE, "none"], model=model, **{**KEYS, "executor": {"workers": workers}}
        ).months
        for workers in (1, 2)
    ):
        assert np.array_equal(
            of_policy(found, "bundle"), alone(model, policy=BUNDLE)[NAMES], equal_nan=True
        )


POLICIES = st.dictionaries(
    st.sampled_from(["own_lottery", "member_contact", "disclosure", "lead_by_paying", "digital_channel"]),
    st.fixed_dictionaries(
        {"start": st.integers(-3, 5), "dose": st.sampled_from([0.5, 1.0])},
        optional={"end": st.integers(6, 9)},
    ),
    max_size=3,
)  # fmt: skip


@settings(
    max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(measures=st.lists(POLICIES, min_size=2, max_size=2), own=st.booleans())
def test_a_shared_past_is_the_past_of_each(measures: list[dict[str, Any]], own: bool) -> None:
    """Random policies that share a past, here and at the desk, are each as if lived alone."""
    model = own_parts.Own if own else None
    known = [{k: v for k, v in one.items() if k in CATALOGUE} for one in measures]
    policies = [{"name": f"p{k}", "measures": one} for k, one in enumerate(known)]
    found = compare(policies=[*policies, "none"], model=model, **KEYS).months
    for policy in policies:
        expected = alone(model, policy=policy)[NAMES].to_numpy()
        assert np.array_equal(of_policy(found, str(policy["name"])), expected, equal_nan=True)
        if model is None and all(m["start"] > 0 for m in policy["measures"].values()):
            config = load(None, policy=policy, **KEYS)
            mark = config.model_copy(update={"policy": load().policy}).fingerprint()
            for seed in (1, 2):
                (lived,) = desk.live([(mark, config)], [seed])
                rows = slice((seed - 1) * len(expected) // 2, seed * len(expected) // 2)
                assert np.array_equal(lived.values, expected[rows], equal_nan=True)


@pytest.mark.usefixtures("as_shipped")
def test_a_fresh_process_lives_the_same(tmp_path: Path) -> None:
    """Catches a state of this process, such as a remembered run, that a number depends on."""
    code = (
        "import test_one_answer as t, own_parts\n"
        "from sim.measures import register\n"
        "register(own_parts.Lottery), register(own_parts.Fatigue)\n"
        "print(t.digest(None), t.digest(own_parts.Own))\n"
    )
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout.split() == [digest(None), digest(own_parts.Own)]


def digest(model: Any) -> str:
    """Hash of all numbers of a run."""
    values = alone(model, policy=BUNDLE)[NAMES].to_numpy()
    return hashlib.sha256(values.tobytes()).hexdigest()


def test_a_fork_is_of_its_own_class_and_keeps_what_was_added() -> None:
    config = load(None, policy="none", **KEYS)
    past = own_parts.Own(config, seed=1)
    past.live_until(0)
    fork = past.fork(config)
    assert type(fork) is own_parts.Own
    assert fork.habits is fork.households.habit is not past.households.habit
    assert fork.mediator.model is fork and fork.mediator.visits == 5
    assert fork.memory is not past.memory
    before = past.memory.copy()
    fork.run()
    assert np.array_equal(past.memory, before)


class Agents(NeighborhoodModel):
    """Has agents of its own, and says nothing of how they are taken over."""

    def __init__(
        self, config: Config | None = None, *, seed: int | None = None, **keys: Any
    ) -> None:
        import mesa

        super().__init__(config, seed=seed, **keys)

        class Guard(mesa.Agent):
            watched = 0

        self.guard = Guard(self)

    def step(self) -> None:
        super().step()
        self.guard.watched += 1
        habit = self.households.habit
        habit[:] = np.minimum(habit + 0.01 * self.guard.watched, 1.0)


def test_what_cannot_be_taken_over_is_lived_from_the_first_month() -> None:
    config = load(None, policy="none", **KEYS)
    past = Agents(config, seed=1)
    with pytest.raises(ValueError, match="Guard are taken over by no method of this model"):
        past.fork(config)
    found = compare(policies=["member_contact", "none"], model=Agents, **KEYS).months
    for name in ("member_contact", "none"):
        expected = alone(Agents, policy=name)[NAMES]
        assert np.array_equal(of_policy(found, name), expected, equal_nan=True)
