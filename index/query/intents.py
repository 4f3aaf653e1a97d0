"""Intents and populations: what a query asks about its subject, and for which patients.

``index/data/intents.toml`` lists the phrases that express them in queries and what identifies the
answering sections: tags, codes and words of headings. A team's own file replaces the built-in one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.analyzer import stem_text
from kb.errors import IntentsError

DEFAULT_FILE = Path(__file__).parents[1] / "data" / "intents.toml"
GAP = "*"  # in a phrase: one or more words
MAX_GAP = 10  # words
WHOLE_FILE = "file"
ASIDES = "asides"

NUMBER_WORD = "one|two|three|four|five|six|seven|eight|nine|ten|twelve|few|several"
FIRST = "<first>"  # a cue: the first sentence or item of a section about the intent
CUE_PATTERNS = {
    "<amount>": re.compile(
        r"\d ?(?:[kmnµμ]?g|mcg|micrograms?|milligrams?|grams?|[mµμ]?[lL]|m?mol|mEq|[mM]?IU|units?|%"
        r"|mg/\S+|tablets?|capsules?|puffs?|drops?|doses?|times)(?![^\W\d_])"
    ),
    "<number>": re.compile(r"\d"),
    "<time>": re.compile(
        rf"(?:\d|\b(?:{NUMBER_WORD})\b)[^.;]{{0,20}}?\b(?:second|minute|hour|day|week|month|year)s?\b",
        re.I,
    ),
}

Stems = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Intent:
    """What is asked about a subject, or for which group of patients if `population` is true.

    `phrases` express it in queries, and so does `shorthand`, in queries only. Sections answer it if
    they have one of the codes (`loinc`), if their heading contains one of `headings` or of the
    phrases without a gap, or if they have one of `tags`. One of `related_tags` only supports other
    evidence. `cues` are words, names of `CUE_PATTERNS` or `FIRST`, in sentences that answer it.
    """

    key: str
    label: str
    phrases: tuple[str, ...]
    shorthand: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    related_tags: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    infobutton: tuple[str, ...] = ()  # codes of Infobutton subtopics, mostly MeSH qualifiers
    cues: tuple[str, ...] = ()
    population: bool = False

    @property
    def query_phrases(self) -> tuple[str, ...]:
        """All phrases that express it in queries."""
        return (*self.phrases, *self.shorthand)

    def heading_phrases(self) -> Iterator[str]:
        """Yield the phrases that identify the heading of an answering section."""
        yield from self.headings
        yield from (phrase for phrase in self.phrases if GAP not in phrase)


@dataclass(frozen=True, slots=True)
class IntentMatch:
    """An intent in a query; `words` are the indexes of the words that express it."""

    intent: Intent
    words: tuple[int, ...]


TEXT_FIELDS = ("key", "label")
FIELDS = tuple(field.name for field in fields(Intent) if field.name != "population")


class IntentCatalog:
    """All intents, with an index of their phrases.

    `asides` are the stems of words that are neither the subject of a query nor what is asked.
    """

    def __init__(self, intents: Iterable[Intent], asides: Iterable[str] = ()) -> None:
        self.intents = tuple(intents)
        self.asides = frozenset(stem for word in asides for stem in stem_text(word))
        self._by_key = {intent.key: intent for intent in self.intents}
        self._by_stem: dict[str, list[tuple[tuple[Stems, ...], Intent]]] = {}
        for intent in self.intents:
            for phrase in intent.query_phrases:
                parts = phrase_parts(phrase)
                self._by_stem.setdefault(parts[0][0], []).append((parts, intent))

    def __getitem__(self, key: str) -> Intent:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def find_matches(self, stems: Sequence[str]) -> list[IntentMatch]:
        """Return the intents of a query in order of their words; longer phrases take precedence."""
        found: list[IntentMatch] = []
        for at, stem in enumerate(stems):
            for parts, intent in self._by_stem.get(stem, ()):
                words = _match_parts(parts, stems, at)
                if words:
                    found.append(IntentMatch(intent, words))
        found.sort(key=lambda match: (-len(match.words), match.words))
        chosen: list[IntentMatch] = []
        used: set[int] = set()
        for match in found:
            if used.isdisjoint(match.words):
                chosen.append(match)
                used.update(match.words)
        return sorted(chosen, key=lambda match: match.words)


def _match_parts(parts: tuple[Stems, ...], stems: Sequence[str], at: int) -> tuple[int, ...]:
    """Return the indexes of the words of a phrase that begins at `at`, or () if it does not."""
    first, *others = parts
    if not _is_at(first, stems, at):
        return ()
    words = list(range(at, at + len(first)))
    for part in others:
        gap = range(words[-1] + 2, min(len(stems), words[-1] + 1 + MAX_GAP) + 1)
        begin = next((start for start in gap if _is_at(part, stems, start)), None)
        if begin is None:
            return ()
        words += range(begin, begin + len(part))
    return tuple(words)


def _is_at(part: Stems, stems: Sequence[str], at: int) -> bool:
    return tuple(stems[at : at + len(part)]) == part


def load_intents(home: Path | None = None) -> IntentCatalog:
    """Load the intents of the knowledge base at `home`, or the built-in ones.

    Raises `IntentsError` with the file and the intent if the file is invalid.
    """
    custom = home / DEFAULT_FILE.name if home else None
    return _read(custom) if custom and custom.exists() else _built_in()


def check_intents(home: Path, tags: Collection[str]) -> None:
    """Raise `IntentsError` if the file at `home` is invalid or names a tag that is not in `tags`.

    Searches ignore unknown tags, because the built-in intents name the tags of the built-in
    taxonomy, which a team can replace.
    """
    path = home / DEFAULT_FILE.name
    for intent in _read(path).intents if path.exists() else ():
        for tag in (*intent.tags, *intent.related_tags):
            if tag not in tags:
                problem = f"the tag {tag!r} is not in the taxonomy. Correct or remove it."
                raise IntentsError(str(path), f"intent {intent.key}", problem, code="unknown-tag")


@lru_cache(maxsize=1)
def _built_in() -> IntentCatalog:
    return _read(DEFAULT_FILE)


def _read(path: Path) -> IntentCatalog:
    """Return the intents and populations in a file; raises `IntentsError`."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise IntentsError(
            str(path), WHOLE_FILE, f"cannot be read: {error}.", code="unreadable"
        ) from error
    intents = [*_parse(path, content, "intent"), *_parse(path, content, "population")]
    if not intents:
        raise IntentsError(str(path), WHOLE_FILE, "contains no [[intent]].", code="empty")
    _check_unique(path, intents)
    asides = content.get(ASIDES, [])
    if not _is_list_of_texts(asides):
        problem = f'{ASIDES!r} is not a list of texts. Write it as ["..."].'
        raise IntentsError(str(path), WHOLE_FILE, problem, code="field-invalid")
    return IntentCatalog(intents, asides)


