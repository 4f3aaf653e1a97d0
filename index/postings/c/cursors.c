/* Cursors: looking passages up in a list, in rising order, block by block; fronts: reading all. */
#include "kernel.h"

#define NONE UINT32_MAX

void kb_begin(Cursor *cursor, const Segment *segment, const List *list)
{
    cursor->segment = segment;
    cursor->list = list;
    cursor->at = 0;
    cursor->block = NONE;
    cursor->blocks = blocks_of(list->count);
    cursor->last = 0;
    cursor->size = 0;
    cursor->counted = 0;
    cursor->data = list->docs ? NULL : segment->postings + segment->at[list->term];
}

/* Return the first number from `low` on whose value is not below `wanted`: galloping, then halving
 * (Bentley and Yao, "An almost optimal algorithm for unbounded searching", 1976). */
static uint32_t gallop(const uint8_t *from, size_t stride, uint32_t low, uint32_t count,
                       uint32_t wanted)
{
    uint32_t step = 1, high = low;
    while (high < count && load32(from + high * stride) < wanted) {
        low = high + 1;
        high += step;
        step <<= 1;
    }
    if (high > count)
        high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (load32(from + middle * stride) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Go to the beginning of a block of a term's. */
void kb_open(Cursor *cursor, uint32_t block)
{
    const List *list = cursor->list;
    cursor->size = kb_block(cursor->segment, list->term, list->count, block, cursor->docs, NULL);
    cursor->block = block;
    cursor->last = cursor->docs[cursor->size - 1];
    cursor->at = 0;
    cursor->counted = 0;
}

/* Tell whether the list has `doc`, which is not below any that was asked for before. */
int kb_seek(Cursor *cursor, uint32_t doc)
{
    const List *list = cursor->list;
    if (list->docs) {
        cursor->at = gallop((const uint8_t *)list->docs, 4, cursor->at, list->count, doc);
        return cursor->at < list->count && list->docs[cursor->at] == doc;
    }
    if (cursor->block == NONE || doc > cursor->last) {
        uint32_t block = cursor->block == NONE ? 0 : cursor->block + 1;
        if (cursor->blocks > 1)
            block = gallop(cursor->data, SKIP, block, cursor->blocks, doc);
        if (block >= cursor->blocks) {
            cursor->block = cursor->blocks - 1;
            cursor->last = UINT32_MAX; /* nothing more: the search below finds the end */
            cursor->at = cursor->size = 0;
            return 0;
        }
        kb_open(cursor, block);
    }
    while (cursor->at < cursor->size && cursor->docs[cursor->at] < doc) {
        uint32_t ahead = cursor->at + 8; /* eight at once where they all lie before */
        cursor->at = ahead < cursor->size && cursor->docs[ahead] < doc ? ahead : cursor->at + 1;
    }
    return cursor->at < cursor->size && cursor->docs[cursor->at] == doc;
}

/* Return the frequency of a term in the passage that was found last. */
uint32_t kb_frequency(Cursor *cursor)
{
    const List *list = cursor->list;
    if (!cursor->counted) {
        kb_block(cursor->segment, list->term, list->count, cursor->block, NULL,
                 cursor->frequencies);
        cursor->counted = 1;
    }
    return cursor->frequencies[cursor->at];
}

/* Return what the list gives to the passage that was found last. */
double kb_score(Cursor *cursor, const Model *model)
{
    const List *list = cursor->list;
    if (list->docs)
        return list->scores[cursor->at];
    uint8_t length = cursor->segment->length_bytes[cursor->docs[cursor->at]];
    return saturated(model, kb_frequency(cursor), length) * list->factor;
}

/* Read the next block of a list when the present one is done; tell whether anything is left. */
int kb_advance(const Segment *segment, const List *list, Front *front)
{
    if (front->at < front->size)
        return 1;
    if (front->block >= blocks_of(list->count))
        return 0;
    front->at = 0;
    if (list->docs) {
        uint32_t start = front->block * BLOCK, rest = list->count - start;
        front->size = rest < BLOCK ? rest : BLOCK;
        memcpy(front->docs, list->docs + start, front->size * sizeof *front->docs);
    } else {
        front->size = kb_block(segment, list->term, list->count, front->block, front->docs,
                               front->frequencies);
    }
    front->block++;
    return 1;
}
