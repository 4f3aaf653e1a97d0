/* Words: where those of plain letters stand that begin with certain ones.
 *
 * What a word is, `index.analysis` says; here are only those cases that need none of its rules: a
 * run of ASCII letters between two characters that are never part of a word. */
#include "kernel.h"

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

/* Find the words that begin with a letter for which `first` is not 0. `spans` takes the start and
 * the end of each and has room for all. Returns how many there are, or -1 where a rule is needed. */
EXPORT int64_t kb_words(const uint32_t *text, uint32_t length, const uint8_t *first,
                        uint32_t *spans)
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
        if (!first[text[start]])
            continue;
        if ((start && !is_between(text[start - 1])) || (i < length && !is_between(text[i])))
            return -1;
        spans[2 * found] = start;
        spans[2 * found++ + 1] = i;
    }
    return found;
}
