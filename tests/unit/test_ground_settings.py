"""Facts about what the environment decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.errors import ExitCode, UsageError
from lovecampaign.settings import read_settings

SECRET = "correct-horse-battery"


def test_without_any_setting_mail_stays_on_this_machine(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {})

    assert settings.provider_url == "maildir:outbox"
    assert settings.database_url == "sqlite:///lovecampaign.db"
    assert settings.public_url == "http://127.0.0.1:8028"
    assert settings.media_url == "http://127.0.0.1:8028/i"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOVECAMPAIGN_PROVIDER=sendgrid:\nSENDGRID_API_KEY=from-file\n")

    settings = read_settings(tmp_path, {"LOVECAMPAIGN_PROVIDER": "maildir:elsewhere"})

    assert settings.provider_url == "maildir:elsewhere"
    assert settings.sendgrid_api_key == "from-file"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = read_settings(
        tmp_path,
        {"LOVECAMPAIGN_PROVIDER": " ", "SENDGRID_API_KEY": "", "LOVECAMPAIGN_SECRET_KEY": " , "},
    )

    assert settings.provider_url == "maildir:outbox"
    assert settings.sendgrid_api_key is None
    assert settings.secret_keys == ()


def test_a_list_of_keys_rotates_in_order(tmp_path: Path) -> None:
    settings = read_settings(
        tmp_path,
        {"LOVECAMPAIGN_SECRET_KEY": "new, old", "LOVECAMPAIGN_RETIRED_KEYS": "older"},
    )

    assert settings.require_secret_keys() == ("new", "old")
    assert settings.retired_keys == ("older",)


def test_the_media_url_follows_the_public_url(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {"LOVECAMPAIGN_PUBLIC_URL": "https://love.example/"})

    assert settings.public_url == "https://love.example"
    assert settings.media_url == "https://love.example/i"


def test_a_missing_secret_key_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LOVECAMPAIGN_SECRET_KEY") as caught:
        read_settings(tmp_path, {}).require_secret_keys()

    assert caught.value.exit_code is ExitCode.USAGE
    assert "lovecampaign new" in str(caught.value.hint)


def test_a_dollar_in_the_file_stays_a_dollar(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOVECAMPAIGN_SECRET_KEY=a${HOME}b\n")

    assert read_settings(tmp_path, {}).secret_keys == ("a${HOME}b",)


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00KEY=1")

    with pytest.raises(UsageError, match=r"\.env in the workspace cannot be read"):
        read_settings(tmp_path, {})


def test_no_secret_stands_in_a_repr(tmp_path: Path) -> None:
    settings = read_settings(
        tmp_path,
        {
            "LOVECAMPAIGN_PROVIDER": f"smtp://ana:{SECRET}@mail.example:587",
            "LOVECAMPAIGN_DATABASE_URL": f"postgresql://ana:{SECRET}@db.example/love",
            "LOVECAMPAIGN_SECRET_KEY": SECRET,
            "LOVECAMPAIGN_RETIRED_KEYS": SECRET,
            "SENDGRID_API_KEY": SECRET,
            "LOVECAMPAIGN_DASHBOARD_PASSWORD": SECRET,
            "LOVECAMPAIGN_REDEEM_SECRET": SECRET,
        },
    )

    assert SECRET not in repr(settings)
