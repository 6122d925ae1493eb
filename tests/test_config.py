"""Configuration: what is chosen, what wins, what is refused and how that is said."""

from __future__ import annotations

import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from sim.compose import choices, folder, load, load_overrides, parse_sweep, titles
from sim.config import Config, change, check
from sim.errors import InputError
from sim.explain import REPLACED
from sim.measures import CATALOGUE

ALONE = sorted(name for name, measure in CATALOGUE.items() if measure.kind == "measure")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(*overrides: str, config_dir: Path | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        load_overrides(list(overrides), config_dir)
    assert "\n" not in str(caught.value)
    return caught.value


# --- what is chosen ---


def test_nothing_said_gives_the_defaults_of_the_classes() -> None:
    assert load().fingerprint() == Config().fingerprint()
    assert load_overrides([]).policy.entries() == []


def test_scenario_stands_over_defaults_and_a_setting_over_the_scenario() -> None:
    assert load().population.households != 1059
    assert load("kangqiao").population.households == 1059
    assert load("kangqiao", "population.households=200").population.households == 200


def test_a_chosen_file_stands_over_the_scenario(tmp_path: Path) -> None:
    write(tmp_path / "scenarios/own.yaml", "scenario: {name: own}\nfirm: {diligence: 0.6}\n")
    assert load("own", config_dir=tmp_path).firm.diligence == 0.6
    assert load("own", "firm=open", config_dir=tmp_path).firm.diligence == 0.95
    chosen = load_overrides(["firm=open", "scenario=own", "firm.diligence=0.7"], tmp_path)
    assert chosen.firm.diligence == 0.7


def test_order_of_choices_on_the_line_does_not_matter_but_of_settings_does() -> None:
    assert load_overrides(["months=5", "scenario=kangqiao"]) == load("kangqiao", months=5)
    assert load_overrides(["months=5", "months=7"]).months == 7


def test_keywords_dicts_and_words_say_the_same() -> None:
    a = load("kangqiao", "fees.norm_conditional=5", policy="none", months=24)
    assert a == load("kangqiao", policy="none", months=24, fees={"norm_conditional": 5})
    assert a == load("kangqiao", policy="none", months=24, fees__norm_conditional=5)
    words = ["scenario=kangqiao", "policy=none", "months=24", "fees.norm_conditional=5"]
    assert a == load_overrides(words)


def test_plus_signs_are_neither_needed_nor_in_the_way() -> None:
    assert load_overrides(["+months=7"]) == load_overrides(["++months=7"]) == load(months=7)


def test_one_number_of_a_nested_group_leaves_its_other_numbers_alone() -> None:
    before, after = load().issues.rate, load(issues={"rate": {"cleaning": 0.5}}).issues.rate
    assert after == before.model_copy(update={"cleaning": 0.5})
    assert before.facilities == after.facilities > 0


@pytest.mark.parametrize(
    ("group", "name"),
    [(path.parent.name, path.stem) for path in sorted(folder("configs").glob("*/*.yaml"))]
    + [("scenario", path.stem) for path in sorted(folder("scenarios").glob("*.yaml"))],
)
def test_every_file_that_comes_along_is_valid(group: str, name: str) -> None:
    load_overrides([f"{group}={name}"])


def test_every_group_folder_is_a_key_of_the_schema() -> None:
    folders = {path.name for path in folder("configs").iterdir() if path.is_dir()}
    assert folders <= set(Config.model_fields)


def test_every_group_of_the_schema_can_be_chosen() -> None:
    main = OmegaConf.load(folder("configs") / "config.yaml")
    named = {key for item in main.defaults if isinstance(item, DictConfig) for key in item}
    assert named == set(Config.model_fields) - {
        "seed",
        "months",
        "replications",
        "cut",
        "doubt",
        "draws_file",
        "held",
    }


# --- policies ---


@pytest.mark.parametrize("name", ALONE)
def test_every_measure_is_a_policy_of_its_own(name: str) -> None:
    assert name in choices("policy")
    (entry,) = load(policy=name).policy.entries()
    assert (entry.label, entry.measure) == (name, CATALOGUE[name])
    assert isinstance(entry.parameters, CATALOGUE[name].Parameters)


def test_several_policies_make_a_bundle() -> None:
    bundle = load_overrides(["policy=[member_contact,lead_by_paying]"]).policy
    assert bundle.name == "member_contact+lead_by_paying"
    assert {entry.label for entry in bundle.entries()} == {"member_contact", "lead_by_paying"}
    assert load(policy=["member_contact", "lead_by_paying"]).policy == bundle


def test_a_bundle_with_a_named_system_drops_that_title() -> None:
    bundle = load(policy=["five_level_linkage", "none"]).policy
    assert bundle.name == "five_level_linkage+none"
    assert bundle.title == ""
    assert bundle.entries() == load(policy="five_level_linkage").policy.entries()


def test_a_measure_can_be_set_added_twice_and_taken_out() -> None:
    base = ["policy=five_level_linkage"]
    labels = {entry.label for entry in load_overrides(base).policy.entries()}
    more = load_overrides(
        [*base, "policy.measures.again={measure: member_contact, start: 30}",
         "~policy.measures.firm_tender", "policy.measures.member_contact.quota=20"]
    )  # fmt: skip
    entries = {entry.label: entry for entry in more.policy.entries()}
    assert set(entries) == labels - {"firm_tender"} | {"again"}
    assert entries["again"].measure is entries["member_contact"].measure
    assert entries["again"].parameters.start == 30
    assert entries["member_contact"].parameters.quota == 20  # type: ignore[attr-defined]


def test_order_in_which_measures_are_written_changes_nothing() -> None:
    a = load(policy=["member_contact", "lead_by_paying"])
    b = load(policy=["lead_by_paying", "member_contact"], policy__name=a.policy.name)
    assert a.policy.entries() == b.policy.entries()
    assert a.fingerprint() == b.fingerprint()


def test_history_holds_typed_events_at_negative_months() -> None:
    entries = load("kangqiao").scenario.entries()
    assert entries
    assert all(entry.measure.kind == "event" for entry in entries)
    assert min(entry.parameters.start for entry in entries) < 0


# --- fingerprint and travel ---


def test_fingerprint_is_stable_and_tells_every_change() -> None:
    base = load("kangqiao", policy="member_contact")
    assert base.fingerprint() == load("kangqiao", policy="member_contact").fingerprint()
    changes = [
        {"months": 61}, {"seed": 2}, {"replications": 31}, {"fees__norm_conditional": 4.5},
        {"policy__measures__member_contact__quota": 11}, {"mechanisms__fees": False},
        {"issues__rate__cleaning": 0.031}, {"scenario__history_months": 35},
    ]  # fmt: skip
    prints = [load("kangqiao", policy="member_contact", **one).fingerprint() for one in changes]
    assert len({base.fingerprint(), *prints}) == len(changes) + 1


def test_fingerprint_is_the_same_for_a_default_that_is_written_out() -> None:
    quota = CATALOGUE["member_contact"].Parameters().quota  # type: ignore[attr-defined]
    a = load(policy="member_contact")
    b = load(policy="member_contact", policy__measures__member_contact__quota=quota)
    assert a.fingerprint() == b.fingerprint()


def test_fingerprint_leaves_out_where_it_is_computed() -> None:
    assert load().fingerprint() == load(executor={"workers": 1, "threads": 4}).fingerprint()


def test_resolved_is_plain_and_gives_the_same_configuration_again() -> None:
    config = load("kangqiao", policy="five_level_linkage", months=12)
    again = check(json.loads(json.dumps(config.resolved())))
    assert again.fingerprint() == config.fingerprint()
    assert again.policy.entries() == config.policy.entries()


def test_travels_to_another_process() -> None:
    config = load("kangqiao", policy="five_level_linkage")
    again = pickle.loads(pickle.dumps(config))
    assert again == config
    assert again.policy.entries() == config.policy.entries()


# --- Hydra's global state, folders ---


def test_inside_a_hydra_application_its_state_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "app.yaml", "theirs: 1\n")
    store = ConfigStore.instance()
    store.store(group="scenario", name="theirs", node={"x": 1})
    try:
        with initialize_config_dir(str(tmp_path), "app", "1.3"):
            assert load("kangqiao").population.households == 1059
            assert "theirs" not in choices("scenario")
            assert compose("app").theirs == 1
            assert compose("app", overrides=["+scenario=theirs"]).scenario.x == 1
        assert not GlobalHydra.instance().is_initialized()
    finally:
        del store.repo["scenario"]


