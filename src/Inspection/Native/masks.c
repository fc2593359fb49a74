/* What TextMasks.cs says of a text, thirty-two or sixty-four bytes at a time, for processors that have AVX2 or AVX-512: the guard's base is x86-64-v2, and its compiler
 * makes no code that is chosen when the program runs. Nothing is read but 64 bytes for each block and three behind the last, and nothing written but a row of masks for each.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* INVARIANT: as TextMasks.Row and TextMasks.Tables in TextMasks.cs. */
struct row { uint64_t never, marks, acting, value, run, blank, words, conditions, marked, foreign, dots; };
enum { NEVER, SIMPLE, ACTING, VALUE, RUN, BLANK, WORDS, MARKED = WORDS + 8, TABLES = MARKED + 8 };

/* The first quote, backslash or control character from here on; the highest bit says whether a percent sign stands before it. Reads no farther than 63 bytes behind it. */
typedef uint64_t text_end(const uint8_t *text);

typedef void masks(const uint8_t *text, ptrdiff_t blocks, const uint8_t tables[TABLES][16], struct row *rows);

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
/* Vectors are handed over to functions that become part of their callers. */
#pragma clang diagnostic ignored "-Wpsabi"
#include "clean.c"

/* Tables that were kept ready for one use of them would crowd out the others. */
#define APART __attribute__((noinline))

#define WITH_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul")))
#define AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul"), always_inline)) static inline

AVX2 __m256i table(const uint8_t *bytes) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bytes)); }

AVX2 uint32_t mask(__m256i bytes) { return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())); }

AVX2 __m256i at(const uint8_t (*t)[16], __m256i v)
{
    const __m256i half = _mm256_set1_epi8(15);
    return _mm256_and_si256(_mm256_shuffle_epi8(table(t[0]), _mm256_and_si256(v, half)), _mm256_shuffle_epi8(table(t[1]), _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

/* A bit for each group of which a fragment may begin here: v is what stands here, and one, two and three places on. */
AVX2 __m256i begins(const uint8_t (*t)[16], const __m256i v[4])
{
    return _mm256_and_si256(_mm256_and_si256(at(t, v[0]), at(t + 2, v[1])), _mm256_and_si256(at(t + 4, v[2]), at(t + 6, v[3])));
}

WITH_AVX2 static void masks_avx2(const uint8_t *text, ptrdiff_t blocks, const uint8_t tables[TABLES][16], struct row *rows)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (; blocks > 0; blocks--, text += 64, rows++) {
        struct row row = { 0 };
        for (int at = 0; at < 64; at += 32) {
            __m256i on[4];
            for (int i = 0; i < 4; i++) on[i] = _mm256_loadu_si256((const __m256i *)(text + at + i));
            __m256i v = on[0], low = _mm256_and_si256(v, half), high = _mm256_and_si256(_mm256_srli_epi16(v, 4), half), bit = _mm256_shuffle_epi8(bits, high);
#define SET(name, which) row.name |= (uint64_t)mask(_mm256_and_si256(_mm256_shuffle_epi8(table(tables[which]), low), bit)) << at
            SET(never, NEVER);
            SET(marks, SIMPLE);
            SET(acting, ACTING);
            SET(value, VALUE);
            SET(run, RUN);
            SET(blank, BLANK);
            __m256i words = begins(tables + WORDS, on), marked = begins(tables + MARKED, on);
            row.words |= (uint64_t)mask(_mm256_and_si256(words, _mm256_set1_epi8(127))) << at;
            row.conditions |= (uint64_t)(uint32_t)_mm256_movemask_epi8(words) << at;
            row.marked |= (uint64_t)mask(marked) << at;
            row.foreign |= (uint64_t)(uint32_t)_mm256_movemask_epi8(v) << at;
            row.dots |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('.'))) << at;
        }
        row.marks = ~row.marks;
        *rows = row;
    }
}

#define WITH_AVX512 __attribute__((target("avx512bw,bmi,bmi2,lzcnt,popcnt,pclmul")))
#define AVX512 __attribute__((target("avx512bw,bmi,bmi2,lzcnt,popcnt,pclmul"), always_inline)) static inline

AVX512 __m512i wide(const uint8_t *bytes) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)bytes)); }

AVX512 __m512i wide_at(const uint8_t (*t)[16], __m512i v)
{
    const __m512i half = _mm512_set1_epi8(15);
    return _mm512_and_si512(_mm512_shuffle_epi8(wide(t[0]), _mm512_and_si512(v, half)), _mm512_shuffle_epi8(wide(t[1]), _mm512_and_si512(_mm512_srli_epi16(v, 4), half)));
}

/* A bit for each group of which a fragment may begin here: v is what stands here, and one, two and three places on. */
AVX512 __m512i wide_begins(const uint8_t (*t)[16], const __m512i v[4])
{
    return _mm512_and_si512(_mm512_and_si512(wide_at(t, v[0]), wide_at(t + 2, v[1])), _mm512_and_si512(wide_at(t + 4, v[2]), wide_at(t + 6, v[3])));
}

/* `restrict` keeps the tables in registers, of which there are enough here and too few above. */
WITH_AVX512 static void masks_avx512(const uint8_t *text, ptrdiff_t blocks, const uint8_t (*restrict tables)[16], struct row *restrict rows)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (; blocks > 0; blocks--, text += 64, rows++) {
        __m512i on[4];
        for (int i = 0; i < 4; i++) on[i] = _mm512_loadu_si512(text + i);
        __m512i v = on[0], low = _mm512_and_si512(v, half), high = _mm512_and_si512(_mm512_srli_epi16(v, 4), half), bit = _mm512_shuffle_epi8(bits, high);
#define TEST(which) _mm512_test_epi8_mask(_mm512_shuffle_epi8(wide(tables[which]), low), bit)
        __m512i words = wide_begins(tables + WORDS, on), marked = wide_begins(tables + MARKED, on);
        *rows = (struct row){ .never = TEST(NEVER), .marks = ~TEST(SIMPLE), .acting = TEST(ACTING), .value = TEST(VALUE), .run = TEST(RUN), .blank = TEST(BLANK),
            .words = _mm512_test_epi8_mask(words, _mm512_set1_epi8(127)), .conditions = _mm512_movepi8_mask(words), .marked = _mm512_test_epi8_mask(marked, marked),
            .foreign = _mm512_movepi8_mask(v), .dots = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('.')) };
    }
}

WITH_AVX2 static uint64_t text_end_avx2(const uint8_t *text)
{
    uint32_t percents = 0;
    for (const uint8_t *at = text;; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)at);
        __m256i stops = _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v), _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))));
        uint32_t found = (uint32_t)_mm256_movemask_epi8(stops), percent = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('%')));
        if (found) {
            percents |= percent & (found - 1) & ~found;
            return (uint64_t)(at - text + __builtin_ctz(found)) | (uint64_t)(percents != 0) << 63;
        }
        percents |= percent;
    }
}

/* Blank, tab and line ends; digits, signs, point and exponent; these without the digits; letters, digits and - _ = , @; / ? # blank quotes backslash < line end and SEPARATOR: as the tables of sets are. */
static const uint8_t spaces[16] = { 4, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0 }, numerics[16] = { 8, 8, 8, 8, 8, 8 | 16 | 64, 8, 8, 8, 8, 0, 4, 0, 4, 4, 0 }, signs[16] = { 0, 0, 0, 0, 0, 16 | 64, 0, 0, 0, 0, 0, 4, 0, 4, 4, 0 },
    plains[16] = { 0xb8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x54, 0x5c, 0x50, 0x70 },
    stops[16] = { 4, 0, 4, 4, 0, 0, 0, 4, 0, 0, 1, 0, 8 | 32, 0, 0, 2 | 4 | 8 };


/* INVARIANT: as Classes in Classes.cs. */
enum { SETS, HERE, BEFORE, AFTER, FIRST, SECOND = FIRST + 4, START = SECOND + 4, CLASSES = START + 4, BEYOND = BEFORE * 128 + (CLASSES - BEFORE) * 64 };

/* Sixteen bytes of a table, chosen by the lower half of each byte. */
AVX2 __m256i sixteen(const uint8_t *classes, int which, int row, __m256i low) { return _mm256_shuffle_epi8(table(classes + (which < BEFORE ? which * 128 : BEFORE * 128 + (which - BEFORE) * 64) + row * 16), low); }

/* What holds for characters beyond ASCII is what the table has, or that. */
AVX2 __m256i also(const uint8_t *classes, int which, __m256i found, __m256i v, int foreign) { return foreign ? _mm256_blendv_epi8(found, _mm256_set1_epi8((char)classes[BEYOND + which]), v) : found; }

/* A table of 64 by the folded form: its upper bits are the fifth and the seventh. */
AVX2 __m256i beside(const uint8_t *classes, int which, __m256i v, int foreign)
{
    __m256i low = _mm256_and_si256(v, _mm256_set1_epi8(15)), fifth = _mm256_slli_epi16(v, 3), seventh = _mm256_slli_epi16(v, 1);
    __m256i signs = _mm256_blendv_epi8(sixteen(classes, which, 0, low), sixteen(classes, which, 1, low), fifth), letters = _mm256_blendv_epi8(sixteen(classes, which, 2, low), sixteen(classes, which, 3, low), fifth);
    return also(classes, which, _mm256_blendv_epi8(signs, letters, seventh), v, foreign);
}

