"""The page: its head, four steps, and what moves when runs come in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

from fastapi import Request
from nicegui import Client, ui
from nicegui.elements.mixins.validation_element import ValidationElement

from sim import __version__
from sim.as_text import clean
from sim.desk import compound, old_browsers
from sim.desk.arrived import Arrived, StreetAsked
from sim.desk.bench import Bench
from sim.desk.bits import FileField, one_line, text
from sim.desk.budget import Seeking
from sim.desk.guard import USER
from sim.desk.keeping import EVERY, SCRIPT, Keeping, file_name
from sim.desk.lanes import Lanes
from sim.desk.office import Plans
from sim.desk.refusals import broken, refusal
from sim.desk.server import MOST_VISITS
from sim.desk.session import LARGEST_FILE, Session, as_link, from_link, read, write
from sim.desk.visit import Visit
from sim.desk.why import BY, Asking
from sim.desk.words import WORDS, joined
from sim.errors import InputError
from sim.report.sentences import Runs
from sim.society.reading import Notes

TICK = 0.25
"""Seconds between two drawings of what has come in while more is coming: drawing takes from the work."""

LOOK = 0.1
"""Seconds between two looks at whether there is anything to draw."""

FIRST = 4
"""Runs from which a moved policy's new curve replaces the old one."""

FIRST_WAIT = 4.0
"""Seconds without any run after which a page says what it waits for."""

STEPS = ("compound", "measures", "results", "report")

_open: set[int] = set()


