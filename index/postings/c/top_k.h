/* Top k passages: a heap with the lowest score at the root. */
#ifndef KB_TOP_K_H
#define KB_TOP_K_H

#include <stdint.h>

#define SLACK 1e-9 /* relative tolerance for sums in another order */

typedef struct {
    uint32_t size, room;
    uint32_t *docs;
    double *scores;
} Best;

static inline int worse(const Best *best, uint32_t a, uint32_t b)
{
    if (best->scores[a] != best->scores[b])
        return best->scores[a] < best->scores[b];
    return best->docs[a] > best->docs[b];
}

static inline void exchange(Best *best, uint32_t a, uint32_t b)
{
    uint32_t doc = best->docs[a];
    double score = best->scores[a];
    best->docs[a] = best->docs[b], best->scores[a] = best->scores[b];
    best->docs[b] = doc, best->scores[b] = score;
}

static inline void sink(Best *best, uint32_t at, uint32_t size)
{
    for (uint32_t child; (child = 2 * at + 1) < size; at = child) {
        if (child + 1 < size && worse(best, child + 1, child))
            child++;
        if (!worse(best, child, at))
            return;
        exchange(best, at, child);
    }
}

static inline void offer(Best *best, uint32_t doc, double score)
{
    if (best->size < best->room) {
        uint32_t at = best->size++;
        best->docs[at] = doc, best->scores[at] = score;
        for (; at && worse(best, at, (at - 1) / 2); at = (at - 1) / 2)
            exchange(best, at, (at - 1) / 2);
    } else if (score > best->scores[0] || (score == best->scores[0] && doc < best->docs[0])) {
        best->docs[0] = doc, best->scores[0] = score;
        sink(best, 0, best->size);
    }
}

/* Sort the heap, best first. */
static inline int64_t in_order(Best *best)
{
    for (uint32_t size = best->size; size > 1; size--) {
        exchange(best, 0, size - 1);
        sink(best, 0, size - 1);
    }
    return best->size;
}

/* Return the score needed to enter the top k, 0 while the heap is not full. */
static inline double needed(const Best *best)
{
    return best->size == best->room && best->room ? best->scores[0] * (1 - SLACK) : 0;
}

#endif
