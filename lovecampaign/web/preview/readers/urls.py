"""URLs of the preview's pages: of the running preview, and of its copy on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date
from urllib.parse import urlencode

from lovecampaign.web.preview.letter.color_schemes import ColorScheme
from lovecampaign.web.preview.readers.filters import DayFilter
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber

NO_FILTER = DayFilter()


class PageUrls(ABC):
    """URLs of all pages. ``first`` is the key of the reader that they need not name."""

    #: Whether a server answers: a copy on disk neither reloads nor sends.
    is_live: bool

    def __init__(self, first: str) -> None:
        self._first = first

    def month(self, reader: PreviewSubscriber) -> str:
        return self._page("/", "index", reader)

    def email(self, key: str, reader: PreviewSubscriber) -> str:
        return self._page(f"/email/{key}", f"email-{key}", reader)

    def frame(self, key: str, reader: PreviewSubscriber, scheme: ColorScheme) -> str:
        return self._page(f"/frame/{key}", f"frames/{key}-{scheme}", reader, mode=scheme.value)

    def timeline(self, reader: PreviewSubscriber) -> str:
        return self._page("/reader", "reader", reader)

    def day(self, day: date, reader: PreviewSubscriber, choice: DayFilter = NO_FILTER) -> str:
        return self._page(f"/day/{day}", f"day-{day}", reader, **choice.as_query())

    @abstractmethod
    def calendar_file(self) -> str: ...

    @abstractmethod
    def static(self, name: str) -> str: ...

    @abstractmethod
    def picture(self, name: str) -> str:
        """From within a frame."""

    @abstractmethod
    def _page(self, path: str, file: str, reader: PreviewSubscriber, **query: str) -> str: ...


class LiveUrls(PageUrls):
    """URLs of the running preview."""

    is_live = True

    def calendar_file(self) -> str:
        return "/calendar.ics"

    def static(self, name: str) -> str:
        return f"/static/{name}"

    def picture(self, name: str) -> str:
        return f"/i/{name}"

    def _page(self, path: str, file: str, reader: PreviewSubscriber, **query: str) -> str:  # noqa: ARG002
        asked = query if reader.key == self._first else {"as": reader.key, **query}
        return f"{path}?{urlencode(asked)}" if asked else path


class ExportUrls(PageUrls):
    """Files of the copy, relative to its folder; it has no filters."""

    is_live = False

    def calendar_file(self) -> str:
        return "calendar.ics"

    def static(self, name: str) -> str:
        return f"static/{name}"

    def picture(self, name: str) -> str:
        return f"../pictures/{name}"

    def _page(self, path: str, file: str, reader: PreviewSubscriber, **query: str) -> str:  # noqa: ARG002
        return f"{file}.html" if reader.key == self._first else f"{file}-as-{reader.key}.html"
