"""Content is what an email says; it can be stored, compared, and used again."""

from __future__ import annotations

import unicodedata
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.model.campaign import Brand, Role
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.renderer import EmailRenderer
from tests.support.render_kit import (
    COPY_FILE,
    COPY_LINE,
    GUEST,
    LETTER,
    MEDIA_URL,
    Workbench,
    in_column,
    recipient,
)

#: One transparent pixel.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def test_it_holds_the_template_and_all_that_it_names(bench: Workbench) -> None:
    bench.write_template("base", "{% block a %}{% endblock %}{% include 'part.mjml.j2' %}")
    bench.write_template("part", "{% from 'macros.mjml.j2' import m %}")
    bench.write_template("macros", "{% macro m() %}{% endmacro %}")
    bench.write_template("other", "not named")
    bench.write_template("letter", "{% extends 'base.mjml.j2' %}")
    email = bench.email()
    content = read_content(bench.campaign(email), email)
    assert set(content.templates) == {
        f"{one}.mjml.j2" for one in ("base", "letter", "macros", "part")
    }


def test_a_name_known_only_while_rendering_takes_in_every_template(bench: Workbench) -> None:
    bench.write_template("a", "{% include day.kind ~ '.mjml.j2' ignore missing %}")
    bench.write_template("letter", in_column("{% include day.key ~ '.mjml.j2' %}"))
    bench.write_template("day-02", "<mj-text>special</mj-text>")
    assert bench.render("").text.startswith("special\n")


def test_templates_that_include_each_other_are_read_once(bench: Workbench) -> None:
    bench.write_template("letter", LETTER + "{% if false %}{% include 'b.mjml.j2' %}{% endif %}")
    bench.write_template("b", "{% include 'letter.mjml.j2' %}")
    assert bench.words("Hello") == "Hello"


def test_an_optional_template_may_be_missing(bench: Workbench) -> None:
    template = in_column("{% include 'none.mjml.j2' ignore missing %}{{ content }}")
    assert not bench.problems(template=template)
    assert bench.render("Hello", template).text.startswith("Hello\n")


@pytest.mark.parametrize(
    ("template", "place", "hint"),
    [
        ("\n{% include 'lettr.mjml.j2' %}", "templates/email/letter.mjml.j2:2",
         "did you mean letter.mjml.j2?"),
        ("{% include '../../secret.txt' %}", "templates/email/letter.mjml.j2:1", None),
        ("{% include 'a" + "a" * 300 + "' %}", "templates/email/letter.mjml.j2:1", None),
    ],
)  # fmt: skip
def test_a_missing_template_is_a_problem_where_it_is_named(
    bench: Workbench, template: str, place: str, hint: str | None
) -> None:
    (bench.workspace / "secret.txt").write_text("secret")
    with pytest.raises(ProblemsFound) as caught:
        bench.problems(template=template)
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.place)) == ("LC100", place)
    if hint:
        assert problem.hint == hint


def test_a_template_that_is_a_picture_is_a_problem_in_words(bench: Workbench) -> None:
    path = bench.workspace / "templates" / "email" / "letter.mjml.j2"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(ProblemsFound) as caught:
        bench.problems()
    (problem,) = caught.value.problems
    assert problem.code == "LC101"
    assert "it may be a picture" in problem.message
    assert problem.hint == "save it as plain text (UTF-8)"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_template_is_read_as_any_editor_saves_it(bench: Workbench, encoding: str) -> None:
    path = bench.workspace / "templates" / "email" / "letter.mjml.j2"
    path.write_bytes(LETTER.replace("Leave", "Abbestellen für immer").encode(encoding))
    assert "Abbestellen für immer" in bench.render("Hello").html


def test_a_template_that_links_out_of_its_folder_is_refused_and_told_how_to_help(
    bench: Workbench,
) -> None:
    path = bench.workspace / "templates" / "email" / "letter.mjml.j2"
    path.rename(bench.workspace / "letter.mjml.j2")
    path.symlink_to(bench.workspace / "letter.mjml.j2")
    with pytest.raises(ProblemsFound) as caught:
        bench.problems()
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("LC101", "copy it to templates/email")
    assert "is a link that leads out of templates/email" in problem.message


