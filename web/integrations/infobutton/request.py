"""Parsing of Infobutton requests, including deprecated and misspelled parameter names.

``mainSearchCriteria.v.c`` is the current name and ``.c.c`` the deprecated one; ``.v.`` takes
precedence if a request has both. Repeated criteria are numbered (``c1``) or simply repeated. Names
are case-insensitive and can be in any order. Unknown parameters are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kb.model.medical_codes import MedicalCode, find_system, infer_code, parse_code
from web.params import ParameterError

MAX_CRITERIA = 20  # maximum number of criteria, and of subtopics, that are evaluated
MAX_VALUE_LENGTH = 300  # characters of a value that are used
TASKS = frozenset(
    (
        "PROBLISTREV",
        "PROBLISTE",
        "MLREV",
        "MEDOE",
        "LABRREV",
        "LABOE",
        "OE",
        "PATINFO",
        "DIAGLISTREV",
    )
)
LANGUAGE_OF = ("informationRecipient.languageCode.c", "performer.languageCode.c")
RECIPIENTS = frozenset(("PAT", "PROV", "PAYOR"))
# Notations seen in requests besides BCP 47: ISO 639-2, names, "sp". An unknown language is kept and
# matches nothing, because an empty result is better than one in another language.
LANGUAGES = {
    **dict.fromkeys(("english", "eng"), "en"),
    **dict.fromkeys(("spanish", "spa", "sp", "español", "espanol"), "es"),
    **dict.fromkeys(("german", "deu", "ger", "deutsch"), "de"),
    **dict.fromkeys(("french", "fra", "fre", "français", "francais"), "fr"),
    **dict.fromkeys(("italian", "ita", "italiano"), "it"),
    **dict.fromkeys(("portuguese", "por", "português", "portugues"), "pt"),
    **dict.fromkeys(("polish", "pol", "polski"), "pl"),
}

_CONCEPT = re.compile(r"(mainsearchcriteria|subtopic)\.(?:(v|c)\.)?(c|cs|dn|ot|csn)(\d{0,3})")
_LANGUAGE = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,3}", re.IGNORECASE | re.ASCII)
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,63}(?:\.[A-Za-z_$][\w$]{0,63}){0,3}", re.ASCII)
_NOTIFICATION = re.compile(r"[\w.:{}-]{1,100}", re.ASCII)


class ResponseFormat(StrEnum):
    """Media type of a response."""

    ATOM = "application/atom+xml"
    JSON = "application/json"
    HTML = "text/html"
    SCRIPT = "application/javascript"


RESPONSE_FORMATS = {
    "": ResponseFormat.ATOM,
    "text/xml": ResponseFormat.ATOM,
    "application/xml": ResponseFormat.ATOM,
    "application/atom+xml": ResponseFormat.ATOM,
    "application/json": ResponseFormat.JSON,
    "text/html": ResponseFormat.HTML,
    "application/javascript": ResponseFormat.SCRIPT,
    "text/javascript": ResponseFormat.SCRIPT,
}


class UnsupportedFormatError(Exception):
    """The requested response format is not supported."""


@dataclass(frozen=True, slots=True)
class InfobuttonConcept:
    """Coded concept with display name and original text; each part can be missing."""

    code: MedicalCode | None = None
    name: str = ""
    text: str = ""
    sent: tuple[tuple[str, str], ...] = ()  # (part, value) as received


@dataclass(frozen=True, slots=True)
class InfobuttonRequest:
    """Parsed request."""

    form: ResponseFormat
    main: tuple[InfobuttonConcept, ...]
    subtopics: tuple[InfobuttonConcept, ...] = ()
    task: str = ""
    recipient: str = ""
    language: str = ""  # BCP 47, primary subtag in lower case
    language_of: str = ""  # name of the parameter with the language
    callback: str = ""
    notification: str = ""


def parse_request(pairs: Iterable[tuple[str, str]], *, strict: bool) -> InfobuttonRequest:
    """Return the request in `pairs` of parameter names and values.

    With `strict`, requests that do not conform to the specification are rejected. Raises
    `ParameterError` and `UnsupportedFormatError`.
    """
    concepts: dict[str, dict[tuple[str, int], dict[str, tuple[bool, str]]]] = {}
    times: dict[tuple[str, str, str, bool], int] = {}
    others: dict[str, str] = {}
    for name, value in pairs:
        normalised = name.strip().lower()
        match = _CONCEPT.fullmatch(normalised)
        if not match:
            others.setdefault(normalised, clean(value))
            continue
        kind, variant, part, number = match.groups()
        key = (kind, part, number, variant == "c")
        times[key] = occurrence = times.get(key, -1) + 1
        parts = concepts.setdefault(kind, {}).setdefault((number, occurrence), {})
        if variant != "c" or part not in parts:  # the current name takes precedence
            parts[part] = (variant == "c", clean(value))
        elif parts[part][0]:
            parts[part] = (True, clean(value))
    form = _form(others.get("knowledgeresponsetype", ""))
    main = _concepts(concepts.get("mainsearchcriteria", {}), strict=strict)
    task = others.get("taskcontext.c.c", "").upper() or others.get("taskcontext.v.c", "").upper()
    if strict:
        _check(main, task)
    recipient = others.get("informationrecipient", "").upper()
    language, language_of = next(
        (
            (_language(language_value), name)
            for name in LANGUAGE_OF
            if (language_value := others.get(name.lower()))
        ),
        ("", ""),
    )
    return InfobuttonRequest(
        form=form,
        main=main,
        subtopics=_concepts(concepts.get("subtopic", {}), strict=strict),
        task=task if task in TASKS else "",
        recipient=recipient if recipient in RECIPIENTS else "",
        language=language,
        language_of=language_of if language else "",
        callback=_callback(others.get("callback", "")) if form is ResponseFormat.SCRIPT else "",
        notification=_notification(others.get("knowledgerequestnotification.id.root", "")),
    )


def clean(value: str) -> str:
    """Return a value on one line, without control characters, cut to `MAX_VALUE_LENGTH`."""
    return " ".join(
        "".join(c if c.isprintable() else " " for c in value[:MAX_VALUE_LENGTH]).split()
    )


def _form(media_type: str) -> ResponseFormat:
    normalised = media_type.partition(";")[0].strip().lower().replace(" ", "+")  # an unescaped "+"
    if normalised not in RESPONSE_FORMATS:
        raise UnsupportedFormatError
    return RESPONSE_FORMATS[normalised]


def _concepts(
    parts_by_key: dict[tuple[str, int], dict[str, tuple[bool, str]]], *, strict: bool
) -> tuple[InfobuttonConcept, ...]:
    concepts = (
        _concept({name: value for name, (_, value) in parts.items()}, strict=strict)
        for parts in parts_by_key.values()
    )
    return tuple(concept for concept in concepts if concept.sent)[:MAX_CRITERIA]


def _concept(parts: dict[str, str], *, strict: bool) -> InfobuttonConcept:
    """Return a concept; unless `strict`, the system of an ICD-10-CM code may be missing."""
    system = find_system(parts.get("cs", "")) or find_system(parts.get("csn", ""))
    value = parts.get("c", "")
    code = parse_code(system, value) if system and value else None
    if value and not strict and not (parts.get("cs") or parts.get("csn")):
        code = infer_code(value)
    return InfobuttonConcept(
        code=code,
        name=parts.get("dn", ""),
        text=parts.get("ot", ""),
        sent=tuple(
            (name, parts[name]) for name in ("c", "cs", "csn", "dn", "ot") if parts.get(name)
        ),
    )


def _check(main: tuple[InfobuttonConcept, ...], task: str) -> None:
    """Raise `ParameterError` if the request does not conform to the specification."""
    if not main:
        raise ParameterError(
            "mainSearchCriteria.v.c", "is missing; send at least one main search criterion"
        )
    for concept in main:
        received = dict(concept.sent)
        if received.get("c") and concept.code is None:
            raise ParameterError(
                "mainSearchCriteria.v.cs", "must be the OID of a known code system"
            )
    if task not in TASKS:
        raise ParameterError("taskContext.c.c", f"must be one of {', '.join(sorted(TASKS))}")


def _language(value: str) -> str:
    tag = LANGUAGES.get(value.strip().lower(), value.strip().replace("_", "-"))
    if not _LANGUAGE.fullmatch(tag):
        return ""
    first, _, rest = tag.partition("-")
    return f"{first.lower()}-{rest}" if rest else first.lower()


def _callback(value: str) -> str:
    if not value:
        return "callback"
    if not _CALLBACK.fullmatch(value):
        raise ParameterError("callback", "must be the name of a JavaScript function")
    return value


def _notification(value: str) -> str:
    return value if _NOTIFICATION.fullmatch(value) else ""
