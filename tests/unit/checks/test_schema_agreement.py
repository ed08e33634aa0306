"""Editor and program agree: of 500 generated documents, the schema takes what the loader takes.

Each document is the same right campaign with some of its settings written otherwise. The loader
also knows how settings fit together (LC040 and after), which no schema can say; compared is
whether each value is written as it must be.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lovecampaign.campaign.schema.json_schema import campaign_schema
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.validate import read_document
from lovecampaign.campaign.source.source import make_source
from lovecampaign.testing.campaigns import dump_yaml, write_campaign
from tests.support.paths import REPOSITORY

DOCUMENTS = 500
#: Each setting with what may be written there, right and wrong alike.
WRITTEN: dict[str, list[Any]] = {
    "version": [1, 2, "1"],
    "id": ["bloom-2027", "bloom_2027", "My Id", "", "a..b", 5],
    "name": ["Love", "", 5, ["Love"], "Love {{ first_name }}"],
    "language": ["en", "en-GB", "english", "e", "zh-Hant"],
    "timezone": ["Europe/Paris", "UTC", "Paris", "CEST", 1],
    "start": ["2027-02-01", "2027-2-1", "1 February", 20270201],
    "brand.color": ["#c2185b", "#fff", "red", "#12345"],
    "sender.email": ["ana@bloom.example", "ana", "a b@c.example"],
    "sender.website": ["https://bloom.example", "bloom.example", "ftp://bloom.example"],
    "sender.fax": ["1"],
    "audience.with_tags": [[], ["a", "b"], "a", ["a;b"], [1], "{% a %}"],
    "sending.at": ["09:00", "9:00", "25:00", "nine", 900],
    "sending.clock": ["subscriber", "campaign", "mine"],
    "sending.late_after": ["20h", "90s", "2 d", "20 hours", 20],
    "sending.quiet_hours": ["21:00-07:00", "21:00 to 07:00", "night"],
    "sending.max_per_second": [50, 0.5, "unlimited", 0, -1, "fast"],
    "sending.brake": [{"complaints": "0.1%"}, {"complaints": 0.1}, {"bounces": "1%"}],
    "late_joiners": ["wait", "from-today", "later"],
    "skip": [[7, 14], [], [28], ["two"], [0]],
    "days": [{"9": {"kind": "tool"}}, {"9": {"kind": "gift"}}, {"28": {}}, {"3": {"pinned": True}}],
    "launch.day": [28, 30, 27, 91, "28"],
    "launch.at": ["10:00", "ten", "day 28 10:00"],
    "launch.offer.price": ["99 EUR", "99.90 EUR", "99", "EUR 99", 99],
    "launch.offer.link": ["https://bloom.example/buy", "/buy", "https://bloom.example/{code}"],
    "launch.emails.thanks.to": ["bought", ["bought"], ["insiders", "not-bought"], "friends"],
    "launch.emails.thanks.quiet_hours": ["respect", "ignore", "21:00-07:00"],
    "launch.emails.thanks.at": ["day 32 10:00", "2027-03-05T10:00+01:00", "day 32", "later"],
    "deals.insider.quantity": [500, 1, 0, 1.5, "many"],
    "deals.insider.codes": ["generate", "codes.csv", "make some"],
    "deals.insider.claim_for": ["30m", "half an hour"],
    "deals.insider.when_gone": ["waitlist", "stop", "panic"],
    "deals.insider.price_from": ["2027-03-04", "4 March"],
    "checks.ignore": [{"LC260": "desktops"}, {"LC26": "short"}, {"LC260": ""}, {"loud": "yes"}],
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = write_campaign(tmp_path_factory.mktemp("workspace"), days=3)
    settings = yaml.safe_load((folder / "campaign.yaml").read_text("utf-8"))
    return dict(json.loads(json.dumps(settings)))


def documents(base: dict[str, Any]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Documents with one to three settings written otherwise, the same on every run."""
    chance = random.Random(28)
    for _ in range(DOCUMENTS):
        names = chance.sample(sorted(WRITTEN), chance.randint(1, 3))
        document = json.loads(json.dumps(base))
        said = []
        for name in names:
            value = chance.choice(WRITTEN[name])
            write(document, name.split("."), value)
            said.append(f"{name}: {value!r}")
        yield said, document


def write(document: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def loader_takes(document: dict[str, Any]) -> bool:
    read = read_document(make_source("campaign.yaml", dump_yaml(document)), CampaignFile)
    return not any(problem.is_error for problem in read.problems)


def test_schema_and_loader_agree_on_500_documents(base: dict[str, Any]) -> None:
    validator = Draft202012Validator(campaign_schema())
    taken, apart = 0, []
    for said, document in documents(base):
        takes = loader_takes(document)
        taken += takes
        if takes is not validator.is_valid(document):
            apart.append(f"{said}: the loader says {'yes' if takes else 'no'}")
    assert apart == []
    assert 100 < taken < 400, "both sides of the fence are tried"


def test_the_schema_beside_the_example_is_the_program_s_own() -> None:
    file = REPOSITORY / "campaigns" / "campaign.schema.json"
    assert json.loads(file.read_text("utf-8")) == campaign_schema()
