/* Tells what no detector can find anything in from the rest, on whole blocks of 64 bytes: one text, the fields of a form, or the elements of a JSON list with all their names and texts at once.
 * It errs to one side only: what it calls clean is clean to Screen.cs, which has the reasons for each rule and looks at whatever this gives up on; where a rule here is
 * simpler than there, it is stricter. Included by masks.c. Nothing is written but to `room`; 67 bytes are read behind the end at the most.
 */

/* INVARIANT: as Clean.Tables, Clean.Words and Clean.List in Clean.cs. */
struct words { uint32_t lengths[1024]; uint64_t hashes[64]; };
/* By open addressing: four characters, and the number of what may stand before and behind them, a bit for each class of characters. */
struct grams { uint32_t characters[2048]; uint16_t numbers[2048]; struct { uint64_t before, behind; } around[1024]; };
struct screen {
    const uint8_t (*tables)[16], (*statements)[16];
    const struct grams *grams, *statement_grams;
    const struct words *keywords, *commands, *starts;
    const uint64_t *objects;
    const uint8_t *classes;
};
struct list {
    const uint8_t *at, *end;  /* where an element begins; then at the comma or bracket behind the last element that is clean */
    uint8_t *room;            /* for a text without its escapes */
    ptrdiff_t room_bytes;
    int64_t most_texts, most_containers, most_depth, texts, containers, elements;
    const uint8_t *looked;    /* how far */
};

/* What stands in a block: for detectors, and for JSON. */
struct bits { uint64_t never, acting, value, run, blank, words, conditions, foreign, dots; };
struct marks { uint64_t quote, slash, open, close, comma, colon, space, control, numeric, sign, point, zero, dollar, under, last; };

typedef void look(const uint8_t *at, const struct screen *screen, struct bits *bits);
typedef void read_marks(const uint8_t *at, struct marks *marks);
typedef uint64_t speaks(const uint8_t *at, const uint8_t (*tables)[16]);
typedef uint64_t ends(const uint8_t *at, uint8_t end, uint64_t *blanks, uint64_t *pairs);
typedef void fields(const uint8_t *at, uint64_t *separators, uint64_t *equals, uint64_t *telling, uint64_t *escapes);
struct kit { read_marks *marks; look *look; speaks *speaks; ends *ends; fields *fields; };

#define INLINE __attribute__((always_inline)) static inline

/* Farther than this nobody looks from one place; what goes on for longer is not clean. */
enum { STEP = 64, HEADER = 256 * 3, COMMAND = 31, BLOCKS_OF_TEXT = 1024, ESCAPED = 32 * 1024, LONG = 99 };

/* A text, or the texts of a list; where one begins and ends. */
struct texts {
    const struct screen *screen;
    const struct kit *kit;
    const uint8_t *start, *end;       /* of the text that is looked at; of all */
    const uint8_t *quoted, *foreign;  /* up to where texts with quotes and with other scripts have been looked at as a whole */
    uint64_t dot;
    int closes;                       /* the character that ends a text; -1 for one alone */
    int lines;
};

INLINE uint64_t below(int place) { return (1ULL << place) - 1; }
INLINE int first_of(uint64_t bits) { return __builtin_ctzll(bits); }
INLINE int last_of(uint64_t bits) { return 63 - __builtin_clzll(bits); }
INLINE int ones(uint64_t bits) { return __builtin_popcountll(bits); }
INLINE uint32_t four(const uint8_t *at) { uint32_t v; __builtin_memcpy(&v, at, 4); return v; }
INLINE uint64_t eight(const uint8_t *at) { uint64_t v; __builtin_memcpy(&v, at, 8); return v; }

/* Places behind an odd number of backslashes in a row; `carry` says whether the next block's first place is one. */
INLINE uint64_t behind_slash(uint64_t slashes, uint64_t *carry)
{
    const uint64_t evens = 0x5555555555555555;
    slashes &= ~*carry;
    uint64_t follows = slashes << 1 | *carry, sum;
    *carry = __builtin_add_overflow(slashes & ~evens & ~follows, slashes, &sum);
    return (evens ^ sum << 1) & follows;
}

/* The character there, or -1 where the text ends. */
INLINE int peek(const struct texts *t, const uint8_t *at) { return at >= t->end || *at == t->closes ? -1 : *at; }

INLINE int is_digit(int c) { return (unsigned)(c - '0') < 10; }
INLINE int is_letter(int c) { return (unsigned)((c | 0x20) - 'a') < 26; }
INLINE int is_word(int c) { return c >= 0 && (is_digit(c) || (is_letter(c) && c < 128) || c == '_'); }