def test_it_comes_back_from_json_as_it_was(bench: Workbench) -> None:
    day = bench.email(guest=GUEST, question="Why?")
    email = bench.email(key="catch-up", role=Role.CATCH_UP, number=None, date=None, at=None)
    content = read_content(bench.campaign(day, email), email)
    assert content.parts["day-02"].guest == GUEST
    assert Content.from_json(content.to_json()) == content
    assert Content.from_json(content.to_json()).fingerprint() == content.fingerprint()


def test_frozen_content_renders_the_same_bytes_after_the_files_have_changed(
    bench: Workbench,
) -> None:
    email = bench.email("Hello {{ first_name }}")
    campaign = bench.campaign(email)
    stored = read_content(campaign, email).to_json()
    before = bench.renderer(email).render(recipient()).raw
    bench.write_template("letter", "<mjml></mjml>")
    frozen = Content.from_json(stored)
    again = EmailRenderer(campaign, email, frozen, media_url=MEDIA_URL)
    assert again.render(recipient()).raw == before


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Another"},
        {"preheader": "Another"},
        {"copy": "Another"},
        {"template": "other"},
    ],
)
def test_every_edit_changes_the_fingerprint(bench: Workbench, change: dict[str, Any]) -> None:
    bench.write_template("other", LETTER)
    email = bench.email()
    campaign = bench.campaign(email)
    before = read_content(campaign, email).fingerprint()
    assert len(before) == 64
    assert read_content(campaign, email).fingerprint() == before
    assert read_content(campaign, bench.email(**change)).fingerprint() != before


def test_an_edited_include_and_an_edited_picture_change_the_fingerprint(bench: Workbench) -> None:
    bench.write_template("part", "")
    bench.write_template("letter", LETTER + "{% include 'part.mjml.j2' %}")
    picture = bench.folder / "a.gif"
    picture.write_bytes(GIF)
    email = bench.email("[[image: a.gif | A]]")
    campaign = bench.campaign(email)
    seen = {read_content(campaign, email).fingerprint()}
    bench.write_template("part", "{# edited #}")
    seen.add(read_content(campaign, email).fingerprint())
    picture.write_bytes(GIF + b"x")
    seen.add(read_content(campaign, email).fingerprint())
    assert len(seen) == 3


def test_an_edited_day_does_not_change_the_digest_that_may_hold_it(bench: Workbench) -> None:
    day = bench.email("One [[image: a.gif | A]]")
    digest = bench.email(key="catch-up", role=Role.CATCH_UP, number=None, date=None, at=None)
    edited = bench.email("Two")
    fingerprints = {
        read_content(bench.campaign(one, digest), digest).fingerprint() for one in (day, edited)
    }
    assert len(fingerprints) == 1


