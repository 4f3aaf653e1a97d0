/* Loops over postings that are too slow in Python: see index/postings/__init__.py.
 *
 * The kernel allocates no results, opens no files and knows no queries: inputs and outputs are
 * arrays of the caller. Input is verified by checksum, so lengths are trusted. */
#ifndef KB_KERNEL_H
#define KB_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed postings are read as little-endian words"
#endif

#define EXPORT __attribute__((visibility("default")))

/* A variant of a function for CPUs with wider registers, selected when the library is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE_TOO __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_TOO
#endif

/* Functions called by one with variants must be inlined into both. */
#define INLINE static inline __attribute__((always_inline))

#define NONE UINT32_MAX /* no passage, no block */

enum {
    BLOCK = 128, /* postings per block, as in Lucene and tantivy */
    SKIP = 12,   /* bytes of a skip entry: last passage, offset of postings, offset of positions */
    WINDOW = 4096, /* passages per window; their sums fit into the L1 cache */
    STRIP = 64,  /* passages per strip, for which a maximum bound is kept */
    TABLED = 16, /* frequencies with precomputed saturation */
    FEWEST = 20, /* minimum number of passages scored in the first pass */
    MANY = 255,  /* number of extra positions that no longer fits into a byte */
    PADDING = 8  /* readable bytes after the last packed number */
};

/* The postings of a segment. */
typedef struct {
    uint32_t passages;
    uint32_t texts;           /* texts per passage; their lengths are adjacent */
    const uint32_t *starts;   /* index of each term's first posting, and the end */
    const uint32_t *at;       /* offset of each term in `postings` */
    const uint32_t *places_at;
    const uint8_t *postings;
    const uint8_t *places;
    const uint8_t *length_bytes;
    const void *lengths;      /* passages x texts, 16 bits or, if `wide`, 32 */
    uint32_t wide;
} Segment;

/* BM25 saturation of one commit: from a table for frequencies below TABLED, else computed. */
typedef struct {
    double most;         /* k1 + 1 */
    const double *norms; /* by length byte */
    const double *table; /* TABLED x 256 */
} Model;

/* A term with its weight, or computed passages and scores (`docs`, `scores`). */
typedef struct {
    uint32_t term;
    uint32_t count;
    double factor;       /* weight times idf */
    double most;         /* upper bound of its scores */
    const uint8_t *row;  /* one byte per passage for a frequent term */
    const uint32_t *docs;
    const double *scores;
} List;

/* Top-k options: the `room` best passages that the masks `live` and `allowed` permit (NULL for
 * all), each score multiplied by its `factors` of at most 1 (NULL for 1). */
typedef struct {
    const uint8_t *live, *allowed;
    const double *factors;
    uint32_t room;
} Choice;

/* Work arrays of a thread, with room for every passage; `maxima` for every strip. */
typedef struct {
    uint32_t *docs;
    double *scores;
    uint16_t *bounds, *maxima;
} Space;

/* An iterator over a list in passage order. */
typedef struct {
    const Segment *segment;
    const List *list;
    const uint8_t *data;
    uint32_t blocks, block, size, at;
    uint32_t end; /* the first passage after the current block, 0 if none is open */
    int counted;  /* whether the frequencies of the current block are unpacked */
    uint32_t docs[BLOCK], frequencies[BLOCK];
} Cursor;

/* State of a list that is read sequentially, window by window. */
typedef struct {
    uint32_t block, size, at;
    uint32_t docs[BLOCK], frequencies[BLOCK];
} Front;

uint32_t kb_bits(uint32_t highest);
size_t kb_packed(uint32_t count, uint32_t bits);
void kb_unpack(const uint8_t *packed, uint32_t count, uint32_t bits, uint32_t *out);
uint32_t kb_block(const Segment *segment, uint32_t term, uint32_t count, uint32_t block,
                  uint32_t *docs, uint32_t *frequencies);

uint32_t kb_most_frequent(const Segment *segment, uint32_t term, uint32_t count, uint32_t block);

int64_t kb_unite(const Segment *segment, const Model *model, const List *lists, uint32_t count,
                 int best, uint32_t *docs, double *scores);
int kb_advance(const Segment *segment, const List *list, Front *front);

void kb_begin(Cursor *cursor, const Segment *segment, const List *list);
void kb_open(Cursor *cursor, uint32_t block);
int kb_seek_on(Cursor *cursor, uint32_t doc);
void kb_count_block(Cursor *cursor);

INLINE uint32_t load32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

INLINE uint64_t load64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline int is_left(const Choice *choice, uint32_t doc)
{
    return (!choice->live || choice->live[doc]) && (!choice->allowed || choice->allowed[doc]);
}

static inline uint32_t blocks_of(uint32_t count)
{
    return (count + BLOCK - 1) / BLOCK;
}

/* The positions of a block of postings; see packing.c. */
typedef struct {
    const uint8_t *ends, *packed; /* `ends` is NULL if each posting has one position */
    uint32_t bits, count;
} PlacesBlock;

INLINE PlacesBlock kb_places_block(const uint8_t *data, uint32_t size)
{
    PlacesBlock found = {NULL, data + 2, data[0], data[1]};
    if (found.count == MANY) {
        found.count = load32(data + 2);
        found.packed += 4;
    }
    if (found.count) {
        found.ends = found.packed;
        found.packed += (found.count + size + 7) / 8;
    }
    found.count += size;
    return found;
}

INLINE uint32_t kb_place(const PlacesBlock *places, uint32_t number)
{
    size_t bit = (size_t)number * places->bits;
    return (uint32_t)(load64(places->packed + (bit >> 3)) >> (bit & 7)
                      & (((uint64_t)1 << places->bits) - 1));
}

INLINE uint32_t kb_is_last(const PlacesBlock *places, uint32_t number)
{
    return places->ends ? places->ends[number / 8] >> number % 8 & 1u : 1;
}

/* Find a passage in the current block: binary search with a fixed number of steps, which avoids
 * branch mispredictions and lets lookups of different passages overlap. */
INLINE int seek_here(Cursor *cursor, uint32_t doc)
{
    const uint32_t *docs = cursor->docs;
    uint32_t at = 0;
    for (uint32_t half = BLOCK / 2; half; half /= 2)
        at += half * (docs[at + half - 1] < doc);
    cursor->at = at;
    return docs[at] == doc;
}

/* Return whether the list contains `doc`, which must not be less than an earlier one. */
INLINE int kb_seek(Cursor *cursor, uint32_t doc)
{
    return doc < cursor->end ? seek_here(cursor, doc) : kb_seek_on(cursor, doc);
}

INLINE double saturated(const Model *model, uint32_t frequency, uint8_t length)
{
    if (frequency < TABLED)
        return model->table[frequency * 256 + length];
    return frequency * model->most / (frequency + model->norms[length]);
}

/* Return the list's score of the last passage that was found. */
INLINE double kb_score(Cursor *cursor, const Model *model)
{
    const List *list = cursor->list;
    if (list->docs)
        return list->scores[cursor->at];
    if (!cursor->counted)
        kb_count_block(cursor);
    uint8_t length = cursor->segment->length_bytes[cursor->docs[cursor->at]];
    return saturated(model, cursor->frequencies[cursor->at], length) * list->factor;
}

#endif
