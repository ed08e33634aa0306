"""``doctor`` names the languages whose letters no font of share cards has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lovecampaign.cli.health.cards_check import check_card_fonts
from lovecampaign.render.card.typefaces import find_typeface
from lovecampaign.testing.months import build_month


@pytest.mark.parametrize(
    ("copy", "told"),
    [
        (
            "[[answer: 家で一番古い植物は？]]\n",
            ["no font on this machine has the letters of 日本語"],
        ),
        ("Hello.\n", []),  # asks nothing, so there are no cards
    ],
)
def test_only_campaigns_that_ask_need_fonts(
    monkeypatch: pytest.MonkeyPatch, copy: str, told: list[str]
) -> None:
    monkeypatch.setenv("PATH", "")  # no fontconfig
    find_typeface.cache_clear()
    month = build_month()
    email = replace(month.emails[0], copy=replace(month.emails[0].copy, text=copy))
    campaign = replace(month, language="ja", languages=("ja", "fr"), emails=(email,))

    found = [one.message.partition(":")[0] for one in check_card_fonts([campaign])]

    assert found == told
