"""Tags for passages: what each is about, how sure that is, and what speaks for it.

Three kinds of evidence, all data of the taxonomy (`ingest.language.phrase_matcher` tells how phrases match), and a
fourth that was learned:

- **Codes.** The LOINC code of a section of a drug label is the author's own tag. The nearest code
  that the taxonomy knows counts, and no other.
- **Headings.** The nearest heading speaks strongly, those above it less. A first line of a box
  that is a heading in all but markup, and opening words in capitals as in drug labels, count as
  the nearest heading. The article's title speaks for nothing: it is about the whole article.
- **Cues** in the text. A strong one ("is contraindicated!") makes a tag alone. Any other is a
  mention and no tag, unless it stands in the opening sentence, which says what a passage is about;
  several different ones make a subject. Weak ones ("nausea?") count by how densely they stand,
  since a long text holds every common word. More is needed where the nearest heading names another
  subject, because its author has said what the passage is about.

- **Wording**, for the three facets alone (`ingest.tagging.category_classifier`): to which of them the words of the text
  lean, whether or not they are anybody's cue.

Headings and cues are combined as independent evidence: 1 - (1 - heading)(1 - cues); for a facet
the log-odds of all three add up. A passage may have several tags, or none: "no tag" is an answer.
Tags above a tag (`parent`) are left to the search, and what an editor says to the store.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.language.phrase_matcher import PhraseMatch, PhraseMatcher, tokenize
from ingest.language.sentence_splitter import split_sentences
from ingest.tagging.category_classifier import CategoryClassifier, CategoryScore, load_classifier
from kb.model.article import BlockKind
from kb.model.passage import Evidence, Passage, Tag
from kb.model.taxonomy import Taxonomy

CODE_CONFIDENCE = 0.98  # the author's own tag; an editor may still differ
NEAREST_HEADING_CONFIDENCE = 0.9  # an author's own word for what follows
HIGHER_HEADING_CONFIDENCE = 0.7  # the word for a larger part, of which this may be an aside
CUE_CONFIDENCE = 0.4  # two different cues make 0.64, a tag; one makes none
OPENING_CUE_CONFIDENCE = 0.5  # one in the opening sentence makes a tag, barely
STRONG_CUE_CONFIDENCE = 0.6  # one makes a tag wherever it stands, but not against the heading
WEAK_CUE_CONFIDENCE = 0.21  # three make a tag, barely, in a passage of usual length
TYPICAL_WORDS = 80  # in a longer text cues count less, as they stand less densely
STRONG_MARK, WEAK_MARK = "!", "?"  # how the taxonomy marks its cues
MAX_CUE_CONFIDENCE = 0.8  # words alone never say as much as a heading
MAX_OPENING_WORDS = 30  # a longer sentence says more than what the passage is about
OFF_HEADING_FACTOR = (
    0.7  # factor for cues of another subject than the heading's: it takes three of them
)
MIN_CONFIDENCE = 0.5  # below it, a tag would be wrong as often as right

# The log-odds of a facet: one set of plain numbers for all three. Numbers fitted for each facet
# were no better on sources that they were not fitted on; see docs/tagging.md.
CLASSIFIER_WEIGHT = 1.0  # the score of `ingest.tagging.category_classifier` is a log-odds already
CUES_WEIGHT = 3.0  # cues sure to 0.8 add 2.4
HEADING_WEIGHT = 3.5  # a heading outweighs most wordings; no heading is without exceptions
OFF_HEADING_LOG_ODDS = -1.3  # the heading names something else
BASE_LOG_ODDS = -1.2  # without evidence: one section in four has a given facet

MAX_LINE_HEADING_WORDS = 10  # a longer first line of a box is its text
CLASSIFIER_REASON = "wording"  # in a reason: the words that make the text lean
CAPITALS_HEADING = re.compile(
    r"\s*(?:\d+(?:\.\d+)*\.?\s+)?((?:[A-Z][A-Z,/&()-]*\s+){0,8}[A-Z][A-Z]{4,}\b)"
)


_TagScores = dict[str, tuple[float, str]]  # tag -> (confidence, reason)


class Tagger:
    """Tags passages by one taxonomy, whose phrases it prepares once."""

    def __init__(self, taxonomy: Taxonomy, wording: CategoryClassifier | None = None) -> None:
        """Take the tags, and the weights of words if not those that ship."""
        self._taxonomy = taxonomy
        self._classifier = wording or load_classifier()
        self._categories = [facet for facet in self._classifier.categories if facet in taxonomy]
        self._order = {tag.key: number for number, tag in enumerate(taxonomy)}
        self._headings = PhraseMatcher((tag.key, p) for tag in taxonomy for p in tag.headings)
        self._cues = PhraseMatcher((tag.key, _strip_mark(p)) for tag in taxonomy for p in tag.cues)
        self._marks = {(tag.key, _strip_mark(p)): p[-1:] for tag in taxonomy for p in tag.cues}
        self._codes: dict[str, list[str]] = {}
        for tag in taxonomy:
            for code in tag.loinc:
                self._codes.setdefault(code, []).append(tag.key)

    def tag_passages(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return the passages with their tags, in the order of the taxonomy."""
        return tuple(replace(passage, tags=self.tag_passage(passage)) for passage in passages)

    def tag_passage(self, passage: Passage) -> tuple[Tag, ...]:
        """Return the tags that enough speaks for."""
        by_heading = self._scores_by_heading(passage)
        by_cues = self._scores_by_cues(passage.text)
        about = {
            key
            for key, (confidence, _) in by_heading.items()
            if confidence == NEAREST_HEADING_CONFIDENCE
        }
        code, coded = self._tags_by_code(passage)
        about |= coded
        found: dict[str, Tag] = {
            key: Tag(key, CODE_CONFIDENCE, Evidence.CODE, f"LOINC {code}") for key in coded
        }
        for key in (by_heading.keys() | by_cues.keys()) - coded - set(self._categories):
            heading, heading_reason = by_heading.get(key, (0.0, ""))
            cues, cues_reason = by_cues.get(key, (0.0, ""))
            if about and not heading:
                cues *= OFF_HEADING_FACTOR
            confidence = 1 - (1 - heading) * (1 - cues)
            evidence = Evidence.HEADING if heading else Evidence.CUE
            reason = _join_reasons(heading_reason, cues_reason)
            found[key] = Tag(key, round(confidence, 2), evidence, reason)
        leanings = self._classifier.classify(passage.text)
        for facet in set(self._categories) - coded:
            found[facet] = self._score_category(facet, by_heading, by_cues, leanings[facet])
        return tuple(
            found[key]
            for key in sorted(found, key=self._order.__getitem__)
            if found[key].confidence >= MIN_CONFIDENCE
        )

    def _score_category(
        self, facet: str, by_heading: _TagScores, by_cues: _TagScores, leaning: CategoryScore
    ) -> Tag:
        """Return `facet` with what headings, cues (of the tags below it, too) and words say."""
        heading, heading_reason = self._strongest(by_heading, facet)
        cues, cues_reason = self._strongest(by_cues, facet)
        odds = (
            BASE_LOG_ODDS
            + CLASSIFIER_WEIGHT * leaning.score
            + CUES_WEIGHT * cues
            + HEADING_WEIGHT * heading
        )
        if by_heading and not heading:
            odds += OFF_HEADING_LOG_ODDS
        confidence = round(1 / (1 + math.exp(-odds)), 2)
        wording = (
            _quote_words(CLASSIFIER_REASON, leaning.words)
            if leaning.score > 0 and leaning.words
            else ""
        )
        if heading:
            evidence = Evidence.HEADING
        else:
            evidence = Evidence.CUE if CUES_WEIGHT * cues > leaning.score else Evidence.MODEL
        return Tag(facet, confidence, evidence, _join_reasons(heading_reason, cues_reason, wording))

    def _strongest(self, weighed: _TagScores, facet: str) -> tuple[float, str]:
        """Return the strongest of what speaks for `facet` or a tag below it."""
        under = [
            said for key, said in weighed.items() if facet in self._taxonomy.with_ancestors([key])
        ]
        return max(under, default=(0.0, ""))

    def _tags_by_code(self, passage: Passage) -> tuple[str, frozenset[str]]:
        """Return the nearest code that the taxonomy knows and its tags."""
        for code in passage.codes:
            if code in self._codes:
                return code, frozenset(self._codes[code])
        return "", frozenset()

    def _scores_by_heading(self, passage: Passage) -> _TagScores:
        """Return tag -> (confidence, reason); the nearest heading that speaks for a tag counts."""
        *higher, nearest = passage.heading_path or ("",)
        weighed = [(heading, HIGHER_HEADING_CONFIDENCE) for heading in higher]
        weighed += [
            (heading, NEAREST_HEADING_CONFIDENCE) for heading in (nearest, _inline_heading(passage))
        ]
        return {
            found.tag: (confidence, f'heading "{heading}"')
            for heading, confidence in weighed
            for found in self._headings.find(heading)
        }

    def _scores_by_cues(self, text: str) -> _TagScores:
        """Return tag -> (confidence, reason) by the different cues in the text."""
        opening = len(tokenize(split_sentences(text)[0])) if text else 0
        opening = min(opening, MAX_OPENING_WORDS)
        thinned = min(1.0, TYPICAL_WORDS / max(1, len(tokenize(text))))
        by_tag: dict[str, dict[str, PhraseMatch]] = {}
        for found in self._cues.find(text):
            by_tag.setdefault(found.tag, {}).setdefault(found.phrase, found)
        by_weight: _TagScores = {}
        for tag, cues in by_tag.items():
            doubt = 1.0
            for cue in cues.values():
                mark = self._marks[tag, cue.phrase]
                doubt *= 1 - _cue_confidence(mark, thinned, in_opening=cue.start < opening)
            by_weight[tag] = (min(MAX_CUE_CONFIDENCE, 1 - doubt), _cue_reason(cues.values()))
        return by_weight


