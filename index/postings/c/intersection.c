/* Intersection: the passages in all of some lists, optionally as a phrase.
 *
 * The shortest list is read, the others are searched. In a top-k search, a passage is dropped
 * when its known score plus the maximum scores of the remaining lists cannot reach the
 * threshold (Turtle and Flood, "Query evaluation: strategies and optimizations", 1995).
 * Positions, which cost most, are compared last. */
#include <stdlib.h>

#include "top_k.h"
#include "kernel.h"

/* A phrase: the index of the list of each word, and the number of the text that must contain
 * it, negative for any. */
typedef struct {
    const uint32_t *words;
    uint32_t length;
    int text;
} Phrase;

/* The positions of a cursor's current posting, and the index of that posting in the block. */
typedef struct {
    uint32_t block; /* the block that was read */
    PlacesBlock of;
    uint32_t posting, first;
} Places;

/* A list during intersection: its cursor, positions, and score of the current passage. */
typedef struct {
    Cursor cursor;
    Places places;
    double bound, score;
} Step;

/* Advance to a posting of the block: its first position follows the end of the previous posting. */
INLINE void go_to_posting(Places *places, uint32_t posting)
{
    uint32_t left = posting - places->posting, word = places->first / 64;
    places->posting = posting;
    if (!places->of.ends)
        places->first = posting;
    if (!places->of.ends || !left)
        return;
    uint64_t bits = load64(places->of.ends + 8 * word) & ~(uint64_t)0 << places->first % 64;
    for (;;) {
        uint32_t here = (uint32_t)__builtin_popcountll(bits);
        if (here >= left)
            break;
        left -= here;
        bits = load64(places->of.ends + 8 * ++word);
    }
    while (--left)
        bits &= bits - 1;
    places->first = word * 64 + (uint32_t)__builtin_ctzll(bits) + 1;
}

INLINE void find_places(Places *places, const Cursor *cursor)
{
    if (places->block != cursor->block) {
        const Segment *segment = cursor->segment;
        const uint8_t *data = segment->places + segment->places_at[cursor->list->term];
        if (cursor->blocks > 1)
            data += load32(cursor->data + cursor->block * SKIP + 8);
        places->of = kb_places_block(data, cursor->size);
        places->block = cursor->block;
        places->posting = places->first = 0;
    }
    go_to_posting(places, cursor->at);
}

INLINE uint32_t length_of(const Segment *segment, uint32_t doc, int text)
{
    size_t number = (size_t)doc * segment->texts + (size_t)text;
    return segment->wide ? ((const uint32_t *)segment->lengths)[number]
                         : ((const uint16_t *)segment->lengths)[number];
}

INLINE int has_place(const Places *places, uint32_t wanted)
{
    uint32_t place = 0;
    for (uint32_t i = places->first;; i++) {
        place += kb_place(&places->of, i);
        if (place >= wanted || kb_is_last(&places->of, i))
            return place == wanted;
    }
}

/* Return whether the phrase occurs in the current passage of all `steps`. */
INLINE int side_by_side(const Step *steps, const uint32_t *words, uint32_t length,
                               uint32_t rarest, uint64_t from, uint64_t to)
{
    const Places *own = &steps[words[rarest]].places;
    uint32_t place = 0;
    for (uint32_t i = own->first;; i++) {
        uint32_t n = 0;
        place += kb_place(&own->of, i);
        if (place >= rarest && place - rarest >= from && place - rarest + length <= to) {
            while (n < length
                   && (n == rarest || has_place(&steps[words[n]].places, place - rarest + n)))
                n++;
            if (n == length)
                return 1;
        }
        if (kb_is_last(&own->of, i))
            return 0;
    }
}

/* All lists: in the given order, and by ascending length. */
typedef struct {
    Step *steps;
    uint32_t *order;
} Steps;

