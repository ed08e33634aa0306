"""Rules about the law and the mailbox providers' sender requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.domains import host_of, organisation_of
from lovecampaign.checks.base.locate import first_line, setting
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem

_ONE_CLICK = re.compile(r"<https://[^<>\s]+>(?:, <mailto:[^<>\s]+>)?")
#: Google: a:b:c:SenderId, and 5 to 15 characters for the last.
_FEEDBACK_ID = re.compile(r"[^:\s]*:[^:\s]*:[^:\s]*:[A-Za-z0-9-]{5,15}")
_PLACEHOLDER = re.compile(
    r"\b(?:todo|tbd|xxx+|lorem ipsum|your (?:street|address|city|postal))", re.IGNORECASE
)
#: Their DMARC records let no other server send for them.
FREE_MAIL = frozenset(
    {
        "aol.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
        "hotmail.fr", "icloud.com", "laposte.net", "live.com", "mail.ru", "me.com", "msn.com",
        "orange.fr", "outlook.com", "proton.me", "protonmail.com", "web.de", "yahoo.com",
        "yahoo.fr", "ymail.com",
    }
)  # fmt: skip


class PostalAddress(MonthRule, code="LC221"):
    """The sender says where it can be found.

    The law of most countries wants a postal address in every letter (CAN-SPAM 16 CFR 316; in
    Germany § 5 DDG): a street or a post-office box and a town, not a website.

    Bad:  postal_address: https://your-shop.com
    Good: postal_address: Your Shop Ltd, 1 High Street, Leeds LS1 4DY, United Kingdom
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        address = draft.campaign.sender.postal_address
        if "@" in address or "://" in address or _PLACEHOLDER.search(address):
            says = "is not where a letter could be sent to"
        elif len(re.findall(r"\w+", address)) < 3:
            says = "is too short for a street or box and a town"
        else:
            return
        yield setting(draft.campaign, "sender.postal_address", address).error(
            f"{address!r} {says}", hint="write name, street or box, and town, as on an envelope"
        )


class ConsentKnown(MonthRule, code="LC290"):
    """Everyone on the list has a recorded consent: when and how they said yes.

    The law wants it proved (GDPR Art. 7(1), CASL s. 13): who asked for these letters, when and
    where. A list without it is mailable, once, at your own risk.

    Bad:  email,first_name
    Good: email,first_name,consent_at,consent_source
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        unknown = draft.facts.without_consent
        if unknown:
            yield setting(draft.campaign, "audience.list", draft.campaign.audience.list).warning(
                f"{unknown} readers have no consent on record",
                hint="import the list again with consent_at and consent_source",
            )


class OneClickHeaders(EmailRule, code="LC291"):
    """Mail programs can unsubscribe the reader with one click.

    Gmail and Yahoo require it of bulk senders (RFC 8058): List-Unsubscribe with one
    https address, and List-Unsubscribe-Post. No ignore silences this.

    Bad:  List-Unsubscribe: <mailto:leave@your-shop.com> alone
    Good: List-Unsubscribe: <https://letters.your-shop.com/u/…>, <mailto:leave@your-shop.com>
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        shown = draft.rendered
        if shown is None or draft.email.role is Role.CONFIRM:
            return
        is_post = shown.headers.get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        if not is_post or not _ONE_CLICK.fullmatch(shown.headers.get("List-Unsubscribe", "")):
            yield first_line(draft.email).error(
                f"{draft.email.key} lacks the headers of one-click unsubscribing",
                hint="set LOVECAMPAIGN_PUBLIC_URL to an https address",
            )


class FeedbackId(EmailRule, code="LC292"):
    """Complaints can be told apart by letter.

    Gmail counts complaints by Feedback-ID: three names of yours, then your own, of 5 to 15
    characters. It is made of the campaign's id, the letter's key and the sender's domain.

    Bad:  Feedback-ID: newsletter
    Good: Feedback-ID: customer-love-2027-02:day-09:lovecampaign:newsyourshop
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.rendered is None or draft.email.role is Role.CONFIRM:
            return
        value = draft.rendered.headers.get("Feedback-ID", "")
        if not _FEEDBACK_ID.fullmatch(value):
            yield setting(draft.campaign, "id", draft.campaign.id).warning(
                f"Feedback-ID {value!r} cannot be used by Gmail",
                hint="give the campaign an id of letters, digits and hyphens",
            )


class OneOrganisation(MonthRule, code="LC293"):
    """The sender and the links of a letter belong to one domain.

    Filters and readers trust a letter more if its From and its links have the same owner.

    Bad:  email: ana@your-shop.com, and LOVECAMPAIGN_PUBLIC_URL=https://shop-letters.net
    Good: email: ana@your-shop.com, and LOVECAMPAIGN_PUBLIC_URL=https://letters.your-shop.com
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        facts, sender = draft.facts, draft.campaign.sender
        host = host_of(facts.public_url)
        domain = sender.email.rpartition("@")[2]
        if not facts.provider_leaves_machine or "." not in host or host[-1].isdigit():
            return
        if organisation_of(host) != organisation_of(domain):
            yield setting(draft.campaign, "sender.email", sender.email).warning(
                f"the mail comes from {domain}, and its links lead to {host}",
                hint="set LOVECAMPAIGN_PUBLIC_URL to a name under the sender's domain",
            )


class FreeMailSender(MonthRule, code="LC294"):
    """Letters come from a domain of your own.

    Only Google may send as gmail.com, and so on: mailbox providers refuse or hide such
    mail (DMARC, RFC 9989). Answers may still go to that mailbox: reply_to.

    Bad:  email: anas.seeds@gmail.com
    Good: email: ana@news.your-shop.com, and reply_to: anas.seeds@gmail.com
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        email = draft.campaign.sender.email
        domain = email.rpartition("@")[2].lower()
        if draft.facts.provider_leaves_machine and domain in FREE_MAIL:
            yield setting(draft.campaign, "sender.email", email).warning(
                f"no other server may send mail from {domain}",
                hint="send from a domain of your own; reply_to may stay",
            )
