"""A letter's copy on a page keeps its words, but for those about links that are not there."""

from __future__ import annotations

import pytest

from lovecampaign.delivery.display.web_version import REMOVED_LINK
from lovecampaign.web.serve.pages.letter_html import PageFrame, make_web_page

AROUND = PageFrame(style="", before="", after="", in_letter_only="(in the letter)")


def link(words: str, name: str = "") -> str:
    return f'<a href="{REMOVED_LINK}{name}" style="color: red">{words}</a>'


def copy_of(paragraph: str) -> str:
    page = make_web_page(f"<html><body><p>{paragraph}</p></body></html>", AROUND)
    return page.removeprefix("<html><body><p>").removesuffix("</p></body></html>")


FOOT = (
    "You asked for letters from Ana. You can "
    f"{link('leave with one click', 'unsubscribe')}, or "
    f"{link('hear only about the launch', 'preferences')}. If it looks odd here, "
    f"{link('read it in your browser', 'web-view')}."
)


@pytest.mark.parametrize(
    ("paragraph", "copied"),
    [
        (FOOT, "You asked for letters from Ana."),
        (link("Leave", "unsubscribe"), ""),
        ("A. B.", "A. B."),
        # With the answer goes its question, but no other sentence.
        (f"A. Looks odd? {link('Read it in your browser', 'web-view')}.", "A."),
        (f"A? B. {link('Leave', 'unsubscribe')}. C? D.", "A? B. C? D."),
        # What can be done from the copy, or is about something else, stays.
        (f"{link('Leave', 'unsubscribe')} or <a href='/join'>join</a>.",
         "Leave or <a href='/join'>join</a>."),
        (f"Your {link('price', 'deal')} is low. Really.", "Your price is low. Really."),
        # No pair of tags is torn.
        (f"<b>Stay. Or {link('leave', 'unsubscribe')}.</b>", "<b>Stay. Or leave.</b>"),
        (f"<b>Stay.</b> Or <i>{link('leave', 'unsubscribe')}</i>!",
         "<b>Stay.</b> Or <i>leave</i>!"),
    ],
)  # fmt: skip
def test_sentences_about_ways_out_go_with_their_links(paragraph: str, copied: str) -> None:
    assert copy_of(paragraph) == copied
