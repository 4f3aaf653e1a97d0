"""Parser that maps the metadata of sources to `kb.model.article.Metadata`.

The readers extract key-value pairs from their formats (front matter, `meta` elements,
``Key: value`` lines, JSON keys). This module interprets them: one table of aliases, one date
parser, one way to split lists. An invalid value is left empty and reported in a warning. The
editorial checks decide whether a missing value matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kb.model.article import Metadata
from kb.model.excerpt import shorten
from kb.model.medical_codes import SYSTEMS, parse_prefixed_code

# Field of Metadata (or "title") -> its aliases, in lower case with single spaces.
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

MAX_QUOTED_LENGTH = 60  # characters of a value that a warning quotes

# A key is a few words before a colon; a longer text is a sentence that contains a colon.
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

# A possible date within a text; `parse_date` validates it.
_DATE_INSIDE = re.compile(
    r"\b(?:\d{4}-\d\d?(?:-\d\d?)?|\d\d?[/.]\d\d?[/.]\d{4}"
    r"|(?:\d\d?(?:st|nd|rd|th)?\s+)?[A-Za-z]{3,9}\.?(?:\s+\d\d?(?:st|nd|rd|th)?)?,?\s+\d{4})\b"
)


@dataclass(slots=True)
class ParsedMetadata:
    """Parsed metadata and title, with the unknown keys and the warnings."""

    metadata: Metadata = field(default_factory=Metadata)
    title: str = ""
    unknown_keys: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def resolve_field(key: str) -> str:
    """Return the field for a key or one of its aliases, or an empty string."""
    return FIELD_BY_ALIAS.get(" ".join(re.split(r"[\s_-]+", key.strip().lower())), "")


def parse_key_value(line: str) -> tuple[str, str] | None:
    """Return the key and value of a ``Key: value`` line, or None if the key is unknown."""
    found = KEY_LINE.fullmatch(line)
    return (found.group(1), found.group(2)) if found and resolve_field(found.group(1)) else None


def parse_metadata(pairs: Iterable[tuple[str, Any]]) -> ParsedMetadata:
    """Parse key-value pairs; a value is a text, a date or a list of texts.

    The first value of a field is kept; a different later value is reported in a warning.
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
            warnings.append(f'"{key}: {_shorten(value)}" was ignored. An earlier value was kept.')
        values.setdefault(name, read)
    title = values.pop("title", "")
    return ParsedMetadata(Metadata(**values), title, tuple(unknown), tuple(warnings))


def parse_date(value: str) -> date | None:
    """Return the date that a text states, or None if it is not a valid date.

    A month without a day is its first day.
    """
    for form in DATE_PATTERNS:
        found = form.fullmatch(value.strip())
        if not found:
            continue
        parts = found.groupdict()
        month = _parse_month(parts["month"])
        try:
            return date(int(parts["year"]), month, int(parts.get("day") or 1))
        except ValueError:  # not a calendar date, such as 31 February
            return None
    return None


def find_dates(text: str) -> list[date]:
    """Return the valid dates in a text, in order."""
    found = (parse_date(each.group()) for each in _DATE_INSIDE.finditer(text))
    return [each for each in found if each]


def _parse_month(text: str) -> int:
    if text.isdigit():
        return int(text)
    numbers = (number for number, name in enumerate(MONTHS, 1) if name.startswith(text.lower()))
    return next(numbers, 0)  # the pattern requires three letters, which identify a month


def _parse_value(name: str, key: str, value: Any, warnings: list[str]) -> Any:
    if isinstance(value, (list, tuple)) and all(_is_scalar(item) for item in value):
        texts = [_to_text(item) for item in value]
    elif _is_scalar(value):
        texts = [_to_text(value)]
    else:
        warnings.append(f'"{key}" was ignored. Its value must be a text or a list of texts.')
        return None
    if name in LIST_FIELDS:
        parts = (part.strip() for text in texts for part in text.split(";"))
        several = tuple(dict.fromkeys(part for part in parts if part))
        return _parse_codes(several, warnings) if name == "codes" else several
    text = "; ".join(text for text in texts if text)
    if name == "audience" and text:
        if text.lower() not in AUDIENCE_BY_NAME:
            known = ", ".join(AUDIENCES)
            warnings.append(f'The audience "{_shorten(text)}" was ignored. Use one of: {known}.')
        return AUDIENCE_BY_NAME.get(text.lower(), "")
    if name not in DATE_FIELDS:
        return text
    found = parse_date(text)
    if text and not found:
        warnings.append(
            f'The date "{_shorten(text)}" of "{key}" was ignored. Use the format YYYY-MM-DD.'
        )
    return found


def _parse_codes(texts: tuple[str, ...], warnings: list[str]) -> tuple[str, ...]:
    found = [(text, parse_prefixed_code(text)) for text in texts]
    for text, code in found:
        if code is None:
            known = ", ".join(system.key for system in SYSTEMS)
            warnings.append(
                f'The code "{_shorten(text)}" was ignored. Use the format system:code, where the '
                f"system is one of: {known}."
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
    return shorten(str(value), MAX_QUOTED_LENGTH)
