"""The plans that a user keeps on an office's server: a list to open, and a name to save under."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from sim.desk.bits import one_line, text

if TYPE_CHECKING:
    from sim.desk.page import Page


def show(page: Page) -> None:
    """Open the dialog."""
    words, plans, language = page.words, page.plans, page.visit.session.language
    assert plans is not None
    with ui.dialog() as dialog, ui.card().style("width:640px;max-width:95vw"):
        text("h2", words["plans"])
        field = ui.input(words["plans_name"]).style("width:100%").props("maxlength=40")
        field.props["data-name"] = "plan-name"

        def keep() -> None:
            with one_line(language, field):
                name = plans.keep(str(field.value or ""), page.visit.session)
                ui.notify(words["plans_kept"].format(name=name), type="positive")
                draw()

        field.on("keydown.enter", keep)
        ui.button(words["plans_keep"], icon="save", on_click=keep).props(
            "unelevated data-name=plan-keep"
        )
        place = ui.element("div").style("width:100%")

        def drop(name: str, button: ui.button) -> None:
            # Nothing brings it back, and it stands beside what opens it.
            if button.text != words["plans_drop_sure"]:
                button.set_text(words["plans_drop_sure"])
                return
            plans.drop(name)
            draw()

        def draw() -> None:
            place.clear()
            with place:
                names = plans.names()
                if not names:
                    text("p", words["plans_none"], "small")
                for name in names:
                    with ui.element("div").classes("flow"):
                        text("span", name)
                        ui.button(
                            words["plans_open"],
                            on_click=lambda _, n=name: page.take(lambda: plans.get(n), dialog),
                        ).props("outline dense data-name=plan-open")
                        button = ui.button(words["plans_drop"]).props("flat dense")
                        button.props["data-name"] = "plan-drop"
                        button.on_click(partial(drop, name, button))

        draw()
        ui.button(words["close"], on_click=dialog.close).props("flat")
    dialog.open()
