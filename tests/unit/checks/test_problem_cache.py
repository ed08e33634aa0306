"""A cached check says what a check without a cache says, and computes only what was edited."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.campaign.files.cached_load import load_campaign_cached
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.problem_cache import CACHE_FOLDER, MAX_ENTRIES, ProblemCache
from lovecampaign.checks.run import check_campaign, check_email
from lovecampaign.checks.two_processes import (
    Item,
    Result,
    map_in_one_process,
    map_in_two_processes,
)
from lovecampaign.core.problems import Place, Problem, Severity
from lovecampaign.testing.campaigns import day_file, write_campaign
from lovecampaign.testing.months import utc
from tests.unit.checks.test_check import email_of, load

HERE = Facts(now=utc("2027-01-20 12:00"))
PROBLEM = Problem(
    code="LC260",
    message="the subject “Été” is long",
    place=Place(file="days/01.md", line=2, column=3),
    severity=Severity.WARNING,
    excerpt="\udcff",
    width=4,
)
#: Parts of a letter, with mistakes of loading, of rendering, and of rules.
WORDS = (
    *("Hello {{ first_name }}.", "It costs 99 EUR.", "{{ frist_name }}", "![a](sun.png)"),
    *("See {{ fields.pet }} on day 3.", "Tomorrow there is more.", "{% if", "# Dear reader"),
    *("[Here](http://bloom.example/x)", "<form>", "Lorem ipsum", "[[buton: a | b]]"),
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
TEMPLATE = "templates/email/letter.mjml.j2"


class Counted:
    """Computes in one process, and counts what it computes."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> list[Result]:
        self.count += len(items)
        return map_in_one_process(function, items)


