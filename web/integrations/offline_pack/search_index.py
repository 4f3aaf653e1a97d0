"""Search data of the offline pack: passages, stems and synonyms, in one JavaScript file.

The browser builds a MiniSearch index from it (``files/pack.js``). Stems and synonyms come from the
analysis and dictionary of the site, so the pack finds the same words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from index.analyzer import is_question_word, is_stopword, split_words, stem_word, unit_names
from index.document import FIELD_BOOSTS, build_documents
from index.query.spelling import OPPOSITES
from index.query.synonym_rules import MAX_WORDS, is_ordinary_word
from index.query.synonyms import Synonym, SynonymDictionary
from index.search.pins import pin_key
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy
from kb.storage.curation_store import Pin

Key = tuple[str, ...]


def search_data(
    records: Sequence[ArticleRecord],
    taxonomy: Taxonomy,
    vocabulary: SynonymDictionary,
    pins: Iterable[Pin],
) -> dict[str, Any]:
    """Return the data that ``files/pack.js`` reads, without the titles and reviews of articles."""
    synonyms = dict(_synonyms(vocabulary))
    phrases = {key for key in synonyms if len(key) > 1}
    phrases |= {other.stems for found in synonyms.values() for other in found}
    stems: dict[str, str] = {}  # by lowercase word
    passages: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}  # of passages, by id
    for article, record in enumerate(records):
        for passage, document in zip(
            record.passages, build_documents(record, taxonomy), strict=True
        ):
            contained: set[str] = set()
            for text in document.texts.values():
                typed = split_words(text)
                stemmed = [stem_word(word) for word in typed]
                stems.update(zip(map(str.lower, typed), stemmed, strict=True))
                contained.update(_phrases(stemmed, phrases))
            numbers[passage.id] = len(passages)
            passages.append(
                {
                    "article": article,
                    "anchor": passage.anchor,
                    "path": passage.heading_path,
                    "tags": document.tags,
                    "text": passage.text,
                    "phrases": sorted(contained),
                    "weight": document.prior,
                }
            )
    ignored_words = sorted(word for word in stems if is_stopword(word) or is_question_word(word))
    found = {*stems.values(), *(phrase for one in passages for phrase in one["phrases"])}
    names = _present(synonyms, found)
    first: dict[str, list[int]] = defaultdict(list)
    for pin in pins:
        if pin.passage_id in numbers:  # published
            first[" ".join(pin_key(pin.query))].append(numbers[pin.passage_id])
            stems |= {word.lower(): stem_word(word) for word in split_words(pin.query)}
    usable = {stem for key in (*found, *names) for stem in key.split(" ")}
    known = {word: stem_word(word) for word in vocabulary.words}
    return {
        "passages": passages,
        "counts": FIELD_BOOSTS,
        "stems": {word: stem for word, stem in known.items() if stem in usable} | stems,
        "small": ignored_words,
        "units": "|".join(sorted(unit_names(), key=len, reverse=True)),
        "synonyms": names,
        "capitals": sorted(_capitals(vocabulary) & set(names)),
        "longest": MAX_WORDS,
        "drugs": sorted(vocabulary.drugs),
        "opposites": OPPOSITES,
        "pins": first,
    }


def script(name: str, value: Any) -> bytes:
    """Return a classic script that sets one global variable."""
    literal = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Escape "<" and the line separators that older JavaScript does not allow in strings.
    for character in "\u2028\u2029<":
        literal = literal.replace(character, f"\\u{ord(character):04x}")
    return f"window.{name}={literal};\n".encode()


def _synonyms(vocabulary: SynonymDictionary) -> Iterator[tuple[Key, tuple[Synonym, ...]]]:
    """Yield the stems of each name with its synonyms."""
    seen: set[Key] = set()
    for name in vocabulary.iter_names():
        words = split_words(name.text)
        key = tuple(stem_word(word) for word in words)
        if not key or key in seen:
            continue
        seen.add(key)
        for match in vocabulary.find_matches(words):
            if match.start == 0 and match.end == len(words):
                yield key, match.synonyms


def _capitals(vocabulary: SynonymDictionary) -> set[str]:
    """Return the stems of abbreviations that are ordinary words in lower case, such as WHO."""
    texts = (name.text for name in vocabulary.iter_names())
    return {stem_word(text) for text in texts if text.isupper() and is_ordinary_word(text)}


def _phrases(stemmed: Sequence[str], phrases: set[Key]) -> Iterator[str]:
    """Yield the multi-word names in a text."""
    for at in range(len(stemmed)):
        for size in range(2, MAX_WORDS + 1):
            if (key := tuple(stemmed[at : at + size])) in phrases and len(key) == size:
                yield " ".join(key)


def _present(
    synonyms: Mapping[Key, Sequence[Synonym]], occurring: set[str]
) -> dict[str, list[tuple[str, float, str]]]:
    """Return (stems, weight, text) of synonyms that occur in at least one passage."""
    present: dict[str, list[tuple[str, float, str]]] = {}
    for key, candidates in synonyms.items():
        listed = [(" ".join(synonym.stems), synonym.weight, synonym.text) for synonym in candidates]
        listed = [synonym for synonym in listed if synonym[0] in occurring]
        # A multi-word name without synonyms still counts as one name.
        if listed or (len(key) > 1 and " ".join(key) in occurring):
            present[" ".join(key)] = listed
    return present
