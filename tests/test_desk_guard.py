"""Who may talk to the desk, and what is left when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode

import pytest

pytest.importorskip("nicegui")

import uvicorn

from sim import __version__, files
from sim.desk import compound, patience
from sim.desk import guard as guard_module
from sim.desk import page as page_module
from sim.desk.guard import COOKIE, LARGEST_BODY, Guard, host_allowed, origin_allowed
from sim.desk.session import Own, Session, as_link, read, write
from sim.desk.words import WORDS
from sim.errors import InputError


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("127.0.0.1:8520", True), ("localhost", True), ("[::1]:80", True), ("192.168.1.5:80", True),
     ("evil.example:8520", False), ("127.0.0.1.evil.example", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_a_host(host: str, allowed: bool) -> None:
    """Catches a foreign name made to point here."""
    assert host_allowed(host) is allowed


def test_only_the_page_itself_may_ask() -> None:
    """Catches another page that talks to the desk behind the user's back."""
    assert origin_allowed(None, "127.0.0.1:8520")
    assert origin_allowed("http://127.0.0.1:8520", "127.0.0.1:8520")
    for foreign in ("http://evil.example", "null", "http://127.0.0.1:9999"):
        assert not origin_allowed(foreign, "127.0.0.1:8520")


def ask(
    guard: Guard, kind: str = "http", method: str = "POST", **headers: str
) -> list[dict[str, Any]]:
    """What a guard sends back."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:1", **headers}
    scope = {
        "type": kind, "method": method, "path": "/", "client": ("127.0.0.1", 1),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
        "server": ("127.0.0.1", 8520),
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    return sent


async def _inside(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def statuses(guard: Guard, count: int, **headers: str) -> Sequence[int]:
    return [ask(guard, **headers)[0]["status"] for _ in range(count)]


def test_the_guard_turns_away_strangers_floods_and_loads() -> None:
    """Catches a guard that stands beside an open door."""
    guard = Guard(_inside)
    answer = ask(guard)[0]
    assert answer["status"] == 200
    assert b"default-src 'self'" in dict(answer["headers"])[b"content-security-policy"]
    assert ask(guard, origin="http://evil.example")[0]["status"] == 403
    assert ask(guard, host="evil.example")[0]["status"] == 421
    assert ask(guard, content_length=str(LARGEST_BODY + 1))[0]["status"] == 413
    refused = ask(guard, kind="websocket", origin="http://evil.example")
    assert refused[0]["type"] == "websocket.close"
    told = statuses(guard, 100)
    assert told[0] == 200 and told[-1] == 429


def test_a_taken_port_is_told_in_one_line(xiaoqu: Any) -> None:
    """Catches a trace where a sentence would do."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, told = xiaoqu("desk", "--no-browser", "--port", port)
    assert (
        code == 2 and told.startswith("error: --host, --port: 127.0.0.1:") and told.count("\n") == 1
    )


def pages(
    guard: Guard,
    path: str = "/",
    query: str = "",
    body: bytes = b"",
    method: str = "GET",
    **headers: str,
) -> tuple[int, dict[bytes, bytes], str]:
    """Status, headers and text of an answer."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:1", **headers}
    scope = {
        "type": "http", "method": method, "path": path, "client": ("127.0.0.1", 1), "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
        "server": ("127.0.0.1", 8520),
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], dict(sent[0]["headers"]), text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("path", "mode", "dest"),
    [("/", "no-cors", "image"), ("/", "navigate", "iframe"), ("/", "cors", "empty"),
     ("/_nicegui/x.js", "no-cors", "script"), ("/x", "navigate", "document")],
)  # fmt: skip
def test_pictures_and_frames_of_other_pages_begin_no_visit(
    site: str, path: str, mode: str, dest: str
) -> None:
    """Catches a foreign page that opens visits, or looks whether a desk is there, by its image tags."""
    told = {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}
    assert pages(Guard(_never), path, **told)[0] == 403


def test_a_link_of_another_page_is_asked_about_before_any_work() -> None:
    """A colleague's link in a web mail works with a click more; nothing of it becomes markup."""
    told = {
        "sec_fetch_site": "cross-site",
        "sec_fetch_mode": "navigate",
        "sec_fetch_dest": "document",
    }
    status, headers, text = pages(Guard(_never), "/", "s=abc_-&lang=%22%3E%3Cscript%3E", **told)
    assert status == 200 and b"content-security-policy" in headers
    assert 'href="/?s=abc_-&amp;lang=%22%3E%3Cscript%3E"' in text
    for ours in ("none", "same-origin"):
        assert pages(Guard(_inside), "/", "s=abc", sec_fetch_site=ours)[0] == 200


