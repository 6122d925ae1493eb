"""A kit for a machine without internet: wheels for its platform, start scripts, a page that says what to do.

Made on any machine that reaches a package index. ``pip download`` asks markers such as ``sys_platform == "win32"``
of the machine it runs on, not of the one it downloads for: on Linux it wants uvloop for Windows, which there is
not. So pip only fetches; what every wheel needs is read from the wheels themselves, with the target's answers,
until nothing is missing.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from email.parser import HeaderParser
from pathlib import Path
from platform import machine
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from sim import __version__
from sim.errors import InputError
from sim.experiments.store import told_as_input_error
from sim.files import whole
from sim.source import PACKAGE

EXTRAS = ("desk", "science", "export")
"""Parts of xiaoqu that a kit brings beside the bare package."""

FROM_SOURCE = ("antlr4-python3-runtime==4.9.3",)
"""What Hydra needs that lies on the index as source only; plain Python, so one wheel serves every platform."""

PYTHONS = ("3.11", "3.12", "3.13")

ROUNDS = 30
"""Times that missing wheels are looked for: each may need others, or an older version of one that is there."""


CPU = "x86-64-v3"
"""What rules are compiled for where a kit carries them: processors since 2013, as LLVM calls what these have in common."""

_COMPILED_BY = (
    ("run", "months=1", "replications=1"),
    ("run", "scenario=kangqiao", "policy=five_level_linkage", "months=1", "replications=1"),
)
"""Commands whose rules a kit carries: what the desk asks for first. Others are compiled when they are asked for."""


class Platform(NamedTuple):
    """What a kit is made for.

    Attributes:
        tags: Platform tags, the best first, as pip takes them.
        marks: How requirements are answered there.
    """

    tags: tuple[str, ...]
    marks: dict[str, str]


def _glibc(machine: str) -> tuple[str, ...]:
    return (*(f"manylinux_2_{k}_{machine}" for k in range(28, 4, -1)), f"manylinux2014_{machine}")


def _platform(tags: tuple[str, ...], system: str, machine: str) -> Platform:
    name = {"Windows": "win32", "Linux": "linux", "Darwin": "darwin"}[system]
    os_name = "nt" if system == "Windows" else "posix"
    marks = {"sys_platform": name, "platform_system": system, "os_name": os_name}
    return Platform(tags, {**marks, "platform_machine": machine})


PLATFORMS = {
    "win_amd64": _platform(("win_amd64",), "Windows", "AMD64"),
    "linux_x86_64": _platform(_glibc("x86_64"), "Linux", "x86_64"),
    "linux_aarch64": _platform(_glibc("aarch64"), "Linux", "aarch64"),
    "macos_arm64": _platform(
        tuple(f"macosx_{k}_0_{kind}" for k in range(14, 10, -1) for kind in ("arm64", "universal2")),
        "Darwin", "arm64",
    ),
}  # fmt: skip
"""Platforms that a kit can be made for."""


def bundle(
    out: Path,
    platform: str = "win_amd64",
    python: str = "3.12",
    wheel: Path | None = None,
    embedded: Path | None = None,
    compiled: bool = False,
) -> list[str]:
    """Make a kit.

    Args:
        out: The zip file.
        platform: A key of ``PLATFORMS``.
        python: Version of Python there.
        wheel: Wheel of xiaoqu; built from the checkout if left out.
        embedded: Zip of Python for Windows ("embeddable package"), put in so that nothing need be
            installed.
        compiled: Carry compiled rules too, which takes some minutes here and saves them there; for this machine's
            own platform and Python only, since nothing compiles for another.

    Returns:
        Names of the wheels.

    Raises:
        InputError: An unknown platform or Python, no checkout to build from, no package index, wheels that
            the index has not for that platform, or a place that cannot be written.
    """
    if platform not in PLATFORMS:
        raise InputError("platform", f"{platform!r} is not known", ", ".join(PLATFORMS))
    if python not in PYTHONS:
        raise InputError("python", f"{python!r} is not served", ", ".join(PYTHONS))
    if not out.parent.is_dir():
        raise InputError(
            str(out), f"there is no folder {out.parent}", "a file in a folder that is there"
        )
    if embedded is not None:
        if platform != "win_amd64" or not zipfile.is_zipfile(embedded):
            raise InputError(
                "embedded",
                f"{embedded} is no zip of Python",
                "python-*-embed-amd64.zip for win_amd64",
            )
        with zipfile.ZipFile(embedded) as archive:
            if _paths_of(python) not in archive.namelist():
                allowed = f"python-{python}.*-embed-amd64.zip"
                raise InputError("embedded", f"{embedded} is no Python {python}", allowed)
    if compiled and not _compiles_for(platform, python):
        problem = f"rules for {platform} and Python {python} cannot be compiled here"
        raise InputError(
            "compiled", problem, "linux_x86_64, made on such a machine with that Python"
        )
    with tempfile.TemporaryDirectory(prefix="xiaoqu-bundle-") as place, told_as_input_error(out):
        kit = Path(place) / f"xiaoqu-{__version__}-{platform}"
        wheels = kit / "wheels"
        wheels.mkdir(parents=True)
        _own_wheel(wheel, wheels)
        _fill(wheels, PLATFORMS[platform], python)
        if embedded is not None:
            _unpack_python(kit, embedded, PLATFORMS[platform], python)
        if compiled:
            _compile(kit, Path(place) / "trial")
        _write_scripts(kit, platform, python, embedded is not None)
        with whole(out) as part:
            _pack(kit, part)
        return sorted(path.name for path in wheels.iterdir())


# --- wheels -------------------------------------------------------------------------------------


def _pip(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        told = (lines or done.stderr.splitlines() or ["pip failed"])[-1]
        raise InputError("pip", told.removeprefix("ERROR: "), "a package index that is reached")


def _own_wheel(given: Path | None, wheels: Path) -> None:
    if given is not None:
        try:
            name = parse_wheel_filename(given.name)[0]
        except ValueError:
            name = canonicalize_name("none")
        if name != "xiaoqu" or not given.is_file():
            raise InputError("wheel", f"{given} is no wheel of xiaoqu", "xiaoqu-*.whl")
        shutil.copy(given, wheels)
    elif (PACKAGE.parent / "pyproject.toml").is_file():
        _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(PACKAGE.parent))
    else:
        raise InputError("wheel", "is not given, and this is no checkout", "--wheel xiaoqu-*.whl")


def _fill(wheels: Path, platform: Platform, python: str) -> None:
    """Download what xiaoqu's wheel and its extras need, until nothing is missing."""
    _pip("wheel", "--no-deps", "--wheel-dir", str(wheels), *FROM_SOURCE)
    there = [word for tag in platform.tags for word in ("--platform", tag)]
    there += ["--python-version", python, "--implementation", "cp", "--only-binary=:all:"]
    there += ["--no-deps", "--dest", str(wheels), "--find-links", str(wheels)]
    for _ in range(ROUNDS):
        wanted = missing(wheels, platform, python)
        if not wanted:
            return
        for requirement in wanted:
            for path, name, _version in _found(wheels):
                if name == requirement.name:
                    path.unlink()
        _pip("download", *there, *map(str, wanted))
    raise InputError("wheels", f"{', '.join(map(str, wanted))} cannot be had", "packages as wheels")


