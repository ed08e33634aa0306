"""The author's editor and its arguments."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.web.preview.authoring.editor import Editor, find_editor

FILE = Path("/shop/days/02 soil.md")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("code --reuse-window", "code --reuse-window --goto '/shop/days/02 soil.md:7:3'"),
        ("/opt/bin/subl", "/opt/bin/subl '/shop/days/02 soil.md:7:3'"),
        ("vim", "vim +7 '/shop/days/02 soil.md'"),
        ("emacsclient -n", "emacsclient -n +7:3 '/shop/days/02 soil.md'"),
        ("kate", "kate --line 7 --column 3 '/shop/days/02 soil.md'"),
        ("notepad++.exe", "notepad++.exe -n7 -c3 '/shop/days/02 soil.md'"),
        ("unknown-editor", "unknown-editor '/shop/days/02 soil.md'"),
        ("mine --at={line} {file}", "mine --at=7 '/shop/days/02 soil.md'"),
    ],
)
def test_each_editor_gets_the_line_in_its_own_way(command: str, words: str) -> None:
    editor = Editor(command=tuple(shlex.split(command)))
    assert shlex.join(editor.words_for(FILE, 7, 3)) == words


def test_the_option_comes_before_visual_and_visual_before_editor() -> None:
    environment = {"VISUAL": "gedit", "EDITOR": "nano"}
    chosen = find_editor(sys.executable, environment)
    by_visual = find_editor(None, environment)
    by_editor = find_editor(None, {"VISUAL": " ", "EDITOR": "nano -w"})

    assert chosen is not None
    assert by_visual is not None
    assert by_editor is not None
    assert chosen.command == (sys.executable,)
    assert (by_visual.name, by_editor.name) == ("gedit", "nano")
    assert find_editor(None, {}) is None
    assert find_editor(None, {"EDITOR": "'unclosed"}) is None


@pytest.mark.parametrize("command", ["no-such-editor --wait", "'unclosed"])
def test_an_option_that_cannot_start_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="--editor"):
        find_editor(command, {})


@pytest.mark.parametrize("command", ["vim", "/usr/bin/nano", "emacs -nw", "emacsclient -t", "hx"])
def test_an_editor_of_the_terminal_is_not_started_but_its_command_is_shown(command: str) -> None:
    answer = Editor(command=tuple(command.split())).open(FILE, 7, 3)
    assert not answer.is_opened
    assert "needs a terminal. Type: " + command in answer.words
    assert "02 soil.md" in answer.words


def test_an_editor_is_started_and_not_waited_for(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f"import sys,time; open({str(seen)!r}, 'w').write(sys.argv[1]); time.sleep(1)"
    start = time.monotonic()
    answer = Editor(command=(sys.executable, "-c", script, "{file}")).open(FILE, 1, 1)
    assert answer.is_opened
    assert time.monotonic() - start < 0.9
    while not (seen.exists() and seen.read_text()):
        time.sleep(0.01)
    assert seen.read_text() == str(FILE)


def test_an_editor_that_is_gone_is_told_with_the_path() -> None:
    answer = Editor(command=("/gone/editor",)).open(FILE, 1, 1)
    assert not answer.is_opened
    assert str(FILE) in answer.words
