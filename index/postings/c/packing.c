/* Packing: blocks of numbers with as many bits as the largest one needs.
 *
 * A term consists of a table of skip entries, if it has more than one block, and its blocks. A
 * block consists of the bit widths of gaps and frequencies (one byte each), the gaps between
 * passages minus one, and the frequencies minus one.
 *
 * The positions of a block consist of the bit width, the number of positions beyond one per
 * posting (one byte, or 255 and four bytes), if that is not 0 one bit per position, set for the
 * last of a posting, and the gaps between the positions within a passage. The positions of one
 * posting are found by counting bits and read without the others. (Lemire and Boytsov,
 * "Decoding billions of integers per second through vectorization", 2015.) */
#include "kernel.h"

uint32_t kb_bits(uint32_t highest)
{
    return highest ? 32 - (uint32_t)__builtin_clz(highest) : 0;
}

size_t kb_packed(uint32_t count, uint32_t bits)
{
    return ((size_t)count * bits + 7) / 8;
}

static void pack(const uint32_t *values, uint32_t count, uint32_t bits, uint8_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t bit = (size_t)i * bits;
        uint64_t word = load64(out + (bit >> 3)) | (uint64_t)values[i] << (bit & 7);
        memcpy(out + (bit >> 3), &word, sizeof word);
    }
}

/* Unpack with a compile-time width: eight numbers end at a byte boundary, so all offsets and
 * shifts within them are constants. */
static inline __attribute__((always_inline)) void unpack_width(const uint8_t *packed,
                                                               uint32_t count, uint32_t *out,
                                                               const uint32_t bits)
{
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    uint32_t i = 0;
    for (; i + 8 <= count; i += 8, packed += bits)
        for (uint32_t j = 0; j < 8; j++)
            out[i + j] = (uint32_t)(load64(packed + (j * bits >> 3)) >> (j * bits & 7) & mask);
    for (uint32_t j = 0; i < count; i++, j++)
        out[i] = (uint32_t)(load64(packed + (j * bits >> 3)) >> (j * bits & 7) & mask);
}

#define WIDTH(bits) \
    case bits: \
        unpack_width(packed, count, out, bits); \
        break;
#define WIDTHS(bits) WIDTH(bits) WIDTH(bits + 1) WIDTH(bits + 2) WIDTH(bits + 3)

void kb_unpack(const uint8_t *packed, uint32_t count, uint32_t bits, uint32_t *out)
{
    switch (bits) {
        WIDTHS(0) WIDTHS(4) WIDTHS(8) WIDTHS(12) WIDTHS(16) WIDTHS(20) WIDTHS(24) WIDTHS(28)
        WIDTH(32)
    }
}

static void read_place(const void *places, int wide, size_t number, uint32_t *place, int *last)
{
    if (wide) {
        uint32_t value = ((const uint32_t *)places)[number];
        *place = value & 0x7fffffff, *last = value >> 31;
    } else {
        uint16_t value = ((const uint16_t *)places)[number];
        *place = value & 0x7fff, *last = value >> 15;
    }
}

/* Pack terms with `doc_freqs` postings each. `used` contains the number of bytes used in both
 * heaps and the number of postings and positions read, before and after. The heaps must be
 * zeroed and large enough: see `index.postings.segment_writer`. */
EXPORT void kb_pack(const uint32_t *docs, const uint32_t *frequencies, const void *places,
                    int wide, const uint32_t *doc_freqs, uint32_t terms, uint8_t *postings,
                    uint32_t *at, uint8_t *packed_places, uint32_t *places_at, uint64_t *used,
                    uint32_t *space)
{
    size_t posting = 0, place = 0;
    for (uint32_t term = 0; term < terms; term++) {
        uint32_t count = doc_freqs[term], blocks = blocks_of(count), before = 0;
        uint8_t *skips = postings + used[0], *out = skips + (blocks > 1 ? blocks * SKIP : 0);
        uint8_t *out_places = packed_places + used[1];
        at[term] = (uint32_t)used[0];
        places_at[term] = (uint32_t)used[1];
        for (uint32_t block = 0; block < blocks; block++) {
            uint32_t size = block + 1 < blocks ? BLOCK : count - block * BLOCK;
            uint32_t gaps[BLOCK], ones[BLOCK], wide_gap = 0, wide_one = 0;
            if (blocks > 1) {
                uint32_t entry[3] = {docs[posting + size - 1], (uint32_t)(out - skips),
                                     (uint32_t)(out_places - packed_places - places_at[term])};
                memcpy(skips + block * SKIP, entry, SKIP);
            }
            for (uint32_t i = 0; i < size; i++) {
                gaps[i] = docs[posting + i] - before;
                ones[i] = frequencies[posting + i] - 1;
                before = docs[posting + i] + 1;
                wide_gap |= gaps[i], wide_one |= ones[i];
            }
            out[0] = (uint8_t)kb_bits(wide_gap), out[1] = (uint8_t)kb_bits(wide_one);
            pack(gaps, size, out[0], out + 2);
            pack(ones, size, out[1], out + 2 + kb_packed(size, out[0]));
            out += 2 + kb_packed(size, out[0]) + kb_packed(size, out[1]);
            posting += size;

            uint32_t written = 0, ended = 0, previous = 0, widest = 0, extra;
            size_t first = place;
            while (ended < size) {
                uint32_t here;
                int last;
                read_place(places, wide, place++, &here, &last);
                space[written] = here - previous;
                widest |= space[written++];
                previous = last ? 0 : here;
                ended += (uint32_t)last;
            }
            out_places[0] = (uint8_t)kb_bits(widest);
            extra = written - size;
            out_places[1] = (uint8_t)(extra < MANY ? extra : MANY);
            uint8_t *ends = out_places + 2, *packed = ends;
            if (extra >= MANY) {
                memcpy(ends, &extra, sizeof extra);
                ends = packed += sizeof extra;
            }
            if (extra)
                packed += kb_packed(written, 1);
            for (uint32_t i = 0; extra && i < written; i++) {
                uint32_t here;
                int last;
                read_place(places, wide, first + i, &here, &last);
                ends[i / 8] = (uint8_t)(ends[i / 8] | last << i % 8);
            }
            pack(space, written, out_places[0], packed);
            out_places = packed + kb_packed(written, out_places[0]);
        }
        used[0] = (uint64_t)(out - postings);
        used[1] = (uint64_t)(out_places - packed_places);
    }
    used[2] += posting;
    used[3] += place;
}