def _found(wheels: Path) -> list[tuple[Path, NormalizedName, Version]]:
    return [(path, *parse_wheel_filename(path.name)[:2]) for path in sorted(wheels.glob("*.whl"))]


def missing(
    wheels: Path, platform: Platform, python: str, extras: Sequence[str] = EXTRAS
) -> list[Requirement]:
    """What the wheels in a folder need, as asked on a platform, that no wheel there is.

    Args:
        wheels: Folder of wheels, xiaoqu's among them.
        platform: Where they are to be installed.
        python: Version of Python there.
        extras: Of xiaoqu.

    Returns:
        A requirement for each package, all that is asked of its version together.

    Raises:
        InputError: A wheel is for another platform or Python.
    """
    tags, here = set(_tags(platform, python)), {}
    for path, name, version in _found(wheels):
        if not tags & parse_wheel_filename(path.name)[3]:
            raise InputError(path.name, "is for another platform or Python", "wheels that fit")
        here[name] = (version, path)
    asked: dict[NormalizedName, SpecifierSet] = {}
    seen: set[tuple[NormalizedName, frozenset[str]]] = set()
    waiting = [(canonicalize_name("xiaoqu"), frozenset(extras))]
    while waiting:
        one = waiting.pop()
        if one in seen or one[0] not in here:
            continue
        seen.add(one)
        for requirement in _needs(here[one[0]][1], one[1], platform, python):
            name = canonicalize_name(requirement.name)
            asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier
            waiting.append((name, frozenset(requirement.extras)))
    return [
        Requirement(f"{name}{versions}")
        for name, versions in sorted(asked.items())
        if name not in here or not versions.contains(here[name][0], prereleases=True)
    ]


def _tags(platform: Platform, python: str) -> Iterator[Tag]:
    version = tuple(int(part) for part in python.split("."))
    yield from cpython_tags(version, platforms=platform.tags)
    yield from compatible_tags(version, f"cp{''.join(python.split('.'))}", platform.tags)


