"""Rule about the confirmation email: it asks for a confirmation and advertises nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.locate import LazyPattern, Passage, find_in_words
from lovecampaign.checks.base.offers import SUM
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Place, Problem
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS

_ADVERTISING = LazyPattern(lambda: re.compile(_ADVERTISING_WORDS, re.IGNORECASE))
_ADVERTISING_WORDS: str = (
    r"\{\{[^}]*\b(?:offer|deal)\b[^}]*\}\}|\b\d+\s?% off\b|\bdiscounts?\b"
    r"|\b(?:buy|order|shop) now\b|\b(?:for|on) sale\b"
    # The noun, not the verb: our offer, but not we offer.
    r"|\b(?:an?|our|this|the|special|launch|limited) offers?\b"
    r"|\b(?:our|the|special|launch|low|lower|best|full|half) prices?\b"
    rf"|{SUM.pattern}"
    # The words of a link; a button is matched as a whole.
    r"|(?<!\[)\[(?:buy|order|shop)\b[^\]]*\]\([^)]*\)"
    r"|\bcoupon\b|\brabatt\b|\bpromotions?\b"
)
_OTHER_BUTTON = re.compile(
    r"\[\[\s*button\s*:(?![^\]]*\blinks\.confirm\b)[^\]]*\]\]", re.IGNORECASE
)


class PlainConfirmation(EmailRule, code="LC295"):
    """The mail that asks for a confirmation advertises nothing.

    It reaches people who have not said yes yet. Without advertising it is no advertising mail
    (OLG Düsseldorf I-15 U 64/15); with some it is, and unasked. So: one link to confirm, no
    offers, no pictures but a logo.

    Bad:  Confirm here. And this week everything is 20 % off!
    Good: [[button: Yes, send me the letters | {{ links.confirm }}]]
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.role is Role.CONFIRM:
            yield from self._advertising(draft)
            yield from self._missing_link(draft)

    def _advertising(self, draft: EmailDraft) -> Iterator[Problem]:
        for pattern in (_ADVERTISING, _OTHER_BUTTON, _picture(draft.campaign.brand.logo)):
            for passage in find_in_words(draft, pattern):
                yield passage.warning(
                    f"{passage.text} advertises, before the reader has said yes",
                    hint="keep it for the welcome",
                )

    def _missing_link(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown and not any(link.href == SAMPLE_LINKS.confirm for link in shown.links):
            yield Passage(text="", place=Place(file=draft.email.copy.file)).error(
                "the mail that asks for a confirmation has no link to confirm",
                hint="write [[button: Yes, send me the letters | {{ links.confirm }}]]",
            )


def _picture(logo: str | None) -> re.Pattern[str]:
    """Any image in the copy but the logo."""
    path = rf"(?!{re.escape(logo)}\s*[|\])])" if logo else ""
    return re.compile(
        rf"\[\[\s*image\s*:\s*{path}[^\s\]][^\]]*\]\]|!\[[^\]]*\]\({path}[^)]*\)", re.IGNORECASE
    )
