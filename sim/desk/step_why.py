"""Part of step 3: why the chosen plan does what it does, and why one household pays."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, cast

from nicegui import ui

from sim.desk import charts, why
from sim.desk.bench import Asked
from sim.desk.bits import as_list, as_table, card, one_line, text
from sim.desk.compound import REFERENCE
from sim.desk.lanes import Lanes
from sim.desk.words import joined
from sim.experiments import household, household_text
from sim.questions.why import REPLICATIONS
from sim.science import chain, chain_table, effect, effect_table, loops, loops_table

if TYPE_CHECKING:
    from sim.desk.page import Page


def effect_card(page: Page) -> None:
    """Why the chosen plan does what it does."""
    words, plan, session = page.words, page.visit.chosen, page.visit.session
    title = joined(words["why"], plan.name, session.language) if plan else words["why"]
    page.home = None
    with card(title, "why"):
        if plan is None or not plan.measures:
            empty = words["why_empty"].format(plan=plan.name) if plan else words["only_reference"]
            text("p", empty)
            return
        runs = min(REPLICATIONS, session.replications)
        text("p", words["why_hint"].format(month=session.within, runs=runs), "small")
        _choose_other(page)
        _asked(page, "effect", words["why_go"])
        for by in ("arrows", "loops"):
            text("p", words[f"why_{by}_hint"], "small")
            _asked(page, by, words[f"why_{by}_go"])


def _choose_other(page: Page) -> None:
    """What the plan is held against: no measures, or another plan."""
    session = page.visit.session
    names = [plan.name for plan in session.policies if plan is not page.visit.chosen]
    if not names:
        return
    options = {name: charts.policy_label(name, session.language) for name in (REFERENCE, *names)}

    def put(event: Any) -> None:
        page.against = event.value
        page._told()

    value = page.against if page.against in options else REFERENCE
    ui.select(options, value=value, label=page.words["why_against"], on_change=put).props(
        "dense data-name=why-against"
    ).style("min-width:240px;margin-bottom:8px")


def household_card(page: Page) -> None:
    """Why one household pays or does not; nothing without a plan to hold it against."""
    words, plan = page.words, page.visit.chosen
    if plan is None or not plan.measures:
        return
    with card(words["why_home"], "why"):
        last = _households(page) - 1
        text("p", words["why_home_hint"].format(plan=plan.name, last=last), "small")
        page.home = ui.input(words["why_home_field"]).props("data-name=why-home clearable")
        page.home.on("keydown.enter", lambda: _ask_household(page))
        _asked(page, "household", words["why_home_go"])


def picked(page: Page, row: int, seed: int) -> None:
    """A household was chosen on the map: tell of it, in the run that the map shows."""
    if page.home is not None:
        page.home.set_value(str(row))
        _ask_household(page, seed)
        ui.run_javascript(
            "document.querySelector('[data-name=why-home]').scrollIntoView({block: 'center'})"
        )


def _asked(page: Page, name: str, go: str) -> None:
    """A button, how far it is, and what was found."""
    asking, words = page.why[name], page.words
    home = page.home if name == "household" else None
    ask = _ask_household if name == "household" else partial(_ask_effect, by=name)
    with ui.element("div").classes("flow"):
        ui.button(go, icon="help_outline", on_click=lambda: ask(page)).props(
            f"unelevated data-name=why-{name}-go"
        )
        stop = ui.button(words["stop"], on_click=asking.stop).props("flat")
    told = text("p", "", "small")
    told.props["aria-live"] = "polite"
    place = ui.html("", sanitize=False).style("width:100%")
    place.props["data-name"] = f"why-{name}"
    language = page.visit.session.language
    if asking.found is not None and asking.language != language and not asking.working:
        asking.begin(asking.of, why.draw(asking, _lanes(page, name), language, page._told))

    drawn: list[Any] = [()]

    def draw() -> None:
        said = _said(page, name)
        if home is not None and asking.problem:
            home.error, said = asking.problem, ""
        told.set_content(escape(said))
        stop.set_visibility(asking.working)
        if drawn[0] != (now := (id(asking.found), asking.drawing)):
            drawn[0] = now
            place.set_content(_shown(asking, page.words, language))

    page.watchers.append(draw)
    draw()


def _said(page: Page, name: str) -> str:
    asking, words = page.why[name], page.words
    if asking.working and asking.found is None:
        every = asking.of.config.replications
        return words[f"why_{name}_wait"].format(done=asking.done, all=every)
    if asking.found is not None and not _of_now(page, name):
        return words["why_old"]
    return asking.problem


def _of_now(page: Page, name: str) -> bool:
    """Whether an answer is of the plan, what it is held against, compound and month as they are now."""
    asked, of = _plan(page), page.why[name].of
    if asked is None:
        return False
    against = None if name in ("loops", "household") else _other(page)
    now = why.effect_of(
        page.visit.session, asked, against, "effect" if name == "household" else name
    )
    size = {"seed": now.config.seed, "replications": now.config.replications}
    same = now.config == of.config.model_copy(update=size)
    return bool(same and now.other == of.other.model_copy(update=size))


def found(page: Page) -> effect.Effect | None:
    """What carried the chosen plan's effect against no measures, where that was asked for and holds still."""
    answer = page.why["effect"].found
    if answer is None or answer.question.other.policy.measures or not _of_now(page, "effect"):
        return None
    return cast(effect.Effect, answer)


