"""Opens a page in the Chromium of Qt, old ones among them, runs lines of JavaScript in turn, prints what each gives.

    PYTHON qt_page.py ADDRESS PICTURE.png SCRIPT ...

PYTHON is one with PyQtWebEngine (5.15: Chromium 87) or PySide6 (6.3: Chromium 94). A picture is taken at the end.
"""  # fmt: skip

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")
os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--no-sandbox --disable-gpu"
os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"

try:
    from PyQt5.QtCore import Qt, QTimer, QUrl
    from PyQt5.QtWebEngineWidgets import QWebEnginePage, QWebEngineView
    from PyQt5.QtWidgets import QApplication

    QApplication.setAttribute(Qt.AA_ShareOpenGLContexts)
except ImportError:
    from PySide6.QtCore import QTimer, QUrl
    from PySide6.QtWebEngineCore import QWebEnginePage
    from PySide6.QtWebEngineWidgets import QWebEngineView
    from PySide6.QtWidgets import QApplication

BEGINS, BETWEEN = 10_000, 4_000
"""Milliseconds until the first script, and between two."""


class Page(QWebEnginePage):
    """Says what goes wrong in it."""

    def javaScriptConsoleMessage(self, level, message, line, source):
        print(json.dumps({"console": message[:300], "line": line}), flush=True)


def main(address: str, picture: str, *scripts: str) -> None:
    app = QApplication([sys.argv[0], "--no-sandbox"])
    view = QWebEngineView()
    page = Page(view)
    view.setPage(page)
    view.resize(1366, 900)
    view.show()
    waiting = list(scripts)

    def go_on(told: object = None) -> None:
        print(json.dumps({"told": told}, ensure_ascii=False), flush=True)
        QTimer.singleShot(BETWEEN, step)

    def step() -> None:
        if waiting:
            script = waiting.pop(0)
            try:
                page.runJavaScript(script, go_on)
            except TypeError:
                page.runJavaScript(script, 0, go_on)
            return
        view.grab().save(picture)
        os._exit(0)

    QTimer.singleShot(BEGINS, step)
    view.load(QUrl(address))
    app.exec_() if hasattr(app, "exec_") else app.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
