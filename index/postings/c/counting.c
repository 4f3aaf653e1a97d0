/* Counting what matches: passages, articles, and for each tag and topic the articles that have it. */
#include "kernel.h"

/* Sets of labels, numbered: the set of each passage, in sixteen bits or, where `wide`, in thirty-two,
 * and the members of each set. */
typedef struct {
    const void *of_passage;
    const uint32_t *starts;
    const uint32_t *members;
    uint32_t wide;
} Labels;

typedef struct {
    const uint32_t *article_of;
    Labels tags, topics;
} Columns;

/* Count the labels of a passage's set that this article was not counted for yet. */
static void label(const Labels *labels, uint32_t doc, uint32_t article, uint32_t *last,
                  uint32_t *stamps, uint32_t *counts)
{
    uint32_t set = labels->wide ? ((const uint32_t *)labels->of_passage)[doc]
                                : ((const uint16_t *)labels->of_passage)[doc];
    if (set == *last)
        return;
    *last = set;
    for (uint32_t i = labels->starts[set]; i < labels->starts[set + 1]; i++) {
        uint32_t member = labels->members[i];
        if (stamps[member] != article + 1) {
            stamps[member] = article + 1;
            counts[member]++;
        }
    }
}

typedef struct {
    uint32_t article, counted, last_tags, last_topics;
} Run;

static void count_one(const Columns *columns, uint32_t doc, const uint8_t *tagged,
                      const uint8_t *about, Run *run, uint64_t *totals, uint32_t *stamps[2],
                      uint32_t *counts[2])
{
    uint32_t article = columns->article_of[doc];
    int has_tag = !tagged || tagged[doc], has_topic = !about || about[doc];
    if (article != run->article) {
        run->article = article;
        run->counted = 0;
        run->last_tags = run->last_topics = UINT32_MAX;
    }
    if (has_topic)
        label(&columns->tags, doc, article, &run->last_tags, stamps[0], counts[0]);
    if (has_tag)
        label(&columns->topics, doc, article, &run->last_topics, stamps[1], counts[1]);
    if (has_tag && has_topic) {
        totals[0]++;
        totals[1] += !run->counted;
        run->counted = 1;
    }
}

/* Count passages and articles into `totals`, and for tags and topics the articles that have them.
 *
 * What matches stands in `docs`, sorted, or, where that is NULL, is what has a bound above 0
 * (bytes, or sixteen bits where `wide`). `tagged` and `about` say of every passage whether the
 * filters allow it, and may be NULL; tags are counted under the filter of topics alone, and topics
 * under that of tags. Stamps and counts are 0 before. */
EXPORT void kb_count(const Columns *columns, const uint32_t *docs, uint32_t count,
                     const void *bounds, int wide, const uint8_t *tagged, const uint8_t *about,
                     uint64_t *totals, uint32_t *tag_stamps, uint32_t *tag_counts,
                     uint32_t *topic_stamps, uint32_t *topic_counts)
{
    uint32_t *stamps[2] = {tag_stamps, topic_stamps}, *counts[2] = {tag_counts, topic_counts};
    Run run = {UINT32_MAX, 0, UINT32_MAX, UINT32_MAX};
    if (docs) {
        for (uint32_t i = 0; i < count; i++)
            count_one(columns, docs[i], tagged, about, &run, totals, stamps, counts);
        return;
    }
    uint32_t step = wide ? 4 : 8; /* passages in eight bytes, most of which have no bound */
    for (uint32_t start = 0; start < count; start += step) {
        uint32_t end = start + step < count ? start + step : count;
        if (end - start == step && !load64((const uint8_t *)bounds + (size_t)start * (wide ? 2 : 1)))
            continue;
        for (uint32_t doc = start; doc < end; doc++)
            if (wide ? ((const uint16_t *)bounds)[doc] : ((const uint8_t *)bounds)[doc])
                count_one(columns, doc, tagged, about, &run, totals, stamps, counts);
    }
}