class Page:
    """One browser tab.

    Args:
        bench: Shared by all.
        printer: Process that makes reports.
        session: Where it begins.
        plans: What its user keeps on the server, if anything can be kept there.
        asked: Whether somebody chose it, as in a link.
    """

    def __init__(
        self,
        bench: Bench,
        printer: Lanes,
        session: Session,
        plans: Plans | None = None,
        asked: bool = False,
    ) -> None:
        self.plans = plans
        self.visit = Visit(bench, session, self._told)
        self.printer = printer
        self.step = 0
        self.shown: dict[str, Runs | None] = {}
        self._shown_of = ""
        """Compound that they are of."""
        self.watchers: list[Callable[[], None]] = []
        """Called when runs have come in, by whatever the step in view shows."""
        self._news = True
        self._drawn = 0.0
        """When it was last drawn."""
        self._began = time.monotonic()
        self._seconds = 0.0
        self._asked = asked
        """Whether the user has asked for anything yet: what is lived before is not counted as theirs."""
        self._root: ui.element | None = None
        self.address = ""
        """Of the page itself, for links."""
        self.arrived: Arrived | None = None
        """A file that waits to be confirmed."""
        self.seeking = Seeking()
        """The search for plans within a budget."""
        self.why = {name: Asking() for name in (*BY, "household", "sliders")}
        """What was asked of why, and of the file of sliders, and found."""
        self.against = compound.REFERENCE
        """What the chosen plan is held against there."""
        self.home: ui.input | None = None
        """Where a household is named, in the step in view."""
        self.street: StreetAsked | None = None
        """A street's compounds that were asked about."""
        self.told: dict[str, list[Notes]] = {}
        """What was said of each file that a table of the session came from, by its text."""

    @property
    def words(self) -> dict[str, str]:
        """Texts in the session's language."""
        return WORDS[self.visit.session.language]

    # --- building -------------------------------------------------------------------------------

    def open(self) -> None:
        """Build everything."""
        self._root = ui.element("div").style("width:100%")
        self._build()
        ui.timer(LOOK, self._tick)
        self.keeping = Keeping(self.visit)
        ui.timer(EVERY, self.keeping.look)

    async def go_on_from_last(self, ask: bool) -> None:
        """Begin to live, with what the browser kept of the last visit if that is to be asked for.

        Only once the browser is there and listens: a page that nobody looks at costs nothing.
        """
        self.began()
        # A link is taken once: a reload must not bring it back over what was changed since.
        ui.run_javascript("history.replaceState(null, '', '/')")
        kept = await self.keeping.kept() if ask else None
        if (
            kept is not None
            and (kept := _ours(kept)[0]) != self.visit.session
            and self.change(lambda: self.visit.change(kept))
        ):
            self._build()
            ui.notify(self.words["restored"], type="info", timeout=6000)
        else:
            self.visit.start()

    def _anew(self) -> None:
        """Begin with an empty session; undo brings the old one back."""
        self.change(lambda: self.visit.change(_start(self.visit.session.language)))
        self.arrived, self.step = None, 0
        self._build()

    def _build(self) -> None:
        assert self._root is not None
        self._root.clear()
        with self._root:
            ui.link(self.words["skip"], "#main").classes("skip")
            with ui.element("header").classes("desk-head"):
                with ui.element("div"):
                    text("h1", self.words["title"])
                    text("p", self.words["claim"], "claim")
                with ui.element("div").classes("tools"):
                    self._tools()
            with ui.element("nav").classes("steps"):
                self._nav()
            with ui.element("main").classes("desk-main") as self._main:
                self._main.props("id=main tabindex=-1")
            text("footer", self.words["disclaimer"], "foot")
        self.show(self.step)
        html = "zh-CN" if self.visit.session.language == "zh" else "en"
        # Whatever asked for this may stand in what has just been cleared.
        with self._root:
            ui.run_javascript(
                f"document.documentElement.lang={json.dumps(html)};"
                f"document.title={json.dumps(self.words['title'])}"
            )

    def _tools(self) -> None:
        words = self.words
        self._undo = ui.button(words["undo"], icon="undo", on_click=lambda: self._go_back(1))
        self._redo = ui.button(words["redo"], icon="redo", on_click=lambda: self._go_back(-1))
        with ui.button(words["session"], icon="save") as session, ui.menu():
            ui.menu_item(words["save"], self._save)
            ui.menu_item(words["link"], self._link)
            ui.menu_item(words["open"], self._ask_file)
            if self.plans is not None:
                ui.menu_item(words["plans"], self._show_plans)
            ui.menu_item(words["anew"], self._anew)
        language = ui.button(words["language"], icon="translate", on_click=self._other_language)
        language.props["lang"] = "en" if self.visit.session.language == "zh" else "zh-CN"
        for button in (self._undo, self._redo, session, language):
            button.props("flat color=white")
        self._mark_undo()

    def _nav(self) -> None:
        self._buttons = []
        for number, name in enumerate(STEPS):
            button = ui.button(
                self.words[f"step{number + 1}"], on_click=lambda _, n=number: self.show(n)
            ).props(f"flat no-caps data-step={name}")
            self._buttons.append(button.classes("step"))
        with ui.element("div").classes("status").props("role=status aria-live=polite"):
            self._bar = ui.linear_progress(0, show_value=False, size="8px").props(
                "aria-hidden=true"
            )
            self._status = ui.label("")
            self._stop = ui.button(self.words["stop"], on_click=self._stop_or_go).props(
                "outline dense"
            )

    def show(self, number: int) -> None:
        """Show one of the steps."""
        from sim.desk import step_compound, step_measures, step_report, step_results

        again = self.step == number
        self._asked = self._asked or number > 0
        self.step = number
        for place, button in enumerate(self._buttons):
            button.classes(
                add="now" if place == number else "", remove="" if place == number else "now"
            )
            button.props["aria-current"] = "step" if place == number else "false"
            button.update()
        self.watchers = []
        self._main.clear()
        with self._main:
            (step_compound, step_measures, step_results, step_report)[number].build(self)
            ui.run_javascript(f"window.desk && desk.{'focus' if again else 'top'}()")
        self._news = True

    def next_button(self, number: int) -> None:
        """A button to another step."""
        word = self.words["next" if number > self.step else "back"]
        name = self.words[f"step{number + 1}"]
        kind = "unelevated" if number > self.step else "flat"
        ui.button(
            joined(word, name, self.visit.session.language), on_click=lambda: self.show(number)
        ).props(f"{kind} data-next={number}")

    # --- changing -------------------------------------------------------------------------------

    def change(self, what: Callable[[], None], field: ValidationElement | None = None) -> bool:
        """Do something to the session; what is not allowed is said in one line.

        Args:
            what: What is done.
            field: Beside which it is said; None for a message.

        Returns:
            Whether it was done.
        """
        done = False
        with one_line(self.visit.session.language, field):
            what()
            done = self._asked = True
        if done:
            self.began()
        return done

    def rebuild(self, what: Callable[[], None]) -> bool:
        """The same, and build the step anew, as where measures come and go."""
        done = self.change(what)
        if done:
            self.show(self.step)
        return done

    def began(self) -> None:
        """Time runs from here."""
        self._began = time.monotonic()
        self._waited = False
        self._news, self._drawn = True, 0.0
        self._mark_undo()

    def _go_back(self, steps: int) -> None:
        self.rebuild(lambda: self.visit.undo(steps))

    def _mark_undo(self) -> None:
        self._undo.set_enabled(self.visit.can_undo)
        self._redo.set_enabled(self.visit.can_redo)

    def waiting(self) -> str:
        """Why nothing is shown yet, and what to do about it."""
        visit = self.visit
        return visit.problem or self.words["waiting" if visit.working else "nothing_yet"]

    def settle(self) -> None:
        """A slider was let go: undo comes back to here."""
        self.visit.settle()
        self._mark_undo()

    def _other_language(self) -> None:
        other = "en" if self.visit.session.language == "zh" else "zh"
        self.change(lambda: self.visit.set(language=other))
        self._build()

    def _save(self) -> None:
        session = self.visit.session
        with one_line(session.language):
            name = file_name(session, self.words["session"], "json")
            ui.download.content(write(session), name, "application/json")

    def _link(self) -> None:
        with one_line(self.visit.session.language):
            letters = as_link(self.visit.session)
            link = f"{self.address}?s={letters}"
            self.hand_over(self.words["link"], self.words["link_copied"], link)

    def hand_over(self, title: str, hint: str, told: str) -> None:
        """Show a text to be copied.

        Args:
            title: What it is.
            hint: What it is for.
            told: The text.
        """
        with ui.dialog() as dialog, ui.card().style("width:640px;max-width:95vw"):
            ui.label(hint)
            lines = ui.textarea if "\n" in told else ui.input
            field = lines(title).props("readonly").style("width:100%")
            field.props["data-name"] = "link"
            with ui.element("div").classes("flow"):
                ui.button(
                    self.words["copy"], icon="content_copy", on_click=lambda: self._copy(told)
                ).props("unelevated data-name=copy")
                ui.button(self.words["close"], on_click=dialog.close).props("flat")
        dialog.open()
        field.set_value(told)

    async def _copy(self, text: str) -> None:
        done = await ui.run_javascript(f"return desk.copy({json.dumps(text)})", timeout=5)
        if done:
            ui.notify(self.words["copied"], type="positive")
        else:
            ui.notify(self.words["not_copied"], type="warning")

    def _show_plans(self) -> None:
        from sim.desk import step_plans

        step_plans.show(self)

    def _ask_file(self) -> None:
        with ui.dialog() as dialog, ui.card():
            FileField(
                self.words["open"], lambda data, _: self._open_file(data, dialog), self.words["open_hint"],
                largest=LARGEST_FILE, kind=".json",
            )  # fmt: skip
            ui.button(self.words["close"], on_click=dialog.close)
        dialog.open()

    def _open_file(self, data: bytes, dialog: ui.dialog) -> None:
        self.take(lambda: read(data), dialog)

    def take(self, got: Callable[[], Session], dialog: ui.dialog) -> None:
        """Put a saved session in place of this one.

        Args:
            got: Gives it, or says why not.
            dialog: Is closed once it is there.
        """
        said: list[str] = []

        def put() -> None:
            session, other = _ours(got())
            self.visit.change(session)
            said.append(other)

        if self.change(put):
            dialog.close()
            self._build()
            if said[0]:
                ui.notify(said[0], type="warning", timeout=10000)

    def _stop_or_go(self) -> None:
        if self.visit.working:
            self.visit.stop()
        else:
            self.began()
            self.visit.start()
        self._news = True

    # --- what has come in -----------------------------------------------------------------------

    def _told(self) -> None:
        self._news = True

    def _tick(self) -> None:
        if not self._news and not self._first_waits():
            return
        now = time.monotonic()
        if self.visit.working and now - self._drawn < TICK:
            return
        self._news, self._drawn = False, now
        done, every = self.visit.progress()
        if self.visit.working:
            self._seconds = time.monotonic() - self._began
        self._say(done, every)
        shown: dict[str, Runs | None] = {}
        place = ""
        for name, asked in self.visit.asked.items():
            runs = self.visit.runs(name)
            enough = runs is not None and (len(runs.seeds) >= FIRST or not self.visit.working)
            # Until the first new runs are there, the old curve is better than none; but not that
            # of another compound, nor one that nothing will follow.
            old = self.visit.working and asked.compound == self._shown_of
            shown[name] = runs if enough else self.shown.get(name) if old else None
            place = asked.compound
        self.shown, self._shown_of = shown, place
        for watcher in self.watchers:
            watcher()

    def _first_waits(self) -> bool:
        """Whether nothing has come for long, which is said once: no run tells of it."""
        long = self.visit.working and time.monotonic() - self._began > FIRST_WAIT
        if not long or self._waited or self.visit.progress()[0]:
            return False
        self._waited = True
        return True

    def _say(self, done: int, every: int) -> None:
        words, working = self.words, self.visit.working
        name = "running" if working else "done" if done >= every else "stopped"
        said = words[name].format(done=done, all=every)
        if working and not done and time.monotonic() - self._began > FIRST_WAIT:
            said = words["first_wait"]
        elif not self._asked:
            said = words["warming" if working or done < every else "warm"]
        elif not working and done >= every:
            if self.visit.session.policies:
                said += words["done_each"].format(each=len(self.visit.session.seeds))
            if self._seconds >= 0.1:
                said += words["took"].format(seconds=f"{self._seconds:.1f}")
        self._status.set_text(self.visit.problem or said)
        self._bar.set_value(done / every if every else 0)
        self._stop.set_text(words["stop" if working else "go_on"])
        self._stop.set_visibility(working or done < every)


