"""Starts the desk: the guarded page, the processes behind it, and their end."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError

if TYPE_CHECKING:
    from nicegui.language import Language

MOST_VISITS = 60
"""Pages open at once; more are asked to come again later."""

RECONNECT = 15.0
"""Seconds that a browser whose line broke has to come back before its session is given up.

NiceGUI takes a line for broken after 1.2 times as long without a sign of life. With 5, twenty
visitors on two busy cores lost theirs now and then.
"""

FONT_URL = "/desk/font.otf"


def serve(
    host: str,
    port: int,
    language: str,
    workers: int,
    browser: bool,
    plugins: Sequence[Path] = (),
) -> None:
    """Serve the page until it is stopped.

    Args:
        host: Address to listen on.
        port: Port.
        language: Of a page opened without a session.
        workers: Processes, 0 for one per core.
        browser: Open the page in a browser.
        plugins: Files of the user's own that this process has run, for those that live and report.

    Raises:
        InputError: Address or port cannot be used, or the page's library is not installed.
    """
    try:
        from nicegui import app, ui
    except ImportError:
        raise InputError("desk", "needs NiceGUI", "pip install 'xiaoqu[desk]'") from None
    _check_free(host, port)
    from pylopdf_fonts_zh_cn import sans_path

    from sim.desk import compound, printing
    from sim.desk.bench import Bench
    from sim.desk.guard import Guard
    from sim.desk.lanes import Lanes
    from sim.desk.page import register

    # Read now, so that no visitor waits for them.
    compound.cases(), compound.bundles(), compound.described()
    lanes, printer = Lanes(workers or None, plugins), Lanes(1, plugins)
    app.add_static_file(local_file=sans_path(), url_path=FONT_URL, max_cache_age=30 * 24 * 3600)
    register(Bench(lanes), printer, language)
    app.on_startup(lanes.warm)
    app.on_startup(lambda: printer.call(0, printing.ready))
    app.on_startup(lambda: print(f"http://{_shown(host)}:{port}/", file=sys.stderr, flush=True))

    def end() -> None:
        lanes.close()
        printer.close()

    app.on_shutdown(end)
    app.add_middleware(Guard)
    if host not in ("127.0.0.1", "localhost", "::1"):
        print(
            "the page can be reached from other machines; it asks for no password", file=sys.stderr
        )
    ui.run(
        host=host, port=port, reload=False, show=browser, title="xiaoqu", language=_quasar(language),
        favicon=Path(__file__).with_name("icon.svg"), show_welcome_message=False, tailwind=False,
        reconnect_timeout=RECONNECT, uvicorn_logging_level="error",
    )  # fmt: skip


def _quasar(language: str) -> Language:
    return "zh-CN" if language == "zh" else "en-US"


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "") else f"[{host}]" if ":" in host else host


def _check_free(host: str, port: int) -> None:
    """Say in one line that a port is taken, before anything is started."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise InputError(
            "--host, --port", f"{host}:{port}: {error.strerror or error}", "a free port"
        ) from None
