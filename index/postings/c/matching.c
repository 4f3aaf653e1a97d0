/* Matching: accumulates bounds of all passages in small integers and finds the exact top k. */
#include <stdlib.h>

#include "top_k.h"
#include "kernel.h"

WIDE_TOO
static void set_row(uint16_t *bounds, const uint8_t *row, uint16_t factor, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bounds[i] = (uint16_t)(row[i] * factor);
}

WIDE_TOO
static void add_row(uint16_t *bounds, const uint8_t *row, uint16_t factor, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bounds[i] = (uint16_t)(bounds[i] + row[i] * factor);
}

static void add_postings(const Segment *segment, const Model *model, const List *list, Front *front,
                         double unit, uint32_t end, uint16_t *bounds)
{
    double scale = list->factor * unit;
    while (kb_advance(segment, list, front)) {
        const double *known = list->docs ? list->scores + (front->block - 1) * BLOCK : NULL;
        for (; front->at < front->size; front->at++) {
            uint32_t doc = front->docs[front->at];
            if (doc >= end)
                return;
            double score = known ? known[front->at] * unit
                                 : saturated(model, front->frequencies[front->at],
                                             segment->length_bytes[doc]) * scale;
            bounds[doc] = (uint16_t)(bounds[doc] + (uint16_t)score + 1);
        }
    }
}

/* Accumulate score bounds of all passages; a score of 1 is `unit`. With `every`, all lists must
 * have rows, and a passage missing from any list gets 0. Returns -1 if memory runs out. */
EXPORT int64_t kb_add_up(const Segment *segment, const Model *model, const List *lists,
                         uint32_t count, int every, double unit, uint16_t *bounds)
{
    Front *fronts = malloc((count ? count : 1) * sizeof *fronts);
    if (!fronts)
        return -1;
    for (uint32_t n = 0; n < count; n++)
        fronts[n].block = fronts[n].size = fronts[n].at = 0;
    for (uint32_t start = 0; start < segment->passages; start += WINDOW) {
        uint32_t rest = segment->passages - start, size = rest < WINDOW ? rest : WINDOW;
        int filled = 0;
        for (uint32_t n = 0; n < count; n++) {
            if (!lists[n].row)
                continue;
            double factor = lists[n].most * unit / 255;
            uint16_t whole = (uint16_t)factor;
            whole = (uint16_t)(whole + (whole < factor));
            (filled ? add_row : set_row)(bounds + start, lists[n].row + start, whole, size);
            filled = 1;
        }
        if (!filled)
            memset(bounds + start, 0, size * sizeof *bounds);
        for (uint32_t n = 0; n < count; n++) {
            if (!lists[n].row)
                add_postings(segment, model, lists + n, fronts + n, unit, start + size, bounds);
        }
        for (uint32_t n = 0; every && n < count; n++)
            for (uint32_t i = 0; i < size; i++)
                bounds[start + i] &= (uint16_t)-(lists[n].row[start + i] != 0);
    }
    free(fronts);
    return 0;
}

/* Find the `room` best of scored passages, each score multiplied by its `factors`. */
EXPORT int64_t kb_best_listed(const uint32_t *docs, const double *scores, uint32_t count,
                              const double *factors, uint32_t room, uint32_t *best_docs,
                              double *best_scores)
{
    Best best = {0, room, best_docs, best_scores};
    for (uint32_t i = 0; room && i < count; i++)
        offer(&best, docs[i], factors ? scores[i] * factors[docs[i]] : scores[i]);
    return in_order(&best);
}

/* A function that computes the maximum bound of each whole strip, for bounds of one type. */
#define MAXIMA(name, type)                                                                   \
    WIDE_TOO                                                                                 \
    static void name(const type *bounds, uint32_t count, uint16_t *maxima)                   \
    {                                                                                        \
        for (uint32_t strip = 0; strip < count / STRIP; strip++, bounds += STRIP) {          \
            type most = 0;                                                                   \
            for (uint32_t i = 0; i < STRIP; i++)                                             \
                most = bounds[i] > most ? bounds[i] : most;                                  \
            maxima[strip] = most;                                                            \
        }                                                                                    \
    }

MAXIMA(maxima8, uint8_t)
MAXIMA(maxima16, uint16_t)

static uint16_t bound_of(const void *bounds, int wide, uint32_t doc)
{
    return wide ? ((const uint16_t *)bounds)[doc] : ((const uint8_t *)bounds)[doc];
}

/* Return the highest level reached by at least `wanted` of `maxima`, 1 if there is none. */
static uint16_t level_of(const uint16_t *maxima, uint32_t count, uint32_t wanted)
{
    uint32_t counts[256] = {0}, low[256] = {0}, reached = 0;
    int high = 255, least = 255;
    for (uint32_t i = 0; i < count; i++)
        counts[maxima[i] >> 8]++;
    for (; high >= 0 && reached + counts[high] < wanted; high--)
        reached += counts[high];
    if (high < 0)
        return 1;
    for (uint32_t i = 0; i < count; i++)
        low[maxima[i] & 255] += maxima[i] >> 8 == high;
    for (; least > 0 && reached + low[least] < wanted; least--)
        reached += low[least];
    return (uint16_t)(high << 8 | least ? high << 8 | least : 1);
}

/* Lists to score, with one cursor each. */
typedef struct {
    const Model *model;
    const List *lists;
    Cursor *cursors;
    uint32_t count;
} Scored;

