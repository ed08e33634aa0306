"""Is an email ready to go out, and with which words?

Its mistakes are found before anything of it is claimed. Once the first copy was claimed, the
words are frozen, and an edit must be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lovecampaign.campaign.deals.pool import read_codes
from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem, Severity, has_errors
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.sender import CheckedRenderer, Sender
from lovecampaign.delivery.base.work import EmailJob
from lovecampaign.delivery.prepare.content_versions import (
    ContentVersions,
    accept_edit,
    find_content,
)
from lovecampaign.delivery.prepare.image_check import check_images
from lovecampaign.render.model.content import read_content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.checkout.codes import fill_pool
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign

EDITED = "LC901"
CODES = "LC902"

#: Finds the mistakes of one email.
Checker: TypeAlias = Callable[[Email], Sequence[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPolicy:
    """What happens where the files say something else than what went out already.

    By default the email is blocked until somebody says what is meant.
    """

    #: Who means the edit: it counts from now on.
    accepted_by: str | None = None
    #: Go on with the frozen words and warn (``run``).
    keeps_frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReadiness:
    """Everything that sending an email needs, or why it must not be sent."""

    #: None: blocked.
    work: EmailJob | None
    problems: Sequence[Problem] = ()


def prepare_email(
    sender: Sender,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    on_edit: EditPolicy,
    check: Checker,
) -> EmailReadiness:
    """Find the words that count, check them, bring codes, and prepare rendering."""
    try:
        wording = _find_words(sender, campaign, record, email, on_edit, check)
    except ProblemsFound as found:
        return EmailReadiness(work=None, problems=found.problems)
    prepared = _prepare(sender, campaign, email, wording, check)
    problems = (*prepared.problems, *_edit_problems(campaign, email, wording, on_edit))
    if not has_errors(problems):
        problems = (*problems, *check_images(sender, campaign, wording.content))
    if not has_errors(problems):
        problems = (*problems, *_bring_codes(sender, campaign, record, email))
    if has_errors(problems):
        return EmailReadiness(work=None, problems=problems)
    return EmailReadiness(
        work=_work(sender, campaign, record, email, wording, prepared), problems=problems
    )


def find_blocking_edits(
    database: Database, campaign: Campaign, emails: Iterable[Email]
) -> list[Problem]:
    """Which of these emails ``send`` would leave, since they were edited. Writes nothing."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        if record is None:
            return []
        return [
            problem
            for email in emails
            if email.key in record.email_ids
            for problem in _edit_problems(
                campaign,
                email,
                find_content(connection, campaign, email, record.email_ids[email.key]),
                EditPolicy(),
            )
        ]


def _find_words(
    sender: Sender,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    on_edit: EditPolicy,
    check: Checker,
) -> ContentVersions:
    """What counts for the email; an edit that is meant counts from now on."""
    email_id = record.email_ids[email.key]
    with sender.database.read() as connection:
        wording = find_content(connection, campaign, email, email_id)
    if not wording.is_edited or on_edit.accepted_by is None:
        return wording
    content = wording.current or read_content(campaign, email)  # raises what is wrong
    problems = check(email)
    if has_errors(problems):
        raise ProblemsFound(f"{email.key} has mistakes", tuple(problems))
    with sender.database.write() as connection:
        accept_edit(connection, email_id, content, sender.clock.now(), on_edit.accepted_by)
    return ContentVersions(current=content, frozen=content)


def _prepare(
    sender: Sender, campaign: Campaign, email: Email, wording: ContentVersions, check: Checker
) -> CheckedRenderer:
    """The renderer of these words and their problems, made once for as long as both stay."""
    fingerprint = wording.content.fingerprint()
    known = sender.prepared.get((campaign.id, email.key))
    if known is not None and known.fits(campaign, fingerprint):
        return known
    prepared = CheckedRenderer(
        campaign=campaign,
        fingerprint=fingerprint,
        # The files of an edited email are not what goes out.
        problems=() if wording.is_edited else tuple(check(email)),
        renderer=EmailRenderer(
            campaign,
            email,
            wording.content,
            media_url=sender.settings.media_url,
        ),
    )
    sender.prepared[campaign.id, email.key] = prepared
    return prepared


def _bring_codes(
    sender: Sender, campaign: Campaign, record: CampaignRecord, email: Email
) -> Sequence[Problem]:
    """Fill the ledger's pool with the author's codes, before insiders are given theirs."""
    deal = campaign.insider_deal
    if deal is None or deal.codes_file is None or email.role is not Role.LAUNCH:
        return ()
    try:
        codes = list(read_codes(campaign.folder / deal.codes_file, shown_as=deal.codes_file))
    except ProblemsFound as found:
        return found.problems
    except UsageError as error:
        place = Place(file=deal.codes_file)
        return [Problem(code=CODES, message=error.message, place=place, hint=error.hint)]
    with sender.database.write() as connection:
        fill_pool(connection, record.id, deal.key, codes)
    return ()


def _edit_problems(
    campaign: Campaign, email: Email, wording: ContentVersions, on_edit: EditPolicy
) -> list[Problem]:
    if not wording.is_edited:
        return []
    edited = f"{email.key} was edited after its first copies went out"
    accept = f"lovecampaign send {campaign.slug} --day {email.key} --accept-edit"
    if on_edit.keeps_frozen:
        message = f"{edited}: those who are left get what the first ones got"
        hint = f"to send them the new text instead, type: {accept}"
    else:
        message = f"{edited}: send leaves it until you say which text is meant"
        hint = (
            f"the new one: {accept}; the old one: undo the edit, or let lovecampaign run "
            f"{campaign.slug} go on with it"
        )
    return [
        Problem(
            code=EDITED,
            severity=Severity.WARNING if on_edit.keeps_frozen else Severity.ERROR,
            message=message,
            place=Place(file=email.copy.file, line=1, column=1),
            hint=hint,
        )
    ]


def _work(
    sender: Sender,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    wording: ContentVersions,
    prepared: CheckedRenderer,
) -> EmailJob:
    return EmailJob(
        campaign=campaign,
        record=record,
        email=email,
        content=wording.content,
        renderer=prepared.renderer,
        addressing=RecipientBuilder(
            campaign=campaign,
            email=email,
            signer=sender.signer,
            public_url=sender.settings.public_url,
            founders_until=record.first_claim_at,
            cancelled=record.cancelled,
        ),
        is_frozen=wording.is_frozen,
    )
