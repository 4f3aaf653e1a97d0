"""Recorded differences between an article and its source that corrections have not settled.

The comparison itself needs the source (`ingest.fidelity`). A correction changes the article later,
without it, so a difference is dropped when the words that it quotes have been corrected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.model.article import Article

_QUOTED = re.compile(r"“([^”]*)”")
_DASHES = str.maketrans("−–‐‑", "----")
# Whatever is not part of a word, a number or its sign, such as brackets and the end of a sentence.
_IGNORED = re.compile(r"[^\w<>≤≥±≈~=^%°+.,-]+|(?<!\d)[.,]|[.,](?!\d)")


def remaining_differences(
    differences: Iterable[str], before: Article, after: Article
) -> tuple[str, ...]:
    """Return the differences that corrections of an article have not settled.

    The first quotation of a difference are the words that differ, the last one is the line. A
    difference is settled if the article has these words more or less often than before; if they
    cannot be found, if the line is gone. In case of doubt a difference remains.
    """
    if before == after:
        return tuple(differences)
    old, new = (_reduce(f"{article.title}\n{article.plain}") for article in (before, after))
    return tuple(each for each in differences if not _is_settled(each, old, new))


def _is_settled(difference: str, old: str, new: str) -> bool:
    quoted = [_reduce(text.rstrip("…")) for text in _QUOTED.findall(difference)]
    if not quoted or not all(quoted):
        return False
    words, line = quoted[0], quoted[-1]
    if old.count(words) != new.count(words):
        return True
    return words not in old and line in old and line not in new


def _reduce(text: str) -> str:
    """Return a text without spaces and punctuation, to find words whatever their layout."""
    return _IGNORED.sub("", text.casefold().translate(_DASHES))
