"""A campaign from the cache is the campaign of the files."""

from __future__ import annotations

import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lovecampaign.campaign.files.cached_load import ModelUnpickler, load_campaign_cached
from lovecampaign.campaign.files.disk_cache import CACHE_FOLDER
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.support.paths import REPOSITORY

EXAMPLE = REPOSITORY / "campaigns" / "customer-love"


def entries(workspace: Path) -> list[bytes]:
    return [file.read_bytes() for file in (workspace / CACHE_FOLDER / "campaign").glob("*")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign with an entry in the cache."""
    folder = write_campaign(tmp_path, days=3, length=5)
    load_campaign_cached(folder, tmp_path)
    return folder


def test_the_example_comes_back_as_it_was_loaded(tmp_path: Path) -> None:
    for name in ("campaigns", "templates"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    folder = tmp_path / "campaigns" / "customer-love"
    loaded = load_campaign(folder, tmp_path)

    assert load_campaign_cached(folder, tmp_path) == loaded
    [entry] = entries(tmp_path)
    assert load_campaign_cached(folder, tmp_path) == loaded
    assert entries(tmp_path) == [entry]


def test_a_campaign_that_is_only_read_leaves_its_workspace_as_it_is(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.rmtree(tmp_path / CACHE_FOLDER)

    loaded = load_campaign_cached(folder, tmp_path, cache_of=other)

    assert loaded == load_campaign_cached(folder, tmp_path, cache_of=other)
    assert entries(tmp_path) == []
    assert len(entries(other)) == 1


def test_words_are_no_part_of_an_entry(folder: Path, tmp_path: Path) -> None:
    before = entries(tmp_path)
    file = folder / "days" / "02-day-2.md"
    file.write_text(day_file(int(file.name[:2]), body="Quite new words."))

    loaded = load_campaign_cached(folder, tmp_path)

    assert loaded == load_campaign(folder, tmp_path)
    assert loaded.campaign is not None
    assert any("Quite new words." in email.copy.text for email in loaded.campaign.emails)
    assert entries(tmp_path) == before


def test_words_of_a_translation_are_read_anew(tmp_path: Path) -> None:
    languages = {"languages": ["en", "fr"]}
    folder = write_campaign(tmp_path, days=3, length=5, settings=languages)
    file = folder / "days" / "01-day-1.fr.md"
    file.write_text(day_file(1, subject="Bonjour", body="Salut."))
    assert load_campaign_cached(folder, tmp_path) == load_campaign(folder, tmp_path)

    file.write_text(day_file(1, subject="Bonjour", body="Tout neuf."))

    loaded = load_campaign_cached(folder, tmp_path)
    assert loaded == load_campaign(folder, tmp_path)
    assert loaded.campaign is not None
    assert "Tout neuf." in loaded.campaign.emails[0].translations["fr"].copy.text


def test_the_text_of_the_voice_is_read_anew(tmp_path: Path) -> None:
    voice = {"replies": {"voice": "voice.md"}}
    folder = write_campaign(tmp_path, days=3, length=5, settings=voice)
    for text in ("Warm and short.", "Warm and very short."):
        (folder / "voice.md").write_text(text)
        loaded = [load_campaign_cached(folder, tmp_path) for _ in range(2)]
        assert loaded == [load_campaign(folder, tmp_path)] * 2
        assert loaded[0].campaign is not None
        assert text in repr(loaded[0].campaign)
    assert len(entries(tmp_path)) == 1


def test_problems_of_settings_come_back(folder: Path, tmp_path: Path) -> None:
    file = folder / "days" / "02-day-2.md"
    file.write_text(file.read_text().replace("subject:", "subjekt: x\nsubject:"))

    first, second = (load_campaign_cached(folder, tmp_path) for _ in range(2))

    assert first == second == load_campaign(folder, tmp_path)
    assert len(first.problems) == 1
    assert len(entries(tmp_path)) == 1


def write_too_much(file: Path) -> None:
    file.write_text(f"{file.read_text()}\n{'[' * 3_000}\n")


def write_no_settings(file: Path) -> None:
    file.write_text("Hello.\n")


def write_damage(file: Path) -> None:
    file.write_text(f"{file.read_text()}\n\x01\n")


@pytest.mark.parametrize("edit", [write_too_much, write_no_settings, write_damage, Path.unlink])
def test_a_mistake_is_told_each_time(
    folder: Path, tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    edit(folder / "days" / "02-day-2.md")

    first, second = (load_campaign_cached(folder, tmp_path) for _ in range(2))

    assert first == second == load_campaign(folder, tmp_path)
    assert first.problems != ()


def test_files_outside_of_the_folder_are_looked_at_each_time(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"")
    folder = write_campaign(
        tmp_path, days=3, length=5, settings={"brand": {"logo": "../../logo.png"}}
    )
    assert load_campaign_cached(folder, tmp_path).problems == ()

    (tmp_path / "logo.png").unlink()

    assert [one.code for one in load_campaign_cached(folder, tmp_path).problems] == ["LC046"]


class Call:
    """Calls a function when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (Path("called"),)


def test_an_entry_calls_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(pickle.UnpicklingError, match="Path"):
        ModelUnpickler(io.BytesIO(pickle.dumps(Call()))).load()
    assert not Path("called").exists()
