"""`doctor --mail` reads whether a DKIM signature covers the one-click unsubscribe (RFC 8058)."""

from __future__ import annotations

import pytest

from lovecampaign.cli.health.health_finding import HealthFinding, HealthState
from lovecampaign.cli.health.signature_check import check_signature

BOTH = "from:subject:list-unsubscribe:list-unsubscribe-post"


def mail(*signatures: str, extra: str = "", post: str = "List-Unsubscribe=One-Click") -> bytes:
    lines = [
        *(f"DKIM-Signature: v=1; a=rsa-sha256;{each}; b=abc" for each in signatures),
        *([extra] if extra else []),
        "From: Ana <ana@news.bloom.example>",
        "List-Unsubscribe: <https://bloom.example/u/x>",
        *([f"List-Unsubscribe-Post: {post}"] if post else []),
        "",
        "Hi",
    ]
    return "\r\n".join(lines).encode()


def check(read: bytes) -> list[HealthFinding]:
    return list(check_signature(read))


@pytest.mark.parametrize(
    "signature",
    [
        f" d=news.bloom.example; h={BOTH}",
        f" d=bloom.example; h={BOTH}",
        " d=bloom.example;\r\n\th=From :\r\n\t List-Unsubscribe\r\n : List-Unsubscribe-Post",
        f"d=bloom.example;h={BOTH}:list-unsubscribe-post",
    ],
)
def test_a_signature_over_both_fields_is_good(signature: str) -> None:
    (finding,) = check(mail(signature))
    assert finding.state is HealthState.GOOD
    assert "bloom.example" in finding.message


@pytest.mark.parametrize("headers", ["from:list-unsubscribe", "from:list-unsubscribe-post", ""])
def test_a_signature_that_leaves_a_field_out_is_wrong(headers: str) -> None:
    (finding,) = check(mail(f"d=bloom.example; h={headers}"))
    assert finding.state is HealthState.WRONG
    assert "RFC 8058" in finding.message
    assert "OpenDKIM" in str(finding.hint)


def test_one_of_several_signatures_is_enough() -> None:
    (finding,) = check(mail("d=relay.example; h=from", f"d=bloom.example; h={BOTH}"))
    assert finding.state is HealthState.GOOD


@pytest.mark.parametrize("domain", ["relay.example", "evilbloom.example", ""])
def test_a_signature_of_another_domain_is_doubtful(domain: str) -> None:
    (finding,) = check(mail(f"d={domain}; h={BOTH}"))
    assert finding.state is HealthState.DOUBTFUL
    assert "news.bloom.example" in finding.message


def test_a_mail_without_a_signature_is_wrong() -> None:
    (finding,) = check(mail())
    assert "no DKIM signature" in finding.message


@pytest.mark.parametrize("read", [mail(post=""), b"", b"\xff\xfe\x00", b"x: y\r\n\r\n"])
def test_what_is_no_letter_is_doubtful(read: bytes) -> None:
    (finding,) = check(read)
    assert finding.state is HealthState.DOUBTFUL
    assert "send --day day-01 --to" in str(finding.hint)


def test_a_signature_that_the_receiver_could_not_verify_is_wrong() -> None:
    results = "Authentication-Results: mx.example; spf=pass; dkim=fail (body hash) header.d=x"
    good, failed = check(mail(f"d=bloom.example; h={BOTH}", extra=results))
    assert (good.state, failed.state) == (HealthState.GOOD, HealthState.WRONG)
    assert "dkim=fail" in failed.message
