"""Checks that every image of an email can be loaded, before its first copy is sent.

A sent email cannot be fixed. Mail programs load images from LOVECAMPAIGN_MEDIA_URL; each is
requested once from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lovecampaign.campaign.model.campaign import Campaign, Copy
from lovecampaign.core.problems import Place, Problem
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.providers.base.addresses import is_loopback
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.images import named_images

if TYPE_CHECKING:
    import urllib3

IMAGE_MISSING = "LC905"


def check_images(sender: SendingProcess, campaign: Campaign, content: Content) -> list[Problem]:
    """A problem for each image that is not answered with 200; successes are remembered."""
    if not _is_for_others(sender):
        return []
    import urllib3  # only where mail leaves the machine

    problems = []
    timeout = urllib3.Timeout(connect=5, read=10)
    with urllib3.PoolManager(timeout=timeout, retries=False) as pool:
        for path, image in content.all_images.items():
            address = f"{sender.settings.media_url}/{image.name}"
            fault = None if address in sender.checked_images else find_fault(pool, address)
            if fault is None:
                sender.checked_images.add(address)
            else:
                problems.append(_problem(campaign, content, path, f"{address} {fault}"))
    return problems


def _is_for_others(sender: SendingProcess) -> bool:
    """A relay on this machine passes mail on, too: then the media URL decides."""
    provider, media = sender.provider, urlsplit(sender.settings.media_url)
    return provider.leaves_machine or (
        provider.is_throttled and not is_loopback(media.hostname or "")
    )


def find_fault(pool: urllib3.PoolManager, address: str) -> str | None:
    """Why an image cannot be loaded from its address; None where it can."""
    from urllib3.exceptions import HTTPError

    try:
        # GET, since some hosts answer HEAD differently; the body is not read.
        answer = pool.request("GET", address, redirect=False, preload_content=False)
    except HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    answer.close()
    if answer.status != 200:
        return f"answers {answer.status}, not 200"
    kind = answer.headers.get("Content-Type", "nothing")
    return None if kind.startswith("image/") else f"answers with {kind}, not with a picture"


def _problem(campaign: Campaign, content: Content, path: str, words: str) -> Problem:
    return Problem(
        code=IMAGE_MISSING,
        message=f"the image {path} cannot be loaded by subscribers: {words}",
        place=_place(campaign, content, path),
        hint="start lovecampaign serve behind LOVECAMPAIGN_MEDIA_URL, or upload the image there "
        "under that name; then run the same command again",
    )


def _place(campaign: Campaign, content: Content, path: str) -> Place | None:
    """Where the author named it: in the email's copy, a part of a digest, or as the logo."""
    contents = (content, *content.translations.values())
    copies = [words.copy for each in contents for words in each.authored]
    named = (place for copy in copies for place in _places_in(copy, path))
    return next(named, campaign.places.get("brand.logo"))


def _places_in(copy: Copy, path: str) -> Iterator[Place]:
    for found, offset in named_images(copy.text):
        if found == path:
            line = copy.first_line + copy.text.count("\n", 0, offset)
            column = offset - (copy.text.rfind("\n", 0, offset) + 1) + 1
            yield Place(file=copy.file, line=line, column=column)