AVX2 __m256i classes_here(const uint8_t *classes, __m256i v, int foreign)
{
    __m256i low = _mm256_and_si256(v, _mm256_set1_epi8(15)), fifth = _mm256_slli_epi16(v, 3), sixth = _mm256_slli_epi16(v, 2), seventh = _mm256_slli_epi16(v, 1), of[4];
    for (int i = 0; i < 4; i++) of[i] = _mm256_blendv_epi8(sixteen(classes, HERE, i * 2, low), sixteen(classes, HERE, i * 2 + 1, low), fifth);
    return also(classes, HERE, _mm256_blendv_epi8(_mm256_blendv_epi8(of[0], of[1], sixth), _mm256_blendv_epi8(of[2], of[3], sixth), seventh), v, foreign);
}

#define IS(name, what) b->name |= (uint64_t)(uint32_t)_mm256_movemask_epi8(what) << at
#define BE(vector, c) _mm256_cmpeq_epi8(vector, _mm256_set1_epi8(c))
#define IN(name, set) b->name |= (uint64_t)mask(_mm256_and_si256(_mm256_shuffle_epi8(table(set), low), bit)) << at

AVX2 void look_at_avx2(const uint8_t *text, const struct screen *screen, struct bits *b, int foreign)
{
    const __m256i half = _mm256_set1_epi8(15);
    for (int at = 0; at < 64; at += 32) {
        __m256i on[4];
        for (int i = 0; i < 4; i++) on[i] = _mm256_loadu_si256((const __m256i *)(text + at + i));
        __m256i v = on[0], before = _mm256_loadu_si256((const __m256i *)(text + at - 1));
        __m256i words = begins(screen->tables + WORDS, on), marked = begins(screen->tables + MARKED, on);
        b->words |= (uint64_t)mask(_mm256_or_si256(_mm256_and_si256(words, _mm256_set1_epi8(127)), marked)) << at;
        IS(conditions, words);
        b->acting |= (uint64_t)mask(_mm256_and_si256(classes_here(screen->classes, v, foreign), _mm256_and_si256(beside(screen->classes, BEFORE, before, foreign), beside(screen->classes, AFTER, on[1], foreign)))) << at;
        if (foreign) IS(foreign, v);
        IS(dots, BE(v, '.'));
        /* Control characters but tab and the ends of lines, and DEL. */
        IS(never, _mm256_or_si256(BE(v, 127), _mm256_andnot_si256(_mm256_or_si256(BE(v, '\t'), _mm256_or_si256(BE(v, '\n'), BE(v, '\r'))), _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v))));
    }
    /* Asked about beside conditions only. */
    if (!b->conditions) return;
    for (int at = 0; at < 64; at += 32) {
        const __m256i bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
        IN(value, screen->tables[VALUE]);
        IN(run, screen->tables[RUN]);
        IN(blank, screen->tables[BLANK]);
    }
}

WITH_AVX2 APART static void look_one_avx2(const uint8_t *text, const struct screen *screen, struct bits *b)
{
    *b = (struct bits){ 0 };
    __m256i around = _mm256_or_si256(_mm256_or_si256(_mm256_loadu_si256((const __m256i *)(text - 1)), _mm256_loadu_si256((const __m256i *)(text + 31))), _mm256_loadu_si256((const __m256i *)(text + 35)));
    if (_mm256_movemask_epi8(around)) look_at_avx2(text, screen, b, 1);
    else look_at_avx2(text, screen, b, 0);
}

WITH_AVX2 APART static void look_avx2(const uint8_t *text, int blocks, const struct screen *screen, struct bits *b)
{
    for (; blocks > 0; blocks--, text += 64, b++) look_one_avx2(text, screen, b);
}

WITH_AVX2 APART static void marks_avx2(const uint8_t *text, int blocks, struct marks *all)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (int i = 0; i < blocks; i++, text += 64) {
        struct { uint64_t quote, slash, open, close, comma, colon, space, control, numeric, sign, minus, point, zero, dollar, under; } block = { 0 }, *b = &block;
        for (int at = 0; at < 64; at += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), folded = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
            __m256i low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
            IS(quote, BE(v, '"'));
            IS(slash, BE(v, '\\'));
            IS(open, BE(folded, '{'));
            IS(close, BE(folded, '}'));
            IS(comma, BE(v, ','));
            IS(colon, BE(v, ':'));
            IS(dollar, BE(v, '$'));
            IS(under, BE(v, '_'));
            IS(minus, BE(v, '-'));
            IS(point, BE(v, '.'));
            IS(zero, BE(v, '0'));
            IS(control, _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v));
            IN(space, spaces);
            IN(numeric, numerics);
            IN(sign, signs);
        }
#define KEEP(name) all->name.each[i] = block.name
        KEEP(quote), KEEP(slash), KEEP(open), KEEP(close), KEEP(comma), KEEP(colon), KEEP(space), KEEP(control), KEEP(numeric), KEEP(sign), KEEP(minus), KEEP(point), KEEP(zero), KEEP(dollar), KEEP(under);
    }
}

WITH_AVX2 APART static uint64_t host_avx2(const uint8_t *text, uint64_t *others)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    struct { uint64_t stop, other; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
        IN(stop, stops);
        IS(other, _mm256_or_si256(_mm256_or_si256(BE(v, '@'), BE(v, ':')), BE(v, '&')));
    }
    *others = all.other;
    return all.stop;
}

/* The first quote, backslash or control character of 64; the highest bit when nothing but letters, digits and - _ = , @ stands before it. */
WITH_AVX2 APART static uint64_t short_end_avx2(const uint8_t *text)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    struct { uint64_t stop, plain; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
        IS(stop, _mm256_or_si256(_mm256_or_si256(BE(v, '"'), BE(v, '\\')), _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v)));
        IN(plain, plains);
    }
    int length = all.stop ? first_of(all.stop) : 64;
    return (uint64_t)length | (uint64_t)!(length < 64 ? ~all.plain & below(length) : ~all.plain) << 63;
}

WITH_AVX2 APART static void seen_avx2(const uint8_t *text, int blocks, const struct screen *screen, struct seen *seen)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (int i = 0; i < blocks; i++, text += 64) {
        struct bits shown;
        struct { uint64_t stop, plain, space, pair; } all = { 0 }, *b = &all;
        look_one_avx2(text, screen, &shown);
        for (int at = 0; at < 64; at += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
            IS(stop, _mm256_or_si256(_mm256_or_si256(BE(v, '"'), BE(v, '\\')), _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v)));
            IS(space, BE(v, ' '));
            IN(plain, plains);
            if (shown.foreign) IS(pair, _mm256_and_si256(BE(v, (char)0xe5), BE(_mm256_loadu_si256((const __m256i *)(text + at + 1)), (char)0x98)));
        }
        uint64_t others = shown.never | (shown.dots & (shown.dots << 1 | (text[-1] == '.'))) | all.pair, any = shown.acting | shown.words | shown.conditions | others;
        seen->stop[i] = all.stop;
        seen->mixed[i] = ~all.plain;
        seen->space[i] = all.space;
        seen->acting[i] = shown.acting & ~others;
        seen->words[i] = shown.words & ~others;
        seen->conditions[i] = shown.conditions & ~others;
        seen->all[i] = any | shown.foreign;
        seen->any[i] = any;
    }
    /* Nothing ends behind it. */
    seen->stop[blocks] = 0;
}

WITH_AVX2 APART static void listed_avx2(const uint8_t *text, int blocks, const struct screen *screen, struct listed *listed, uint8_t quote)
{
    uint64_t raw = quote == '"' ? ~0ULL : 0;
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (int i = 0; i < blocks; i++, text += 64) {
        struct bits shown;
        struct { uint64_t quote, slash, control, comma, blank, pair; } all = { 0 }, *b = &all;
        look_one_avx2(text, screen, &shown);
        for (int at = 0; at < 64; at += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
            IS(quote, BE(v, (char)quote));
            IS(slash, BE(v, '\\'));
            IS(control, _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v));
            IS(comma, BE(v, ','));
            IN(blank, spaces);
            if (shown.foreign) IS(pair, _mm256_and_si256(BE(v, (char)0xe5), BE(_mm256_loadu_si256((const __m256i *)(text + at + 1)), (char)0x98)));
        }
        listed->quote[i] = all.quote;
        listed->stop[i] = (all.slash | all.control) & raw;
        listed->comma[i] = all.comma;
        listed->blank[i] = all.blank & (raw | ~all.control);
        listed->odd[i] = ~0ULL; /* tables for it would cost more than a look at each */
        listed->acting[i] = shown.acting;
        listed->words[i] = shown.words;
        listed->conditions[i] = shown.conditions;
        listed->others[i] = shown.never | (shown.dots & (shown.dots << 1 | (text[-1] == '.'))) | all.pair;
        listed->foreign[i] = shown.foreign;
    }
}

WITH_AVX2 APART static uint64_t values_avx2(const uint8_t *text, const struct screen *screen, uint64_t *run, uint64_t *blanks)
{
    const __m256i half = _mm256_set1_epi8(15), bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    struct { uint64_t value, run, blank; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), low = _mm256_and_si256(v, half), bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
        IN(value, screen->tables[VALUE]);
        IN(run, screen->tables[RUN]);
        IN(blank, screen->tables[BLANK]);
    }
    *run = all.run;
    *blanks = all.blank;
    return all.value;
}

