"""``plan --against``, as an author types it before an edit is merged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import Shop

SETTINGS = "campaigns/test-month/campaign.yaml"
DAYS = "campaigns/test-month/days"
BEFORE = ("--now", "2027-01-21T12:00Z")
ON_DAY_2 = ("--now", "2027-02-02T20:00Z")


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@bloom.example")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def kept(shop: Shop) -> Shop:
    """The shop with its files in git, and a second commit on top."""
    git(shop.folder, "init", "--quiet")
    git(shop.folder, "add", "campaigns", "templates")
    git(shop.folder, "commit", "--quiet", "-m", "First")
    git(shop.folder, "commit", "--quiet", "--allow-empty", "-m", "Second")
    return shop


def edit(shop: Shop, file: str, old: str, new: str) -> None:
    path = shop.folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def numbers(data: dict[str, object]) -> tuple[object, ...]:
    return tuple(data[name] for name in ("moved", "added", "lost", "doubled"))


def test_an_edit_is_compared_with_a_git_revision(kept: Shop) -> None:
    edit(kept, SETTINGS, "at: 09:00", "at: 11:00")
    edit(kept, SETTINGS, "skip:", "skip:\n- 2")
    next((kept.folder / DAYS).glob("02-*")).unlink()

    said = kept.type("plan", "--against", "HEAD~1", "--json", *BEFORE).done()
    assert numbers(said.data) == (6, 0, 3, 0)
    assert said.data["people"] == 3
    by_key = {each["key"]: each for each in said.data["emails"]}
    assert by_key["day-01"]["moved"] == by_key["day-01"]["later"] == 3
    assert by_key["day-02"]["reasons"] == {"removed": 3}
    assert by_key["launch"]["moved"] == 0
    text = kept.type("plan", "--against", "HEAD", *BEFORE).done().out
    assert "3 people affected" in text
    assert "ana@readers.example  Mon  1 Feb 2027 09:00 → Mon  1 Feb 2027 11:00" in text


def test_a_text_that_was_sent_and_gets_another_day_comes_twice(shop: Shop) -> None:
    """Days 2 and 3 change places after day 2 went out: one text twice, the other never."""
    shutil.copytree(shop.folder / "campaigns", shop.folder / "old/campaigns")
    shutil.copytree(shop.folder / "templates", shop.folder / "old/templates")
    shop.type("send", *ON_DAY_2).done()
    days = shop.folder / DAYS
    first, last = (next(days.glob(f"{day}-*")) for day in ("02", "03"))
    text = first.read_text()
    first.write_text(last.read_text())
    last.write_text(text)

    said = shop.type("plan", "--against", "old", "--json", *ON_DAY_2).done()
    assert numbers(said.data)[1:] == (0, 3, 3)
    lost = next(each for each in said.data["emails"] if each["lost"])
    assert lost["reasons"] == {"key_already_sent": 3}


def test_only_the_named_changes_fail(kept: Shop) -> None:
    edit(kept, SETTINGS, "at: 09:00", "at: 11:00")

    against = ("plan", "--against", "HEAD", *BEFORE)
    kept.type(*against, "--fail-on", "lost", "--fail-on", "doubled").done()
    said = kept.type(*against, "--fail-on", "moved", "--format", "json")
    assert said.code == 1
    assert said.codes == ["moved", "moved", "moved"]


def test_annotations_of_a_pull_request_name_no_address(kept: Shop) -> None:
    edit(kept, SETTINGS, "at: 09:00", "at: 11:00")

    said = kept.type(
        *("plan", "--against", "HEAD", "--format", "github", "--fail-on", "moved", *BEFORE)
    )
    assert said.code == 1
    assert said.out.startswith(f"::error file={DAYS}/01-day-1.md,title=moved::day-01: 3 people")
    assert "@" not in said.out + said.err


def test_the_same_files_change_nothing(kept: Shop) -> None:
    said = kept.type("plan", "--against", "HEAD", *BEFORE).done()
    assert "the same letters at the same times" in said.out
    folder = kept.type(
        "plan", "--against", f"{kept.folder}/campaigns/test-month", "--json", *BEFORE
    )
    assert numbers(folder.done().data) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--against", "no-such"), "there is no folder and no git revision no-such"),
        (("--against", "--upload-pack=x"), "no git revision --upload-pack=x"),
        (("--against", "templates"), "templates is no version of test-month"),
        (("--against", "HEAD", "--for", "ana@readers.example"), "--against shows all people"),
        (("--fail-on", "lost"), "--fail-on and --format github describe an edit"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    kept: Shop, words: tuple[str, ...], message: str
) -> None:
    said = kept.type("plan", *words, *BEFORE)
    assert said.code == 2
    assert message in said.err
    assert "help:" in said.err


def test_a_revision_without_the_campaign_is_refused(kept: Shop) -> None:
    git(kept.folder, "mv", "campaigns/test-month", "campaigns/spring")
    said = kept.type("plan", "--against", "HEAD", *BEFORE)
    assert said.code == 2
    assert "HEAD has no campaigns/spring/campaign.yaml" in said.err


def test_without_git_a_folder_can_be_compared_with(shop: Shop) -> None:
    outside = shop.type("plan", "--against", "HEAD", *BEFORE)
    assert outside.code == 2
    assert "is not kept in git" in outside.err
    missing = shop.type("plan", "--against", "HEAD", *BEFORE, PATH="/nowhere")
    assert missing.code == 2
    assert "git is not installed" in missing.err
    assert "plan --against DIR" in missing.err


def test_a_broken_or_another_campaign_is_refused(kept: Shop) -> None:
    edit(kept, SETTINGS, "id: test-month", "id: other-month")
    other = kept.type("plan", "--against", "HEAD", *BEFORE)
    assert other.code == 2
    assert "HEAD has the campaign test-month-2027-02, not other-month-2027-02" in other.err
    (kept.folder / "old/campaigns/test-month").mkdir(parents=True)
    (kept.folder / "old/campaigns/test-month/campaign.yaml").write_text("version: [")
    broken = kept.type("plan", "--against", "old", *BEFORE)
    assert broken.code == 1
    assert "test-month as of old cannot be read" in broken.err


def test_letters_in_another_language_are_counted_and_explained(kept: Shop) -> None:
    edit(kept, SETTINGS, "language: en", "languages: [en, fr]")
    path = kept.folder / DAYS / "02-deux.fr.md"
    path.write_text("---\nsubject: Deux\npreheader: Deux minutes\n---\nBonjour.\n")
    kept.type("subscribers", "add", "ana@readers.example", "--language", "fr").done()

    said = kept.type("plan", "--against", "HEAD", "--json", *BEFORE).done().data
    assert (said["people"], *numbers(said)) == (1, 0, 0, 0, 0)
    changed = {one["key"]: one["languages"] for one in said["emails"] if one["languages"]}
    assert changed == {"day-02": [{"before": "en", "after": "fr", "people": 1}]}
    assert "1 in fr, not en" in kept.type("plan", "--against", "HEAD", *BEFORE).done().out
    explained = kept.data("explain", "ana@readers.example", *BEFORE)
    spoken = {one["key"]: one["language"] for one in explained["timeline"]}
    assert (spoken["day-01"], spoken["day-02"]) == ("en", "fr")
