"""A shop with a small campaign and four people, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lovecampaign.testing.campaigns import write_campaign
from tests.acceptance.program import Shop, Typist
from tests.chaos.commands import fork_command

PEOPLE = """\
email,first_name,timezone,tags,consent_at
ana@readers.example,Ana,Europe/Paris,,2026-12-01
ben@readers.example,Ben,Europe/London,,2026-12-02
chloe@readers.example,Chloé,America/New_York,,2026-12-03
staff@bloom.example,Sam,Europe/Paris,staff,2026-12-04
"""


@pytest.fixture(scope="session")
def typist() -> Typist:
    """Types into processes that need not import the program each time."""
    return fork_command


@pytest.fixture(scope="session")
def shop_model(tmp_path_factory: pytest.TempPathFactory, typist: Typist) -> Path:
    """Three days of giving and a launch; day 1 is Monday, 1 February 2027."""
    folder = tmp_path_factory.mktemp("shop")
    write_campaign(folder, days=3)
    (folder / ".env").write_text("LOVECAMPAIGN_SECRET_KEY=the-key-of-the-acceptance-tests-1234\n")
    (folder / ".env").chmod(0o600)
    (folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
    words = ("subscribers", "import", "people.csv", "--apply", "--now", "2027-01-20T12:00Z")
    typist(*words, cwd=folder).done()
    return folder


@pytest.fixture
def shop(shop_model: Path, tmp_path: Path, typist: Typist) -> Shop:
    folder = tmp_path / "shop"
    shutil.copytree(shop_model, folder)
    return Shop(folder, typist)