def _needs(
    wheel: Path, extras: frozenset[str], platform: Platform, python: str
) -> Iterator[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        told = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    marks = {**platform.marks, "python_version": python, "python_full_version": f"{python}.0"}
    marks |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for text in told.get_all("Requires-Dist") or []:
        requirement = Requirement(text)
        marker = requirement.marker
        # Without an extra too: a marker may ask for none.
        asked = [{**marks, "extra": extra} for extra in ("", *extras)]
        if marker is None or any(marker.evaluate(answers) for answers in asked):
            yield requirement


def _compiles_for(platform: str, python: str) -> bool:
    here = f"{sys.platform}_{machine()}"
    return platform == here == "linux_x86_64" and python == "{}.{}".format(*sys.version_info)


def _compile(kit: Path, trial: Path) -> None:
    """Install the kit's own wheels aside, and keep the rules that the first commands compile.

    Compiled rules are found again by the versions of Numba and Python, by their text and by the processor's name;
    so the last is set here as in the kit's scripts, and where the text lies does not count.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(trial)], check=True)
    there = trial / "bin" / "python"
    _pip(
        "--python",
        str(there),
        "install",
        "--no-index",
        "--find-links",
        str(kit / "wheels"),
        "xiaoqu",
    )
    named = {"NUMBA_CACHE_DIR": str(kit / "rules"), "NUMBA_CPU_NAME": CPU, "NUMBA_CPU_FEATURES": ""}
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for words in _COMPILED_BY:
        done = subprocess.run(
            [str(there), "-m", "sim", *words, "--out", str(trial / "results"), "--quiet"],
            capture_output=True, text=True, check=False, env={**plain, **named}, cwd=trial,
        )  # fmt: skip
        if done.returncode:
            raise InputError(
                "compiled", done.stderr.strip()[-500:] or "failed", "rules that compile"
            )


# --- the folder ---------------------------------------------------------------------------------


def _paths_of(python: str) -> str:
    """File by which an embeddable Python finds its modules."""
    return f"python{python.replace('.', '')}._pth"


def _unpack_python(kit: Path, embedded: Path, platform: Platform, python: str) -> None:
    """Python beside the wheels, and the wheels unpacked for it: it has no pip of its own."""
    with zipfile.ZipFile(embedded) as archive:
        archive.extractall(kit / "python")
    paths = kit / "python" / _paths_of(python)
    paths.write_text(f"{paths.stem}.zip\n.\n..\\site\nimport site\n", encoding="ascii")
    there = [word for tag in platform.tags for word in ("--platform", tag)]
    _pip(
        "install", "--no-index", "--find-links", str(kit / "wheels"), "--target", str(kit / "site"), *there,
        "--python-version", python, "--implementation", "cp", "--only-binary=:all:", "--no-deps",
        *(str(path) for path in sorted((kit / "wheels").glob("*.whl"))),
    )  # fmt: skip


_INSTALL_BAT = """@echo off
chcp 65001 >nul
cd /d "%~dp0"
set PY=py -{python}
%PY% --version >nul 2>nul || set PY=python
%PY% -c "import sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))" 2>nul
if errorlevel 1 (
  echo 需要先安装 Python {python}（python.org，安装时勾选 Add to PATH）。
  echo Python {python} is needed first: python.org, with "Add to PATH".
  pause
  exit /b 1
)
if not exist .venv %PY% -m venv .venv || goto failed
.venv\\Scripts\\python -m pip install --no-index --find-links wheels "xiaoqu[{extras}]" || goto failed
echo 正在编译规则，约需一分钟。 Compiling rules, about a minute.
.venv\\Scripts\\python -m sim run months=1 replications=1 --out "%TEMP%\\xiaoqu-first" --quiet || goto failed
echo 安装完成。双击 启动.bat。 Installed. Start with 启动.bat.
pause
exit /b 0
:failed
echo 安装没有完成，见上面的提示。 Not installed: see above.
pause
exit /b 1
"""

_START_BAT = """@echo off
chcp 65001 >nul
cd /d "%~dp0"
if exist python\\python.exe (
  python\\python.exe -m sim desk
) else (
  if not exist .venv\\Scripts\\python.exe call install.bat
  if exist .venv\\Scripts\\python.exe .venv\\Scripts\\python -m sim desk
)
pause
"""

_INSTALL_SH = """#!/bin/sh
# Installs from the wheels beside this script; no network is used.
set -eu
cd "$(dirname "$0")"
PY=${{PYTHON:-python{python}}}
command -v "$PY" >/dev/null || {{ echo "Python {python} is needed first. 需要先安装 Python {python}。" >&2; exit 1; }}
"$PY" -c 'import sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))' || {{ echo "$PY is not Python {python}" >&2; exit 1; }}
[ -d .venv ] || "$PY" -m venv .venv
if [ -f rules.sh ]; then . ./rules.sh; fi
.venv/bin/python -m pip install --no-index --find-links wheels "xiaoqu[{extras}]"
echo "Compiling rules, about a minute. 正在编译规则，约需一分钟。"
first=$(mktemp -d)
.venv/bin/python -m sim run months=1 replications=1 --out "$first" --quiet >/dev/null
rm -rf "$first"
echo "Installed. Start with: sh start.sh. 安装完成，运行 sh start.sh。"
"""

_START_SH = """#!/bin/sh
set -eu
cd "$(dirname "$0")"
[ -x .venv/bin/python ] || sh install.sh
if [ -f rules.sh ]; then . ./rules.sh; fi
exec .venv/bin/python -m sim desk "$@"
"""

_RULES_SH = f"""# Rules compiled for {CPU} lie in the folder beside this; another processor compiles its own.
fits=yes
for one in avx2 bmi2 fma f16c movbe; do grep -qw $one /proc/cpuinfo || fits=no; done
if [ $fits = yes ]; then
  export NUMBA_CACHE_DIR="$PWD/rules" NUMBA_CPU_NAME={CPU} NUMBA_CPU_FEATURES=
fi
"""

_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>xiaoqu {version}</title>
<style>body{{font:17px/1.7 "Microsoft YaHei","Noto Sans SC",sans-serif;max-width:860px;margin:24px auto;padding:0 16px}}
img{{max-width:100%;border:1px solid #ccc}}code{{background:#f3f6fa;padding:0 .3em}}</style></head><body>
<h1>小区治理模拟 xiaoqu {version}</h1>
<p>本文件夹可在不联网的电脑上安装和使用（{platform}，Python {python}）。</p>
<ol>{steps_zh}<li>浏览器会打开治理措施比选工具页面。页面只在本机使用，不向外发送任何内容。</li></ol>
{pictures}
<h2>In English</h2>
<p>This folder installs and starts without a network ({platform}, Python {python}).</p>
<ol>{steps_en}<li>A browser opens the page. It serves this machine only and sends nothing.</li></ol>
</body></html>
"""

_STEPS = {
    "ready": (
        "<li>双击 <code>启动.bat</code>。第一次启动需编译规则，约一分钟。</li>",
        "<li>Double-click <code>启动.bat</code>. The first start compiles rules for about a minute.</li>",
    ),
    "windows": (
        "<li>如未安装 Python {python}，先从 python.org 下载安装。</li>"
        "<li>双击 <code>install.bat</code>，等待“安装完成”。</li><li>双击 <code>启动.bat</code>。</li>",
        "<li>If there is no Python {python} yet, install it from python.org.</li><li>Double-click "
        "<code>install.bat</code>.</li><li>Double-click <code>启动.bat</code>.</li>",
    ),
    "posix": (
        "<li>在终端进入本文件夹，运行 <code>sh install.sh</code>（需要 Python {python}）。</li>"
        "<li>运行 <code>sh start.sh</code>。</li>",
        "<li>In a terminal in this folder run <code>sh install.sh</code> (needs Python {python}).</li>"
        "<li>Run <code>sh start.sh</code>.</li>",
    ),
}


def _write_scripts(kit: Path, platform: str, python: str, ready: bool) -> None:
    windows = platform.startswith("win")
    major, minor = python.split(".")
    given = {"python": python, "major": major, "minor": minor, "extras": ",".join(EXTRAS)}
    if windows:
        scripts = {"启动.bat": _START_BAT}
        if not ready:
            scripts["install.bat"] = _INSTALL_BAT.format(**given)
        for name, text in scripts.items():
            (kit / name).write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    else:
        for name, text in (("install.sh", _INSTALL_SH.format(**given)), ("start.sh", _START_SH)):
            (kit / name).write_text(text, encoding="utf-8")
            (kit / name).chmod(0o755)
    if (kit / "rules").is_dir():
        (kit / "rules.sh").write_text(_RULES_SH, encoding="utf-8")
    zh, en = _STEPS["ready" if ready else "windows" if windows else "posix"]
    page = _PAGE.format(
        version=__version__, platform=platform, python=python, pictures="".join(_pictures()),
        steps_zh=zh.format(python=python), steps_en=en.format(python=python),
    )  # fmt: skip
    (kit / "说明.html").write_text(page, encoding="utf-8")


def _pictures() -> Iterator[str]:
    """Pictures of the page; an installed copy has none."""
    for step, told in (("compound", "选择小区"), ("measures", "选择措施"), ("results", "查看结果")):
        path = PACKAGE.parent / "docs" / "desk" / f"{step}-zh.png"
        if path.is_file():
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            yield f'<figure><img alt="{told}" src="data:image/png;base64,{data}"><figcaption>{told}</figcaption></figure>'


def _pack(folder: Path, out: Path) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                # Wheels are compressed already.
                how = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
                archive.write(path, path.relative_to(folder.parent), how)