def test_works_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = load("kangqiao").fingerprint()
    monkeypatch.chdir(tmp_path)
    assert load("kangqiao").fingerprint() == here
    assert os.listdir(tmp_path) == []


def test_own_folder_adds_names(tmp_path: Path) -> None:
    own = tmp_path / "my 'odd' 文件夹"
    write(own / "policy/mine.yaml", "name: mine\nmeasures:\n  member_contact:\n")
    write(own / "fees/定额.yaml", "norm_conditional: 6.0\n")
    write(own / "scenarios/别墅.yaml", "scenario: {name: 别墅}\npopulation: {households: 50}\n")
    config = load_overrides(["scenario=别墅", "policy=mine", "fees=定额"], own)
    assert (config.population.households, config.fees.norm_conditional) == (50, 6.0)
    assert [entry.label for entry in config.policy.entries()] == ["member_contact"]
    assert "别墅" not in choices("scenario")
    assert refusal("scenario=别墅").where == "scenario"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("policy/x.yaml", "hydra: {launcher: x}\n", "Hydra"),
        (
            "policy/x.yaml",
            "measures: {member_contact: {quota: 010}}\n",
            "010 is a number of base 8",
        ),
        (
            "policy/x.yaml",
            "measures: {member_contact: {quota: 1:30}}\n",
            "1:30 is a number of base 60",
        ),
        ("policy/x.yaml", "# @package hydra.job_logging\na: 1\n", "Hydra"),
        ("policy/x.yaml", "defaults:\n  - /hydra/launcher: x\n", "Hydra"),
        ("policy/x.yaml", "name: ${oc.env:HOME}\n", "resolver"),
        ("scenarios/x.yaml", "scenario: {name: '${hydra:runtime.cwd}'}\n", "resolver"),
        ("scenarios/x.yaml", "months: 1\nmonths: 2\n", "x.yaml:2:1"),
        ("scenarios/x.yaml", "months: [1\n", "x.yaml:2:1"),
        ("scenarios/x.yaml", "- months\n", "mapping"),
        ("scenarios/x.yaml", "a: !!python/object/apply:os.system [ls]\n", "x.yaml:1:4"),
    ],
)
def test_own_folder_cannot_reach_hydra_or_the_machine(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    write(tmp_path / name, text)
    assert said in str(refusal("months=3", config_dir=tmp_path))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fees={trust:5,trust:6}", "{trust:5,trust:6}: has the key trust twice"),
        ("policy.measures={a:{measure:x,measure:y}}", "has the key measure twice"),
        ("policy.measures={走访:{},走访:{quota:3}}", "has the key 走访 twice"),
    ],
)
def test_a_key_that_stands_twice_in_a_word_is_refused(word: str, said: str) -> None:
    """Catches a word of which the last value is lived, and the first forgotten."""
    assert said in str(refusal(word))
    with pytest.raises(InputError, match="each key once"):
        parse_sweep(word)


