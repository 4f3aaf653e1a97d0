/* Cursors look up passages in ascending order, block by block; fronts read whole lists. */
#include "kernel.h"

void kb_begin(Cursor *cursor, const Segment *segment, const List *list)
{
    cursor->segment = segment;
    cursor->list = list;
    cursor->at = 0;
    cursor->block = NONE;
    cursor->blocks = blocks_of(list->count);
    cursor->end = 0;
    cursor->size = 0;
    cursor->counted = 0;
    cursor->data = list->docs ? NULL : segment->postings + segment->at[list->term];
}

/* Return the first index from `low` on whose value is at least `wanted`: galloping, then binary
 * search (Bentley and Yao, "An almost optimal algorithm for unbounded searching", 1976). */
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

/* Move to the start of a block of the term; unused entries are filled with values that never
 * match. */
void kb_open(Cursor *cursor, uint32_t block)
{
    const List *list = cursor->list;
    cursor->size = kb_block(cursor->segment, list->term, list->count, block, cursor->docs, NULL);
    cursor->block = block;
    cursor->end = cursor->docs[cursor->size - 1] + 1;
    cursor->at = 0;
    cursor->counted = 0;
    for (uint32_t i = cursor->size; i < BLOCK; i++)
        cursor->docs[i] = NONE;
}

/* Like `kb_seek`, for a `doc` after the current block. */
int kb_seek_on(Cursor *cursor, uint32_t doc)
{
    const List *list = cursor->list;
    if (list->docs) {
        cursor->at = gallop((const uint8_t *)list->docs, 4, cursor->at, list->count, doc);
        return cursor->at < list->count && list->docs[cursor->at] == doc;
    }
    uint32_t block = cursor->block + 1; /* 0 if no block is open */
    if (cursor->blocks > 1)
        block = gallop(cursor->data, SKIP, block, cursor->blocks, doc);
    if (block >= cursor->blocks)
        return 0;
    kb_open(cursor, block);
    return seek_here(cursor, doc);
}

/* Read the frequencies of the current block. */
void kb_count_block(Cursor *cursor)
{
    const List *list = cursor->list;
    kb_block(cursor->segment, list->term, list->count, cursor->block, NULL, cursor->frequencies);
    cursor->counted = 1;
}

/* Read the next block of a list if the current one is exhausted; return whether any postings
 * are left. */
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
