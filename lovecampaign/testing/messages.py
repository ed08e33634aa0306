"""Messages to send in tests, and a flight journal that records its calls."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from lovecampaign.core.message import Address, Message, Outcome

SENDER = Address(email="ana@news.bloom.example", name="Ana from Bloom")
REPLY_TO = Address(email="hello@bloom.example", name="Ana")


def make_message(
    number: int = 1,
    *,
    to: Address | None = None,
    text: str = "Hi,\n\nhere is today's gift.\n.\nAna\n",
    html: str = "<p>Hi,</p><p>here is today's gift.</p>",
    subject: str = "Day 2: the soil test you can drink",
) -> Message:
    """A small campaign message; ``number`` makes its delivery id and its recipient."""
    delivery_id = f"delivery-{number:06d}"
    to = to or Address(email=f"reader{number}@example.com", name=f"Reader {number}")
    headers = {
        "List-Id": "Customer Love <customer-love.news.bloom.example>",
        "List-Unsubscribe": f"<https://bloom.example/u/{delivery_id}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "customer-love:day-02:bloom:bloom0001",
        "Precedence": "bulk",
        "X-Lovecampaign-Delivery": delivery_id,
    }
    return Message(
        delivery_id=delivery_id,
        sender=SENDER,
        reply_to=REPLY_TO,
        to=to,
        subject=subject,
        text=text,
        html=html,
        headers=headers,
        raw=_raw(headers, subject, text),
    )


class RecordingFlight:
    """Records a provider's notes in order: ``("writing", id)``, ``("answered", id)``."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []

    def writing(self, *delivery_ids: str) -> None:
        self.notes += [("writing", delivery_id) for delivery_id in delivery_ids]

    def answered(self, *outcomes: Outcome) -> None:
        self.notes += [("answered", outcome.delivery_id) for outcome in outcomes]

    @property
    def written(self) -> list[str]:
        return [delivery_id for note, delivery_id in self.notes if note == "writing"]


def _raw(headers: dict[str, str], subject: str, text: str) -> bytes:
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"] = f"{SENDER.name} <{SENDER.email}>"
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()
