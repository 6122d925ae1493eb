"""Checks of level: a broken figure is a miss, a missing one is told, a row that tests nothing is marked."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import Command
from rich.console import Console

from sim.config import Config
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS, column, give_indicator
from sim.science import levels as v
from sim.science import levels_table
from sim.science.holding import (
    ABSENT,
    HOLD,
    MISS,
    UNTOLD,
    Band,
    drawn,
    together,
    verdict_of_mean,
    verdict_of_spread,
)
from sim.science.trials import TRIALS
from sim.science.untouched import POPULATIONS, Absent, Lived, Population, live_untouched

SMALL = {"population": {"households": 500, "buildings": 6}}
NOBODY_PAYS = {
    "fees": {"base_conditional": -6.0, "base_unconditional": -6.0, "base_free_rider": -8.0},
    # A firm that went would leave nothing to pay, and no rate to miss a band with.
    "cut": ["loss_to_exit"],
}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small estates, one where nobody pays."""
    for name, more in (("toy", {}), ("broken", NOBODY_PAYS)):
        toy = Population(name, name, name, "ordinary_estate", {**SMALL, **more})
        monkeypatch.setitem(POPULATIONS, name, toy)


def level(place: str, value: v.Callable[[Lived], float], low: float, high: float) -> v.Level:
    """A check with that band."""
    band = Band(low, high, "for a test", "D014", "A")
    return v.Level(f"{place} {low} {high}", "a rate", "某率", place, "as told", value, band)


def lived(**indicators: np.ndarray) -> Lived:
    """Three years of what is given (months, C), everything else missing, 1,000 households a compound."""
    shape = next(iter(indicators.values())).shape
    values = np.full((*shape, len(INDICATORS)), np.nan)
    for name, of in indicators.items():
        values[:, :, column(name)] = of
    return Lived(values, np.full(shape, 1000.0), {}, np.array([0.0, 0.1, 0.5, 1.0]), 0.2)


def test_a_broken_figure_is_missed(toys: None) -> None:
    """Catches a verdict that does not look at the run."""
    rate = v.collected(12, "collection_rate")
    checks = (level("toy", rate, 0.5, 1.0), level("broken", rate, 0.5, 1.0))
    found = v.run_levels(2, draws=0, workers=1, levels=checks).set_index("population")
    assert found.loc["toy", "verdict"] == HOLD and found.loc["broken", "verdict"] == MISS
    assert found.loc["broken", "median"] < 0.1 < found.loc["toy", "median"]
    assert set(found["seeds"]) == {2} and not found["no_test"].any()


def test_a_row_that_nearly_any_parameters_meet_is_marked(toys: None) -> None:
    """Catches a success that could not have failed."""
    rate = v.collected(12, "collection_rate")
    wide, narrow = level("toy", rate, 0.0, 1.0), level("toy", rate, 0.75, 0.85)
    # Draws lie between 0.65 and 0.86, so 0.6 to 0.9 would be no test here either.
    found = v.run_levels(1, draws=8, workers=1, levels=(wide, narrow))
    assert found["met"][0] == 1.0 and found["no_test"][0]
    assert found["met"][1] < 0.9 and not found["no_test"][1]
    again = v.run_levels(1, draws=8, workers=1, levels=(wide, narrow))
    assert again.equals(found)


def test_an_indicator_that_is_not_there_is_told_and_comes_alive(toys: None) -> None:
    """Catches a check that is silently left out, or that stays so when the model has learnt."""
    check = level("toy", v.overall("nobody_has_it"), 0.0, 20.0)
    row = v.run_levels(1, draws=2, workers=1, levels=(check,)).iloc[0]
    assert row["verdict"] == ABSENT and row["seeds"] == 0 and np.isnan(row["median"])
    assert "not in the model" in levels_table.as_markdown(row.to_frame().T, "levels")
    give_indicator("nobody_has_it", _ten, en="Ten", formula="10")
    row = v.run_levels(1, draws=0, workers=1, levels=(check,)).iloc[0]
    assert row["verdict"] == HOLD and row["median"] == 10.0


def _ten(compound: object) -> float:
    return 10.0


def test_tickets_are_counted_by_compound_and_year() -> None:
    """Catches a rate for 1,000 households that is taken for a count, and a year of 36 months."""
    calls = np.ones((36, 100))
    calls[:, :11] = 9.0
    run = lived(tickets_per_1000=calls)
    assert v.tickets_a_compound(run) == pytest.approx(12 * (89 + 99) / 100)
    assert v.tickets_of_worst(run) == pytest.approx(99 / 188)
    assert v.ticket_noise(run) == 0.0
    calls[1::2] *= 1.5
    assert v.ticket_noise(lived(tickets_per_1000=calls)) == pytest.approx(
        100 * (18 / 2 + 17 / 3) / 35
    )


def test_no_tickets_give_no_shares_and_no_warning() -> None:
    """Catches a division by nothing in a district without a complaint."""
    run = lived(tickets_per_1000=np.zeros((36, 20)))
    assert v.tickets_a_compound(run) == 0.0
    with np.errstate(all="raise"):
        assert np.isnan(v.tickets_of_worst(run)) and np.isnan(v.ticket_noise(run))


