"""The text part reads like a letter typed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.render_kit import INSIDERS_ONLY, LETTER, Workbench, in_column, recipient


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.mark.parametrize(
    ("copy", "read"),
    [
        ("One\ntwo.\n\nThree.", "One two.\n\nThree."),
        ("One\\\ntwo", "One\ntwo"),
        ("# Head\n\nWords", "Head\n\nWords"),
        ("*a* **b** `c`", "_a_ *b* `c`"),
        ("~~99~~ 59 ~a~", "~99~ 59 ~a~"),
        ("a &amp; b &lt; c & d", "a & b < c & d"),
        ("- a\n- b\n  - c\n    - d\n- e", "- a\n- b\n  - c\n    - d\n- e"),
        ("- a\n\n- b", "- a\n- b"),
        ("3. a\n4. b\n   more", "3. a\n4. b more"),
        ("9. a\n10. b\n\n    c", "9. a\n10. b\n    c"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("    code\n      more", "code\n  more"),
        ("See [the story](https://a.example/x).", "See the story.\nhttps://a.example/x"),
        ("[a](https://a.example) and [b](https://b.example)",
         "a and b\n\na:\nhttps://a.example\nb:\nhttps://b.example"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("See https://a.example/x_y_z.", "See https://a.example/x_y_z."),
        ("https://bücher.example/süß?a=1&b", "https://xn--bcher-kva.example/s%C3%BC%C3%9F?a=1&b"),
        ("(www.a.example) www. a.example", "(https://www.a.example) www. a.example"),
        ("Peas[^p], rye^[In May].\n\n[^p]: *March* or [so](https://a.example/x)\n\nBye",
         "Peas[1], rye[2].\n\nBye\n\n* * *\n\n1. _March_ or so\n   https://a.example/x\n2. In May"),
        ("Write to <ana@bloom.example>.", "Write to ana@bloom.example."),
        ("[Write](mailto:ana@bloom.example)", "Write\nmailto:ana@bloom.example"),
        ("- [a](https://a.example)\n- b", "- a\n  https://a.example\n- b"),
        ("[[button: Read on | https://a.example/?a=1&b=2]]", "Read on\nhttps://a.example/?a=1&b=2"),
        ("a\n[[button: Go | https://a.example]]\nb", "a\n\nGo\nhttps://a.example\n\nb"),
        ("[[image: https://a.example/a.png | A pot | or two]]", "[A pot | or two]"),
        ("![A pot](https://a.example/a.png)", "[A pot]"),
        ("<b>raw</b> &copy;", "<b>raw</b> ©"),
    ],
)  # fmt: skip
def test_markdown_as_text(bench: Workbench, copy: str, read: str) -> None:
    assert bench.words(copy) == read


def test_merge_fields_work_in_the_addresses_of_links_and_buttons(bench: Workbench) -> None:
    copy = "[web]({{ links.web_view }})\n\n[[button: Deal | {{ deal.link }}]]"
    email = bench.email(copy, to=INSIDERS_ONLY)
    message = bench.renderer(email).render(recipient())
    assert message.text.split("\n\n-- \n")[0] == (
        "web\nhttps://bloom.example/v/TOKEN\n\nDeal\nhttps://bloom.example/d/TOKEN"
    )
    html = message.html
    assert '<a href="https://bloom.example/v/TOKEN" style="color:' in html
    assert 'href="https://bloom.example/d/TOKEN" target="_blank"' in html


def test_the_footer_stands_under_a_signature_line(bench: Workbench) -> None:
    assert bench.render("Hello").text == (
        "Hello\n\n-- \nLeave or hear less.\n\nLeave:\nhttps://bloom.example/u/TOKEN\n"
        "hear less:\nhttps://bloom.example/p/TOKEN\n\nBloom SAS, 12 rue des Lilas, Paris\n"
    )


@pytest.mark.parametrize(("language", "colon"), [("fr", "\xa0:"), ("fr-CA", "\xa0:"), ("de", ":")])
def test_a_colon_is_written_as_in_the_language(bench: Workbench, language: str, colon: str) -> None:
    renderer = bench.renderer(bench.email("Hello"), language=language)
    for name in ("Ana", "Bo"):  # the second message takes the fast path
        text = renderer.render(recipient(name)).text
        assert f"Leave{colon}\nhttps://bloom.example/u/TOKEN\n" in text


def test_links_and_address_are_there_even_if_the_template_hides_them(bench: Workbench) -> None:
    text = bench.render("Hello", "<mjml><mj-body><mj-section><mj-column>{{ content }}</mj-column>"
                        "</mj-section></mj-body></mjml>").text  # fmt: skip
    assert text == (
        "Hello\n\n-- \nBloom SAS, 12 rue des Lilas, Paris\nhttps://bloom.example/p/TOKEN\n"
        "https://bloom.example/u/TOKEN\n"
    )


def test_a_template_of_pure_mjml_is_read_too(bench: Workbench) -> None:
    inside = (
        '<mj-text>Dear {{ first_name }},<br/>read <b>this</b>:</mj-text><mj-spacer height="9px" />'
        "<mj-table><tr><th>Price</th><td>59 EUR</td></tr><tr><td></td><td>now</td></tr></mj-table>"
        '<mj-button href="https://a.example/{{ first_name }}">Buy</mj-button>'
        '<mj-image src="https://a.example/a.png" alt="A pot" href="https://a.example/pot" />'
        '<mj-text><div style="display:none">hidden</div>Bye&nbsp;&amp; thanks</mj-text>'
        "<mj-raw><p>raw</p></mj-raw>"
    )
    assert bench.render("", in_column(inside)).text.split("\n\n-- \n")[0] == (
        "Dear Ana,\nread *this*:\n\nPrice, 59 EUR\n\nnow\n\nBuy\nhttps://a.example/Ana\n\n"
        "[A pot]\nhttps://a.example/pot\n\nBye & thanks"
    )


def test_the_copy_may_link_to_unsubscribe_without_being_the_footer(bench: Workbench) -> None:
    header = "<mj-section><mj-column><mj-text>Bloom</mj-text></mj-column></mj-section>"
    template = in_column("{{ content }}").replace("<mj-body>", f"<mj-body>{header}")
    text = bench.render("[Leave]({{ links.unsubscribe }}) now.", template).text
    assert text.startswith("Bloom\n\nLeave now.\nhttps://bloom.example/u/TOKEN\n\n-- \nLeave or")
    assert text.count("-- \n") == 1


ADDRESS = "<mj-text>{{ sender.postal_address }}</mj-text>"
LINKS = '<mj-text><a href="{{ links.unsubscribe }}">Leave</a></mj-text>'


@pytest.mark.parametrize(
    ("body", "above", "below"),
    [
        # Everything in one section.
        (f"<mj-section><mj-column>{{{{ content }}}}{ADDRESS}{LINKS}</mj-column></mj-section>",
         "Leave now", "Leave\nhttps"),
        (f"<mj-hero><mj-text>Top</mj-text>{{{{ content }}}}{LINKS}</mj-hero>",
         "Leave now", "Leave\nhttps"),
        # The footer has no link, only the address.
        (("<mj-section><mj-column><mj-text>Top</mj-text>{{ content }}</mj-column></mj-section>"
         f"<mj-section><mj-column>{ADDRESS}</mj-column></mj-section>"), "Leave now", "Bloom SAS"),
        # A link above the letter is no footer.
        ((f"<mj-section><mj-column>{LINKS}</mj-column></mj-section><mj-wrapper><mj-section>"
         "<mj-column>{{ content }}</mj-column></mj-section><mj-section><mj-column>"
         f"<mj-text>P.S.</mj-text></mj-column></mj-section></mj-wrapper>"), "P.S.", "Bloom SAS"),
    ],
)  # fmt: skip
def test_the_signature_line_is_above_the_footer_and_below_the_copy(
    bench: Workbench, body: str, above: str, below: str
) -> None:
    copy = "[Leave now]({{ links.unsubscribe }}), [less]({{ links.preferences }})."
    text = bench.render(copy, f"<mjml><mj-body>{body}</mj-body></mjml>").text
    assert text.count("-- \n") == 1
    letter, _, footer = text.partition("\n\n-- \n")
    assert above in letter
    assert footer.startswith(below)


def test_defaults_for_the_body_are_not_the_body(bench: Workbench) -> None:
    head = '<mj-head><mj-attributes><mj-body width="500px" /></mj-attributes></mj-head>'
    template = in_column("{{ content }}").replace("<mjml>", f"<mjml>{head}")
    assert bench.render("Hello", template).text == bench.render("Hello", LETTER).text


@pytest.mark.parametrize(
    ("inside", "read"),
    [
        (
            (
                "<mj-accordion><mj-accordion-element><mj-accordion-title>Peas?</mj-accordion-title>"
                "<mj-accordion-text>In <b>March</b>.</mj-accordion-text></mj-accordion-element>"
                "<mj-accordion-element><mj-accordion-title>Beans?</mj-accordion-title>"
                "<mj-accordion-text>In May.</mj-accordion-text></mj-accordion-element>"
                "</mj-accordion>"
            ),
            "*Peas?*\n\nIn *March*.\n\n*Beans?*\n\nIn May.",
        ),
        (
            (
                '<mj-carousel><mj-carousel-image src="https://a.example/a.png" alt="A pot" />'
                '<mj-carousel-image src="https://a.example/b.png" alt="A bed" href="https://b" />'
                "</mj-carousel>"
            ),
            "[A pot]\n\n[A bed]\nhttps://b",
        ),
        (
            (
                '<mj-navbar base-url="https://a.example">'
                '<mj-navbar-link href="/shop">Shop</mj-navbar-link>'
                '<mj-navbar-link href="/me?n={{ first_name }}">Me</mj-navbar-link></mj-navbar>'
            ),
            "- Shop\n  https://a.example/shop\n- Me\n  https://a.example/me?n=A%26B",
        ),
        (
            '<mj-navbar><mj-navbar-link href="https://a/s">S</mj-navbar-link></mj-navbar>',
            "- S\n  https://a/s",
        ),
    ],
)
def test_interactive_parts_are_read_as_words(bench: Workbench, inside: str, read: str) -> None:
    message = bench.render("", in_column(inside), first_name="A&B")
    assert message.text.split("\n\n-- \n")[0] == read


def test_sections_in_a_wrapper_are_paragraphs_of_their_own(bench: Workbench) -> None:
    section = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
    inside = f"<mj-wrapper>{section.format('One')}{section.format('Two')}</mj-wrapper>"
    template = LETTER.replace("<mj-body>", f"<mj-body>{inside}")
    assert bench.render("Three", template).text.startswith("One\n\nTwo\n\nThree\n\n-- \n")