WITH_AVX2 APART static ptrdiff_t equal_avx2(const uint8_t *one, const uint8_t *other, ptrdiff_t most)
{
    for (ptrdiff_t at = 0; at < most; at += 32) {
        uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(one + at)), _mm256_loadu_si256((const __m256i *)(other + at))));
        if (same == UINT32_MAX) continue;
        at += __builtin_ctz(~same);
        return at < most ? at : most;
    }
    return most;
}

WITH_AVX2 static int is_same_avx2(const uint8_t *one, const uint8_t *other, ptrdiff_t length)
{
    if (length > 16) return equal_avx2(one, other, length) == length;
    uint64_t differ = eight(one) ^ eight(other);
    return length < 8 ? !(differ & below((int)length * 8)) : !(differ | (eight(one + length - 8) ^ eight(other + length - 8)));
}

AVX2 unsigned tops_avx2(const lanes *v)
{
    const __m256d *halves = (const __m256d *)v;
    return (unsigned)_mm256_movemask_pd(halves[0]) | (unsigned)_mm256_movemask_pd(halves[1]) << 4;
}

AVX2 void give_avx2(lanes *v, unsigned which)
{
    const __m256i low = _mm256_setr_epi64x(1, 2, 4, 8), high = _mm256_setr_epi64x(16, 32, 64, 128), to = _mm256_set1_epi64x(which);
    __m256i *halves = (__m256i *)v;
    halves[0] = _mm256_sub_epi64(halves[0], _mm256_cmpeq_epi64(_mm256_and_si256(to, low), low));
    halves[1] = _mm256_sub_epi64(halves[1], _mm256_cmpeq_epi64(_mm256_and_si256(to, high), high));
}

WITH_AVX2 APART static uint64_t ends_avx2(const uint8_t *text, uint8_t end, uint64_t *blanks, uint64_t *pairs)
{
    struct { uint64_t quote, blank, pair; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at)), next = _mm256_loadu_si256((const __m256i *)(text + at + 1));
        IS(quote, BE(v, (char)end));
        IS(blank, _mm256_or_si256(BE(v, ' '), BE(v, '\n')));
        IS(pair, _mm256_and_si256(BE(v, (char)0xe5), BE(next, (char)0x98)));
    }
    *blanks = all.blank;
    *pairs = all.pair;
    return all.quote;
}

WITH_AVX2 APART static void fields_avx2(const uint8_t *text, uint64_t *separators, uint64_t *equals, uint64_t *telling, uint64_t *unders)
{
    struct { uint64_t and, equal, tell, under; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at));
        IS(and, BE(v, '&'));
        IS(equal, BE(v, '='));
        IS(under, BE(v, '_'));
        IS(tell, _mm256_or_si256(BE(v, '$'), BE(v, '[')));
    }
    *separators = all.and;
    *equals = all.equal;
    *telling = all.tell;
    *unders = all.under;
}

WITH_AVX2 static uint64_t braces_avx2(const uint8_t *text)
{
    uint64_t curly = 0;
    for (int at = 0; at < 64; at += 32) curly |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(_mm256_loadu_si256((const __m256i *)(text + at)), 2)) << at;
    return curly;
}

/* Every place with an odd number of bits at or before it. */
WITH_AVX2 static uint64_t between_avx2(uint64_t bits) { return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)bits), _mm_set1_epi8(-1), 0)); }

AVX2 void stops_at_avx2(const uint8_t *text, uint64_t *quotes, uint64_t *slashes, uint64_t *controls)
{
    struct { uint64_t quote, slash, control; } all = { 0 }, *b = &all;
    for (int at = 0; at < 64; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(text + at));
        IS(quote, BE(v, '"'));
        IS(slash, BE(v, '\\'));
        IS(control, _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(31)), v));
    }
    *quotes = all.quote;
    *slashes = all.slash;
    *controls = all.control;
}

/* The value of a form with blanks for its plus signs; whether there are percent signs. */
WITH_AVX2 static int spaced_avx2(const uint8_t *from, ptrdiff_t length, uint8_t *to)
{
    const __m256i plus = _mm256_set1_epi8('+'), percent = _mm256_set1_epi8('%');
    __m256i percents = _mm256_setzero_si256();
    ptrdiff_t at = 0;
    for (; at + 32 <= length; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(from + at));
        percents = _mm256_or_si256(percents, _mm256_cmpeq_epi8(v, percent));
        _mm256_storeu_si256((__m256i *)(to + at), _mm256_blendv_epi8(v, _mm256_set1_epi8(' '), _mm256_cmpeq_epi8(v, plus)));
    }
    int has = _mm256_movemask_epi8(percents) != 0;
    for (; at < length; at++) {
        has |= from[at] == '%';
        to[at] = from[at] == '+' ? ' ' : from[at];
    }
    return has;
}

/* After Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions" (https://arxiv.org/abs/1704.00605): what a character stands for is told by its upper half, and which are none by both. */
WITH_AVX2 static ptrdiff_t base64_avx2(const uint8_t *from, ptrdiff_t length, uint8_t *to)
{
    const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a)),
        high = _mm256_broadcastsi128_si256(_mm_setr_epi8(0x10, 0x10, 1, 2, 4, 8, 4, 8, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10)),
        roll = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0)),
        order = _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)), slash = _mm256_set1_epi8('/'), half = _mm256_set1_epi8(15);
    ptrdiff_t at = 0;
    for (; at + 32 <= length; at += 32, to += 24) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(from + at)), upper = _mm256_and_si256(_mm256_srli_epi32(v, 4), half);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(v, half)), _mm256_shuffle_epi8(high, upper))) break;
        v = _mm256_add_epi8(v, _mm256_shuffle_epi8(roll, _mm256_add_epi8(_mm256_cmpeq_epi8(v, slash), upper)));
        v = _mm256_shuffle_epi8(_mm256_madd_epi16(_mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140)), _mm256_set1_epi32(0x00011000)), order);
        _mm256_storeu_si256((__m256i *)to, _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7)));
    }
    return at;
}

WITH_AVX2 static const uint8_t *unescape_avx2(const uint8_t *at, const uint8_t *limit, uint8_t *to, uint8_t **end)
{
    while (at < limit) {
        uint64_t quotes, slashes, controls;
        stops_at_avx2(at, &quotes, &slashes, &controls);
        uint64_t stops = quotes | slashes | controls;
        int from = 0;
        while (from < 64) {
            uint64_t ahead = stops & ~below(from);
            int place = ahead ? first_of(ahead) : 64;
            __builtin_memcpy(to, at + from, 64);
            to += place - from;
            from = place;
            if (place == 64) break;
            if (!(slashes >> place & 1)) {
                *end = to;
                return quotes >> place & 1 && at + place < limit ? at + place : NULL;
            }
            int used = escape(at + place, &to);
            if (!used) return NULL;
            from += used;
        }
        at += from;
    }
    return NULL;
}

WITH_AVX2 static int unescape_texts_avx2(const uint8_t *at, const uint8_t *limit, uint8_t *to, struct taken *taken, uint8_t **end)
{
    const uint8_t *most = to + (WINDOW - 1) * 64;
    int count = 0, inside = 1, goes_on = 1;
    while (goes_on && count < TAKEN && to <= most && at < limit) {
        uint64_t quotes, slashes, controls, real = 0;
        int from = 0, last = limit - at < 64 ? (int)(limit - at) : 64;
        stops_at_avx2(at, &quotes, &slashes, &controls);
        /* Escapes are no shorter than what they stand for. */
        while (from < last) {
            uint64_t ahead = (quotes | slashes | controls) & ~below(from);
            int place = ahead ? first_of(ahead) : 64;
            place = place < last ? place : last;
            __builtin_memcpy(to, at + from, 64);
            to += place - from;
            from = place;
            if (place == last) break;
            if (quotes >> place & 1) {
                real |= 1ULL << place;
                *to++ = SEPARATOR;
                inside ^= 1;
                from++;
                continue;
            }
            uint8_t *before = to;
            int used = slashes >> place & 1 ? inside ? escape(at + place, &to) : 0 : !inside && at[place] != 0 && memchr("\n\r\t", at[place], 3) != NULL;
            if (!used || *before == SEPARATOR) {
                to = before;
                goes_on = 0;
                break;
            }
            if (controls >> place & 1) *to++ = ' ';
            from += used;
        }
        taken[count++] = (struct taken){ at, real };
        at += from;
    }
    *end = to;
    return count;
}

