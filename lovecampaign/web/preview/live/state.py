"""The state of the preview: the campaign as its files are now, and its rendered emails.

A campaign that cannot be loaded leaves the last usable one in place, with the errors above it.
An email is rendered on request, and again only when one of its inputs changed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.lru import LruCache
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.images import find_image
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.template_files import locate_word
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.web.preview.letter.inspect import InspectedMessage, inspect_message
from lovecampaign.web.preview.readers.addressing import make_recipient
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber
from lovecampaign.web.reload import CampaignReloader

#: Messages of one email that are cached; more than are viewed between two saves.
_CACHED_MESSAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An email as one reader gets it."""

    email: Email
    #: None: it has never been without an error.
    letter: InspectedMessage | None
    #: Why it cannot be rendered now; ``letter`` is then the last good one.
    faults: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderInputs:
    """Everything that an email is rendered from, but its reader; compared after each save."""

    #: The campaign's settings, without its emails and places in files.
    settings: Campaign
    email: Email
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendered:
    """The renderer of one email, and its cached messages."""

    inputs: RenderInputs
    renderer: EmailRenderer
    messages: LruCache[str, InspectedMessage]


class PreviewState:
    """A campaign that is being written; safe between threads."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.settings = settings
        #: The problems of the last load, of the campaign and of single emails.
        self.problems: Sequence[Problem] = ()
        #: Whether ``campaign`` is older than its files, which have an error.
        self.is_behind = False
        self.pictures: dict[str, Path] = {}
        self._reloader = CampaignReloader(folder, settings.workspace)
        self._rendered: dict[str, _Rendered] = {}
        self._last_good: dict[tuple[str, str], InspectedMessage] = {}
        self._lock = threading.RLock()
        self.reload()

    @property
    def campaign(self) -> Campaign | None:
        """The last campaign that could be loaded; None: none so far."""
        return self._reloader.campaign

    def reload(self) -> None:
        """Load the files; 12 ms for a whole month."""
        with self._lock:
            loaded = self._reloader.reload()
            self.problems = loaded.problems
            self.is_behind = loaded.campaign is None

    def view(self, email: Email, reader: PreviewSubscriber) -> View:
        """The email as this reader gets it; after an error, the last good one."""
        with self._lock:
            faults = self._loading_errors(email)
            if not faults:
                try:
                    letter = self._message(email, reader)
                except ProblemsFound as error:
                    faults = error.problems
                except RenderError as error:
                    faults = [locate_word(_as_problem(error, email), self.require_campaign())]
                else:
                    self._last_good[email.key, reader.key] = letter
                    return View(email=email, letter=letter)
            last = self._last_good.get((email.key, reader.key))
            return View(email=email, letter=last, faults=faults)

    def inputs_of(self, email: Email) -> RenderInputs:
        """What the email is rendered from now; raises ProblemsFound for templates."""
        campaign = self.require_campaign()
        return RenderInputs(
            settings=replace(campaign, emails=(), files=(), places={}),
            email=replace(email, places={}),
            content=read_content(campaign, email),
        )

    def require_campaign(self) -> Campaign:
        """The campaign; raises ProblemsFound where none could be loaded yet."""
        if self.campaign is None:
            raise ProblemsFound(f"{self._reloader.folder.name} cannot be read yet", self.problems)
        return self.campaign

    def _loading_errors(self, email: Email) -> Sequence[Problem]:
        if not email.is_broken:
            return ()
        errors = [problem for problem in self.problems if problem.is_error]
        own = [each for each in errors if each.place and each.place.file == email.copy.file]
        return own or errors

    def _message(self, email: Email, reader: PreviewSubscriber) -> InspectedMessage:
        settings, rendered = self.settings, self._renderer_of(email)
        content = rendered.inputs.content
        recipient = make_recipient(
            self.require_campaign(), email, content, reader, settings.public_url
        )
        return rendered.messages.get(
            repr(recipient),
            lambda _: inspect_message(
                rendered.renderer.render(recipient),
                public_url=settings.public_url,
                media_url=settings.media_url,
            ),
        )

    def _renderer_of(self, email: Email) -> _Rendered:
        inputs = self.inputs_of(email)
        known = self._rendered.get(email.key)
        if known is not None and known.inputs == inputs:
            return known
        campaign, content = self.require_campaign(), inputs.content
        renderer = EmailRenderer(campaign, email, content, media_url=self.settings.media_url)
        for path, image in content.all_images.items():
            if (file := find_image(campaign, path)) is not None:
                self.pictures[image.name] = file
        rendered = _Rendered(inputs=inputs, renderer=renderer, messages=LruCache(_CACHED_MESSAGES))
        self._rendered[email.key] = rendered
        return rendered


def _as_problem(error: RenderError, email: Email) -> Problem:
    place = error.place or email.places.get("copy")
    return Problem(code=RenderCode.RENDER_FAILED, message=error.reason, place=place)
