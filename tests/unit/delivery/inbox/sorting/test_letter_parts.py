"""A letter keeps all that an answer to it needs: names, references, HTML and files."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest

from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.letter_parts import MAX_ATTACHMENT, MAX_MAIL
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from tests.unit.delivery.inbox.mails import file_part, letter, letter_with_files


def test_a_letter_has_its_names_and_the_thread() -> None:
    raw = letter(
        "Hello",
        From="=?utf-8?Q?M=C3=BCller=2C_Ana?= <ana@reader.example>",
        Reply_To="Ana <home@reader.example>",
        References="<1@bloom.example>\n <2@\n bloom.example>",
        Message_ID="\n <3@reader.example>",
    )
    found = sort_mail(raw)

    assert (found.from_name, found.email) == ("Müller, Ana", "ana@reader.example")
    assert (found.reply_to, found.to_address) == ("home@reader.example", "letters@bloom.example")
    assert found.references == "<1@bloom.example> <2@bloom.example>"
    assert found.message_id == "<3@reader.example>"


def test_an_address_inside_of_an_encoded_name_is_not_the_writers() -> None:
    name = "=?utf-8?Q?reader1=40readers.example_=3Creader1=40readers.example=3E?="
    found = sort_mail(letter("Hello", From=f"{name} <other@mail.example>"))

    assert found.email == "other@mail.example"


def test_files_are_kept_with_plain_names() -> None:
    raw = letter_with_files(
        "Look",
        file_part("tulip.jpg", b"\xff\xd8"),
        file_part("../../etc/pass\u202ewd.txt", b"x", "application/octet-stream"),
        file_part("", b"BEGIN:VCALENDAR", "application/pdf"),
    )
    found = sort_mail(raw)

    assert found.text == "Look"
    assert [(one.name, one.type, one.size, one.content) for one in found.attachments] == [
        ("tulip.jpg", "image/jpeg", 2, b"\xff\xd8"),
        ("passwd.txt", "application/octet-stream", 1, b"x"),
        ("file.pdf", "application/pdf", 15, b"BEGIN:VCALENDAR"),
    ]


def test_what_is_no_type_is_not_repeated() -> None:
    raw = letter_with_files("Look", file_part("a", b"x", "image/jpeg"))
    found = sort_mail(raw.replace(b"image/jpeg", b"im\0age/jpeg"))

    assert [one.type for one in found.attachments] == ["application/octet-stream"]


def test_words_before_and_after_a_picture_are_one_letter() -> None:
    behind = EmailMessage()
    behind.set_content("and this is it in May")
    found = sort_mail(letter_with_files("This is my tulip", file_part("a.jpg", b"x"), behind))

    assert found.text.replace("\n", " ") == "This is my tulip  and this is it in May"
    assert [one.name for one in found.attachments] == ["a.jpg"]


def test_a_forwarded_mail_is_a_file_and_not_the_words() -> None:
    inner = EmailMessage()
    inner.set_content("Not mine")
    outer = EmailMessage()
    outer.add_attachment(inner)
    (part,) = outer.iter_parts()
    found = sort_mail(letter_with_files("See below", part))

    assert found.text == "See below"
    assert [(one.name, one.type) for one in found.attachments] == [("mail.eml", "message/rfc822")]
    assert b"Not mine" in (found.attachments[0].content or b"")


@pytest.mark.parametrize(
    ("size", "is_kept"),
    [(MAX_ATTACHMENT, True), (MAX_ATTACHMENT + 1, False), (MAX_MAIL, False)],
)
def test_the_bytes_of_a_large_file_are_not_kept(size: int, is_kept: bool) -> None:
    raw = letter_with_files("Look", file_part("film.mp4", bytes(size), "video/mp4"))[:MAX_MAIL]
    found = sort_mail(raw)

    assert found.text == "Look"
    (file,) = found.attachments
    assert (file.name, file.content is not None) == ("film.mp4", is_kept)


def test_html_is_kept_as_it_came() -> None:
    raw = letter("<p>Hello</p><script>x</script>", Content_Type="text/html")
    found = sort_mail(raw)

    assert (found.text, found.html) == ("Hello", "<p>Hello</p><script>x</script>\n")


@pytest.mark.parametrize("filler", [b"\n", b"--x\n\n", b"a" * 75 + b"\n"])
def test_ten_megabytes_of_anything_are_sorted_in_time(filler: bytes) -> None:
    head = letter_with_files("Look").removesuffix(b"--x--\n") + b"--x\n"
    raw = (head + filler * (MAX_MAIL // len(filler)))[:MAX_MAIL]
    began = time.thread_time()
    found = sort_mail(raw)

    assert found.kind is MailKind.LETTER
    assert time.thread_time() - began < 2
