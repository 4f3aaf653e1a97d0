/* Word splitter: finds words of ASCII letters that begin with certain letters.
 *
 * `index.analyzer` defines words. This file handles only the cases that need none of its rules:
 * runs of ASCII letters in a chunk between two spaces that otherwise contains only characters
 * that are never part of a word. */
#include "kernel.h"

enum {
    BEGINS = 1,         /* a candidate word may begin with this letter pair */
    READ_OTHERWISE = 2, /* as 2nd and 3rd letter, may be respelled, changing the first pair */
    ASCII = 128
};

typedef enum { SPACE, LETTER, BETWEEN, RULED } Kind;

static uint8_t kinds[ASCII];

__attribute__((constructor)) static void fill_kinds(void)
{
    for (uint32_t c = 0; c < ASCII; c++) {
        int letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        int space = c == ' ' || (c >= '\t' && c <= '\r');
        int ruled = (c >= '0' && c <= '9') || c == '\'';
        kinds[c] = (uint8_t)(letter ? LETTER : space ? SPACE : ruled ? RULED : BETWEEN);
    }
}

/* Classify a character: letter, space, never part of a word, or subject to the rules. */
static inline Kind kind_of(uint32_t c)
{
    if (c < ASCII)
        return (Kind)kinds[c];
    switch (c) { /* no-break space, section, quotes, degree, plus-minus, middle dot, times */
    case 0xa0: case 0xa7: case 0xab: case 0xb0: case 0xb1: case 0xb7: case 0xbb: case 0xd7:
        return BETWEEN;
    }
    /* dashes, quotation marks and dots except the apostrophe; arrows and mathematical signs */
    return (c >= 0x2010 && c <= 0x2027 && c != 0x2019) || (c >= 0x2030 && c <= 0x205e)
           || (c >= 0x2190 && c <= 0x22ff) ? BETWEEN : RULED;
}

static inline uint32_t pair_of(uint32_t one, uint32_t other)
{
    return ((one | 32) - 'a') * 26 + (other | 32) - 'a';
}

/* Return whether a word is a candidate by its first letters. */
static inline int may_be(uint32_t one, uint32_t two, uint32_t three, uint32_t length,
                         const uint8_t *pairs)
{
    return length < 2 || pairs[pair_of(one, two)] & BEGINS
           || (length > 2 && pairs[pair_of(two, three)] & READ_OTHERWISE);
}

/* Find candidate words: those whose first letter is set in `first` and whose first two letters
 * are set in `pairs`. Start and end of each are written to `spans`, which has room for twice as
 * many numbers as there are characters. A chunk that needs the rules is written whole, with the
 * highest bit of its start set. Returns the number of values in `spans`, plus one if there is
 * such a chunk. */
EXPORT int64_t kb_words(const uint32_t *text, uint32_t length, const uint8_t *first,
                        const uint8_t *pairs, uint32_t *spans)
{
    int64_t found = 0, ruled = 0;
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t start = i;
        const int64_t before = found;
        int needed = 0, letter = 0; /* `letter`: a non-ASCII letter may begin a word */
        for (Kind kind; i < length && (kind = kind_of(text[i])) != SPACE;) {
            uint32_t begin = i++;
            needed |= kind == RULED;
            letter |= kind == RULED && text[begin] >= ASCII && text[begin] != 0x2019;
            if (kind != LETTER)
                continue;
            while (i < length && kind_of(text[i]) == LETTER)
                i++;
            if (!first[text[begin]])
                continue;
            uint32_t size = i - begin;
            if (!may_be(text[begin], text[begin + (size > 1)], text[begin + 2 * (size > 2)], size,
                        pairs))
                continue;
            spans[found++] = begin;
            spans[found++] = i;
        }
        if (needed && (letter || found > before)) {
            ruled = 1;
            found = before;
            spans[found++] = start | 1u << 31;
            spans[found++] = i;
        }
    }
    return found | ruled;
}

/* The same for ASCII text, where only chunks with a candidate matter: possible starts are
 * listed without a branch and checked afterwards. */
EXPORT int64_t kb_words_of_ascii(const uint8_t *text, uint32_t length, const uint8_t *first,
                                 const uint8_t *pairs, uint32_t *spans)
{
    uint32_t *begins = spans + length, count = 0, done = 0;
    uint8_t inside = 0;
    for (uint32_t i = 0; i < length; i++) {
        begins[count] = i;
        count += (uint32_t)(first[text[i]] & !inside);
        inside = kinds[text[i]] == LETTER;
    }
    int64_t found = 0, ruled = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint32_t begin = begins[n], end = begin + 1, start = begin;
        if (begin < done)
            continue;
        while (end < length && kinds[text[end]] == LETTER)
            end++;
        uint32_t size = end - begin;
        if (!may_be(text[begin], text[begin + (size > 1)], text[begin + 2 * (size > 2)], size,
                    pairs))
            continue;
        int needed = 0;
        for (; start && kinds[text[start - 1]] != SPACE; start--)
            needed |= kinds[text[start - 1]] == RULED;
        for (done = end; done < length && kinds[text[done]] != SPACE; done++)
            needed |= kinds[text[done]] == RULED;
        if (needed) {
            ruled = 1;
            spans[found++] = start | 1u << 31;
            spans[found++] = done;
        } else {
            spans[found++] = begin;
            spans[found++] = end;
            done = end;
        }
    }
    return found | ruled;
}

/* Find all words of an ASCII text. A chunk that needs the rules is written whole, with the
 * highest bit of its start set. `spans` and the result are as above. */
EXPORT int64_t kb_all_words_of_ascii(const uint8_t *text, uint32_t length, uint32_t *spans)
{
    int64_t found = 0, ruled = 0;
    for (uint32_t i = 0; i < length; i++) {
        const uint32_t start = i;
        const int64_t before = found;
        int needed = 0;
        for (; i < length && kinds[text[i]] != SPACE; i++) {
            needed |= kinds[text[i]] == RULED;
            if (kinds[text[i]] != LETTER)
                continue;
            spans[found++] = i;
            while (i + 1 < length && kinds[text[i + 1]] == LETTER)
                i++;
            spans[found++] = i + 1;
        }
        if (needed) {
            ruled = 1;
            found = before;
            spans[found++] = start | 1u << 31;
            spans[found++] = i;
        }
    }
    return found | ruled;
}
