"""The case library: every row is read, what stands for it exists and is as it was frozen, and both are told."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Command

from sim import library, texts
from sim.compose import choices, load_overrides
from sim.config import Config
from sim.errors import InputError
from sim.measures import CATALOGUE
from sim.model import NeighborhoodModel
from sim.science.cases import case_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
GIVEN = ROOT.parent / "shared" / "cases" / "cases.csv"
LIVED = [case.id for case in library.cases() if case.run]
BATCH = 8
BYTES = library._bytes


def lived() -> Iterator[tuple[library.Case, library.Run]]:
    for case in library.cases():
        if case.run is not None:
            yield case, case.run


# --- rows -----------------------------------------------------------------------------------------


def test_every_row_is_a_case_with_a_run_or_a_reason() -> None:
    """Catches a row lost on reading, and one that nobody decided on."""
    assert (len(library.cases()), len(library.facts()), len(LIVED)) == (98, 91, 37)
    for case in library.cases():
        assert (
            library.NAME.fullmatch(case.id) and case.title and re.search("[一-鿿]", case.title_zh)
        )
        assert bool(case.run) != all(case.why), case.id
        assert case.counts and case.counts_zh and case.done and case.done_zh, case.id
        assert bool(case.note) == bool(case.note_zh), case.id
    negative = sum(case.negative for case in library.cases())
    assert f"{negative} fell, failed" in PAGE and f"{len(LIVED)} can be lived" in PAGE
    assert not set(choices("scenario")) & {case.id for case in library.cases()}


def test_numbers_are_within_what_their_unit_can_be() -> None:
    """Catches a slipped digit, and bounds read into the wrong columns."""
    for case in library.cases():
        for number in (case.before, case.after):
            assert number.words, case.id
            if case.unit == "percent" and case.id != "R8":
                assert number.low is None or 0 <= number.low <= 100, case.id
                assert number.high is None or 0 <= number.high <= 100, case.id
        assert case.months.low is None or 0 <= case.months.low <= 120, case.id
        assert case.households.low is None or 50 <= case.households.low <= 20_000, case.id
    for fact in library.facts():
        assert fact.values and fact.quantity_zh, fact.id
        assert fact.number.known == bool(fact.unit), fact.id
        if fact.unit == "percent":
            assert fact.number.high is not None and fact.number.high <= 100, fact.id


def test_a_share_told_as_a_count_is_that_share() -> None:
    """Catches a percentage that is not what "83 of 84" comes to."""
    counted = 0
    for case in library.cases():
        for number in (case.before, case.after):
            of = re.search(r"([\d,]+) of ([\d,]+)", number.words)
            if of and case.unit == "percent" and number.low == number.high:
                part, whole = (int(text.replace(",", "")) for text in of.groups())
                assert number.low == pytest.approx(100 * part / whole, abs=0.06), case.id
                counted += 1
    assert counted >= 8


def test_sources_of_parameters_that_name_a_case_or_fact_find_it() -> None:
    """Catches a number whose source is in no table that travels with it."""
    known = {c.id for c in library.cases()} | {f.id for f in library.facts()}
    named = {name for _, text in library._sources() for name in re.findall(r"\b[KD]\d{3}\b", text)}
    assert len(named) > 20
    assert named <= known


def test_a_case_says_which_parameters_take_their_size_from_it() -> None:
    """Catches a circle told as a test: a prediction of what a parameter was read from."""
    assert "shared_property.preparation" in library.case("K034").used_in
    assert library.case("K089").used_in == []


@pytest.mark.skipif(not GIVEN.is_file(), reason="the tables are not beside the repository")
def test_source_grade_and_sign_are_those_of_the_table() -> None:
    """Catches a row whose facts went to another case."""
    with GIVEN.open(encoding="utf-8") as file:
        given = {row["id"]: row for row in csv.DictReader(file)}
    assert list(given) == [case.id for case in library.cases()]
    for case in library.cases():
        row = given[case.id]
        assert (case.grade, case.negative) == (row["grade"], row["negative"] == "1"), case.id
        assert case.url == (row["url"] if row["url"].startswith("http") else ""), case.id


# --- what stands for a case -----------------------------------------------------------------------


def test_the_mapping_is_as_it_was_frozen() -> None:
    """Catches a case moved after its runs were seen: every change has its line, with date and reason."""
    table = PAGE[PAGE.index("### Case library, frozen") :]
    lines = re.findall(r"^\| (\d{4}-\d\d-\d\d) \| `?([0-9a-f]{64})`? \| (.{20,}) \|$", table, re.M)
    assert lines, "no line of the list of changes can be read"
    days = [day for day, _, _ in lines]
    assert days == sorted(days)
    now = sha256(BYTES(library.MAPPING)).hexdigest()
    assert now == lines[-1][1], f"sim/data/mapping.yaml is {now}: add a line that says why"


def test_every_key_of_the_mapping_exists() -> None:
    """Catches measures, parameters and settings renamed; says which."""
    keys = {row.key for row in Config.describe()}
    unknown = []
    for case, run in lived():
        for label, given in {**run.history, **run.measures}.items():
            name = given.get("measure", label)
            if name not in CATALOGUE:
                unknown.append(f"{case.id}: measure {name}")
                continue
            own = set(CATALOGUE[name].Parameters.model_fields) | {"measure"}
            unknown += [f"{case.id}: {name}.{key}" for key in given.keys() - own]
        for key in {**run.states, **run.settings}:
            if key not in keys and not any(other.startswith(f"{key}.") for other in keys):
                unknown.append(f"{case.id}: {key}")
    assert not unknown, "in sim/data/mapping.yaml: " + "; ".join(unknown)


@pytest.mark.parametrize("first", range(0, len(LIVED), BATCH))
def test_every_case_is_a_configuration(first: int) -> None:
    """Catches a case that cannot be loaded, or is loaded as something else than is told of it."""
    for name in LIVED[first : first + BATCH]:
        case = library.case(name)
        run = case.lived()
        config = case.config()
        assert (config.scenario.name, config.policy.name) == (name, name)
        assert set(config.policy.measures) == set(run.measures)
        assert set(config.scenario.history) == set(run.history)
        assert config.scenario.targets == list(case.targets)
        assert config.months == max(1, *(figure.month for figure in run.figures))
        assert (config.scenario.first_month - int(run.month_0[5:])) % 12 == 1
        assert config.population.households == (run.households or config.population.households)
        if run.standing is not None:
            assert config.population.paid_start == run.standing
        first = min(t.month - t.window + 1 for t in case.targets)
        assert first >= -config.scenario.history_months, name


def test_a_case_is_held_against_its_figures_as_any_scenario_is() -> None:
    """Catches figures that calibrate and predict would not find."""
    case = library.case("K049")
    whole = case_of("K049", "all")
    assert whole.observed.labels == case.observed.labels == ["collection_to_date@+7"]
    assert whole.config.fingerprint() == case.config(replications=1).fingerprint()


def test_a_case_is_like_the_base_of_its_kind() -> None:
    """Catches a resettlement compound lived as a commercial one."""
    bases = {
        "old": {"old_estate"}, "work_unit": {"old_estate"}, "resettlement": {"resettlement_estate"},
        "commercial": {"ordinary_estate", "new_estate"}, "mixed": {"ordinary_estate"},
    }  # fmt: skip
    assert not [case.id for case, run in lived() if run.base not in bases[case.kind]]
    for case, run in lived():
        if run.households and case.households.known and case.id not in ("K002", "K016"):
            assert run.households == case.households.low, case.id


def test_cases_that_failed_or_did_not_change_are_lived_too() -> None:
    """Catches a library of successes: what is not lived is left out for its row, not for its sign."""
    signs = Counter(case.negative for case, _ in lived())
    assert signs[True] >= 12
    why = Counter(run.told_because for _, run in lived())
    assert min(why[reason] for reason in ("success", "trouble", "ordinary")) >= 3
    assert {run.role for _, run in lived()} == {"change", "level", "event"}


def test_fields_of_selection_agree_with_the_figures() -> None:
    """Catches a case said to be a year to date whose last figure is of a whole year, and the like."""
    for case, run in lived():
        rates = [f.indicator for f in run.figures if f.indicator.startswith("collection")]
        assert (run.basis == "none") == (not rates and case.measure != "arrears"), case.id
        if run.basis == "households":
            assert "collection_rate" not in [f.indicator for f in run.figures if f.of == "outcome"]
        if "collection_to_date" in rates:
            assert run.year_to_date or run.figures[-1].indicator != "collection_to_date", case.id
        assert bool(run.unmapped) == bool(run.unmapped_zh), case.id
        assert bool(run.assumed) == bool(run.assumed_zh), case.id


def test_buildings_follow_households_in_the_proportion_of_the_base() -> None:
    """Catches a compound of 5,000 households in a dozen buildings."""
    run = library.case("K053").lived()
    sized = run.settings_over({"households": 1000, "buildings": 12})
    assert (sized["population.households"], sized["population.buildings"]) == (5000, 60)
    small = library.Run(households=20).settings_over({"households": 1000, "buildings": 12})
    assert small["population.buildings"] == 1


def test_what_is_told_of_a_case_stands_over_its_state_and_its_standing() -> None:
    """Catches an order in which a named state undoes what the row tells."""
    run = library.Run(
        standing=0.3,
        states={"firm.present": False, "firm.diligence": 0.1},
        settings={"firm.present": True},
    )
    settings = run.settings_over({})
    assert (settings["firm.present"], settings["firm.diligence"]) == (True, 0.1)
    assert settings["population.paid_start"] == 0.3


def test_case_is_short_for_scenario_and_policy_and_later_settings_win() -> None:
    """Catches a case that stands over what a user sets."""
    whole = load_overrides(["case=K049"])
    assert whole == load_overrides(["scenario=K049", "policy=K049"])
    changed = load_overrides(["case=K049", "policy=none", "population.households=400", "months=9"])
    assert not changed.policy.measures and changed.months == 9
    assert changed.population.households == 400 and changed.scenario.name == "K049"
    both = load_overrides(["scenario=K049", "policy=[K049,member_contact]"])
    assert set(both.policy.measures) == {"shared_property", "member_contact"}


def test_a_case_may_be_the_usual_choice_of_a_users_own_folder(tmp_path: Path) -> None:
    """Catches names that only the command line knows."""
    usual = (ROOT / "configs" / "config.yaml").read_text(encoding="utf-8")
    chosen = usual.replace("scenario: null", "scenario: K049").replace(
        "policy: none", "policy: K049"
    )
    (tmp_path / "config.yaml").write_text(chosen, encoding="utf-8")
    config = load_overrides(["months=9"], tmp_path)
    assert (config.scenario.name, config.policy.name, config.months) == ("K049", "K049", 9)


@pytest.mark.parametrize("name", ["K057", "K049"])
def test_a_case_is_lived(name: str) -> None:
    """Catches settings that load and cannot be built; no figure is looked at."""
    model = NeighborhoodModel(library.case(name).config(months=1), seed=1)
    model.run()
    assert model.month == 1 and len(model.households.paid) == (84 if name == "K057" else 326)


# --- told -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_case_is_told_in_both_languages(lang: str) -> None:
    """Catches a word without its Chinese, and a reason or caveat that is kept back."""
    for case in library.cases():
        text = texts.case_text(case, lang)
        assert case.title_zh in text and (case.done if lang == "en" else case.done_zh) in text
        assert (case.url or {"en": "not told", "zh": "未述"}[lang]) in text
        if case.run is None:
            assert case.why[("en", "zh").index(lang)] in text
            continue
        assert (case.run.assumed if lang == "en" else case.run.assumed_zh) in text
        assert f"xiaoqu run case={case.id}" in text
        for label, given in case.run.measures.items():
            title = CATALOGUE[given.get("measure", label)]
            assert (title.en if lang == "en" else title.zh) in text
    if lang == "zh":
        heads = [
            line.partition("：")[0]
            for line in texts.case_text(library.case("K053"), lang).splitlines()
        ]
        assert not [head for head in heads[1:] if re.fullmatch("[a-z][a-z ]+", head)]


def test_a_fact_is_told_with_what_rests_on_it(xiaoqu: Command) -> None:
    """Catches a source such as D025 that leads nowhere."""
    code, out, _ = xiaoqu("explain", "D025")
    assert code == 0 and "86.4 percent" in out and "bills.at_once" in out
    assert "以此取值的参数：bills.at_once" in texts.fact_text(library.fact("D025"), "zh")
    code, _, err = xiaoqu("explain", "D999")
    assert code == 2 and "no fact is named 'D999'" in err


def test_the_command_lists_and_explains_cases(xiaoqu: Command) -> None:
    code, out, err = xiaoqu("list", "cases")
    assert (code, err) == (0, "")
    begun = [line.split()[0] for line in out.splitlines() if line[:1].strip()]
    assert begun == [c.id for c in library.cases()]
    for words in (("case=K053",), ("K053",), ("scenario=K053",)):
        code, out, _ = xiaoqu("explain", *words)
        assert code == 0 and "10 in 2012" in out
    code, out, _ = xiaoqu("explain", "case=K006", "--lang", "zh")
    assert code == 0 and "不能模拟：未述任何区别于同类小区之事" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "case=K006"), "case K006 cannot be lived: nothing was done or told"),
        (("run", "scenario=K006"), "case K006 cannot be lived"),
        (("run", "case=K54"), "no case is named 'K54'; did you mean K054"),
        (("run", "case=[K053,K054]"), "no case is named ['K053', 'K054']"),
        (("explain", "case=kangqiao"), "no case is named 'kangqiao'"),
    ],
)
def test_what_is_no_case_is_refused_in_one_line(
    xiaoqu: Command, words: tuple[str, ...], said: str
) -> None:
    code, out, err = xiaoqu(*words)
    assert (code, out) == (2, "")
    assert said in err and len(err.splitlines()) == 1


# --- bad data -------------------------------------------------------------------------------------


def swap(old: str, new: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        assert old in text, f"{old!r} is not there to be broken"
        return text.replace(old, new, 1)

    return changed


@pytest.mark.parametrize(
    ("file", "broken", "said"),
    [
        ("cases.csv", swap(",C,0,2019-12-10", ",E,0,2019-12-10"), "cases.csv row 2: grade"),
        ("cases.csv", swap(",C,0,2019-12-10", ",C,2,2019-12-10"), "cases.csv row 2: negative"),
        ("cases.csv", swap("points,,,not told,20,20", "points,,,not told,30,20"), "low 30 is above high 20"),
        ("cases.csv", swap("points,,,not told,20,20", "points,,,not told,twenty,20"), "after_low"),
        ("cases.csv", swap("points,,,not told,20,20", "points,,,not told,nan,20"), "'nan' is no number"),
        ("cases.csv", swap("points,,,not told,20,20", "points,,,not told,20"), "more or fewer cells"),
        ("cases.csv", swap(",fee_rate,points", ",fee_rates,points"), "row 2: measure"),
        ("cases.csv", swap(",old,,,fee_rate,points", ",ancient,,,fee_rate,points"), "row 2: kind"),
        ("cases.csv", swap(",fee_rate,points", ",fee_rate,furlong"), "row 2: unit"),
        ("cases.csv", swap("http://08654.cn", "08654.cn"), "row 2: url"),
        ("cases.csv", swap("\nK002,", "\nK001,"), "K001 stands twice"),
        ("cases.csv", swap("\nK002,", "\nK300,"), "case K300 is not in mapping.yaml"),
        ("facts.csv", swap("\nD002,", "\nD001,"), "D001 stands twice"),
        ("facts.csv", swap(",20.5,23.6,", ",23.6,20.5,"), "low 23.6 is above high 20.5"),
        ("mapping.yaml", swap("  K001: no_level", "  K001: none_at_all"), "no reason none_at_all"),
        ("mapping.yaml", swap("  K001: no_level", "  K001: no_level\n  K400: dose"), "K400 is no case"),
        ("mapping.yaml", swap("  K001: no_level", "  K002: no_level"), "K002 has a run and a reason"),
        ("mapping.yaml", swap("  K003: dose", "  K003: dose\n  K003: dose"), "K003"),
        ("mapping.yaml", swap("month_0: 2009-12", "month_0: 2009-13"), "month_0 is '2009-13'"),
        ("mapping.yaml", swap("start: [firm_just_left]", "start: [nowhere]"), "no start is named nowhere"),
        ("mapping.yaml", swap("of: outcome, indicator: collection_rate", "of: start, indicator: collection_rate"),
         "no figure tells an outcome"),
        ("mapping.yaml", swap("indicator: collection_rate", "indicator: collection"), "no indicator collection"),
        ("mapping.yaml", swap("    basis: unstated", "    base_of: unstated"), "base_of"),
        ("mapping.yaml", swap("starts:", "starts: ["), "mapping.yaml"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used_are_refused_by_file_and_place(
    file: str, broken: Callable[[str], str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(name: str) -> bytes:
        text = BYTES(name).decode()
        return (broken(text) if name == file else text).encode()

    monkeypatch.setattr(library, "_bytes", changed)
    with pytest.raises(InputError, match=re.escape(said)) as refused:
        (library.facts if file == "facts.csv" else library.cases).__wrapped__()
    assert file in str(refused.value)
