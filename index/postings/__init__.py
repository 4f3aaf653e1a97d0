"""Postings as arrays, and queries run on whole arrays: what makes the embedded engine fast.

Python pays for every call, not for every number: so a word's postings are one flat array, and each
step of a query treats all of them in one call of NumPy. Nothing here loops over postings, and
nothing here knows Whoosh, files of an index, or what a hit looks like.

Read in this order:

1. `inverting` turns passages into postings: sort once, in place of one insertion a posting.
2. `files` keeps arrays in one file that is mapped into memory, with a checksum.
3. `layout` says which arrays a segment has; `segment` reads them; `merging` makes one of several.
4. `scoring` is BM25F in a table: a posting holds the number of its (frequency, length) pair.
5. `lists` is a word's postings, or those of a phrase, ready to be scored, united, intersected.
6. `phrases` finds words that stand side by side; `prefixes` the words of a beginning.
7. `matches` keeps what matches a query with bounds of the scores, and finds the best exactly.
8. `evaluating` goes through the tree of a query; `counting` counts articles, tags and topics.

The literature, for the words used here: term-at-a-time evaluation and safe pruning by bounds
(Turtle and Flood, "Query evaluation: strategies and optimizations", 1995); impacts in few bits,
accumulated in small integers (Anh and Moffat, "Pruned query evaluation using pre-computed impacts",
2006; Lin and Trotman, "Anytime ranking for impact-ordered indexes", 2015); frequent words as rows
and rare ones as lists (Culpepper and Moffat, "Efficient set intersection for inverted indexing",
2010); the maximum of a block as the bound of all that is in it (Ding and Suel, "Faster top-k
document retrieval using block-max indexes", 2011).
"""
