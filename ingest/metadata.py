"""What a source says about itself, in many spellings, read into `kb.model.article.Metadata`.

Readers find pairs of a key and a value wherever their format keeps them (front matter, `meta`
elements, ``Key: value`` lines, JSON keys) and leave the meaning to this module: one table of
spellings, one reading of dates, one way to split a list. A value that cannot be read is left
empty and named in a warning; whether a missing value matters is for the editorial checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kb.model.article import Metadata
from kb.model.medical_codes import SYSTEMS, read_code

# Field of Metadata (or "title") <- keys that mean it: small letters, words parted by one space.
FIELD_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "identifier", "article id"),
    "title": ("title",),
    "source": ("source", "publisher"),
    "url": ("url", "source url", "canonical", "canonical url"),
    "licence": ("licence", "license"),
    "language": ("language", "lang"),
    "owner": ("owner", "author", "content owner", "page owner"),
    "published": ("published", "date published", "publication date", "first published"),
    "reviewed": (
        "reviewed",
        "last reviewed",
        "page last reviewed",
        "date reviewed",
        "review date",
        "content last reviewed",
    ),
    "review_due": (
        "review due",
        "next review due",
        "next review",
        "review due date",
        "review by",
        "due for review",
    ),
    "topics": ("topics", "topic"),
    "codes": ("codes", "code"),
    "audience": ("audience", "for"),
    "also_called": ("also called", "also known as", "synonyms", "synonym", "other names"),
}
FIELD_BY_ALIAS = {
    spelling: name for name, spellings in FIELD_ALIASES.items() for spelling in spellings
}
DATE_FIELDS = frozenset({"published", "reviewed", "review_due"})
LIST_FIELDS = frozenset({"topics", "also_called", "codes"})
AUDIENCES = {
    "patients": ("patient", "patients", "public", "carers", "patients and carers"),
    "professionals": ("professional", "professionals", "clinicians", "staff"),
}
AUDIENCE_BY_NAME = {name: key for key, names in AUDIENCES.items() for name in names}

# A key is a few words before a colon; longer is a sentence that happens to hold one.
KEY_LINE = re.compile(r"([A-Za-z][A-Za-z _/-]{0,30}?)\s*:\s+(\S.*)")

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_YEAR = r"(?P<year>\d{4})"
DATE_PATTERNS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}-(?P<month>\d\d?)-(?P<day>\d\d?)(?:[T ].*)?",
        rf"{_YEAR}-(?P<month>\d\d)",
        rf"(?P<day>\d\d?)(?:st|nd|rd|th)?\s+{_MONTH},?\s+{_YEAR}",
        rf"{_MONTH}\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}",
        rf"{_MONTH},?\s+{_YEAR}",
        rf"(?P<day>\d\d?)[/.](?P<month>\d\d?)[/.]{_YEAR}",  # day first, as in the UK
    )
)

# A date somewhere in a text; `parse_date` says whether there is such a day.
_DATE_INSIDE = re.compile(
    r"\b(?:\d{4}-\d\d?(?:-\d\d?)?|\d\d?[/.]\d\d?[/.]\d{4}"
    r"|(?:\d\d?(?:st|nd|rd|th)?\s+)?[A-Za-z]{3,9}\.?(?:\s+\d\d?(?:st|nd|rd|th)?)?,?\s+\d{4})\b"
)


@dataclass(slots=True)
class ParsedMetadata:
    """What the pairs of a source say: metadata, a title, keys that mean nothing to us."""

    metadata: Metadata = field(default_factory=Metadata)
    title: str = ""
    unknown_keys: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def resolve_field(key: str) -> str:
    """Return the field that `key` means, in whatever spelling, or an empty text."""
    return FIELD_BY_ALIAS.get(" ".join(re.split(r"[\s_-]+", key.strip().lower())), "")


def parse_key_value(line: str) -> tuple[str, str] | None:
    """Return the key and the value of a ``Key: value`` line, if the key is one we know."""
    found = KEY_LINE.fullmatch(line)
    return (found.group(1), found.group(2)) if found and resolve_field(found.group(1)) else None


def parse_metadata(pairs: Iterable[tuple[str, Any]]) -> ParsedMetadata:
    """Read pairs of a key and a value (a text, a date, or a list of texts).

    The first value of a field counts; another one is named in a warning.
    """
    values: dict[str, Any] = {}
    unknown: list[str] = []
    warnings: list[str] = []
    for key, value in pairs:
        name = resolve_field(key)
        if not name:
            unknown.append(key)
            continue
        read = _parse_value(name, key, value, warnings)
        if not read:
            continue
        if name in values and values[name] != read:
            warnings.append(f'"{key}" says {_shorten(value)}, but an earlier value is kept.')
        values.setdefault(name, read)
    title = values.pop("title", "")
    return ParsedMetadata(Metadata(**values), title, tuple(unknown), tuple(warnings))


def parse_date(value: str) -> date | None:
    """Return the date that a text says, a month alone as its first day; None if it says none."""
    for form in DATE_PATTERNS:
        found = form.fullmatch(value.strip())
        if not found:
            continue
        parts = found.groupdict()
        month = _parse_month(parts["month"])
        try:
            return date(int(parts["year"]), month, int(parts.get("day") or 1))
        except ValueError:  # no such day, such as 31 February
            return None
    return None


def find_dates(text: str) -> list[date]:
    """Return the dates that stand in a text, in order."""
    found = (parse_date(each.group()) for each in _DATE_INSIDE.finditer(text))
    return [each for each in found if each]


def _parse_month(text: str) -> int:
    if text.isdigit():
        return int(text)
    meant = (number for number, name in enumerate(MONTHS, 1) if name.startswith(text.lower()))
    return next(meant, 0)  # the pattern asks for three letters at least, which is one month each


def _parse_value(name: str, key: str, value: Any, warnings: list[str]) -> Any:
    if isinstance(value, (list, tuple)) and all(_is_scalar(item) for item in value):
        texts = [_to_text(item) for item in value]
    elif _is_scalar(value):
        texts = [_to_text(value)]
    else:
        warnings.append(f'The value of "{key}" is neither a text nor a list of texts: left empty.')
        return None
    if name in LIST_FIELDS:
        parts = (part.strip() for text in texts for part in text.split(";"))
        several = tuple(dict.fromkeys(part for part in parts if part))
        return _parse_codes(several, warnings) if name == "codes" else several
    text = "; ".join(text for text in texts if text)
    if name == "audience" and text:
        if text.lower() not in AUDIENCE_BY_NAME:
            known = ", ".join(AUDIENCES)
            warnings.append(f'The audience "{_shorten(text)}" is none of {known}: left empty.')
        return AUDIENCE_BY_NAME.get(text.lower(), "")
    if name not in DATE_FIELDS:
        return text
    found = parse_date(text)
    if text and not found:
        warnings.append(f'The date "{_shorten(text)}" of "{key}" cannot be read: left empty.')
    return found


def _parse_codes(texts: tuple[str, ...], warnings: list[str]) -> tuple[str, ...]:
    found = [(text, read_code(text)) for text in texts]
    for text, code in found:
        if code is None:
            known = ", ".join(system.key for system in SYSTEMS)
            warnings.append(
                f'The code "{_shorten(text)}" is not written as system:code, the system being one of'
                f" {known}: left out."
            )
    return tuple(dict.fromkeys(str(code) for _, code in found if code))


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, date))


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return " ".join(str(value).split())


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
