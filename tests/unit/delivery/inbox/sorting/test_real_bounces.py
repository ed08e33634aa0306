"""Real mail with labels: what is found, what is mistaken, and how fast."""

from __future__ import annotations

import time

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tools.write_inbox_page import PAGE, count, format_table, read_set


def test_the_documentation_shows_the_confusion_table() -> None:
    assert format_table(count()) in PAGE.read_text("utf-8"), "python tools/write_inbox_page.py"


def test_most_hard_bounces_are_found_and_few_soft_ones_are_taken_for_hard() -> None:
    counts = count()

    def share(label: str, kind: MailKind) -> float:
        of_label = sum(number for (one, _), number in counts.items() if one == label)
        return counts.get((label, kind), 0) / of_label

    assert share("hard", MailKind.BOUNCE_HARD) >= 0.95
    assert share("soft", MailKind.BOUNCE_HARD) <= 0.01


def test_no_mail_of_a_program_is_taken_for_a_letter() -> None:
    assert [name for name, _, raw in read_set() if sort_mail(raw).kind is MailKind.LETTER] == []


def test_nearly_every_bounce_names_its_recipient() -> None:
    bounces = [sort_mail(raw) for _, label, raw in read_set() if label in ("hard", "soft")]

    assert sum(1 for mail in bounces if "@" in mail.email) >= 0.95 * len(bounces)


def test_three_hundred_mails_take_less_than_a_second() -> None:
    mails = [raw for _, _, raw in read_set()]
    start = time.process_time()
    for raw in mails:
        sort_mail(raw)

    assert len(mails) / (time.process_time() - start) > 300
