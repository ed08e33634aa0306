"""Facts about what the environment decides."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lovecampaign.core.errors import ExitCode, UsageError
from lovecampaign.core.settings import read_settings

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
    command = str(caught.value.hint).partition("type: ")[2]
    (tmp_path / ".env").write_text("LOVECAMPAIGN_PROVIDER=maildir:x")  # with no end of line
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    fixed = read_settings(tmp_path, {})
    assert [len(key) for key in fixed.require_secret_keys()] == [64]
    assert fixed.provider_url == "maildir:x"
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_a_dollar_in_the_file_stays_a_dollar(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOVECAMPAIGN_SECRET_KEY=a${HOME}b\n")

    assert read_settings(tmp_path, {}).secret_keys == ("a${HOME}b",)


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\n\n\nhunter2\nB=2\n", 4), ('A=1\nB="hunter2\nC=3\n', 2), ("=hunter2", 1)],
)
def test_a_line_that_is_no_setting_is_told_by_its_number_and_never_shown(
    tmp_path: Path, text: str, line: int, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".env").write_text(text)

    with pytest.raises(UsageError, match=rf"^line {line} of \.env ") as caught:
        read_settings(tmp_path, {})
    assert "hunter2" not in caught.value.message
    assert caplog.text == ""


def test_comments_export_and_a_byte_order_mark_are_no_mistakes(tmp_path: Path) -> None:
    text = "\ufeff# ours\n\nexport LOVECAMPAIGN_PROVIDER='maildir:x' # there\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")

    assert read_settings(tmp_path, {}).provider_url == "maildir:x"


@pytest.mark.parametrize(
    "address",
    ["ftp://x", "love.example", "https://", "https://a b", "https://ana:hunter2@x",
     "https://x:port", "https://x?y", "https://x#y", "https://[x"],
)  # fmt: skip
@pytest.mark.parametrize(
    "variable", ["LOVECAMPAIGN_PUBLIC_URL", "LOVECAMPAIGN_MEDIA_URL", "SENDGRID_BASE_URL"]
)
def test_an_address_that_cannot_be_opened_is_rejected_by_the_name_of_its_variable(
    tmp_path: Path, variable: str, address: str
) -> None:
    values = {variable: address, "LOVECAMPAIGN_PROVIDER": "sendgrid:"}
    settings = read_settings(tmp_path, values)

    with pytest.raises(UsageError, match=variable) as caught:
        settings.require_web_addresses()
    assert "hunter2" not in caught.value.message
    assert "https://" in str(caught.value.hint)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8028", "https://love.example/letters/", "https://[::1]:8028"]
)
def test_an_address_that_can_be_opened_is_taken(tmp_path: Path, address: str) -> None:
    read_settings(tmp_path, {"LOVECAMPAIGN_PUBLIC_URL": address}).require_web_addresses()


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
            "LOVECAMPAIGN_INBOX": f"imaps://ana:{SECRET}@mail.example",
            "LOVECAMPAIGN_INBOUND_SECRET": SECRET,
        },
    )

    assert SECRET not in repr(settings)
