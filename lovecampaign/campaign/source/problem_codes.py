"""The codes LC001 to LC099: mistakes in a campaign's files. Checks continue with LC100.

A published code never changes its meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ProblemCode(StrEnum):
    """A kind of mistake; ``check --explain`` prints the ``meaning``."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def named(cls, text: str) -> ProblemCode | None:
        """The code with that text, or None."""
        return next((code for code in cls if code.value == text), None)

    # Reading a file.
    UNREADABLE_FILE = "LC001", "A file that the campaign needs is missing or cannot be read."
    FILE_TOO_LARGE = "LC002", "A file is far larger than any copy is."
    UNPRINTABLE = "LC003", "The text holds a character that cannot be shown."
    # Reading YAML.
    NOT_YAML = "LC004", "The settings cannot be read as YAML from this place on."
    TAB = "LC005", "YAML is indented with spaces; a line starts with a tab."
    DUPLICATE_KEY = "LC006", "The same key is written twice; only one of them could count."
    UNKNOWN_KEY = "LC007", "No setting has this name here."
    MISSING_KEY = "LC008", "A setting that has no default is not written."
    EMPTY_VALUE = "LC009", "A key has no value."
    WRONG_SHAPE = "LC010", "A single value, a list or a group of settings is expected here."
    COLON_IN_VALUE = "LC011", "A colon and a space inside a value need quotes around the value."
    BARE_BRACES = "LC012", "A value that starts with a merge field needs quotes around it."
    SPECIAL_FIRST_CHARACTER = "LC013", "A value starts with a character that YAML keeps for itself."
    CUT_BY_HASH = "LC014", "A space and a # start a comment: the value ends before them."
    COMMA_SPLITS = (
        "LC015",
        "A comma inside { } starts a new entry; a number or a list got split by it.",
    )
    YAML_MACHINERY = "LC016", "YAML's anchors, aliases and tags are not used in campaigns."
    SECOND_DOCUMENT = "LC017", "A line of three dashes starts a second document."
    TOO_DEEP = "LC018", "Settings or copy are nested deeper, or hold more, than any month needs."
    CURLY_QUOTES = "LC019", "There are curly quotes where YAML needs straight ones."
    FRONT_MATTER = "LC020", "A copy file starts with settings between two lines of three dashes."
    # Reading values.
    VERSION = "LC021", "The campaign has a format that this program cannot read."
    TEXT = "LC022", "A text is empty, too long, or not a text."
    TIME_OF_DAY = "LC023", "A time of day is written 09:00."
    POINT = (
        "LC024",
        "A time is written day 27 10:00, launch -1d 10:00 or 2027-02-01T10:00+01:00.",
    )
    DATE = "LC025", "A date is written 2027-02-01, and a price's date launch +4d too."
    DURATION = "LC026", "A duration is written 90s, 20m, 4h or 2d."
    MONEY = "LC027", "A price is written 59 EUR, 59.90 EUR or 59 €."
    PERCENTAGE = "LC028", "A share is written 0.1%."
    QUIET_HOURS = "LC029", "Quiet hours are written 21:00-07:00."
    COLOR = "LC030", 'A colour is written "#c2185b", in quotes.'
    TIMEZONE = "LC031", "A time zone is written Europe/Paris, as the IANA database names it."
    EMAIL_ADDRESS = "LC032", "This cannot be an email address."
    NO_REPLY = "LC033", "Readers must be able to answer: no-reply addresses are not allowed."
    LINK = "LC034", "A link starts with https:// or http:// and holds no spaces."
    NUMBER = "LC035", "A number is expected, within the limits named."
    WORD = "LC036", "One of a list of words is expected."
    TRUE_OR_FALSE = "LC037", "true or false is expected."
    NAME = "LC038", "An id, key, list or tag holds characters that do not work in links and files."
    OUTSIDE = "LC039", "A path leads out of the workspace, or to a file that is not a campaign's."
    # Days and files.
    DAY_MISSING = "LC040", "A day has neither a file nor a place in skip."
    DAY_TWICE = "LC041", "Two files claim the same day."
    DAY_SKIPPED = "LC042", "A skipped day has a file or settings."
    DAY_FILE_NAME = "LC043", "A file in days/ does not say which day it is for."
    SET_TWICE = "LC044", "A setting is written both in campaign.yaml and in the copy file."
    DAY_NUMBER = "LC045", "Giving days are numbered from 1 to the number in days (27 by default)."
    FILE_NOT_FOUND = "LC046", "A file that the campaign names does not exist."
    TEMPLATE_NOT_FOUND = "LC047", "A template does not exist in templates/email."
    # How settings fit together.
    DEAL_NOT_FOUND = "LC050", "launch.deal names a deal that is not under deals."
    WINDOW = "LC051", "A deal closes before, or when, it opens."
    EARLY_ACCESS = "LC052", "Early access goes out before the launch."
    AFTER_DEAL = "LC053", "An email for insiders goes out when their deal is not open."
    MUST_HAVE = "LC054", "A must-have day of the catch-up is skipped."
    CATCH_UP = "LC055", "late_joiners: catch-up needs catch_up.must_have."
    NO_INSIDERS = "LC056", "Something is for insiders, but the campaign has no insiders list."
    GUEST = "LC057", "A guest's day does not name its guest."
    RESERVED_KEY = (
        "LC058",
        "An email's key or an id already means something else.",
    )
    RECIPIENTS = "LC059", "No subscriber can get an email: its conditions exclude each other."
    OLD_PRICE = "LC060", "A price compared with (instead_of) does not say when it is charged."
    PRICES = "LC061", "The prices of a deal do not fit together."
    UNTIL = "LC062", "A deadline lies before the campaign starts."
    BEFORE_LAUNCH = "LC063", "An email for everyone goes out before the launch."
    NO_LAUNCH = "LC066", "A setting is for a launch, and the month has none."
    TRANSLATION = "LC068", "A letter's translation does not fit the letter."
    WORDS = "LC067", "A language lacks words, or a file of words has a mistake."
    INVITATION = (
        "LC069",
        "An invitation comes after day 1, grows too fast, or is missing where it is needed.",
    )
    MORE_MISTAKES = "LC099", "A file has more mistakes than are shown."
    # Braces and quotes.
    MERGE_FIELD = "LC064", "Merge fields work in subject, preheader and copy only."
    QUOTE_INSIDE = "LC065", "A quote in the middle of a quoted value ends it too early."