def test_months_of_the_year_are_those_named() -> None:
    """Catches a year that begins in another month."""
    months = np.arange(36) % 12 + 1.0
    run = lived(collection_to_date=months[:, None], firm_changes=np.zeros((36, 1)))
    assert [v.collected(k)(run) for k in (1, 2, 9, 12)] == [1.0, 2.0, 9.0, 12.0]
    for at, share in ((11, 1.0), (23, 1.0), (12, 0.0), (4, 0.0)):
        gone = np.zeros((36, 1))
        gone[at:] = 1.0
        assert v.exits_in_december(lived(firm_changes=gone)) == share, at
    assert v.exits(lived(firm_changes=gone)) == pytest.approx(12 / 35)


def test_the_first_month_read_is_a_january() -> None:
    """Catches an estate whose calendar is not that of the checks: this year's part grows from January on."""
    config = Population("toy", "toy", "toy", "ordinary_estate", SMALL).config()
    run = live_untouched(config, 1)
    assert len(run.values) == 36
    for year in run.of("collection_to_date").reshape(3, 12):
        assert (np.diff(year) >= 0).all() and year[0] < year[-1]
    assert run.at("collection_to_date", 1).mean() < 0.4
    assert set(run.votes) >= {"young", "elderly"} and 0 < run.votes["elderly"] < 1
    with pytest.raises(Absent):
        run.of("nobody_has_it")


def test_every_check_is_of_something_in_the_model() -> None:
    """Catches an indicator renamed: its row would say "not in the model" and never fail."""
    run = live_untouched(Population("toy", "toy", "toy", "ordinary_estate", SMALL).config(), 1)
    assert not [check.name for check in v.LEVELS if np.isinf(v._value(check, run))]
    told = run.of("tickets_per_1000")
    assert run.tickets().sum() > 0
    # Calls are whole, so a rate taken for another number of households would show.
    assert run.tickets() == pytest.approx(np.round(run.tickets()), abs=1e-6)
    assert (told >= 0).all()


def test_what_is_read_of_a_run() -> None:
    """Catches shares of the wrong whole."""
    rates = np.tile([0.5, 0.69, 0.71, 0.95], (36, 1))
    run = lived(collection_rate=rates, collection_households=rates, satisfaction=rates)
    assert v.compounds_where("collection_rate", 12, 0.0, 0.70)(run) == 0.5
    assert v.compounds_where("collection_rate", 12, 0.90)(run) == 0.25
    assert v.unpaid(run) == pytest.approx(1 - rates[0].mean())
    assert v.satisfaction_of_100(run) == pytest.approx(71.25)
    assert v.ties_below(0.15)(run) == 0.5
    formed = np.zeros((36, 10))
    formed[12:, :2] = formed[24:, 2] = 1.0
    works = np.zeros((36, 10))
    works[:, [0, 9]] = 1.0
    run = lived(committee_or_interim=formed, committee_working=works)
    assert v.growth(run) == pytest.approx(15.0), "3 of 10 in two years"
    assert v.working_of_formed(run) == pytest.approx(1 / 3), "what is not formed does not count"


def test_verdicts() -> None:
    """Catches a verdict that is kinder than the band, or stricter than luck allows."""
    band = Band(0.2, 0.4, "", "", "")
    assert verdict_of_spread(band, np.array([0.3, 0.3, 0.35])) == HOLD
    assert verdict_of_spread(band, np.array([0.41, 0.42, 0.5])) == MISS
    assert verdict_of_spread(band, np.array([0.1, 0.3, 0.5])) == UNTOLD, "luck reaches beyond it"
    assert verdict_of_spread(band, np.array([np.nan, np.nan, 0.3])) == UNTOLD
    assert verdict_of_spread(band, np.empty(0)) == UNTOLD
    assert verdict_of_mean(band, 0.3, 0.25, 0.45) == HOLD
    assert verdict_of_mean(band, 0.45, 0.39, 0.51) == UNTOLD, "more seeds would tell"
    assert verdict_of_mean(band, 0.45, 0.41, 0.49) == MISS
    assert verdict_of_mean(band, 0.3, 0.1, 0.5) == UNTOLD
    assert verdict_of_mean(band, 0.5, np.nan, np.nan) == MISS, "one seed has no interval"
    assert verdict_of_mean(band, np.nan, np.nan, np.nan) == UNTOLD
    shares, events = np.array([0.0, 1.0, 0.5, np.nan]), np.array([1.0, 3.0, 4.0, 0.0])
    low, share, high = together(np.tile(shares, 50), np.tile(events, 50))
    assert share == pytest.approx(5 / 8), "events count, not runs"
    assert 0.55 < low < share < high < 0.70, "200 runs tell it within some points"
    assert np.isnan(together(shares[[1, 3, 3]], events[[1, 3, 3]])).all(), "one run tells nothing"
    assert drawn(np.array([0.3, 0.3, 0.5, np.nan]), band) == pytest.approx(2 / 3)
    assert np.isnan(drawn(np.array([0.3, np.nan, np.nan]), band))


