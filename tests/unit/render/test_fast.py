"""The fast path gives what the plain path gives, byte for byte, or leaves it to the plain path."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.core.message import Message
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.fast.fast_path import MAX_VARIANTS
from lovecampaign.render.fast.message_holes import MAX_CACHED_LENGTH
from lovecampaign.render.fast.result_cache import MAX_RESULTS
from lovecampaign.render.fast.variant import SplicedMessage
from lovecampaign.render.mime.signed_links import PLACEHOLDERS, SignedLinks
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer
from tests.support.render_kit import INSIDERS_ONLY, LETTER, LINKS, Workbench, in_column, recipient
from tests.support.render_sources import HOSTILE, copies, expressions, letters, readers

SIGNER = TokenSigner(("key",))
NAMES = ("Ana", "Bo", "Zoë", "", "*Ana* <b>", *HOSTILE)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("fast"))


def parts(message: Message) -> Mapping[str, Any]:
    """All that a provider can ask of a message."""
    return {one.name: getattr(message, one.name) for one in fields(Message)}


def outcome(render: Callable[[Recipient], Message], person: Recipient) -> Mapping[str, Any] | str:
    """All of a message, or why there is none."""
    try:
        return parts(render(person))
    except RenderError as error:
        return error.message


def hold_to_the_plain_path(
    renderer: EmailRenderer, people: list[Recipient], seen: Counter[str]
) -> None:
    """Each person twice, since the first of a kind gets what the plain path gave."""
    for person in [*people, *people]:
        expected = outcome(renderer.plain.render, person)
        assert outcome(renderer.render, person) == expected
    for person in people:
        expected = outcome(renderer.plain.render, person)
        if isinstance(expected, str):
            seen["refused"] += 1
        else:
            message = renderer.render(person)
            seen["spliced" if isinstance(message, SplicedMessage) else "plain"] += 1
            if isinstance(message, SplicedMessage):
                assert filled_in(message) == (message.text, message.html)
                # From now on the variant expects to be asked for that.
                assert outcome(renderer.render, person) == expected


def filled_in(message: SplicedMessage) -> tuple[str, ...]:
    """Text and HTML as a provider with one request for many puts them together."""
    shared = (message.variant.shared_text, message.variant.shared_html)
    stretches = [re.split("\0(\\d+)\0", one(lambda n: f"\0{n}\0")) for one in shared]
    values = message.substitutions
    return tuple(
        "".join(values[int(one)] if place % 2 else one for place, one in enumerate(each))
        for each in stretches
    )


def test_any_copy_for_any_readers(shared_bench: Workbench) -> None:
    """Pieces nested three deep, readers with hostile values; nearly all are spliced."""
    seen: Counter[str] = Counter()

    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(copies(), expressions(), st.lists(readers(), min_size=2, max_size=4))
    def hold(copy: str, subject: str, people: list[Recipient]) -> None:
        shared_bench.write_template("letter", LETTER)
        email = shared_bench.email(
            copy,
            subject=f"For {{{{ {subject} }}}}",
            preheader="{{ fields.a | e }}",
            to=INSIDERS_ONLY,
        )
        hold_to_the_plain_path(shared_bench.renderer(email), people, seen)

    hold()
    assert seen["spliced"] > 4 * seen["plain"], seen


def test_any_templates_for_any_readers(shared_bench: Workbench) -> None:
    """Inheritance, inclusion, imported macros."""
    seen: Counter[str] = Counter()

    @settings(max_examples=50, suppress_health_check=list(HealthCheck))
    @given(letters(), st.lists(readers(), min_size=2, max_size=4))
    def hold(templates: dict[str, str], people: list[Recipient]) -> None:
        for name, source in templates.items():
            shared_bench.write_template(name, source)
        email = shared_bench.email("Hello {{ first_name }}")
        hold_to_the_plain_path(shared_bench.renderer(email), people, seen)

    hold()
    assert seen["spliced"] > 4 * seen["plain"], seen


SET_BLOCK = "{% set x %}**A** {{ first_name }}{% endset %}"


@pytest.mark.parametrize(
    "copy",
    [
        "{{ first_name | default('friend', true) }}",
        "{{ first_name | default(sender.postal_address, true) }}",
        f"{SET_BLOCK}{{{{ x }}}} {{{{ x | default('y') }}}} {{{{ x | e }}}} {{{{ x | string }}}}",
        f"{SET_BLOCK}{{{{ x | truncate(4) }}}} {{{{ x | truncate(99) }}}}",
        f"{SET_BLOCK}{{% if x == '**A** Ana' %}}yes{{% else %}}no{{% endif %}} {{{{ x[2:9] }}}}",
        f"{SET_BLOCK}{{{{ 'n' if 'n' in x else '-' }}}} {{{{ x ~ '!' }}}} {{{{ x | upper }}}}",
        f"{SET_BLOCK}{{{{ [x, 'b'] | first }}}} {{{{ [x] | join }}}}",
        "{% filter upper %}a {{ first_name }}{% endfilter %}",
        "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(first_name) }}{{ m(m(first_name)) | length }}",
        "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ first_name }}{% endcall %}",
        "{% for t in subscriber.tags %}{{ loop.index }}/{{ loop.length }} {{ t }}{% endfor %}",
        "{% for t in subscriber.tags if t != 'b' %}{{ t }}{% else %}none{% endfor %}",
        "{% for k in fields %}{{ k }}={{ fields[k] }} {% endfor %}",
        "{{ {'Ana': 'found'}[first_name] | default('not found') }}",
        "{% if first_name in ['Ana', 'Bo'] %}known{% elif first_name %}new{% endif %}",
        "{% if first_name is lower and not subscriber.is_insider %}a{% else %}b{% endif %}",
        "{{ fields.a | default('nothing') }} {{ fields['a'] is defined }}",
        "{{ '{}, {}'.format(first_name, subscriber.email) }} {{ '%s.' % first_name }}",
        "{{ first_name.upper() }} {{ first_name[:2] }} {{ first_name | length + 1 }}",
        "{{ 'a' + first_name }} {{ -(first_name | length) }} {{ 7 % (first_name | length + 1) }}",
        "{% set n = namespace(c=0) %}{% for t in fields %}{% set n.c = n.c+1 %}{% endfor %}{{n.c}}",
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ first_name }}{{ c.next() }}",
        "[read {{ first_name }}](https://bloom.example/?n={{ first_name }}&m={{ fields.a }})",
        "[[button: Go {{ first_name }} | https://bloom.example/{{ first_name }}]]",
        "{{ campaign.launch_at }} {{ campaign.launch_at.strftime('%H:%M') }} {{ deal.closes }}",
        "{{ deal.code | default('no code', true) }} {{ deal.price }} {{ day.date }}",
        "{{ subscriber.tags | map('upper') | join(', ') }} {{ subscriber.tags | sort | join }}",
        "{{ (first_name, subscriber.tags) | length }} {{ [first_name, 'x'] | reverse | first }}",
    ],
)  # fmt: skip
def test_what_the_manual_of_jinja_has_is_spliced(bench: Workbench, copy: str) -> None:
    subject = "For {{ first_name | upper }}"
    renderer = bench.renderer(bench.email(copy, subject=subject, to=INSIDERS_ONLY))
    seen: Counter[str] = Counter()
    people = [
        recipient(
            name,
            {"a": name or "nothing", "b": "b"},
            tags=frozenset(["a", "b"][: number % 3]),
            is_insider=bool(number % 2),
            zone=("Europe/Paris", "Asia/Tokyo")[number % 2],
            deal_code=("CODE", None)[number % 2],
        )
        for number, name in enumerate(NAMES)
    ]
    hold_to_the_plain_path(renderer, people, seen)
    assert renderer.fallback is None
    assert seen["spliced"] >= len(people) - 6  # an empty name has no first letter
    assert not seen["plain"]


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        ("{{ {first_name: 1} }}", "hash"),
        ("{% for n in range(first_name | length) %}{{ n }}{% endfor %}", "index"),
        ("{{ ['a', 'b', 'c'][:first_name | length] }}", "index"),
        ("{{ first_name is sameas(first_name) }}", "same object"),
        (f"{SET_BLOCK}{{{{ [x, first_name] | sort | last }}}}", "captured piece"),
        ("{{ first_name | default(range) }}", "function"),
    ],
)
def test_what_cannot_be_followed_takes_the_plain_path_and_says_where(
    bench: Workbench, copy: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    renderer = bench.renderer(bench.email(f"First line.\n\n{copy}"))
    with caplog.at_level(logging.WARNING):
        hold_to_the_plain_path(renderer, [recipient("Ana"), recipient("Zoë")], Counter())
    assert renderer.fallback is not None
    assert reason in renderer.fallback.message
    assert str(renderer.fallback.place) == "campaigns/bloom/days/02-soil.md:7"
    assert len(caplog.records) == 1


def test_a_missing_field_fails_only_its_own_subscriber(bench: Workbench) -> None:
    renderer = bench.renderer(bench.email("Hi {{ fields.pet }}"))
    for _ in range(2):
        with pytest.raises(RenderError, match=r"02-soil\.md:5: fields has no 'pet'"):
            renderer.render(recipient())
        assert "Hi Rex" in renderer.render(recipient(fields={"pet": "Rex"})).text
    assert renderer.fallback is None


def test_an_email_with_too_many_variants_keeps_those_it_has(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    ways = "".join(
        f"{{% if '{n}' in first_name %}}way {n} {{% endif %}}" for n in range(MAX_VARIANTS + 5)
    )
    renderer = bench.renderer(bench.email(ways))
    people = [recipient(f"{number:02}") for number in range(11, MAX_VARIANTS + 24)]
    with caplog.at_level(logging.WARNING):
        hold_to_the_plain_path(renderer, people, seen := Counter[str]())
    assert seen["spliced"] == MAX_VARIANTS
    assert seen["plain"] == len(people) - MAX_VARIANTS
    assert renderer.fallback is not None
    assert f"more than {MAX_VARIANTS} variants" in renderer.fallback.message
    assert len(caplog.records) == 1


def test_an_unseen_preheader_does_not_shift_what_others_get(bench: Workbench) -> None:
    """Its tokens are numbered although the source does not show them."""
    renderer = bench.renderer(bench.email("Hi.", preheader="{{ fields.a | default('', true) }}"))
    people = [recipient(fields={"a": ""}), recipient(fields={"a": "Seen"}), recipient(fields={})]
    hold_to_the_plain_path(renderer, people, Counter())
    for person in people:
        assert LINKS.unsubscribe in renderer.render(person).text


def test_a_field_with_the_address_of_the_footer_is_still_a_field(bench: Workbench) -> None:
    renderer = bench.renderer(bench.email("[x]({{ fields.a }})"))
    people = [
        recipient(fields={"a": address})
        for address in ("https://a.example", LINKS.unsubscribe, LINKS.preferences)
    ]
    hold_to_the_plain_path(renderer, people, Counter())
    assert renderer.fallback is None


def test_tokens_go_into_links_that_were_encoded_once(bench: Workbench) -> None:
    copy = "[a]({{ links.web_view }}) {{ links.share }} {{ links.deal | length }} {{ links.join }}"
    renderer = bench.renderer(bench.email(f"{copy}\n\n[[button: b | {{{{ links.deal }}}}]]"))
    for public_url in ("https://b.example", "https://" + "b" * 45 + ".example", "http://x/" + "é"):
        shape = replace(
            LINKS,
            unsubscribe=f"https://b.example/u/{PLACEHOLDERS[Purpose.LINKS]}",
            web_view=f"{public_url}/v/{PLACEHOLDERS[Purpose.VIEW]}?a=1&b=2",
            deal=f"{public_url}/d/{PLACEHOLDERS[Purpose.DEAL]}",
            share=f"{public_url}/v/{PLACEHOLDERS[Purpose.SHARE]}?share=1",
        )
        tokens = [SIGNER.tokens(RowKey(number, number - 1)) for number in range(3)]
        people = [recipient()._replace(links=SignedLinks(shape, each)) for each in tokens]
        hold_to_the_plain_path(renderer, people, seen := Counter[str]())
        assert seen["spliced"] == 3
        assert f"/v/{tokens[2].token(Purpose.SHARE)}?share=1" in renderer.render(people[2]).text


def test_a_bare_address_with_a_field_is_a_link_in_both_parts(bench: Workbench) -> None:
    copy = "See https://a.example/?n={{ first_name }}&b=1, and[^n].\n\n[^n]: For {{ first_name }}."
    renderer = bench.renderer(bench.email(copy))
    people = [recipient(first_name=name) for name in ("Ana & Bo", "Zoë/1")]
    hold_to_the_plain_path(renderer, people, seen := Counter[str]())
    assert seen["spliced"] == 2
    first = renderer.render(people[0])
    assert 'href="https://a.example/?n=Ana%20%26%20Bo&amp;b=1"' in first.html
    assert "See https://a.example/?n=Ana%20%26%20Bo&b=1, and[1]." in first.text
    assert "1. For Ana & Bo." in first.text


def test_links_of_rows_without_a_nonce_are_the_plain_paths_too(bench: Workbench) -> None:
    renderer = bench.renderer(bench.email("[a]({{ links.web_view }}) {{ links.unsubscribe }}"))
    builder = RecipientBuilder(
        campaign=bench.campaign(),
        email=bench.email("Hi."),
        signer=SIGNER,
        public_url="https://b.example",
        founders_until=None,
    )
    people = [
        recipient()._replace(links=builder.links_of(SIGNER.tokens(RowKey(number, nonce))))
        for number, nonce in ((1, 5), (2, None), (3, 7), (4, None))
    ]
    hold_to_the_plain_path(renderer, people, Counter())
    assert f"/u/{SIGNER.sign(Purpose.LINKS, RowKey(4, None))}" in renderer.render(people[3]).text


def test_a_request_to_many_gets_the_shared_text_and_each_ones_substitutions(
    bench: Workbench,
) -> None:
    copy = "Hi {{ first_name }} & {{ first_name }}, [read](https://b.example/?q={{ first_name }})"
    renderer = bench.renderer(bench.email(copy, subject="For {{ first_name }}"))
    renderer.render(recipient("First"))
    messages = [renderer.render(recipient(name)) for name in ("Ana", "<b>&", "a b")]
    variants = set()
    for message in messages:
        assert isinstance(message, SplicedMessage)
        variants.add(message.variant)
        assert filled_in(message) == (message.text, message.html)
        assert len(message.substitutions) == len(set(message.variant.holes))
    assert len(variants) == 1


def test_many_threads_learn_and_splice_at_the_same_time(bench: Workbench) -> None:
    copy = "{% if 'a' in first_name %}a{% endif %}{% for t in fields %}{{ t }}{% endfor %}"
    people = [
        recipient(f"{'ab'[n % 2]}{n % 17}", {f"f{m}": "x" for m in range(n % 5)})
        for n in range(200)
    ]
    renderer = bench.renderer(bench.email(copy))
    with ThreadPoolExecutor(8) as threads:
        spliced = list(threads.map(lambda person: parts(renderer.render(person)), people))
    assert spliced == [parts(renderer.plain.render(person)) for person in people]
    assert renderer.fallback is None


def test_caches_do_not_grow_for_ever(bench: Workbench) -> None:
    renderer = bench.renderer(bench.email("{{ first_name }} {{ fields.a }}"))
    people = [recipient(f"n{number}", {"a": "é" * (number % 900)}) for number in range(4500)]
    for person in people:
        renderer.render(person)
    variant = renderer._fast._variants.find(people[1])
    assert variant is not None
    layout = variant.layout
    assert layout is not None
    known = [group._cache for group in layout.groups if group._cache is not None]
    assert 0 < max(map(len, known)) <= MAX_RESULTS < len(people)
    written = [sum(map(len, one)) for results in known for one in results.values()]
    assert max(written) <= MAX_CACHED_LENGTH


def test_a_conditional_comment_and_both_quotes_are_places_like_on_the_plain_path(
    bench: Workbench,
) -> None:
    bench.write_template(
        "letter",
        in_column(
            '{{ content }}<mj-text><!--[if mso]><b title="{{ first_name }}">{{ first_name }}</b>'
            "<![endif]--><span title='{{ first_name }}'>.</span></mj-text>"
        ),
    )
    renderer = bench.renderer(bench.email("Hi {{ first_name }}"))
    hold_to_the_plain_path(renderer, [recipient(name) for name in NAMES], seen := Counter[str]())
    assert seen["spliced"] == len(NAMES)
