/* The guard's wide vectors (src/Inspection/Native) with made-up texts, lists and forms under AddressSanitizer and UndefinedBehaviorSanitizer: nothing is read farther behind a text than Clean.Behind says,
 * none before it but what an array of bytes has before its first one, nothing is written but to the room, and no processor's way takes another end of a text. What the tables say is made up as well. Inputs follow from a fixed seed, so a failure comes again.
 * usage: fuzz INPUTS    prints `N passed, N failed`; a finding ends the program with the sanitizer's report
 */
#include "../../../src/Inspection/Native/masks.c"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* INVARIANT: as Clean.Behind and Clean.Levels in Clean.cs. */
enum { BEHIND = 67, AHEAD = 8, LEVELS = 6, MOST = 6000 };

static uint64_t state = 88172645463325252ULL;

static uint32_t any(uint32_t below)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static const char *const pieces[] = {
    "\"", "\"", "\"", "\\", "\\\"", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\u12", "\\n", "{", "}", "[", "]", ",", ",", ":", "{\"a\":", "\"name\":\"", "},{\"id\":", "\",\"", "[1,2.5,-3e7],", "true", "null", "false", "-", "0", "12", "1.5", "e", "+", "=", "&", "&field=", "%", "%41",
    " ", "  ", "\n", "\t", "a", "word ", "it's ", "or 1", " and ", "//host/", "//a@b", "; ls", "| cat ", "..", "../", "select ", "caf\xc3\xa9 ", "\xe6\x9d\xb1\xe4\xba\xac", "\xe5\x98\x8d", "\xc3", "\xff", "body\":\"", "data\":\"", "{\"kinesis\":{\"data\":\"", "eyJhIjpbMSwieCJdfQ==\"", "cGxlYXNlIHJpbmcgdHdpY2U=\"", "__proto__", "prototype", "$ne", "onload=", "\"{\\\"a\\\":[1,\\\"b\\\"]}\"",
    "The quick brown fox jumps over the lazy dog. ", "<!doctype html>", "<td class=\"row\">", "</td>", "&#39;", "url(", "`a` and `b` ", "${", "{{", "({", "...",
};

/* Bytes, with as many of others before and behind them as may be read; none more. */
static uint8_t *made(size_t *length)
{
    static uint8_t text[MOST + 64];
    size_t most = any(4) ? any(300) : any(MOST), n = 0;
    uint32_t few = any(sizeof pieces / sizeof *pieces), kinds = any(3) ? 6 : sizeof pieces / sizeof *pieces;
    while (n < most) {
        const char *piece = pieces[any(4) ? (few + any(kinds)) % (sizeof pieces / sizeof *pieces) : any(sizeof pieces / sizeof *pieces)];
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    n = n > most ? most : n;
    if (n && !any(8)) text[any((uint32_t)n)] = (uint8_t)any(256);
    uint8_t *bytes = calloc(1, AHEAD + n + BEHIND);
    if (!bytes) abort();
    memcpy(bytes + AHEAD, text, n);
    *length = n;
    return bytes;
}

static void fill(void *bytes, size_t length, uint32_t rare)
{
    for (size_t i = 0; i < length; i++) ((uint8_t *)bytes)[i] = any(rare) ? 0 : (uint8_t)any(256);
}

static struct screen *tables(void)
{
    static uint8_t masks[TABLES * 16], classes[BEYOND + 2 * 64];
    static struct grams grams;
    static struct words keywords, joins, commands, starts;
    static uint64_t objects[128], plain[16];
    static uint8_t pairs[PAIRS_OF][128];
    static struct screen screen;
    uint32_t rare = any(3) ? 1 + any(40) : 1u << 28;
    fill(masks, sizeof masks, rare);
    fill(classes, sizeof classes, rare);
    fill(objects, sizeof objects, rare * 4);
    fill(plain, sizeof plain, rare);
    fill(pairs, sizeof pairs, rare);
    memset(&grams, 0, sizeof grams);
    fill(grams.around, sizeof grams.around, rare);
    /* One literal of any one to three characters for all, so that some stand somewhere. */
    grams.literals[0] = (uint8_t)(1 + any(3));
    grams.literals[1] = (uint8_t)any(4);
    for (int i = 2; i < HEAD; i++) grams.literals[i] = (uint8_t)any(256);
    for (int i = 0; i < 3; i++) grams.literals[HEAD + i] = i < grams.literals[0] ? "aeor t. "[any(8)] : 0;
    for (int i = 0; i < 500; i++) {
        int slot = (int)any(2048);
        uint32_t gram = grams.characters[slot] = any(1u << 31) | 0x20202020, hash = (gram * 0x9E3779B1u) >> 16;
        grams.filter[hash >> 6] |= 1ULL << (hash & 63);
        grams.numbers[slot] = (uint16_t)any(1024);
    }
    struct words *sets[] = { &keywords, &joins, &commands, &starts };
    for (int w = 0; w < 4; w++) fill(sets[w], sizeof *sets[w], rare);
    screen = (struct screen){ (const uint8_t (*)[16])masks, &grams, &keywords, &joins, &commands, &starts, objects, classes, plain, (const uint8_t (*)[128])pairs };
    return &screen;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s differs\n0 passed, 1 failed\n", what);
    exit(1);
}

static int guess(const uint8_t *text, ptrdiff_t length)
{
    int sum = 0;
    for (ptrdiff_t i = 0; i < length; i++) sum += text[i];
    return sum % 4 != 0;
}

static void lists(const struct functions *with, const struct screen *screen, const uint8_t *text, size_t length)
{
    static struct pattern patterns[LEVELS * PATTERNS];
    size_t room_bytes = 256 + any(3) * 4096;
    uint8_t *room = malloc(AHEAD + room_bytes);
    if (!room) abort();
    memset(room, ' ', AHEAD);
    if (!any(4))
        for (int i = 0; i < LEVELS * PATTERNS; i++) patterns[i] = (struct pattern){ .trust = 16 };
    const uint8_t *at = text;
    for (int tries = 0; at < text + length && tries < 50; tries++) {
        struct list list = { .at = at, .end = text + length, .room = room + AHEAD, .room_bytes = (ptrdiff_t)room_bytes, .most_texts = any(2) ? 4096 : any(20), .most_containers = 4096, .most_depth = any(2) ? 60 : any(4),
            .most_nesting = any(LEVELS), .wrapped = any(3), .ask = any(2) ? guess : NULL, .patterns = any(4) ? patterns : NULL, .inner = any(4) ? patterns + PATTERNS : NULL,
            .mode = any(3) ? LEARNS : any(3), .most_elements = any(2) ? INT32_MAX : any(4), .encoded = any(4) };
        with->elements(&list, screen);
        if (list.at < at || list.at > text + length || list.looked < at || list.looked > text + length || (list.elements && list.at == at)) fail("a list's end");
        at = list.elements ? list.at + 1 : at + 1 + any(200);
    }
    free(room);
}

static void texts(const struct functions *const ways[], int count, const uint8_t *text, size_t length)
{
    uint64_t ends[2];
    for (int i = 0; i < count; i++) {
        /* The zero byte behind the text ends the search, and 63 bytes behind that may be read. */
        ends[i] = ways[i]->text_end(text);
        if ((ends[i] & INT32_MAX) > length || ends[i] != ends[0]) fail("a text's end");
    }
    const uint8_t *behind[2];
    for (int i = 0; i < count && length; i++) {
        behind[i] = ways[i]->skip(text, text + length);
        if (behind[i] != behind[0] && (*text == '"' || *text == '{' || *text == '[')) fail("what is behind a value");
    }
    uint8_t *out[2], *end[2];
    const uint8_t *quote[2];
    for (int i = 0; i < count; i++) {
        out[i] = malloc(length + 64 + 1);
        if (!out[i]) abort();
        end[i] = out[i];
        quote[i] = ways[i]->unescape(text, text + length, out[i], &end[i]);
        if (quote[i] != quote[0] || (quote[i] && (end[i] - out[i] != end[0] - out[0] || memcmp(out[i], out[0], (size_t)(end[0] - out[0]))))) fail("a text without its escapes");
    }
    for (int i = 0; i < count; i++) free(out[i]);
    uint8_t *to = malloc(length + 1), *from = malloc(length + 1);
    if (!to || !from) abort();
    memcpy(from, text, length);
    for (int i = 0; i < count; i++) {
        int percents = ways[i]->spaced(from, (ptrdiff_t)length, to);
        if (percents != (memchr(text, '%', length) != NULL)) fail("percent signs");
        for (size_t k = 0; k < length; k++)
            if (to[k] != (text[k] == '+' ? ' ' : text[k])) fail("a form's blanks");
    }
    /* Digits, and here and there what is none. */
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t odd = any(3) ? 1u << 30 : 1 + any(500);
    size_t first_odd = length;
    for (size_t k = 0; k < length; k++) {
        from[k] = any(odd) ? (uint8_t)digits[text[k] % 64] : text[k];
        if (!memchr(digits, from[k], 64) && first_odd == length) first_odd = k;
    }
    for (int i = 0; i < count; i++) {
        uint8_t *decoded = malloc(length / 4 * 3 + 17);
        if (!decoded) abort();
        ptrdiff_t done = ways[i]->base64(from, (ptrdiff_t)length, decoded);
        if (done % 4 || done > (ptrdiff_t)first_odd || done + 64 <= (ptrdiff_t)first_odd) fail("how far base64 goes");
        for (ptrdiff_t k = 0; k < done; k++) {
            /* Six bits of each. */
            ptrdiff_t bit = k * 6;
            int value = ((decoded[bit / 8] << 8 | (bit / 8 + 1 < done / 4 * 3 ? decoded[bit / 8 + 1] : 0)) >> (10 - bit % 8)) & 63;
            if (digits[value] != (char)from[k]) fail("what base64 stands for");
        }
        free(decoded);
    }
    free(to);
    free(from);
}

int main(int argc, char **argv)
{
    unsigned long inputs = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    struct functions of[2];
    const struct functions *ways[2];
    int count = 0;
    for (int bits = 256; bits <= 512; bits += 256)
        if (pellicle_functions(bits, &of[count]) && (!count || of[count].masks != of[0].masks)) {
            ways[count] = &of[count];
            count++;
        }
    if (!count) {
        puts("skip: this processor has no AVX2\n0 passed, 0 failed, 1 skipped");
        return 0;
    }
    for (unsigned long n = 0; n < inputs; n++) {
        size_t length;
        uint8_t *bytes = made(&length), *text = bytes + AHEAD;
        const struct screen *screen = tables();
        texts(ways, count, text, length);
        for (int i = 0; i < count; i++) {
            (void)ways[i]->is_clean(text, (ptrdiff_t)length, screen);
            (void)ways[i]->clean_fields(text, (ptrdiff_t)length, screen);
            int32_t commands[8];
            struct concern concern = { .commands = commands, .most = 8 };
            ways[i]->concerns(text, (ptrdiff_t)length, screen, &concern);
            if (concern.detectors & ~(int64_t)EVERY || concern.sets >> 32) fail("whom a text concerns");
            lists(ways[i], screen, text, length);
        }
        free(bytes);
    }
    printf("%lu inputs\n%d passed, 0 failed\n", inputs, count);
    return 0;
}
