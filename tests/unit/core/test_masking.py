"""Passwords and addresses are masked in whatever text holds them."""

from __future__ import annotations

import pytest

from lovecampaign.core.masking import mask_addresses, mask_passwords

SECRET = "s3cret-Word"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ana:{SECRET}@db.example/bloom",
        f"postgresql+psycopg://ana:a@{SECRET}@db.example:5432/bloom",
        f"postgresql://db.example/bloom?user=ana&password={SECRET}",
        f"postgresql://db.example/bloom?PASSWORD={SECRET}&connect_timeout=3",
        f"postgresql://db.example/bloom?p%61ssword={SECRET}",
        f"postgresql:///bloom?sslmode=require&sslpassword={SECRET}",
        f"postgresql:///bloom?sslkey=a%3Bpassword%3D{SECRET}",
        f"postgresql:///bloom?sslkey=a;password={SECRET}",
        f"connection failed: host=db.example password={SECRET} dbname=bloom",
        f"connection failed: password = 'it is {SECRET}' dbname=bloom",
        f"Got unexpected extra argument (smtp://ana:{SECRET}@mail.example)",
    ],
)
def test_a_password_is_masked_wherever_a_url_holds_it(url: str) -> None:
    masked = mask_passwords(url)
    assert SECRET not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///lovecampaign.db",
        "https://letters.example.com/join/readers?lang=de",
        "postgresql://ana@db.example/bloom?sslmode=require",
        "set LOVECAMPAIGN_DASHBOARD_PASSWORD in .env",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert mask_passwords(text) == text


def test_addresses_keep_their_domain() -> None:
    text = "550 5.1.1 <ana.cruz@bloom.example>: no such user"
    assert mask_addresses(text) == "550 5.1.1 <***@bloom.example>: no such user"
