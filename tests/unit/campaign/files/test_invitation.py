"""The invitation in campaign.yaml: its defaults, its times, and what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Invitation, Role
from lovecampaign.campaign.model.loaded import LoadedCampaign
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.testing.campaigns import invitation_file, write_campaign

_FILES = {"invitation.md": invitation_file()}


def load(
    tmp_path: Path, invitation: object, files: Any = _FILES, **settings: Any
) -> LoadedCampaign:
    settings = {"invitation": invitation, **settings}
    folder = write_campaign(tmp_path, days=3, settings=settings, files=files)
    return load_campaign(folder, tmp_path)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ({"waves": "2x"}, datetime(2027, 1, 18, 8, tzinfo=UTC)),
        ({"from": "day -14"}, datetime(2027, 1, 18, 8, tzinfo=UTC)),
        ({"from": "day -5 18:30"}, datetime(2027, 1, 27, 17, 30, tzinfo=UTC)),
        ({"from": "Day – 5, at 18:30"}, datetime(2027, 1, 27, 17, 30, tzinfo=UTC)),
        ({"from": "start -14d 10:00"}, datetime(2027, 1, 18, 9, tzinfo=UTC)),
        ({"from": "2027-01-20T10:00+01:00"}, datetime(2027, 1, 20, 9, tzinfo=UTC)),
    ],
)
def test_its_time_is_counted_back_from_day_1(
    tmp_path: Path, written: dict[str, str], at: datetime
) -> None:
    loaded = load(tmp_path, written)
    assert loaded.problems == ()
    assert loaded.campaign is not None
    ends = datetime(2027, 2, 1, 8, tzinfo=UTC)
    assert loaded.campaign.invitation == Invitation(at=at, ends=ends, growth=Fraction(2), first=50)
    email = loaded.campaign.emails[0]
    assert (email.key, email.role, email.instant) == ("invitation", Role.INVITATION, at)


@pytest.mark.parametrize(
    ("written", "code", "hint"),
    [
        ({"from": "day 1 09:00"}, ProblemCode.INVITATION, "from: day -14"),
        ({"from": "day 40 10:00"}, ProblemCode.INVITATION, "from: day -14"),
        ({"waves": "3x"}, ProblemCode.INVITATION, "waves: 2x"),
        ({"waves": "1x"}, ProblemCode.NUMBER, "2x"),
        ({"waves": "x2"}, ProblemCode.NUMBER, "write 2x"),
        ({"waves": "double"}, ProblemCode.NUMBER, "write 2x"),
        ({"first": 0}, ProblemCode.NUMBER, ""),
        ({"wave": "2x"}, ProblemCode.UNKNOWN_KEY, "waves"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(
    tmp_path: Path, written: dict[str, object], code: ProblemCode, hint: str
) -> None:
    (problem,) = load(tmp_path, written).problems
    assert problem.code == code
    assert hint in (problem.hint or "")


def test_it_needs_a_file_and_a_key_of_its_own(tmp_path: Path) -> None:
    (missing,) = load(tmp_path, {"from": "day -14"}, files={}).problems
    assert missing.code == ProblemCode.FILE_NOT_FOUND
    launch = {"emails": {"invitation": {"copy": "launch/launch.md"}}}
    loaded = load(tmp_path / "two", {"from": "day -14"}, launch=launch)
    assert [problem.code for problem in loaded.problems] == [ProblemCode.RESERVED_KEY]


def test_readers_who_are_left_out_and_not_asked_are_told_of(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, None, audience={"active_within": "180d"}).problems
    assert warning.code == ProblemCode.INVITATION
    assert not warning.is_error
    asked = load(tmp_path / "two", {"first": 20}, audience={"active_within": "180d"})
    assert asked.problems == ()
    assert asked.campaign is not None
    assert asked.campaign.audience.active_since == datetime(2026, 8, 5, 8, tzinfo=UTC)