def _strip_mark(cue: str) -> str:
    return cue.rstrip(STRONG_MARK + WEAK_MARK)


def _cue_confidence(mark: str, thinned: float, *, in_opening: bool) -> float:
    if mark == STRONG_MARK:
        return STRONG_CUE_CONFIDENCE if in_opening else STRONG_CUE_CONFIDENCE * thinned**0.5
    if mark == WEAK_MARK:
        return WEAK_CUE_CONFIDENCE * thinned
    return OPENING_CUE_CONFIDENCE if in_opening else CUE_CONFIDENCE * thinned


def _cue_reason(cues: Iterable[PhraseMatch]) -> str:
    return _quote_words("words", (cue.words for cue in cues))


def _quote_words(kind: str, words: Iterable[str]) -> str:
    return f"{kind} " + ", ".join(f'"{word}"' for word in words)


def _join_reasons(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _inline_heading(passage: Passage) -> str:
    """Return the heading that a passage opens with in its own text, or an empty text."""
    first_line = passage.text.split("\n", 1)[0]
    if passage.kind is BlockKind.CALLOUT and len(first_line.split()) <= MAX_LINE_HEADING_WORDS:
        return first_line
    capitals = CAPITALS_HEADING.match(first_line)
    return capitals.group(1) if capitals else ""
