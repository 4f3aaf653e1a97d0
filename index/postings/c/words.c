/* Words: where those of plain letters stand that begin with certain ones.
 *
 * What a word is, `index.analysis` says; here are only those cases that need none of its rules: a
 * run of ASCII letters between two characters that are never part of a word. */
#include "kernel.h"

enum {
    LONG_ENOUGH = 6, /* letters of which the stemmer leaves two at least as they are */
    BEGINS = 1,
    SPELLED_IN_TWO_WAYS = 2
};

static int is_letter(uint32_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Tell whether a character is certainly no part of a word. */
static int is_between(uint32_t c)
{
    if (c < 128)
        return !is_letter(c) && !(c >= '0' && c <= '9') && c != '\'';
    switch (c) { /* no-break space, section, quotation marks, degree, plus-minus, dot, times */
    case 0xa0: case 0xa7: case 0xab: case 0xb0: case 0xb1: case 0xb7: case 0xbb: case 0xd7:
        return 1;
    }
    /* dashes, quotation marks and dots but the apostrophe; arrows and signs of mathematics */
    return (c >= 0x2010 && c <= 0x2027 && c != 0x2019) || (c >= 0x2030 && c <= 0x205e)
           || (c >= 0x2190 && c <= 0x22ff);
}

/* Tell whether a run of letters may be a word that is looked for, by its first two letters. A short
 * one always may, and one that has a pair of letters that is spelled in two ways. */
static int may_be(const uint32_t *word, uint32_t length, const uint8_t *pairs)
{
    if (length < LONG_ENOUGH)
        return 1;
    for (uint32_t i = 0; i + 1 < length; i++) {
        uint8_t said = pairs[((word[i] | 32) - 'a') * 26 + (word[i + 1] | 32) - 'a'];
        if (said & SPELLED_IN_TWO_WAYS || (i == 0 && said & BEGINS))
            return 1;
    }
    return 0;
}

/* Find the words that may be among those that are looked for: they begin with a letter for which
 * `first` is not 0, and, where they are long, with two of which `pairs` says so. `spans` takes the
 * start and the end of each and has room for all. Returns how many there are, or -1 where a rule is
 * needed to tell where one begins or ends. */
EXPORT int64_t kb_words(const uint32_t *text, uint32_t length, const uint8_t *first,
                        const uint8_t *pairs, uint32_t *spans)
{
    int64_t found = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t start = i;
        if (!is_letter(text[i])) {
            if (text[i] >= 128 && !is_between(text[i]) && text[i] != 0x2019)
                return -1;
            continue;
        }
        while (i < length && is_letter(text[i]))
            i++;
        if (!first[text[start]] || !may_be(text + start, i - start, pairs))
            continue;
        if ((start && !is_between(text[start - 1])) || (i < length && !is_between(text[i])))
            return -1;
        spans[2 * found] = start;
        spans[2 * found++ + 1] = i;
    }
    return found;
}