/* Length of the character beyond ASCII that stands here; 0 when it is none, or one that readers of queries take for a blank. */
static int sound(const struct texts *t, const uint8_t *at)
{
    int lead = at[0], length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || t->end - at < length) return 0;
    for (int i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] >= 0xa0) || (lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] >= 0x90)) return 0;
    if ((lead == 0xc2 && at[1] == 0xa0) || (lead == 0xe3 && at[1] == 0x80 && at[2] == 0x80) || (lead == 0xef && at[1] == 0xbf && at[2] == 0xbd)) return 0;
    return length;
}

INLINE uint64_t class_of(int c) { return 1ULL << ((c & 0x1f) | (c & 0x40) >> 1); }

/* Four characters that tell of a literal stand here, between what it has around them. */
INLINE int is_gram(const struct texts *t, const struct grams *grams, const uint8_t *start, const uint8_t *at)
{
    uint32_t gram = four(at) | 0x20202020, slot = (gram * 0x9E3779B1u) >> 21;
    while (grams->characters[slot] && grams->characters[slot] != gram) slot = (slot + 1) & 2047;
    if (!grams->characters[slot]) return 0;
    int number = grams->numbers[slot], behind = peek(t, at + 4);
    return (at == start || grams->around[number].before & class_of(at[-1])) && (behind < 0 || grams->around[number].behind & class_of(behind));
}

/* One of the words may begin with these two characters (0 for the second of a word of one), have this length and these first eight characters. */
INLINE int may_be(const struct words *words, int first, int second, int length) { return length < 32 && (words->lengths[(first & 31) << 5 | (second & 31)] >> length & 1); }

INLINE int is_among(const struct words *words, const uint8_t *word, int length)
{
    if (!may_be(words, word[0], length > 1 ? word[1] : 0, length)) return 0;
    uint64_t folded = (eight(word) | 0x2020202020202020) & (length < 8 ? below(8 * length) : ~0ULL);
    uint64_t slot = (folded * 0x9E3779B97F4A7C15ULL) >> 52;
    return words->hashes[slot >> 6] >> (slot & 63) & 1;
}

/* Of the word that begins here, up to `most`; more than that when characters beyond ASCII are part of it, and -1 when it may end at one. */
INLINE int word_length(const struct texts *t, const uint8_t *at, int most)
{
    int length = 0;
    for (int c; length < most; length++) {
        c = peek(t, at + length);
        if (c >= 128) return sound(t, at + length) ? LONG : -1;
        if (!is_word(c) && c != '$') break;
    }
    return length;
}

/* The first two letters that stand here begin none of the words. */
INLINE int begins_none(const struct texts *t, const uint8_t *at, const struct words *words)
{
    return t->end - at > 1 && is_letter(at[0]) && is_letter(at[1]) && !words->lengths[(at[0] & 31) << 5 | (at[1] & 31)];
}

/* What stands behind an apostrophe in prose. */
INLINE int meets_word(const struct texts *t, const uint8_t *at)
{
    if (begins_none(t, at, t->screen->keywords)) return 1;
    int c = peek(t, at);
    for (int i = 0; c >= 0 && c <= ' ' && i < STEP; i++) c = peek(t, ++at);
    switch (c) {
    case -1: case ',': case '.': case '?': case ':': case ';': case '[': case ']': case '(': return 1;
    }
    if (c >= 128) return sound(t, at) > 0;
    int length = word_length(t, at, 11);
    return length > 10 || (length > 0 && !is_among(t->screen->keywords, at, length));
}

INLINE int meets_statement(const struct texts *t, const uint8_t *at)
{
    int c = peek(t, at);
    for (int i = 0; c >= 0 && (c <= ' ' || c == '+') && i < STEP; i++) c = peek(t, ++at);
    if (c >= 128) return !sound(t, at);
    if (c >= 0 && (c <= ' ' || c == '+')) return 1;
    int length = word_length(t, at, 11);
    return length < 0 || (length > 0 && length <= 10 && is_among(t->screen->keywords, at, length));
}

