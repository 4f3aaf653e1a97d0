"""Tagger that assigns tags to passages, each with a confidence and a reason.

Three kinds of evidence come from the taxonomy (see `ingest.language.phrase_matcher` for the syntax
of phrases); the fourth is a trained classifier:

- **Codes.** The LOINC code of a section of a drug label was assigned by its author. Only the
  nearest code that the taxonomy knows counts.
- **Headings.** The nearest heading is strong evidence, those above it weaker. A first line of a
  callout that reads like a heading, and opening words in capitals as in drug labels, count as the
  nearest heading. The title does not count, because it describes the whole article. A weak phrase
  ("what are?") counts only if the heading contains no other phrase: "What are the side effects?"
  is not an overview.
- **Cues** in the text. A strong cue ("is contraindicated!") is sufficient for a tag. Any other cue
  is only a mention, unless it is in the opening sentence, which states the subject of a passage;
  several different cues are sufficient. Weak cues ("nausea?") count by their density, because a
  long text contains every common word. If the nearest heading names another subject, or the
  opening sentence does with a strong cue ("is indicated for!"), more evidence is needed.
- **Wording**, for the three top categories only: the score of `ingest.tagging.category_classifier`.

Headings and cues are combined as independent evidence: 1 - (1 - heading)(1 - cues). For a category,
the log-odds of headings, cues and wording are added. A passage may have several tags or none. The
search adds the ancestors of a tag (`parent`), and the store applies an editor's corrections.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.language.phrase_matcher import PhraseMatch, PhraseMatcher, tokenize
from ingest.language.sentence_splitter import iter_sentences
from ingest.tagging.category_classifier import CategoryClassifier, CategoryScore, load_classifier
from kb.model.article import BlockKind
from kb.model.passage import Evidence, Passage, Tag
from kb.model.taxonomy import Taxonomy

CODE_CONFIDENCE = 0.98  # assigned by the author; an editor may still disagree
NEAREST_HEADING_CONFIDENCE = 0.9
HIGHER_HEADING_CONFIDENCE = 0.7  # describes a larger part, from which this passage may digress
CUE_CONFIDENCE = 0.4  # one cue is not enough for a tag; two give 0.64
OPENING_CUE_CONFIDENCE = 0.5  # one cue in the opening sentence is just enough
STRONG_CUE_CONFIDENCE = 0.6  # one cue anywhere is enough, except against the heading
WEAK_CUE_CONFIDENCE = 0.21  # three cues in a passage of typical length are just enough
TYPICAL_WORDS = 80  # in longer texts, cues count less
STRONG_MARK, WEAK_MARK = "!", "?"  # suffixes of phrases in the taxonomy
OTHER_SUBJECT = ""  # represents all subjects without a tag
MAX_CUE_CONFIDENCE = 0.8  # cues alone are weaker evidence than a heading
MAX_OPENING_WORDS = 30  # a longer opening sentence covers more than the subject of the passage
OFF_HEADING_FACTOR = 0.7  # for cues that disagree with the heading: three of them are needed
MIN_CONFIDENCE = 0.5  # below it, a tag is more likely wrong than right

# Log-odds of a category: the same round numbers for all three. Values fitted per category were no
# better on held-out sources; see docs/tagging.md.
CLASSIFIER_WEIGHT = 1.0  # the score is already a log-odds
MIN_CLASSIFIER_LOG_ODDS = -1.9  # so that a heading always assigns its tag, as the taxonomy says
CUES_WEIGHT = 2.0  # cues with a confidence of 0.8 add 1.6
HEADING_WEIGHT = 3.5  # a heading outweighs most scores of the classifier
OFF_SUBJECT_LOG_ODDS = -2.0  # if the nearest heading or the opening sentence names another subject
OFF_HIGHER_HEADING_LOG_ODDS = -1.3  # if only a higher heading does
BASE_LOG_ODDS = -1.2  # without evidence: one section in four has a given category

CACHED_HEADINGS = 2_000  # the passages of a section share its headings
MAX_LINE_HEADING_WORDS = 10  # a longer first line of a callout is body text
CLASSIFIER_REASON = "wording"  # prefix of the reason of a tag based on the classifier
CAPITALS_HEADING = re.compile(
    r"\s*(?:\d+(?:\.\d+)*\.?\s+)?((?:[A-Z][A-Z,/&()-]*\s+){0,8}[A-Z][A-Z]{4,}\b)"
)


_TagScores = dict[str, tuple[float, str]]  # tag -> (confidence, reason)


class Tagger:
    """Tags passages by a taxonomy, whose phrases are compiled once."""

    def __init__(self, taxonomy: Taxonomy, classifier: CategoryClassifier | None = None) -> None:
        """Create a tagger; `classifier` defaults to the one with the built-in weights."""
        self._taxonomy = taxonomy
        self._classifier = classifier or load_classifier()
        self._categories = [
            category for category in self._classifier.categories if category in taxonomy
        ]
        self._order = {tag.key: number for number, tag in enumerate(taxonomy)}
        self._ancestors = {tag.key: taxonomy.with_ancestors([tag.key]) for tag in taxonomy}
        headings = [(tag.key, phrase) for tag in taxonomy for phrase in tag.headings]
        headings += [(OTHER_SUBJECT, phrase) for phrase in taxonomy.other_headings]
        self._headings, self._heading_marks = _compile_phrases(headings)
        cues = [(tag.key, phrase) for tag in taxonomy for phrase in tag.cues]
        cues += [(OTHER_SUBJECT, phrase) for phrase in taxonomy.other_cues]
        self._cues, self._cue_marks = _compile_phrases(cues)
        self._known_headings: dict[str, list[str]] = {}
        self._codes: dict[str, list[str]] = {}
        for tag in taxonomy:
            for code in tag.loinc:
                self._codes.setdefault(code, []).append(tag.key)

    def tag_passages(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return the passages with their tags, in the order of the taxonomy."""
        return tuple(replace(passage, tags=self.tag_passage(passage)) for passage in passages)

    def tag_passage(self, passage: Passage) -> tuple[Tag, ...]:
        """Return the tags with a confidence of at least `MIN_CONFIDENCE`."""
        by_heading = self._scores_by_heading(passage)
        by_cues, opening_tags = self._scores_by_cues(passage.text)
        code, code_tags = self._tags_by_code(passage)
        nearest_tags = code_tags | {
            key
            for key, (confidence, _) in by_heading.items()
            if confidence == NEAREST_HEADING_CONFIDENCE
        }
        off_subject = OFF_HIGHER_HEADING_LOG_ODDS if by_heading else 0.0
        if nearest_tags | opening_tags.difference(self._categories):
            off_subject = OFF_SUBJECT_LOG_ODDS
        by_heading.pop(OTHER_SUBJECT, None)
        by_cues.pop(OTHER_SUBJECT, None)
        found: dict[str, Tag] = {
            key: Tag(key, CODE_CONFIDENCE, Evidence.CODE, f"LOINC {code}") for key in code_tags
        }
        for key in (by_heading.keys() | by_cues.keys()) - code_tags - set(self._categories):
            heading, heading_reason = by_heading.get(key, (0.0, ""))
            cues, cues_reason = by_cues.get(key, (0.0, ""))
            if nearest_tags - {OTHER_SUBJECT} and not heading:
                cues *= OFF_HEADING_FACTOR
            confidence = 1 - (1 - heading) * (1 - cues)
            evidence = Evidence.HEADING if heading else Evidence.CUE
            reason = _join_reasons(heading_reason, cues_reason)
            found[key] = Tag(key, round(confidence, 2), evidence, reason)
        scores = self._classifier.classify(passage.text)
        on_subject = self._expand_tags([*by_heading, *code_tags, *opening_tags])
        for category in set(self._categories) - code_tags:
            base = BASE_LOG_ODDS + (0.0 if category in on_subject else off_subject)
            found[category] = self._score_category(
                category, by_heading, by_cues, scores[category], base
            )
        return tuple(
            found[key]
            for key in sorted(found, key=self._order.__getitem__)
            if found[key].confidence >= MIN_CONFIDENCE
        )

    def _score_category(
        self,
        category: str,
        by_heading: _TagScores,
        by_cues: _TagScores,
        score: CategoryScore,
        base: float,
    ) -> Tag:
        """Return the tag of a category; adds the evidence to `base`, all as log-odds."""
        heading, heading_reason = self._strongest(by_heading, category)
        cues, cues_reason = self._strongest(by_cues, category)
        odds = (
            base
            + max(MIN_CLASSIFIER_LOG_ODDS, CLASSIFIER_WEIGHT * score.score)
            + CUES_WEIGHT * cues
            + HEADING_WEIGHT * heading
        )
        confidence = round(1 / (1 + math.exp(-odds)), 2)
        wording = (
            _quote_words(CLASSIFIER_REASON, score.words) if score.score > 0 and score.words else ""
        )
        if heading:
            evidence = Evidence.HEADING
        else:
            evidence = Evidence.CUE if CUES_WEIGHT * cues > score.score else Evidence.MODEL
        return Tag(
            category, confidence, evidence, _join_reasons(heading_reason, cues_reason, wording)
        )

    def _expand_tags(self, keys: Iterable[str]) -> set[str]:
        """Return the tags, their ancestors and their related tags."""
        expanded = {ancestor for key in keys for ancestor in self._ancestors.get(key, ())}
        for key in tuple(expanded):
            expanded.update(self._taxonomy[key].related)
        return expanded

    def _strongest(self, scores: _TagScores, category: str) -> tuple[float, str]:
        """Return the strongest evidence for `category` or one of its subtags."""
        matching = [
            evidence for key, evidence in scores.items() if category in self._ancestors[key]
        ]
        return max(matching, default=(0.0, ""))

    def _tags_by_code(self, passage: Passage) -> tuple[str, frozenset[str]]:
        """Return the nearest code that the taxonomy knows, and its tags."""
        for code in passage.codes:
            if code in self._codes:
                return code, frozenset(self._codes[code])
        return "", frozenset()

    def _scores_by_heading(self, passage: Passage) -> _TagScores:
        """Return tag -> (confidence, reason); the nearest matching heading wins."""
        *higher, nearest = passage.heading_path or ("",)
        weights = [(heading, HIGHER_HEADING_CONFIDENCE) for heading in higher]
        weights += [
            (heading, NEAREST_HEADING_CONFIDENCE) for heading in (nearest, _inline_heading(passage))
        ]
        by_heading: _TagScores = {}
        for heading, confidence in weights:
            for tag in self._tags_of_heading(heading):
                by_heading[tag] = (confidence, f'heading "{heading}"')
        return by_heading

    def _tags_of_heading(self, heading: str) -> list[str]:
        """Return the tags whose phrases a heading contains, in reading order."""
        tags = self._known_headings.get(heading)
        if tags is None:
            matches = list(self._headings.find(heading))
            specific = [m for m in matches if self._heading_marks[m.tag, m.phrase] != WEAK_MARK]
            tags = [found.tag for found in specific or matches]
            if len(self._known_headings) >= CACHED_HEADINGS:
                self._known_headings.clear()
            self._known_headings[heading] = tags
        return tags

    def _scores_by_cues(self, text: str) -> tuple[_TagScores, set[str]]:
        """Return tag -> (confidence, reason) by the distinct cues in the text, and opening tags.

        The opening tags are those with a strong cue in the opening sentence.
        """
        opening = len(tokenize(next(iter_sentences(text), "")))
        opening = min(opening, MAX_OPENING_WORDS)
        density = min(1.0, TYPICAL_WORDS / max(1, len(tokenize(text))))
        by_tag: dict[str, dict[str, PhraseMatch]] = {}
        for found in self._cues.find(text):
            by_tag.setdefault(found.tag, {}).setdefault(found.phrase, found)
        by_weight: _TagScores = {}
        opening_tags: set[str] = set()
        for tag, cues in by_tag.items():
            doubt = 1.0
            for cue in cues.values():
                mark = self._cue_marks[tag, cue.phrase]
                in_opening = cue.start < opening
                doubt *= 1 - _cue_confidence(mark, density, in_opening=in_opening)
                if in_opening and mark == STRONG_MARK:
                    opening_tags.add(tag)
            by_weight[tag] = (min(MAX_CUE_CONFIDENCE, 1 - doubt), _cue_reason(cues.values()))
        return by_weight, opening_tags


