"""Search data of the offline pack: passages, stems, synonyms and intents, in one JavaScript file.

The browser builds a MiniSearch index from it (``files/pack.js``). Words, stems, synonyms, names of
articles, intents and how well each passage answers them come from the modules that the site uses,
so the pack finds the same words and interprets queries in the same way.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from index.analyzer import (
    GREEK_NAMES,
    build_word_pattern,
    filler_words,
    fold,
    is_stopword,
    split_words,
    stem_endings,
    stem_word,
    unit_names,
)
from index.document import FIELD_BOOSTS, LENGTH_SCALE, build_documents
from index.query import compounds, medical_words, spelling, synonym_rules
from index.query.expansion import SEPARATE_WORDS_WEIGHT
from index.query.intents import MAX_GAP, Intent, IntentCatalog, phrase_parts
from index.query.interpretation import MAX_NAME_WORDS, OVERVIEW
from index.query.parser import MIN_PREFIX_LENGTH
from index.query.synonym_rules import MAX_WORDS, is_ordinary_word
from index.query.synonyms import Synonym, SynonymDictionary
from index.search import sections
from index.search.pins import pin_key
from index.search.reranking import MIN_QUERY_WORDS
from index.search.results import MAX_MORE_PASSAGES
from index.search.subjects import MAX_ARTICLES, MAX_TITLE_WORDS
from kb.model.passage import Passage
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy
from kb.storage.curation_store import Pin

Key = tuple[str, ...]

# Constants of the site's spelling correction, under their names in ``files/spelling.js``.
SPELLING_CONSTANTS = {
    "adjacentKeyBonus": "ADJACENT_KEY_BONUS",
    "firstLetterCost": "FIRST_LETTER_COST",
    "frequencyBonus": "FREQUENCY_BONUS",
    "letterCost": "LETTER_COST",
    "longWordLetters": "LONG_WORD_LENGTH",
    "maxCost": "MAX_COST",
    "maxDrugCostGap": "MAX_DRUG_COST_GAP",
    "minLookalikeLetters": "MIN_LOOKALIKE_LENGTH",
    "minPartLetters": "MIN_PART_LENGTH",
    "minRivalCostGap": "MIN_RIVAL_COST_GAP",
    "minTwoEditsLetters": "MIN_TWO_EDITS_LENGTH",
    "minWordLetters": "MIN_WORD_LENGTH",
    "shortWordLetters": "SHORT_WORD_LENGTH",
    "soundCost": "SOUND_COST",
    "splitCost": "SPLIT_COST",
    "unindexedCost": "UNINDEXED_COST",
}
# Constants of the site's search, under their names in ``files/pack.js``.
CONSTANTS = {
    "maxArticles": MAX_ARTICLES,
    "maxFurther": MAX_MORE_PASSAGES,
    "maxGap": MAX_GAP,
    "maxJoinedLetters": compounds.MAX_JOINED_LETTERS,
    "maxNameWords": MAX_NAME_WORDS,
    "maxSynonymWords": MAX_WORDS,
    "maxTitleWords": MAX_TITLE_WORDS,
    "minCompoundLetters": compounds.MIN_LENGTH,
    "minPrefixLetters": MIN_PREFIX_LENGTH,
    "minQuestionWords": MIN_QUERY_WORDS,
    "otherWords": sections.WORDS,
    "particle": compounds.PARTICLE_WEIGHT,
    **{name: getattr(spelling, constant) for name, constant in SPELLING_CONSTANTS.items()},
    "separateWords": SEPARATE_WORDS_WEIGHT,
    "subjectWords": sections.SUBJECT_WORDS,
}


def search_data(
    records: Sequence[ArticleRecord],
    taxonomy: Taxonomy,
    vocabulary: SynonymDictionary,
    intents: IntentCatalog,
    pins: Iterable[Pin],
) -> dict[str, Any]:
    """Return the data that ``files/pack.js`` reads, without the titles and reviews of articles."""
    synonyms = dict(_synonyms(vocabulary))
    phrases = {key for key in synonyms if len(key) > 1}
    phrases |= {other.stems for found in synonyms.values() for other in found}
    stems: dict[str, str] = {}  # by lowercase word
    found: set[str] = set()  # stems and names that occur
    passages: list[dict[str, Any]] = []
    forms: Counter[str] = Counter()  # passages by folded word
    numbers: dict[str, int] = {}  # of passages, by id
    articles: dict[str, list[int]] = defaultdict(list)  # numbers of articles, by the key of a name
    for article, record in enumerate(records):
        documents = build_documents(record, taxonomy)
        for name in documents[0].names if documents else ():
            articles[name].append(article)
        for passage, document in zip(record.passages, documents, strict=True):
            texts = document.texts.values()
            forms.update({fold(word) for text in texts for word in split_words(text)})
            for text in texts:
                typed = split_words(text)
                stemmed = [stem_word(word) for word in typed]
                stems.update(zip(map(str.lower, typed), stemmed, strict=True))
                found.update(stemmed, _phrases(stemmed, phrases))
            numbers[passage.id] = len(passages)
            passages.append(
                {
                    "article": article,
                    "anchor": passage.anchor,
                    "path": passage.heading_path,
                    "tags": document.tags,
                    "text": passage.text,
                    "weight": document.prior,
                    "answers": _answers(passage, intents),
                }
            )
    names = _present(synonyms, found)
    first: dict[str, list[int]] = defaultdict(list)
    for pin in pins:
        if pin.passage_id in numbers:  # published
            first[" ".join(pin_key(pin.query))].append(numbers[pin.passage_id])
            stems |= _stem_words(pin.query)
    for intent in intents.intents:
        for phrase in intent.query_phrases:
            stems |= _stem_words(phrase)
    usable = {stem for key in (*found, *names) for stem in key.split(" ")}
    known = {word: stem_word(word) for word in vocabulary.words}
    pattern, endings = stem_endings()
    return {
        "passages": passages,
        "counts": FIELD_BOOSTS,
        "lengths": LENGTH_SCALE,
        "stems": {word: stem for word, stem in known.items() if stem in usable} | stems,
        "endings": [pattern.pattern, endings],
        "small": sorted(filler_words()),
        "stopwords": sorted(filter(is_stopword, filler_words())),
        "words": [_javascript_pattern(with_cjk=False), _javascript_pattern(with_cjk=True)],
        "units": dict(unit_names()),
        "greek": GREEK_NAMES,
        "names": articles,
        "intents": [_exported(intent) for intent in intents.intents],
        "asides": sorted(intents.asides),
        "synonyms": names,
        "capitals": sorted(_capitals(vocabulary) & set(names)),
        "prefixes": sorted(compounds.PREFIXES),
        "particles": sorted(compounds.PARTICLES),
        "drugs": sorted(vocabulary.drugs),
        "known": " ".join(sorted(vocabulary.words | medical_words.medical_words())),
        "formed": medical_words.formed_word().pattern,
        "ordinary": sorted(synonym_rules.ordinary_words()),
        "forms": forms,
        "sounds": spelling.SOUNDS,
        "keyboard": spelling.KEYBOARD_ROWS,
        "opposites": spelling.OPPOSITES,
        "pins": first,
        "constants": CONSTANTS,
    }


def script(name: str, value: Any) -> bytes:
    """Return a classic script that sets one global variable."""
    literal = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Escape "<" and the line separators that older JavaScript does not allow in strings.
    for character in "\u2028\u2029<":
        literal = literal.replace(character, f"\\u{ord(character):04x}")
    return f"window.{name}={literal};\n".encode()


def _javascript_pattern(*, with_cjk: bool) -> str:
    """Return the pattern of a word in the syntax of JavaScript."""
    pattern = build_word_pattern(with_cjk).pattern
    for python, javascript in (
        (r"[^\W_]", r"[\p{L}\p{N}]"),
        (r"\w", r"\p{L}\p{N}_"),
        (r"\d", r"\p{Nd}"),
        ("(?i:", "(?:"),  # the whole pattern ignores case there
    ):
        pattern = pattern.replace(python, javascript)
    return pattern


def _stem_words(text: str) -> dict[str, str]:
    return {word.lower(): stem_word(word) for word in split_words(text)}


def _answers(passage: Passage, intents: IntentCatalog) -> dict[int, float]:
    """Return how well a passage answers intents, by their numbers, without those it does not."""
    scores = (sections.intent_score(passage, intent) for intent in intents.intents)
    return {number: round(score, 3) for number, score in enumerate(scores) if score}


def _exported(intent: Intent) -> dict[str, Any]:
    """Return an intent with the stems of its phrases: one list for each part between gaps."""
    return {
        "label": intent.label,
        "overview": intent.key == OVERVIEW,
        "population": intent.population,
        "phrases": [phrase_parts(phrase) for phrase in intent.query_phrases],
    }


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
