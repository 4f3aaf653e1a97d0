/* Loops over postings that Python would pay for by the number: see index/postings/__init__.py.
 *
 * Nothing here allocates what it returns, opens a file or knows a query: arrays come in, arrays of
 * the caller's go out. What is read was sealed by a checksum, so lengths are believed.
 */
#ifndef KB_KERNEL_H
#define KB_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed postings are read as little-endian words"
#endif

#define EXPORT __attribute__((visibility("default")))

/* A second form of a loop for machines with wider registers, chosen when the library is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE_TOO __attribute__((target_clones("avx2", "default")))
#else
#define WIDE_TOO
#endif

/* What a loop with two forms calls must become a part of both. */
#define INLINE static inline __attribute__((always_inline))

#define NONE UINT32_MAX /* no passage, and no block */

enum {
    BLOCK = 128, /* postings that are packed together, as in Lucene and tantivy */
    SKIP = 12,   /* bytes of a skip entry: last passage, where its postings are, where its places */
    WINDOW = 4096, /* passages whose sums stay in the first cache while lists are added up */
    STRIP = 64,  /* passages whose highest bound is kept */
    TABLED = 16, /* frequencies whose saturation is looked up */
    FEWEST = 20, /* passages that are scored in the first round, where fewer are wanted */
    MANY = 255,  /* places beyond one a posting that no longer fit into a byte */
    PADDING = 8  /* bytes that may be read after the last packed number */
};

/* The postings of a segment. */
typedef struct {
    uint32_t passages;
    uint32_t texts;           /* of a passage, whose lengths stand side by side */
    const uint32_t *starts;   /* of each term the number of its first posting; one more at the end */
    const uint32_t *at;       /* of each term where it begins in `postings` */
    const uint32_t *places_at;
    const uint8_t *postings;
    const uint8_t *places;
    const uint8_t *length_bytes;
    const void *lengths;      /* passages x texts, in sixteen bits or, where `wide`, in thirty-two */
    uint32_t wide;
} Segment;

/* BM25's saturation for one commit: for frequencies below TABLED looked up, else worked out. */
typedef struct {
    double most;         /* K1 + 1 */
    const double *norms; /* of each byte of a length */
    const double *table; /* TABLED x 256 */
} Model;

/* A term with its weight, or passages with scores that were worked out (`docs`, `scores`). */
typedef struct {
    uint32_t term;
    uint32_t count;
    double factor;       /* weight times idf */
    double most;         /* a bound of its scores */
    const uint8_t *row;  /* of a frequent term: a byte for each passage */
    const uint32_t *docs;
    const double *scores;
} List;

/* Which passages are chosen: the `room` best of those that `live` and `allowed` leave (a truth for
 * every passage, NULL for all), each score times its `worth` (NULL for 1), which is at most 1. */
typedef struct {
    const uint8_t *live, *allowed;
    const double *worth;
    uint32_t room;
} Choice;

/* Where a thread works things out; each has room for every passage, `maxima` for every strip. */
typedef struct {
    uint32_t *docs;
    double *scores;
    uint16_t *bounds, *maxima;
} Space;

/* A walk through a list in the order of passages. */
typedef struct {
    const Segment *segment;
    const List *list;
    const uint8_t *data;
    uint32_t blocks, block, size, at;
    uint32_t end; /* the first passage after those of the present block, 0 where none is open */
    int counted;  /* whether `frequencies` holds those of the present block */
    uint32_t docs[BLOCK], frequencies[BLOCK];
} Cursor;

/* Where a list is that is read from its beginning to its end, window by window. */
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

/* The places of a block of postings; see packing.c. */
typedef struct {
    const uint8_t *ends, *packed; /* `ends` is NULL where each posting has one place */
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

/* Look a passage up in the present block: halving in as many steps for each, so that none of them
 * is guessed wrongly by the processor, and those of different passages overlap. */
INLINE int seek_here(Cursor *cursor, uint32_t doc)
{
    const uint32_t *docs = cursor->docs;
    uint32_t at = 0;
    for (uint32_t half = BLOCK / 2; half; half /= 2)
        at += half * (docs[at + half - 1] < doc);
    cursor->at = at;
    return docs[at] == doc;
}

/* Tell whether the list has `doc`, which is not below any that was asked for before. */
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

/* Return what the list gives to the passage that was found last. */
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
