"""The ten steps to the first mail, over made-up name servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.health.first_mail import FirstMail, FirstMailStep, StepState
from lovecampaign.cli.health.health_finding import good, unknown, wrong
from lovecampaign.cli.health.sender_dns import OfflineDns
from lovecampaign.cli.health.spf_terms import allows, with_term
from lovecampaign.core.settings import Settings
from lovecampaign.testing.campaigns import write_campaign

Records = Mapping[tuple[str, str], Sequence[str]]
#: Everything of a shop with a mail server of its own.
OWN: Records = {
    ("news.bloom.shop", "TXT"): ["v=spf1 a:mail.bloom.shop ~all"],
    ("mail._domainkey.news.bloom.shop", "TXT"): ["v=DKIM1; p=MIGf"],
    ("_dmarc.bloom.shop", "TXT"): ["v=DMARC1; p=none"],
    ("news.bloom.shop", "MX"): ["10 mail.bloom.shop."],
    ("mail.bloom.shop", "A"): ["203.0.113.5"],
    ("5.113.0.203.in-addr.arpa.", "PTR"): ["mail.bloom.shop."],
}


@dataclass(frozen=True)
class Zone:
    """A name server with these records."""

    records: Records

    def find(self, name: str, kind: str) -> Sequence[str] | None:
        return self.records.get((name, kind), [])


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    sender = {"email": "ana@news.bloom.shop", "reply_to": "hello@bloom.shop"}
    folder = write_campaign(tmp_path, days=2, settings={"sender": sender})
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    return campaign


@pytest.fixture
def mail(campaign: Campaign) -> FirstMail:
    """Everything is in place, on a server of one's own."""
    settings = Settings(
        workspace=campaign.workspace,
        provider_url="smtps://ana:secret@mail.bloom.shop:465",
        public_url="https://letters.bloom.shop",
        media_url="https://letters.bloom.shop/i",
    )
    return FirstMail(
        settings=settings,
        campaign=campaign,
        records=Zone(OWN),
        provider=good("provider", "smtps://mail.bloom.shop:465"),
        public_url=good("public url", "https://letters.bloom.shop"),
        picture_fault=None,
        machine="shop-pc",
    )


def by_name(mail: FirstMail) -> dict[str, FirstMailStep]:
    return {step.name: step for step in mail.steps}


def through(mail: FirstMail, url: str, records: Records = OWN) -> FirstMail:
    settings = replace(mail.settings, provider_url=url)
    return replace(mail, settings=settings, records=Zone(records))


def test_with_everything_in_place_only_the_test_mail_is_left(mail: FirstMail) -> None:
    steps = list(mail.steps)
    assert [step.name for step in steps] == [
        "domain",
        "provider",
        "spf",
        "dkim",
        "dmarc",
        "ptr",
        "bounces",
        "public url",
        "pictures",
        "test mail",
    ]
    assert [step.state for step in steps] == [*[StepState.DONE] * 9, StepState.TO_DO]
    last = steps[-1]
    assert last.lines == ("lovecampaign send test-month --day day-01 --to hello@bloom.shop",)
    assert any("dkim=pass" in each for each in last.look_at)
    assert not any("secret" in repr(step) for step in steps)


@pytest.mark.parametrize(
    ("missing", "name", "line"),
    [
        (
            ("news.bloom.shop", "TXT"),
            "spf",
            'news.bloom.shop. TXT "v=spf1 a:mail.bloom.shop ~all"',
        ),
        (
            ("mail._domainkey.news.bloom.shop", "TXT"),
            "dkim",
            "opendkim-genkey -b 2048 -d news.bloom.shop -s mail",
        ),
        (
            ("_dmarc.bloom.shop", "TXT"),
            "dmarc",
            '_dmarc.news.bloom.shop. TXT "v=DMARC1; p=none; rua=mailto:hello@bloom.shop"',
        ),
        (
            ("5.113.0.203.in-addr.arpa.", "PTR"),
            "ptr",
            "5.113.0.203.in-addr.arpa. PTR mail.bloom.shop.",
        ),
        (
            ("news.bloom.shop", "MX"),
            "bounces",
            "news.bloom.shop. MX 10 NAME-OF-YOUR-MAIL-SERVER.",
        ),
    ],
)
def test_a_missing_record_is_shown_as_the_line_to_type(
    mail: FirstMail, missing: tuple[str, str], name: str, line: str
) -> None:
    records = {key: value for key, value in OWN.items() if key != missing}
    step = by_name(replace(mail, records=Zone(records)))[name]
    assert (step.state, tuple(step.lines)) == (StepState.TO_DO, (line,))
    assert step.where


def test_a_name_that_does_not_lead_back_is_no_ptr(mail: FirstMail) -> None:
    records = {**OWN, ("5.113.0.203.in-addr.arpa.", "PTR"): ["static-5.hoster.example."]}
    assert by_name(replace(mail, records=Zone(records)))["ptr"].state is StepState.TO_DO


def test_an_existing_spf_record_keeps_its_terms(mail: FirstMail) -> None:
    records = {**OWN, ("news.bloom.shop", "TXT"): ["v=spf1 ip4:198.51.100.0/24 -all"]}
    step = by_name(replace(mail, records=Zone(records)))["spf"]
    line = 'news.bloom.shop. TXT "v=spf1 ip4:198.51.100.0/24 a:mail.bloom.shop -all"'
    assert (step.state, tuple(step.lines)) == (StepState.TO_DO, (line,))
    assert "does not name mail.bloom.shop" in step.message


