"""A corpus grown to a wanted size, or cut down to it: the same for the same seed.

Copies of real passages would be no larger corpus: no new word, and every list of postings longer
by the same factor. So a grown passage keeps what matters to a search engine of a real one:

- its shape: the number of words, the heading and the tags of a passage drawn at random;
- sentences, drawn from all real ones, so that words keep company as they do in life;
- a growing vocabulary: half of the words are drawn anew from a Zipf curve (Mandelbrot's form) whose
  first ranks are the real words in their order and whose tail are made-up words. The vocabulary
  grows with the square root of the text (Heaps' law, which holds for English with 0.4 to 0.6).

Five grown passages make an article, which has a title of its own.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from bench.corpus import FIELDS, document
from index.document import Document
from ingest.sentences import split_sentences

DRAWN_ANEW = 0.5
PASSAGES_TO_AN_ARTICLE = 5
HEAPS = 0.5
MANDELBROT = 2.7  # flattens the first ranks: "the" is not twice as frequent as "of"
TITLE_WORDS = 3
WORD = re.compile(r"[^\W\d_]+")
SYLLABLES = re.findall(
    r"\w+",
    "car di o ne phro pa thy ga stro en te ri tis he mo glo bin der ma to my sis an gi a lgi me ta "
    "bo lic pul na ry os teo ar thro fi bro li po cy leu ko",
)


def sized(real: Sequence[Document], count: int, seed: int) -> list[Document]:
    """Return `count` passages: whole articles of the real ones in random order, then grown ones."""
    chance = random.Random(seed)
    articles = [list(group) for _, group in groupby(real, key=lambda one: one.article_id)]
    chance.shuffle(articles)
    kept = [passage for article in articles for passage in article][:count]
    return kept + list(_grown(real, len(kept), count, chance))


def vocabulary(real: Sequence[Document], words_wanted: int, chance: random.Random) -> list[str]:
    """Return the words of a corpus of `words_wanted`, most frequent first."""
    counts = Counter(word for passage in real for word in _words(passage.texts["body"]))
    known = [word for word, _ in counts.most_common()]
    size = round(len(known) * max(1.0, words_wanted / counts.total()) ** HEAPS)
    made_up = dict.fromkeys(known)
    while len(made_up) < size:
        made_up["".join(chance.choices(SYLLABLES, k=chance.randint(3, 6)))] = None
    return list(made_up)


def _grown(
    real: Sequence[Document], start: int, count: int, chance: random.Random
) -> Iterator[Document]:
    if start >= count:
        return
    lengths = [len(_words(passage.texts["body"])) for passage in real]
    words_wanted = round(sum(lengths) / len(real) * count)
    words = vocabulary(real, words_wanted, chance)
    weights = list(accumulate(1 / (rank + MANDELBROT) for rank in range(len(words))))
    sentences = [s for passage in real for s in split_sentences(passage.texts["body"])]

    def anew(match: re.Match[str]) -> str:
        if chance.random() >= DRAWN_ANEW:
            return match.group()
        return chance.choices(words, cum_weights=weights)[0]

    title = ""
    for number in range(start, count):
        article, place = divmod(number - start, PASSAGES_TO_AN_ARTICLE)
        if place == 0:
            # From anywhere on the curve: titles tell articles apart, so they are of rarer words.
            title = " ".join(chance.choices(words, k=TITLE_WORDS)).capitalize()
        shape = chance.randrange(len(real))
        body: list[str] = []
        length = 0
        while length < lengths[shape]:
            sentence = WORD.sub(anew, chance.choice(sentences).strip())
            body.append(sentence)
            length += max(1, len(_words(sentence)))
        texts = (title, real[shape].texts[FIELDS[1]], " ".join(body))
        yield document(number, len(real) + article, texts, real[shape].tags)


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]
