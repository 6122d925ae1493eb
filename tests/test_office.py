"""An office's desk: who is let in by name, and the plans that each keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("nicegui")

from test_desk_guard import _never, pages

from sim.desk import office
from sim.desk.guard import USER, Guard
from sim.desk.office import Plans, users
from sim.desk.refusals import refusal
from sim.desk.session import Session
from sim.errors import InputError

TWO = {"张工": "password one", "li.si": "password two"}


def test_each_user_comes_in_by_name_and_is_told_apart() -> None:
    """Catches a word that opens for another name, and a sign that is taken for somebody else's."""
    seen: list[str] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope[USER])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guard = Guard(inside, users=TWO)
    status, _, text = pages(guard, "/")
    assert status == 401 and 'name="user"' in text
    for user, word in (("张工", "password two"), ("", "password one"), ("nobody", "password one")):
        body = urlencode({"user": user, "key": word}).encode()
        assert pages(guard, "/", method="POST", body=body)[0] == 401
    signs = []
    for user, word in TWO.items():
        body = urlencode({"user": user, "key": word}).encode()
        status, headers, _ = pages(guard, "/", method="POST", body=body)
        assert status == 303
        signs.append(headers[b"set-cookie"].decode().partition(";")[0])
        assert pages(guard, "/x", cookie=signs[-1])[0] == 200
    assert seen == list(TWO) and signs[0] != signs[1]
    assert pages(Guard(_never, users=TWO), "/", cookie=signs[0])[0] == 401


def test_a_wrong_word_does_not_cost_the_name(tmp_path: Path) -> None:
    """Catches a form that has to be filled anew, markup in it, and a cursor in the second field."""
    guard = Guard(_never, users=TWO)
    first = pages(guard, "/")[2]
    assert 'name="user" value="" autofocus' in first and first.count("autofocus") == 1
    body = urlencode({"user": '张工"><b>', "key": "wrong"}).encode()
    again = pages(guard, "/", method="POST", body=body)[2]
    assert 'value="张工&quot;&gt;&lt;b&gt;"' in again and 'type="password" autofocus' in again
    assert again.count("autofocus") == 1


def test_users_are_read_and_bad_lines_refused(tmp_path: Path) -> None:
    file = tmp_path / office.USERS
    file.write_text("张工:password: one\n\nli.si:password two\n", encoding="utf-8")
    assert users(tmp_path) == {"张工": "password: one", "li.si": "password two"}
    for bad, where in (
        ("a:short", "line 1"), ("ok:password1\n../x:password1", "line 2"), ("..:password1", "line 1"),
        ("a:password1\na:password2", "line 2: names a once more"), ("", "names nobody"),
    ):  # fmt: skip
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(InputError, match=where) as refused:
            users(tmp_path)
        # What is refused may hold a password, and the line is printed.
        assert "short" not in str(refused.value) and "password1" not in str(refused.value)
    with pytest.raises(InputError, match="No such file"):
        users(tmp_path / "none")


def test_plans_are_each_users_own_and_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a name that leads out of the folder, a plan lost, and a disk filled."""
    mine, others = Plans(tmp_path, "张工"), Plans(tmp_path, "li.si")
    session = Session(language="zh", months=36)
    assert mine.names() == []
    assert mine.keep("../../三年 方案?", session) == "三年_方案"
    assert mine.names() == ["三年_方案"] and mine.get("三年_方案") == session
    assert others.names() == [] and not list(tmp_path.glob("*.json"))
    assert mine.keep("三年_方案", session.model_copy(update={"months": 48})) == "三年_方案"
    assert mine.get("三年_方案").months == 48
    with pytest.raises(InputError, match="name"):
        mine.keep(" ..", session)
    monkeypatch.setattr(office, "MOST_PLANS", 1)
    with pytest.raises(InputError, match="at most 1"):
        mine.keep("another", session)
    mine.drop("三年_方案")
    assert mine.names() == []
    # A copy of the folder is all there is.
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == []


def test_an_office_without_users_does_not_start(xiaoqu: Any, tmp_path: Path) -> None:
    code, _, said = xiaoqu("desk", "--no-browser", "--office", str(tmp_path))
    assert code == 2 and "users.txt" in said and said.count("\n") == 1


def test_one_plan_never_takes_the_place_of_another_of_nearly_the_same_name(tmp_path: Path) -> None:
    plans = Plans(tmp_path, "a")
    assert plans.keep("方案/一", Session()) == "方案_一"
    with pytest.raises(InputError, match="name: '方案 一' would take the place of 方案_一"):
        plans.keep("方案 一", Session())
    assert plans.keep("方案_一", Session()) == "方案_一"
    with pytest.raises(InputError, match="name: has 42 letters"):
        plans.keep("一" * 41 + "甲", Session())
    assert plans.names() == ["方案_一"]


def test_what_is_wrong_with_a_plan_is_said_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an English line on the Chinese page."""
    plans = Plans(tmp_path, "a")
    plans.keep("方案/一", Session())
    monkeypatch.setattr(office, "MOST_PLANS", 1)
    for does, said in (
        (lambda: plans.keep(" ", Session()), "方案名称：没有可用的文字；允许：1 至 40 个字"),
        (lambda: plans.keep("一" * 41, Session()), "方案名称：共 41 个字，太长；允许：1 至 40"),
        (
            lambda: plans.keep("方案 一", Session()),
            "方案名称：“方案 一”会覆盖已有的“方案_一”；允许：填写“方案_一”本身，或改用别的名称",
        ),
        (lambda: plans.keep("二", Session()), "服务器上的方案：已保存 1 个；允许：最多 1"),
        (lambda: plans.get("三"), "服务器上的方案：已不存在，可能已被删除；允许：列表中的方案"),
    ):
        with pytest.raises(InputError) as refused:
            does()
        assert refusal(refused.value, "zh").startswith(said)


def test_a_full_disk_leaves_no_half_of_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    plans = Plans(tmp_path, "a")
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match="No space left"):
        plans.keep("b", Session())
    assert not list((tmp_path / "plans" / "a").iterdir())