static double score_of(const Scored *scored, uint32_t doc)
{
    double score = 0;
    for (uint32_t n = 0; n < scored->count; n++) {
        if (scored->lists[n].row && !scored->lists[n].row[doc])
            continue;
        if (kb_seek(scored->cursors + n, doc))
            score += kb_score(scored->cursors + n, scored->model);
    }
    return score;
}

static int begin_all(Scored *scored, const Segment *segment)
{
    if (!scored->cursors)
        scored->cursors = malloc((scored->count ? scored->count : 1) * sizeof *scored->cursors);
    for (uint32_t n = 0; scored->cursors && n < scored->count; n++)
        kb_begin(scored->cursors + n, segment, scored->lists + n);
    return scored->cursors != NULL;
}

/* Find the `room` best passages by their bounds (bytes, or 16 bits if `wide`).
 *
 * Exact in two passes: the passages with the highest bounds are scored, and the lowest score in
 * the top k decides which other bounds are scored. `maxima` has room for one number per STRIP
 * passages. Returns -1 if memory runs out. */
EXPORT int64_t kb_best_spread(const Segment *segment, const Model *model, const List *lists,
                              uint32_t count, const void *bounds, int wide, double unit,
                              const double *factors, uint32_t room, uint16_t *maxima,
                              uint32_t *best_docs, double *best_scores)
{
    uint32_t passages = segment->passages, strips = passages / STRIP;
    uint32_t first_round = room > FEWEST ? room : FEWEST;
    Scored scored = {model, lists, NULL, count};
    Best best = {0, room, best_docs, best_scores};
    if (!begin_all(&scored, segment))
        return -1;
    if (wide)
        maxima16(bounds, passages, maxima);
    else
        maxima8(bounds, passages, maxima);
    if (passages % STRIP) {
        maxima[strips] = 0;
        for (uint32_t doc = strips * STRIP; doc < passages; doc++)
            if (bound_of(bounds, wide, doc) > maxima[strips])
                maxima[strips] = bound_of(bounds, wide, doc);
        strips++;
    }
    uint32_t above = UINT32_MAX, level = level_of(maxima, strips, first_round);
    for (int round = 0; room && round < 2; round++) {
        for (uint32_t strip = 0; strip < strips; strip++) {
            if (maxima[strip] < level)
                continue;
            uint32_t end = (strip + 1) * STRIP < passages ? (strip + 1) * STRIP : passages;
            for (uint32_t doc = strip * STRIP; doc < end; doc++) {
                uint32_t bound = bound_of(bounds, wide, doc);
                if (bound < level || bound >= above)
                    continue;
                if (best.size == room && bound < best.scores[0] * (1 - SLACK) * unit - 1)
                    continue;
                double score = score_of(&scored, doc);
                offer(&best, doc, factors ? score * factors[doc] : score);
            }
        }
        double threshold = best.size == room ? best.scores[0] * (1 - SLACK) * unit : 0;
        above = level;
        level = threshold >= 1 ? (uint32_t)threshold : 1;
        if (level >= above)
            break;
        begin_all(&scored, segment);
    }
    free(scored.cursors);
    return in_order(&best);
}

/* Score sorted `docs`. Returns -1 if memory runs out. */
EXPORT int64_t kb_scores(const Segment *segment, const Model *model, const List *lists,
                         uint32_t count, const uint32_t *docs, uint32_t size, double *scores)
{
    Scored scored = {model, lists, NULL, count};
    if (!begin_all(&scored, segment))
        return -1;
    for (uint32_t i = 0; i < size; i++)
        scores[i] = score_of(&scored, docs[i]);
    free(scored.cursors);
    return size;
}

WIDE_TOO
static void leave(uint16_t *bounds, const uint8_t *left, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bounds[i] = (uint16_t)(bounds[i] * left[i]);
}

/* Find the top k passages in any of `lists` or, with `every`, in all of them, which then must
 * have rows. United if `unit` is 0, otherwise by bounds. Returns -1 if memory runs out. */
EXPORT int64_t kb_best(const Segment *segment, const Model *model, const List *lists,
                       uint32_t count, int every, double unit, const Choice *choice,
                       const Space *space, uint32_t *docs, double *scores)
{
    if (!unit) {
        int64_t found = kb_unite(segment, model, lists, count, 0, space->docs, space->scores), n = 0;
        for (int64_t i = 0; i < found; i++) {
            space->docs[n] = space->docs[i];
            space->scores[n] = space->scores[i];
            n += is_left(choice, space->docs[i]);
        }
        return found < 0 ? found : kb_best_listed(space->docs, space->scores, (uint32_t)n,
                                                  choice->factors, choice->room, docs, scores);
    }
    const void *bounds = space->bounds;
    int alone = count == 1 && lists->row && !choice->live && !choice->allowed;
    if (alone) {
        bounds = lists->row;
        unit = 255 / lists->most;
    } else if (kb_add_up(segment, model, lists, count, every, unit, space->bounds) < 0) {
        return -1;
    }
    if (choice->live)
        leave(space->bounds, choice->live, segment->passages);
    if (choice->allowed)
        leave(space->bounds, choice->allowed, segment->passages);
    return kb_best_spread(segment, model, lists, count, bounds, !alone, unit, choice->factors,
                          choice->room, space->maxima, docs, scores);
}