def _compile_phrases(
    phrases: Iterable[tuple[str, str]],
) -> tuple[PhraseMatcher, dict[tuple[str, str], str]]:
    """Return a matcher for (tag, phrase) pairs, and the mark of each phrase ("" for none)."""
    marks = {}
    for tag, phrase in phrases:
        plain = phrase.rstrip(STRONG_MARK + WEAK_MARK)
        marks[tag, plain] = phrase[len(plain) :]
    return PhraseMatcher(marks), marks


def _cue_confidence(mark: str, density: float, *, in_opening: bool) -> float:
    if mark == STRONG_MARK:
        return STRONG_CUE_CONFIDENCE if in_opening else STRONG_CUE_CONFIDENCE * density**0.5
    if mark == WEAK_MARK:
        return WEAK_CUE_CONFIDENCE * density
    return OPENING_CUE_CONFIDENCE if in_opening else CUE_CONFIDENCE * density


def _cue_reason(cues: Iterable[PhraseMatch]) -> str:
    return _quote_words("words", (cue.words for cue in cues))


def _quote_words(kind: str, words: Iterable[str]) -> str:
    return f"{kind} " + ", ".join(f'"{word}"' for word in words)


def _join_reasons(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _inline_heading(passage: Passage) -> str:
    """Return the heading at the start of the passage's own text, or an empty string."""
    first_line = passage.text.split("\n", 1)[0]
    if passage.kind is BlockKind.CALLOUT and len(first_line.split()) <= MAX_LINE_HEADING_WORDS:
        return first_line
    capitals = CAPITALS_HEADING.match(first_line)
    return capitals.group(1) if capitals else ""
