/* Counts matching passages, articles, and the articles with each tag and topic. */
#include "kernel.h"

/* Label sets: the set of each passage (16 bits, or 32 if `wide`) and the members of each set. */
typedef struct {
    const void *of_passage;
    const uint32_t *starts;
    const uint32_t *members;
    const uint64_t *masks; /* one bit per label for each set, if there are at most 64 labels */
    uint32_t wide, sets, labels;
} Labels;

typedef struct {
    const uint32_t *article_of;
    Labels tags, topics;
} Columns;

/* Counters. With masks, an article adds 1 to byte-wide counters, eight per word, which are
 * flushed before one can overflow. Otherwise, articles are counted by the set of their first
 * passage; for labels of further passages, `stamps` holds the last article counted. */
typedef struct {
    const Labels *labels;
    uint32_t *of_sets, *counts, *stamps;
    uint64_t counters[8], mask;
    uint32_t first, last; /* sets of the current article's passages */
    uint32_t added;
    int stamped;
} Tally;

static uint64_t spread_bits[256]; /* the bits of each byte value, expanded to bytes */

__attribute__((constructor)) static void fill_spread_bits(void)
{
    for (uint32_t byte = 0; byte < 256; byte++)
        for (uint32_t bit = 0; bit < 8; bit++)
            spread_bits[byte] |= (uint64_t)(byte >> bit & 1) << 8 * bit;
}

static Tally tally_of(const Labels *labels, uint32_t *space)
{
    Tally tally = {0};
    tally.labels = labels;
    tally.of_sets = space;
    tally.counts = space + labels->sets;
    tally.stamps = tally.counts + labels->labels;
    return tally;
}

static uint32_t set_of(const Labels *labels, uint32_t doc)
{
    return labels->wide ? ((const uint32_t *)labels->of_passage)[doc]
                        : ((const uint16_t *)labels->of_passage)[doc];
}

static void label_by_stamps(Tally *tally, uint32_t set, uint32_t article)
{
    const Labels *labels = tally->labels;
    if (set == tally->last)
        return;
    tally->last = set;
    if (tally->first == UINT32_MAX) {
        tally->first = set;
        tally->of_sets[set]++;
        return;
    }
    if (!tally->stamped)
        for (uint32_t i = labels->starts[tally->first]; i < labels->starts[tally->first + 1]; i++)
            tally->stamps[labels->members[i]] = article + 1;
    tally->stamped = 1;
    for (uint32_t i = labels->starts[set]; i < labels->starts[set + 1]; i++) {
        uint32_t member = labels->members[i];
        if (tally->stamps[member] != article + 1) {
            tally->stamps[member] = article + 1;
            tally->counts[member]++;
        }
    }
}

static inline void label(Tally *tally, uint32_t doc, uint32_t article)
{
    uint32_t set = set_of(tally->labels, doc);
    if (tally->labels->masks)
        tally->mask |= tally->labels->masks[set];
    else
        label_by_stamps(tally, set, article);
}

static void empty(Tally *tally)
{
    for (uint32_t member = 0; member < tally->labels->labels; member++)
        tally->counts[member] += tally->counters[member / 8] >> 8 * (member % 8) & 255;
    memset(tally->counters, 0, sizeof tally->counters);
    tally->added = 0;
}

static inline void end_article(Tally *tally)
{
    if (!tally->labels->masks) {
        tally->first = tally->last = UINT32_MAX;
        tally->stamped = 0;
        return;
    }
    for (uint32_t byte = 0; byte * 8 < tally->labels->labels; byte++)
        tally->counters[byte] += spread_bits[tally->mask >> 8 * byte & 255];
    tally->mask = 0;
    if (++tally->added == 255)
        empty(tally);
}

static void finish(Tally *tally)
{
    const Labels *labels = tally->labels;
    if (labels->masks) {
        empty(tally);
        return;
    }
    for (uint32_t set = 0; set < labels->sets; set++)
        for (uint32_t i = labels->starts[set];
             tally->of_sets[set] && i < labels->starts[set + 1]; i++)
            tally->counts[labels->members[i]] += tally->of_sets[set];
}

/* List passages with a bound above 0 (bytes, or 16 bits if `wide`); return their number. */
EXPORT uint32_t kb_listed(const void *bounds, int wide, uint32_t passages, uint32_t *docs)
{
    uint32_t found = 0, step = wide ? 4 : 8; /* eight passages at once, often all without a bound */
    for (uint32_t start = 0; start < passages; start += step) {
        uint32_t end = start + step < passages ? start + step : passages;
        if (end - start == step && !load64((const uint8_t *)bounds + (size_t)start * (wide ? 2 : 1)))
            continue;
        for (uint32_t doc = start; doc < end; doc++) {
            docs[found] = doc; /* branchless, because the branch is unpredictable */
            found += wide ? ((const uint16_t *)bounds)[doc] > 0 : ((const uint8_t *)bounds)[doc] > 0;
        }
    }
    return found;
}

/* Count the passages and articles of sorted `docs` into `totals`, and the articles with each
 * tag and topic.
 *
 * `tagged` and `about` are filter masks over all passages, or NULL. Tags are counted under the
 * topic filter only, topics under the tag filter only. `space` contains, for tags and then for
 * topics, one number per set, the count of each label and the stamp of each label; all must be
 * 0. */
EXPORT void kb_count(const Columns *columns, const uint32_t *docs, uint32_t count,
                     const uint8_t *tagged, const uint8_t *about, uint64_t *totals,
                     uint32_t *space)
{
    const uint32_t *article_of = columns->article_of;
    Tally tags = tally_of(&columns->tags, space), topics = tally_of(
        &columns->topics, space + columns->tags.sets + 2 * columns->tags.labels);
    end_article(&tags);
    end_article(&topics);
    for (uint32_t i = 0; i < count;) {
        uint32_t article = article_of[docs[i]];
        int any = 0;
        do {
            uint32_t doc = docs[i];
            int has_tag = !tagged || tagged[doc], has_topic = !about || about[doc];
            if (has_topic)
                label(&tags, doc, article);
            if (has_tag)
                label(&topics, doc, article);
            totals[0] += (uint64_t)(has_tag && has_topic);
            any |= has_tag && has_topic;
        } while (++i < count && article_of[docs[i]] == article);
        totals[1] += (uint64_t)any;
        end_article(&tags);
        end_article(&topics);
    }
    finish(&tags);
    finish(&topics);
}
