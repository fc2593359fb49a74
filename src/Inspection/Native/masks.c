/* What TextMasks.cs says of a text, thirty-two or sixty-four bytes at a time, for processors that have AVX2 or AVX-512: the guard's base is x86-64-v2, and its compiler
 * makes no code that is chosen when the program runs. Nothing is read but 64 bytes for each block and three behind the last, and nothing written but a row of masks for each.
 */
#include <stddef.h>
#include <stdint.h>

/* INVARIANT: as TextMasks.Row and TextMasks.Tables in TextMasks.cs. */
struct row { uint64_t never, marks, acting, value, run, blank, words, conditions, marked, foreign, dots; };
enum { NEVER, SIMPLE, ACTING, VALUE, RUN, BLANK, WORDS, MARKED = WORDS + 8, TABLES = MARKED + 8 };

/* The first quote, backslash or control character from here on; the highest bit says whether a percent sign stands before it. Reads no farther than 63 bytes behind it. */
typedef uint64_t text_end(const uint8_t *text);

typedef void masks(const uint8_t *text, ptrdiff_t blocks, const uint8_t tables[TABLES][16], struct row *rows);

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2"), always_inline)) static inline

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

__attribute__((target("avx2"))) static void masks_avx2(const uint8_t *text, ptrdiff_t blocks, const uint8_t tables[TABLES][16], struct row *rows)
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

#define AVX512 __attribute__((target("avx512bw"), always_inline)) static inline

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
__attribute__((target("avx512bw"))) static void masks_avx512(const uint8_t *text, ptrdiff_t blocks, const uint8_t (*restrict tables)[16], struct row *restrict rows)
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

__attribute__((target("avx2"))) static uint64_t text_end_avx2(const uint8_t *text)
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

/* The quickest way that this processor has, of those with vectors of no more bits; NULL for none. */
masks *pellicle_masks(int most)
{
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return NULL;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return NULL;
    if (most >= 512 && (low & 0xe6) == 0xe6 && (b & bit_AVX512F) && (b & bit_AVX512BW)) return masks_avx512;
    return most >= 256 && (low & 6) == 6 && (b & bit_AVX2) ? masks_avx2 : NULL;
}

text_end *pellicle_text_end(int most) { return pellicle_masks(most < 256 ? most : 256) ? text_end_avx2 : NULL; }
#else
masks *pellicle_masks(int most) { return (void)most, NULL; }
text_end *pellicle_text_end(int most) { return (void)most, NULL; }
#endif
