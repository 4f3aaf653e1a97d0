"""Passage ids that survive new versions of an article.

Links, editor tags and pins refer to passage ids, so a passage of a new version inherits the id of
the matching passage of the previous version. Matching runs in passes, the most certain first; each
pass considers only passages that are still unmatched, so that no id is assigned twice.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence

from kb.model.passage import Passage

ID_BYTES = 8  # 64 bits, 13 characters: collisions are unlikely below a billion passages
# Minimum similarity of word pairs: low under the same heading, where an edited passage is likely;
# higher under another heading.
MIN_SIMILARITY_SAME_HEADING = 0.15
MIN_SIMILARITY_OTHER_HEADING = 0.5


def assign_ids(
    article_id: str, old: Sequence[Passage], new: Sequence[Passage], used_ids: Collection[str]
) -> list[str]:
    """Return an id for each passage of `new`, inherited from the matching passage of `old`.

    `used_ids` contains all ids that the article has ever used; new ids are never among them.
    """
    ids: dict[int, str] = {}
    unmatched = dict(enumerate(old))

    def give(number: int, candidate: int) -> None:
        ids[number] = unmatched.pop(candidate).id

    _match_equal(new, unmatched, ids, give, lambda p: (p.heading_path, p.text))
    _match_equal(new, unmatched, ids, give, lambda p: p.text)
    _match_similar(new, unmatched, ids, give, MIN_SIMILARITY_SAME_HEADING, same_place=True)
    _match_singletons(new, unmatched, ids, give)
    _match_similar(new, unmatched, ids, give, MIN_SIMILARITY_OTHER_HEADING, same_place=False)
    reserved = {*used_ids, *ids.values()}
    for number, passage in enumerate(new):
        if number not in ids:
            ids[number] = _generate_id(article_id, passage, reserved)
            reserved.add(ids[number])
    return [ids[number] for number in range(len(new))]


def similarity(first: str, second: str) -> float:
    """Return the Jaccard similarity of the sets of adjacent word pairs, from 0 to 1."""
    a, b = _word_pairs(first), _word_pairs(second)
    return len(a & b) / len(a | b)


Assign = Callable[[int, int], None]


def _match_equal(
    new: Sequence[Passage],
    unmatched: dict[int, Passage],
    ids: dict[int, str],
    assign: Assign,
    key: Callable[[Passage], Hashable],
) -> None:
    numbers_by_key: dict[Hashable, list[int]] = defaultdict(list)
    for candidate, passage in unmatched.items():
        numbers_by_key[key(passage)].append(candidate)
    for number, passage in enumerate(new):
        if number not in ids and numbers_by_key[key(passage)]:
            assign(number, numbers_by_key[key(passage)].pop(0))


def _match_similar(
    new: Sequence[Passage],
    unmatched: dict[int, Passage],
    ids: dict[int, str],
    assign: Assign,
    threshold: float,
    *,
    same_place: bool,
) -> None:
    if not unmatched:
        return
    # Compare only passages that share a word pair. Otherwise a long, completely reworded article
    # would take minutes inside the transaction that saves it.
    old_pairs = {
        old_number: _word_pairs(candidate.text) for old_number, candidate in unmatched.items()
    }
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for old_number, old_words in old_pairs.items():
        for pair in old_words:
            holders[pair].append(old_number)
    pairs = []
    for number, passage in enumerate(new):
        if number in ids:
            continue
        new_words = _word_pairs(passage.text)
        shared = Counter(old_number for pair in new_words for old_number in holders.get(pair, ()))
        for old_number, count in shared.items():
            if not same_place or passage.heading_path == unmatched[old_number].heading_path:
                union = len(new_words) + len(old_pairs[old_number]) - count
                pairs.append((count / union, number, old_number))
    for alike, number, old_number in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if alike >= threshold and number not in ids and old_number in unmatched:
            assign(number, old_number)


def _match_singletons(
    new: Sequence[Passage], unmatched: dict[int, Passage], ids: dict[int, str], assign: Assign
) -> None:
    """Match the remaining passages under headings that have exactly one on each side."""
    old_by_heading: dict[tuple[str, ...], list[int]] = defaultdict(list)
    new_by_heading: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for old_number, passage in unmatched.items():
        old_by_heading[passage.heading_path].append(old_number)
    for number, passage in enumerate(new):
        if number not in ids:
            new_by_heading[passage.heading_path].append(number)
    for heading, numbers in new_by_heading.items():
        if len(numbers) == 1 and len(old_by_heading[heading]) == 1:
            assign(numbers[0], old_by_heading[heading][0])


def _generate_id(article_id: str, passage: Passage, reserved: Collection[str]) -> str:
    for attempt in range(len(reserved) + 1):
        content = "\x1f".join((article_id, *passage.heading_path, passage.text, str(attempt)))
        digest = hashlib.sha256(content.encode()).digest()[:ID_BYTES]
        candidate = base64.b32encode(digest).decode().rstrip("=").lower()
        if candidate not in reserved:
            return candidate
    raise AssertionError("more attempts than ids in use")


def _word_pairs(text: str) -> set[tuple[str, str]]:
    words = re.findall(r"\w+", text.lower())
    # Texts without words share a single empty pair, so they count as identical.
    return set(zip(words, words[1:] or words, strict=False)) or {("", "")}