class TestPictures:
    def test_a_local_picture_is_served_by_its_hash_with_its_width(self, bench: Workbench) -> None:
        (bench.folder / "images").mkdir()
        (bench.folder / "images" / "pot.GIF").write_bytes(GIF)
        html = bench.render("[[image: images/pot.GIF | A pot]]").html
        name = "https://media.example/i/"
        assert f'src="{name}' in html
        assert '.gif" width="1"' in html
        assert 'alt="A pot"' in html

    def test_paths_are_looked_up_in_the_campaign_then_in_the_workspace(
        self, bench: Workbench
    ) -> None:
        (bench.workspace / "logo.gif").write_bytes(GIF)
        html = bench.render("![Logo](logo.gif)").html
        assert 'src="https://media.example/i/' in html

    def test_templates_may_name_local_pictures_too(self, bench: Workbench) -> None:
        (bench.workspace / "logo.gif").write_bytes(GIF)
        html = bench.render("", in_column('<mj-image src="logo.gif" alt="Logo" />')).html
        assert 'src="https://media.example/i/' in html
        assert "logo.gif" not in html

    @pytest.mark.parametrize(
        ("file", "copy"),
        [
            ("jär.gif", "![x](jär.gif)"),
            ("jär.gif", "![x](j%C3%A4r.gif)"),
            ("jär.gif", "[[image: jär.gif | x]]"),
            (unicodedata.normalize("NFD", "jär.gif"), "![x](jär.gif)"),
            ("jär.gif", f"![x]({unicodedata.normalize('NFD', 'jär.gif')})"),
            ("土.gif", "[![x](土.gif)](https://a.example)"),
            ("a b.gif", "![x](a b.gif)"),
            ("a b.gif", "![x](<a b.gif>)"),
            ("a b.gif", "![x](a%20b.gif)"),
            ("a b.gif", "[[image: a b.gif | x]]"),
            ("Photo (1).gif", "So: ![x](Photo (1).gif), and more (a.gif)"),
            ("a(1).gif", '![x](a(1).gif "title")'),
            ("a(1.gif", "![x](a\\(1.gif)"),
            ("a[1].gif", "![x](a[1].gif)"),
            ("a[1].gif", "[[image: a[1].gif | x]]"),
            ("a&b.gif", "![x](a&amp;b.gif)"),
            ("a%20b.gif", "![x](a%20b.gif)"),
            ("100%.gif", "![x](100%.gif)"),
            ("a.gif", "![x [y] z](a.gif)"),
            ("a.gif", "![x][a]\n\n[a]: a.gif"),
        ],
    )
    def test_a_picture_is_found_however_its_path_is_spelled(
        self, bench: Workbench, file: str, copy: str
    ) -> None:
        (bench.folder / file).write_bytes(GIF)
        assert bench.problems(copy) == []
        message = bench.render(copy)
        assert message.html.count('src="https://media.example/i/') == 1
        assert "![" not in message.text

    @pytest.mark.parametrize(
        "inside",
        [
            '<mj-image src="a &amp; ü.gif" alt="x" />',
            "<mj-image src='a%20&%20ü.gif' alt='x' />",
            '<mj-text><img src="a & ü.gif" alt="x" width="1" /></mj-text>',
            '<mj-table><tr><td background="a & ü.gif">x</td></tr></mj-table>',
        ],
    )
    def test_a_template_may_spell_the_path_of_a_picture_in_any_way(
        self, bench: Workbench, inside: str
    ) -> None:
        (bench.workspace / "a & ü.gif").write_bytes(GIF)
        assert bench.problems("", in_column(inside)) == []
        assert '="https://media.example/i/' in bench.render("", in_column(inside)).html

    def test_the_background_of_a_section_may_be_a_local_picture(self, bench: Workbench) -> None:
        (bench.workspace / "a.gif").write_bytes(GIF)
        template = in_column("{{ content }}").replace(
            "<mj-section>", '<mj-section background-url="a.gif">', 1
        )
        assert bench.problems("Hi", template) == []
        assert 'background="https://media.example/i/' in bench.render("Hi", template).html

    @pytest.mark.parametrize(
        ("copy", "path", "column"),
        [
            ("![x](nöne.gif)", "nöne.gif", 6),
            ("![x](<no ne.gif>)", "no ne.gif", 7),
            ("a ![x](no ne (1).gif)", "no ne (1).gif", 8),
            ("![x [y]](none.gif)", "none.gif", 10),
        ],
    )
    def test_a_picture_that_is_missing_is_named_whole(
        self, bench: Workbench, copy: str, path: str, column: int
    ) -> None:
        (problem,) = bench.problems(copy)
        assert problem.message == f"there is no image {path!r}"
        assert (str(problem.place), problem.width) == (f"{COPY_FILE}:5:{column}", len(path))

    def test_pictures_in_code_are_not_looked_up(self, bench: Workbench) -> None:
        assert bench.problems("`![x](none.gif)`\n\n```\n![x](none.gif)\n```\n") == []

    @pytest.mark.parametrize(
        ("copy", "address"),
        [
            ("![x](//a.example/a.gif)", "//a.example/a.gif"),
            ("Hi\n\n![x](ftp://a.example/a.gif)", "ftp://a.example/a.gif"),
            ("[[image: data:image/gif;base64,R0l | x]]", "data:image/gif;base64,R0l"),
        ],
    )
    def test_a_picture_without_a_whole_address_is_a_problem(
        self, bench: Workbench, copy: str, address: str
    ) -> None:
        """Found in the finished HTML."""
        problems = bench.problems(copy)
        assert {problem.code for problem in problems} == {"LC109"}
        assert address in problems[0].message
        assert problems[0].place
        assert problems[0].place.line == COPY_LINE + copy.count("\n")

    def test_the_brands_logo_is_an_address_in_templates(self, bench: Workbench) -> None:
        (bench.folder / "logo.gif").write_bytes(GIF)
        bench.write_template(
            "letter",
            in_column('{% if brand.logo %}<mj-image src="{{ brand.logo }}" alt="L" />{% endif %}'),
        )
        email = bench.email("")
        with_logo = bench.renderer(email, brand=Brand(logo="logo.gif")).render(recipient())
        assert 'src="https://media.example/i/' in with_logo.html
        assert "<img" not in bench.renderer(email, brand=Brand()).render(recipient()).html

    @pytest.mark.parametrize("path", ["none.gif", "../../../etc/passwd", "/etc/passwd", "a" * 300])
    def test_a_picture_that_is_not_there_is_a_problem(self, bench: Workbench, path: str) -> None:
        (problem,) = bench.problems(f"Hello\n\n  [[image: {path} | A]]\n")
        assert (problem.code, str(problem.place)) == ("LC109", f"{COPY_FILE}:7:12")

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("pot.heic", GIF, "'pot.heic' is not an image type that mail programs show"),
            ("pot", GIF, "'pot' is not an image type that mail programs show"),
            ("pot.png", b"", "'pot.png' is not an image"),
            ("pot.jpg", b"<html>404</html>", "'pot.jpg' is not an image"),
        ],
    )
    def test_a_picture_that_nobody_could_see_is_a_problem(
        self, bench: Workbench, name: str, content: bytes, says: str
    ) -> None:
        """Telephones write HEIC, and a failed download is a page called .jpg."""
        (bench.folder / name).write_bytes(content)
        (problem,) = bench.problems(f"Hello\n\n  [[image: {name} | A]]\n")
        assert (problem.code, str(problem.place)) == ("LC118", f"{COPY_FILE}:7:12")
        assert problem.message == says

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("pot.PNG", b"\x89PNG\r\n\x1a\n"),
            ("pot.webp", b"RIFF\x1a\0\0\0WEBPVP8L"),
            ("pot.svg", b'<?xml version="1.0"?><!-- a --><svg:svg xmlns:svg="x"/>'),
            ("pot.jpeg", GIF),  # programs look at what is in it, too
        ],
    )
    def test_pictures_are_known_by_their_first_bytes(
        self, bench: Workbench, name: str, content: bytes
    ) -> None:
        (bench.folder / name).write_bytes(content)
        assert not bench.problems(f"[[image: {name} | A]]")


