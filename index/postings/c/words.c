/* Words: where those of plain letters stand that begin with certain ones.
 *
 * What a word is, `index.analysis` says; here are only those cases that need none of its rules: a
 * run of ASCII letters in a piece of text, between two spaces, that holds nothing but these and
 * characters that are never part of a word. */
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

static int is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether a piece between two spaces needs the rules: it has a digit, an apostrophe or another sign
 * that may be part of a word. `letter` tells whether one of these may begin a word of its own. */
static int needs_rules(const uint32_t *text, uint32_t start, uint32_t end, int *letter)
{
    int needed = 0;
    for (uint32_t i = start; i < end; i++) {
        if (is_letter(text[i]) || is_between(text[i]))
            continue;
        needed = 1;
        *letter |= text[i] >= 128 && text[i] != 0x2019;
    }
    return needed;
}

/* Find the words that may be among those that are looked for: they begin with a letter for which
 * `first` is not 0, and, where they are long, with two of which `pairs` says so. `spans` takes the
 * start and the end of each and has room for all. A piece of text in which a rule is needed to tell
 * where words begin and end is given whole, its start with the highest bit set. Returns how many
 * spans there are. */
EXPORT int64_t kb_words(const uint32_t *text, uint32_t length, const uint8_t *first,
                        const uint8_t *pairs, uint32_t *spans)
{
    int64_t found = 0;
    for (uint32_t start = 0, end; start < length; start = end + 1) {
        for (end = start; end < length && !is_space(text[end]); end++)
            ;
        int letter = 0, ruled = needs_rules(text, start, end, &letter);
        int64_t before = found;
        for (uint32_t i = start; i < end; i++) {
            uint32_t begin = i;
            while (i < end && is_letter(text[i]))
                i++;
            if (i == begin || !first[text[begin]] || !may_be(text + begin, i - begin, pairs))
                continue;
            spans[2 * found] = begin;
            spans[2 * found++ + 1] = i;
        }
        if (ruled && (letter || found > before)) {
            found = before;
            spans[2 * found] = start | 1u << 31;
            spans[2 * found++ + 1] = end;
        }
    }
    return found;
}
