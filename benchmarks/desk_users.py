"""Twenty visits to a running desk at once, each with a policy of its own: do they keep answering?

xiaoqu desk --no-browser & python benchmarks/desk_users.py [users] [http://127.0.0.1:8520/]
"""

from __future__ import annotations

import shutil
import sys
import time

import numpy as np
from playwright.sync_api import sync_playwright

from sim.desk.compound import named_policy
from sim.desk.session import Session, as_link

CLICKS = 10


def link(user: int) -> str:
    """A session whose runs nobody else has asked for."""
    plan = named_policy("five_level_linkage", "A")
    first = plan.measures[0].model_copy(update={"dose": 0.5 + user / 50})
    return as_link(
        Session(
            language="en",
            policies=[plan.model_copy(update={"measures": [first, *plan.measures[1:]]})],
        )
    )


def main() -> None:
    """Open all, click about in one, wait for all."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    address = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8520/"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        pages = [context.new_page() for _ in range(users)]
        began = time.monotonic()
        for user, page in enumerate(pages):
            page.goto(f"{address}?s={link(user)}")
            page.wait_for_selector(".status")
        print(f"{users} pages open after {time.monotonic() - began:.1f} s")
        waits = []
        for click in range(CLICKS):
            start = time.monotonic()
            name = ("measures", "compound")[click % 2]
            pages[-1].click(f"[data-step={name}]")
            pages[-1].wait_for_selector(f"[data-step={name}][aria-current=step]")
            waits.append(time.monotonic() - start)
            time.sleep(0.3)
        busy = sum("Running" in page.inner_text(".status") for page in pages)
        print(
            f"a click is answered in {np.median(waits):.2f} s (longest {max(waits):.2f} s), {busy} still running"
        )
        for page in pages:
            page.wait_for_function(
                "/runs done/.test(document.querySelector('.status').innerText)", timeout=600_000
            )
        print(f"all {users * 100 + 100} runs after {time.monotonic() - began:.1f} s")
        browser.close()


if __name__ == "__main__":
    main()
