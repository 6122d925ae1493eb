"""An answer copied as text asks the very same again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fake_model import FakeModel

from sim import sweep
from sim.compose import load
from sim.errors import InputError
from sim.experiments import copied
from sim.experiments.run import run
from sim.questions import find
from sim.questions.compare import compare
from sim.report.build import as_comparison

SMALL = {"population.households": 60, "population.buildings": 2, "scenario.history_months": 2}


def told(config: Any) -> Any:
    return copied._told(config)


def lived(**keys: Any) -> Any:
    """A study of a stand-in under a configuration."""
    return run(load(replications=1, months=2, executor="serial", **keys), model=FakeModel)


@pytest.mark.parametrize(
    "keys",
    [
        {"scenario": "kangqiao", "policy": "five_level_linkage", "seed": 7},
        {"scenario": "kangqiao", "policy": "none", "fees__norm_conditional": 5, "network": "watts_strogatz"},
        {"scenario": "kangqiao", "policy": ["member_contact", "firm_tender"], "cut": ["grievance_to_pay"]},
        {"policy": {"name": "my own: 'a', $HOME", "measures": {"two": {"measure": "member_contact", "dose": 0.3}}}},
        {"scenario": "kangqiao", "policy": {"name": "five_level_linkage", "measures": {"resident_points": {"dose": 0.5}}}},
    ],
)  # fmt: skip
def test_a_run_as_a_command_is_the_same_configuration(keys: dict[str, Any]) -> None:
    """Catches a setting left out, a name that stands for other measures, and quotes that are lost."""
    study = lived(**keys)
    words = shlex.split(study.as_command())
    assert words[:2] == ["xiaoqu", "run"]
    assert told(find("run").ask_words(words[2:]).config) == told(study.config)


def test_copied_python_gives_the_same_numbers() -> None:
    study = run(load("kangqiao", policy="building_meetings", months=3, replications=1, **SMALL))
    scope: dict[str, Any] = {}
    exec(study.as_python(), scope)
    pd.testing.assert_frame_equal(scope["answer"].months, study.months)
    # As a report has it, a study is a comparison of one.
    assert as_comparison(study).as_python() == study.as_python()
    assert as_comparison(study).as_command() == study.as_command()


def compared(policies: list[Any], **keys: Any) -> Any:
    usual = {"replications": 1, "months": 2, "executor": "serial", "model": FakeModel}
    return compare("kangqiao", policies=policies, **usual, **keys)


def test_a_comparison_of_names_is_one_command() -> None:
    answer = compared(
        ["member_contact+firm_tender", "five_level_linkage"], threshold=0.7,
        **{"policy.measures.member_contact.quota": 20},
    )  # fmt: skip
    words = shlex.split(answer.as_command())
    assert words[:2] == ["xiaoqu", "compare"] and "threshold=0.7" in words
    again = find("compare").ask_words(words[2:])
    assert [told(c) for c in again.configs.values()] == [
        told(c) for c in answer.question.configs.values()
    ]


def test_a_comparison_that_no_command_says_is_a_command_for_each_policy() -> None:
    """Catches two policies with one measure whose settings are mixed up."""
    mine = {"name": "mine", "measures": {"resident_points": {"dose": 0.5}}}
    more = {"name": "more", "measures": {"resident_points": {"dose": 1.5}}}
    answer = compared([mine, more])
    lines = answer.as_command().splitlines()
    assert len(lines) == 3
    again = [find("run").ask_words(shlex.split(line)[2:]).config for line in lines]
    assert [told(c) for c in again] == [told(c) for c in answer.question.configs.values()]
    code = answer.as_python().replace(
        "answer = compare(", "from sim.questions import find\nanswer = find('compare').ask_call("
    )
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert scope["answer"].configs.keys() == answer.question.configs.keys()
    assert [told(c) for c in scope["answer"].configs.values()] == [told(c) for c in again]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "attribute",
            [
                "scenario=kangqiao",
                "policy=[member_contact,resident_points]",
                "at=6",
                "permutations=20",
            ],
        ),
        (
            "optimise",
            ["target=collection_rate>=0.6 at +12", "measures=[resident_points]", "doses=[0.5,1.0]"],
        ),
        (
            "sensitivity",
            ["scenario=kangqiao", "fees.habit=interval(0.1,0.5)", "at=[12,0]", "over=[cell]"],
        ),
        ("calibrate", ["scenario=kangqiao", "--recover", "20"]),
    ],
)
def test_other_questions_keep_the_words_they_were_asked_with(name: str, words: list[str]) -> None:
    spec = find(name)
    options = {"recover": 20} if "--recover" in words else {}
    plain = [word for word in words if "=" in word]
    asked = spec.ask_words(plain, **options)

    class Answered:
        question = asked

    line = shlex.split(copied.as_command(Answered()))  # type: ignore[arg-type]
    assert line[:2] == ["xiaoqu", name] and ("--recover" in line) == bool(options)
    again = spec.ask_words([w for w in line[2:] if "=" in w], **options)
    if not options:
        assert again.asked.fingerprint() == asked.asked.fingerprint()


def test_a_sweep_keeps_its_levels(tmp_path: Path) -> None:
    answer = sweep(
        "kangqiao", "fees.habit=1,2", "months=2", "replications=1", model=FakeModel, out=tmp_path
    )
    assert (
        answer.as_command()
        == 'xiaoqu sweep scenario=kangqiao "fees.habit=1,2" months=2 replications=1'
    )
    again = find("sweep").ask_words(shlex.split(answer.as_command())[2:]).what
    assert again.fingerprint() == answer.design.fingerprint()


def test_what_does_not_know_its_words_says_so() -> None:
    class Answered:
        question = None

    with pytest.raises(InputError, match="does not know the words"):
        copied.as_command(Answered())  # type: ignore[arg-type]


def test_what_the_desk_asks_is_copied_and_gives_its_numbers() -> None:
    """Catches a plan's settings that are lost between the page and the command, and numbers that differ."""
    pytest.importorskip("nicegui")
    from sim.desk import compound, live
    from sim.desk.session import Plan, Planned, Session
    from sim.desk.step_report import as_text
    from sim.outcomes import column

    measures = [Planned(measure="building_meetings"), Planned(measure="member_contact", dose=0.5)]
    plan = Plan(name="方案1", measures=measures)
    session = Session(case="kangqiao", months=12, within=12, replications=10, policies=[plan])
    asked = compound.configurations(session)
    command = as_text(asked, session.threshold, "command")
    lines = [shlex.split(one) for one in command.splitlines()]
    configs = [
        config
        for name, *words in (line[1:] for line in lines)
        for config in _configs_of(find(name).ask_words(words))
    ]
    assert [told(one) for one in configs] == [told(one.config) for one in asked.values()]
    # As few words as are needed.
    assert "ramp" not in command and "dose=0.5" in command
    scope: dict[str, Any] = {}
    exec(
        as_text(asked, session.threshold, "python").replace(
            "'replications=10'", "'replications=1'"
        ),
        scope,
    )
    months = scope["answer"].months
    for name, one in asked.items():
        (run_,) = live.live([(one.compound, one.config)], [one.config.seed])
        mine = months[months["policy"] == name].set_index("month")["collection_rate"]
        theirs = run_.values[:, column("collection_rate")]
        np.testing.assert_array_equal(mine.loc[run_.months].to_numpy(), theirs)


def _configs_of(question: Any) -> list[Any]:
    return list(question.configs.values()) if hasattr(question, "configs") else [question.config]