static int meets_command(const struct texts *t, const uint8_t *at)
{
    int c = peek(t, at), length = 0, first = 0, second = 0;
    for (int i = 0; c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'' || c == '(' || c == '{' || c == '\\' || c == '@'; i++) {
        if (i == STEP) return 1;
        c = peek(t, ++at);
    }
    if (c == '/') return 1;
    const uint8_t *word = at;
    for (; c >= 0; c = peek(t, ++at)) {
        if (is_word(c) || (length > 0 && (c == '-' || c == '.'))) {
            if (length == 0) first = c;
            else if (length == 1) second = c;
            if (++length == COMMAND) return 1;
        } else if (length > 0 && (c == '\'' || c == '"' || c == '\\')) {
            word = NULL; /* within a name they hide it: it counts with and without what follows them */
            if (may_be(t->screen->commands, first, second, length)) return 1;
        } else
            break;
    }
    return length > 0 && (word ? is_among(t->screen->commands, word, length) : may_be(t->screen->commands, first, second, length));
}

/* `onNAME` stands before this sign. */
INLINE int has_handler(const struct texts *t, const uint8_t *at)
{
    const uint8_t *end = at, *least = at - t->start > STEP ? at - STEP : t->start;
    while (end > least && (end[-1] <= ' ' || end[-1] >= 128)) end--;
    const uint8_t *start = end;
    while (start > least && is_letter(start[-1]) && start[-1] < 128) start--;
    if (start == least && least != t->start) return 1;
    return end - start > 4 && (start[0] | 0x20) == 'o' && (start[1] | 0x20) == 'n';
}

/* What stands behind two slashes begins with the name of an outside host, or with none. */
static int names_nobody(const struct texts *t, const uint8_t *at)
{
    static const uint8_t ends[256] = { ['/'] = 1, ['?'] = 1, ['#'] = 1, [' '] = 1, ['"'] = 1, ['\''] = 1, ['\\'] = 1, ['<'] = 1, ['\n'] = 1, ['@'] = 2, [':'] = 2, ['&'] = 2 };
    const uint8_t *start = at, *colon = NULL, *most = t->end - at > 4 * STEP ? at + 4 * STEP + 1 : t->end;
    int c = peek(t, at);
    if (is_digit(c) || c == '[') return 0;
    for (; at < most && ends[*at] != 1; at++) {
        if (!ends[*at]) continue;
        if (*at == t->closes) break;
        if (*at == '@' || (*at == ':' && colon)) return 0;
        if (*at == ':') colon = at;
    }
    if (at - start > 4 * STEP) return 0;
    const uint8_t *end = colon ? colon : at;
    return end - start < 9 || (eight(end - 9) | 0x2020202020202020) != 0x736f686c61636f6cULL || (end[-1] | 0x20) != 't'; /* localhost */
}

/* The end of the text that this place is in. */
static const uint8_t *end_of(const struct texts *t, const uint8_t *at)
{
    uint64_t blanks, pairs;
    if (t->closes < 0) return t->end;
    for (;; at += 64) {
        uint64_t quotes = t->kit->ends(at, t->closes, &blanks, &pairs);
        if (at >= t->end || quotes) {
            const uint8_t *end = quotes ? at + first_of(quotes) : t->end;
            return end < t->end ? end : t->end;
        }
    }
}

/* A text with quotes that says nothing of statements. */
static int is_quoted_only(struct texts *t, const uint8_t *start, const uint8_t *place)
{
    const uint8_t *end = end_of(t, place);
    for (const uint8_t *at = start; at < end; at += 64) {
        uint64_t hits = t->kit->speaks(at, t->screen->statements);
        for (hits &= end - at < 64 ? below(end - at) : ~0ULL; hits; hits &= hits - 1) {
            if (is_gram(t, t->screen->statement_grams, start, at + first_of(hits))) return 0;
        }
    }
    t->quoted = end;
    return 1;
}

/* A text beyond ASCII that is well-formed, or has no room for the name of a file. */
static int is_ordinary(struct texts *t, const uint8_t *start, const uint8_t *place)
{
    const uint8_t *end = end_of(t, place);
    uint64_t blank = 0;
    for (const uint8_t *at = start; at < end; at += 64) {
        uint64_t blanks, pairs, valid = end - at < 64 ? below(end - at) : ~0ULL;
        t->kit->ends(at, 0, &blanks, &pairs);
        if (pairs & valid) return 0;
        blank |= blanks & valid;
    }
    for (const uint8_t *at = start; !blank && at < end;) {
        int length = *at == '?' || *at == '%' ? 0 : *at < 128 ? 1 : sound(t, at);
        if (!length) return 0;
        at += length;
    }
    t->foreign = end;
    return 1;
}

/* What numbers and names of variables go on with, and what stands between the words of a query. */
INLINE int goes_on(int c) { return is_word(c) || c == '.' || c == '@' || c >= 128; }
INLINE int parts(int c) { return c <= ' ' || c == '+' || c >= 128; }

