"""Facts about what the doctor reads in DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from lovecampaign.cli.health.health_finding import HealthState
from lovecampaign.cli.health.sender_dns import (
    MAX_SPF_LOOKUPS,
    check_sender,
    dkim,
    dmarc,
    mail_exchange,
    spf,
)

INTERNET = {(".", "NS"): ["a.root-servers.net."]}
GOOD_ZONE = INTERNET | {
    ("news.bloom.shop", "TXT"): ["v=spf1 include:sendgrid.net ~all", "some other text"],
    ("s1._domainkey.news.bloom.shop", "TXT"): ["k=rsa; t=s; p=MIGfMA0"],
    ("_dmarc.bloom.shop", "TXT"): ["v=DMARC1; p=none"],
    ("news.bloom.shop", "MX"): ["10 mx.sendgrid.net."],
    ("bloom.shop", "MX"): ["10 mail.bloom.shop."],
}


@dataclass(frozen=True)
class Zone:
    """A name server with these records; without any, one that does not answer."""

    records: Mapping[tuple[str, str], Sequence[str]] | None

    def find(self, name: str, kind: str) -> Sequence[str] | None:
        return None if self.records is None else self.records.get((name, kind), [])


def spf_zone(*texts: str) -> Zone:
    return Zone({("bloom.shop", "TXT"): texts})


def test_a_sender_with_everything_in_place_is_good() -> None:
    findings = list(check_sender("ana@news.bloom.shop", "hello@bloom.shop", Zone(GOOD_ZONE)))

    assert [finding.name for finding in findings] == [
        "spf",
        "dkim",
        "dmarc",
        "mx news.bloom.shop",
        "mx bloom.shop",
    ]
    assert {finding.state for finding in findings} == {HealthState.GOOD}


def test_a_bare_domain_lacks_spf_dkim_dmarc_and_mail() -> None:
    findings = list(check_sender("ana@bloom.shop", "ana@bloom.shop", Zone(INTERNET)))

    assert [(finding.name, finding.state) for finding in findings] == [
        ("spf", HealthState.WRONG),
        ("dkim", HealthState.DOUBTFUL),
        ("dmarc", HealthState.WRONG),
        ("mx bloom.shop", HealthState.WRONG),
    ]
    assert all(finding.hint for finding in findings)


@pytest.mark.parametrize("zone", [Zone(None), Zone({})], ids=["silent", "cut off"])
def test_without_the_internet_one_finding_says_so(zone: Zone) -> None:
    (finding,) = check_sender("ana@bloom.shop", "ana@bloom.shop", zone)

    assert finding.state is HealthState.UNKNOWN
    assert "could not look up" in finding.message


def test_a_made_up_domain_is_not_asked_about() -> None:
    (finding,) = check_sender("ana@news.bloom.example", "a@b.example", Zone({}))

    assert finding.state is HealthState.UNKNOWN
    assert "reserved" in finding.message


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (["v=spf1 mx -all"], HealthState.GOOD),
        (["V=SPF1 include:sendgrid.net ~all"], HealthState.GOOD),
        ([], HealthState.WRONG),
        (["v=spf1 mx -all", "v=spf1 a -all"], HealthState.WRONG),
        (["v=spf1 include:sendgrid.net +all"], HealthState.WRONG),
        (["v=spf1 all"], HealthState.WRONG),
        (["v=spf1 " + "include:a.example " * MAX_SPF_LOOKUPS + "-all"], HealthState.GOOD),
        (["v=spf1 " + "include:a.example " * (MAX_SPF_LOOKUPS + 1) + "-all"], HealthState.WRONG),
        (["v=spf1 " + "ip4:192.0.2.1 " * 20 + "-all"], HealthState.GOOD),
    ],
)
def test_spf(texts: list[str], state: HealthState) -> None:
    assert spf("bloom.shop", spf_zone(*texts)).state is state


def test_a_withdrawn_dkim_key_is_no_key() -> None:
    zone = Zone({("s1._domainkey.bloom.shop", "TXT"): ["v=DKIM1; p="]})

    assert dkim("bloom.shop", zone).state is HealthState.DOUBTFUL


def test_dmarc_is_taken_from_the_nearest_domain_above() -> None:
    zone = Zone(
        {
            ("_dmarc.news.bloom.shop", "TXT"): ["v=DMARC1; p=reject"],
            ("_dmarc.bloom.shop", "TXT"): ["v=DMARC1; p=none"],
        }
    )

    assert "p=reject" in dmarc("news.bloom.shop", zone).message
    assert "p=none" in dmarc("other.bloom.shop", zone).message


def test_two_dmarc_records_count_as_none() -> None:
    zone = Zone({("_dmarc.bloom.shop", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]})

    assert dmarc("bloom.shop", zone).state is HealthState.WRONG


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ({("bloom.shop", "MX"): ["10 mx.bloom.shop."]}, HealthState.GOOD),
        ({("bloom.shop", "MX"): ["0 ."]}, HealthState.WRONG),
        ({("bloom.shop", "A"): ["192.0.2.1"]}, HealthState.DOUBTFUL),
        ({}, HealthState.WRONG),
        (None, HealthState.UNKNOWN),
    ],
)
def test_answers_need_a_server_that_takes_them(
    records: Mapping[tuple[str, str], Sequence[str]] | None, state: HealthState
) -> None:
    assert mail_exchange("bloom.shop", Zone(records)).state is state