static int begin_steps(Steps *found, const Segment *segment, const List *lists, uint32_t count)
{
    found->steps = malloc(count * (sizeof *found->steps + sizeof *found->order));
    if (!found->steps)
        return 0;
    found->order = (uint32_t *)(found->steps + count);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t at = n;
        kb_begin(&found->steps[n].cursor, segment, lists + n);
        found->steps[n].places.block = UINT32_MAX;
        found->steps[n].bound = lists[n].most;
        for (; at && lists[found->order[at - 1]].count > lists[n].count; at--)
            found->order[at] = found->order[at - 1];
        found->order[at] = n;
    }
    return 1;
}

/* Keep those of `kept`, indexes into `docs`, that are in a row. Branchless, because
 * mispredicted branches cost more than the lookup. */
static uint32_t sieve_by_row(const uint8_t *row, const uint32_t *docs, uint8_t *kept, uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t n = 0; n < count; n++) {
        kept[left] = kept[n];
        left += row[docs[kept[n]]] != 0;
    }
    return left;
}

/* The same for those with a sufficient frequency. */
static uint32_t sieve_by_frequency(const uint32_t *frequencies, uint32_t fewest, uint8_t *kept,
                                   uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t n = 0; n < count; n++) {
        kept[left] = (uint8_t)n;
        left += frequencies[n] >= fewest;
    }
    return left;
}

/* The same for those in a list. */
static uint32_t sieve_by_list(Cursor *cursor, const uint32_t *docs, uint8_t *kept, uint32_t count)
{
    uint32_t left = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint8_t number = kept[n];
        kept[left] = number;
        left += (uint32_t)kb_seek(cursor, docs[number]);
    }
    return left;
}

/* Return whether a passage can reach `least`, given its rows and the maximum scores of lists
 * without rows. `known` is its score in the shortest list. */
INLINE int may_reach(Steps *all, const List *lists, uint32_t count, uint32_t doc, double known,
                     double least, double *bound)
{
    *bound = known;
    for (uint32_t n = 1; n < count; n++) {
        const List *list = lists + all->order[n];
        double most = list->row ? list->most * list->row[doc] / 255 : list->most;
        all->steps[all->order[n]].bound = most;
        *bound += most;
    }
    return *bound >= least;
}

/* Look up a passage in all lists except the shortest; return whether all contain it and it can
 * still reach `least`. */
INLINE int look_up(Steps *all, const Model *model, uint32_t count, uint32_t doc, double bound,
                   double least)
{
    for (uint32_t n = 1; n < count; n++) {
        Step *step = all->steps + all->order[n];
        if (!kb_seek(&step->cursor, doc))
            return 0;
        if (least == 0)
            continue;
        step->score = kb_score(&step->cursor, model);
        bound += step->score - step->bound;
        if (bound < least)
            return 0;
    }
    return 1;
}

/* Return the minimum frequency in the shortest list, at the best length, for a passage to reach
 * `least` together with the maximum of the `others`. */
static uint32_t fewest_needed(const Model *model, const List *lead, double others, double least)
{
    uint32_t frequency = 1;
    while (frequency < TABLED && saturated(model, frequency, 0) * lead->factor + others < least)
        frequency++;
    return frequency;
}

/* Read the frequencies of a block; return whether any is at least `fewest`. */
INLINE int has_frequent(Cursor *cursor, uint32_t block, uint32_t size, uint32_t fewest)
{
    const List *list = cursor->list;
    uint32_t highest = 0;
    if (kb_most_frequent(cursor->segment, list->term, list->count, block) < fewest)
        return 0;
    cursor->block = block;
    kb_count_block(cursor);
    for (uint32_t i = 0; i < size; i++)
        highest = cursor->frequencies[i] > highest ? cursor->frequencies[i] : highest;
    return highest >= fewest;
}

INLINE int are_side_by_side(Steps *all, const Segment *segment, uint32_t count, uint32_t doc,
                            const Phrase *phrase, uint32_t rarest)
{
    for (uint32_t n = 0; n < count; n++)
        find_places(&all->steps[n].places, &all->steps[n].cursor);
    uint64_t from = 0, to = UINT64_MAX;
    if (phrase->text >= 0) {
        for (int before = 0; before < phrase->text; before++)
            from += length_of(segment, doc, before) + 1; /* a gap of one position between texts */
        to = from + length_of(segment, doc, phrase->text);
    }
    return side_by_side(all->steps, phrase->words, phrase->length, rarest, from, to);
}