/* Behind a container or text of JSON, without a check of its form; NULL when it does not end. */
WITH_AVX2 static const uint8_t *skip_avx2(const uint8_t *at, const uint8_t *limit)
{
    uint64_t carry = 0, inside = 0;
    int is_text = *at == '"';
    for (int depth = 0; at < limit; at += 64) {
        struct { uint64_t quote, slash, open, close; } all = { 0 };
        for (int at_ = 0; at_ < 64; at_ += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(at + at_)), folded = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
            all.quote |= (uint64_t)(uint32_t)_mm256_movemask_epi8(BE(v, '"')) << at_;
            all.slash |= (uint64_t)(uint32_t)_mm256_movemask_epi8(BE(v, '\\')) << at_;
            all.open |= (uint64_t)(uint32_t)_mm256_movemask_epi8(BE(folded, '{')) << at_;
            all.close |= (uint64_t)(uint32_t)_mm256_movemask_epi8(BE(folded, '}')) << at_;
        }
        uint64_t quotes = all.quote & ~behind_slash(all.slash, &carry);
        uint64_t strings = between_avx2(quotes) ^ inside;
        inside = (uint64_t)((int64_t)strings >> 63);
        if (is_text) {
            uint64_t ends = quotes & ~strings;
            if (ends) return at + first_of(ends) < limit ? at + first_of(ends) + 1 : NULL;
            continue;
        }
        uint64_t opens = all.open & ~strings, closes = all.close & ~strings;
        int closed = 0;
        for (uint64_t left = depth > ones(closes) ? 0 : closes; left; left &= left - 1)
            if (depth + ones(opens & ((left & -left) - 1)) == ++closed) return at + first_of(left) + 1;
        depth += ones(opens) - ones(closes);
    }
    return NULL;
}

#define WITH_VBMI __attribute__((target("avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt,pclmul")))
#define VBMI __attribute__((target("avx512bw,avx512vbmi,avx512vbmi2,bmi,bmi2,lzcnt,popcnt,pclmul"), always_inline)) static inline

enum { SET_NEVER = 1, SET_VALUE = 2, SET_RUN = 4, SET_BLANK = 8, CONDITION = 128 };

/* All tables, in registers for as many blocks as are looked at; `beyond` has what holds for characters beyond ASCII. */
struct classes { __m512i sets[2], here[2], before, after, first[4], second[4]; const uint8_t *beyond; };

VBMI __m512i classes_of(const uint8_t *classes, int which) { return _mm512_loadu_si512(classes + (which < BEFORE ? which * 128 : BEFORE * 128 + (which - BEFORE) * 64)); }

VBMI __m512i foreign_of(const struct classes *c, int which, __m512i found, __m512i v, int foreign) { return foreign ? _mm512_mask_mov_epi8(found, _mm512_movepi8_mask(v), _mm512_set1_epi8((char)c->beyond[which])) : found; }

/* Letters without their case: the sixth bit is the seventh's. */
VBMI __m512i folded(__m512i v) { return _mm512_ternarylogic_epi64(_mm512_set1_epi8(0x20), _mm512_srli_epi16(v, 1), v, 0xca); }

/* Each byte by the tables, with its neighbours. */
VBMI void look_at(const uint8_t *text, const struct classes *c, struct bits *b, int foreign)
{
    __m512i first = _mm512_set1_epi8(-1), second = first, here = _mm512_loadu_si512(text), before = _mm512_loadu_si512(text - 1);
    __m512i sets = foreign_of(c, SETS, _mm512_permutex2var_epi8(c->sets[0], here, c->sets[1]), here, foreign);
    __m512i acting = _mm512_and_si512(foreign_of(c, HERE, _mm512_permutex2var_epi8(c->here[0], here, c->here[1]), here, foreign), foreign_of(c, BEFORE, _mm512_permutexvar_epi8(folded(before), c->before), before, foreign));
    for (int i = 0; i < 4; i++) {
        __m512i v = _mm512_loadu_si512(text + i), fold = folded(v);
        first = _mm512_and_si512(first, foreign_of(c, FIRST + i, _mm512_permutexvar_epi8(fold, c->first[i]), v, foreign));
        second = _mm512_and_si512(second, foreign_of(c, SECOND + i, _mm512_permutexvar_epi8(fold, c->second[i]), v, foreign));
        if (i == 1) acting = _mm512_and_si512(acting, foreign_of(c, AFTER, _mm512_permutexvar_epi8(fold, c->after), v, foreign));
    }
#define SOME(vector, classes) _mm512_test_epi8_mask(vector, _mm512_set1_epi8((char)(classes)))
    *b = (struct bits){ .never = SOME(sets, SET_NEVER), .acting = SOME(acting, 255), .value = SOME(sets, SET_VALUE), .run = SOME(sets, SET_RUN), .blank = SOME(sets, SET_BLANK), .conditions = _mm512_movepi8_mask(second),
        .words = SOME(_mm512_or_si512(first, _mm512_and_si512(second, _mm512_set1_epi8(CONDITION - 1))), 255), .foreign = foreign ? _mm512_movepi8_mask(here) : 0, .dots = _mm512_cmpeq_epi8_mask(here, _mm512_set1_epi8('.')) };
}

VBMI struct classes all_classes(const struct screen *screen)
{
    struct classes c = { .before = classes_of(screen->classes, BEFORE), .after = classes_of(screen->classes, AFTER), .beyond = screen->classes + BEYOND };
    for (int i = 0; i < 2; i++) {
        c.sets[i] = _mm512_loadu_si512(screen->classes + SETS * 128 + 64 * i);
        c.here[i] = _mm512_loadu_si512(screen->classes + HERE * 128 + 64 * i);
    }
    for (int i = 0; i < 4; i++) {
        c.first[i] = classes_of(screen->classes, FIRST + i);
        c.second[i] = classes_of(screen->classes, SECOND + i);
    }
    return c;
}

VBMI void look_once(const uint8_t *text, const struct classes *c, struct bits *b)
{
    if (_mm512_movepi8_mask(_mm512_or_si512(_mm512_loadu_si512(text - 1), _mm512_loadu_si512(text + 3)))) look_at(text, c, b, 1);
    else look_at(text, c, b, 0);
}

/* One block: its tables are read where they are used. */
WITH_VBMI APART static void look_one_vbmi(const uint8_t *text, const struct screen *screen, struct bits *b)
{
    struct classes c = all_classes(screen);
    look_once(text, &c, b);
}

WITH_VBMI APART static void look_vbmi(const uint8_t *text, int blocks, const struct screen *screen, struct bits *b)
{
    struct classes c = all_classes(screen);
    for (; blocks > 0; blocks--, text += 64, b++) look_once(text, &c, b);
}

/* What a sign or what stands behind it is in a long text. */
enum { OF_LETTERS = 1, DIGIT = 2, DULL = 4, LINE_END = 8, SEMICOLON = 16, JOINER = 32, QUOTE = 64, IDLE = 128 };
static const uint8_t kinds[128] = {
    ['a' ... 'z'] = OF_LETTERS, ['A' ... 'Z'] = OF_LETTERS, ['0' ... '9'] = DIGIT, ['\n'] = LINE_END, [';'] = SEMICOLON | DULL, ['&'] = JOINER | DULL, ['|'] = JOINER | DULL, ['`'] = JOINER | DULL, ['\''] = QUOTE, ['"'] = QUOTE, ['\\'] = IDLE, ['\r'] = IDLE,
    /* With these neither a command begins nor a statement, and nobody looks behind them for one. */
    ['!'] = DULL, ['#'] = DULL, ['%'] = DULL, [')'] = DULL, ['*'] = DULL, [','] = DULL, ['-'] = DULL, ['.'] = DULL, [':'] = DULL, ['<'] = DULL, ['='] = DULL, ['>'] = DULL, ['?'] = DULL, ['['] = DULL, [']'] = DULL, ['^'] = DULL, ['}'] = DULL, ['~'] = DULL };

/* The third and fourth letters of order, group, having, procedure: de, ou, vi, oc; as `pairs` in struct screen. */
static const uint8_t behind_clauses[128] = { [4] = 1 << 5, [15 | 2 << 5] = 1 << 5, [22 | 1 << 5] = 1 << 1, [15] = 1 << 3 };

enum { FEW = 3 }; /* as few signs of a block are asked about one by one as quickly, and one less without quotes */
/* and, or, xor, not are conditions in short texts only: nobody looks for one in a text as long that no quote precedes, whatever the word ends at. */
struct pair_tables { __m512i of[PAIRS_OF][2], clauses[2], kinds[2]; };

VBMI uint64_t pairs_in(const __m512i table[2], __m512i index, __m512i bit) { return _mm512_test_epi8_mask(_mm512_permutex2var_epi8(table[0], index, table[1]), bit); }

/* Where words begin behind these signs and spaces; `over` when one may in the next block. */
VBMI uint64_t words_behind(uint64_t signs, uint64_t spaces, int *over)
{
    uint64_t places = signs << 1, sum;
    *over = __builtin_add_overflow(places & spaces, spaces, &sum) | (int)(signs >> 63);
    return (sum | places) & ~spaces;
}

/* Of a word that begins here with a letter, and of what goes on from there on with names: a command, as meets_command has it, or one that a quote may hide, or that ends elsewhere. */
VBMI int may_command(const uint8_t *word, uint64_t named, int most, const struct screen *screen)
{
    int length = (int)_tzcnt_u64(~named), behind = word[length];
    return length >= most || length >= COMMAND || behind == '\'' || behind == '"' || behind == '\\' || is_among(screen->commands, word, length);
}

VBMI void settle_one(const uint8_t *text, uint64_t valid, const struct screen *screen, const struct pair_tables *tables, int quotes_known, struct bits *b)
{
    const __m512i lower = _mm512_set1_epi8(31), upper = _mm512_set1_epi8(0x60), small = _mm512_set1_epi8(0x20), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 1, 2, 4, 8, 16, 32, 64, (char)128));
    __m512i v = _mm512_loadu_si512(text), before = _mm512_loadu_si512(text - 1), next = _mm512_loadu_si512(text + 1), third = _mm512_loadu_si512(text + 2), fourth = _mm512_loadu_si512(text + 3);
    __m512i kind = _mm512_permutex2var_epi8(tables->kinds[0], v, tables->kinds[1]);
    b->acting &= ~SOME(kind, quotes_known ? IDLE | QUOTE : IDLE) | b->foreign;
    if (ones(b->acting) < FEW - 1) return;