class Month:
    """A month of three days that is checked with a cache and without."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.folder = write_campaign(workspace, days=3, length=5)
        self.facts = HERE

    def edit(self, what: str, number: int, words: str) -> None:
        file = sorted((self.folder / "days").iterdir())[number]
        if what == "copy":
            file.write_text(day_file(number + 1, body=f"{words}\n\n{words[:20]}\n"))
        elif what == "subject":
            file.write_text(day_file(number + 1, subject=words.replace('"', "'")))
        elif what == "line":
            file.write_text(f"{file.read_text()}\n{words}\n")
        elif what == "settings":
            yaml = self.folder / "campaign.yaml"
            yaml.write_text(yaml.read_text().replace("Europe/Paris", "Europe/Rome") + "\n")
        elif what == "file":
            file.rename(file.with_name(f"0{number + 1}-{len(words)}.md"))
        elif what == "link":
            file.rename(self.workspace / "elsewhere.md")
            file.symlink_to(self.workspace / "elsewhere.md")
        elif what == "words":
            own = self.workspace / "templates" / "words" / "en.toml"
            own.parent.mkdir(exist_ok=True)
            own.write_text(f"[built-in.confirm]\nsubject = 'Is it you, {number}?'\n")
        elif what == "template":
            template = self.workspace / TEMPLATE
            template.write_text(template.read_text().replace("</mj-body>", f"{number}</mj-body>"))
        elif what == "picture":
            (self.folder / "sun.png").write_text(SVG * number)
        elif what == "no picture":
            (self.folder / "sun.png").unlink(missing_ok=True)
        else:
            fields = {"pet": number} if number else {}
            self.facts = replace(self.facts, reachable=number, known_fields=fields)

    def problems(self, cache: ProblemCache | None) -> list[Problem]:
        load_files = load_campaign if cache is None else load_campaign_cached
        loaded = load_files(self.folder, self.workspace)
        found = check_campaign(loaded.campaign, self.facts, cache) if loaded.campaign else []
        return [*loaded.problems, *found]


EDITS = st.tuples(
    st.sampled_from(
        [
            *("copy", "copy", "subject", "line", "settings", "template", "picture", "no picture"),
            *("fact", "file", "link", "words"),
        ]
    ),
    st.integers(0, 2),
    st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
)


@given(edits=st.lists(EDITS, min_size=2, max_size=5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_after_any_edits_a_cached_check_says_what_another_says(
    edits: list[tuple[str, int, str]],
) -> None:
    with TemporaryDirectory() as folder:
        month, cache = Month(Path(folder)), ProblemCache(Path(folder))
        for edit in edits:
            month.edit(*edit)
            first, second = month.problems(cache), month.problems(cache)
            assert first == second == month.problems(None)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """A month with filled cache."""
    month = Month(tmp_path_factory.mktemp("shop"))
    month.problems(ProblemCache(month.workspace))
    return month


@pytest.fixture
def month(checked: Month, tmp_path: Path) -> Iterator[Month]:
    """The same month, to be edited at its place: the name of the workspace is part of the key."""
    kept = tmp_path / "kept"
    shutil.copytree(checked.workspace, kept)
    yield checked
    shutil.rmtree(checked.workspace)
    shutil.copytree(kept, checked.workspace)


def computed(month: Month) -> int:
    counted = Counted()
    campaign = load(month.folder, month.workspace)
    check_campaign(campaign, month.facts, ProblemCache(month.workspace), counted)
    return counted.count


def test_nothing_is_computed_again_without_an_edit(month: Month) -> None:
    assert computed(month) == 0


def test_one_edit_leads_to_one_letter(month: Month) -> None:
    month.edit("copy", 1, "Hello you.")
    assert computed(month) == 1
    assert computed(month) == 0


@pytest.mark.parametrize("what", ["settings", "template"])
def test_what_all_letters_share_leads_to_all(month: Month, what: str) -> None:
    month.edit(what, 1, "Hello you.")
    assert computed(month) > 1


def test_the_time_and_people_without_use_lead_to_no_letter(month: Month) -> None:
    later = replace(HERE, now=utc("2027-01-21 12:00"), reachable=12, subscribers=12)
    counted = Counted()
    campaign = load(month.folder, month.workspace)
    check_campaign(campaign, later, ProblemCache(month.workspace), counted)
    assert counted.count == 0


def test_a_check_of_one_email_finds_the_results_of_the_month(month: Month) -> None:
    campaign, cache = load(month.folder, month.workspace), ProblemCache(month.workspace)
    before = sorted((month.workspace / CACHE_FOLDER).iterdir())
    email = email_of(campaign, "day-01")
    assert check_email(campaign, email, HERE, cache) == check_email(campaign, email, HERE)
    assert sorted((month.workspace / CACHE_FOLDER).iterdir()) == before


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff\n[]", b"0" * 64 + b"\n[]"])
def test_a_torn_entry_is_none(tmp_path: Path, damage: bytes) -> None:
    cache = ProblemCache(tmp_path)
    cache.put("key", [PROBLEM])
    assert cache.get("key") == (PROBLEM,)
    [entry] = (tmp_path / CACHE_FOLDER).iterdir()
    entry.write_bytes(damage)
    assert cache.get("key") is None
    cache.put("key", [])
    assert cache.get("key") == ()


def test_an_entry_of_another_key_is_none(tmp_path: Path) -> None:
    cache = ProblemCache(tmp_path)
    cache.put("one", [PROBLEM])
    [entry] = (tmp_path / CACHE_FOLDER).iterdir()
    cache.put("two", [])
    [other] = set((tmp_path / CACHE_FOLDER).iterdir()) - {entry}
    other.write_bytes(entry.read_bytes())
    assert cache.get("two") is None


def test_a_cache_that_cannot_be_written_stays_empty(tmp_path: Path) -> None:
    (tmp_path / ".lovecampaign").write_text("a file where the folder would be")
    cache = ProblemCache(tmp_path)
    cache.put("key", [PROBLEM])
    assert cache.get("key") is None


def test_entries_are_private_and_of_a_bounded_number(tmp_path: Path) -> None:
    cache, folder = ProblemCache(tmp_path), tmp_path / CACHE_FOLDER
    cache.put("first", [])
    [first] = folder.iterdir()
    assert first.stat().st_mode & 0o077 == 0
    os.utime(first, (1, 1))
    for number in range(MAX_ENTRIES - 1):
        (folder / f"{number}").touch()
    cache.put("last", [PROBLEM])
    assert len(list(folder.iterdir())) == MAX_ENTRIES // 2
    assert cache.get("first") is None
    assert cache.get("last") == (PROBLEM,)


def test_two_processes_give_the_results_in_order() -> None:
    assert map_in_two_processes(str, range(9)) == [str(number) for number in range(9)]


def test_what_a_child_cannot_compute_is_computed_here() -> None:
    here = os.getpid()

    def only_here(number: int) -> int:
        if os.getpid() != here:
            raise ValueError(number)
        return -number

    assert map_in_two_processes(only_here, range(5)) == [0, -1, -2, -3, -4]


def test_an_error_is_raised_as_without_a_child() -> None:
    def fail(number: int) -> str:
        raise ValueError(str(number) * 100_000)

    with pytest.raises(ValueError, match=r"^0+$"):
        map_in_two_processes(fail, range(5))
