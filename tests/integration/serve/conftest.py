"""Fixtures of tests of ``serve``: a campaign with readers, and its pages, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from tests.support.serving import Serving, serving
from tests.support.stage import Stage


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    """A small campaign on its day 1, without readers yet (``stage.add_readers``)."""
    return Stage(settings, database, days=3)


@pytest.fixture
def served(stage: Stage) -> Iterator[Serving]:
    """The pages of ``stage``, on its clock."""
    with serving(stage.settings, stage.database, stage.clock) as running:
        yield running