@pytest.mark.parametrize(
    ("record", "is_allowed"),
    [
        ("v=spf1 a:mail.bloom.shop ~all", True),
        ("v=spf1 +ip4:203.0.113.0/24 ~all", True),
        ("v=spf1 mx ~all", True),
        ("v=spf1 include:spf.hoster.example ~all", True),
        ("v=spf1 ip4:198.51.100.9 ip6:not-one ~all", False),
        ("v=spf1 -all", False),
    ],
)
def test_a_server_of_ones_own_is_found_in_the_record(record: str, is_allowed: bool) -> None:
    assert allows(record, "a:mail.bloom.shop", ["203.0.113.5"]) is is_allowed


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 -all", "v=spf1 a:x -all"),
        ("v=spf1 mx redirect=y", "v=spf1 mx a:x redirect=y"),
        ("v=spf1 mx", "v=spf1 mx a:x"),
        ("v=spf1 A:X +all", "v=spf1 A:X ~all"),
    ],
)
def test_a_term_comes_before_the_word_about_all_others(record: str, result: str) -> None:
    assert with_term(record, "a:x") == result


def test_sendgrid_names_its_own_records_and_reports_bounces(mail: FirstMail) -> None:
    steps = by_name(through(mail, "sendgrid:", {}))
    assert steps["spf"].lines == ('news.bloom.shop. TXT "v=spf1 include:sendgrid.net ~all"',)
    assert "Sender Authentication" in str(steps["dkim"].where)
    assert steps["ptr"].state is StepState.DONE
    assert steps["bounces"].lines == ("SENDGRID_WEBHOOK_PUBLIC_KEY=KEY",)
    settings = replace(mail.settings, provider_url="sendgrid:", sendgrid_webhook_public_key="KEY")
    assert by_name(replace(mail, settings=settings))["bounces"].state is StepState.DONE


@pytest.mark.parametrize(
    ("host", "term"),
    [
        ("smtp.mailgun.org", "include:mailgun.org"),
        ("smtp.office365.com", "include:spf.protection.outlook.com"),
        ("smtp.other-service.net", "include:SPF-NAME-OF-YOUR-SERVICE"),
    ],
)
def test_a_service_over_smtp_has_its_own_term(mail: FirstMail, host: str, term: str) -> None:
    steps = by_name(through(mail, f"smtp://{host}:587", {}))
    assert steps["spf"].lines == (f'news.bloom.shop. TXT "v=spf1 {term} ~all"',)
    assert steps["ptr"].state is StepState.DONE


@pytest.mark.parametrize("machine", ["mail.bloom.shop", "localhost"])
def test_a_server_on_this_machine_has_its_name_or_the_usual_one(
    mail: FirstMail, machine: str
) -> None:
    steps = by_name(replace(through(mail, "smtp://localhost:25"), machine=machine))
    assert (steps["spf"].state, steps["ptr"].state) == (StepState.DONE, StepState.DONE)


def test_without_a_provider_and_a_public_url_the_settings_are_shown(mail: FirstMail) -> None:
    url = "http://127.0.0.1:8028"
    settings = replace(
        mail.settings, provider_url="maildir:outbox", public_url=url, media_url=f"{url}/i"
    )
    waiting = replace(
        mail,
        settings=settings,
        provider=None,
        public_url=wrong("public url", f"{url} is not an https address", ""),
        picture_fault="not an https address",
    )
    steps = by_name(waiting)
    assert steps["provider"].lines == ("LOVECAMPAIGN_PROVIDER=smtps://USER:PASSWORD@HOST:465",)
    assert steps["public url"].lines == ("LOVECAMPAIGN_PUBLIC_URL=https://letters.bloom.shop",)
    assert steps["pictures"].lines == ("lovecampaign serve",)
    assert steps["ptr"].state is StepState.UNKNOWN


def test_a_refused_login_is_a_step_to_do(mail: FirstMail) -> None:
    step = by_name(replace(mail, provider=wrong("provider", "the login is refused", "")))
    assert step["provider"].state is StepState.TO_DO


def test_offline_nothing_is_called_missing(mail: FirstMail) -> None:
    offline = replace(
        mail, records=OfflineDns(), public_url=unknown("public url", "could not be reached")
    )
    steps = by_name(offline)
    for name in ("spf", "dkim", "dmarc", "ptr", "bounces", "public url"):
        assert steps[name].state is StepState.UNKNOWN, name
        assert steps[name].lines, name


@pytest.mark.parametrize("domain", ["news.bloom.example", "gmail.com"])
def test_a_domain_of_ones_own_comes_first(mail: FirstMail, domain: str) -> None:
    sender = replace(mail.campaign.sender, email=f"ana@{domain}")
    steps = by_name(replace(mail, campaign=replace(mail.campaign, sender=sender)))
    assert steps["domain"].state is StepState.TO_DO
    assert steps["domain"].lines == ("email: you@news.YOUR-DOMAIN",)
    if domain.endswith(".example"):
        assert steps["spf"].message == "after step 1, with your domain"