#define PAIR(one, other) _mm512_or_si512(_mm512_and_si512(one, lower), _mm512_and_si512(_mm512_slli_epi16(other, 2), upper))
    __m512i index = PAIR(v, next), bit = _mm512_shuffle_epi8(bits, next), index_behind = PAIR(third, fourth), bit_behind = _mm512_shuffle_epi8(bits, fourth);
#define ARE(c) _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c))
    b->words &= pairs_in(tables->of[OF_GRAMS], index, bit) & pairs_in(tables->of[BEHIND_GRAMS], index_behind, bit_behind);
    b->conditions &= pairs_in(tables->clauses, index_behind, bit_behind);
    uint64_t ascii = ~b->foreign & valid, acting = b->acting & ascii, letters = SOME(kind, OF_LETTERS) & ascii, digits = SOME(kind, DIGIT) & ascii, dull = SOME(kind, DULL) & ascii, spaces = ARE(' ');

    /* Lines, of which of several the last is told of, and what else may stand before a command or statement. */
    uint64_t line_ends = SOME(kind, LINE_END) & ascii, lines = acting & line_ends, semicolons = SOME(kind, SEMICOLON), marks = acting & SOME(kind, SEMICOLON | JOINER);
    marks &= ~(_mm512_cmpeq_epi8_mask(v, next) | _mm512_cmpeq_epi8_mask(next, _mm512_set1_epi8('#')) | _mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8('(')));
    if (!quotes_known) marks &= ~ARE('`');
    uint64_t calm = (letters & letters >> 1 & ~pairs_in(tables->of[OF_WORDS], index, bit)) | dull;
    uint64_t numbered = marks & semicolons & digits >> 1, named = letters | digits | ((ARE('_') | ARE('-') | ARE('.')) & valid);
    int lines_over, marks_over;
    uint64_t loud = words_behind(lines, spaces, &lines_over) & ~(calm | digits | line_ends);
    loud |= words_behind(marks & ~numbered, spaces, &marks_over) & ~calm;
    uint64_t quiet = lines | marks, kept = 0;
    if (lines_over) kept |= 1ULL << last_of(lines);
    if (marks_over) kept |= 1ULL << last_of(marks & ~numbered);
    for (; loud; loud &= loud - 1) {
        int place = first_of(loud);
        uint64_t sign = 1ULL << last_of(quiet & below(place));
        if ((sign & semicolons) || !(letters >> place & 1) || may_command(text + place, named >> place, 64 - place, screen)) kept |= sign;
    }

    /* Two slashes before the name of a host that ends here, and not as `localhost` does. */
    uint64_t slashes = ARE('/'), addresses = acting & slashes & slashes >> 1, hosts = addresses << 2, host, in_host = letters | digits | ((ARE('.') | ARE('-')) & valid);
    int goes_on = __builtin_add_overflow(hosts & letters, in_host, &host);
    host &= ~in_host;
    uint64_t odd = (hosts & ~letters) | (host & ~(slashes | spaces | line_ends | ARE('"'))) | (host & _mm512_cmpeq_epi8_mask(_mm512_or_si512(before, small), _mm512_set1_epi8('t')));
    if (!odd && !goes_on) quiet |= addresses & below(62);

    /* Equals signs right behind a name that begins here and not with `on`. */
    uint64_t behind_letters = letters << 1, on = _mm512_cmpeq_epi8_mask(_mm512_or_si512(v, small), _mm512_set1_epi8('o')) & _mm512_cmpeq_epi8_mask(_mm512_or_si512(next, small), _mm512_set1_epi8('n'));
    quiet |= acting & ARE('=') & behind_letters & ~through(letters, (on & ~behind_letters) | 1);
    /* `**` before what none of the signs is that make something of it. */
    quiet |= acting & ARE('*') & _mm512_cmpeq_epi8_mask(before, _mm512_set1_epi8('*')) & (letters | digits | spaces) >> 1;
    b->acting &= ~quiet | kept;
}

WITH_VBMI APART static void settle_vbmi(const uint8_t *text, int blocks, const uint8_t *end, const struct screen *screen, int quotes_known, struct bits *b)
{
    struct pair_tables tables;
    int many = 0;
    for (int i = 0; i < blocks; i++) many += ones(b[i].acting) >= FEW;
    if (many < FEW) return; /* the tables are not worth it */
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < PAIRS_OF; i++) tables.of[i][half] = _mm512_loadu_si512(screen->pairs[i] + 64 * half);
        tables.clauses[half] = _mm512_loadu_si512(behind_clauses + 64 * half);
        tables.kinds[half] = _mm512_loadu_si512(kinds + 64 * half);
    }
    for (; blocks > 0; blocks--, text += 64, b++)
        if (ones(b->acting) >= FEW) settle_one(text, end - text < 64 ? below((int)(end - text)) : ~0ULL, screen, &tables, quotes_known, b);
}

VBMI void seen_one(const uint8_t *text, const struct classes *c, struct seen *seen, int i, int foreign)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    struct bits b;
    look_at(text, c, &b, foreign);
    __m512i v = _mm512_loadu_si512(text), bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    uint64_t pairs = foreign ? _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)0xe5)) & _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text + 1), _mm512_set1_epi8((char)0x98)) : 0;
    seen->stop[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')) | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32));
    seen->mixed[i] = _mm512_testn_epi8_mask(_mm512_shuffle_epi8(wide(plains), _mm512_and_si512(v, half)), bit);
    uint64_t others = b.never | (b.dots & (b.dots << 1 | (text[-1] == '.'))) | pairs, any = b.acting | b.words | b.conditions | others;
    seen->space[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' '));
    seen->acting[i] = b.acting & ~others;
    seen->words[i] = b.words & ~others;
    seen->conditions[i] = b.conditions & ~others;
    seen->all[i] = any | b.foreign;
    seen->any[i] = any;
}

WITH_VBMI APART static void seen_vbmi(const uint8_t *text, int blocks, const struct screen *screen, struct seen *seen)
{
    struct classes c = all_classes(screen);
    for (int i = 0; i < blocks; i++, text += 64) {
        if (_mm512_movepi8_mask(_mm512_or_si512(_mm512_loadu_si512(text - 1), _mm512_loadu_si512(text + 3)))) seen_one(text, &c, seen, i, 1);
        else seen_one(text, &c, seen, i, 0);
    }
    /* Nothing ends behind it. */
    seen->stop[blocks] = 0;
}

VBMI void listed_one(const uint8_t *text, const struct classes *c, const __m512i *start, struct listed *listed, int i, uint8_t quote, int foreign)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    struct bits b;
    look_at(text, c, &b, foreign);
    __m512i v = _mm512_loadu_si512(text), odd = _mm512_set1_epi8(-1), bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    for (int k = 0; k < 4; k++) {
        __m512i on = _mm512_loadu_si512(text + k);
        odd = _mm512_and_si512(odd, foreign_of(c, START + k, _mm512_permutexvar_epi8(folded(on), start[k]), on, foreign));
    }
    uint64_t pairs = foreign ? _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)0xe5)) & _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text + 1), _mm512_set1_epi8((char)0x98)) : 0;
    uint64_t raw = quote == '"' ? ~0ULL : 0, controls = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32));
    listed->quote[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)quote));
    listed->stop[i] = (_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')) | controls) & raw;
    listed->comma[i] = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(','));
    listed->blank[i] = _mm512_test_epi8_mask(_mm512_shuffle_epi8(wide(spaces), _mm512_and_si512(v, half)), bit) & (raw | ~controls);
    listed->odd[i] = _mm512_test_epi8_mask(odd, odd);
    listed->acting[i] = b.acting;
    listed->words[i] = b.words;
    listed->conditions[i] = b.conditions;
    listed->others[i] = b.never | (b.dots & (b.dots << 1 | (text[-1] == '.'))) | pairs;
    listed->foreign[i] = b.foreign;
}

WITH_VBMI APART static void listed_vbmi(const uint8_t *text, int blocks, const struct screen *screen, struct listed *listed, uint8_t quote)
{
    struct classes c = all_classes(screen);
    __m512i start[4];
    for (int i = 0; i < 4; i++) start[i] = classes_of(screen->classes, START + i);
    for (int i = 0; i < blocks; i++, text += 64) {
        if (_mm512_movepi8_mask(_mm512_or_si512(_mm512_loadu_si512(text - 1), _mm512_loadu_si512(text + 3)))) listed_one(text, &c, start, listed, i, quote, 1);
        else listed_one(text, &c, start, listed, i, quote, 0);
    }
}

WITH_VBMI APART static uint64_t values_vbmi(const uint8_t *text, const struct screen *screen, uint64_t *run, uint64_t *blanks)
{
    __m512i sets = _mm512_permutex2var_epi8(_mm512_loadu_si512(screen->classes + SETS * 128), _mm512_loadu_si512(text), _mm512_loadu_si512(screen->classes + SETS * 128 + 64));
    *run = SOME(sets, SET_RUN);
    *blanks = SOME(sets, SET_BLANK);
    return SOME(sets, SET_VALUE);
}

