"""What the documentation lists is what the program knows."""

from __future__ import annotations

import inspect
import re

import pytest

from lovecampaign.core import settings
from lovecampaign.core.errors import ExitCode
from lovecampaign.render.templating import names
from lovecampaign.render.templating.names import NAMES
from tests.support.paths import REPOSITORY

DOCS = REPOSITORY / "docs"
VARIABLE = re.compile(r"\b(?:LOVECAMPAIGN|SENDGRID)_[A-Z_]+\b")


@pytest.fixture
def operating() -> str:
    return (DOCS / "operating.md").read_text()


def test_every_setting_is_documented_and_no_other(operating: str) -> None:
    assert set(VARIABLE.findall(operating)) == set(VARIABLE.findall(inspect.getsource(settings)))


def test_every_exit_code_is_documented(operating: str) -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", operating, re.MULTILINE)}
    assert documented == {code.value for code in ExitCode}


def test_every_template_name_is_documented() -> None:
    writing = (DOCS / "writing.md").read_text()
    table = writing[writing.index("## Merge fields") : writing.index("## Templates")]
    missing = [name for name in NAMES if f"`{name}" not in table]
    assert missing == [], names.__file__


def test_the_readme_leads_to_the_documentation() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    assert {"docs/writing.md", "docs/operating.md"} <= set(
        re.findall(r"\((docs/\w+\.md)\)", readme)
    )
