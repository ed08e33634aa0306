"""Can I Email's table is ours to ask: whole, with its notice, and made to find things."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from lovecampaign.checks.base.client_support import Feature, read_features

DATA = resources.files("lovecampaign.checks") / "data"


def feature(slug: str) -> Feature:
    return next(one for one in read_features() if one.slug == slug)


def test_the_data_comes_with_its_source_its_date_and_its_notice() -> None:
    table = json.loads((DATA / "caniemail.json").read_text("utf-8"))
    assert "caniemail.com" in table["source"]
    assert table["updated"] >= "2026-05-13"
    notice = (DATA / "caniemail.LICENSE").read_text("utf-8")
    assert "MIT License" in notice
    assert "Permission is hereby granted" in notice


def test_every_feature_is_dropped_by_somebody() -> None:
    assert len(read_features()) > 60
    assert all(one.drops for one in read_features())


@pytest.mark.parametrize(
    ("slug", "used", "unused"),
    [
        ("css-display-flex", "display: inline-flex;", "display:block; /* flexible */"),
        ("css-gap", "row-gap : 2px", "mind-the-gap: 1"),
        ("css-left-right-top-bottom", "{left:0}", "margin-left:0; padding-top: 3px"),
        ("css-unit-rem", "margin: 2rem;", "class='2remote'"),
        ("css-unit-calc", "width:calc(100% - 2px)", "calculated"),
        ("html-svg", "<svg viewBox='0 0 1 1'>", "<svgs>"),
        ("html-video", "<video src='a.mp4'>", "a video"),
        ("image-webp", "src='a.webp'", "src='webp.png'"),
        ("css-at-import", "@import url(a.css)", "@important"),
    ],
)
def test_a_feature_is_found_where_it_is_used_and_not_elsewhere(
    slug: str, used: str, unused: str
) -> None:
    assert feature(slug).pattern.search(used)
    assert not feature(slug).pattern.search(unused)


@pytest.mark.parametrize("slug", ["css-border-radius", "css-at-media", "css-pseudo-class-hover"])
def test_mere_polish_is_nobodys_loss(slug: str) -> None:
    assert slug not in {one.slug for one in read_features()}