/* Of addresses: a letter; what goes on with a name of a command; what ends a host, and what must be looked at more closely in one: as `stops` and host_avx512; what an address of numbers begins with. INVARIANT: as meets_command and names_nobody in clean.c. */
enum { LETTER = 1, NAMES = 2, STOPS_HOST = 4, IN_HOST = 8, NUMBERED = 16 };
static const uint8_t addressing[128] = { ['0' ... '9'] = NAMES | NUMBERED, ['A' ... 'Z'] = LETTER | NAMES, ['a' ... 'z'] = LETTER | NAMES, ['_'] = NAMES, ['-'] = NAMES, ['.'] = NAMES, ['['] = NUMBERED, ['@'] = IN_HOST, [':'] = IN_HOST, ['&'] = IN_HOST,
    ['/'] = STOPS_HOST, ['?'] = STOPS_HOST, ['#'] = STOPS_HOST, [' '] = STOPS_HOST, ['"'] = STOPS_HOST, ['\''] = STOPS_HOST, ['\\'] = STOPS_HOST, ['<'] = STOPS_HOST, ['\n'] = STOPS_HOST, [SEPARATOR] = STOPS_HOST };

WITH_VBMI static uint64_t quiet_signs_vbmi(const uint8_t *text, uint64_t signs)
{
    __m512i v = _mm512_loadu_si512(text), kinds = _mm512_maskz_permutex2var_epi8(~_mm512_movepi8_mask(v), _mm512_loadu_si512(addressing), v, _mm512_loadu_si512(addressing + 64));
    uint64_t equals = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('=')), others = ~SOME(kinds, LETTER), quiet = 0, sum;
    /* An equals sign behind no blank, and no five letters: no handler's name is as short. */
    uint64_t near = others << 1 | others << 2;
    near |= near << 2 | others << 5;
    quiet = signs & equals & near & _mm512_cmpgt_epi8_mask(v, _mm512_set1_epi8(' ')) << 1;
    /* Two slashes before a host that begins with a letter and ends in this block, not as `localhost` does. */
    uint64_t slashes = signs & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('/')) & below(62), hosts = slashes << 2 & ~others;
    if (slashes && hosts == slashes << 2) {
        uint64_t in_host = ~SOME(kinds, STOPS_HOST | IN_HOST), last = _mm512_cmpeq_epi8_mask(_mm512_or_si512(v, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('t'));
        if (__builtin_add_overflow(in_host, hosts, &sum)) hosts &= below(last_of(hosts));
        uint64_t ended = sum & ~in_host;
        if (!(ended & (SOME(kinds, IN_HOST) | last << 1))) quiet |= hosts >> 2;
    }
    /* The name of a parameter: of a letter and what a command's has, too, and an equals sign. None is as long as what is not looked at to its end. */
    uint64_t parameters = (signs & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('&'))) << 1 & ~others;
    if (parameters) {
        uint64_t names = SOME(kinds, NAMES), long_names = names & names >> 1;
        long_names &= long_names >> 2;
        long_names &= long_names >> 4;
        long_names &= long_names >> 8;
        if (__builtin_add_overflow(names, parameters, &sum)) parameters &= below(last_of(parameters));
        if (!(long_names & long_names >> 8) && !(sum & ~names & ~equals)) quiet |= parameters >> 1;
    }
    return quiet;
}

WITH_VBMI static ptrdiff_t base64_vbmi(const uint8_t *from, ptrdiff_t length, uint8_t *to)
{
    const __m512i low = _mm512_loadu_si512(digits_of_base64), high = _mm512_loadu_si512(digits_of_base64 + 64);
    static const uint8_t order[64] = { 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 18, 17, 16, 22, 21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41, 40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60 };
    const __m512i in_order = _mm512_loadu_si512(order);
    ptrdiff_t at = 0;
    for (; at + 64 <= length; at += 64, to += 48) {
        __m512i v = _mm512_loadu_si512(from + at), digits = _mm512_permutex2var_epi8(low, v, high);
        if (_mm512_movepi8_mask(v) | _mm512_testn_epi8_mask(digits, digits)) break;
        digits = _mm512_sub_epi8(digits, _mm512_set1_epi8(1));
        digits = _mm512_madd_epi16(_mm512_maddubs_epi16(digits, _mm512_set1_epi32(0x01400140)), _mm512_set1_epi32(0x00011000));
        _mm512_storeu_si512(to, _mm512_permutexvar_epi8(in_order, digits));
    }
    return at;
}

/* What characters of ASCII stand for behind a backslash, and as hexadecimal digits; the highest bit for those that do not. `u` stands for itself: what comes behind it is for units_of. */
static const uint8_t escaped_of[128] = { [0 ... 33] = 0x80, ['"'] = '"', [35 ... 46] = 0x80, ['/'] = '/', [48 ... 91] = 0x80, ['\\'] = '\\', [93 ... 97] = 0x80, ['b'] = '\b', [99 ... 101] = 0x80, ['f'] = '\f', [103 ... 109] = 0x80,
    ['n'] = '\n', [111 ... 113] = 0x80, ['r'] = '\r', ['s'] = 0x80, ['t'] = '\t', ['u'] = 'u', [118 ... 127] = 0x80 };
static const uint8_t nibble_of[128] = { [0 ... 47] = 0x80, ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7, ['8'] = 8, ['9'] = 9, [58 ... 64] = 0x80,
    ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15, [71 ... 96] = 0x80, ['a'] = 10, ['b'] = 11, ['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15, [103 ... 127] = 0x80 };

/* Writes UTF-8 in place of the digits of UTF-16 units that stand whole in a block, behind these `u`s, and takes them out of `units`; what is kept of the block. The digits of all move together, four bytes for each, and what they stand for moves back.
 * What is no number, zero, half of a pair or SEPARATOR stays in `units`; so do all of them where one begins within what another should have as digits.
 */
VBMI __m512i units_of(__m512i v, __m512i to, uint64_t *units, uint64_t *kept)
{
    /* Bytes of UTF-8 begin so many bits into what is two units of 32 bits: with three bytes, and with two. */
    const __m512i of_three = _mm512_set1_epi64(0x3820262c1800060c), of_two = _mm512_set1_epi64(0x3838202618180006);
    uint64_t whole = *units & below(60), digits = whole << 1 | whole << 2;
    digits |= digits << 2;
    if (digits & *units) return to;
    __m512i text = _mm512_maskz_compress_epi8(digits, v), nibbles = _mm512_permutex2var_epi8(_mm512_loadu_si512(nibble_of), text, _mm512_loadu_si512(nibble_of + 64));
    __m512i unit = _mm512_madd_epi16(_mm512_maddubs_epi16(nibbles, _mm512_set1_epi16(0x0110)), _mm512_set1_epi32(0x00010100));
    __mmask16 others = _mm512_test_epi32_mask(_mm512_or_si512(nibbles, text), _mm512_set1_epi8((char)0x80)) | _mm512_cmpeq_epi32_mask(_mm512_and_si512(unit, _mm512_set1_epi32(0xf800)), _mm512_set1_epi32(0xd800))
        | _mm512_testn_epi32_mask(unit, unit) | _mm512_cmpeq_epi32_mask(unit, _mm512_set1_epi32(SEPARATOR));
    __m512i three = _mm512_ternarylogic_epi32(_mm512_multishift_epi64_epi8(of_three, unit), _mm512_set1_epi32(0x003f3f0f), _mm512_set1_epi32(0x008080e0), 0xea);
    __m512i two = _mm512_ternarylogic_epi32(_mm512_multishift_epi64_epi8(of_two, unit), _mm512_set1_epi32(0x00003f1f), _mm512_set1_epi32(0x000080c0), 0xea);
    __mmask16 beyond = _mm512_cmpge_epu32_mask(unit, _mm512_set1_epi32(0x80)), far = _mm512_cmpge_epu32_mask(unit, _mm512_set1_epi32(0x800));
    to = _mm512_mask_expand_epi8(to, digits, _mm512_mask_mov_epi32(_mm512_mask_mov_epi32(unit, beyond, two), far, three));
    *units = (*units & ~whole) | _pdep_u64(others, whole);
    *kept &= ~(whole | _mm512_mask_testn_epi8_mask(digits, to, to));
    return to;
}

WITH_VBMI static const uint8_t *unescape_vbmi(const uint8_t *at, const uint8_t *limit, uint8_t *to, uint8_t **end)
{
    const __m512i low = _mm512_loadu_si512(escaped_of), high = _mm512_loadu_si512(escaped_of + 64);
    uint64_t carry = 0;
    while (at < limit) {
        __m512i v = _mm512_loadu_si512(at);
        uint64_t slashes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')), quotes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')), controls = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32));
        if (!(slashes | quotes | controls | carry)) {
            _mm512_storeu_si512(to, v);
            to += 64;
            at += 64;
            continue;
        }
        uint64_t escaped = behind_slash(slashes, &carry), starts = slashes & ~escaped;
        __m512i plain = _mm512_permutex2var_epi8(low, v, high);
        uint64_t others = escaped & _mm512_movepi8_mask(_mm512_or_si512(plain, v)), units = escaped & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('u')), kept = ~starts;
        plain = _mm512_mask_mov_epi8(v, escaped, plain);
        if (units) plain = units_of(v, plain, &units, &kept);
        uint64_t stops = others | units | (quotes & ~escaped) | controls;
        if (!stops) {
            _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, plain));
            to += ones(kept);
            at += 64;
            continue;
        }
        int place = first_of(stops);
        kept &= below(place);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, plain));
        to += ones(kept);
        /* The text ends here; or there is half of a pair of UTF-16 units, or one that goes on in the next block. */
        for (place -= (int)(escaped >> place & 1); place < 64;) {
            if (place >= 0 && !(slashes >> place & 1)) {
                *end = to;
                return quotes >> place & 1 && at + place < limit ? at + place : NULL;
            }
            int used = escape(at + place, &to);
            if (!used) return NULL;
            place += used;
            uint64_t ahead = place < 64 ? (quotes | slashes | controls) & ~below(place) : 0;
            int next = ahead ? first_of(ahead) : 64;
            if (place < 64) {
                __builtin_memcpy(to, at + place, 64);
                to += next - place;
                place = next;
            }
        }
        at += place;
        carry = 0;
    }
    return NULL;
}

