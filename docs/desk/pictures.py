"""Takes the pictures of docs/desk.md from a running desk; with --times it times a moved slider first.

xiaoqu desk --no-browser & python docs/desk/pictures.py [http://127.0.0.1:8520/] [--times]
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from sim.desk.compound import named_policy
from sim.desk.session import Plan, Planned, Session, as_link

HERE = Path(__file__).parent
MOVES = 5
SECOND = 6_000
"""Milliseconds in which the first sets are lived a second time."""
PATIENCE = 900_000
"""Milliseconds that a busy machine may take."""
WATCH = """() => { const s = document.querySelector('.status'); window.seen = [];
  new MutationObserver(() => seen.push([performance.now(), s.innerText])).observe(
  s, {subtree: true, characterData: true, childList: true}); }"""


def session(language: str) -> Session:
    """Kangqiao with the five-level linkage, two single measures, and both without a new firm."""
    whole = named_policy(
        "five_level_linkage", {"zh": "五级联动", "en": "Five-level linkage"}[language]
    )
    less = [planned for planned in whole.measures if planned.measure != "firm_tender"]
    plans = [
        whole,
        Plan(name={"zh": "不换物业服务企业", "en": "No new firm"}[language], measures=less),
        Plan(
            name={"zh": "两项措施", "en": "Two measures"}[language],
            measures=[
                Planned(measure="member_contact"),
                Planned(measure="building_meetings", end=24),
            ],
        ),
    ]
    return Session(language=language, policies=plans)


def wait_done(page: Any) -> None:
    """Until all runs are there."""
    page.wait_for_function("/已完成|runs done/.test(document.querySelector('.status').innerText)")


def go(page: Any, step: str) -> None:
    """To a step, and until it is there."""
    page.click(f"[data-step={step}]")
    page.wait_for_selector(f"[data-step={step}][aria-current=step]")
    page.wait_for_timeout(1500)


def shoot(page: Any, name: str) -> None:
    """One picture."""
    page.wait_for_timeout(900)
    path = HERE / f"{name}.png"
    page.screenshot(path=path)
    # 128 colours are enough for a page, and a quarter of the bytes.
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


def look(page: Any, address: str, language: str, suffix: str) -> None:
    """Pictures of every step."""
    page.goto(f"{address}?s={as_link(session(language))}")
    wait_done(page)
    shoot(page, f"compound-{suffix}")
    go(page, "measures")
    shoot(page, f"measures-{suffix}")
    go(page, "results")
    # Second runs, which nobody waits for, give bands their dark part.
    page.wait_for_timeout(SECOND)
    page.evaluate("scrollTo(0, 0)")
    shoot(page, f"results-{suffix}")
    page.click("[data-name=show-map]")
    page.wait_for_selector(".compound-map canvas")
    page.locator(".map-slider input").fill("12")
    page.locator(".compound-map").scroll_into_view_if_needed()
    shoot(page, f"map-{suffix}")
    page.click("[data-name=parts]")
    page.wait_for_function("document.querySelector('[data-name=parts-sum]').innerText")
    wait_done(page)
    page.locator("[data-name=parts-chart]").scroll_into_view_if_needed()
    shoot(page, f"parts-{suffix}")
    page.click("[data-name=why-effect-go]")
    page.wait_for_selector("[data-name=why-effect] svg")
    page.evaluate("document.querySelector('.why').scrollIntoView()")
    shoot(page, f"why-{suffix}")
    go(page, "report")
    shoot(page, f"report-{suffix}")


def clock(page: Any, address: str) -> None:
    """Time from a key press on a slider to the first new runs and to all 100."""
    page.goto(f"{address}?s={as_link(session('en'))}")
    wait_done(page)
    page.click("[data-step=measures]")
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    for move in range(MOVES):
        page.evaluate("seen.length = 0")
        page.focus("[data-name=dose-member_contact]")
        start = page.evaluate("performance.now()")
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(700)
        wait_done(page)
        seen = [(at - start, text) for at, text in page.evaluate("seen")]
        # 300 runs of the other three are there: the first number above is new.
        new = [at for at, text in seen if "Running: 3" in text and "Running: 300" not in text]
        done = [at for at, text in seen if "done" in text]
        print(
            f"move {move + 1}: first bands {new[0] / 1000:.2f} s, all 100 {done[-1] / 1000:.2f} s"
        )


def main() -> None:
    """Take all pictures."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    address = words[0] if words else "http://127.0.0.1:8520/"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        # What a browser leaves of a screen of 1366 by 768.
        page = browser.new_page(viewport={"width": 1366, "height": 625})
        page.set_default_timeout(PATIENCE)
        began = time.monotonic()
        if "--times" in sys.argv:
            clock(page, address)
        for language in ("zh", "en"):
            look(page, address, language, language)
        phone = browser.new_page(viewport={"width": 390, "height": 844})
        phone.set_default_timeout(PATIENCE)
        look(phone, address, "zh", "phone")
        print(f"{time.monotonic() - began:.0f} s")
        browser.close()


if __name__ == "__main__":
    main()
