"""SendGrid's rejections of our account stop the run; those of an address concern it alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lovecampaign.core.message import FaultKind
from lovecampaign.providers.sendgrid.http1 import HttpResponse
from lovecampaign.providers.sendgrid.responses import classify_response

NOW = datetime(2027, 2, 1, tzinfo=UTC)


def classify(status: int, message: str, field: str | None = None) -> FaultKind | None:
    body = json.dumps({"errors": [{"message": message, "field": field}]}).encode()
    reply = HttpResponse(status=status, headers={}, body=body)
    return classify_response(reply, NOW).fault


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "message",
    [
        "Maximum credits exceeded",
        "The from address does not match a verified Sender Identity.",
        "Your account has been disabled",
        "Your account is temporarily under review",
    ],
)
def test_a_rejection_of_our_account_stops_the_run(status: int, message: str) -> None:
    assert classify(status, message) is FaultKind.CONFIGURATION


def test_a_rejection_of_an_address_is_about_the_recipient() -> None:
    field = "personalizations.0.to.0.email"
    assert classify(400, "Does not contain a valid address.", field) is FaultKind.RECIPIENT


def test_a_rejection_of_another_field_is_about_the_message() -> None:
    assert classify(400, "The subject is required.", "subject") is FaultKind.MESSAGE


def test_a_rejection_that_names_no_field_is_not_clear() -> None:
    assert classify(400, "Your office has a bad day") is FaultKind.UNCLEAR


def test_a_bill_that_is_not_paid_stops_the_run() -> None:
    assert classify(402, "Payment required") is FaultKind.CONFIGURATION
