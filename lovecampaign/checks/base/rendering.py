"""What does rendering an email show? Its mistakes, and where there are none, what a reader sees.

Nothing else in a check takes long, so the results are kept: a second check renders only what
was edited in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.checks.base.rendered_email import Shown, show_email
from lovecampaign.core.lru import LruCache
from lovecampaign.core.problems import Problem, has_errors
from lovecampaign.render.lint.render_check import find_problems
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError

#: Three months of letters; each takes some 100 kB.
_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The outcome of rendering an email for made-up readers."""

    problems: tuple[Problem, ...]
    #: None where an error stands in the way.
    shown: Shown | None


_KNOWN: LruCache[str, Rendering] = LruCache(_KEPT)


def try_rendering(campaign: Campaign, email: Email, content: Content) -> Rendering:
    """Render the email, or remember what that showed when all it is made of was the same."""
    return _KNOWN.get(_key(campaign, email, content), lambda _: _try(campaign, email, content))


def _try(campaign: Campaign, email: Email, content: Content) -> Rendering:
    problems = tuple(find_problems(campaign, email, content))
    if has_errors(problems):
        return Rendering(problems=problems, shown=None)
    try:
        return Rendering(problems=problems, shown=show_email(campaign, email, content))
    except RenderError:  # for this reader only, as where no stand-in fits
        return Rendering(problems=problems, shown=None)


def _key(campaign: Campaign, email: Email, content: Content) -> str:
    """The same for equal settings, words, templates and pictures, and for nothing else."""
    settings = replace(campaign, emails=(), files=())
    parts = campaign.day_emails if email.role is Role.CATCH_UP else ()
    places = [sorted(map(str, part.places.items())) for part in parts]
    written = "\0".join((content.to_json(), repr(settings), repr(email), repr(places)))
    return sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