/* Intersect one or more `lists`. With `words`, the index of the list of each word of a phrase,
 * the phrase must occur in the text with the given number, or in any if that is negative.
 * Results are written to `docs`, sorted, and `scores`; with a choice, only the top k are
 * written, best first. Returns -1 if memory runs out. */
EXPORT WIDE_TOO int64_t kb_together(const Segment *segment, const Model *model, const List *lists,
                                    uint32_t count, const uint32_t *words, uint32_t length,
                                    int text, const Choice *choice, uint32_t *docs, double *scores)
{
    const Phrase typed = {words, length, text}, *phrase = words ? &typed : NULL;
    Steps all;
    if (choice && !choice->room)
        return 0;
    if (!begin_steps(&all, segment, lists, count))
        return -1;
    Best best = {0, choice ? choice->room : 0, docs, scores};
    const uint32_t first = all.order[0];
    const List *lead = lists + first;
    Cursor *cursor = &all.steps[first].cursor;
    double others = 0, least = 0, bound = 0;
    uint32_t rarest = 0, done = 0, fewest = 1;
    Cursor sieve; /* a second cursor over the shortest of the other lists without a row */
    sieve.list = NULL;
    for (uint32_t n = 1; n < count; n++) {
        const List *list = lists + all.order[n];
        others += list->most;
        if (!sieve.list && !list->row && !list->docs)
            kb_begin(&sieve, segment, list);
    }
    while (phrase && phrase->words[rarest] != first)
        rarest++;
    for (uint32_t block = 0; block < cursor->blocks; block++) {
        const uint32_t start = block * BLOCK, *here = cursor->docs;
        uint32_t size = lead->count - start < BLOCK ? lead->count - start : BLOCK;
        if (lead->docs) {
            here = lead->docs + start;
        } else {
            int counted = fewest > 1;
            if (counted && !has_frequent(cursor, block, size, fewest))
                continue;
            kb_open(cursor, block);
            cursor->counted = counted;
        }
        uint8_t kept[BLOCK];
        uint32_t left = size;
        for (uint32_t i = 0; i < BLOCK; i++)
            kept[i] = (uint8_t)i;
        if (fewest > 1)
            left = sieve_by_frequency(cursor->frequencies, fewest, kept, size);
        for (uint32_t n = 1; n < count; n++)
            if (lists[all.order[n]].row)
                left = sieve_by_row(lists[all.order[n]].row, here, kept, left);
        if (least == 0 && sieve.list)
            left = sieve_by_list(&sieve, here, kept, left);
        for (uint32_t k = 0; k < left; k++) {
            uint32_t i = kept[k], doc = here[i];
            if (fewest > 1 && cursor->frequencies[i] < fewest)
                continue;
            cursor->at = lead->docs ? start + i : i;
            if (least > 0) {
                double own = kb_score(cursor, model);
                all.steps[first].score = own;
                if (own + others < least
                    || !may_reach(&all, lists, count, doc, own, least, &bound))
                    continue;
            }
            if (choice && !is_left(choice, doc))
                continue;
            if (!look_up(&all, model, count, doc, bound, least))
                continue;
            if (phrase && !are_side_by_side(&all, segment, count, doc, phrase, rarest))
                continue;
            double score = 0;
            for (uint32_t n = 0; n < count; n++)
                score += least > 0 ? all.steps[n].score : kb_score(&all.steps[n].cursor, model);
            if (choice) {
                offer(&best, doc, choice->factors ? score * choice->factors[doc] : score);
                least = needed(&best);
                if (least > 0 && !lead->docs)
                    fewest = fewest_needed(model, lead, others, least);
            } else {
                docs[done] = doc;
                scores[done++] = score;
            }
        }
    }
    free(all.steps);
    return choice ? in_order(&best) : done;
}
