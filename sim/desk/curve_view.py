"""The large chart and the sentences, as two steps show them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from nicegui import ui

from sim.desk import charts, compound
from sim.desk.bits import as_list, as_table, card, fold, text
from sim.desk.range_slider import RangeSlider
from sim.desk.words import chinese_marks
from sim.experiments import doubt, doubt_text
from sim.experiments.compare import last_month_in_force
from sim.experiments.summary import HIGH, LOW
from sim.outcomes import INDICATORS, RATE
from sim.report import sentences

if TYPE_CHECKING:
    from sim.desk.page import Page

SHORT = 4
"""Sentences shown beside the sliders; the results show all."""


def curve_view(page: Page, strip: bool) -> None:
    """One indicator over time by policy, with a choice of the indicator and its table."""
    words, language = page.words, page.visit.session.language
    with card():
        options = {name: charts.label(known, language) for name, known in INDICATORS.items()}
        with ui.element("div").classes("flow"):
            text("h2", words["results_paths"])
            ui.select(
                options, value=page.visit.session.indicator,
                on_change=lambda event: page.rebuild(lambda: page.visit.set(indicator=event.value)),
            ).props(f"dense data-name=indicator aria-label={words['indicator']}").style("min-width:240px")  # fmt: skip
        if hint := _meaning(page.visit.session.indicator, words, language):
            text("p", hint, "small")
        tall = charts.height(page.visit.session, strip)
        chart = ui.echart(_options(page, strip)).style(f"height:{tall}px;width:100%")
        chart.props["role"] = "img"
        chart.props["data-name"] = "curves"
        text("p", words["curve_hint"], "small")
        breaks = text("p", words["dash_hint"], "small")
        breaks.props["data-name"] = "breaks"
        table = fold(words["as_table"], "curve-table")

    def draw() -> None:
        session = page.visit.session
        chart.options.clear()
        chart.options.update(_options(page, strip))
        heads, rows = charts.curve_table(session, page.shown, session.indicator)
        chart.props["aria-label"] = f"{options[session.indicator]} " + " · ".join(
            f"{row[0]} {row[-1]}" for row in rows
        )
        chart.style(f"height:{charts.height(session, strip)}px")
        chart.update()
        breaks.set_visibility(charts.breaks_off(page.shown, session.indicator))
        table.set_content(as_table(heads, rows, words["curve_hint"]))

    page.watchers.append(draw)


def _meaning(indicator: str, words: dict[str, str], language: str) -> str:
    """What is counted, for an indicator that offices count in several ways."""
    return RATE[language] if indicator == sentences.MAIN else words.get(f"hint_{indicator}", "")


def _options(page: Page, strip: bool) -> charts.Options:
    session = page.visit.session
    own = session.own if session.case == compound.OWN else None
    observed = compound.own_months(own).get(session.indicator, []) if own else []
    options = charts.curves(
        session, page.shown, session.indicator, observed, strip, chance_bands(page)
    )
    for one in options["series"]:
        # Of a list the page would watch every point for changes, which takes longer than all else here.
        one["data"] = tuple(one["data"])
    return options


def chance_bands(page: Page) -> dict[str, np.ndarray]:
    """The band that chance alone would give (2, months) by policy, in the indicator's own unit."""
    bands, indicator = {}, page.visit.session.indicator
    for name, runs in page.shown.items():
        again = page.visit.second_runs(name)
        if runs is None or again is None or len(again.seeds) < doubt.FEWEST_PAIRS:
            continue
        # What is shown may be of before, until the page has looked.
        if runs is page.visit.runs(name):
            first = np.arange(len(again.seeds))
            bands[name] = doubt.chance_band(
                runs.of(indicator), again.of(indicator), first, (LOW, HIGH)
            )
    return bands


def sentences_view(page: Page, only_chosen: bool) -> None:
    """What the runs say in plain words, and what is asked of them."""
    words = page.words
    with card(words["answer"]):
        RangeSlider(
            words["threshold"], page.visit.session.threshold, 0.05, 1.0, step=0.05, name="threshold",
            percent=True, settled=page.settle,
            moved=lambda v: page.change(lambda: page.visit.set(False, threshold=round(float(v), 2))),
        )  # fmt: skip
        RangeSlider(
            words["within"],
            page.visit.session.within,
            1,
            page.visit.session.months,
            step=1,
            name="within",
            settled=page.settle,
            moved=lambda v: page.change(lambda: page.visit.set(False, within=round(v))),
        )
        place = ui.html("", sanitize=False).style("width:100%")
        place.props["data-name"] = "sentences"
        text("p", words["counted"], "small")

    def say() -> None:
        empty = only_chosen and page.visit.chosen is None
        wait = words["no_policies"] if empty else page.waiting()
        place.set_content(_said(page, only_chosen) or f"<p>{escape(wait)}</p>")

    page.watchers.append(say)


def _said(page: Page, only_chosen: bool) -> str:
    session = page.visit.session
    reference = page.shown.get(compound.REFERENCE)
    if reference is None:
        return ""
    parts = []
    if not only_chosen:
        alone = sentences.about_reference(reference, session.within, session.language)
        parts.append(as_list(_marked(alone, session.language)))
    for number, plan in enumerate(session.policies):
        runs = page.shown.get(plan.name)
        if runs is None or (only_chosen and number != session.chosen):
            continue
        asked = page.visit.asked[plan.name]
        said = sentences.about_policy(
            runs, reference, level=session.threshold, within=session.within,
            households=asked.config.population.households,
            end=last_month_in_force(asked.config), language=session.language,
        )  # fmt: skip
        if not only_chosen:
            said += _parted(page, plan.name)
        said = _marked(said, session.language)
        parts.append(
            _headed(plan.name, number, as_list(said[:SHORT] if only_chosen else said, "first"))
        )
    return "".join(parts)


def _parted(page: Page, name: str) -> list[str]:
    """What of the spread of a policy's gain is chance, and what doubt about parameters; nothing before it is known."""
    visit, session = page.visit, page.visit.session
    (mine, again), (other, other_again) = (
        (visit.runs(one), visit.second_runs(one)) for one in (name, compound.REFERENCE)
    )
    if mine is None or again is None or other is None or other_again is None:
        return []
    month = session.within
    gain, second = (
        one.at(sentences.MAIN, month) - of.at(sentences.MAIN, month)
        for one, of in ((mine, other), (again, other_again))
    )
    found = doubt.named(doubt.share(gain, gain[: len(second)], second))
    words = doubt_text.WORDS[session.language]["of"]
    label = charts.label(INDICATORS[sentences.MAIN], session.language)
    of = words.format(policy=charts.policy_label(name, session.language), name=label)
    line = doubt_text.split_line(found, of, month, session.language)
    return [line] if line else []


def _marked(said: list[str], language: str) -> list[str]:
    return [chinese_marks(one) for one in said] if language == "zh" else said


def _headed(name: str, number: int, inside: str) -> str:
    mark = f'style="border-left:5px solid {charts.colour(number)};padding-left:8px"'
    return f"<h3 {mark}>{escape(name)}</h3>{inside}"