def register(bench: Bench, printer: Lanes, language: str, office: Path | None = None) -> None:
    """Put the page at the root of the server.

    Args:
        bench: Lives the runs of all visits.
        printer: Makes reports.
        language: Of a visit without a session.
        office: Folder in which users keep plans.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    css = Path(__file__).with_name("desk.css").read_text(encoding="utf-8")

    @ui.page("/")
    def page(client: Client, request: Request, s: str = "", lang: str = "") -> None:
        spoken = lang if lang in WORDS else language
        if len(_open) >= MOST_VISITS:
            ui.label(WORDS[spoken]["full"])
            return
        ui.add_css(css)
        user = request.scope[USER] if office is not None else ""
        ui.add_head_html(
            old_browsers.head(WORDS[spoken]["needs"])
            + f'<script data-user="{escape(user)}">{script}</script>'
        )
        ui.colors(primary="#0a4f8f", info="#0a4f8f")
        session, problem = _first(s, spoken)
        plans = Plans(office, user) if office is not None else None
        desk = Page(bench, printer, session, plans, session != _start(spoken))
        desk.address = str(request.base_url)
        _open.add(id(desk))

        def gone() -> None:
            _open.discard(id(desk))
            desk.visit.close()
            if desk.seeking.task is not None:
                desk.seeking.task.cancel()
            for asking in desk.why.values():
                asking.stop()

        def left() -> None:
            # The page is kept for a browser that comes back, and takes nobody's place meanwhile.
            if not client.has_socket_connection:
                _open.discard(id(desk))

        def here() -> None:
            _open.add(id(desk))

        client.on_connect(here)
        client.on_disconnect(left)
        client.on_delete(gone)
        client.on_exception(lambda error: ui.notify(
            broken(error, desk.visit.session.language), type="negative", timeout=10000, multi_line=True
        ))  # fmt: skip
        desk.open()
        asked = [not s]

        async def came() -> None:
            # Not again when a broken line has come back.
            if asked:
                with client:
                    await desk.go_on_from_last(asked.pop())

        client.on_connect(came)
        if problem:
            ui.notify(problem, type="warning", timeout=10000)


def _first(link: str, language: str) -> tuple[Session, str]:
    if link:
        try:
            session, other = _ours(from_link(link))
            # A case, kind or table that is not there would break the page.
            compound.configurations(session)
            return session, other
        except InputError as error:
            return _start(language), refusal(error, language)
    return _start(language), ""


def _ours(session: Session) -> tuple[Session, str]:
    """A session that was read, as one of this version, and what is to be said if it is of another."""
    if session.program == __version__:
        return session, ""
    said = WORDS[session.language]["other_version"].format(
        other=clean(session.program), here=__version__
    )
    return session.model_copy(update={"program": __version__}), said


def _start(language: str) -> Session:
    name = WORDS[language]["policy_n"].format(n=1)
    return Session.model_validate(
        {"language": language, "case": compound.OWN, "policies": [{"name": name}]}
    )
