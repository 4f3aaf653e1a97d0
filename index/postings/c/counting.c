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
    uint32_t tag_sets, tag_count, topic_sets, topic_count;
} Columns;

/* What has been counted: articles by the set of their first passage, which most of them are done
 * with, and labels that only further passages have. `stamps` says for which article a label was. */
typedef struct {
    const Labels *labels;
    uint32_t *of_sets, *counts, *stamps;
    uint32_t first, last; /* sets of the present article's passages */
    int stamped;
} Tally;

static void label(Tally *tally, uint32_t doc, uint32_t article)
{
    const Labels *labels = tally->labels;
    uint32_t set = labels->wide ? ((const uint32_t *)labels->of_passage)[doc]
                                : ((const uint16_t *)labels->of_passage)[doc];
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

static void finish(Tally *tally, uint32_t sets)
{
    for (uint32_t set = 0; set < sets; set++)
        for (uint32_t i = tally->labels->starts[set];
             tally->of_sets[set] && i < tally->labels->starts[set + 1]; i++)
            tally->counts[tally->labels->members[i]] += tally->of_sets[set];
}

typedef struct {
    const uint32_t *article_of;
    const uint8_t *tagged, *about;
    uint64_t *totals;
    Tally tags, topics;
    uint32_t article;
    int counted;
} Counting;

static void count_one(Counting *counting, uint32_t doc)
{
    uint32_t article = counting->article_of[doc];
    int has_tag = !counting->tagged || counting->tagged[doc];
    int has_topic = !counting->about || counting->about[doc];
    if (article != counting->article) {
        counting->article = article;
        counting->counted = 0;
        counting->tags.first = counting->tags.last = UINT32_MAX;
        counting->topics.first = counting->topics.last = UINT32_MAX;
        counting->tags.stamped = counting->topics.stamped = 0;
    }
    if (has_topic)
        label(&counting->tags, doc, article);
    if (has_tag)
        label(&counting->topics, doc, article);
    if (has_tag && has_topic) {
        counting->totals[0]++;
        counting->totals[1] += !counting->counted;
        counting->counted = 1;
    }
}

/* Count passages and articles into `totals`, and for tags and topics the articles that have them.
 *
 * What matches stands in `docs`, sorted, or, where that is NULL, is what has a bound above 0
 * (bytes, or sixteen bits where `wide`). `tagged` and `about` say of every passage whether the
 * filters allow it, and may be NULL; tags are counted under the filter of topics alone, and topics
 * under that of tags. `space` has for tags and then for topics a number for each set, each label's
 * count and each label's stamp, all 0 before. */
EXPORT void kb_count(const Columns *columns, const uint32_t *docs, uint32_t count,
                     const void *bounds, int wide, const uint8_t *tagged, const uint8_t *about,
                     uint64_t *totals, uint32_t *space)
{
    uint32_t *topics = space + columns->tag_sets + 2 * columns->tag_count;
    Counting counting = {
        columns->article_of, tagged, about, totals,
        {&columns->tags, space, space + columns->tag_sets,
         space + columns->tag_sets + columns->tag_count, UINT32_MAX, UINT32_MAX, 0},
        {&columns->topics, topics, topics + columns->topic_sets,
         topics + columns->topic_sets + columns->topic_count, UINT32_MAX, UINT32_MAX, 0},
        UINT32_MAX, 0};
    uint32_t step = wide ? 4 : 8; /* passages in eight bytes, most of which have no bound */
    for (uint32_t i = 0; docs && i < count; i++)
        count_one(&counting, docs[i]);
    for (uint32_t start = 0; !docs && start < count; start += step) {
        uint32_t end = start + step < count ? start + step : count;
        if (end - start == step && !load64((const uint8_t *)bounds + (size_t)start * (wide ? 2 : 1)))
            continue;
        for (uint32_t doc = start; doc < end; doc++)
            if (wide ? ((const uint16_t *)bounds)[doc] : ((const uint8_t *)bounds)[doc])
                count_one(&counting, doc);
    }
    finish(&counting.tags, columns->tag_sets);
    finish(&counting.topics, columns->topic_sets);
}
