"""Rules about the giving days: no prices, no checkout links, no sales phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.campaign.model.deal import Money
from lovecampaign.checks.base.locate import (
    URL,
    LazyPattern,
    Passage,
    Searchable,
    find_in_words,
)
from lovecampaign.checks.base.offers import (
    SIGNS,
    SUM,
    is_sale_page,
    numbers_of,
    page_of,
    prices_of,
    sums_pattern,
)
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.checks.base.template_text import (
    find_in_template_fields,
    find_in_template_links,
    find_in_template_words,
)
from lovecampaign.core.problems import Problem

_SALES_FIELD = re.compile(r"\{[{%][^{}%]*?\b((?:offer|deal)\s*\.\s*\w+)")
_CHECKOUT = re.compile(
    r"https?://(?:[^\s/]*\.)?(?:(?:buy|checkout|pay)\.[^\s/]+|paypal\.me|gumroad\.com)(?:/|$)"
    r"|https?://[^\s]*/(?:checkout|cart|basket|add-to-cart)\b",
    re.IGNORECASE,
)
_BUY_WORDS = re.compile(
    r"\b(?:(?:buy|order|shop|book|subscribe) (?:now|today|here)\b|(?:order|get|grab|claim) yours\b"
    r"|add to (?:cart|basket)|proceed to checkout|pre-?order (?:now|today|yours)"
    r"|\d+\s?(?:%|per ?cent) off\b|discount codes?\b|coupon codes?\b|promo(?:tion)? codes?\b"
    r"|(?:an?|our|your|the) discounts?\b|discounted\b|on sale\b"
    r"|special offers?\b|limited[- ]time\b|while (?:stocks?|supplies) lasts?\b|act now\b"
    r"|(?:big|huge|flash|winter|summer|spring|clearance) sale\b|don['’]t miss (?:out|this deal)"
    r"|best (?:price|deal)\b|free trial\b"
    # French
    r"|(?:achetez|commandez|réservez) (?:maintenant|vite|aujourd['’]hui|ici)|ajouter au panier"
    r"|codes? promo\b|offres? (?:spéciales?|limitées?)|\d+\s?% de (?:réduction|remise)"
    r"|jusqu['’](?:à|au) épuisement|(?:dernières?|grosses?) soldes|essai gratuit"
    # German
    r"|jetzt (?:kaufen|bestellen|zugreifen|sichern)|in den warenkorb|(?:rabatt|gutschein)codes?\b"
    r"|\d+\s?(?:%|prozent) (?:rabatt|günstiger)|sonderangebote?\b|solange der vorrat reicht"
    r"|nur für kurze zeit|schlussverkauf"
    # Spanish
    r"|(?:compra|compre|pide|reserva) (?:ahora|ya|hoy|aquí)\b|añadir al carrito"
    r"|códigos? de descuento|\d+\s?% de descuento|ofertas? especial(?:es)?|oferta limitada"
    r"|hasta agotar existencias|prueba gratis|grandes rebajas)",
    re.IGNORECASE,
)


class SellsEarly(EmailRule, code="LC210"):
    """Days 1 to 27 hold no price and no way to pay.

    The month works because it gives before it asks: one price on day 9 turns every letter before
    it into an advertisement. The launch asks, plainly and once.

    Bad:  On day 20: "It will be {{ offer.price }}, have a look: https://your-shop.com/checkout"
    Good: On day 20: "Something is coming on the 28th. {{ links.insiders }} hears a day early."
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.role is not Role.DAY:
            return
        campaign = draft.campaign
        hint = _better_place(campaign)
        sales_fields = chain(
            find_in_words(draft, _SALES_FIELD), find_in_template_fields(draft, _SALES_FIELD)
        )
        for passages, says in (
            (sales_fields, "a giving day mentions what is for sale"),
            (_find(draft, _own_prices(campaign)), "a giving day names the price"),
        ):
            for passage in passages:
                yield passage.error(f"{says}: {passage.text}", hint=hint)
        for passage in chain(find_in_words(draft, URL), find_in_template_links(draft, URL)):
            if _leads_to_checkout(passage.text, campaign):
                message = f"a giving day links to a page where people pay: {passage.text}"
                yield passage.error(message, hint=hint)


class MoneyMentioned(EmailRule, code="LC211"):
    """A letter that gives speaks of no sums of money.

    Only a warning: a story may need its "she had paid 3 euros for the pot". But a sum is read as
    a price, and a price as the beginning of a sale.

    Bad:  On day 5: "Worth 49 EUR, yours for nothing."
    Good: On day 5: "It took us two winters to draw. Take it."
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.role is not Role.DAY:
            return
        own = _own_prices(draft.campaign)
        for passage in _find(draft, SUM):
            if not own.search(passage.text):  # which is an error already
                yield passage.warning(
                    f"a giving day names a sum of money: {passage.text}",
                    hint="say what it is worth in words, unless the story needs the sum",
                )


class SalesPhrases(EmailRule, code="LC212"):
    """A letter that gives does not talk like a shop window.

    "Order now" and "20% off" make an advertisement of a gift, however good the gift is. The
    launch is the day for them. English, French, German and Spanish are known.

    Bad:  On day 12: "And if you order now, you get 20% off!"
    Good: On day 12: "You need a bucket with a lid. Any will do."
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        if draft.email.role is not Role.DAY:
            return
        for passage in _find(draft, _BUY_WORDS):
            yield passage.warning(
                f"“{passage.text}” sells, on a day that gives",
                hint=_better_place(draft.campaign),
            )


def _better_place(campaign: Campaign) -> str:
    if campaign.launch.takes_place:
        return f"keep it for the launch on day {campaign.launch.day}"
    return "take it out: this month only gives"


def _find(draft: EmailDraft, pattern: Searchable) -> Iterator[Passage]:
    """Every match in the email's copy and in its templates' words."""
    yield from find_in_words(draft, pattern)
    yield from find_in_template_words(draft, pattern)


def _own_prices(campaign: Campaign) -> LazyPattern:
    """The prices of the offer and the deals, in their usual spellings."""
    prices, language = list(prices_of(campaign)), campaign.language
    signs = {sign for price in prices for sign in _signs_of(price)}
    return LazyPattern(
        lambda: sums_pattern(one for price in prices for one in _spell(price, language)),
        needs=re.compile("|".join(map(re.escape, signs)) or "(?!)"),
    )


def _signs_of(price: Money) -> Sequence[str]:
    sign = SIGNS.get(price.currency)
    return (price.currency, sign) if sign else (price.currency,)


def _spell(price: Money, language: str) -> Iterable[str]:
    for word, number in product(_signs_of(price), numbers_of(price, language)):
        yield from (f"{number} {word}", f"{number}{word}", f"{word}{number}", f"{word} {number}")


def _leads_to_checkout(link: str, campaign: Campaign) -> bool:
    _host, path = page_of(link)
    is_sale = path and is_sale_page(campaign, link)  # a front page alone is no checkout
    return bool(is_sale or _CHECKOUT.match(link))
