/* Lists united, intersected, and read for phrases. What is found goes to `docs`, sorted, and
 * `scores`; both have room for every passage of the segment. */
#include <stdlib.h>

#include "kernel.h"

/* Read a whole list; return how many passages it has. */
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

/* What is known of a window of passages while lists are united. */
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

/* Unite `lists`, adding their scores up or keeping the best. Returns -1 where there is no memory. */
EXPORT int64_t kb_unite(const Segment *segment, const Model *model, const List *lists,
                        uint32_t count, int best, uint32_t *docs, double *scores)
{
    if (count == 1)
        return read_list(segment, model, lists, docs, scores);
    Front *fronts = malloc(count * sizeof *fronts);
    Window *window = calloc(1, sizeof *window);
    int64_t done = fronts && window ? 0 : -1;
    for (uint32_t n = 0; done == 0 && n < count; n++)
        fronts[n].block = fronts[n].size = fronts[n].at = 0;
    while (done >= 0) {
        uint32_t next = UINT32_MAX, start;
        for (uint32_t n = 0; n < count; n++)
            if (kb_advance(segment, lists + n, fronts + n) && fronts[n].docs[fronts[n].at] < next)
                next = fronts[n].docs[fronts[n].at];
        if (next == UINT32_MAX)
            break;
        start = next / WINDOW * WINDOW;
        for (uint32_t n = 0; n < count; n++)
            gather(segment, model, lists + n, fronts + n, start, best, window);
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
    free(fronts);
    return done;
}

/* Intersect `lists`, of which the first is the shortest. Returns -1 where there is no memory. */
EXPORT int64_t kb_intersect(const Segment *segment, const Model *model, const List *lists,
                            uint32_t count, uint32_t *docs, double *scores)
{
    uint32_t left = read_list(segment, model, lists, docs, scores);
    if (count == 1)
        return left;
    Cursor *cursors = malloc((count - 1) * sizeof *cursors);
    if (!cursors)
        return -1;
    for (uint32_t n = 1; n < count; n++)
        kb_begin(cursors + n - 1, segment, lists + n);
    uint32_t done = 0;
    for (uint32_t i = 0; i < left; i++) {
        uint32_t doc = docs[i], n = 1;
        for (; n < count; n++)
            if (lists[n].row && !lists[n].row[doc])
                break;
        if (n < count)
            continue;
        double score = scores[i];
        for (n = 1; n < count && kb_seek(cursors + n - 1, doc); n++)
            score += kb_score(cursors + n - 1, model);
        if (n < count)
            continue;
        docs[done] = doc;
        scores[done++] = score;
    }
    free(cursors);
    return done;
}

/* The places of the posting that a cursor is at. */
typedef struct {
    uint32_t block; /* that `of` was read from */
    PlacesBlock of;
    uint32_t first; /* of the posting's places */
} Places;

/* Return the number of the first place of a posting: one after the end of the posting before. */
static inline uint32_t first_place(const PlacesBlock *places, uint32_t posting)
{
    if (!places->ends || !posting)
        return posting;
    uint32_t word = 0, left = posting;
    for (;; word++) {
        uint64_t bits = load64(places->ends + 8 * word);
        uint32_t here = (uint32_t)__builtin_popcountll(bits);
        if (here >= left) {
            while (--left)
                bits &= bits - 1;
            return word * 64 + (uint32_t)__builtin_ctzll(bits) + 1;
        }
        left -= here;
    }
}

static inline void find_places(Places *places, const Cursor *cursor)
{
    if (places->block != cursor->block) {
        const Segment *segment = cursor->segment;
        const uint8_t *data = segment->places + segment->places_at[cursor->list->term];
        if (cursor->blocks > 1)
            data += load32(cursor->data + cursor->block * SKIP + 8);
        places->of = kb_places_block(data, cursor->size);
        places->block = cursor->block;
    }
    places->first = first_place(&places->of, cursor->at);
}

static inline uint32_t length_of(const Segment *segment, uint32_t doc, int text)
{
    size_t number = (size_t)doc * segment->texts + (size_t)text;
    return segment->wide ? ((const uint32_t *)segment->lengths)[number]
                         : ((const uint16_t *)segment->lengths)[number];
}

static inline int has_place(const Places *places, uint32_t wanted)
{
    uint32_t place = 0;
    for (uint32_t i = places->first;; i++) {
        place += kb_place(&places->of, i);
        if (place >= wanted || kb_is_last(&places->of, i))
            return place == wanted;
    }
}

/* Tell whether the words stand side by side in the passage that all `places` are of. */
static inline int side_by_side(const Places *places, const uint32_t *words, uint32_t length,
                        uint32_t rarest, uint64_t from, uint64_t to)
{
    const Places *own = places + words[rarest];
    uint32_t place = 0;
    for (uint32_t i = own->first;; i++) {
        uint32_t n = 0;
        place += kb_place(&own->of, i);
        if (place >= rarest && place - rarest >= from && place - rarest + length <= to) {
            while (n < length
                   && (n == rarest || has_place(places + words[n], place - rarest + n)))
                n++;
            if (n == length)
                return 1;
        }
        if (kb_is_last(&own->of, i))
            return 0;
    }
}

/* Find where the words of a phrase stand side by side, in the text of that number or in any when it
 * is negative. `lists` are its different terms, `words` says which of them each word is. Returns -1
 * where there is no memory. */
EXPORT WIDE_TOO int64_t kb_phrase(const Segment *segment, const Model *model, const List *lists,
                         uint32_t count, const uint32_t *words, uint32_t length, int text,
                         uint32_t *docs, double *scores)
{
    Cursor *cursors = malloc(count * sizeof *cursors);
    Places *places = calloc(count, sizeof *places);
    int64_t done = cursors && places ? 0 : -1;
    uint32_t rarest = 0, first = 0;
    for (uint32_t n = 0; done == 0 && n < count; n++) {
        kb_begin(cursors + n, segment, lists + n);
        places[n].block = UINT32_MAX;
        if (lists[n].count < lists[first].count)
            first = n;
    }
    while (words[rarest] != first)
        rarest++;
    Cursor *lead = cursors + first;
    for (uint32_t block = 0; done >= 0 && block < lead->blocks; block++) {
        kb_open(lead, block);
        for (; lead->at < lead->size; lead->at++) {
            uint32_t doc = lead->docs[lead->at], n = 0;
            for (; n < count; n++)
                if (lists[n].row && !lists[n].row[doc])
                    break;
            if (n < count)
                continue;
            for (n = 0; n < count && (n == first || kb_seek(cursors + n, doc)); n++)
                ;
            if (n < count)
                continue;
            for (n = 0; n < count; n++)
                find_places(places + n, cursors + n);
            uint64_t from = 0, to = UINT64_MAX;
            if (text >= 0) {
                for (int before = 0; before < text; before++)
                    from += length_of(segment, doc, before) + 1; /* a place between is left free */
                to = from + length_of(segment, doc, text);
            }
            if (!side_by_side(places, words, length, rarest, from, to))
                continue;
            double score = 0;
            for (n = 0; n < count; n++)
                score += kb_score(cursors + n, model);
            docs[done] = doc;
            scores[done++] = score;
        }
    }
    free(places);
    free(cursors);
    return done;
}