@pytest.mark.parametrize("policy", ["member_contact", "[member_contact]", "${nothing}", "null"])
def test_a_policy_named_in_a_scenario_at_the_wrong_place_is_refused(
    tmp_path: Path, policy: str
) -> None:
    """Catches a policy that is named and not lived."""
    write(tmp_path / "scenarios/x.yaml", f"policy: {policy}\nscenario: {{name: x}}\n")
    assert refusal("scenario=x", config_dir=tmp_path).where == "x.yaml: policy"


@pytest.mark.parametrize("name", ["${name}", "${policy.title}", "${nothing.there}"])
def test_a_name_that_refers_to_itself_or_nothing_is_refused(tmp_path: Path, name: str) -> None:
    """Catches a trace where names are listed, or a policy is chosen by its file."""
    write(tmp_path / "policy/x.yaml", f"name: {name}\ntitle: '{name}'\n")
    assert titles("policy", "x", tmp_path) == (name, "")
    assert refusal("policy=x", config_dir=tmp_path).where.startswith("policy.")


def test_own_folder_must_exist(tmp_path: Path) -> None:
    assert refusal("months=3", config_dir=tmp_path / "nowhere").where == "--config-dir"


def test_plain_reference_to_another_key_is_resolved() -> None:
    assert load_overrides(["months=24", "replications=${months}"]).replications == 24


# --- what is refused ---