WITH_VBMI static int unescape_texts_vbmi(const uint8_t *at, const uint8_t *limit, uint8_t *to, struct taken *taken, uint8_t **end)
{
    const __m512i low = _mm512_loadu_si512(escaped_of), high = _mm512_loadu_si512(escaped_of + 64);
    const uint8_t *most = to + (WINDOW - 1) * 64;
    uint64_t inside_before = ~0ULL;
    int count = 0;
    while (count < TAKEN && to <= most && at < limit) {
        __m512i v = _mm512_loadu_si512(at), plain = v;
        uint64_t slashes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')), quotes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')), controls = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32)), carry = 0, units = 0, wrong = 0;
        uint64_t escaped = slashes ? behind_slash(slashes, &carry) : 0, starts = slashes & ~escaped, kept = ~starts, real = quotes & ~escaped, inside = between_avx2(real) ^ inside_before;
        if (slashes) {
            plain = _mm512_permutex2var_epi8(low, v, high);
            units = escaped & _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('u'));
            wrong = (escaped & _mm512_movepi8_mask(_mm512_or_si512(plain, v))) >> 1 | (starts & ~inside);
            plain = _mm512_mask_mov_epi8(v, escaped, plain);
            if (units) plain = units_of(v, plain, &units, &kept);
        }
        if (controls) {
            uint64_t blanks = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\t'));
            wrong |= controls & (inside | ~blanks);
            plain = _mm512_mask_mov_epi8(plain, controls, _mm512_set1_epi8(' '));
        }
        plain = _mm512_mask_mov_epi8(plain, real, _mm512_set1_epi8(SEPARATOR));
        /* The next block begins with an escape that may go on there: where that is waits for nothing else. */
        int place = (int)_tzcnt_u64(starts & ~below(59)), ends = 0;
        uint64_t stops = (wrong | units >> 1) & _bzhi_u64(~0ULL, (unsigned)place);
        if (limit - at < place) {
            place = (int)(limit - at);
            ends = 1;
            stops &= below(place);
        }
        /* Rare, and a branch: chosen without one, where the next block begins would wait for all that is made of this. */
        if (__builtin_expect(stops != 0, 0)) {
            /* A UTF-16 unit that is not told here, with which the next one begins; or an end. */
            place = first_of(stops);
            ends = (int)(wrong >> place & 1);
        }
        uint64_t all = _bzhi_u64(~0ULL, (unsigned)place);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept & all, plain));
        to += ones(kept & all);
        taken[count++] = (struct taken){ at, real & all };
        inside_before ^= -(uint64_t)(ones(real & all) & 1);
        at += place;
        if (ends) break;
        if (place == 0) {
            uint8_t *before = to;
            int used = escape(at, &to);
            if (!used || *before == SEPARATOR) {
                to = before;
                break;
            }
            at += used;
        }
    }
    *end = to;
    return count;
}

WITH_VBMI static const uint8_t *skip_avx512(const uint8_t *at, const uint8_t *limit)
{
    uint64_t carry = 0, inside = 0;
    int is_text = *at == '"';
    for (int depth = 0; at < limit; at += 64) {
        __m512i v = _mm512_loadu_si512(at), folded = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
        uint64_t quotes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')), slashes = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')), strings = inside;
        if (slashes | carry) quotes &= ~behind_slash(slashes, &carry);
        if (quotes) {
            strings = between_avx2(quotes) ^ inside;
            inside = (uint64_t)((int64_t)strings >> 63);
        }
        if (is_text) {
            uint64_t ends = quotes & ~strings;
            if (ends) return at + first_of(ends) < limit ? at + first_of(ends) + 1 : NULL;
            continue;
        }
        uint64_t opens = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('{')) & ~strings, closes = _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('}')) & ~strings;
        if (depth <= ones(closes)) {
            /* Where they take turns, the depth is never below what it is here or one less. */
            uint64_t both = opens | closes, odd = between_avx2(both) & both;
            int closed = 0;
            if (odd != opens || !depth) {
                if (odd != closes || depth < 2)
                    for (uint64_t left = closes; left; left &= left - 1)
                        if (depth + ones(opens & ((left & -left) - 1)) == ++closed) return at + first_of(left) + 1;
            }
        }
        depth += ones(opens) - ones(closes);
    }
    return NULL;
}

WITH_AVX512 APART static void marks_avx512(const uint8_t *text, int blocks, struct marks *all)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    for (int i = 0; i < blocks; i++, text += 64) {
        __m512i v = _mm512_loadu_si512(text), low = _mm512_and_si512(v, half), bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), half)), folded = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
#define WIDE_IN(name, set) all->name.each[i] = _mm512_test_epi8_mask(_mm512_shuffle_epi8(wide(set), low), bit)
#define WIDE_BE(name, vector, c) all->name.each[i] = _mm512_cmpeq_epi8_mask(vector, _mm512_set1_epi8(c))
        WIDE_BE(open, folded, '{');
        WIDE_BE(close, folded, '}');
        WIDE_BE(comma, v, ',');
        WIDE_BE(minus, v, '-');
        WIDE_BE(point, v, '.');
        WIDE_BE(zero, v, '0');
        all->control.each[i] = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32));
        WIDE_IN(space, spaces);
        WIDE_IN(numeric, numerics);
        WIDE_IN(sign, signs);
        /* Most lists of numbers have nothing else. */
        if ((all->open.each[i] | all->close.each[i] | all->comma.each[i] | all->space.each[i] | all->numeric.each[i]) == ~0ULL) {
            all->quote.each[i] = all->slash.each[i] = all->colon.each[i] = all->dollar.each[i] = all->under.each[i] = 0;
            continue;
        }
        WIDE_BE(quote, v, '"');
        WIDE_BE(slash, v, '\\');
        WIDE_BE(colon, v, ':');
        WIDE_BE(dollar, v, '$');
        WIDE_BE(under, v, '_');
    }
}

WITH_AVX512 static uint64_t short_end_avx512(const uint8_t *text)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    __m512i v = _mm512_loadu_si512(text), low = _mm512_and_si512(v, half), bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    uint64_t stop = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')) | _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32));
    uint64_t plain = _mm512_test_epi8_mask(_mm512_shuffle_epi8(wide(plains), low), bit), length = stop ? (uint64_t)first_of(stop) : 64;
    return length | (uint64_t)!_bzhi_u64(~plain, (unsigned)length) << 63;
}

WITH_AVX512 static ptrdiff_t equal_avx512(const uint8_t *one, const uint8_t *other, ptrdiff_t most)
{
    for (ptrdiff_t at = 0; at < most; at += 64) {
        uint64_t others = _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(one + at), _mm512_loadu_si512(other + at));
        if (!others) continue;
        at += first_of(others);
        return at < most ? at : most;
    }
    return most;
}

WITH_AVX512 static int is_same_avx512(const uint8_t *one, const uint8_t *other, ptrdiff_t length)
{
    if (length <= 16) return !_bzhi_u32(~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)one), _mm_loadu_si128((const __m128i *)other))), (unsigned)length);
    return !_bzhi_u64(_mm512_cmpneq_epi8_mask(_mm512_loadu_si512(one), _mm512_loadu_si512(other)), (unsigned)length);
}

AVX512 unsigned tops_avx512(const lanes *v) { return _mm512_cmplt_epi64_mask(_mm512_load_si512(v), _mm512_setzero_si512()); }

AVX512 void give_avx512(lanes *v, unsigned which) { *v = (lanes)_mm512_mask_sub_epi64((__m512i)*v, (__mmask8)which, (__m512i)*v, _mm512_set1_epi64(-1)); }

WITH_AVX512 APART static uint64_t ends_avx512(const uint8_t *text, uint8_t end, uint64_t *blanks, uint64_t *pairs)
{
    __m512i v = _mm512_loadu_si512(text);
    *blanks = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
    *pairs = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)0xe5)) & _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text + 1), _mm512_set1_epi8((char)0x98));
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8((char)end));
}

WITH_AVX512 APART static void fields_avx512(const uint8_t *text, uint64_t *separators, uint64_t *equals, uint64_t *telling, uint64_t *unders)
{
    __m512i v = _mm512_loadu_si512(text);
    *separators = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('&'));
    *equals = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('='));
    *telling = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('$')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('['));
    *unders = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('_'));
}

