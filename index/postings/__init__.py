"""Segments of packed postings and query execution in a C kernel.

The package is independent of Whoosh, of index commits and of hits. Modules in reading order:

1. `builder` inverts documents with one sort.
2. `array_file` stores arrays in a memory-mapped file with a checksum; `string_table` stores sorted
   strings in two arrays.
3. `native` binds the C functions in ``c/``: `packing` (bit-packed blocks), `cursors` (lookup in a
   list), `union`, `intersection` (also phrases), `matching` (bounds and top k),
   `counting` (facets) and `words` (word splitting, bound in `index.kernel`).
4. `segment_writer` defines the arrays of a segment, `segment_reader` reads them, `merger` merges
   segments.
5. `bm25f` precomputes BM25F saturation.
6. `posting_lists` scores, unites and intersects the postings of words, phrases and prefixes.
7. `collectors` holds the matches of a query and finds the top k.
8. `segment_executor` executes a query tree; `facet_counts` counts articles by tag and topic.

References for the terms used here: term-at-a-time evaluation and safe pruning by bounds
(Turtle and Flood, "Query evaluation: strategies and optimizations", 1995); impacts in few bits,
accumulated in small integers (Anh and Moffat, "Pruned query evaluation using pre-computed impacts",
2006; Lin and Trotman, "Anytime ranking for impact-ordered indexes", 2015); rows for frequent words
and lists for rare ones (Culpepper and Moffat, "Efficient set intersection for inverted indexing",
2010); block maxima as upper bounds (Ding and Suel, "Faster top-k
document retrieval using block-max indexes", 2011); blocks of packed gaps with skip entries (Moffat
and Zobel, "Self-indexing inverted files for fast text retrieval", 1996; Lemire and Boytsov,
"Decoding billions of integers per second through vectorization", 2015).
"""
