"""No merge field of a setting reaches a reader as it stands; what people call themselves may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.model.campaign import Guest
from lovecampaign.render.model.errors import RenderError
from tests.support.render_kit import Workbench, recipient

PRINTS_ALL = "{{ question }} {{ guest.name if guest }} {{ campaign.name }} {{ sender.name }}"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"question": "Well, {{ first_name }}?"}, "question"),
        ({"guest": Guest(name="Mai {% x %}")}, "guest.name"),
        ({"guest": Guest(name="Mai", role="{# x #}")}, "guest.role"),
    ],
)
def test_a_merge_field_in_a_setting_of_the_email_stops_it(
    bench: Workbench, changes: Mapping[str, Any], named: str
) -> None:
    renderer = bench.renderer(bench.email(PRINTS_ALL, **{"question": "Why?", **changes}))
    with pytest.raises(RenderError, match=named):
        renderer.render(recipient())


def test_a_merge_field_in_a_setting_of_the_campaign_stops_every_email(bench: Workbench) -> None:
    sender = replace(bench.campaign().sender, name="Ana for {{ first_name }}")
    renderer = bench.renderer(bench.email(PRINTS_ALL, question="Why?"), sender=sender)
    with pytest.raises(RenderError, match=r"sender\.name"):
        renderer.render(recipient())


def test_braces_in_a_person_s_own_name_are_data(bench: Workbench) -> None:
    message = bench.render("Hi {{ first_name }}", first_name="{{ Ana }}")
    assert "Hi {{ Ana }}" in message.text