/* A word that goes on with a query stands here, behind a number, parenthesis, variable or quoted text; or it is the second of its text. */
static int is_condition(const struct texts *t, const uint8_t *start, const uint8_t *at)
{
    uint32_t begins = four(at) | 0x20202020;
    switch (begins) {
    case 0x6564726f: case 0x756f7267: case 0x69766168: case 0x636f7270: break; /* orde, grou, havi, proc */
    default:
        if ((begins & 0xffff) != 0x726f && (begins & 0xffffff) != 0x646e61 && (begins & 0xffffff) != 0x726f78 && (begins & 0xffffff) != 0x746f6e) return 0; /* or, and, xor, not */
    }
    int before = at > start ? at[-1] : ' ', length;
    if (before < 128 && is_word(before) && !(is_digit(before) || (unsigned)((before | 0x20) - 'a') < 6 || (before | 0x20) == 'x')) return 0;
    length = word_length(t, at, 10);
    if (length < 0) return 1;
    uint64_t word = (eight(at) | 0x2020202020202020) & (length < 8 ? below(8 * length) : ~0ULL);
    switch (length) {
    case 2: break;
    case 3: if ((word & 0xffff) == 0x726f) return 0; break;
    case 5: if (word != 0x726564726f && word != 0x70756f7267) return 0; break;
    case 6: if (word != 0x676e69766168) return 0; break;
    case 9: if (word != 0x72756465636f7270ULL) return 0; break;
    default: return 0;
    }
    if (before >= 128) return 1;
    const uint8_t *least = at - start > STEP ? at - STEP : start, *first;
    while (at > least && parts(at[-1])) at--;
    if (at > least && (at[-1] == ')' || at[-1] == '\'' || at[-1] == '"')) return 1;
    for (first = at; first > least && goes_on(first[-1]); first--)
        if (first[-1] == '@' || is_digit(first[-1])) return 1;
    if (first == least && least != start) return 1;
    if (length > 3 || is_word(before)) return 0;
    while (first > least && parts(first[-1])) first--;
    return first == least;
}

/* A text begins here that is no document, statement or serialised object. */
INLINE int begins_well(const struct texts *t, const uint8_t *at)
{
    int c = *at;
    for (int i = 0; c == ' ' && i < STEP; i++) c = peek(t, ++at);
    if (c < 0) return 1;
    if (c <= ' ' || c == '+' || c == '[' || c == '{') return 0;
    if (c >= 128) return c != 0xc2 && sound(t, at);
    uint32_t slot = ((four(at) & 0xffffff) * 0x9E3779B1u) >> 20;
    if (t->screen->objects[slot >> 6] >> (slot & 63) & 1) return 0;
    if (!t->screen->starts->lengths[(c & 31) << 5 | (at[1] & 31)]) return 1;
    int length = word_length(t, at, 11);
    return length >= 0 && (length < 2 || length > 10 || !is_among(t->screen->starts, at, length));
}

/* This sign begins or ends something and is followed by nothing that would make sense there. */
INLINE int is_quiet(struct texts *t, const uint8_t *start, const uint8_t *at)
{
    int next = peek(t, at + 1), before = at > start ? at[-1] : ' ';
    switch (*at) {
    case '\'': case '"':
        return (at < t->quoted || is_quoted_only(t, start, at)) && meets_word(t, at + 1);
    case '%':
        return next == ' ';
    case '*':
        return next != '/' && next != ')' && next != '(' && next != '|' && before != '/' && before != '=';
    case ';':
        return (next == ' ' && begins_none(t, at + 2, t->screen->commands) && begins_none(t, at + 2, t->screen->keywords)) || (!meets_command(t, at + 1) && !meets_statement(t, at + 1));
    case '&': case '|':
        return (next == ' ' && begins_none(t, at + 2, t->screen->commands)) || (next != *at && !meets_command(t, at + 1));
    case '\n':
        t->lines = 1;
        return !meets_command(t, at + 1);
    case '\r':
        t->lines = 1;
        return 1;
    case '=':
        return !has_handler(t, at);
    case ':':
        return before != 'O';
    case '/':
        return next != '/' || names_nobody(t, at + 2);
    case '(':
        return at - start < 3 || ((four(at - 3) | 0x202020) & 0xffffff) != 0x746c65; /* elt */
    }
    return 1;
}

/* Where one comes from some places by going on through others. */
INLINE uint64_t through(uint64_t others, uint64_t places) { return (((places & others) + others) ^ others) | places; }

