"""Prepares an email for sending: finds its content, and checks it.

Mistakes are found before anything is claimed. Once the first copy was claimed, the content is
frozen, and an edit must be accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lovecampaign.campaign.deals.code_file import read_codes
from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem, Severity, has_errors
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.sender import CheckedRenderer, EmailJob, SendingProcess
from lovecampaign.delivery.prepare.content_versions import (
    ContentVersions,
    accept_edit,
    find_content,
)
from lovecampaign.delivery.prepare.gift_store import keep_gifts
from lovecampaign.delivery.prepare.image_check import check_images
from lovecampaign.delivery.prepare.notes import load_note_file
from lovecampaign.render.model.content import read_content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.checkout.codes import fill_pool, find_reused_codes
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.ledger.frozen_content import find_frozen

EDITED = "LC901"
CODES = "LC902"

#: Finds the problems of one email.
Checker: TypeAlias = Callable[[Email], Sequence[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPolicy:
    """What to do where the files differ from what was sent already.

    By default the email is blocked until the operator decides.
    """

    #: The operator who accepts the edit, which then counts from now on.
    accepted_by: str | None = None
    #: Continue with the frozen content and warn (``run``).
    keeps_frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReadiness:
    """An email that is ready to send, or the problems that block it."""

    #: None: blocked.
    job: EmailJob | None
    problems: Sequence[Problem] = ()


def prepare_email(
    sender: SendingProcess,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    on_edit: EditPolicy,
    check: Checker,
) -> EmailReadiness:
    """Find the content, check it, load codes, and prepare the renderer."""
    try:
        versions = _find_content(sender, campaign, record, email, on_edit, check)
    except ProblemsFound as found:
        return EmailReadiness(job=None, problems=found.problems)
    prepared = _prepare(sender, campaign, email, versions, check)
    problems = (*prepared.problems, *_edit_problems(campaign, email, versions, on_edit))
    if not has_errors(problems):
        problems = (*problems, *check_images(sender, campaign, versions.content))
    if not has_errors(problems):
        problems = (*problems, *_load_codes(sender, campaign, record, email))
    if not has_errors(problems) and (campaign.folder / "notes").is_dir():
        with sender.database.write() as connection:
            now = sender.clock.now()
            loaded = load_note_file(connection, campaign, record.id, email, now)
        problems = (*problems, *loaded)
    if has_errors(problems):
        return EmailReadiness(job=None, problems=problems)
    keep_gifts(campaign, versions.content.all_gifts)
    job = EmailJob(
        campaign=campaign,
        record=record,
        email=email,
        content=versions.content,
        renderer=prepared.renderer,
        recipient_builder=make_recipient_builder(sender, campaign, record, email),
        is_frozen=versions.is_frozen,
    )
    return EmailReadiness(job=job, problems=problems)


def make_recipient_builder(
    sender: SendingProcess, campaign: Campaign, record: CampaignRecord, email: Email
) -> RecipientBuilder:
    return RecipientBuilder(
        campaign=campaign,
        email=email,
        signer=sender.signer,
        public_url=sender.settings.public_url,
        founders_until=record.first_claim_at,
        cancelled=record.cancelled,
    )


def find_edits(
    database: Database, campaign: Campaign, emails: Iterable[Email], on_edit: EditPolicy
) -> list[Problem]:
    """The problems of emails that were edited after their first copies. Writes nothing."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        if record is None:
            return []
        return [
            problem
            for email in emails
            # Nothing is frozen for most: then no file is read.
            if find_frozen(connection, record.email_ids.get(email.key, 0))
            for problem in _edit_problems(
                campaign,
                email,
                find_content(connection, campaign, email, record.email_ids[email.key]),
                on_edit,
            )
        ]


def _find_content(
    sender: SendingProcess,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    on_edit: EditPolicy,
    check: Checker,
) -> ContentVersions:
    """The content of the email; an accepted edit counts from now on."""
    email_id = record.email_ids[email.key]
    with sender.database.read() as connection:
        versions = find_content(connection, campaign, email, email_id)
    if not versions.is_edited or on_edit.accepted_by is None:
        return versions
    content = versions.current or read_content(campaign, email)  # raises ProblemsFound
    problems = check(email)
    if has_errors(problems):
        raise ProblemsFound(f"{email.key} has mistakes", tuple(problems))
    with sender.database.write() as connection:
        accept_edit(connection, email_id, content, sender.clock.now(), on_edit.accepted_by)
    return ContentVersions(current=content, frozen=content)


def _prepare(
    sender: SendingProcess,
    campaign: Campaign,
    email: Email,
    versions: ContentVersions,
    check: Checker,
) -> CheckedRenderer:
    """The checked renderer, cached while content and campaign are unchanged."""
    fingerprint = versions.content.fingerprint()
    known = sender.renderers.get((campaign.id, email.key))
    if known is not None and known.fits(campaign, fingerprint):
        return known
    prepared = CheckedRenderer(
        campaign=campaign,
        fingerprint=fingerprint,
        # An edited email is not sent from its files.
        problems=() if versions.is_edited else tuple(check(email)),
        renderer=EmailRenderer(
            campaign, email, versions.content, media_url=sender.settings.media_url
        ),
    )
    sender.renderers[campaign.id, email.key] = prepared
    return prepared


def _load_codes(
    sender: SendingProcess, campaign: Campaign, record: CampaignRecord, email: Email
) -> Sequence[Problem]:
    """Load the author's codes into the ledger, before insiders get theirs."""
    deal = campaign.insider_deal
    if deal is None or deal.codes_file is None or email.role is not Role.LAUNCH:
        return ()
    try:
        codes = read_codes(campaign.folder / deal.codes_file, shown_as=deal.codes_file)
    except ProblemsFound as found:
        return found.problems
    except UsageError as error:
        place = Place(file=deal.codes_file)
        return [Problem(code=CODES, message=error.message, place=place, hint=error.hint)]
    with sender.database.write() as connection:
        reused = find_reused_codes(connection, campaign.id, codes)
        if reused is None:
            fill_pool(connection, record.id, deal.key, codes)
            return ()
    place = Place(file=deal.codes_file)
    return [
        Problem(
            code=CODES,
            message=f"{reused.words} in the campaign {reused.campaign}",
            place=place,
            hint="put fresh codes into the file",
        )
    ]


def _edit_problems(
    campaign: Campaign, email: Email, versions: ContentVersions, on_edit: EditPolicy
) -> list[Problem]:
    if not versions.is_edited:
        return []
    edited = f"{email.key} was edited after its first copies went out"
    accept = f"lovecampaign send {campaign.slug} --day {email.key} --accept-edit"
    if on_edit.keeps_frozen:
        message = f"{edited}: the remaining subscribers get the old text"
        hint = f"to send them the new text instead, type: {accept}"
    else:
        message = f"{edited}: send skips it until you choose a text"
        hint = (
            f"for the new text: {accept}; for the old text: undo the edit, or type: "
            f"lovecampaign run {campaign.slug}"
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
