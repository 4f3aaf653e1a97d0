"""Postings as packed arrays, and the loops over them: what makes the embedded engine fast.

A word's postings are packed numbers in a row, and each step of a query goes through them in a loop
of C. Nothing here knows Whoosh, files of an index, or what a hit looks like.

Read in this order:

1. `inverting` turns passages into postings: sort once, in place of one insertion a posting.
2. `files` keeps arrays in one file that is mapped into memory, with a checksum; `strings` keeps
   sorted strings in two of them.
3. `kernel` says how the loops are called, which are in ``c/``: `packing` (numbers in few bits),
   `cursors` (looking passages up in a list), `lists` (uniting), `together` (what is in all lists,
   and phrases), `matching` (bounds, and the best), `counting` (articles, tags, topics), and `words`
   (for snippets).
4. `layout` says which arrays a segment has; `segment` reads them; `merging` makes one of several.
5. `scoring` is BM25F in a table.
6. `lists` is a word's postings, or those of a phrase, ready to be scored, united, intersected.
7. `prefixes` finds the words of a beginning.
8. `matches` keeps what matches a query with bounds of the scores, and finds the best exactly.
9. `evaluating` goes through the tree of a query; `counting` counts articles, tags and topics.

The literature, for the words used here: term-at-a-time evaluation and safe pruning by bounds
(Turtle and Flood, "Query evaluation: strategies and optimizations", 1995); impacts in few bits,
accumulated in small integers (Anh and Moffat, "Pruned query evaluation using pre-computed impacts",
2006; Lin and Trotman, "Anytime ranking for impact-ordered indexes", 2015); frequent words as rows
and rare ones as lists (Culpepper and Moffat, "Efficient set intersection for inverted indexing",
2010); the maximum of a block as the bound of all that is in it (Ding and Suel, "Faster top-k
document retrieval using block-max indexes", 2011); blocks of packed gaps with skip entries (Moffat
and Zobel, "Self-indexing inverted files for fast text retrieval", 1996; Lemire and Boytsov,
"Decoding billions of integers per second through vectorization", 2015).
"""
