"""What does the preview know at this moment? The campaign as its files say now.

Files are read again after each save. What cannot be read leaves the last good state in place,
and is told above it. An email is rendered when somebody looks at it, and again only when
something that it is made of has changed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.images import find_image
from lovecampaign.render.model.problem_codes import RenderCode
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.web.preview.letter.inspect import Letter, look_at
from lovecampaign.web.preview.readers.addressing import address
from lovecampaign.web.preview.readers.readers import Reader

#: Readers of one email whose letters are kept; more than a person looks at between two saves.
_KEPT_READERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An email through somebody's eyes."""

    email: Email
    #: None where it was never without a mistake.
    letter: Letter | None
    #: Why it cannot be rendered as it is now; ``letter`` is then the last good one.
    faults: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """Everything that an email is made of, apart from its reader; compared after each save."""

    #: The campaign's settings, without its emails and places in files.
    frame: Campaign
    email: Email
    content: Content


@dataclass(slots=True, kw_only=True)
class _Rendered:
    """Letters of one email, and what they were made of."""

    ingredients: Ingredients
    renderer: EmailRenderer
    letters: dict[str, tuple[Recipient, Letter]] = field(default_factory=dict)


class Workbench:
    """A campaign that somebody is writing on; safe between threads."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        #: The last campaign that could be read as a whole; None: there was none yet.
        self.campaign: Campaign | None = None
        #: What reading found, about the campaign and about single emails.
        self.problems: Sequence[Problem] = ()
        #: Whether ``campaign`` is older than its files, which hold an error.
        self.is_behind = False
        self.pictures: dict[str, Path] = {}
        self._rendered: dict[str, _Rendered] = {}
        self._last_good: dict[tuple[str, str], Letter] = {}
        self._lock = threading.RLock()
        self.reread()

    def reread(self) -> None:
        """Read the files; 12 ms for a whole month."""
        loaded = load_campaign(self.folder, self.settings.workspace)
        with self._lock:
            self.problems = loaded.problems
            self.is_behind = loaded.campaign is None
            self.campaign = loaded.campaign or self.campaign

    def view(self, email: Email, reader: Reader) -> View:
        """The email as this reader gets it, or as they last would have."""
        with self._lock:
            faults = self._faults_of_reading(email)
            if not faults:
                try:
                    letter = self._letter(email, reader)
                except ProblemsFound as error:
                    faults = error.problems
                except RenderError as error:
                    faults = [_as_problem(error, email)]
                else:
                    self._last_good[email.key, reader.key] = letter
                    return View(email=email, letter=letter)
            last = self._last_good.get((email.key, reader.key))
            return View(email=email, letter=last, faults=faults)

    def ingredients(self, email: Email) -> Ingredients:
        """What the email is made of now; raises ProblemsFound for templates."""
        campaign = self.require_campaign()
        return Ingredients(
            frame=replace(campaign, emails=(), files=(), places={}),
            email=replace(email, places={}),
            content=read_content(campaign, email),
        )

    def require_campaign(self) -> Campaign:
        """The campaign; raises ProblemsFound where none could be read yet."""
        if self.campaign is None:
            raise ProblemsFound(f"{self.folder.name} cannot be read yet", self.problems)
        return self.campaign

    def _faults_of_reading(self, email: Email) -> Sequence[Problem]:
        if not email.is_broken:
            return ()
        errors = [problem for problem in self.problems if problem.is_error]
        own = [each for each in errors if each.place and each.place.file == email.copy.file]
        return own or errors

    def _letter(self, email: Email, reader: Reader) -> Letter:
        rendered = self._made_of_what_is_there(email)
        recipient = address(
            self.require_campaign(),
            email,
            rendered.ingredients.content,
            reader,
            self.settings.public_url,
        )
        known = rendered.letters.get(reader.key)
        if known is not None and known[0] == recipient:
            return known[1]
        if len(rendered.letters) >= _KEPT_READERS:
            rendered.letters.clear()
        letter = look_at(
            rendered.renderer.render(recipient),
            public_url=self.settings.public_url,
            media_url=self.settings.media_url,
        )
        rendered.letters[reader.key] = (recipient, letter)
        return letter

    def _made_of_what_is_there(self, email: Email) -> _Rendered:
        ingredients = self.ingredients(email)
        known = self._rendered.get(email.key)
        if known is not None and known.ingredients == ingredients:
            return known
        campaign = self.require_campaign()
        renderer = EmailRenderer(
            campaign,
            email,
            ingredients.content,
            media_url=self.settings.media_url,
        )
        self._remember_pictures(campaign, ingredients.content)
        rendered = _Rendered(ingredients=ingredients, renderer=renderer)
        self._rendered[email.key] = rendered
        return rendered

    def _remember_pictures(self, campaign: Campaign, content: Content) -> None:
        for path, image in content.images.items():
            file = find_image(campaign, path)
            if file is not None:
                self.pictures[image.name] = file


def _as_problem(error: RenderError, email: Email) -> Problem:
    place = error.place or email.places.get("copy")
    return Problem(code=RenderCode.RENDER_FAILED, message=error.reason, place=place)
