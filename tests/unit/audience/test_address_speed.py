"""The quick look at an address says what email-validator says."""

from __future__ import annotations

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.audience.address import InvalidAddress, _normalise_slowly, normalise

_LOCAL = st.text("abzAZ09.!#$%&'*+/=?^_`{|}~-\u0130\u212a\u017f\u00df\u00e9@ \",", max_size=70)
_LABEL = st.text("abzAZ09-xn.\u0130\u212a\u00fc_", max_size=65)
_ENDS = [
    *("example", "com", "COM", "xn--p1ai", "c", "1", "co-", "test"),
    *("local", "locals", "localhost", "onion", "arpa", "invalid"),
]
_ADDRESSES = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}",
    _LOCAL,
    st.lists(_LABEL, max_size=3),
    st.sampled_from(_ENDS),
)


@given(_ADDRESSES)
@settings(max_examples=400)
def test_the_quick_and_the_slow_look_agree(address: str) -> None:
    assert _said(normalise, address) == _said(_normalise_slowly, address)


def _said(read: object, address: str) -> str:
    assert callable(read)
    try:
        return str(read(address))
    except InvalidAddress as refused:
        return f"refused: {refused}"


def test_every_domain_of_special_use_is_known_to_the_quick_look() -> None:
    for domain in {*SPECIAL_USE_DOMAIN_NAMES, "example"} - {"test"}:
        for address in (f"ana@{domain}", f"ana@bloom.{domain}", f"ana@{domain}.com"):
            assert _said(normalise, address) == _said(_normalise_slowly, address)