INLINE const uint8_t *start_of(const struct texts *t, const uint8_t *at, uint64_t starts, int place)
{
    starts &= below(place) | 1ULL << place;
    return starts ? at + last_of(starts) : t->start;
}

/* Places in these texts of a block that are not clean; only the first counts. */
INLINE uint64_t judge(struct texts *t, const uint8_t *at, const struct bits *b, uint64_t valid, uint64_t starts)
{
    uint64_t dots = b->dots & valid, bad = (b->never & valid) | (dots & (dots << 1 | t->dot)), hits;
    t->dot = dots >> 63;
    for (hits = starts; hits; hits &= hits - 1)
        if (!begins_well(t, at + first_of(hits))) bad |= hits & -hits;

    hits = b->conditions & valid;
    if (hits) {
        /* Behind a value, the rest of its word and blanks; behind blanks and the first word of a text. What came before the block is for is_condition to see. */
        uint64_t run = b->run | b->foreign, blank = b->blank | b->foreign;
        hits &= through(blank, through(run, b->value << 1 | 1) | 1) | through(blank, through(run, through(blank, starts | 1) | 1) | 1);
    }
    for (; hits; hits &= hits - 1)
        if (is_condition(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) bad |= hits & -hits;
    for (hits = b->words & valid; hits; hits &= hits - 1)
        if (is_gram(t, t->screen->grams, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) bad |= hits & -hits;
    for (hits = b->acting & valid; hits; hits &= hits - 1)
        if (!is_quiet(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) {
            bad |= hits & -hits;
            break;
        }
    for (hits = b->foreign & valid; hits; ) {
        const uint8_t *place = at + first_of(hits);
        if (place >= t->foreign && !is_ordinary(t, start_of(t, at, starts, first_of(hits)), place)) {
            bad |= hits & -hits;
            break;
        }
        hits &= t->foreign - at < 64 ? ~below(t->foreign - at) : 0;
    }
    t->start = starts ? at + last_of(starts) : t->start;
    return bad;
}

INLINE int is_clean(const uint8_t *text, ptrdiff_t length, const struct screen *screen, const struct kit *kit)
{
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .quoted = text, .foreign = text, .closes = -1 };
    for (const uint8_t *at = text; at < t.end; at += 64) {
        struct bits b;
        kit->look(at, screen, &b);
        if (judge(&t, at, &b, t.end - at < 64 ? below(t.end - at) : ~0ULL, at == text)) return 0;
    }
    /* Words that the text ends with have no fourth character. */
    if (length >= 3 && (is_condition(&t, text, t.end - 2) || is_condition(&t, text, t.end - 3))) return 0;
    if (!t.lines) return 1;
    if (length <= HEADER) return 0;
    for (ptrdiff_t i = 0; i < length; i++)
        if (text[i] == '#' || (text[i] == '-' && i + 1 < length && text[i + 1] == '-')) return 0;
    return 1;
}

/* How many texts the fields of a form have, when all are clean and none has a percent sign; -1 otherwise. Blanks stand for its plus signs. */
INLINE int64_t clean_fields(const uint8_t *text, ptrdiff_t length, const struct screen *screen, const struct kit *kit)
{
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .quoted = text, .foreign = text, .closes = '&' };
    uint64_t begins = 1, in_name = 0, opened = 0, under_before = 0;
    int64_t texts = 0;
    for (const uint8_t *at = text; at < t.end; at += 64) {
        uint64_t separators, equals, telling, unders, valid = t.end - at < 64 ? below(t.end - at) : ~0ULL, sum;
        kit->fields(at, &separators, &equals, &telling, &unders);
        uint64_t starts = (separators << 1 | begins) & valid, plain = ~(separators | equals) & valid;
        /* Every name has a character at least, and an equals sign behind it. */
        in_name = __builtin_add_overflow(plain, (starts & plain) | in_name, &sum);
        uint64_t names = plain & ~sum, ended = sum & ~plain & valid;
        if ((starts & ~plain) | (sum & ~plain & ~valid) | (ended & separators) | (names & (telling | (unders & (unders << 1 | under_before))))) return -1;
        uint64_t values = ~(separators | names | ended) & valid, first = ((ended << 1) | opened) & values;
        begins = (separators & valid) >> 63;
        opened = ended >> 63;
        under_before = unders >> 63;
        texts += ones(first);
        if (!values) continue;
        struct bits b;
        kit->look(at, screen, &b);
        if (judge(&t, at, &b, values, first) || t.lines) return -1;
    }
    return in_name || begins ? -1 : texts;
}

static const uint8_t plain_of[256] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['n'] = '\n', ['t'] = '\t', ['r'] = '\r', ['b'] = '\b', ['f'] = '\f' };

