"""A kit for a machine without internet: nothing that it needs there is missing."""

from __future__ import annotations

import stat
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sim import bundle as kits
from sim.errors import InputError


def wheel(
    folder: Path, name: str, version: str, needs: list[str], tag: str = "py3-none-any"
) -> Path:
    """An empty wheel that needs others."""
    path = folder / f"{name}-{version}-{tag}.whl"
    told = "".join(f"Requires-Dist: {one}\n" for one in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n{told}\n"
        )
    return path


def lacking(folder: Path, platform: str, python: str = "3.12") -> list[str]:
    return [str(one) for one in kits.missing(folder, kits.PLATFORMS[platform], python)]


def test_requirements_are_asked_of_the_machine_that_the_kit_is_for(tmp_path: Path) -> None:
    """Catches what pip leaves out, as it asks markers of the machine it runs on; and extras of others."""
    wheel(
        tmp_path,
        "xiaoqu",
        "1.0",
        ["pandas>=3", 'nicegui[fast]; extra == "desk"', 'pytest; extra == "dev"'],
    )
    wheel(tmp_path, "pandas", "3.0", ['tzdata; sys_platform == "win32"'], "cp312-cp312-win_amd64")
    assert lacking(tmp_path, "win_amd64") == ["nicegui", "tzdata"]
    wheel(
        tmp_path,
        "nicegui",
        "3.1",
        [
            'uvloop>=1; extra == "fast" and platform_system != "Windows"',
            'winloop; extra == "fast" and os_name == "nt"',
        ],
    )
    wheel(tmp_path, "tzdata", "2026.1", [])
    assert lacking(tmp_path, "win_amd64") == ["winloop"]
    wheel(tmp_path, "winloop", "0.1", ['new; python_version >= "3.13"'], "cp39-abi3-win_amd64")
    assert lacking(tmp_path, "win_amd64") == []


def test_a_version_that_is_too_old_is_missing(tmp_path: Path) -> None:
    wheel(tmp_path, "xiaoqu", "1.0", ["pandas>=3"])
    wheel(tmp_path, "pandas", "2.9", ["numpy"])
    wheel(tmp_path, "numpy", "3.0", [])
    assert lacking(tmp_path, "linux_x86_64") == ["pandas>=3"]


def test_what_several_ask_of_a_version_is_asked_together(tmp_path: Path) -> None:
    """Catches a newest version that suits one package and not another."""
    wheel(tmp_path, "xiaoqu", "1.0", ["numpy>=2.1", "numba"])
    wheel(tmp_path, "numba", "0.68", ["numpy<3"])
    wheel(tmp_path, "numpy", "3.0", [])
    assert lacking(tmp_path, "linux_x86_64") == ["numpy<3,>=2.1"]


def test_a_wheel_of_another_platform_or_python_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, "xiaoqu", "1.0", ["numba"])
    fits = wheel(
        tmp_path, "numba", "0.68", [], "cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64"
    )
    assert lacking(tmp_path, "linux_x86_64") == []
    for platform, python in (("win_amd64", "3.12"), ("linux_x86_64", "3.13")):
        with pytest.raises(InputError, match=fits.name):
            lacking(tmp_path, platform, python)


def test_a_kit_holds_wheels_scripts_and_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a script with another system's line ends, one that cannot be run, and half a zip left behind."""
    own = wheel(tmp_path, "xiaoqu", "1.0.0", [])
    monkeypatch.setattr(kits, "_pip", lambda *words: None)
    for platform, scripts in (
        ("win_amd64", ["install.bat", "启动.bat"]),
        ("linux_x86_64", ["install.sh", "start.sh"]),
    ):
        out = tmp_path / f"{platform}.zip"
        assert kits.bundle(out, platform, wheel=own) == [own.name]
        with zipfile.ZipFile(out) as archive:
            found = {Path(info.filename).name: info for info in archive.infolist()}
            assert {*scripts, "说明.html", own.name} == found.keys()
            for name in scripts:
                text = archive.read(found[name]).decode("utf-8")
                assert ("\r\n" in text) == (platform == "win_amd64") and "{{" not in text
                if platform != "win_amd64":
                    assert found[name].external_attr >> 16 & stat.S_IXUSR
            page = archive.read(found["说明.html"]).decode("utf-8")
            assert "Python 3.12" in page and page.count("data:image/png") == 3
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"platform": "win32"}, "platform: 'win32' is not known; allowed: win_amd64"),
        ({"python": "3.9"}, "python: '3.9' is not served; allowed: 3.11"),
        (
            {"wheel": Path("numpy-1.0-py3-none-any.whl")},
            "wheel: numpy-1.0-py3-none-any.whl is no wheel of xiaoqu",
        ),
        ({"embedded": Path("none.zip")}, "embedded: none.zip is no zip of Python"),
        (
            {"compiled": True},
            "compiled: rules for win_amd64 and Python 3.12 cannot be compiled here",
        ),
    ],
)
def test_what_no_kit_can_be_made_of_is_refused(given: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        kits.bundle(tmp_path / "kit.zip", **given)
    assert str(error.value).startswith(said)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_and_a_zip_without_python_are_refused_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches minutes of downloads before what was plain at once is said."""
    monkeypatch.setattr(kits, "_pip", lambda *words: pytest.fail("something was fetched"))
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("python311._pth", "python311.zip\n")
    with pytest.raises(InputError, match=r"is no Python 3\.12"):
        kits.bundle(tmp_path / "kit.zip", embedded=other)
    with pytest.raises(InputError, match="there is no folder"):
        kits.bundle(tmp_path / "nothere" / "kit.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["other.zip"]


def test_every_library_of_a_kit_has_its_licence_listed() -> None:
    root = Path(__file__).parents[1]
    listed = (root / "docs" / "licences.md").read_text(encoding="utf-8").lower().replace("_", "-")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [one for extra in kits.EXTRAS for one in project["optional-dependencies"][extra]]
    for one in (*project["dependencies"], *asked):
        assert f"| {Requirement(one).name.lower()} |" in listed, one


def test_an_embedded_python_finds_what_is_unpacked_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a Python that sees none of the wheels, and one of another version than they are for."""
    own, asked = wheel(tmp_path, "xiaoqu", "1.0.0", []), []
    monkeypatch.setattr(kits, "_pip", lambda *words: asked.append(words))
    embedded = tmp_path / "python-3.12.8-embed-amd64.zip"
    with zipfile.ZipFile(embedded, "w") as archive:
        for name in ("python.exe", "python312.dll", "python312.zip", "vcruntime140.dll"):
            archive.writestr(name, b"x")
        archive.writestr("python312._pth", "python312.zip\n.\n\n#import site\n")
    out = tmp_path / "kit.zip"
    kits.bundle(out, wheel=own, embedded=embedded)
    with zipfile.ZipFile(out) as archive:
        found = {info.filename.partition("/")[2]: info for info in archive.infolist()}
        paths = archive.read(found["python/python312._pth"]).decode().split("\n")
        start = archive.read(found["启动.bat"]).decode()
    assert paths == ["python312.zip", ".", "..\\site", "import site", ""]
    assert "python/python.exe" in found and "install.bat" not in found
    assert "python\\python.exe -m sim desk" in start
    words = asked[-1]
    assert words[0] == "install" and words[words.index("--target") + 1].endswith("site")
    assert "win_amd64" in words and words[-1].endswith(own.name)
    with pytest.raises(InputError, match=r"is no Python 3\.11"):
        kits.bundle(out, python="3.11", wheel=own, embedded=embedded)