static const uint8_t *block_data(const Segment *segment, uint32_t term, uint32_t count,
                                 uint32_t block)
{
    const uint8_t *data = segment->postings + segment->at[term];
    return count > BLOCK ? data + load32(data + block * SKIP + 4) : data;
}

/* Return an upper bound of the frequencies in a block from their bit width. */
uint32_t kb_most_frequent(const Segment *segment, uint32_t term, uint32_t count, uint32_t block)
{
    uint8_t bits = block_data(segment, term, count, block)[1];
    return bits < 32 ? (uint32_t)1 << bits : UINT32_MAX;
}

/* Read the passages of a block and, if requested, their frequencies; return their number. */
uint32_t kb_block(const Segment *segment, uint32_t term, uint32_t count, uint32_t block,
                  uint32_t *docs, uint32_t *frequencies)
{
    uint32_t size = block + 1 < blocks_of(count) ? BLOCK : count - block * BLOCK;
    const uint8_t *data = block_data(segment, term, count, block);
    if (docs) {
        const uint8_t *skips = segment->postings + segment->at[term];
        uint32_t doc = block ? load32(skips + (block - 1) * SKIP) : (uint32_t)-1;
        kb_unpack(data + 2, size, data[0], docs);
        for (uint32_t i = 0; i < size; i++)
            docs[i] = doc += docs[i] + 1;
    }
    if (frequencies) {
        kb_unpack(data + 2 + kb_packed(size, data[0]), size, data[1], frequencies);
        for (uint32_t i = 0; i < size; i++)
            frequencies[i]++;
    }
    return size;
}

/* Unpack the postings of the terms from `first` to `last` (exclusive); NULL outputs are skipped. */
EXPORT void kb_unpack_terms(const Segment *segment, uint32_t first, uint32_t last, uint32_t *docs,
                            uint32_t *frequencies)
{
    for (uint32_t term = first; term < last; term++) {
        uint32_t count = segment->starts[term + 1] - segment->starts[term];
        for (uint32_t block = 0; block < blocks_of(count); block++) {
            uint32_t size = kb_block(segment, term, count, block, docs, frequencies);
            docs = docs ? docs + size : NULL;
            frequencies = frequencies ? frequencies + size : NULL;
        }
    }
}

/* Unpack the positions of the terms from `first` to `last` (exclusive), with the highest bit
 * set for the last of each posting; return their number. If `places` is NULL, they are only
 * counted per term into `counts`. */
EXPORT uint64_t kb_unpack_places(const Segment *segment, uint32_t first, uint32_t last,
                                 void *places, int wide, uint32_t *counts)
{
    uint64_t all = 0;
    for (uint32_t term = first; term < last; term++) {
        uint32_t count = segment->starts[term + 1] - segment->starts[term];
        const uint8_t *data = segment->places + segment->places_at[term];
        uint64_t before = all;
        for (uint32_t block = 0; block < blocks_of(count); block++) {
            uint32_t size = block + 1 < blocks_of(count) ? BLOCK : count - block * BLOCK;
            uint32_t place = 0;
            PlacesBlock found = kb_places_block(data, size);
            for (uint32_t i = 0; i < found.count; i++) {
                uint32_t last = kb_is_last(&found, i);
                place += kb_place(&found, i);
                if (places && wide)
                    ((uint32_t *)places)[all] = place | last << 31;
                else if (places)
                    ((uint16_t *)places)[all] = (uint16_t)(place | last << 15);
                all++;
                place = last ? 0 : place;
            }
            data = found.packed + kb_packed(found.count, found.bits);
        }
        if (counts)
            counts[term - first] = (uint32_t)(all - before);
    }
    return all;
}

/* Return the index of the first of `count` sorted strings that is not less than `wanted`. */
EXPORT int64_t kb_first_not_below(const uint8_t *heap, const uint32_t *ends, uint32_t count,
                                  const uint8_t *wanted, uint32_t length)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, size = ends[middle + 1] - ends[middle];
        int order = memcmp(heap + ends[middle], wanted, size < length ? size : length);
        if (order < 0 || (order == 0 && size < length))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