/* One more than each hexadecimal digit stands for. */
static const uint8_t digit_of[256] = { ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, 
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16 };

/* The number that four hexadecimal digits stand for; negative for other characters. */
INLINE int unit_of(const uint8_t *at)
{
    int a = digit_of[at[0]], b = digit_of[at[1]], c = digit_of[at[2]], d = digit_of[at[3]];
    return a && b && c && d ? (a - 1) << 12 | (b - 1) << 8 | (c - 1) << 4 | (d - 1) : -1;
}

/* Writes what an escape of a UTF-16 unit, or of two, stands for; the length of the escape, or 0. */
INLINE int unicode(const uint8_t *at, uint8_t **to)
{
    int unit = unit_of(at + 2), used = 6;
    if (unit < 0) return 0;
    uint8_t *p = *to;
    if (unit < 0x80) *p++ = unit;
    else if (unit < 0x800) {
        *p++ = 0xc0 | unit >> 6;
        *p++ = 0x80 | (unit & 63);
    } else {
        int low = (unit & 0xfc00) == 0xd800 && at[6] == '\\' && at[7] == 'u' ? unit_of(at + 8) : -1;
        if (low >= 0 && (low & 0xfc00) == 0xdc00) {
            int rune = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
            *p++ = 0xf0 | rune >> 18;
            *p++ = 0x80 | (rune >> 12 & 63);
            *p++ = 0x80 | (rune >> 6 & 63);
            *p++ = 0x80 | (rune & 63);
            used = 12;
        } else {
            unit = (unit & 0xf800) == 0xd800 ? 0xfffd : unit;
            *p++ = 0xe0 | unit >> 12;
            *p++ = 0x80 | (unit >> 6 & 63);
            *p++ = 0x80 | (unit & 63);
        }
    }
    *to = p;
    return used;
}

/* Takes the escapes out of a text of JSON. The place of the quote that ends it; NULL when it is no such text, or ends behind the limit. Writes 64 bytes more than it tells. */
typedef const uint8_t *unescape(const uint8_t *at, const uint8_t *limit, uint8_t *to, uint8_t **end);

INLINE int escape(const uint8_t *at, uint8_t **to)
{
    uint8_t plain = plain_of[at[1]];
    if (!plain) return at[1] == 'u' ? unicode(at, to) : 0;
    *(*to)++ = plain;
    return 2;
}

/* A number goes on here with an exponent, or with the sign of one. */
static int is_exponent(const uint8_t *at)
{
    if (*at == '+' || *at == '-') return (at[-1] | 0x20) == 'e';
    if (!is_digit(at[-1])) return 0;
    for (at += at[1] == '+' || at[1] == '-' ? 2 : 1; is_digit(*at); at++) ;
    return is_digit(at[-1]) && *at != '.' && (*at | 0x20) != 'e' && *at != '+' && *at != '-';
}