def test_a_name_must_be_allowed() -> None:
    """Behind a proxy the desk goes by another name."""
    assert pages(Guard(_inside), host="desk.street.example")[0] == 421
    guard = Guard(_inside, names=("Desk.street.example",))
    assert pages(guard, host="desk.street.example", origin="https://desk.street.example")[0] == 200
    assert pages(guard, host="x.desk.street.example")[0] == 421


WORD = "口令 & eight=8"


def test_a_desk_for_others_asks_for_its_password() -> None:
    """Catches a page, a file or a websocket that is given without it."""
    guard = Guard(_never, password=WORD)
    status, headers, text = pages(guard, "/", "s=abc")
    assert status == 401 and 'type="password"' in text and b"set-cookie" not in headers
    assert pages(guard, "/desk/font.otf")[0] == 401
    assert ask(guard, kind="websocket")[0]["type"] == "websocket.close"
    for wrong in ("", "x", "口令", f"{COOKIE}=x"):
        assert pages(guard, "/", method="POST", body=urlencode({"key": wrong}).encode())[0] == 401
        assert pages(guard, "/", cookie=f"{COOKIE}={quote(wrong)}")[0] == 401


def test_who_knows_the_password_is_let_in_and_known_again() -> None:
    """By form or by link, and the link goes on to where it led, without the word."""
    guard = Guard(_inside, password=WORD)
    form = pages(guard, "/", "s=abc", urlencode({"key": WORD}).encode(), "POST")
    link = pages(guard, "/", urlencode({"s": "abc", "key": WORD}))
    for status, headers, _ in (form, link):
        assert status == 303 and headers[b"location"] == b"/?s=abc"
        sign = headers[b"set-cookie"].decode()
        # Named after its port, as browsers give it to every desk of a machine.
        assert sign.startswith(f"{COOKIE}-8520=")
        assert "HttpOnly" in sign and "SameSite=Strict" in sign and WORD not in sign
        assert pages(guard, "/x", cookie=f"a=b; {sign.partition(';')[0]}")[0] == 200
        # Another start does not know the sign.
        assert pages(Guard(_never, password=WORD), "/", cookie=sign.partition(";")[0])[0] == 401


def test_passwords_cannot_be_tried_without_end() -> None:
    """Catches a word that is guessed."""
    guard = Guard(_never, password=WORD)
    told = [pages(guard, "/", "key=wrong")[0] for _ in range(15)]
    assert told[:10] == [401] * 10 and told[-1] == 429
    # In the page's words, with the field to try again, and not the right one either meanwhile.
    status, _, text = pages(guard, "/", urlencode({"key": WORD}))
    assert status == 429 and "请一分钟后再试" in text and 'name="key"' in text


def test_a_whole_office_comes_in_at_nine_behind_one_address() -> None:
    """Catches right words that are counted as wrong ones."""
    guard = Guard(_inside, password=WORD)
    assert {pages(guard, "/", urlencode({"key": WORD}))[0] for _ in range(30)} == {303}


