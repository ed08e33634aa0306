"""No campaign file shows a private file of the workspace: not by a path, nor by a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.images import find_image
from lovecampaign.testing.campaigns import write_campaign

SECRET = "q8Zw-secret"
PRIVATE_FILES = (
    ".env",
    ".netrc.md",
    ".git/hooks/notes.md",
    ".lovecampaign/settings.yaml",
    "lovecampaign.db",
    "lovecampaign.db-wal",
    "outbox/new/1796057201.M9P2Q1-12.host",
    "outbox/new/1796057201.M9P2Q1-13.shop.md",  # a host in Moldova
)


@pytest.fixture(params=PRIVATE_FILES)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A private file whose every line would be a mistake, and so an excerpt."""
    path = tmp_path / str(request.param)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.name == "new":
        for name in ("cur", "tmp"):
            path.parent.with_name(name).mkdir()
    path.write_text(f"subject: {SECRET}: x\n- {{{{ {SECRET}\n{{% {SECRET} %}}\n")
    return path


def require_refusal(folder: Path, workspace: Path) -> None:
    loaded = load_campaign(folder, workspace)
    assert loaded.campaign is None
    assert ProblemCode.OUTSIDE in {problem.code for problem in loaded.problems}
    assert SECRET not in repr(loaded.problems)


def link(at: Path, target: Path) -> None:
    at.unlink(missing_ok=True)
    at.symlink_to(os.path.relpath(target, at.parent.resolve()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    quantity: 500", "    codes: PATH"),
        ("copy: launch/launch.md", "copy: PATH"),
    ],
)
def test_a_named_file_is_no_private_file(
    tmp_path: Path, target: Path, before: str, after: str
) -> None:
    folder = write_campaign(tmp_path, days=1)
    file = folder / "campaign.yaml"
    text = file.read_text()
    assert before in text
    link(folder / "linked.csv", target)
    for path in (target, folder / "linked.csv"):
        file.write_text(text.replace(before, after.replace("PATH", os.path.relpath(path, folder))))
        loaded = load_campaign(folder, tmp_path)
        assert loaded.campaign is None
        assert SECRET not in repr(loaded.problems)


@pytest.mark.parametrize("linked", ["days/01-day-1.md", "welcome.md", "launch/launch.md"])
def test_a_link_in_the_campaign_leads_to_no_private_file(
    tmp_path: Path, target: Path, linked: str
) -> None:
    folder = write_campaign(tmp_path, days=1)
    link(folder / linked, target)
    require_refusal(folder, tmp_path)


def test_the_settings_are_no_private_file(tmp_path: Path, target: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    link(folder / "campaign.yaml", target)
    require_refusal(folder, tmp_path)


def test_a_linked_folder_leads_to_no_private_file(tmp_path: Path, target: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    (folder / "out").symlink_to(os.path.relpath(target.parent, folder))
    link(folder / "days" / "01-day-1.md", folder / "out" / target.name)
    require_refusal(folder, tmp_path)


def test_a_picture_is_no_private_file(tmp_path: Path, target: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    link(folder / "photo.png", target)
    assert find_image(campaign, "photo.png") is None
    assert find_image(campaign, os.path.relpath(target, folder)) is None
    assert find_image(campaign, str(target.relative_to(tmp_path))) is None


@pytest.mark.parametrize("linked", ["letter.mjml.j2", "part.j2"])
def test_a_template_is_no_private_file(tmp_path: Path, target: Path, linked: str) -> None:
    folder = write_campaign(tmp_path, days=1)
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    templates = tmp_path / "templates" / "email"
    letter = templates / "letter.mjml.j2"
    letter.write_text("{% include 'part.j2' %}" + letter.read_text())
    (templates / "part.j2").write_text("words")
    link(templates / linked, target)
    with pytest.raises(ProblemsFound) as caught:
        read_content(campaign, campaign.emails[0])
    assert SECRET not in repr(caught.value.problems)


def test_a_linked_template_folder_leads_to_no_private_file(tmp_path: Path, target: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    templates = tmp_path / "templates" / "email"
    (tmp_path / "mail").mkdir()
    text = templates / "letter.mjml.j2"
    own = tmp_path / "letter.mjml.j2"
    own.write_text("{% include '" + str(target.relative_to(tmp_path)) + "' %}" + text.read_text())
    templates.rename(tmp_path / "mail" / "old")
    templates.symlink_to("..")
    with pytest.raises(ProblemsFound) as caught:
        read_content(campaign, campaign.emails[0])
    assert SECRET not in repr(caught.value.problems)