/* Behind a comma of a list, as far as its elements are JSON and clean. */
INLINE void elements(struct list *list, const struct screen *screen, const struct kit *kit, unescape *unescape_text, uint64_t (*between)(uint64_t))
{
    struct texts t = { .screen = screen, .kit = kit, .start = list->at, .end = list->end, .quoted = list->at, .foreign = list->at, .closes = '"' };
    const uint8_t *at = list->looked = list->at;
    uint64_t types = 0, is_object = 0, is_top = ~0ULL, inside = 0;
    uint64_t value_next = 1, name_next = 0, after_next = 0, colon_next = 0, first_next = 0, in_name = 0, in_scalar = 0, in_sign = 0, value_opened = 0, ended_so = 0, under_before = 0, in_fraction = 0, in_digits = 0, after_zero = 0;
    int depth = 0, literal = 0, long_blocks = 0;
    int64_t texts = 0, containers = 0, count = 0;
    for (; at < list->end; list->looked = at) {
        struct marks b;
        struct bits bits;
        kit->marks(at, &b);
        if (inside && !in_name && !(b.quote | b.slash | b.control) && list->end - at >= 64 && ++long_blocks <= BLOCKS_OF_TEXT) {
            /* Nothing but more of a text. */
            kit->look(at, screen, &bits);
            if (judge(&t, at, &bits, ~0ULL, value_opened)) return;
            value_opened = 0;
            at += 64;
            continue;
        }
        uint64_t valid = list->end - at < 64 ? below(list->end - at) : ~0ULL, bad = 0, one, over;
        uint64_t within = between(b.quote) ^ inside, outside = ~within;
        if (b.slash) valid &= below(first_of(b.slash));
        uint64_t opens = b.quote & within, closes = b.quote & outside, space = b.space & outside, comma = b.comma & outside, colon = b.colon & outside;

        /* Brackets, and what kind of container each place is in. */
        uint64_t object = is_object, top = is_top, braces = 0, begun = b.open & outside & valid, ended = b.close & outside & valid, last = 0;
        for (uint64_t both = begun | ended; both; both &= both - 1) {
            int place = first_of(both);
            one = both & -both;
            if (one & begun) {
                braces |= at[place] == '{' ? one : 0;
                bad |= depth >= list->most_depth ? one : 0;
                types = types << 1 | (at[place] == '{');
                depth++;
            } else if (depth == 0) {
                bad |= at[place] == ']' ? 0 : one;
                last = one;
                valid &= one | (one - 1);
                break;
            } else {
                bad |= (at[place] == '}') == (types & 1) ? 0 : one;
                types >>= 1;
                depth--;
            }
            uint64_t behind = ~(one | (one - 1));
            object = types & 1 ? object | behind : object & ~behind;
            top = depth == 0 ? top | behind : top & ~behind;
            if (bad) break;
        }

        /* Numbers and the three words. */
        uint64_t numeric = b.numeric & outside, spelled = literal ? below(literal) : 0;
        uint64_t others = outside & ~(b.quote | space | comma | colon | b.numeric | b.open | b.close);
        literal = 0;
        for (uint64_t begins = others & ~spelled & ~((others | numeric) << 1 | in_scalar) & valid; begins; begins &= begins - 1) {
            int place = first_of(begins), length = four(at + place) == 0x736c6166 && at[place + 4] == 'e' ? 5 : four(at + place) == 0x65757274 || four(at + place) == 0x6c6c756e ? 4 : 0;
            int next = length ? at[place + length] : 0;
            if (next != ',' && next != ']' && next != '}' && next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                bad |= begins & -begins;
                break;
            }
            spelled |= below(length) << place;
            literal = place + length > 64 ? place + length - 64 : 0;
        }
        bad |= others & ~spelled;
        numeric &= ~spelled;
        uint64_t scalar = numeric | (spelled & outside), scalar_starts = scalar & ~(scalar << 1 | in_scalar), signs = numeric & b.sign;
        bad |= (signs << 1 | in_sign) & ~numeric;
        for (uint64_t begins = scalar_starts & signs; begins; begins &= begins - 1)
            if (at[first_of(begins)] != '-') bad |= begins & -begins;
        /* One point in a number, no zero before its digits; exponents, which are rare, one by one. */
        uint64_t points = numeric & b.point, digits = numeric & ~signs, zeros = numeric & b.zero & (scalar_starts | (scalar_starts & signs) << 1 | after_zero >> 1), run;
        over = __builtin_add_overflow(digits, points << 1 | in_fraction, &run);
        bad |= (points & ~(digits << 1 | in_digits)) | (run & ~digits & points) | ((zeros << 1 | (after_zero & 1)) & digits);
        in_fraction = over | points >> 63;
        in_digits = digits >> 63;
        after_zero = zeros >> 63 | ((scalar_starts & signs) >> 63) << 1;
        for (uint64_t hits = signs & ~points & ~scalar_starts; hits; hits &= hits - 1)
            if (!is_exponent(at + first_of(hits))) bad |= hits & -hits;

        /* What must come next: INVARIANT: a place is expected by one thing before it, and whatever stands there must be expected as what it is. */
#define NEXT(places, carry) ({ uint64_t sum_; over = __builtin_add_overflow((places) << 1 | (carry), space, &sum_); (carry) = over | (places) >> 63; sum_ & ~space; })
        uint64_t name_places = NEXT((comma & object) | braces, name_next);
        uint64_t value_places = NEXT((comma & ~object) | (begun & ~braces) | colon, value_next);
        uint64_t first_places = NEXT(begun, first_next);
        uint64_t sum, name_opens = opens & name_places;
        in_name = __builtin_add_overflow(within, name_opens | in_name, &sum);
        uint64_t names = within & ~sum, name_closes = sum & outside, value_opens = opens & value_places, value_closes = closes & ~name_closes;
        uint64_t colon_places = NEXT(name_closes, colon_next);
        uint64_t done = value_closes | ended;
        over = __builtin_add_overflow(done << 1 | after_next | (((scalar << 1) | in_scalar) & ~scalar), space, &sum);
        uint64_t after_places = sum & ~space;
        after_next = over | done >> 63;
        bad |= (opens & ~(name_places | value_places)) | ((scalar_starts | begun) & ~value_places) | (comma & ~after_places) | (colon ^ colon_places) | (ended & ~(after_places | first_places)) | (b.control & within)
            | (names & (b.dollar | b.open | (b.under & (b.under << 1 | under_before))));
        /* At a name's end, or before a point within it: `constructor.prototype.x`. */
        for (uint64_t hits = (b.last << 1 | ended_so) & (name_closes | (names & b.point)) & valid; hits; hits &= hits - 1) {
            const uint8_t *end = at + first_of(hits);
            if (end[-1] == 'y' ? end[-2] == 'd' && end[-3] == 'o' : end[-1] == 'g' ? end[-2] == 'n' && end[-3] == 'i' : end[-2] == 'p' && end[-3] == 'y' && end[-4] == 't' && end[-5] == 'o') bad |= hits & -hits; /* body, rawQueryString, prototype */
        }
        in_scalar = scalar >> 63;
        in_sign = signs >> 63;
        ended_so = b.last >> 63;
        under_before = b.under >> 63;
        uint64_t behind_opens = value_opens << 1 | value_opened, empties = behind_opens & closes, starts = behind_opens & ~closes;
        value_opened = value_opens >> 63;
        if ((long_blocks = within == ~0ULL ? long_blocks + 1 : 0) > BLOCKS_OF_TEXT) bad |= 1;

        /* A text with escapes is looked at by itself. */
        const uint8_t *escaped = NULL;
        if (b.slash && !(bad & valid)) {
            int place = first_of(b.slash);
            uint64_t opened = opens & below(place);
            if (last) escaped = NULL;
            else if (!(within >> place & 1) || (opened ? !(value_opens >> last_of(opened) & 1) : (names >> place & 1))) bad |= 1ULL << place;
            else escaped = opened ? at + last_of(opened) + 1 : starts & 1 ? at : t.start;
            if (escaped && opened) valid &= below(last_of(opened));
            else if (escaped) valid = 0;
            if (bad & 1ULL << place && place < 64) valid |= 1ULL << place;
        }
        /* INVARIANT: texts before what is no JSON are looked at like all others; their elements count. */
        bad &= valid;
        uint64_t sane = bad ? below(first_of(bad)) : valid, inner = within & ~names & ~opens & sane;
        if (inner) {
            kit->look(at, screen, &bits);
            bad |= judge(&t, at, &bits, inner, starts & sane);
        } else
            t.dot = 0;
        bad &= valid;
        uint64_t good = bad ? below(first_of(bad)) : valid, commas = comma & top & good;
        uint64_t finished = last & good & after_places;
        if (commas | finished) {
            int place = last_of(commas | finished);
            uint64_t to = below(place) & valid;
            int64_t all_texts = texts + ones(value_closes & to) - ones(empties & to), all_containers = containers + ones(begun & to);
            if (all_texts > list->most_texts || all_containers > list->most_containers) return;
            list->at = at + place;
            list->texts = all_texts;
            list->containers = all_containers;
            list->elements = count + ones(commas | finished);
        }
        if (bad || last) return;
        texts += ones(value_closes & valid) - ones(empties & valid);
        containers += ones(begun & valid);
        count += ones(commas);
        is_object = types & 1 ? ~0ULL : 0;
        is_top = depth == 0 ? ~0ULL : 0;
        inside = (uint64_t)((int64_t)within >> 63);
        at += 64;
        if (!escaped) continue;
        uint8_t *end;
        ptrdiff_t most = list->end - escaped < list->room_bytes - 256 ? list->end - escaped : list->room_bytes - 256;
        const uint8_t *quote = unescape_text(escaped, escaped + (most < ESCAPED ? most : ESCAPED), list->room, &end);
        if (!quote || (end != list->room && !is_clean(list->room, end - list->room, screen, kit))) return;
        texts += end != list->room;
        at = quote + 1;
        after_next = 1;
        inside = value_next = name_next = colon_next = first_next = in_name = in_scalar = in_sign = value_opened = ended_so = under_before = in_fraction = in_digits = after_zero = 0;
        t.dot = 0;
        literal = long_blocks = 0;
    }
}