WITH_AVX512 APART static uint64_t host_avx512(const uint8_t *text, uint64_t *others)
{
    const __m512i half = _mm512_set1_epi8(15), bits = _mm512_broadcast_i32x4(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0));
    __m512i v = _mm512_loadu_si512(text), low = _mm512_and_si512(v, half), bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
    *others = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('@')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(':')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('&'));
    return _mm512_test_epi8_mask(_mm512_shuffle_epi8(wide(stops), low), bit);
}

WITH_AVX512 static uint64_t text_end_avx512(const uint8_t *text)
{
    uint64_t percents = 0;
    for (const uint8_t *at = text;; at += 64) {
        __m512i v = _mm512_loadu_si512(at);
        uint64_t percent = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('%'));
        uint64_t found = _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(32)) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
        if (found) {
            percents |= percent & (found - 1) & ~found;
            return (uint64_t)(at - text + first_of(found)) | (uint64_t)(percents != 0) << 63;
        }
        percents |= percent;
    }
}

/* The bit by which curly brackets differ from square ones. */
WITH_AVX512 static uint64_t braces_avx512(const uint8_t *text) { return _mm512_test_epi8_mask(_mm512_loadu_si512(text), _mm512_set1_epi8(0x20)); }

WITH_AVX2 static int is_clean_avx2(const uint8_t *text, ptrdiff_t length, const struct screen *screen);
WITH_VBMI static int is_clean_avx512(const uint8_t *text, ptrdiff_t length, const struct screen *screen);
WITH_AVX2 static int one_block_avx2(const uint8_t *text, int length, const struct bits *bits, const struct screen *screen);
WITH_VBMI static int one_block_avx512(const uint8_t *text, int length, const struct bits *bits, const struct screen *screen);
WITH_AVX2 static const uint8_t *escaped_avx2(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers);
WITH_VBMI static const uint8_t *escaped_avx512(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers);

WITH_AVX2 static const uint8_t *encoded_avx2(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers);
WITH_AVX2 static const uint8_t *list_of_avx2(struct walk *w, const uint8_t *at, int64_t depth, int which);
WITH_AVX2 static const uint8_t *clean_run_avx2(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements);
WITH_VBMI static const uint8_t *encoded_avx512(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers);
WITH_VBMI static const uint8_t *list_of_avx512(struct walk *w, const uint8_t *at, int64_t depth, int which);
WITH_VBMI static const uint8_t *clean_run_avx512(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements);
WITH_AVX2 static const uint8_t *clean_escaped_avx2(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements);
WITH_VBMI static const uint8_t *clean_escaped_avx512(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements);

static const struct kit with_avx2 = { is_clean_avx2, one_block_avx2, escaped_avx2, encoded_avx2, list_of_avx2, clean_run_avx2, clean_escaped_avx2, marks_avx2, look_one_avx2, look_avx2, NULL, seen_avx2, listed_avx2, unescape_texts_avx2, values_avx2, between_avx2, ends_avx2, fields_avx2, host_avx2, NULL, text_end_avx2, short_end_avx2, equal_avx2, is_same_avx2, braces_avx2, 0 },
    with_avx512 = { is_clean_avx512, one_block_avx512, escaped_avx512, encoded_avx512, list_of_avx512, clean_run_avx512, clean_escaped_avx512, marks_avx512, look_one_vbmi, look_vbmi, settle_vbmi, seen_vbmi, listed_vbmi, unescape_texts_vbmi, values_vbmi, between_avx2, ends_avx512, fields_avx512, host_avx512, quiet_signs_vbmi, text_end_avx512, short_end_avx512, equal_avx512, is_same_avx512, braces_avx512, 28 };

WITH_AVX2 APART static int is_clean_avx2(const uint8_t *text, ptrdiff_t length, const struct screen *screen) { return one_text(text, length, screen, &with_avx2); }
WITH_VBMI APART static int is_clean_avx512(const uint8_t *text, ptrdiff_t length, const struct screen *screen) { return one_text(text, length, screen, &with_avx512); }
WITH_AVX2 static void concerns_avx2(const uint8_t *text, ptrdiff_t length, const struct screen *screen, struct concern *concern) { concerns_of(text, length, screen, &with_avx2, concern); }
WITH_VBMI static void concerns_avx512(const uint8_t *text, ptrdiff_t length, const struct screen *screen, struct concern *concern) { concerns_of(text, length, screen, &with_avx512, concern); }
WITH_AVX2 APART static int one_block_avx2(const uint8_t *text, int length, const struct bits *bits, const struct screen *screen) { return short_one(text, length, bits, screen, &with_avx2); }
WITH_VBMI APART static int one_block_avx512(const uint8_t *text, int length, const struct bits *bits, const struct screen *screen) { return short_one(text, length, bits, screen, &with_avx512); }
WITH_AVX2 static int64_t clean_fields_avx2(const uint8_t *text, ptrdiff_t length, const struct screen *screen) { return clean_fields(text, length, screen, &with_avx2); }
WITH_VBMI static int64_t clean_fields_avx512(const uint8_t *text, ptrdiff_t length, const struct screen *screen) { return clean_fields(text, length, screen, &with_avx512); }
WITH_AVX2 static void elements_avx2(struct list *list, const struct screen *screen) { elements(list, screen, &with_avx2, (struct carries){ tops_avx2, give_avx2, between_avx2 }); }
WITH_VBMI static void elements_avx512(struct list *list, const struct screen *screen) { elements(list, screen, &with_avx512, (struct carries){ tops_avx512, give_avx512, between_avx2 }); }
WITH_AVX2 APART static const uint8_t *list_of_avx2(struct walk *w, const uint8_t *at, int64_t depth, int which) { return list_of(w, at, depth, which, &with_avx2); }
WITH_VBMI APART static const uint8_t *list_of_avx512(struct walk *w, const uint8_t *at, int64_t depth, int which) { return list_of(w, at, depth, which, &with_avx512); }
WITH_AVX2 APART static const uint8_t *clean_run_avx2(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements) { return clean_run(w, at, &with_avx2, texts, elements); }
WITH_VBMI APART static const uint8_t *clean_run_avx512(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements) { return clean_run(w, at, &with_avx512, texts, elements); }
WITH_AVX2 APART static const uint8_t *clean_escaped_avx2(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements) { return clean_escaped(w, at, &with_avx2, texts, elements); }
WITH_VBMI APART static const uint8_t *clean_escaped_avx512(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements) { return clean_escaped(w, at, &with_avx512, texts, elements); }
WITH_AVX2 APART static const uint8_t *encoded_avx2(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers)
{
    return text_in_base64(start, list, most_depth, screen, &with_avx2, base64_avx2, elements_avx2, texts, containers);
}
WITH_AVX2 APART static const uint8_t *escaped_avx2(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers)
{
    return text_with_escapes(start, list, most_depth, screen, &with_avx2, unescape_avx2, elements_avx2, texts, containers);
}
WITH_VBMI APART static const uint8_t *encoded_avx512(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers)
{
    return text_in_base64(start, list, most_depth, screen, &with_avx512, base64_vbmi, elements_avx512, texts, containers);
}
WITH_VBMI APART static const uint8_t *escaped_avx512(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers)
{
    return text_with_escapes(start, list, most_depth, screen, &with_avx512, unescape_vbmi, elements_avx512, texts, containers);
}

/* INVARIANT: as Clean.Functions in Clean.cs. */
struct functions {
    masks *masks;
    text_end *text_end;
    int (*is_clean)(const uint8_t *text, ptrdiff_t length, const struct screen *screen);
    int64_t (*clean_fields)(const uint8_t *text, ptrdiff_t length, const struct screen *screen);
    void (*elements)(struct list *list, const struct screen *screen);
    unescape *unescape;
    const uint8_t *(*skip)(const uint8_t *at, const uint8_t *limit);
    int (*spaced)(const uint8_t *from, ptrdiff_t length, uint8_t *to);
    base64 *base64;
    void (*concerns)(const uint8_t *text, ptrdiff_t length, const struct screen *screen, struct concern *concern);
};

/* The quickest way that this processor has, of those with vectors of no more bits; 0 for none. */
int pellicle_functions(int most, struct functions *functions)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_PCLMUL) || !(c & bit_POPCNT)) return 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (low & 6) != 6 || most < 256 || !(b & bit_AVX2) || !(b & bit_BMI) || !(b & bit_BMI2)) return 0;
    int is_wide = most >= 512 && (low & 0xe6) == 0xe6 && (b & bit_AVX512F) && (b & bit_AVX512BW) && (c & bit_AVX512VBMI) && (c & bit_AVX512VBMI2);
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & bit_LZCNT)) return 0;
    *functions = (struct functions){ masks_avx2, text_end_avx2, is_clean_avx2, clean_fields_avx2, elements_avx2, unescape_avx2, skip_avx2, spaced_avx2, base64_avx2, concerns_avx2 };
    if (is_wide) {
        functions->masks = masks_avx512;
        functions->text_end = text_end_avx512;
        functions->is_clean = is_clean_avx512;
        functions->clean_fields = clean_fields_avx512;
        functions->elements = elements_avx512;
        functions->unescape = unescape_vbmi;
        functions->skip = skip_avx512;
        functions->base64 = base64_vbmi;
        functions->concerns = concerns_avx512;
    }
    return 1;
}
#else
int pellicle_functions(int most, void *functions) { return (void)most, (void)functions, 0; }
#endif
