"""Part of step 2: the plan before its last change and after it, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from sim import known
from sim.as_text import MISSING, exact_text, number_text, parameter_text, signed, with_interval
from sim.desk import charts
from sim.desk.bits import as_table, card, row_label, with_unit
from sim.desk.session import TO_THE_END, Plan, Planned
from sim.desk.words import WORDS, bracketed, joined
from sim.experiments.paired import Gain, difference
from sim.experiments.summary import unit_text
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.report.annexes import DRAWN
from sim.report.sentences import Runs, together

if TYPE_CHECKING:
    from sim.desk.page import Page


def build(page: Page) -> None:
    """The card; it is there once something of the chosen plan has been changed."""
    words = page.words
    with card(words["replay"]) as box:
        place = ui.html("", sanitize=False).style("width:100%")
        place.props["data-name"] = "replay"

    def draw() -> None:
        rows, runs = table(page)
        box.set_visibility(bool(rows))
        heads = [
            words["replay_what"],
            words["replay_before"],
            words["replay_after"],
            words["change"],
        ]
        note = words["replay_hint"].format(month=page.visit.session.within, n=runs)
        note = note if runs else page.waiting()
        place.set_content(as_table(heads, rows, note) if rows else "")

    page.watchers.append(draw)
    draw()


def table(page: Page) -> tuple[list[list[str]], int]:
    """Settings and indicators that differ, and of how many runs; no rows without a change."""
    visit, plan = page.visit, page.visit.chosen
    was = visit.before(plan.name) if plan else None
    if plan is None or was is None:
        return [], 0
    rows = settings(was[0], plan, visit.session.language)
    if was[1] is None or (now := visit.runs(plan.name)) is None:
        return rows, 0
    before, after = together(was[1], now)
    return rows + _indicators(before, after, page) if len(after.seeds) else rows, len(after.seeds)


def settings(before: Plan, after: Plan, language: str) -> list[list[str]]:
    """A row per measure that differs: what it is called, how it was, how it is."""
    was, now = ({one.key: one for one in plan.measures} for plan in (before, after))
    rows = []
    for key in {**was, **now}:
        one, other = was.get(key), now.get(key)
        if one != other:
            whole = one is None or other is None
            cells = [_told(side, None if whole else against, language)
                     for side, against in ((one, other), (other, one))]  # fmt: skip
            rows.append([charts.planned_label(other or one, language), *cells, ""])  # type: ignore[arg-type]
    return rows


def _told(planned: Planned | None, against: Planned | None, language: str) -> str:
    """A measure's settings, or those that differ from another's."""
    words = WORDS[language]
    if planned is None:
        return words["replay_none"]
    described = {row.key: row for row in CATALOGUE[planned.measure].Parameters.describe()}
    values = _values(planned) if against is None else {
        key: value for key, value in _values(planned).items() if _values(against).get(key) != value
    }  # fmt: skip
    if against is not None:
        values |= {
            key: described[key].default for key in _values(against) if key not in _values(planned)
        }
    said = []
    for key, value in values.items():
        row = described[key]
        if key == "dose":
            said.append(words["replay_dose"].format(dose=exact_text(100 * value)))
        elif key == "end" and value >= TO_THE_END:
            said.append(words["to_end"])
        elif key in ("start", "end"):
            said.append(words[f"replay_{key}"].format(month=value))
        else:
            name = with_unit(row_label(row, language), row, language)
            said.append(joined(name, parameter_text(value, row, language), language))
    return ("；" if language == "zh" else "; ").join(said)


def _values(planned: Planned) -> dict[str, Any]:
    end = {} if planned.end >= TO_THE_END else {"end": planned.end}
    return {"dose": planned.dose, "start": planned.start, **end, **planned.settings}


def _indicators(before: Runs, after: Runs, page: Page) -> list[list[str]]:
    session, words, month = page.visit.session, page.words, page.visit.session.within
    language, rows = session.language, []
    for name in DRAWN:
        shown = INDICATORS[name]
        gain = Gain(after.at(name, month), before.at(name, month))
        pair, scale = gain.known(), 100 if shown.share else 1
        gap = difference(gain, 0)
        change = with_interval(*(scale * gap[key] for key in ("difference", "low", "high")))
        title = bracketed(charts.label(shown, language), unit_text(shown, language), language)
        if len(pair.policy) < len(gain.policy):
            title = words["replay_some"].format(title=title, n=len(pair.policy))
        # A tenth more than elsewhere: who takes one from the other finds the change.
        cells = [f"{scale * known.mean(values):.1f}" for values in (pair.reference, pair.policy)]
        rows.append([title, *cells, change] if len(pair.policy) else [title, *[MISSING] * 3])
    for unit in ("hours", "yuan"):
        ours, theirs = (
            float(getattr(runs, unit).mean()) / session.months for runs in (after, before)
        )
        cells = [number_text(value, language) for value in (theirs, ours)]
        rows.append([words[f"replay_{unit}"], *cells, signed(ours - theirs, language)])
    return rows
