"""Rules about tone: the email is about its reader and addresses one person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.checks.base.locate import find_in_words, first_line
from lovecampaign.checks.base.prose import count_persons
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem

#: With fewer words of the sender there is no imbalance.
_MIN_SENDER_WORDS = 5
_NAMELESS = re.compile(
    r"\b(?:dear|hello|hi|hey|good (?:morning|afternoon|evening))[ ,]+(?:our |all |my )?"
    r"(?:valued |loyal |esteemed |beloved )?"
    r"(?:customers?|subscribers?|users?|clients?|recipients?|sirs?|madam|all|every(?:one|body))"
    r"(?: or madam| and gentlemen)?(?=\s*[,!.:]|\s*$)"
    r"|\bto whom it may concern\b|\bvalued customers?\b"
    # French, German, Spanish
    r"|\b(?:ch(?:er|ère)|bonjour)s?(?:\(e\))? (?:client|abonné|utilisat|lect|tous\b|toutes\b)\w*"
    r"|\b(?:madame, monsieur|mesdames et messieurs|à qui de droit)\b"
    r"|\b(?:sehr geehrte|liebe|werte|hallo)[rs]? (?:damen|kund|abonnent|nutzer|leser|alle\b)\w*"
    r"|\b(?:estimad|querid)[oa]s? (?:client|suscriptor|usuari|señor|lector|tod[oa]s\b)\w*"
    r"|\ba quien corresponda\b",
    re.IGNORECASE | re.MULTILINE,
)
_BRUSHED_OFF = re.compile(
    r"\b(?:(?:that|this|it)(?:['’]s| is) not our (?:problem|fault|responsibility|department)"
    r"|not our (?:problem|fault)\b"
    r"|(?:as )?per (?:our|company) policy|our policy (?:does not|doesn['’]t) allow"
    r"|we (?:are|can) ?not (?:be )?(?:held )?responsible"
    r"|you (?:should|ought to) have (?:read|known)"
    r"|you (?:failed|neglected) to|as (?:we|I) (?:already|clearly) (?:said|stated|explained)"
    r"|nothing (?:we|I) can do|take it or leave it|no exceptions\b"
    # French, German, Spanish
    r"|ce n['’]est pas notre (?:problème|faute)|selon notre politique"
    r"|nous n['’]y pouvons rien|vous auriez dû"
    r"|(?:das )?ist nicht unser problem|dafür können wir nichts|da(?:ran)? können wir nichts"
    r"|sie hätten (?:lesen|wissen) (?:müssen|sollen)|keine ausnahmen"
    r"|no es (?:nuestro problema|culpa nuestra)|según nuestra política"
    r"|no podemos hacer nada|debería haber (?:leído|sabido)|sin excepciones)",
    re.IGNORECASE,
)


class ReaderFocus(EmailRule, code="LC215"):
    """The letter speaks more of its reader than of its sender.

    A reader looks for themselves in a letter: what it gives them, what they can do. Where "I" and
    "we" outnumber "you", it has become a letter about the shop. What others say, in quotation
    marks, does not count.

    Bad:  We are so proud of our new greenhouse. We built it ourselves, and we love it.
    Good: You will smell it before you see it: the greenhouse that keeps your seedlings alive.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        email = draft.email
        if email.role in (Role.CONFIRM, Role.WELCOME) or email.copy.is_built_in:
            return
        counts = count_persons(email.copy.text, draft.campaign.language)
        if counts is None:
            return
        reader, sender = counts
        if sender >= _MIN_SENDER_WORDS and sender > reader:
            yield first_line(email).warning(
                f"the letter names its sender {sender} times and its reader {reader} times",
                hint="write from the reader's side: “you” before “we”",
            )


class GenericGreeting(EmailRule, code="LC216"):
    """No greeting is generic.

    "Dear customer" tells the reader that they are a row in a table. Greet by name, with a default
    for readers without one, or begin without a greeting. English, French, German
    and Spanish are known.

    Bad:  Dear valued customer,
    Good: Hi {{ first_name | default("friend", true) }},
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in find_in_words(draft, _NAMELESS):
            yield passage.warning(
                f"“{passage.text.strip()}” greets no one",
                hint='write Hi {{ first_name | default("friend", true) }}, or no greeting at all',
            )


class DismissivePhrase(EmailRule, code="LC218"):
    """No letter says that something is not our problem.

    Phrases that point at a policy or blame the reader end a conversation. What happened, what it
    means and what can be done keeps it going. English, French, German and
    Spanish are known.

    Bad:  As per our policy, there is nothing we can do.
    Good: We cannot take it back after sixty days. Here is what you can still do with it.
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        for passage in find_in_words(draft, _BRUSHED_OFF):
            yield passage.warning(
                f"“{passage.text}” sends the reader away",
                hint="say what happened, what it means for the reader, and what they can do",
            )
