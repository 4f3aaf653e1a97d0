/* Union of lists. Results are written to `docs`, sorted, and `scores`, which have room for
 * every passage of the segment. */
#include <stdlib.h>

#include "kernel.h"

/* Read a whole list; return its number of passages. */
static uint32_t read_list(const Segment *segment, const Model *model, const List *list,
                          uint32_t *docs, double *scores)
{
    if (list->docs) {
        memcpy(docs, list->docs, list->count * sizeof *docs);
        memcpy(scores, list->scores, list->count * sizeof *scores);
        return list->count;
    }
    uint32_t frequencies[BLOCK], done = 0;
    for (uint32_t block = 0; block < blocks_of(list->count); block++) {
        uint32_t size = kb_block(segment, list->term, list->count, block, docs + done,
                                 frequencies);
        for (uint32_t i = 0; i < size; i++)
            scores[done + i] = saturated(model, frequencies[i],
                                         segment->length_bytes[docs[done + i]]) * list->factor;
        done += size;
    }
    return done;
}

/* State of a window of passages during a union. */
typedef struct {
    uint64_t seen[WINDOW / 64];
    double sums[WINDOW];
} Window;

static void gather(const Segment *segment, const Model *model, const List *list, Front *front,
                   uint32_t start, int best, Window *window)
{
    while (kb_advance(segment, list, front)) {
        const double *known = list->docs ? list->scores + (front->block - 1) * BLOCK : NULL;
        for (; front->at < front->size; front->at++) {
            uint32_t doc = front->docs[front->at], here = doc - start;
            if (here >= WINDOW)
                return;
            double score = known ? known[front->at]
                                 : saturated(model, front->frequencies[front->at],
                                             segment->length_bytes[doc]) * list->factor;
            uint64_t bit = (uint64_t)1 << (here & 63);
            if (!(window->seen[here >> 6] & bit)) {
                window->seen[here >> 6] |= bit;
                window->sums[here] = score;
            } else if (!best) {
                window->sums[here] += score;
            } else if (score > window->sums[here]) {
                window->sums[here] = score;
            }
        }
    }
}

static uint32_t next_of(const Segment *segment, const List *list, Front *front)
{
    return kb_advance(segment, list, front) ? front->docs[front->at] : NONE;
}

/* Unite `lists`, adding their scores or keeping the highest. Returns -1 if memory runs out. */
EXPORT int64_t kb_unite(const Segment *segment, const Model *model, const List *lists,
                        uint32_t count, int best, uint32_t *docs, double *scores)
{
    if (count == 1)
        return read_list(segment, model, lists, docs, scores);
    Front *fronts = malloc(count * sizeof *fronts);
    uint32_t *next = malloc(count * sizeof *next); /* current passage of each list, or NONE */
    Window *window = calloc(1, sizeof *window);
    int64_t done = fronts && next && window ? 0 : -1;
    for (uint32_t n = 0; done == 0 && n < count; n++) {
        fronts[n].block = fronts[n].size = fronts[n].at = 0;
        next[n] = next_of(segment, lists + n, fronts + n);
    }
    while (done >= 0) {
        uint32_t first = NONE, start;
        for (uint32_t n = 0; n < count; n++)
            first = next[n] < first ? next[n] : first;
        if (first == NONE)
            break;
        start = first / WINDOW * WINDOW;
        for (uint32_t n = 0; n < count; n++) {
            if (next[n] - start >= WINDOW)
                continue;
            gather(segment, model, lists + n, fronts + n, start, best, window);
            next[n] = next_of(segment, lists + n, fronts + n);
        }
        for (uint32_t word = 0; word < WINDOW / 64; word++) {
            for (uint64_t bits = window->seen[word]; bits; bits &= bits - 1) {
                uint32_t here = word * 64 + (uint32_t)__builtin_ctzll(bits);
                docs[done] = start + here;
                scores[done++] = window->sums[here];
            }
            window->seen[word] = 0;
        }
    }
    free(window);
    free(next);
    free(fronts);
    return done;
}
