"""The editor's schema and the loader agree on what may be written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.schema.json_schema import campaign_schema, day_schema
from lovecampaign.testing.campaigns import write_campaign


@pytest.fixture(scope="module")
def campaign_validator() -> Draft202012Validator:
    return Draft202012Validator(campaign_schema())


def settings_of(folder: Path) -> Any:
    """As a JSON Schema validator sees them: keys are text."""
    return json.loads(json.dumps(yaml.safe_load((folder / "campaign.yaml").read_text())))


@pytest.mark.parametrize("schema", [campaign_schema(), day_schema()], ids=["campaign", "day"])
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_setting_is_described() -> None:
    schema = campaign_schema()
    groups = [schema, *schema["$defs"].values(), day_schema()]
    for group in groups:
        for name, setting in group["properties"].items():
            assert setting.get("description") or "$ref" in setting, name


def test_defaults_are_written_as_an_author_writes_them() -> None:
    sending = campaign_schema()["$defs"]["SendingGroup"]["properties"]
    assert (sending["at"]["default"], sending["late_after"]["default"]) == ("09:00", "20h")


VALID: list[dict[str, Any]] = [
    {},
    {"days": {2: {"at": "9:05", "pinned": True, "with_tags": "quiz"}}},
    {"sending": {"max_per_second": "unlimited", "quiet_hours": "21:00-07:00"}},
    {"sending": {"brake": {"complaints": "0.1%"}, "late_after": "2d"}},
    {"insiders": {"until": "2027-02-28T10:00+01:00"}},
    {"deals": {"insider": {"price": "59.90 EUR", "instead_of": "99 EUR"}}},
    {"brand": {"color": "#fa0"}},
    {"launch": {"emails": {"thanks": {"to": ["bought"], "quiet_hours": "respect"}}}},
]

INVALID: list[dict[str, Any]] = [
    {"version": 2},
    {"id": "My Id"},
    {"name": 5},
    {"sender": None},
    {"sender": {"emial": "x"}},
    {"sender": {"reply_to": "ana"}},
    {"start": "1 February"},
    {"start": 20270201},
    {"timezone": "Paris"},
    {"skip": [61]},
    {"skip": ["two"]},
    {"days": {61: {}}},
    {"days": {2: {"at": "25:00"}}},
    {"days": {2: {"pinned": "yes"}}},
    {"days": {2: {"kind": "gift"}}},
    {"sending": {"max_per_second": 0}},
    {"sending": {"quiet_hours": "night"}},
    {"sending": {"late_after": "20 hours"}},
    {"sending": {"brake": {"complaints": 0.1}}},
    {"late_joiners": "later"},
    {"launch": {"at": "ten"}},
    {"launch": {"day": 1}},
    {"launch": {"emails": {"Thanks!": {}}}},
    {"launch": {"emails": {"thanks": {"to": "friends"}}}},
    {"launch": {"emails": {"thanks": {"at": "day 32"}}}},
    {"deals": {"insider": {"price": "59,90 Taler"}}},
    {"deals": {"insider": {"price": 59}}},
    {"deals": {"insider": {"link": "bloom.example"}}},
    {"deals": {"insider": {"codes": "make some"}}},
    {"deals": {"insider": {"quantity": 0}}},
    {"brand": {"color": "red"}},
    {"catch_up": {"must_have": []}},
]


@pytest.mark.parametrize("settings", VALID, ids=str)
def test_what_the_loader_takes_the_schema_takes(
    tmp_path: Path, campaign_validator: Draft202012Validator, settings: dict[str, Any]
) -> None:
    folder = write_campaign(tmp_path, days=3, settings=settings)
    assert load_campaign(folder, tmp_path).campaign is not None
    assert list(campaign_validator.iter_errors(settings_of(folder))) == []


@pytest.mark.parametrize("settings", INVALID, ids=str)
def test_what_the_loader_refuses_the_schema_refuses(
    tmp_path: Path, campaign_validator: Draft202012Validator, settings: dict[str, Any]
) -> None:
    folder = write_campaign(tmp_path, days=3, settings=settings)
    assert load_campaign(folder, tmp_path).campaign is None
    assert list(campaign_validator.iter_errors(settings_of(folder)))


@pytest.mark.parametrize(
    ("front", "is_valid"),
    [
        (
            {"subject": "Hi", "kind": "guest", "guest": {"name": "Mai", "approved": "2027-01-20"}},
            True,
        ),
        ({"subject": "Hi", "at": "18:00", "pinned": False, "question": "Why?"}, True),
        ({"subject": ""}, False),
        ({"subject": "Hi", "guest": {"role": "none"}}, False),
        ({"subject": "Hi", "subtitle": "x"}, False),
        ({"subject": "Hi", "preheader": None}, False),
    ],
)
def test_day_files_agree_too(tmp_path: Path, front: dict[str, Any], is_valid: bool) -> None:
    text = f"---\n{yaml.safe_dump(front)}---\nHello.\n"
    folder = write_campaign(tmp_path, days=2, files={"days/02-day-2.md": text})
    has_errors = any(problem.is_error for problem in load_campaign(folder, tmp_path).problems)
    assert has_errors is not is_valid
    assert Draft202012Validator(day_schema()).is_valid(front) is is_valid
