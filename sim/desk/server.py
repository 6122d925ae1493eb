"""Starts the desk: the guarded page, the processes behind it, and their end."""

from __future__ import annotations

import gc
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sim import files
from sim.desk.office import users as office_users
from sim.errors import InputError

if TYPE_CHECKING:
    from nicegui.language import Language

MOST_CONNECTIONS = 800
"""Lines open at once, some ten of each page; more are told so. A process may have some 1,000 open files."""

MOST_VISITS = 60
"""Pages open at once; more are asked to come again later."""

RECONNECT = 15.0
"""Seconds that a browser whose line broke has to come back before its session is given up.

NiceGUI takes a line for broken after 1.2 times as long without a sign of life. With 5, twenty
visitors on two busy cores lost theirs now and then.
"""

FONT_URL = "/desk/font.otf"

PASSWORD = "XIAOQU_DESK_PASSWORD"
"""Environment variable that may hold the password; words of a command can be seen by every user."""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 200
HERE = ("127.0.0.1", "localhost", "::1")

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)


def serve(
    host: str,
    port: int,
    language: str,
    workers: int,
    browser: bool,
    plugins: Sequence[Path] = (),
    names: Sequence[str] = (),
    password_file: Path | None = None,
    office: Path | None = None,
) -> None:
    """Serve the page until it is stopped.

    Where others can reach it, by address or through a proxy, it asks for a password: that of ``password_file``
    or of the environment, else one made up, which is printed within the address; with ``office`` that of each user.

    Args:
        host: Address to listen on.
        port: Port.
        language: Of a page opened without a session.
        workers: Processes, 0 for one per core.
        browser: Open the page in a browser.
        plugins: Files of the user's own that this process has run, for those that live and report.
        names: Names beside those of this machine that requests may ask for it by, as behind a proxy.
        password_file: Its first line is the password.
        office: Folder of users and their plans, see ``sim.desk.office``.

    Raises:
        InputError: Address or port cannot be used, or the page's library is not installed.
    """
    try:
        from nicegui import app, ui
    except ImportError:
        raise InputError("desk", "needs NiceGUI", "pip install 'xiaoqu[desk]'") from None
    for name in names:
        if not _NAME.fullmatch(name):
            raise InputError("--allow-host", f"{name!r} is no name", "such as desk.street.example")
    if office is not None and password_file is not None:
        raise InputError("--password-file", "is given beside --office", "one of the two")
    users = None if office is None else office_users(office)
    password, made_up = ("", False)
    if users is None:
        password, made_up = _password(password_file, host in HERE and not names)
    _check_free(host, port)
    from pylopdf_fonts_zh_cn import sans_path

    from sim.desk import compound, printing
    from sim.desk.bench import Bench
    from sim.desk.guard import Guard
    from sim.desk.lanes import Lanes
    from sim.desk.old_browsers import Addressed
    from sim.desk.page import register
    from sim.desk.patience import Patient

    # Read now, so that no visitor waits for them.
    compound.cases(), compound.bundles(), compound.described()
    lanes, printer = Lanes(workers or None, plugins), Lanes(1, plugins)
    app.add_static_file(local_file=sans_path(), url_path=FONT_URL, max_cache_age=30 * 24 * 3600)
    register(Bench(lanes), printer, language, office)
    # What has been imported stays, and need not be looked through whenever memory is tidied.
    app.on_startup(gc.freeze)
    app.on_startup(lanes.warm)
    app.on_startup(lambda: printer.call(0, printing.ready))
    key = f"?key={quote(password)}" if made_up else ""
    address = f"http://{_shown(host)}:{port}/{key}"
    app.on_startup(lambda: print(address, file=sys.stderr, flush=True))

    def end() -> None:
        lanes.close()
        printer.close()
        compound.forget_uploads()

    app.on_shutdown(end)
    app.add_middleware(Addressed)
    app.add_middleware(Guard, names=tuple(names), password=password, users=users)
    if password or users:
        others = "" if host in HERE and not names else "the page can be reached by others; "
        print(f"{others}it asks for a password", file=sys.stderr)
    # A terminal that is closed ends the desk as SIGTERM does, with all that it cleans.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    ui.run(
        host=host, port=port, reload=False, show=f"/{key}" if browser else False, title="xiaoqu",
        language=_quasar(language), favicon=Path(__file__).with_name("icon.svg"), show_welcome_message=False,
        tailwind=False, reconnect_timeout=RECONNECT, uvicorn_logging_level="error", http=Patient,
        limit_concurrency=MOST_CONNECTIONS,
    )  # fmt: skip


def _password(file: Path | None, only_here: bool) -> tuple[str, bool]:
    """The password, empty where none is needed, and whether it was made up now.

    Raises:
        InputError: The file cannot be read, or what was given is no password.
    """
    given = os.environ.get(PASSWORD, "")
    where = PASSWORD
    if file is not None:
        where = str(file)
        try:
            given = files.read_bytes(file, 1000).decode().partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "is no text"
            raise InputError(
                where, problem, "a text file whose first line is the password"
            ) from None
    if file is None and not given:
        return ("", False) if only_here else (secrets.token_urlsafe(12), True)
    if not SHORTEST_PASSWORD <= len(given) <= LONGEST_PASSWORD:
        allowed = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
        raise InputError(where, f"a password of {len(given)} characters", allowed)
    return given, False


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