def _other(page: Page) -> Asked | None:
    """The plan that the chosen one is held against; None for no measures."""
    others = {plan.name for plan in page.visit.session.policies if plan is not page.visit.chosen}
    return page.visit.asked.get(page.against) if page.against in others else None


def _lanes(page: Page, name: str) -> Lanes:
    """Where it is lived: chains and loops keep a process busy for long, which no slider waits for."""
    return page.printer if name in ("arrows", "loops") else page.visit.bench.lanes


def _plan(page: Page) -> Asked | None:
    plan = page.visit.chosen
    return page.visit.asked.get(plan.name) if plan else None


def _households(page: Page) -> int:
    asked = _plan(page)
    return asked.config.population.households if asked else 1


def _shown(asking: why.Asking, words: dict[str, str], language: str) -> str:
    """The answer as HTML: the figure, sentences, tables."""
    if asking.found is None:
        return ""
    lines, note, tables = _told(asking.found, words, language)
    label = escape(lines[0], quote=True)
    drawing = asking.drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    folds = "".join(
        f"<details{' open' if open_ else ''}><summary>{escape(title)}</summary>{table}</details>"
        for title, table, open_ in tables
    )
    return f"{as_list(lines)}<p class=small>{escape(note)}</p>{drawing}{folds}"


Shown = tuple[list[str], str, list[tuple[str, str, bool]]]
"""Sentences, a note below them, and tables with their titles and whether they are open."""


def _told(answer: Any, words: dict[str, str], language: str) -> Shown:
    if isinstance(answer, household.Why):
        return _household(answer, words, language)
    if isinstance(answer, loops.Loops):
        *lines, note = loops_table.sentences(answer, language)
        return lines, note, []
    if isinstance(answer, chain.Chain):
        *lines, note = chain_table.sentences(answer, language)
        if answer.told is None:
            month = answer.question.config.months
            lines = [words["why_arrows_nothing"].format(month=month), *lines]
        return lines, note, []
    return _effect(answer, words, language)


def _effect(answer: effect.Effect, words: dict[str, str], language: str) -> Shown:
    tables = [
        (words["why_gains"], as_table(*effect_table.gains(answer, language)), False),
        (words["why_moves"], as_table(*effect_table.moves(answer, language)), False),
    ]
    return effect_table.few(answer, language), effect_table.WORDS[language]["adds"], tables


def _household(answer: household.Why, words: dict[str, str], language: str) -> Shown:
    *lines, note = answer.story(language)
    table = as_table(*household_text.beside(answer, language))
    return lines, note, [(words["why_beside"], table, True)]


def _ask(page: Page, name: str, of: Any) -> None:
    asking, visit = page.why[name], page.visit
    asking.begin(of, why.find(asking, _lanes(page, name), of, visit.session.language, page._told))
    page._told()


def _ask_effect(page: Page, by: str = "effect") -> None:
    asked = _plan(page)
    if asked is None:
        ui.notify(page.waiting(), type="warning")
        return
    with one_line(page.visit.session.language):
        against = None if by == "loops" else _other(page)
        _ask(page, by, why.effect_of(page.visit.session, asked, against, by))


def _ask_household(page: Page, seed: int | None = None) -> None:
    asked, visit, home = _plan(page), page.visit, page.home
    if asked is None or home is None:
        ui.notify(page.waiting(), type="warning")
        return
    with one_line(visit.session.language, home):
        name = asked.config.policy.name
        seed = visit.middle(name) if seed is None else seed
        _ask(page, "household", why.household_of(visit.session, asked, str(home.value or ""), seed))
