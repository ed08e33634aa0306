"""A campaign whose day 1 asks a question, and whose later days print what readers answered."""

from __future__ import annotations

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.stories import QUESTION, Answers
from tests.support.serving import Serving
from tests.support.stage import Stage

_HEROES = """
{% for hero in heroes %}
> {{ hero.text }}
>
> {{ hero.name }}

{% else %}
No story yet.
{% endfor %}
"""


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    days = {1: f"Hi there.\n\n[[answer: {QUESTION}]]\n", 2: _HEROES, 3: _HEROES}
    files = {f"days/{day:02}-day-{day}.md": day_file(day, body=body) for day, body in days.items()}
    return Stage(settings, database, days=3, files=files)


@pytest.fixture
def answers(stage: Stage, served: Serving) -> Answers:
    """Two readers who got day 1."""
    ids = stage.add_readers(2)
    stage.send()
    return Answers(stage=stage, served=served, readers=ids)
