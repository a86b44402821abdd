import re
import string
from pathlib import Path

import pytest

from launcher import check, install, words
from launcher.install import fingerprint, pinned

ROOT = Path(__file__).resolve().parents[2]


def test_the_repository_names_no_package_host_and_every_package_has_its_hash():
    assert check.check_lock_files(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--find-links /somewhere",
        "registry=https://npm.example",
        "a @ https://x.example/a.whl",
    ],
)
def test_an_address_in_a_lock_file_is_noticed(line):
    assert check.addresses_in(f"# https://is.a/comment\ndjango==5.2 \\\n{line}\n") == [line]


def test_the_installer_installs_the_uv_that_is_pinned():
    lines = pinned((ROOT / "requirements.txt").read_text(), "uv").splitlines()
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+ \\", lines[0])
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert len(lines) > 1


def test_the_last_pinned_package_is_found_too():
    assert (
        pinned("a==1 \\\n    --hash=sha256:1\n    # via b\nb==2 \\\n    --hash=sha256:2\n", "b")
        == "b==2 \\\n    --hash=sha256:2\n"
    )
    with pytest.raises(LookupError):
        pinned("a==1\n", "b")


def test_a_fingerprint_changes_with_content_name_and_level(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("x")
    second.write_text("x")
    assert (
        len({fingerprint(first), fingerprint(second), fingerprint(first, second), fingerprint(first, also="test")}) == 4
    )


def test_the_style_sheet_of_the_font_loads_nothing_from_elsewhere():
    rule = install.font_face(600, "latin", "U+0000-00FF")
    assert "url(public-sans-latin-600-normal.woff2)" in rule
    assert "//" not in rule


def test_every_sentence_has_its_translation_with_the_same_gaps():
    gaps = lambda text: {name for _, name, _, _ in string.Formatter().parse(text) if name}  # noqa: E731
    for english, portuguese in words.PORTUGUESE.items():
        assert gaps(english) == gaps(portuguese), english


def test_every_sentence_that_is_said_can_be_said_in_portuguese():
    said = set()
    for path in (ROOT / "bin" / "launcher").glob("*.py"):
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())
        said |= set(re.findall(r'(?:say|tell|LaunchError|begin)\(\s*"((?:[^"\\]|\\.)*)"', text))
    said = {sentence.replace("\\n", "\n") for sentence in said}
    assert said - set(words.PORTUGUESE) == set()


@pytest.mark.parametrize(
    ("environ", "portuguese"),
    [
        ({"LANG": "pt_PT.UTF-8"}, True),
        ({"LANG": "pt_PT.UTF-8", "LC_ALL": "en_GB"}, False),
        ({"LANG": "C"}, False),
        ({}, False),
    ],
)
def test_the_launcher_speaks_the_language_of_its_user(environ, portuguese):
    assert words.in_portuguese(environ) is portuguese
