"""Never a traceback: any content of a campaign's files leads to problems with places."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example

#: Pieces that mean something to YAML, to our schema or to a decoder.
_PIECES = [
    *(b"\t", b"\n", b"\r", b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc2\xa0", b"\x1b"),
    *(b": ", b" #", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"!x ", b"<<: ", b"---\n", b"|\n"),
    *(b'"', b"'", "“".encode(), "”".encode(), b"%", b"@", b"`", b"- ", b"? ", b"null", b"~"),
    *(b"9" * 400, b"-1", b".inf", b".nan", b"1e999", b"0x", b"true", b"day 0 10:00", b"2027-02-30"),
    *(b"day 999999999 10:00", b"9999-12-31", b"0001-01-01T00:00+23:59", b"../../..", b"{{ x }}"),
    *("\u2028".encode(), "\ufeff".encode(), b"\xed\xa0\x80", b"\\", b'"\\0"', b"[" * 300),
]


@pytest.fixture(scope="module")
def example_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("fuzz")
    for part in (EXAMPLE_CAMPAIGN, Path("templates") / "email"):
        shutil.copytree(find_example() / part, workspace / part)
    return workspace


@st.composite
def _mutations(draw: st.DrawFn) -> list[tuple[float, int, bytes]]:
    """Where (as a share of the file), how many bytes go, what comes instead."""
    piece = st.one_of(st.sampled_from(_PIECES), st.binary(max_size=6))
    step = st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 2, 9, 60]), piece)
    return draw(st.lists(step, min_size=1, max_size=4))


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def _mutate(content: bytes, mutations: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, piece in mutations:
        at = int(share * len(content))
        content = content[:at] + piece + content[at + gone :]
    return content


def _assert_told_in_full(loaded: LoadedCampaign, changed: str) -> None:
    """No campaign without a reason, and every reason in words, at a place that exists."""
    assert loaded.campaign is not None or any(problem.is_error for problem in loaded.problems)
    for problem in loaded.problems:
        assert problem.place is not None
        assert problem.message
        assert "Input should" not in problem.message
        if problem.place.line:
            excerpt = problem.excerpt
            assert excerpt is not None
            column = problem.place.column or 1
            assert 1 <= column <= len(excerpt) + 1
            assert column + problem.width <= max(len(excerpt) + 2, column + 1)


_FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FUZZ
@given(mutations=_mutations())
@example(mutations=[(0.0, 60, b"[" * 300)])
@example(mutations=[(0.5, 0, b"\n\n\nsender: [&a *a]\n")])
def test_mutated_campaign_files_never_raise(
    example_copy: Path, mutations: list[tuple[float, int, bytes]]
) -> None:
    path = example_copy / EXAMPLE_CAMPAIGN / "campaign.yaml"
    with _written(path, _mutate(path.read_bytes(), mutations)):
        _assert_told_in_full(load_campaign(path.parent, example_copy), "campaign.yaml")


@_FUZZ
@given(
    name=st.sampled_from(["days/12-*.md", "days/01-*.md", "launch/launch.md", "welcome.md"]),
    mutations=_mutations(),
)
def test_mutated_copy_files_never_raise(
    example_copy: Path, name: str, mutations: list[tuple[float, int, bytes]]
) -> None:
    path = next((example_copy / EXAMPLE_CAMPAIGN).glob(name))
    with _written(path, _mutate(path.read_bytes(), mutations)):
        _assert_told_in_full(
            load_campaign(example_copy / EXAMPLE_CAMPAIGN, example_copy), path.name
        )


@_FUZZ
@given(content=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
@example(content=b"")
@example(content=b"a: &a [*a, *a]\nb: *a")
@example(content="start: 2027-02-30\nstart: 1\n".encode("utf-16"))
def test_any_bytes_at_all_never_raise(example_copy: Path, content: bytes) -> None:
    path = example_copy / EXAMPLE_CAMPAIGN / "campaign.yaml"
    with _written(path, content):
        loaded = load_campaign(path.parent, example_copy)
    _assert_told_in_full(loaded, "campaign.yaml")
    assert loaded.campaign is None


def test_the_example_itself_holds_no_mistake(example_copy: Path) -> None:
    loaded = load_campaign(example_copy / EXAMPLE_CAMPAIGN, example_copy)
    assert loaded.problems == ()
    assert loaded.campaign is not None
