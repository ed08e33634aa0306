"""Rules about the list view of a mail client: subject and preheader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.locate import find_email_setting
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem

#: A desktop's list shows 60 to 70 characters, a phone's 30 to 40.
_LONGEST_SUBJECT = 60
#: Up to 140 characters are ever shown.
_LONGEST_PREHEADER = 140
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_ANSWER = re.compile(r"^\W*(?:re|fwd?|aw|wg|tr|sv|antw|rv|vs)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_JINJA_BLOCK = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
_CONDITION = re.compile(r"\{%-?\s*if\b.*?\{%-?\s*endif\s*-?%\}", re.DOTALL)
_ELSE = re.compile(r"\{%-?\s*else\b")
_MARKS = re.compile(r"[!?]{2,}|!.*!")


class EmptySubject(EmailRule, code="LC220"):
    """Every reader sees a subject.

    A subject inside a condition is empty for all other readers, and mail without a
    subject is taken for spam.

    Bad:  subject: "{% if first_name %}{{ first_name }}, a small thing{% endif %}"
    Good: subject: "{{ first_name | default('A small thing', true) }} for you"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        without_conditions = _CONDITION.sub(
            lambda found: found[0] if _ELSE.search(found[0]) else "", email.subject
        )
        if not _JINJA_BLOCK.sub("", without_conditions).strip():
            yield find_email_setting(draft.campaign, email, "subject", email.subject).error(
                f"the subject of {email.key} may be empty",
                hint="write words outside of any condition",
            )


class SubjectLength(EmailRule, code="LC260"):
    """A subject fits into the list of letters.

    Of a subject, a phone shows 30 to 40 characters and a desktop 60 to 70. What follows is cut
    off, often in the middle of the point.

    Bad:  subject: "Everything that you always wanted to know about soil but never dared to ask us"
    Good: subject: "Find a jam jar"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        subject = draft.rendered.subject if draft.rendered else _JINJA.sub("", draft.email.subject)
        if len(subject) > _LONGEST_SUBJECT:
            written = draft.email.subject
            yield find_email_setting(draft.campaign, draft.email, "subject", written).warning(
                f"the subject has {len(subject)} characters: mail programs cut it off",
                hint=f"30 to 50 are best, {_LONGEST_SUBJECT} the most that a list shows",
            )


class PreheaderMissing(EmailRule, code="LC261"):
    """A preheader follows the subject.

    Mail programs show what comes after the subject. Without a preheader that is the first words
    of the letter, or a repeated subject.

    Bad:  subject: "Find a jam jar", and no preheader
    Good: preheader: Two spoonfuls of earth, some water, one night.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        if email.role is Role.CONFIRM or email.copy.is_built_in or email.is_broken:
            return
        line = email.preheader.strip()
        repeats = line.casefold().rstrip(".!") == email.subject.strip().casefold().rstrip(".!")
        if line and not repeats:
            return
        name = "preheader" if line else "subject"
        yield find_email_setting(draft.campaign, email, name, line).warning(
            "the preheader repeats the subject" if line else f"{email.key} has no preheader",
            hint="write preheader: with one line that goes on where the subject ends",
        )


class PreheaderLength(EmailRule, code="LC262"):
    """A preheader is short enough to be read.

    Mail programs show 40 to 100 characters of it, none more than 140.

    Bad:  a preheader of three sentences
    Good: preheader: A pencil, your windowsill, and today’s sun.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        line = draft.email.preheader
        length = len(_JINJA.sub("x" * 20, line))
        if length > _LONGEST_PREHEADER:
            yield find_email_setting(draft.campaign, draft.email, "preheader", line).warning(
                f"the preheader has {length} characters: no mail program shows the end of it",
                hint="40 to 90 characters are best",
            )


class FalseReply(EmailRule, code="LC264"):
    """A subject does not pretend to be an answer.

    "Re:" on a letter that answers nothing is a lie that is noticed at once. Gmail's rules for
    senders forbid it, and so does the law (CAN-SPAM, 15 U.S.C. 7704(a)(2)).

    Bad:  subject: "Re: your order"
    Good: subject: "About the seeds you asked for"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        if found := _ANSWER.match(email.subject):
            yield find_email_setting(draft.campaign, email, "subject", found[0]).error(
                f"{found[0].strip()} pretends that the letter answers one",
                hint="begin with what is inside",
            )


class ShoutedSubject(EmailRule, code="LC265"):
    """A subject speaks, and does not shout.

    Capitals and rows of exclamation marks are what spam looks like, to readers and to filters.

    Bad:  subject: "LAST CHANCE!!! OPEN NOW"
    Good: subject: "The list for the weekend"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        words = _JINJA.sub("", email.subject)
        letters = [letter for letter in words if letter.isalpha()]
        capitals = sum(letter.isupper() for letter in letters)
        is_loud = len(letters) >= 10 and capitals > 0.6 * len(letters)
        if is_loud or _MARKS.search(words):
            yield find_email_setting(draft.campaign, email, "subject", email.subject).warning(
                "the subject shouts", hint="write it as you would say it to one person"
            )