BAD = [
    # words, where, what must be said
    (["monts=3"], "monts", "did you mean months"),
    (["norm_conditional=3"], "norm_conditional", "fees.norm_conditional"),
    (["fees.norm_conditonal=3"], "fees.norm_conditonal", "norm_conditional"),
    (["issues.rate.claening=3"], "issues.rate.claening", "cleaning"),
    (["a.b.c.d=3"], "a", "unknown key"),
    (["months.x=3"], "months", "whole number from 1 to 600"),
    (["fees=3"], "fees", "group of the keys"),
    (["fees=null"], "fees", "null"),
    (["senario=kangqiao"], "senario", "scenario"),
    (["scenario=kangqio"], "scenario", "did you mean kangqiao"),
    (["policy=member_contcat"], "policy", "member_contact"),
    (["policy=[none,member_contcat]"], "policy", "member_contact"),
    (["policy=[none,none]"], "policy", "different names"),
    (["policy=[]"], "policy", "different names"),
    (["network=[blocks,blocks]"], "network", "one name"),
    (["network=blocs"], "network", "blocks"),
    (["network.generator=blocs"], "network.generator", "watts_strogatz"),
    (["policy.measures.member_contact.quotta=3"], "policy.measures.member_contact.quotta", "quota"),
    (["policy.measures.member_contact.quota=0"], "policy.measures.member_contact.quota", "from 1"),
    (
        ["policy.measures.member_contcat.quota=3"],
        "policy.measures.member_contcat",
        "member_contact",
    ),
    (["policy.measures.a.measure=3"], "policy.measures.a", "no measure is named 3"),
    (["policy.measures=3"], "policy.measures", "3"),
    (["policy.measures.member_contact=3"], "policy.measures.member_contact", "3"),
    (["scenario.history.broken_promise.sise=1"], "scenario.history.broken_promise.sise", "size"),
    (["scenario.targets=[{month: 1, lo: 2}]"], "scenario.targets.0.lo", "low"),
    (["scenario.targets=[{low: 2, high: 1}]"], "scenario.targets.0", "above"),
    (["months=abc"], "months", "whole number from 1 to 600"),
    (["months=1.5"], "months", "1.5"),
    (["months="], "months", "''"),
    (["months=null"], "months", "null"),
    (["months=true"], "months", "True"),
    (["months='12'"], "months", "'12'"),
    (["months=0"], "months", "from 1 to 600"),
    (["months=-1"], "months", "-1"),
    (["months=601"], "months", "601"),
    (["seed=4294967296"], "seed", "4294967295"),
    (["seed=" + "9" * 5000], "seed", "999"),
    (["replications=100000000000000000000"], "replications", "1000000"),
    (["population.households=99999999999"], "population.households", "2000000"),
    (["fees.norm_conditional=nan"], "fees.norm_conditional", "nan"),
    (["fees.norm_conditional=inf"], "fees.norm_conditional", "inf"),
    (["fees.norm_conditional=-inf"], "fees.norm_conditional", "inf"),
    (["fees.norm_conditional=1e400"], "fees.norm_conditional", "inf"),
    (["policy.measures.member_contact.dose=nan"], "policy.measures.member_contact.dose", "nan"),
    (["mechanisms.fees=1"], "mechanisms.fees", "true or false"),
    (["_target_=os.system"], "_target_", "unknown key"),
    (["firm._target_=os.system"], "firm._target_", "unknown key"),
    (["scenario.name=${oc.env:HOME}"], "scenario.name", "resolver"),
    (["scenario.name=${hydra:runtime.cwd}"], "scenario.name", "resolver"),
    (["scenario.name='${${seed}:x}'"], "scenario.name", "resolver"),
    (["scenario.name=${nowhere}"], "scenario.name", "nowhere"),
    (["scenario.name=${scenario.name}"], "scenario.name", ""),
    (["scenario=${oc.env:HOME}"], "scenario", ""),
    (["hydra.run.dir=x"], "hydra", "unknown key"),
    (["hydra/launcher=x"], "hydra", "unknown key"),
    (["months"], "months", "key=value"),
    (["months:3"], "months:3", "key=value"),
    (["=3"], "'=3'", "key=value"),
    ([""], "''", "key=value"),
    (["months=[1,"], "months", "cannot be read"),
    (["months=1,2"], "months", "several values"),
    (["months=range(1,5)"], "months", "several values"),
    (["months=glob(*)"], "months", "several values"),
    (["policy=member_contact,none"], "policy", "[a,b]"),
    (["~policy.measures.nothing"], "~policy.measures.nothing", "no such key"),
    (["scenario.name=" + "[" * 3000], "scenario.name", "cannot be read"),
]


@pytest.mark.parametrize(("words", "where", "said"), BAD, ids=lambda part: str(part)[:50])
def test_bad_input_is_refused_with_key_value_and_what_is_allowed(
    words: list[str], where: str, said: str
) -> None:
    error = refusal(*words)
    assert error.where == where
    assert said in str(error)
    assert len(str(error)) < 1500


def test_python_names_what_does_not_exist_too() -> None:
    with pytest.raises(InputError, match="did you mean kangqiao"):
        load("kangqia")
    with pytest.raises(InputError, match="did you mean months"):
        load(month=3)
    with pytest.raises(InputError, match=r"policy\.measures\.member_contact\.quotta"):
        load(policy={"measures": {"member_contact": {"quotta": 3}}})
    with pytest.raises(InputError, match="nan"):
        load(fees={"norm_conditional": float("nan")})
    with pytest.raises(InputError, match="seed"):
        load(seed=object())


# --- what no value can be made of ---


