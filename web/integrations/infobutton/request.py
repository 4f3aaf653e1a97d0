"""Reading an Infobutton request: names in any case and order, and as old guides spell them.

``mainSearchCriteria.v.c`` is the name in force and ``.c.c`` the deprecated one; where a request
has both, ``.v.`` counts. Repeats are numbered at the end of the name (``c1``) or just repeated. A
name that is unknown is ignored: records send a great deal that is none of our business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kb.model.medical_codes import MedicalCode, find_system, parse_code
from web.params import ParameterError

MAX_CRITERIA = 20  # criteria and subtopics that are read; a screen shows a few
MAX_VALUE_LENGTH = 300  # characters of a value that are read: a name, not a text
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
PARTS = ("c", "cs", "csn", "dn", "ot")
LANGUAGE_OF = ("informationRecipient.languageCode.c", "performer.languageCode.c")
RECIPIENTS = frozenset(("PAT", "PROV", "PAYOR"))
# Languages as records have been seen to write them besides BCP 47: ISO 639-2, names, "sp". One
# that is not known stays what it is, and finds nothing: no answer is better than one in another.
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
    """What an answer is written as."""

    ATOM = "application/atom+xml"
    JSON = "application/json"
    HTML = "text/html"
    SCRIPT = "application/javascript"


FORMS = {
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
    """The answer is wanted in a form that there is not."""


@dataclass(frozen=True, slots=True)
class InfobuttonConcept:
    """What is asked about: a code with its system, a name, free text; any may be missing."""

    code: MedicalCode | None = None
    name: str = ""
    text: str = ""
    sent: tuple[tuple[str, str], ...] = ()  # part and value, as the record sent them


@dataclass(frozen=True, slots=True)
class InfobuttonRequest:
    """A request, read."""

    form: ResponseFormat
    main: tuple[InfobuttonConcept, ...]
    subtopics: tuple[InfobuttonConcept, ...] = ()
    task: str = ""
    recipient: str = ""
    language: str = ""  # BCP 47, the first part in lower case
    language_of: str = ""  # the parameter that said it
    callback: str = ""
    notification: str = ""


def parse_request(pairs: Iterable[tuple[str, str]], *, strict: bool) -> InfobuttonRequest:
    """Read a request; raises `ParameterError`, and `UnsupportedFormatError` for a form that there is not."""
    concepts: dict[str, dict[tuple[str, int], dict[str, tuple[bool, str]]]] = {}
    times: dict[tuple[str, str, str, bool], int] = {}
    others: dict[str, str] = {}
    for name, value in pairs:
        plain = name.strip().lower()
        found = _CONCEPT.fullmatch(plain)
        if not found:
            others.setdefault(plain, clean(value))
            continue
        kind, variant, part, number = found.groups()
        key = (kind, part, number, variant == "c")
        times[key] = turn = times.get(key, -1) + 1
        parts = concepts.setdefault(kind, {}).setdefault((number, turn), {})
        if variant != "c" or part not in parts:  # the name in force counts before the deprecated
            parts[part] = (variant == "c", clean(value))
        elif parts[part][0]:
            parts[part] = (True, clean(value))
    form = _form(others.get("knowledgeresponsetype", ""))
    main = _concepts(concepts.get("mainsearchcriteria", {}))
    task = others.get("taskcontext.c.c", "").upper() or others.get("taskcontext.v.c", "").upper()
    if strict:
        _check(main, task)
    recipient = others.get("informationrecipient", "").upper()
    language, language_of = next(
        ((_language(said), name) for name in LANGUAGE_OF if (said := others.get(name.lower()))),
        ("", ""),
    )
    return InfobuttonRequest(
        form=form,
        main=main,
        subtopics=_concepts(concepts.get("subtopic", {})),
        task=task if task in TASKS else "",
        recipient=recipient if recipient in RECIPIENTS else "",
        language=language,
        language_of=language_of if language else "",
        callback=_callback(others.get("callback", "")) if form is ResponseFormat.SCRIPT else "",
        notification=_notification(others.get("knowledgerequestnotification.id.root", "")),
    )


def clean(value: str) -> str:
    """Return a value as it is read: at most so long, on one line, of letters that can be shown."""
    return " ".join(
        "".join(c if c.isprintable() else " " for c in value[:MAX_VALUE_LENGTH]).split()
    )


def _form(wanted: str) -> ResponseFormat:
    plain = wanted.partition(";")[0].strip().lower().replace(" ", "+")  # a "+" that was not escaped
    if plain not in FORMS:
        raise UnsupportedFormatError
    return FORMS[plain]


def _concepts(
    found: dict[tuple[str, int], dict[str, tuple[bool, str]]],
) -> tuple[InfobuttonConcept, ...]:
    concepts = (
        _concept({name: value for name, (_, value) in parts.items()}) for parts in found.values()
    )
    return tuple(one for one in concepts if one.sent)[:MAX_CRITERIA]


def _concept(parts: dict[str, str]) -> InfobuttonConcept:
    system = find_system(parts.get("cs", "")) or find_system(parts.get("csn", ""))
    value = parts.get("c", "")
    return InfobuttonConcept(
        code=parse_code(system, value) if system and value else None,
        name=parts.get("dn", ""),
        text=parts.get("ot", ""),
        sent=tuple(
            (name, parts[name]) for name in ("c", "cs", "csn", "dn", "ot") if parts.get(name)
        ),
    )


def _check(main: tuple[InfobuttonConcept, ...], task: str) -> None:
    """Hold a request to the letter of the rules."""
    if not main:
        raise ParameterError("mainSearchCriteria.v.c", "or another main criterion must be given")
    for concept in main:
        sent = dict(concept.sent)
        if sent.get("c") and concept.code is None:
            raise ParameterError(
                "mainSearchCriteria.v.cs", "must name the system of the code by a known OID"
            )
    if task not in TASKS:
        raise ParameterError("taskContext.c.c", f"must be one of {', '.join(sorted(TASKS))}")


def _language(given: str) -> str:
    plain = LANGUAGES.get(given.strip().lower(), given.strip().replace("_", "-"))
    if not _LANGUAGE.fullmatch(plain):
        return ""
    first, _, rest = plain.partition("-")
    return f"{first.lower()}-{rest}" if rest else first.lower()


def _callback(given: str) -> str:
    if not given:
        return "callback"
    if not _CALLBACK.fullmatch(given):
        raise ParameterError("callback", "must be the name of a function")
    return given


def _notification(given: str) -> str:
    return given if _NOTIFICATION.fullmatch(given) else ""
