"""Under which address is each page? Of the running preview, and of a copy on disk."""

from __future__ import annotations

from datetime import date
from typing import Protocol
from urllib.parse import urlencode

from lovecampaign.web.preview.letter.color_schemes import Scheme
from lovecampaign.web.preview.readers.filters import DayChoice
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber

EVERYBODY = DayChoice()


class Addresses(Protocol):
    """Where pages find each other."""

    #: Whether somebody answers: a copy on disk neither reloads nor sends.
    is_live: bool

    def month(self, reader: PreviewSubscriber) -> str: ...

    def email(self, key: str, reader: PreviewSubscriber) -> str: ...

    def frame(self, key: str, reader: PreviewSubscriber, scheme: Scheme) -> str: ...

    def timeline(self, reader: PreviewSubscriber) -> str: ...

    def day(self, day: date, reader: PreviewSubscriber, choice: DayChoice = EVERYBODY) -> str: ...

    def calendar_file(self) -> str: ...

    def static(self, name: str) -> str: ...

    def picture(self, name: str) -> str:
        """As frames name it."""
        ...


class LiveAddresses:
    """Of the running preview. ``first`` is the reader that addresses need not name."""

    is_live = True

    def __init__(self, first: str) -> None:
        self._first = first

    def month(self, reader: PreviewSubscriber) -> str:
        return self._with("/", reader)

    def email(self, key: str, reader: PreviewSubscriber) -> str:
        return self._with(f"/email/{key}", reader)

    def frame(self, key: str, reader: PreviewSubscriber, scheme: Scheme) -> str:
        return self._with(f"/frame/{key}", reader, mode=scheme.value)

    def timeline(self, reader: PreviewSubscriber) -> str:
        return self._with("/reader", reader)

    def day(self, day: date, reader: PreviewSubscriber, choice: DayChoice = EVERYBODY) -> str:
        return self._with(f"/day/{day.isoformat()}", reader, **choice.as_query())

    def calendar_file(self) -> str:
        return "/calendar.ics"

    def static(self, name: str) -> str:
        return f"/static/{name}"

    def picture(self, name: str) -> str:
        return f"/i/{name}"

    def _with(self, path: str, reader: PreviewSubscriber, **more: str) -> str:
        asked = more if reader.key == self._first else {"as": reader.key, **more}
        return f"{path}?{urlencode(asked)}" if asked else path


class DiskAddresses:
    """Of a copy in one folder, whose pages lie side by side."""

    is_live = False

    def __init__(self, first: str) -> None:
        self._first = first

    def month(self, reader: PreviewSubscriber) -> str:
        return self._name("index", reader)

    def email(self, key: str, reader: PreviewSubscriber) -> str:
        return self._name(f"email-{key}", reader)

    def frame(self, key: str, reader: PreviewSubscriber, scheme: Scheme) -> str:
        return self._name(f"frames/{key}-{scheme.value}", reader)

    def timeline(self, reader: PreviewSubscriber) -> str:
        return self._name("reader", reader)

    def day(self, day: date, reader: PreviewSubscriber, choice: DayChoice = EVERYBODY) -> str:
        """A copy knows made-up readers only: nothing is to choose from."""
        del choice
        return self._name(f"day-{day.isoformat()}", reader)

    def calendar_file(self) -> str:
        return "calendar.ics"

    def static(self, name: str) -> str:
        return f"static/{name}"

    def picture(self, name: str) -> str:
        return f"../pictures/{name}"

    def _name(self, stem: str, reader: PreviewSubscriber) -> str:
        return f"{stem}.html" if reader.key == self._first else f"{stem}-as-{reader.key}.html"
