"""Cuts quoted text and signatures from letters.

The layouts are those of Gmail, Outlook, Apple Mail, Thunderbird and their phones' programs, in
seven languages. Own words below a quote stay, as people answer there too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_LINES = 3_000
_MAX_LINE = 1_000
_SEPARATOR = re.compile(
    r"(?i)^[\s>]*-{2,}\s*(?:original[- ]?(?:message|nachricht|appointment)"
    r"|urspr[üu]ngliche nachricht"
    r"|message d['’ ]?origine|message original|mensaje original|messaggio originale"
    r"|mensagem original|oorspronkelijk bericht|forwarded message|weitergeleitete nachricht"
    r"|message transf[ée]r[ée]|mensaje reenviado|messaggio inoltrato|mensagem encaminhada"
    r"|doorgestuurd bericht|reply message)\s*-{2,}\s*$"
)
_RULE = re.compile(r"^\s*_{10,}\s*$")
_FROM = re.compile(r"(?i)^[\s>*]*(?:from|von|de|da|van|från)\s?\*?\s?:\*?\s+\S")
_OTHER_FIELD = re.compile(
    r"(?i)^[\s>*]*(?:sent|date|to|cc|subject|gesendet(?: am)?|datum|an|betreff"
    r"|envoy[ée](?: le)?|[àa]"
    r"|objet|enviado(?: el| em)?|fecha|para|asunto|assunto|inviato(?: il)?|data|a|oggetto|verzonden"
    r"|aan|onderwerp)\s?\*?\s?:\*?\s"
)
#: Of "On …, Ana <ana@bloom.example> wrote:".
_WROTE = re.compile(
    r"(?i)(?:\bwrote|\bschrieb(?: am .{0,80}| .{0,80})?|\ba [ée]crit|\bescribi[óo]|\bha scritto"
    r"|\bescreveu"
    r"|\bschreef(?: .{0,80})?|\bwrites|\bschreibt)\s?:\s*$"
)
_OPENING = re.compile(
    r"(?i)^(?:on|am|le|el|il|em|op|den|a|no dia|il giorno|vom)\b.{0,40}\d"
    r"|^\S.{0,200}<[^<>\s]+@[^<>\s]+>"
    r"|^.{0,200}\b(?:schrieb|schreef|wrote|a [ée]crit|escribi[óo]|ha scritto|escreveu)\b"
    r"|^\d{4}-\d\d-\d\d.{0,60}\d\d?:\d\d"
)
_ADDRESS_THEN_COLON = re.compile(r"<[^<>\s]+@[^<>\s]+>[^:<>]{0,60}:\s*$|\d{4}.{0,200}:\s*$")
_SIGNATURE = re.compile(r"^-- ?$")
_PHONE = re.compile(
    r"(?i)^\s*(?:(?:sent|get) (?:from|with|via|outlook)\b.{0,60}|(?:von|mit) (?:mein"
    r"|unterwegs).{0,50}gesendet.{0,40}"
    r"|gesendet (?:von|mit).{0,60}|envoy[ée] (?:de|depuis|[àa] partir).{0,60}"
    r"|t[ée]l[ée]charge[rz] outlook.{0,40}"
    r"|obtenir outlook.{0,40}|enviado (?:desde|do|a partir|com).{0,60}|obt(?:ener|enha"
    r"|er) (?:o )?outlook.{0,40}"
    r"|(?:inviato|scaricato) (?:da|dal|con).{0,60}|(?:ottieni|scarica) outlook.{0,40}"
    r"|verzonden (?:vanaf|met|via|vanuit).{0,60}|verstuurd (?:vanaf|met).{0,60}"
    r"|outlook (?:f[üu]r|pour|para|per|voor) .{0,40}"
    r"|holen sie sich outlook.{0,40}|download outlook.{0,40})$"
)


def own_words(text: str) -> str:
    """The letter without what it quotes and without its signature."""
    lines = [line[:_MAX_LINE].rstrip() for line in text.split("\n")[:_MAX_LINES]]
    lines = lines[: _first_separator(lines)]
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        skipped = _attribution_length(lines, number)
        if skipped is not None:
            if not _is_quote_after(lines, number + skipped):
                break  # the quote has no marks: all that follows is it
            number += skipped
            continue
        if _SIGNATURE.match(line):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
        number += 1
    while kept and (not kept[-1].strip() or _PHONE.match(kept[-1])):
        kept.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _first_separator(lines: Sequence[str]) -> int:
    """The line where an unmarked copy of the mail before begins."""
    for number, line in enumerate(lines):
        if _SEPARATOR.match(line):
            return number
        is_header = _FROM.match(line) and (
            sum(1 for one in lines[number + 1 : number + 7] if _OTHER_FIELD.match(one)) >= 2
        )
        if is_header:
            before = number
            while before and not lines[before - 1].strip():
                before -= 1
            return before - 1 if before and _RULE.match(lines[before - 1]) else number
    return len(lines)


def _attribution_length(lines: Sequence[str], start: int) -> int | None:
    """How many lines say who wrote what follows; None where this line begins no such words."""
    if not lines[start].strip() or not _OPENING.match(lines[start].lstrip("> *")):
        return None
    for length in (1, 2, 3):
        words = " ".join(line.strip() for line in lines[start : start + length])
        if start + length > len(lines) or not lines[start + length - 1].strip():
            return None
        if not words.endswith(":"):
            continue
        if _WROTE.search(words) and re.search(r"\d|@", words):
            return length
        if _ADDRESS_THEN_COLON.search(words) and _is_quote_after(lines, start + length):
            return length
    return None


def _is_quote_after(lines: Sequence[str], number: int) -> bool:
    following = next((line for line in lines[number:] if line.strip()), "")
    return following.lstrip().startswith(">")