async def _never(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("the page was asked")


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches half a request that holds its place for ever."""
    monkeypatch.setattr(guard_module, "BODY_WITHIN", 0.05)
    told: list[Any] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        told.extend([await receive(), await receive()])

    parts = iter([{"type": "http.request", "body": b"a", "more_body": True}])

    async def receive() -> Any:
        for part in parts:
            return part
        await asyncio.sleep(10)

    async def send(message: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/x", "headers": [(b"host", b"localhost")]}
    asyncio.run(Guard(reading)(scope, receive, send))
    assert told[1] == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--allow-host", "a b"], "--allow-host: 'a b' is no name"), (["--password-file", "FILE"], "a password of 3"),
     (["--password-file", "none"], "none: No such file")],
)  # fmt: skip
def test_a_desk_for_others_is_checked_before_it_starts(
    xiaoqu: Any, tmp_path: Path, words: list[str], told: str
) -> None:
    """Catches a desk that starts without the password that was meant."""
    file = tmp_path / "word.txt"
    file.write_text("abc\n")
    code, _, said = xiaoqu(
        "desk", "--no-browser", *[str(file) if w == "FILE" else w for w in words]
    )
    assert code == 2 and told in said and said.count("\n") == 1


# --- what a visit leaves ------------------------------------------------------------------------


TABLE = "building,stair,floor\n" + "1,1,1\n" * 60


@pytest.mark.parametrize(
    ("session", "said"),
    [({"case": "no such"}, "没有名为“no such”的案例"), ({"case": "own", "own": {"like": "x"}}, "没有名为“x”的小区类型"),
     ({"case": "own", "own": {"households": "a,b"}}, "households.csv")],
)  # fmt: skip
def test_a_link_to_what_is_not_there_opens_a_page_that_says_so(
    session: dict[str, Any], said: str
) -> None:
    """Catches a page that breaks."""
    opened, told = page_module._first(as_link(Session.model_validate(session)), "zh")
    assert said in told and opened == page_module._start("zh")


def test_a_session_of_another_version_says_so() -> None:
    """It is opened with a word of warning, or refused by the name of its version."""
    old = write(Session()).replace(f'"{__version__}"', '"9.9.9"')
    session, told = page_module._ours(read(old))
    assert told == WORDS["zh"]["other_version"].format(other="9.9.9", here=__version__)
    assert session == Session() and page_module._ours(session)[1] == ""
    for strange in ('"new_key": 1,', '"indicator": "of_9_9_9",'):
        with pytest.raises(InputError, match=r"saved by xiaoqu 9\.9\.9, and this is"):
            read(
                old.replace("{", "{" + strange, 1).replace(
                    '"indicator": "collection_rate"', '"seed": 1', 1
                )
            )
    with pytest.raises(InputError, match=r"saved by xiaoqu \(layout 2\)"):
        read('{"version": 2}')


def test_uploaded_tables_are_bounded_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a temporary folder that grows with each link."""
    monkeypatch.setattr(compound, "MOST_KEPT", 5_000)
    compound.forget_uploads()
    for number in range(40):
        last = compound.kept(f"{TABLE}{number}", "households")
    here = last.parent
    assert last.exists() and sum(f.stat().st_size for f in here.iterdir()) <= 5_000
    compound.forget_uploads()
    assert not here.exists()


def test_what_a_killed_process_left_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own folder only: those of living processes and of others stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (
        f"xiaoqu-desk-{ended.pid}-a",
        f"xiaoqu-desk-{os.getpid()}-b",
        "xiaoqu-desk-x",
        "other",
    ):
        (tmp_path / name / "in").mkdir(parents=True)
    files.clear_leftovers("desk")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"xiaoqu-desk-{os.getpid()}-b", "xiaoqu-desk-x", "other"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(address: str) -> bytes:
    """What a page answers, once it listens."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return bytes(answer.read())
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_closed_terminal_ends_the_desk_and_what_it_keeps(tmp_path: Path) -> None:
    """SIGHUP goes the way of SIGTERM: no trace, no folder, no process left."""
    link = as_link(Session(case="own", own=Own(households=TABLE)))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "sim",
        "desk",
        "--no-browser",
        "--workers",
        "1",
        "--port",
        str(port),
    ]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {
        "TMPDIR": str(tmp_path)
    }
    # Whoever runs the tests under nohup has them all deaf to it, and the desk with them.
    hears = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    with subprocess.Popen(
        command, env=env, stderr=subprocess.PIPE, text=True, preexec_fn=hears
    ) as desk:
        assert desk.stderr is not None
        assert desk.stderr.readline().startswith("http://")
        try:
            assert b"xiaoqu" in asked(f"http://127.0.0.1:{port}/?s={link}")
            assert list(tmp_path.glob("xiaoqu-desk-*/*"))
            desk.send_signal(signal.SIGHUP)
            told = desk.stderr.read()
            assert desk.wait(30) != 0
        finally:
            desk.kill()
    assert "Traceback" not in told
    assert not list(tmp_path.glob("xiaoqu-*"))


# --- half-sent requests -------------------------------------------------------------------------


async def _plain(scope: Any, receive: Any, send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body"})


def test_half_a_request_is_cut_and_a_whole_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches lines that hold a place for ever without asking anything, the first time and later."""
    monkeypatch.setattr(patience, "HEAD_WITHIN", 0.3)
    port = free_port()
    config = uvicorn.Config(
        _plain, port=port, http=patience.Patient, log_level="error", timeout_keep_alive=60
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        for first in (b"", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                if first:
                    line.sendall(first)
                    assert line.recv(1000).startswith(b"HTTP/1.1 200")
                    time.sleep(0.5)  # a line that rests between two requests is not cut
                line.sendall(b"GET / HT")
                began = time.monotonic()
                assert line.recv(1000) == b"" and time.monotonic() - began < 5
    finally:
        server.should_exit = True
        thread.join()
