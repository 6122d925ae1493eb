"""The whole visit to the policy desk in a real browser; skipped where no Chromium is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from offices import REGISTER, ledger, text, tickets, workbook

from sim.desk.keeping import SCRIPT
from sim.desk.server import RECONNECT
from sim.desk.session import Plan, Planned, Session, as_link

BROWSER = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
DONE = {"zh": "已完成 40 次模拟", "en": "40 runs done"}
RUNS = 20
"""Replications of the whole visit: with and without measures 40 runs."""
MEASURES = ("building_meetings", "member_contact", "firm_tender")
REPEAT = 180_000
"""Milliseconds that a crowded machine may take."""
SOON = 20_000
"""Milliseconds after which a person clicks again."""
TAKEN = """number => document.querySelector('[data-name^=dose-]') &&
  document.querySelector(`[data-policy='${number}']`)?.ariaPressed == 'true'"""

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt-get install chromium"),
    # Left behind by the driver's own loop when it is stopped.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.xdist_group("desk"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A desk of its own: address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "sim",
        "desk",
        "--no-browser",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    # NiceGUI behaves otherwise where it sees pytest's mark.
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=plain) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.strip() == f"http://127.0.0.1:{port}/", line
        yield line.strip(), process.pid
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, server, tmp_path: Path) -> Iterator[Callable]:
    """Opens a page of its own; at the end no request may have left this machine."""
    contexts, outside, errors = [], [], []
    own = re.escape(tmp_path.as_uri())

    def look(url: str) -> None:
        if not re.match(rf"(data:|blob:|{own}|(http|ws)://127\.0\.0\.1:)", url):
            outside.append(url)

    def open_page(query: str = "", width: int = 1366, height: int = 768):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        context.on("request", lambda request: look(request.url))
        page.on("websocket", lambda socket: look(socket.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server[0] + query)
        page.wait_for_selector(".status")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not outside, outside
    assert not errors, errors


def test_a_user_does_not_get_what_another_left_in_the_browser(chromium) -> None:
    """Catches the work of one user of an office's desk that is opened for the next one at the machine."""
    script = SCRIPT.read_text(encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()

    def as_user(user: str) -> None:
        body = f'<script data-user="{user}">{script}</script>'
        page.unroute("**/*")
        page.route("**/*", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto("http://127.0.0.1:1/")

    for user in ("张工", "li.si", ""):
        as_user(user)
        assert page.evaluate("desk.length()") == 0
        page.evaluate("text => desk.keep(text)", f"of {user}")
    for user in ("张工", "li.si", ""):
        as_user(user)
        assert page.evaluate("desk.part(0, 99)") == f"of {user}"
    context.close()


def test_a_desk_begun_anew_asks_for_the_password_again(chromium) -> None:
    """Catches a page that waits for its line for ever, as the new desk does not know it."""
    script = SCRIPT.read_text(encoding="utf-8")
    context = chromium.new_context()
    page, loads, there = context.new_page(), [], [False]

    def answer(route) -> None:
        if route.request.url.endswith("/desk/font.otf"):
            route.fulfill(status=401) if there[0] else route.abort()
            return
        loads.append(route.request.url)
        body = f'<div id="popup" aria-hidden="true"></div><script>{script}</script>'
        route.fulfill(body=body, content_type="text/html")

    page.route("**/*", answer)
    page.goto("http://127.0.0.1:1/")
    page.evaluate("document.getElementById('popup').ariaHidden = false")
    page.wait_for_timeout(6000)
    assert len(loads) == 1
    there[0] = True
    with page.expect_navigation(timeout=20_000):
        pass
    assert len(loads) == 2
    context.close()


def wait_done(page, language: str) -> None:
    page.wait_for_function("t => document.querySelector('.status').innerText.includes(t)",
                           arg=DONE[language], timeout=REPEAT)  # fmt: skip


def add_measures(page, names: tuple[str, ...] = MEASURES) -> None:
    page.click("[data-step=measures]")
    page.click("[data-name=add-measure]")
    for name in names:
        page.click(f"[data-add={name}]")
        page.wait_for_selector(f"[data-add={name}][disabled]")
    page.click("[data-name=close]")
    page.wait_for_selector(f"[data-measure={names[-1]}]")


def ready(language: str, replications: int = 10) -> str:
    """A link to a session in which Kangqiao and three measures are chosen."""
    plan = Plan(name="A", measures=[Planned(measure=name) for name in MEASURES])
    session = Session(language=language, policies=[plan], replications=replications)
    return f"?s={as_link(session)}"


def curves(page) -> str:
    """The numbers of the large chart, as its table has them."""
    return page.inner_text("[data-name=curve-table] table")


def open_table(page) -> None:
    page.click("[data-name=curve-table] summary")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_whole_visit(visit, language: str, tmp_path: Path) -> None:
    """Catches a step of the visit that does not work, in either language."""
    page = visit(
        f"?s={as_link(Session(language=language, policies=[Plan(name='A')], replications=RUNS))}"
    )
    assert page.evaluate("document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]
    page.click("[data-case=kangqiao]")
    page.wait_for_selector("[data-case=kangqiao][aria-pressed=true]")
    add_measures(page)
    wait_done(page, language)
    open_table(page)
    before = curves(page)
    assert before.count("[") >= 10, before
    page.focus("[data-name=dose-member_contact]")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "t => document.querySelector('[data-name=curve-table] table').innerText != t", arg=before,
        timeout=REPEAT,
    )  # fmt: skip
    wait_done(page, language)
    first, *others = before.splitlines()[1:]
    after = curves(page).splitlines()[1:]
    assert after[0] == first, "what happens without measures cannot move"
    assert after[1:] != others
    assert "150%" in page.inner_text("[data-measure=member_contact]")
    said = page.inner_text("[data-name=sentences]")
    assert re.search(r"20次模拟中有\d+次" if language == "zh" else r"In \d+ of 20 runs", said), said
    play_the_map(page)
    if language == "zh":
        look_for_english(page)
    for kind in ("html", "pdf") if language == "zh" else ("html", "xlsx", "csv"):
        check_report(visit, page, kind, language, tmp_path)


@pytest.mark.slow
def test_an_office_visit(visit, tmp_path: Path) -> None:
    """Catches a step between an office's files and a paper for its leader that does not work, in either language."""
    files = {
        "register": workbook(tmp_path / "清册.xlsx", {"清册": REGISTER}),
        "ledger": text(tmp_path / "台账.csv", ledger(), "gb18030"),
        "tickets": text(tmp_path / "工单.csv", tickets()),
    }
    for language in ("zh", "en"):
        first = Session(language=language, case="own", policies=[Plan(name="A")], replications=10)
        page = visit(f"?s={as_link(first)}", 1366, 625)
        page.set_default_timeout(REPEAT)
        page.fill("[data-name=own-name]", "梧桐里")
        page.keyboard.press("Tab")
        for path in files.values():
            page.set_input_files("[data-name=upload] input[type=file]", path)
            page.wait_for_selector(f"[data-name=arrived]:has-text('{path.name}')")
            page.click("[data-name=arrived-use]")
            page.wait_for_selector("[data-name=arrived]", state="detached")
        # What the ledger tells cannot be typed over; what it makes the compound like is there by itself.
        assert page.input_value("[data-name=collection]") == "66.7"
        assert page.locator("[data-name=collection]").is_disabled()
        page.wait_for_selector("[data-name=fit] table")
        page.wait_for_timeout(2500)
        page.reload()
        page.wait_for_function(
            "document.querySelector('[data-name=own-name]')?.value == '梧桐里' &&"
            "document.querySelector('[data-name=collection]')?.value == '66.7'"
        )
        page.click("[data-step=measures]")
        for who, amount in (("cell", "40"), ("community", "60"), ("yuan", "3000")):
            page.fill(f"[data-name=budget-{who}]", amount)
            page.keyboard.press("Tab")
        page.click("[data-name=budget-go]")
        for number in (1, 2):
            # The first takes the place of the plan without a measure. What is found is shown anew whenever more
            # was tried, and a click on what has just gone is lost.
            taken, tries = False, 0
            while not taken:
                page.click(f"[data-found='{number}'] button")
                tries += 1
                try:
                    page.wait_for_function(TAKEN, arg=number - 1, timeout=SOON)
                    taken = True
                except Exception:
                    assert tries < 3
        page.wait_for_function(
            "() => /已完成|runs done/.test(document.querySelector('.status').innerText)"
        )
        page.click("[data-step=results]")
        page.wait_for_selector("[data-name=sentences]")
        ask_why(page)
        if language == "zh":
            look_for_english(page)
        look_at_paper(page, language, tmp_path)


def ask_why(page) -> None:
    """What carried the plan's effect, and one household, which the map picks too."""
    page.click("[data-name=why-effect-go]")
    page.wait_for_selector("[data-name=why-effect] svg")
    assert page.locator("[data-name=why-effect] li").count() in range(1, 6)
    page.click("[data-name=show-map]")
    page.wait_for_selector(".compound-map canvas")
    page.wait_for_timeout(500)
    page.evaluate("document.querySelector('.compound-map canvas').scrollIntoView()")
    box = page.locator(".compound-map canvas").bounding_box()
    for step in range(40):
        page.locator(".compound-map canvas").click(
            position={"x": 6 + 2 * step, "y": box["height"] - 44}
        )
        if page.input_value("[data-name=why-home]"):
            break
    page.wait_for_selector("[data-name=why-household] svg")
    row = page.input_value("[data-name=why-home]")
    assert re.search(rf"(?<!\d){row}(号住户|:)", page.inner_text("[data-name=why-household]"))


def look_at_paper(page, language: str, folder: Path) -> None:
    """The document is the compound's, compares the plans, and is in one language."""
    from docx import Document

    page.click("[data-step=report]")
    with page.expect_download(timeout=REPEAT) as waiting:
        page.click("[data-name=get-docx]")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    paper = Document(path)
    lines = [paragraph.text for paragraph in paper.paragraphs]
    lines += [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    told = "\n".join(lines)
    # The annex of the configuration names keys, which are the same in all languages.
    assert "梧桐里" in told and len(paper.tables) >= 3
    assert ("为什么" if language == "zh" else "Why") in told
    if language == "en":
        assert not re.search("[，。；：]", told)
        return
    end = next(k for k, line in enumerate(lines) if "附件" in line)
    paper_only = "\n".join(lines[:end])
    assert not re.findall(r"[A-Za-z]{2,}", paper_only), paper_only
    narrow = re.findall(r".{0,12}[\u4e00-\u9fff”）%] ?[,;:?!(].{0,12}", told)
    assert not narrow, narrow


def look_for_english(page) -> None:
    """No English word and no narrow mark stands on any step of the Chinese page."""
    for step in ("compound", "measures", "results", "report"):
        page.click(f"[data-step={step}]")
        page.wait_for_selector(f"[data-step={step}][aria-current=step]")
        page.wait_for_timeout(300)
        # Icons are words of their font.
        said, icons = page.evaluate(
            "[document.body.innerText, [...document.querySelectorAll('.q-icon')].map(e => e.innerText)]"
        )
        for icon in icons:
            said = said.replace(icon, " ")
        words = set(re.findall(r"[A-Za-z]{2,}", said)) - {"English", "PDF", "GB"}
        assert not words, f"{step}: {words}"
        narrow = re.findall(r".{0,12}[\u4e00-\u9fff”）%] ?[,;:?!(].{0,12}", said)
        assert not narrow, f"{step}: {narrow}"


def play_the_map(page) -> None:
    page.click("[data-step=results]")
    page.click("[data-name=show-map]")
    page.wait_for_selector(".compound-map canvas", timeout=REPEAT)
    first = page.inner_text(".map-said")
    page.click(".map-play")
    page.wait_for_function("Number(document.querySelector('.map-month').innerText) >= 4")
    page.click(".map-play")
    assert page.inner_text(".map-said") != first
    painted = page.evaluate(
        "() => { const c = document.querySelector('.compound-map canvas');"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "return new Set(new Uint32Array(d.buffer)).size }"
    )
    assert painted > 4, "the map is blank"


def check_report(visit, page, kind: str, language: str, folder: Path) -> None:
    # Chosen again, the step would be built anew under the click on its button.
    if page.get_attribute("[data-step=report]", "aria-current") != "step":
        page.click("[data-step=report]")
    with page.expect_download(timeout=REPEAT) as waiting:
        page.click(f"[data-name=get-{kind}]")
    name = waiting.value.suggested_filename
    path = folder / name
    waiting.value.save_as(path)
    title = (
        "重庆大足康桥名邸-报告-20"
        if language == "zh"
        else "Kangqiao_Mingdi_Dazu_Chongqing-Report-20"
    )
    assert name.startswith(title) and name.endswith(".zip" if kind == "csv" else f".{kind}"), name
    if kind == "html":
        report = page.context.new_page()
        report.goto(path.as_uri())
        assert report.locator("svg").count() >= 5
        text = report.inner_text("main")
        assert ("模型不能回答什么" if language == "zh" else "What the model cannot say") in text
        assert report.evaluate("document.fonts.check('16px ReportSans', '小区')")
        report.close()
    elif kind == "pdf":
        assert path.read_bytes().startswith(b"%PDF-")
    else:
        assert zipfile.ZipFile(path).testzip() is None


@pytest.mark.slow
def test_undo_link_and_file_bring_a_session_back(visit, tmp_path: Path) -> None:
    """Catches a session that does not hold all that was chosen."""
    page = visit(ready("en"))
    page.click("[data-step=measures]")
    page.focus("[data-name=dose-firm_tender]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "document.querySelector('[data-measure=firm_tender]')?.innerText.includes('95%')"
    )
    page.click("text=Undo")
    page.wait_for_function(
        "document.querySelector('[data-measure=firm_tender]')?.innerText.includes('100%')"
    )
    page.click("text=Redo")
    page.wait_for_function(
        "document.querySelector('[data-measure=firm_tender]')?.innerText.includes('95%')"
    )
    page.click("text=Session")
    page.click("text=Make a link")
    page.wait_for_function("document.querySelector('[data-name=link]')?.value?.includes('?s=')")
    link = page.input_value("[data-name=link]")
    page.click("[data-name=copy]")
    page.wait_for_selector("text=Copied")
    page.keyboard.press("Escape")
    # A reload loses nothing, and neither does another tab of a browser that was started anew.
    page.wait_for_timeout(2500)
    kept = page.evaluate("desk.length()")
    assert kept > 100
    page.reload()
    page.wait_for_selector("text=What you had is back")
    page.click("[data-step=measures]")
    assert "95%" in page.inner_text("[data-measure=firm_tender]")
    page.click("text=Session")
    with page.expect_download(timeout=REPEAT) as waiting:
        page.click("text=Save to a file")
    saved = tmp_path / "session.json"
    waiting.value.save_as(saved)
    again = visit(link[link.index("?") :])
    again.click("[data-step=measures]")
    assert "95%" in again.inner_text("[data-measure=firm_tender]")
    other = visit("?lang=zh")
    other.click("text=我的方案")
    other.click("text=打开文件")
    other.set_input_files(".q-dialog input[type=file]", saved)
    other.wait_for_selector("text=Undo")
    other.wait_for_function("document.documentElement.lang == 'en'")
    other.click("[data-step=measures]")
    assert "95%" in other.inner_text("[data-measure=firm_tender]")
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(saved.read_text("utf-8").replace("firm_tender", "<img src=x>"), "utf-8")
    other.click("text=Session")
    other.click("text=Open a file")
    other.set_input_files(".q-dialog input[type=file]", spoilt)
    other.wait_for_selector("text=no measure is named")


def test_the_other_language_is_the_whole_page(visit) -> None:
    """Catches a page that is named in the language it was left in, and an error on the way."""
    page = visit(ready("zh"))
    for button, lang, title in (
        ("English", "en", "Policy desk for residential compounds"),
        ("中文", "zh-CN", "小区治理措施比选工具"),
    ):
        page.click(f"text={button}")
        page.wait_for_function(
            "([lang, title]) => document.documentElement.lang == lang && document.title == title",
            arg=[lang, title],
        )
    page.wait_for_timeout(500)
    assert page.locator(".q-notification").count() == 0


@pytest.mark.slow
def test_start_and_end_stay_in_order(visit) -> None:
    """Catches sliders that stand elsewhere than the session, and a message for each key pressed."""
    plan = Plan(name="A", measures=[Planned(measure="mediation", start=8, end=10)])
    session = Session(language="en", policies=[plan], replications=10)
    page = visit(f"?s={as_link(session)}")
    page.click("[data-step=measures]")
    for name, key, stays in (("start", "ArrowRight", "9"), ("end", "ArrowLeft", "10")):
        page.focus(f"[data-name={name}-mediation]")
        for _ in range(4):
            page.keyboard.press(key)
            page.wait_for_timeout(150)
        # The last answer may still be on its way from a busy desk.
        page.wait_for_function(
            "([name, stays]) => document.querySelector(`[data-name=${name}-mediation]`).value == stays",
            arg=[name, stays],
        )
        assert page.input_value(f"[data-name={name}-mediation]") == stays
    assert page.locator(".q-notification").count() == 0
    assert "Stops from month" in page.inner_text("[data-measure=mediation]")


def test_the_form_says_what_it_took(visit) -> None:
    """Catches figures without a unit, refused in silence, or of no meaning beside a table."""
    page = visit(f"?s={as_link(Session(case='own', policies=[Plan(name='A')], replications=10))}")
    price = page.locator("[data-name='population.price_fen_per_m2']")
    assert "元/㎡·月" in price.get_attribute("aria-label")
    price.fill("1.855")
    page.keyboard.press("Tab")
    page.wait_for_selector(".q-field__messages:has-text('最多两位小数')")
    page.wait_for_function(
        "document.querySelector(\"[data-name='population.price_fen_per_m2']\").value == '1.5'"
    )
    people = b"building,floor,room\n" + b"1,1,101\n" * 12
    for data, said in (
        (b"", "文件是空的"),
        (b"building,stair\n", "缺少“楼层”列"),
        (people, "“101”与第2行重复"),
    ):
        give(page, "a.csv", data)
        page.wait_for_selector(f".q-notification:has-text('{said}')")
        page.wait_for_selector("[data-name=upload]:not(:has-text('a.csv'))")
    table = "building,stair,floor,tenure\n" + "1,1,1,owner\n1栋,1,1,owner\n" * 6 + "合计,,12,\n"
    give(page, "a.csv", table.encode())
    page.wait_for_selector(
        "text=12 户，1 栋楼，1 个单元，楼层 1 至 1；业主 12 户、租户 0 户、空置 0 户"
    )
    page.wait_for_selector("text=略去第 14 行（“合计”，合计行）；楼栋 1 有多种写法：1、1栋")
    assert page.input_value("[data-name='population.households']") == "12"
    assert page.locator("[data-name='population.households']").is_disabled()
    assert page.locator("[data-name='population.tenant_share']").is_disabled()
    assert page.locator("[data-name='population.elderly_share']").is_enabled()


def give(page, name: str, data: bytes) -> None:
    """Hand a file to the page's own door."""
    page.set_input_files(
        "[data-name=upload] input[type=file]",
        {"name": name, "mimeType": "text/csv", "buffer": data},
    )


def test_a_count_never_overtakes_what_is_typed(visit) -> None:
    """Catches active members typed as 15 and taken as 18, which followed from the members typed before."""
    page = visit("?lang=en")
    page.click("[data-case=own]")
    for members, active, pause in (("60", "15", 0), ("90", "21", 150), ("40", "9", 40)):
        typed = {"population.member_share": members, "population.active_share": active}
        for name, value in typed.items():
            page.focus(f"[data-name='{name}']")
            page.keyboard.press("Control+A")
            page.keyboard.type(value, delay=pause)
            page.keyboard.press("Tab")
        page.wait_for_timeout(2500)
        page.reload()
        page.wait_for_function(
            "typed => Object.entries(typed).every(([name, value]) =>"
            " document.querySelector(`[data-name='${name}']`)?.value == value)",
            arg=typed,
        )
    # What was not handed in is asked about before the page is left, however long it stands there.
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.click("[data-name='population.member_share']")
    page.keyboard.type("1")
    page.wait_for_timeout(2500)
    page.reload()
    assert asked == ["beforeunload"]


def test_own_compound_starts_where_it_can(visit) -> None:
    """Catches a start that is claimed and not measured, a form that names no reason or forgets what is typed."""
    page = visit("?lang=en")
    page.click("[data-case=own]")
    typed = {"population.households": "400", "population.member_share": "30", "collection": "45"}
    for name, value in typed.items():
        page.fill(f"[data-name='{name}']", value)
        page.keyboard.press("Tab")
    page.wait_for_selector("[data-name=fit]:has-text('starts at')", timeout=REPEAT)
    told = re.search(r"starts at (\d+)%; 45% was given", page.inner_text("[data-name=fit]"))
    assert told, "what is claimed of the start is counted from its runs"
    assert {name: page.input_value(f"[data-name='{name}']") for name in typed} == typed
    assert abs(int(told.group(1)) - 45) <= 5 or page.is_visible("[data-name=mend]")
    page.fill("[data-name='population.households']", "900000")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=too many for the desk")
    table = "building,stair,floor,tenure\n" + "1,1,1,owner\n" * 11 + "1,1,x,owner\n"
    give(page, "evil.csv", table.encode())
    page.wait_for_selector("text=evil.csv: row 13: floor")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_nothing_is_cut_off(visit, width: int, height: int) -> None:
    """Catches a page wider than the screen, and letters that are not our own font's."""
    page = visit(ready("zh"), width, height)
    for step in ("compound", "measures", "results", "report"):
        page.click(f"[data-step={step}]")
        page.wait_for_timeout(400)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{step} is {wide} wide"
    page.click("[data-step=measures]")
    page.click("[data-name=add-measure]")
    page.wait_for_selector("[data-add=mediation]")
    tall = page.evaluate("[...document.querySelectorAll('[data-add]')].map(b => b.offsetHeight)")
    assert max(tall) < 48, "a button's word is broken into two lines"
    loaded = "[...document.fonts].some(f => f.family == 'DeskSans' && f.status == 'loaded')"
    page.wait_for_function(loaded)


def test_everything_has_a_name_for_those_who_do_not_see(visit) -> None:
    """Catches a button, slider, field or picture without a name."""
    page = visit(ready("en"))
    nameless = """() => [...document.querySelectorAll(
        'button, [role=slider], input, textarea, select, [role=img], canvas')]
        .filter(e => e.offsetParent !== null && !(e.innerText || '').trim()
          && !e.getAttribute('aria-label') && !(e.labels && e.labels.length)
          && !e.closest('[aria-label]'))
        .map(e => e.outerHTML.slice(0, 200))"""
    for step in ("compound", "measures", "results", "report"):
        page.click(f"[data-step={step}]")
        page.wait_for_timeout(300)
        found = page.evaluate(nameless)
        assert not found, json.dumps(found, indent=1)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads processor time from /proc")
def test_closing_the_browser_frees_the_work(visit, server) -> None:
    """Catches work that goes on for nobody."""
    page = visit("?lang=en")
    page.click("[data-case=shenhong]")
    add_measures(page)
    page.click("[data-step=report]")
    page.focus("[data-name=replications]")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("/ of 400/.test(document.querySelector('.status').innerText)")
    page.context.close()
    end, spent = time.monotonic() + RECONNECT + 10, 2.0
    while spent >= 1.0 and time.monotonic() < end:
        before = processor_seconds(server[1])
        time.sleep(2)
        spent = processor_seconds(server[1]) - before
    assert spent < 1.0


def processor_seconds(parent: int) -> float:
    """Processor time of all worker processes of a server."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            total += int(fields[11]) + int(fields[12])
    return total / 100