@pytest.mark.parametrize(
    "value",
    ["0x_", "0b_", "9" * 5000, "!!int abc", "!!int ''", "!!float x", "!!bool foo", "!!timestamp 2020-13-45",
     "!!timestamp x", "!!set {a}", "59" + ":59" * 300 + ".5"],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_a_scalar_that_is_none_of_its_kind_names_its_file(tmp_path: Path, value: str) -> None:
    write(tmp_path / "scenarios/x.yaml", f"months: {value}\n")
    # With line and place where the node itself is what is wrong.
    assert refusal("scenario=x", config_dir=tmp_path).where.partition(":")[0] == "x.yaml"


def test_a_number_too_long_to_be_written_out_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "scenarios/x.yaml", f"months: 0x{'f' * 6000}\n")
    assert refusal("scenario=x", config_dir=tmp_path).where == "months"
    for months in (10**5000, [10**5000]):
        with pytest.raises(InputError, match="months: a value too long to be shown"):
            check({"months": months})


def test_values_of_any_depth_are_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(3000):
        deep = {"a": deep}
    for given in (lambda: load(fees=deep), lambda: check({"fees": deep})):
        with pytest.raises(InputError, match=r"^fees"):
            given()


def test_a_key_of_any_depth_is_named_and_cut() -> None:
    key = ".".join("a" * 3000)
    for given in (lambda: load_overrides([f"{key}=1"]), lambda: change({}, {key: 1})):
        with pytest.raises(InputError, match="goes too deep") as caught:
            given()
        assert caught.value.where.startswith("a.a.") and len(str(caught.value)) < 200


@pytest.mark.parametrize("word", ["months@x=3", "policy@x=none", "policy@_global_=none"])
def test_a_package_is_refused_and_not_dropped(word: str) -> None:
    assert word.split("@")[1].split("=")[0] in str(refusal(word))


@pytest.mark.parametrize("tree", [{"a\udcff": 1}, {"scenario": {"title": "x\udcff"}},
                                  {"scenario": {"evidence": [{"quote": "\ud800"}]}}])  # fmt: skip
def test_half_letters_are_refused(tree: dict[str, object]) -> None:
    with pytest.raises(InputError, match="is no text; allowed: text in UTF-8") as caught:
        check(tree)
    str(caught.value).encode()


@pytest.mark.parametrize("name", ["bs\\", "a\\'b", "it's", "a, b"])
def test_folders_of_any_name_can_be_given(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / "policy/mine, too.yaml", "title: t\n")
    assert load(policy="mine, too", config_dir=tmp_path / name).policy.title == "t"


@pytest.mark.parametrize("name", ["bs\\", "${x}", "a$", "a\n", "???", "", "a.yaml"])
def test_files_of_names_that_cannot_be_chosen_are_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / f"policy/{name}.yaml", "title: t\n")
    assert "cannot be chosen by its name" in str(refusal(config_dir=tmp_path))
    write(tmp_path / "${x}/policy/a.yaml", "title: t\n")
    assert refusal(config_dir=tmp_path / "${x}").where == "--config-dir"


@pytest.mark.parametrize("key", REPLACED)
def test_a_key_that_was_names_what_stands_in_its_place(key: str) -> None:
    """Catches a file of yesterday that is refused without a word of where its key went."""
    with pytest.raises(
        InputError, match=rf"{re.escape(key)}: unknown key .*{re.escape(REPLACED[key])}"
    ):
        load(None, f"{key}=0.5")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["policy=none", "policy.measures.member_contact.quota=5"], "member_contact"),
        (
            ["policy.measures.b.measure=lead_by_paying", "policy.measures.a.measure=mediation"],
            "a+b",
        ),
        (["policy=none"], "none"),
        (["policy=[none,member_contact]"], "none+member_contact"),
    ],
)
def test_measures_set_one_by_one_are_never_called_no_measures(words: list[str], name: str) -> None:
    policy = load_overrides(["scenario=kangqiao", *words]).policy
    assert policy.name == name
    assert (policy.title == "No measures") == (not policy.measures)


@pytest.mark.parametrize("tree", [None, 1, "x", [], [["months"]]])
def test_what_is_no_tree_of_settings_is_refused(tree: Any) -> None:
    with pytest.raises(InputError, match=r"configuration: .* is not allowed"):
        check(tree)


def test_a_key_with_a_mark_that_cannot_be_seen_is_named_so_that_it_can() -> None:
    for mark in ("\ufeff", "\u202e", "\x1b"):
        error = InputError(f"{mark}fees", "unknown key")
        assert ascii(mark)[1:-1] in str(error) and mark not in str(error)