def _check_unique(path: Path, intents: Sequence[Intent]) -> None:
    """Raise `IntentsError` for a repeated key, or a phrase that two intents have."""
    keys: set[str] = set()
    owners: dict[tuple[Stems, ...], str] = {}
    for intent in intents:
        where = f"intent {intent.key}"
        if intent.key in keys:
            raise IntentsError(str(path), where, "is defined twice. Remove one.", code="duplicate")
        keys.add(intent.key)
        for phrase in intent.query_phrases:
            owner = owners.setdefault(phrase_parts(phrase), intent.key)
            if owner != intent.key:
                problem = f"the phrase {phrase!r} is also one of {owner}. Remove one of the two."
                raise IntentsError(str(path), where, problem, code="phrase-repeated")


def phrase_parts(phrase: str) -> tuple[Stems, ...]:
    """Return the stems of the parts of a phrase between its gaps."""
    return tuple(tuple(stem_text(part)) for part in phrase.split(GAP))


def _parse(path: Path, content: dict[str, Any], kind: str) -> Iterator[Intent]:
    entries = content.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise IntentsError(
            str(path), WHOLE_FILE, f"Define each {kind} as [[{kind}]].", code="intent-form"
        )
    for number, entry in enumerate(entries, start=1):
        where = f"{kind} {entry.get('key', number)}"
        fault = _find_fault(entry)
        if fault:
            code, problem = fault
            raise IntentsError(str(path), where, problem, code=code)
        lists = {name: tuple(entry[name]) for name in entry if name not in TEXT_FIELDS}
        yield Intent(
            key=entry["key"], label=entry["label"], population=kind == "population", **lists
        )


def _find_fault(entry: dict[str, Any]) -> tuple[str, str] | None:
    """Return the code and the description of the first fault of an entry, or None."""
    for name in ("key", "label", "phrases"):
        if not entry.get(name):
            return "field-missing", f"{name!r} is missing. Add it."
    for name, value in entry.items():
        if name not in FIELDS:
            return "field-unknown", f"{name!r} is not a field. Use one of {', '.join(FIELDS)}."
        if name in TEXT_FIELDS:
            if not isinstance(value, str):
                return "field-invalid", f'{name!r} is not a text. Write it as "...".'
        elif not _is_list_of_texts(value):
            return "field-invalid", f'{name!r} is not a list of texts. Write it as ["..."].'
    for phrase in (*entry["phrases"], *entry.get("shorthand", ())):
        if not phrase_parts(phrase)[0]:
            return "phrase", f"the phrase {phrase!r} does not begin with a word. Begin it with one."
    return _find_cue_fault(entry.get("cues", ()))


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _find_cue_fault(cues: Sequence[str]) -> tuple[str, str] | None:
    for cue in cues:
        if cue.startswith("<") and cue not in (FIRST, *CUE_PATTERNS):
            known = ", ".join((FIRST, *CUE_PATTERNS))
            return "cue", f"the cue {cue!r} is unknown. Use words or one of {known}."
    return None
