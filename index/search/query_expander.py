"""Query expansion on one engine: names, synonyms, other spellings and words without weight."""

from __future__ import annotations

from index.analyzer import fold, split_words, stem_word
from index.engine import Engine
from index.query.compounds import expand_compounds
from index.query.expansion import expand_synonyms, quote_operands, remove_fillers
from index.query.messages import MIN_MESSAGE_WORDS, parse_long_text
from index.query.parser import MAX_QUERY_LENGTH, ParsedQuery, check_length, parse
from index.query.synonyms import SynonymDictionary, SynonymMatch

MIN_LONG_TEXT = 2 * MIN_MESSAGE_WORDS - 1  # characters; shorter texts have fewer words
UNINDEXED_STEM = ""  # occurs in no index, so it has the maximum idf


class QueryExpander:
    """Parses and expands queries with one synonym dictionary."""

    def __init__(self, engine: Engine, vocabulary: SynonymDictionary) -> None:
        self._engine, self._vocabulary = engine, vocabulary

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        """Return the synonyms of a whole name."""
        match = self._vocabulary.find_name(split_words(name))
        return tuple(other.text for other in match.synonyms) if match else ()

    def is_known_word(self, word: str) -> bool:
        """Return whether any form of a word occurs in an article or a synonym."""
        return self.is_indexed(stem_word(word)) or fold(word) in self._vocabulary.words

    def is_known_name(self, text: str) -> bool:
        """Return whether the whole text is a name in the synonym dictionary."""
        return self._vocabulary.find_name(split_words(text)) is not None

    def parse(self, text: str) -> ParsedQuery:
        """Parse `text`, with names as operands of OR and NOT; raises `QueryError` if too long.

        Of long texts, only the topical words are searched.
        """
        check_length(text)
        if len(text) >= MIN_LONG_TEXT and (query := parse_long_text(text, self._vocabulary)):
            return query
        quoted = quote_operands(text, self._vocabulary)
        return parse(quoted if len(quoted) <= MAX_QUERY_LENGTH else text)

    def expand(self, query: ParsedQuery) -> tuple[ParsedQuery, tuple[SynonymMatch, ...]]:
        """Return `query` with synonyms, without fillers, and the names that have synonyms."""
        expanded, matches = expand_synonyms(query, self._vocabulary)
        return remove_fillers(expand_compounds(expanded, self.is_indexed)), matches

    def is_indexed(self, stem: str) -> bool:
        """Return whether a stem occurs in an article."""
        idfs = self._engine.idf([UNINDEXED_STEM, stem])
        return idfs[stem] < idfs[UNINDEXED_STEM]
