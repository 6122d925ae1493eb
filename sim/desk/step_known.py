"""Part of step 1: what is known of how things stand, the compounds that are like it, and how well its runs fit."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from nicegui import ui

from sim import known
from sim.as_text import aside, exact_text, percent_text
from sim.desk import compound
from sim.desk.bits import as_table, card, text
from sim.desk.session import Own
from sim.outcomes import INDICATORS, RATE
from sim.posterior import estates
from sim.posterior.own import ERROR, RATE_ERROR
from sim.posterior.own_tables import title
from sim.report.sentences import MAIN, Runs, span

if TYPE_CHECKING:
    from sim.desk.page import Page

OFF = 0.05
"""Distance of the runs' start from the user's figure that is warned of."""

FEW = 100
"""Households below which one of them is more than a point of the share of fees."""

FIRST = 8
"""Runs from which the fit is told."""


class Fit(NamedTuple):
    """One figure: what it is called, what is given, where compounds like it and its own runs lie, and a remark."""

    title: str
    given: str
    like: str
    runs: str
    remark: str


def build(page: Page) -> None:
    """The card: what is known, and what was found by it."""
    words, watcher = page.words, _nothing

    # Alone, and not with the whole step: somebody may be typing in the next field already.
    def find() -> None:
        nonlocal watcher
        below.clear()
        with below:
            watcher = _found(page)

    with card(words["known"]):
        text("p", words["known_hint"], "small")
        with ui.element("div").classes("fields"):
            for name in (compound.NOW, *compound.KNOWN):
                _field(page, name, find)
        text("p", RATE[page.visit.session.language], "small")
        below = ui.element("div").style("width:100%")
        find()
    page.watchers.append(lambda: watcher())


def _nothing() -> None:
    """Tell nothing."""


def _found(page: Page) -> Callable[[], None]:
    """What was found by it, and what tells of it once its runs are there."""
    words = page.words
    if not compound.given(page.visit.session.own):
        text("p", words["start_kind"], "small")
        return _nothing
    found = ui.html(f"<p>{escape(words['waiting'])}</p>", sanitize=False).style("width:100%")
    found.props["data-name"] = "fit"
    with ui.element("div").classes("flow") as mend:
        text("p", words["start_mend"], "small")
        ui.button(words["start_mend_go"], on_click=lambda: _mend(page)).props(
            "outline dense data-name=mend"
        )
    mend.set_visibility(False)
    text("p", words["start_how"], "small")

    def say() -> None:
        reference = page.visit.runs(compound.REFERENCE)
        enough = min(FIRST, page.visit.session.replications)
        if reference is None or len(reference.seeds) < enough:
            return
        now, language = page.visit.session.own, page.visit.session.language
        rows = fits(now, reference, words, language)
        heads = [words[f"fit_{name}"] for name in Fit._fields]
        told = "".join(f"<p>{escape(one)}</p>" for one in notes(now, reference, words, language))
        found.set_content(told + as_table(heads, rows))
        mend.set_visibility(abs(_off(now, reference)) > OFF)

    return say


def _field(page: Page, name: str, settled: Callable[[], Any]) -> None:
    """One figure in percent or in its unit; where the uploaded months tell it, theirs, which cannot be changed."""
    own, size = page.visit.session.own, _size(name)
    read = compound.told_by(compound.in_months(own), name)
    value = _typed(own, name) if read is None else read
    field = ui.number(
        page.words[f"known_{name}"], value=None if value is None else round(size * value, 1), min=0
    ).props("clearable")
    field.props["data-name"] = "collection" if name == compound.NOW else name
    field.set_enabled(read is None)

    def put(given: Any) -> None:
        if _put(page, name, given, field):
            settled()

    field.on("change", lambda event: put(event.args))
    field.on("clear", lambda: put(None))


def _size(name: str) -> int:
    """What a field shows for 1: shares are percent."""
    return 100 if INDICATORS[name.partition("@")[0]].share else 1


def _typed(own: Own, name: str) -> float | None:
    return own.collection if name == compound.NOW else own.known.get(name)


def _put(page: Page, name: str, given: Any, field: Any) -> bool:
    """Take a figure as it was typed; where it cannot be, the last one comes back with what is wrong beside it."""
    from sim.desk.step_compound import number_of, put_back, say

    own, size = page.visit.session.own, _size(name)
    typed = _typed(own, name)
    before = None if typed is None else round(size * typed, 1)
    number = None if given in (None, "") else number_of(given)
    if isinstance(number, str) or (
        number is not None and not 0 <= number <= (100 if size > 1 else 1000)
    ):
        field.error = page.words["percent_wanted" if size > 1 else "number_wanted"]
        put_back(field, before)
        return False
    value = None if number is None else round(number / size, 4)
    changed: dict[str, Any] = {"collection": value}
    if name != compound.NOW:
        others = {key: said for key, said in own.known.items() if key != name}
        changed = {"known": others if value is None else others | {name: value}}
    done = say(page, field=field, shift=0.0, **changed)
    if not done:
        put_back(field, before)
    return done


def _mend(page: Page) -> None:
    """Look compounds up by a rate moved by as much as the runs miss what was said."""
    from sim.desk.step_compound import say

    reference, own = page.visit.runs(compound.REFERENCE), page.visit.session.own
    if reference is not None:
        say(page, rebuild=True, shift=round(min(max(own.shift + _off(own, reference), -1), 1), 3))


def _last_rate(own: Own) -> tuple[int, float] | None:
    """Month and value of the latest rate that is known."""
    rates = _rates(compound.given(own), MAIN)
    return rates[-1] if rates else None


def _rates(given: dict[str, float], rate: str) -> list[tuple[int, float]]:
    """Months and values of a rate, the first month first."""
    named = (name.partition("@") for name in given)
    months = sorted(int(month) for name, _, month in named if name == rate)
    return [(month, given[f"{rate}@{month:+d}"]) for month in months]


def _off(own: Own, reference: Runs) -> float:
    """How far the user's latest rate lies above the runs' mean; 0 where there is none."""
    last = _last_rate(own)
    if last is None or compound.likely(own) is None:
        return 0.0
    away = last[1] - float(known.mean(reference.at(MAIN, last[0])))
    return 0.0 if np.isnan(away) else away


# --- how well it fits ----------------------------------------------------------------------------


def fits(own: Own, reference: Runs, words: dict[str, str], language: str) -> list[Fit]:
    """Start, level, slope and states: yours, those of compounds like it, and of its own runs without measures."""
    given, like = compound.given(own), compound.likely(own)
    found = {} if like is None else {row["figure"]: row for row in like["fit"].to_dict("records")}
    rows = []
    for name in _told(given):
        indicator, _, month = name.partition("@")
        lived = reference.at(indicator, int(month)) if month else _year(reference, indicator)
        spread, remark = words["fit_none"], words["fit_left_out"]
        if row := found.get(name):
            spread = _spread(
                [_figure(indicator, row[q]) for q in ("q05", "median", "q95")], language
            )
            remark = "" if _inside(name, given[name], lived) else words["fit_off"]
        mine = _figure(indicator, given[name])
        rows.append(
            Fit(
                title(name, language),
                mine,
                spread,
                _spread([_figure(indicator, v) for v in _ends(lived)], language),
                remark,
            )
        )
    rates = _rates(given, MAIN)
    if len(rates) > 1:
        (first, was), (last, now) = rates[0], rates[-1]
        slope = reference.at(MAIN, last) - reference.at(MAIN, first)
        remark = "" if _inside(MAIN, now - was, slope) else words["fit_off"]
        name = words["fit_slope"].format(months=last - first)
        rows.append(
            Fit(
                name,
                _points(now - was, words),
                words["fit_none"],
                _spread([_points(v, words) for v in _ends(slope)], language),
                remark,
            )
        )
    return rows


def _told(given: dict[str, float]) -> list[str]:
    """Figures that are shown: of a rate its first and last month, all of the rest."""
    shown = []
    for rate in estates.RATES:
        months = [month for month, _ in _rates(given, rate)]
        shown += [f"{rate}@{month:+d}" for month in dict.fromkeys([*months[:1], *months[-1:]])]
    return shown + [name for name in given if "@" not in name]


def _year(reference: Runs, indicator: str) -> np.ndarray:
    asked = (reference.months > -12) & (reference.months <= 0)
    return np.asarray(known.mean(reference.of(indicator)[:, asked], axis=1))


def _inside(name: str, given: float, lived: np.ndarray) -> bool:
    error = 2 * ERROR.get(name, RATE_ERROR)
    low, high = known.quantiles(lived, [0.05, 0.95])
    return bool(low - error <= given <= high + error)


def _ends(lived: np.ndarray) -> list[float]:
    """Middle 90% and median of runs: low, median, high."""
    return [float(v) for v in known.quantiles(lived, [0.05, 0.5, 0.95])]


def _figure(indicator: str, value: float) -> str:
    return percent_text(value) if INDICATORS[indicator].share else f"{value:.3g}"


def _points(value: float, words: dict[str, str]) -> str:
    return words["fit_points"].format(points=f"{100 * value:+.0f}")


def _spread(texts: list[str], language: str) -> str:
    """Low, middle and high as people write them."""
    low, middle, high = texts
    return middle + aside(span(low, high, language), language)


def notes(own: Own, reference: Runs, words: dict[str, str], language: str) -> list[str]:
    """Where the runs start beside what the user said, and which figures could not be used, in sentences."""
    given, like = compound.given(own), compound.likely(own)
    last = _last_rate(own)
    if last is not None and own.values.get("firm.present") is False:
        return [words["start_none"].format(said=f"{exact_text(100 * last[1])}%")]
    told = []
    if last is not None:
        reached = percent_text(float(known.mean(reference.at(MAIN, last[0]))))
        said = words["start_found"].format(
            model=reached, said=f"{exact_text(round(100 * last[1], 1))}%"
        )
        gap = "" if language == "zh" else " "
        told.append(said + (gap + words["start_off"] if abs(_off(own, reference)) > OFF else ""))
    size = compound.now_of(own)["households"]
    if size < FEW:
        told.append(
            words["start_few"].format(
                n=f"{size:.0f}", points=exact_text(round(100 / size, 1)), like=estates.HOUSEHOLDS
            )
        )
    used = set() if like is None else set(like["fit"]["figure"])
    if left := [title(name, language) for name in given if name not in used]:
        mark = "、" if language == "zh" else ", "
        told.append(words["known_left_out"].format(names=mark.join(left)))
    return told