def test_a_digest_holds_each_day_under_its_subject_and_with_its_own_day(bench: Workbench) -> None:
    days = [
        bench.email(
            f"Copy {number}: day {{{{ day.number }}}}, {{{{ first_name }}}}, {{{{ subject }}}}",
            key=f"day-{number:02}",
            number=number,
            date=date(2027, 2, number),
            at=time(9),
            subject="No. {{ day.number }} for {{ first_name }}",
        )
        for number in (1, 2, 3)
    ]
    digest = bench.email(
        "Intro {{ day.key }}",
        key="catch-up",
        role=Role.CATCH_UP,
        number=None,
        date=None,
        at=None,
    )
    renderer = bench.renderer(digest, *days)
    message = renderer.render(recipient("Zoë", digest=("day-01", "day-03")))
    assert message.text.startswith(
        "Intro catch-up\n\n"
        "No. 1 for Zoë\n\nCopy 1: day 1, Zoë, No. 1 for Zoë\n\n"
        "No. 3 for Zoë\n\nCopy 3: day 3, Zoë, No. 3 for Zoë\n"
    )
    assert message.html.count("<h2>") == 2
    other = renderer.render(recipient("Zoë")._replace(digest=("day-02",)))
    assert "Copy 2" in other.text
    assert "Copy 1" not in other.text