def test_nothing_is_done_to_the_untouched() -> None:
    """Catches a population with a policy, an event of a past, or a year that does not begin in January."""
    for population in POPULATIONS.values():
        config = population.config()
        assert not config.policy.entries() and not config.scenario.entries(), population.name
        assert config.scenario.first_month == 1 and config.months == 60
    assert POPULATIONS["district"].config().district.compounds >= 40


NO_FIT = {
    (
        "district_year",
        "D010",
    ): "firm.full_cost and firm.reckons: the rate at which a firm breaks even",
    ("property_share", "D034"): "voices.again: repeated tickets, not property's share of calls",
    ("unpaid", "D037"): "voices.ease: the level of tickets, not of what is owed",
    (
        "property_share",
        "D037",
    ): "voices.ease: property tickets for residents, not their share of calls",
    **{
        (
            f"satisfied_{place}",
            source,
        ): "perception.satisfied_from: whom surveys count, not how many"
        for place in ("ordinary", "old", "resettlement", "district")
        for source in ("D019", "D021")
    },
    # handling is set from how content callers are, given solved or not, and from limits of days: what is solved
    # in the limits comes of the work itself.
    ("tickets_responded", "D003"): "handling.asks and content_solved: callers, not the work",
    ("tickets_solved", "D003"): "handling.asks and content_solved: callers, not the work",
    ("tickets_solved", "K046"): "handling.content_unsolved: callers, not the work",
    ("days", "D081"): "handling.limit: the limits, not how long it takes",
    ("tickets_satisfied", "K046"): "handling.content_unsolved, beside the parameter named",
    ("lawyers_letter", "D050"): "fees.price: what a higher sum does",
    ("lawyers_letter", "10.1016/j.jebo.2024.106779"): "moral_appeal.boost: what an appeal does",
}
"""Sources that a parameter names for something else than the check does."""


def test_a_check_says_whether_its_figure_went_into_a_parameter() -> None:
    """Catches a success that is called a prediction though a parameter was set from the same figure."""
    rows = {row.key: row.source for row in Config.describe()}
    for name, measure in CATALOGUE.items():
        rows |= {row.key: row.source for row in measure.Parameters.describe(f"{name}.")}
    for check in (*v.LEVELS, *TRIALS):
        band = check.band
        assert not band.parameter or band.parameter in rows, check.name
        for source in re.findall(r"\b[DK]\d{3}\b|10\.\d{4}/[\w.]*\w", band.source):
            set_from = [
                key for key, said in rows.items() if source in said and "assumed" not in said
            ]
            if set_from and (check.name, source) not in NO_FIT:
                assert band.parameter in set_from, (check.name, source, set_from)


def test_every_check_has_a_band_a_source_and_words_in_two_languages() -> None:
    """Catches a band that nothing can miss or that nobody explains."""
    names = [check.name for check in (*v.LEVELS, *TRIALS)]
    assert len(set(names)) == len(names)
    for check in (*v.LEVELS, *TRIALS):
        band = check.band
        assert band.low < band.high and band.how and band.source, check.name
        assert band.grade in ("A", "B", "C", "S", "F", "W"), check.name
        assert re.search("[\u4e00-\u9fff]", band.zh) and re.search("[\u4e00-\u9fff]", check.zh)
        assert not re.search("[,;:()]", check.zh + band.zh), "full-width marks in Chinese"
        assert check.unit in levels_table.WORDS["en"] and check.unit in levels_table.WORDS["zh"]
    assert {check.population for check in v.LEVELS} <= set(POPULATIONS)


def test_the_command_tells_levels_in_both_languages(
    xiaoqu: Command, toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a part that cannot be asked for alone, and a word that is not translated."""
    check = replace(level("toy", v.collected(12, "collection_rate"), 0.0, 1.0), name="year")
    run = v.run_levels
    monkeypatch.setattr(v, "run_levels", lambda *a, **k: run(*a, **k, levels=(check,)))
    size = ("--seeds", "2", "--draws", "2", "--workers", "1")
    code, out, _ = xiaoqu("validate", "levels", *size)
    assert code == 0 and "1 hold, 0 miss" in out and "no test" in out
    code, out, _ = xiaoqu("validate", "levels", *size, "--lang", "zh", "--markdown")
    assert code == 0 and "| 某率 | toy | as told | 0.0%至100.0% |" in out and "不构成检验" in out
    code, out, err = xiaoqu("validate", "level")
    assert (code, out) == (2, "") and "PARTS" in err and "levels" in err


def test_a_table_of_draws_left_out_has_a_dash() -> None:
    """Catches a row without draws that looks like one that none of them meets."""
    check = level("ordinary", v.overall("satisfaction"), 0.0, 1.0)
    frame = v.frame_of([v._row(check, np.array([0.5, 0.6]), None, None)])
    console = Console(file=io.StringIO(), width=200)
    levels_table.print_checks(frame, "levels", console)
    assert "–" in console.file.getvalue() and "no test;" not in console.file.getvalue()  # type: ignore[attr-defined]
