/* Tells what no detector can find anything in from the rest, on whole blocks of 64 bytes: one text, the fields of a form, or the elements of a JSON list with all their names and texts at once.
 * It errs to one side only: what it calls clean is clean to Screen.cs, which has the reasons for each rule and looks at whatever this gives up on; where a rule here is
 * simpler than there, it is stricter. Included by masks.c. Nothing is written but to `room`; 67 bytes are read behind the end at the most.
 */

/* INVARIANT: as Clean.Tables, Clean.Words and Clean.List in Clean.cs. */
struct words { uint32_t lengths[1024]; uint64_t hashes[64]; };
/* A bit for each hash of four characters; by open addressing, these, and the number of what may stand before and behind them, a bit for each class of characters, and of where the literals that have them begin: length, place of the four, detectors that want it, two bytes, a bit for each, sets that it is in, four bytes, small letters; a zero behind the last. */
enum { HEAD = 8 };
struct grams { uint64_t filter[1024]; uint32_t characters[2048]; uint16_t numbers[2048]; struct { uint64_t before, behind; } around[1024]; uint16_t begins[1024]; uint8_t literals[24576]; };
struct screen {
    const uint8_t (*tables)[16];
    const struct grams *grams;
    const struct words *keywords, *joins, *commands, *starts;
    const uint64_t *objects;
    const uint8_t *classes;
    const uint64_t *plain;    /* a bit for each two characters, as `words` has them, that begin no statement and no serialised object */
    const uint8_t (*pairs)[128]; /* what two characters may be, as PAIRS_OF has it: of each the lower five bits; a byte for the first and the second's upper two, in it a bit for its lower three */
};
/* Commands and statements begin with them; what tells of a literal does; and ends with them. INVARIANT: as Clean.PairTables in Clean.cs. */
enum { OF_WORDS, OF_GRAMS, BEHIND_GRAMS, PAIRS_OF };
enum { BUCKETS = 2 };
enum { LEARNS, LEARNS_ONE, KNOWS };
/* `data` of each, of what is called `kinesis` in each, or `key` and `value` of each. INVARIANT: as Clean.Encoded. */
enum { DATA = 1, DATA_OF_KINESIS, KEY_AND_VALUE };
/* Elements of a list that have a part in the shape of their event. INVARIANT: as EventShape.MaxElements. */
enum { SHAPED = 8 };
enum { PARTS = 48, LONGEST = 2048, LONG_TEXT = 256, PATTERNS = 4 };
/* An object that was clean, where its values are, and what they count: the next one of its list mostly differs in some of these alone. INVARIANT: as Clean.Pattern in Clean.cs. */
/* Of a value: it may be a form, or is a key of an object in a bucket, or in base64. */
enum { FORM = 1, KEY = 2, ENCODED = 4 };
/* A value that varies, and what stands before it. */
struct step { uint16_t start, length, below; uint8_t part, depth; };
struct pattern {
    int32_t trust;            /* none is learned any more, nor compared, when that of a whole list's objects has gone */
    int32_t length;           /* 0 for none */
    uint64_t varies;          /* the values that are not the same in all */
    int32_t parts, texts, containers, deepest, wrapped; /* `wrapped`: as that of the list it was learned in; it says nothing of other lists, nor they of it */
    struct part { uint16_t start, end, texts, containers, below; uint8_t depth, special; } part[PARTS]; /* `below`: the pattern of the objects in it */
    int32_t steps;            /* -1: to be made; and what the values that do not vary count */
    int32_t same_texts, same_containers;
    int32_t owner;            /* of the lists in an object, the one that its objects are of: 0 for the list itself */
    struct step step[PARTS + 1];
    uint8_t copy[LONGEST + 68]; /* without long lists and texts, which are looked at whatever they are */
};
_Static_assert(sizeof(struct pattern) == 16 + 20 + 48 * 12 + 16 + 49 * 8 + 2116, "as large as Clean.Pattern");
struct list {
    const uint8_t *at, *end;  /* where an element begins; then at the comma or bracket behind the last element that is clean */
    uint8_t *room;            /* for a text without its escapes */
    ptrdiff_t room_bytes;
    int64_t most_texts, most_containers, most_depth, texts, containers, elements;
    const uint8_t *looked;    /* how far */
    int64_t most_nesting;     /* documents in texts in each other */
    int64_t wrapped;          /* texts of records may be encoded: where their names say so nothing is clean; of those of buckets (2) that may be keys alone */
    int64_t refused;          /* a text was asked about in vain: it alone may speak against its element */
    int (*ask)(const uint8_t *text, ptrdiff_t length); /* whether nothing is found in a text of which that cannot be told here; NULL: in none */
    struct pattern *patterns; /* of the list, and of lists in its objects; kept from call to call; NULL: all by blocks */
    struct pattern *inner;    /* of documents in its texts, and behind them of those in theirs */
    int64_t mode;             /* what may be learned of objects: INVARIANT: as Clean.Learning in Clean.cs */
    int64_t most_elements;
    int64_t encoded;          /* which texts of its objects are base64; 0 for none */
};

/* What stands in a block, for detectors. */
struct bits { uint64_t never, acting, value, run, blank, words, conditions, foreign, dots; };

/* What stands in a chunk, for JSON: a bit for each byte, and a lane for each block. */
enum { LANES = 8, CHUNK = LANES * 64 };
typedef uint64_t lanes __attribute__((vector_size(LANES * 8)));
typedef union { lanes all; uint64_t each[LANES]; } row_of_lanes;
struct marks { row_of_lanes quote, slash, open, close, comma, colon, space, control, numeric, sign, minus, point, zero, dollar, under; };

typedef void look_one(const uint8_t *at, const struct screen *screen, struct bits *bits);
typedef void look(const uint8_t *at, int blocks, const struct screen *screen, struct bits *bits);
/* What stands in some blocks, a word of bits for each: what ends a text of JSON, and a zero behind that; all but letters, digits and - _ = , @; blanks; what is acting and what words and conditions begin, as in `bits`, where there is nothing else;
 * and where anything stands that detectors look at, each second one of two dots, and such pairs of bytes as `ends` tells, with all beyond ASCII and without it. */
enum { WINDOW = 32 };
struct seen { uint64_t stop[WINDOW + 1], mixed[WINDOW + 1], space[WINDOW + 1], acting[WINDOW + 1], words[WINDOW + 1], conditions[WINDOW + 1], all[WINDOW + 1], any[WINDOW + 1]; };
/* Of a long text alone, which ends there, takes out of some blocks what says nothing in it, as is_quiet has it; quotes as well where enough of them were looked at. */
typedef void settle(const uint8_t *at, int blocks, const uint8_t *end, const struct screen *screen, int quotes_known, struct bits *bits);
typedef void all_seen(const uint8_t *at, int blocks, const struct screen *screen, struct seen *seen);
/* The same of texts in a list and of what is between them: what begins and ends them, and what no text has; commas, and blanks; what no ordinary text begins with; and of what detectors look at what is no mark, word or condition, and all beyond ASCII. */
struct listed { uint64_t quote[WINDOW], stop[WINDOW], comma[WINDOW], blank[WINDOW], odd[WINDOW], acting[WINDOW], words[WINDOW], conditions[WINDOW], others[WINDOW], foreign[WINDOW]; };
typedef void all_listed(const uint8_t *at, int blocks, const struct screen *screen, struct listed *listed, uint8_t quote);
/* What texts without their escapes have in place of the quotes around them: none of theirs. */
enum { SEPARATOR = 0x1f, TAKEN = 96 };
/* Where the quotes around texts stood before; up to 64 bytes of source. */
struct taken { const uint8_t *at; uint64_t quotes; };
/* Takes the escapes out of the texts of a list, the first of which begins here, up to what is no JSON, or would be taken for a separator, or as far as a window's blocks and TAKEN go; between texts there are no blanks but ' '. How many are taken, and what was written up to. Writes 64 bytes more than it tells. */
typedef int unescape_texts(const uint8_t *at, const uint8_t *limit, uint8_t *to, struct taken *taken, uint8_t **end);
/* Of 64: what conditions stand behind, as in `bits`. */
typedef uint64_t values(const uint8_t *at, const struct screen *screen, uint64_t *run, uint64_t *blanks);
typedef void read_marks(const uint8_t *at, int blocks, struct marks *marks);
/* How many bytes are the same in both, up to so many. Reads 63 more. */
typedef ptrdiff_t equal(const uint8_t *one, const uint8_t *other, ptrdiff_t most);
/* Of 64 brackets, which are curly. */
/* The same bytes stand in both; up to a block of them. */
typedef int is_same(const uint8_t *one, const uint8_t *other, ptrdiff_t length);
typedef uint64_t braces(const uint8_t *at);
typedef uint64_t ends(const uint8_t *at, uint8_t end, uint64_t *blanks, uint64_t *pairs);
/* Of 64: what a host ends with behind two slashes, and what must be looked at more closely. */
typedef uint64_t host(const uint8_t *at, uint64_t *others);
/* Of 64, these signs: those that surely say nothing, as nearly all of an address: `is_quiet` would say so of them, too. What is not told within the 64 is not among them. */
typedef uint64_t quiet_signs(const uint8_t *at, uint64_t signs);
typedef void fields(const uint8_t *at, uint64_t *separators, uint64_t *equals, uint64_t *telling, uint64_t *escapes);
/* Digits of base64 as what they stand for, in whole blocks; how many before anything else. Writes as far as 16 bytes behind that. */
typedef ptrdiff_t base64(const uint8_t *from, ptrdiff_t length, uint8_t *to);
/* A text with escapes: its end, or NULL where it is not clean. What it has of texts and containers beyond itself when it is a document. */
typedef const uint8_t *escaped(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, int64_t *texts, int64_t *containers);
typedef int is_clean(const uint8_t *text, ptrdiff_t length, const struct screen *screen);
/* The same of a text of one block, and of what stands there. */
typedef int one_block(const uint8_t *text, int length, const struct bits *bits, const struct screen *screen);
/* Behind a list within an element. */
struct walk;
typedef const uint8_t *clean_list(struct walk *w, const uint8_t *at, int64_t depth, int which);
/* Behind the last of some texts of a list. */
typedef const uint8_t *clean_texts(struct walk *w, const uint8_t *at, int64_t *texts, int64_t *elements);
typedef uint64_t count_odd(uint64_t bits); /* every place with an odd number of bits at or before it */
struct kit { is_clean *is_clean; one_block *one_block; escaped *escaped, *encoded; clean_list *clean_list; clean_texts *clean_texts, *clean_escaped; read_marks *marks; look_one *look_one; look *look; settle *settle; /* NULL for none */ all_seen *seen; all_listed *listed; unescape_texts *unescape_texts; values *values; count_odd *between; ends *ends; fields *fields; host *host; quiet_signs *quiet_signs; /* NULL for none */ uint64_t (*text_end)(const uint8_t *text), (*short_end)(const uint8_t *text); equal *equal; is_same *is_same; braces *braces; int plain; /* texts of letters, digits and few signs alone that are as long are looked at one by one sooner than with others */ };

#define INLINE __attribute__((always_inline)) static inline

/* Farther than this nobody looks from one place; what goes on for longer is not clean. */
/* INVARIANT: QUOTES as SqlInjection.MaxQuotes: behind the others of a text nobody looks. */
enum { LINES = 8, RETURNS = 16, QUOTES = 12, STEP = 64, HEADER = 256 * 3, BARE = 400 * 3, DISGUISED = 1024 * 3, WHOLE = 96 * 3, COMPARED = 64 * 3, COMMAND = 31, BLOCKS_OF_TEXT = 1024, ESCAPED = 32 * 1024, LONG = 99 };

/* A text, or the texts of a list; where one begins and ends. */
struct texts {
    const struct screen *screen;
    const struct kit *kit;
    const uint8_t *start, *end;       /* of the text that is looked at; of all */
    const uint8_t *foreign;           /* up to where texts with other scripts have been looked at as a whole */
    const uint8_t *tagged, *tag;      /* the text that was looked at for a tag, and up to where */
    const uint8_t *plain;             /* the text that was seen to have no disguised slash */
    int tags;                         /* 1: one begins before there, 2: and has ended */
    uint64_t dot, foreign_run, blank_run; /* the last bit of a block: a dot; of a text that goes on: it has characters beyond ASCII, or blanks */
    int closes;                       /* the character that ends a text; -1 for one alone */
    int lines;                        /* what stands between them */
    int quotes;                       /* of a text alone: that have been looked at, no more than there were */
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

/* Four characters that may tell of a literal stand here. */
INLINE int may_be_gram(const struct grams *grams, const uint8_t *at)
{
    uint32_t slot = ((four(at) | 0x20202020) * 0x9E3779B1u) >> 16;
    return grams->filter[slot >> 6] >> (slot & 63) & 1;
}

/* A literal stands here. */
INLINE int is_literal(const struct texts *t, const uint8_t *start, const uint8_t *at, const uint8_t *literal, int length)
{
    if (at < start) return 0;
    for (int i = 0; i < length; i++) {
        int c = peek(t, at + i);
        if ((is_letter(literal[i]) ? c | 0x20 : c) != literal[i]) return 0;
    }
    return 1;
}

/* Characters that the reader of queries has in numbers, besides digits: what follows one may begin a word. */
INLINE int is_of_number(int c) { return (unsigned)((c | 0x20) - 'a') < 6 || (c | 0x20) == 'x'; }

/* `select`, `sleep` or `benchmark` as a query has it: a word, and behind what a query may begin behind, or a call. INVARIANT: what SqlInjection.cs asks of these words in any place of a text but behind what is_condition, meets_word and meets_statement look at. */
static int is_of_query(const struct texts *t, const uint8_t *start, const uint8_t *at, int length)
{
    int before = at > start ? at[-1] : 0, behind = peek(t, at + length);
    if (behind >= 128 || before >= 128) return 1;
    if (is_word(behind) || behind == '$' || (is_letter(before) && !is_of_number(before))) return 0;
    if (length != 6) {
        for (at += length; peek(t, at) == ' '; at++) ;
        return peek(t, at) == '('; /* of pg_sleep, too */
    }
    if (before == '_') return 0;
    const uint8_t *least = at - start > STEP ? at - STEP : start;
    while (at > least && at[-1] <= ' ' && at[-1] != '\n') at--;
    if (at == least) return 1;
    switch (at[-1]) {
    case '.': case ',': case ':': case '<': case '=': case '>': case '?': case '[': case ']': case '{': case '}': case '\'': case '"': case '`': return 0; /* nothing that goes on with it */
    case '/': return at - least > 1 && at[-2] == '*';
    }
    if (!is_word(at[-1])) return 1;
    /* Behind a word that is none of a query before it; digits may stand before one. */
    uint64_t word = 0;
    for (int i = 1; i <= 8 && at - i >= least; i++) word |= (uint64_t)(at[-i] | 0x20) << (64 - 8 * i);
    const struct { uint8_t length; uint64_t word; } leads[] = { { 5, 0x6e6f696e75 }, { 3, 0x6c6c61 }, { 8, 0x74636e6974736964 }, { 2, 0x726f }, { 3, 0x646e61 }, { 3, 0x746f6e }, { 6, 0x747065637865 } }; /* union, all, distinct, or and xor, and, not, except */
    for (unsigned i = 0; i < sizeof leads / sizeof *leads; i++)
        if (word >> (64 - 8 * leads[i].length) == leads[i].word) return 1;
    return (word >> 32) == 0x74636573 /* intersect */;
}

/* Detectors. INVARIANT: in the order of AllDetectors in IDetector.cs. And whether what a query goes on with may stand anywhere, behind a quote or not: as Clean.Statements in Clean.cs. */
enum { COMMANDS = 1 << 1, SCRIPTS = 1 << 2, OBJECTS = 1 << 3, HEADERS = 1 << 5, DIRECTORIES = 1 << 6, PATHS = 1 << 8, ADDRESSES = 1 << 12, QUERIES = 1 << 13, TEMPLATES = 1 << 14, STATEMENTS = 1 << 20, EVERY = 0xffff | STATEMENTS };

/* What of the detectors a text may concern, and where literals of their sets stand first. INVARIANT: as Clean.Concern in Clean.cs. */
/* `commands`: where one may stand behind a separator, in order, as many as there is room for; `number` of all, or -1 where that is not known. */
struct concern { int64_t detectors, sets, places[32]; int32_t *commands; int64_t most, number; };

/* One of the literals that have four characters which stand here; with a concern, 0, and all of them are added to it. */
INLINE int find_gram(const struct texts *t, const struct grams *grams, const uint8_t *start, const uint8_t *at, struct concern *concern)
{
    uint32_t gram = four(at) | 0x20202020, slot = (gram * 0x9E3779B1u) >> 16;
    if (!(grams->filter[slot >> 6] >> (slot & 63) & 1)) return 0;
    slot >>= 5;
    while (grams->characters[slot] && grams->characters[slot] != gram) slot = (slot + 1) & 2047;
    if (!grams->characters[slot]) return 0;
    int number = grams->numbers[slot], behind = peek(t, at + 4);
    if ((at > start && !(grams->around[number].before & class_of(at[-1]))) || (behind >= 0 && !(grams->around[number].behind & class_of(behind)))) return 0;
    for (const uint8_t *literal = grams->literals + grams->begins[number]; *literal; literal += HEAD + *literal)
        if (is_literal(t, start, at - literal[1], literal + HEAD, *literal)) {
            uint32_t sets = four(literal + 4);
            if (!sets && !is_of_query(t, start, at - literal[1], *literal)) continue;
            if (!concern) return 1;
            concern->detectors |= literal[2] | literal[3] << 8 | (literal[3] & QUERIES >> 8 ? STATEMENTS : 0);
            concern->sets |= sets;
            for (ptrdiff_t place = at - literal[1] - start; sets; sets &= sets - 1)
                if (place < concern->places[first_of(sets)]) concern->places[first_of(sets)] = place;
        }
    return 0;
}

INLINE int is_gram(const struct texts *t, const struct grams *grams, const uint8_t *start, const uint8_t *at) { return find_gram(t, grams, start, at, NULL); }

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
        if (c >= 128) return c != 0xc2 && sound(t, at + length) ? LONG : -1; /* signs beyond ASCII are no letters */
        if (!is_word(c) && c != '$') break;
    }
    return length;
}

/* The first two letters that stand here begin none of the words. */
INLINE int begins_none(const struct texts *t, const uint8_t *at, const struct words *words)
{
    return t->end - at > 1 && is_letter(at[0]) && is_letter(at[1]) && !words->lengths[(at[0] & 31) << 5 | (at[1] & 31)];
}

/* A text alone, and as long. Those of lists are others' to look at. */
INLINE int has_bytes(const struct texts *t, const uint8_t *start, ptrdiff_t bytes) { return t->closes < 0 && t->end - start >= bytes; }

/* The character behind blanks; itself a blank where there are too many. */
INLINE int over_blanks(const struct texts *t, const uint8_t **at)
{
    int c = peek(t, *at);
    for (int i = 0; c >= 0 && c <= ' ' && i < STEP; i++) c = peek(t, ++*at);
    return c;
}

/* A word, and none of a query. */
INLINE int is_own_word(const struct texts *t, const uint8_t *at)
{
    int length = word_length(t, at, 11);
    return length > 10 || (length > 0 && !is_among(t->screen->keywords, at, length));
}

/* Of a number, as the reader of queries has them. */
INLINE int goes_on_number(int c) { return is_digit(c) || (c >= 0 && c < 128 && (unsigned)((c | 0x20) - 'a') < 6) || c == '.' || (c | 0x20) == 'x'; }

/* "`this` and `that` of them": what and, or, xor, not stand before is a word or a text, and compared with nothing. */
static int joins_words(const struct texts *t, const uint8_t *at)
{
    int c = over_blanks(t, &at);
    if (c == '\'' || c == '"' || c == '`') {
        const uint8_t *most = at + 4 * STEP;
        for (int next = peek(t, ++at); next != c; next = peek(t, ++at))
            if (next < 0 || next == '\\' || at >= most) return 0;
        at++;
        c = over_blanks(t, &at);
        return c == ',' || c == '.' || c == ':' || c == '?' || c == '\'' || c == '"' || c == '`' || is_own_word(t, at);
    }
    if (c == '*' || c == '[') return peek(t, at + 1) != '/'; /* nothing that an operator would go on with */
    switch (c) {
    case ',': case ')': case ']': case ':': case '?': return 1; /* no value */
    }
    if (is_digit(c)) {
        /* `or 3 chairs`: a number that no comparison follows, nor the end. */
        const uint8_t *most = at + STEP;
        for (; goes_on_number(c); c = peek(t, ++at))
            if (at == most) return 0;
        c = over_blanks(t, &at);
        return is_own_word(t, at);
    }
    int length = word_length(t, at, STEP);
    if (length < 1 || length >= STEP || is_among(t->screen->keywords, at, length) || (length == 4 && (four(at) | 0x20202020) == 0x65757274)) return 0; /* true */
    at += length;
    c = over_blanks(t, &at);
    switch (c) {
    case -1: case ',': case '.': case '?': case ':': case ';': case '\'': case '"': case '`': return 1;
    }
    return is_own_word(t, at);
}

/* No function of a query stands here. */
static int calls_nothing(const struct texts *t, const uint8_t *at)
{
    int c = over_blanks(t, &at);
    if (c >= 0 && c < 128 && !is_letter(c) && c != '_') return c > ' ';
    int length = word_length(t, at, STEP);
    if (length < 0 || length >= STEP) return 0;
    for (at += length; peek(t, at) == ' '; at++) ;
    return peek(t, at) != '(';
}

/* A comparison with neither a number nor a text. */
static int compares_nothing(const struct texts *t, const uint8_t *at)
{
    int c = *at;
    for (int i = 0; c == '<' || c == '>' || c == '=' || c == '!'; i++) {
        if (i == STEP) return 0;
        c = peek(t, ++at);
    }
    c = over_blanks(t, &at);
    return c < 0 || (c > ' ' && c < 128 ? !is_digit(c) && c != '.' && c != '\'' && c != '"' && c != '`' : sound(t, at) > 0);
}

INLINE int is_order(const uint8_t *at) { return ((eight(at) | 0x2020202020202020) & below(40)) == 0x726564726f; }

/* Behind the word `order` stands `by`, or what makes another word of it. */
static int sorts(const struct texts *t, const uint8_t *at)
{
    at += 5;
    int c = over_blanks(t, &at);
    if (c == '/' || c == '+' || c == '*' || (c >= 0 && c <= ' ') || c >= 128) return 1;
    return (c | 0x20) == 'b' && (peek(t, at + 1) | 0x20) == 'y';
}

/* What stands behind a quote in prose, in a page or in source code: nothing that a query which the quote broke out of would go on with. */
static int meets_word(const struct texts *t, const uint8_t *start, const uint8_t *at)
{
    if (begins_none(t, at, t->screen->joins)) return 1;
    int is_tick = at[-1] == '`', c = over_blanks(t, &at);
    for (int i = 0; c == ')'; i++) {
        if (i == STEP) return 0;
        at++;
        c = over_blanks(t, &at);
        is_tick = 0;
    }
    /* Remarks to a query, and headings or dashes to people: what counts is the line behind them, where there is one. */
    for (int i = 0; c == '#' || (c == '-' && peek(t, at + 1) == c); i++) {
        if (i == 4) return 0;
        for (const uint8_t *most = at + 4 * STEP; c >= 0 && c != '\n'; c = peek(t, ++at))
            if (at == most) return 0;
        c = over_blanks(t, &at);
        if (c < 0) return is_tick;
    }
    switch (c) {
    case -1: case ',': case '.': case '?': case ':': case ';': case '[': case ']': case '(': case '{': case '}': case '\\': case '\'': case '"': case '`': return 1;
    case '&': return peek(t, at + 1) != c;
    case '<': case '>': case '=': return has_bytes(t, start, COMPARED) || compares_nothing(t, at); /* `'='` is a whole parameter */
    case '/': return peek(t, at + 1) != '*';
    case '|': case '-': case '*': return peek(t, at + 1) != c && calls_nothing(t, at + 1);
    }
    if (c >= 128) return sound(t, at) > 0;
    int length = word_length(t, at, 11);
    if (length > 10 || (length > 0 && !is_among(t->screen->joins, at, length))) return 1;
    if (length == 5 && is_order(at)) return !sorts(t, at);
    return (length == 2 || (length == 3 && (*at | 0x20) != 'n')) && joins_words(t, at + length); /* `not` denies what stands before it */
}

INLINE int meets_statement(const struct texts *t, const uint8_t *at)
{
    int c = peek(t, at);
    for (int i = 0; c >= 0 && (c <= ' ' || c == '+') && i < STEP; i++) c = peek(t, ++at);
    if (c >= 128) return !sound(t, at);
    if (c >= 0 && (c <= ' ' || c == '+')) return 1;
    int length = word_length(t, at, 11);
    return length < 0 || (length > 0 && length <= 10 && is_among(t->screen->starts, at, length));
}

static const uint8_t word_characters[256] = { ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['_'] = 1, ['a' ... 'z'] = 1 };

static int meets_any_command(const struct texts *t, const uint8_t *at, int may_be_named)
{
    int c = peek(t, at), length = 0, first = 0, second = 0;
    for (int i = 0; c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'' || c == '(' || c == '{' || c == '\\' || c == '@'; i++) {
        if (i == STEP) return 1;
        c = peek(t, ++at);
    }
    if (is_digit(c)) return 0; /* no command begins with one */
    int has_path = c == '/';
    const uint8_t *word = at += has_path;
    for (c = peek(t, at); c >= 0; c = peek(t, ++at)) {
        if (has_path && (c == '/' || c == '\'' || c == '"' || c == '\\')) {
            if (c != '/') return 1;
            if (length == 0) return 0;
            length = first = second = 0; /* the last name of a path counts */
            word = at + 1;
            continue;
        }
        if (is_word(c) || (length > 0 && (c == '-' || c == '.'))) {
            if (length == 0) first = c;
            else if (length == 1) second = c;
            if (++length == COMMAND) return 1;
        } else if (length > 0 && (c == '\'' || c == '"' || c == '\\')) {
            if (word ? is_among(t->screen->commands, word, length) : may_be(t->screen->commands, first, second, length)) return 1;
            word = NULL; /* within a name they hide it: it counts with and without what follows them */
        } else
            break;
    }
    /* `&sort=date` and `;base64,` are parameters; `{cat,/etc/hosts}` is none. */
    if (may_be_named && word && !has_path && (c == '=' || (c == ',' && word[-1] != '{'))) return 0;
    return length > 0 && (word ? is_among(t->screen->commands, word, length) : may_be(t->screen->commands, first, second, length));
}

/* A command stands here. Of nearly all words that is told at once: those without a path that no quote hides. */
static int meets_command(const struct texts *t, const uint8_t *at, int may_be_named)
{
    static const uint8_t before[256] = { [' '] = 1, ['\t'] = 1, ['\r'] = 1, ['\n'] = 1, ['"'] = 1, ['\''] = 1, ['('] = 1, ['{'] = 1, ['\\'] = 1, ['@'] = 1 };
    static const uint8_t within[256] = { ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['_'] = 1, ['a' ... 'z'] = 1, ['-'] = 1, ['.'] = 1 };
    const uint8_t *word = at, *most = at + STEP;
    for (; before[*word]; word++)
        if (word == most || *word == t->closes) return word == most && *word != t->closes ? meets_any_command(t, at, may_be_named) : 0;
    if (word >= t->end) return 0;
    if (*word == '/') return meets_any_command(t, at, may_be_named);
    if (!word_characters[*word] || is_digit(*word)) return 0;
    const uint8_t *behind = word + 1;
    while (within[*behind] && behind - word < COMMAND) behind++;
    if (behind >= t->end) behind = t->end;
    else if (*behind != t->closes && (*behind == '\'' || *behind == '"' || *behind == '\\')) return meets_any_command(t, at, may_be_named);
    else if (may_be_named && (*behind == '=' || (*behind == ',' && word[-1] != '{'))) return 0;
    return behind - word == COMMAND || is_among(t->screen->commands, word, (int)(behind - word));
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
    static const uint8_t ends[256] = { [SEPARATOR] = 1, ['/'] = 1, ['?'] = 1, ['#'] = 1, [' '] = 1, ['"'] = 1, ['\''] = 1, ['\\'] = 1, ['<'] = 1, ['\n'] = 1, ['@'] = 2, [':'] = 2, ['&'] = 2 };
    const uint8_t *start = at, *colon = NULL, *most = t->end - at > 4 * STEP ? at + 4 * STEP + 1 : t->end;
    int c = peek(t, at);
    if (is_digit(c) || c == '[') return 0;
    uint64_t others, stop = t->kit->host(at, &others);
    if (stop && !(others & below(first_of(stop)))) at = first_of(stop) < most - at ? at + first_of(stop) : most;
    else for (; at < most && ends[*at] != 1; at++) {
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
    for (; at < t->end; at += 64) {
        uint64_t quotes = t->kit->ends(at, t->closes, &blanks, &pairs);
        if (quotes) return first_of(quotes) < t->end - at ? at + first_of(quotes) : t->end;
    }
    return t->end;
}

/* The text from here on has so many bytes at least, and what stands at `at` is of it. Looks no farther than that: it is asked about each such word. */
static int is_longer(const struct texts *t, const uint8_t *start, const uint8_t *at, ptrdiff_t bytes)
{
    uint64_t blanks, pairs;
    if (t->end - start < bytes || t->closes < 0) return t->end - start >= bytes;
    for (const uint8_t *least = start + bytes; at < least; at += 64) {
        uint64_t closes = t->kit->ends(at, t->closes, &blanks, &pairs);
        if (closes) return at + first_of(closes) >= least;
    }
    return 1;
}

/* Whether a tag begins before this place of the text (1), and has ended (2). Each place is looked at once. */
static int tags_before(struct texts *t, const uint8_t *start, const uint8_t *at)
{
    uint64_t blanks, pairs;
    if (t->tagged != start) {
        t->tagged = t->tag = start;
        t->tags = 0;
    }
    while (t->tags < 2 && t->tag < at) {
        uint64_t signs = t->kit->ends(t->tag, t->tags ? '>' : '<', &blanks, &pairs) & (at - t->tag < 64 ? below(at - t->tag) : ~0ULL);
        t->tag = signs ? t->tag + first_of(signs) + 1 : at - t->tag < 64 ? at : t->tag + 64;
        t->tags += signs != 0;
    }
    return t->tags;
}

/* Two dots in a row that are no step out of a folder, in a text that disguises no slash; longer ones are not looked at for that. */
static int stays_inside(struct texts *t, const uint8_t *start, const uint8_t *at)
{
    int next = peek(t, at + 1);
    if (next < 0 || next == '/' || next == '\\') return 0;
    if (has_bytes(t, start, DISGUISED + 1) || t->plain == start) return 1;
    for (const uint8_t *place = start; (next = peek(t, place)) >= 0 && place - start <= DISGUISED; place++)
        if (next < ' ' || next >= 128 || next == '%' || next == '\\' || (next == '0' && (peek(t, place + 1) | 0x20) == 'x')) return 0;
    t->plain = start;
    return 1;
}

/* A page's first line, which names no file; what else begins like it is looked at by the detectors. */
static int is_page(const struct texts *t, const uint8_t *start, const uint8_t *at)
{
    enum { NEAR = 4 * 200 }; /* bytes, at the most, of as many characters as are looked at there */
    static const uint8_t begins[] = "<!doctype html>";
    if (at - start >= STEP || t->closes >= 0) return 0;
    for (int i = 0; begins[i]; i++)
        if (at + i >= t->end || (is_letter(begins[i]) ? at[i] | 0x20 : at[i]) != begins[i]) return 0;
    for (const uint8_t *end = t->end - at > NEAR ? at + NEAR : t->end; end - at >= 5; at++)
        if ((four(at) | 0x20202020) == 0x656c6966 && at[4] == ':') return 0; /* file: */
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
INLINE int goes_on(int c) { return is_word(c) || c == '.' || c == '$' || c == '@' || c >= 128; }
INLINE int parts(int c) { return c <= ' ' || c == '+' || c >= 128; }

/* A blank and a number, with which the text ends: "or 27". Behind the first word of a text that is no condition to the detectors, but behind `and`, which they look for wherever it stands. */
static int is_last_number(const struct texts *t, const uint8_t *at)
{
    if (peek(t, at) != ' ' || !is_digit(peek(t, at + 1))) return 0;
    for (const uint8_t *most = ++at + STEP; at < most; at++) {
        int c = peek(t, at);
        if (!is_digit(c) && c != '.') return c < 0;
    }
    return 0;
}

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
    case 5: if (word != 0x70756f7267 && (word != 0x726564726f || !sorts(t, at))) return 0; break;
    case 6: if (word != 0x676e69766168) return 0; break;
    case 9: if (word != 0x72756465636f7270ULL) return 0; break;
    default: return 0;
    }
    /* In a long text nobody looks for a condition that no quote precedes. */
    if (length <= 3 && is_longer(t, start, at, BARE)) return 0;
    if (length <= 3 && joins_words(t, at + length)) return 0;
    if (at == start && length <= 3 && (word & 0xff) != 'a' && is_last_number(t, at + length)) return 0;
    if (before >= 128) return 1;
    const uint8_t *least = at - start > STEP ? at - STEP : start, *first;
    while (at > least && parts(at[-1])) at--;
    if (at > least && (at[-1] == ')' || at[-1] == '\'' || at[-1] == '"' || at[-1] == '`')) return 1;
    for (first = at; first > least && goes_on(first[-1]); first--)
        if (first[-1] == '@' || is_digit(first[-1])) return 1;
    if (first == least && least != start) return 1;
    if (length > 3 || is_word(before)) return 0;
    while (first > least && parts(first[-1])) first--;
    return first == least;
}

/* With the first three characters of a serialised object, as two hashes of them tell. */
INLINE int begins_object(const struct screen *screen, const uint8_t *at)
{
    uint32_t three = four(at) & 0xffffff, slot = (three * 0x9E3779B1u) >> 20, other = (three * 0x85EBCA6Bu) >> 20;
    return (screen->objects[slot >> 6] >> (slot & 63) & 1) && (screen->objects[64 + (other >> 6)] >> (other & 63) & 1);
}

/* A function of a shell without a name may begin here: parentheses and a bracket. */
INLINE int defines(const struct texts *t, const uint8_t *at)
{
    if (peek(t, at) != '(') return 0;
    for (int i = 1; i < 8 * 3; i++)
        if (peek(t, at + i) == '{') return 1;
    return 0;
}

/* and, or, xor, not: these are conditions, which are looked for everywhere. */
INLINE int is_logic(const uint8_t *at, int length)
{
    uint32_t word = (four(at) | 0x202020) & (length == 2 ? 0xffff : 0xffffff);
    return length < 4 && (word == 0x726f || word == 0x646e61 || word == 0x726f78 || word == 0x746f6e);
}

/* A text begins here that is no document, statement or serialised object. */
INLINE int begins_well(const struct texts *t, const uint8_t *at)
{
    int c = *at;
    for (int i = 0; (c == ' ' || c == '+' || c == '\n' || c == '\r' || c == '\t') && i < STEP; i++) c = peek(t, ++at);
    if (c < 0) return 1;
    if (c <= ' ' || c == '+' || c == '[' || c == '{' || defines(t, at)) return 0;
    if (c >= 128) {
        const uint8_t *behind = at; /* blanks of other scripts may come first */
        for (int next = c; next >= 128 || next == ' '; next = peek(t, ++behind))
            if (behind - at == STEP) return 0;
        return c != 0xc2 && sound(t, at) && !defines(t, behind);
    }
    if (begins_object(t->screen, at)) return 0;
    if (!t->screen->starts->lengths[(c & 31) << 5 | (at[1] & 31)]) return 1;
    int length = word_length(t, at, 11);
    return length >= 0 && (length < 2 || length > 10 || !is_among(t->screen->starts, at, length) || is_logic(at, length));
}

/* As above, of nearly all texts that begin with a letter or digit. */
INLINE int begins_plainly(const struct screen *screen, const uint8_t *at)
{
    int pair = (at[0] & 31) << 5 | (at[1] & 31);
    return word_characters[at[0]] && ((screen->plain[pair >> 6] >> (pair & 63) & 1) || (!begins_object(screen, at) && !screen->starts->lengths[pair]));
}

/* This sign begins or ends something and is followed by nothing that would make sense there. */
INLINE int is_quiet(struct texts *t, const uint8_t *start, const uint8_t *at)
{
    int next = peek(t, at + 1), before = at > start ? at[-1] : ' ';
    switch (*at) {
    case '\'': case '"':
        return t->quotes > QUOTES || meets_word(t, start, at + 1);
    case '`':
        if (t->quotes > QUOTES) return before != '(' && !meets_command(t, at + 1, 0);
        return before != '(' && meets_word(t, start, at + 1) && !meets_command(t, at + 1, 0);
    case '%':
        if (next < 0 && at - start < STEP) {
            /* `12 %`: one alone at the end stands for itself. */
            for (const uint8_t *place = start; place < at; place++)
                if (*place == '%' || *place == '?' || *place >= 128) return 0;
            return 1;
        }
        return next == ' ' || (next >= 0 && next != '%' && !is_word(next) && has_bytes(t, start, DISGUISED + 1));
    case '*':
        return next != '/' && next != ')' && next != '(' && next != '|' && before != '/' && before != '=';
    case ';':
        return is_digit(next) || (!meets_command(t, at + 1, 1) && !meets_statement(t, at + 1));
    case '&': case '|':
        /* A character reference in an attribute hides something. */
        if (next == *at) return has_bytes(t, start, BARE) && !meets_command(t, at + 2, 0);
        return !(next == '#' && *at == '&' && tags_before(t, start, at) == 1) && !meets_command(t, at + 1, 1);
    case '\n':
        t->lines |= LINES;
        return !meets_command(t, at + 1, 1);
    case '\r':
        t->lines |= RETURNS;
        return 1;
    case '=':
        return !has_handler(t, at);
    case ':':
        return before != 'O';
    case '/':
        return next != '/' || (at > start && before != ':' && before != '"' && before != '\'' && before != '=' && before != '@') || names_nobody(t, at + 2);
    case '(':
        if (at - start < 3) return 1;
        switch ((four(at - 3) | 0x202020) & 0xffffff) {
        case 0x746c65: return 0; /* elt */
        case 0x6c7275: return !tags_before(t, start, at); /* url: of a tag's style */
        }
        return 1;
    case '<':
        return next != '%' && next != '(';
    case '>':
        return next != '(';
    case '$':
        return next != '(' && next != '{';
    case '{':
        return next != '{' && next != '%' && before != '#' && before != '*' && before != '@' && before != '$';
    case '\\':
        return next != 'n' || has_bytes(t, start, WHOLE + 1); /* a line break in disguise before a command that is all of a text */
    }
    return 1;
}

static const uint8_t letters[256] = { ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1 };

/* A name of seven letters at the most stands before this sign, with nothing between, and it does not begin with `on`; or none of letters. */
INLINE int is_plain_name(const uint8_t *at)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    uint64_t name = eight(at - 8), folded = (name | 0x20 * ones) & ~tops, others = ~((folded + 0x1f * ones) & ~(folded + 0x05 * ones) & ~name) & tops;
    if (!others || at[-1] <= ' ' || at[-1] >= 128) return 0;
    int length = __builtin_clzll(others) / 8;
    return length < 5 || ((name >> (64 - 8 * length)) & 0xffff & ~0x2020) != 0x4e4f; /* ON */
}

/* Quiet, of nearly all signs of prose: words behind them whose first letters begin nothing that matters there, lines that begin with none, and equals signs behind no long name. */
INLINE int is_plainly_quiet(struct texts *t, const uint8_t *at)
{
    enum { JOIN = 1, START = 2, COMMAND = 4, LINE = LINES, TICK = 16 };
    static const uint8_t signs[256] = { ['\''] = JOIN, ['"'] = JOIN, ['&'] = COMMAND, ['|'] = COMMAND, [';'] = START | COMMAND, ['\n'] = COMMAND | LINE, ['`'] = JOIN | COMMAND | TICK };
    static const uint8_t no_command[256] = { ['0' ... '9'] = LINE, ['#'] = LINE, ['<'] = LINE, ['>'] = LINE, ['-'] = LINE, ['*'] = LINE, ['|'] = LINE, ['}'] = LINE, ['['] = LINE, ['\n'] = LINE }; /* of several lines the last is told of */
    uint32_t sign = signs[*at];
    if (sign) {
        uint64_t others = eight(at + 1) ^ 0x2020202020202020;
        const uint8_t *word = at + 1 + (others ? first_of(others) / 8 : 8);
        uint32_t pair = (word[0] & 31) << 5 | (word[1] & 31);
        uint32_t begun = (t->screen->joins->lengths[pair] & -(sign & JOIN)) | (t->screen->starts->lengths[pair] & -(sign / START & 1)) | (t->screen->commands->lengths[pair] & -(sign / COMMAND & 1));
        t->lines |= sign & LINE;
        t->quotes += sign & JOIN & (uint32_t)(t->closes < 0);
        return (no_command[word[0]] & sign) || ((t->end - word > 1) & letters[word[0]] & letters[word[1]] & !begun & !((sign & TICK) && at[-1] == '('));
    }
    return *at == '=' && at - t->start >= 8 && is_plain_name(at);
}

/* Where one comes from some places by going on through others. */
INLINE uint64_t through(uint64_t others, uint64_t places) { return (((places & others) + others) ^ others) | places; }

/* Where a condition may go on with a query: behind a value, the rest of its word and blanks; behind blanks and the first word of a text. What came before the block is for is_condition to see. */
INLINE uint64_t may_go_on(uint64_t values, uint64_t run, uint64_t blank, uint64_t starts)
{
    return through(blank, through(run, values << 1 | 1) | 1) | through(blank, through(run, through(blank, starts | 1) | 1) | 1);
}

INLINE const uint8_t *start_of(const struct texts *t, const uint8_t *at, uint64_t starts, int place)
{
    starts &= below(place) | 1ULL << place;
    return starts ? at + last_of(starts) : t->start;
}

/* Where texts of a list end that have characters beyond ASCII and are not ordinary, or have such a pair. To add a run of bits to itself carries over its end when the other has any bit of it. */
INLINE uint64_t odd_texts(struct texts *t, const uint8_t *at, uint64_t foreign, uint64_t runs, uint64_t starts)
{
    uint64_t blanks, pairs, with_foreign, with_blanks, goes_on = t->foreign_run & runs & 1;
    if (!(foreign | goes_on)) {
        t->foreign_run = t->blank_run = 0;
        return 0;
    }
    t->kit->ends(at, 0, &blanks, &pairs);
    int foreign_over = __builtin_add_overflow(runs, foreign, &with_foreign), blank_over = __builtin_add_overflow(runs, blanks & runs, &with_blanks);
    foreign_over |= __builtin_add_overflow(with_foreign, goes_on, &with_foreign);
    blank_over |= __builtin_add_overflow(with_blanks, t->blank_run & runs & 1, &with_blanks);
    uint64_t bad = pairs & runs;
    for (uint64_t hits = with_foreign & ~with_blanks & ~runs; hits; hits &= hits - 1) {
        int end = first_of(hits);
        if (!is_ordinary(t, end ? start_of(t, at, starts, end - 1) : t->start, at + end - 1)) bad |= hits & -hits;
    }
    /* A text that ends with the block. */
    if (foreign_over && at[64] == '"') {
        if (!blank_over && !is_ordinary(t, start_of(t, at, starts, 63), at + 63)) bad |= 1ULL << 63;
        foreign_over = blank_over = 0;
    }
    t->foreign_run = (uint64_t)foreign_over;
    t->blank_run = (uint64_t)blank_over;
    return bad;
}

/* Signs of a block; many without its quotes, where enough of them were looked at. */
INLINE uint64_t without_quotes(const struct texts *t, const uint8_t *at, uint64_t signs, int known)
{
    uint64_t blanks, pairs;
    if (!(known || t->quotes >= QUOTES) || ones(signs) < 5) return signs;
    return signs & ~(t->kit->ends(at, '"', &blanks, &pairs) | t->kit->ends(at, '\'', &blanks, &pairs));
}

/* Places in these texts of a block that are not clean; only the first counts. */
INLINE uint64_t judge(struct texts *t, const uint8_t *at, const struct bits *b, uint64_t valid, uint64_t starts)
{
    uint64_t dots = b->dots & valid, bad = b->never & valid, hits;
    for (hits = dots & (dots << 1 | t->dot); hits; hits &= hits - 1)
        if (!stays_inside(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) bad |= hits & -hits;
    t->dot = dots >> 63;
    for (hits = starts; hits; hits &= hits - 1)
        if (!begins_plainly(t->screen, at + first_of(hits)) && !begins_well(t, at + first_of(hits))) bad |= hits & -hits;

    hits = b->conditions & valid;
    if (hits) hits &= may_go_on(b->value, b->run | b->foreign, b->blank | b->foreign, starts);
    for (; hits; hits &= hits - 1)
        if (is_condition(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) bad |= hits & -hits;
    for (hits = b->words & valid; hits; hits &= hits - 1)
        if (is_gram(t, t->screen->grams, start_of(t, at, starts, first_of(hits)), at + first_of(hits)) && !is_page(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) bad |= hits & -hits;
    for (hits = without_quotes(t, at, b->acting & valid, 0); hits; hits &= hits - 1)
        if (!is_plainly_quiet(t, at + first_of(hits)) && !is_quiet(t, start_of(t, at, starts, first_of(hits)), at + first_of(hits))) {
            bad |= hits & -hits;
            break;
        }
    if (t->closes == '"') bad |= odd_texts(t, at, b->foreign & valid, valid, starts);
    else for (hits = b->foreign & valid; hits; ) {
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

/* As nearly all texts do. */
INLINE int begins_as_most(const struct screen *screen, const uint8_t *text)
{
    if (*text < 0xc3) return begins_plainly(screen, text);
    /* Letters of other scripts: of two bytes, and most of those of three; the blank among them is told by the first of its bytes. */
    uint32_t follows = four(text) >> 8;
    return (*text < 0xe0 && (follows & 0xc0) == 0x80) || (*text >= 0xe4 && *text < 0xed && (follows & 0xc0c0) == 0x8080);
}

/* It begins as nearly all texts do, and with none of the three words at its end, which have no fourth character. */
INLINE int ends_plainly(const struct screen *screen, const uint8_t *text, int length)
{
    uint32_t tail = (four(text + length - 4) | 0x20202020) >> 8;
    if (tail >> 8 == 0x726f || tail == 0x646e61 || tail == 0x746f6e) return 0;
    return begins_as_most(screen, text);
}

/* A text of one block in which nothing stands, as `short_text`. */
INLINE int is_clear(const uint8_t *text, int length, const struct bits *b, const struct screen *screen, const struct kit *kit)
{
    uint64_t blanks, pairs, valid = length < 64 ? below(length) : ~0ULL;
    if ((b->never | b->acting | b->words | b->conditions | (b->dots & b->dots << 1)) & valid || !ends_plainly(screen, text, length)) return 0;
    if (!(b->foreign & valid)) return 1;
    kit->ends(text, 0, &blanks, &pairs);
    return !(pairs & valid) && (blanks & valid);
}

/* Words that the text ends with have no fourth character. */
INLINE int ends_with_condition(const struct texts *t, const uint8_t *text, ptrdiff_t length)
{
    if (length < 3) return 0;
    if (length > 3) {
        /* or, and, xor, not; or and one character more */
        uint32_t tail = (four(t->end - 4) | 0x20202020) >> 8;
        if (tail >> 8 != 0x726f && (tail & 0xffff) != 0x726f && tail != 0x646e61 && tail != 0x746f6e) return 0;
    }
    return is_condition(t, text, t->end - 2) || is_condition(t, text, t->end - 3);
}

/* A line begins here as a header or a mail server's command does. INVARIANT: as the sets in HeaderInjection.cs, of those that are told by a line break before them. */
INLINE int begins_header(const uint8_t *at)
{
    switch (four(at) | 0x20202020) {
    case 0x2d746573: case 0x61636f6c: case 0x746e6f63: case 0x6e617274: case 0x6f662d78: case 0x65636361: case 0x70747468: case 0x72666572: case 0x6b6e696c: /* set-, loca, cont, tran, x-fo, acce, http, refr, link */
    case 0x3a636362: case 0x203a6363: case 0x74697571: case 0x61746164: case 0x6f6c6568: case 0x6f6c6865: case 0x706f6f6e: return 1; /* bcc:, cc: , quit, data, helo, ehlo, noop */
    }
    return 0;
}

/* A header, or a command of a mail server: of short texts of several lines. INVARIANT: as begins_header, and of those in other places. */
INLINE int has_header(const struct texts *t, const uint8_t *text, ptrdiff_t length)
{
    uint64_t blanks, pairs;
    if (length > HEADER) return 0;
    if (length > HEADER / 3) {
        int characters = 0;
        for (ptrdiff_t i = 0; i < length; i++) characters += (text[i] & 0xc0) != 0x80;
        if (characters > HEADER / 3) return 0;
    }
    for (const uint8_t *at = text; at < t->end; at += 64) {
        uint64_t valid = t->end - at < 64 ? below((int)(t->end - at)) : ~0ULL, hits = t->kit->ends(at, '\n', &blanks, &pairs), words = blanks & (blanks >> 6 | ~below(58)) & valid;
        if (t->lines & RETURNS) hits |= t->kit->ends(at, '\r', &blanks, &pairs);
        for (hits &= valid; hits; hits &= hits - 1) {
            const uint8_t *place = at + first_of(hits);
            if (begins_header(place + 1) || (*place == '\r' && place - text > 9 && (four(place - 4) | 0x20202020) == 0x7974696c)) return 1; /* capability */
        }
        for (hits = t->kit->ends(at, ':', &blanks, &pairs) & valid; hits; hits &= hits - 1) {
            const uint8_t *place = at + first_of(hits);
            if (place - text > 6 && ((four(place - 3) | 0x202020) == 0x3a6f7420 || (four(place - 3) | 0x202020) == 0x3a6d6f72)) return 1; /* rcpt to:, mail from: */
        }
        for (; words; words &= words - 1)
            if ((four(at + first_of(words) + 1) | 0x20202020) == 0x63746566) return 1; /* a word of five letters: fetch */
    }
    return 0;
}

/* A remark of a query may end a line before a condition; of parameters alone. */
INLINE int has_remark(const struct texts *t, const uint8_t *text, ptrdiff_t length)
{
    uint64_t blanks, pairs, dash_before = 0, remarks = 0;
    if (length >= BARE) return 0;
    for (const uint8_t *at = text; at < t->end && !remarks; at += 64) {
        uint64_t valid = t->end - at < 64 ? below((int)(t->end - at)) : ~0ULL, dashes = t->kit->ends(at, '-', &blanks, &pairs) & valid;
        remarks = (t->kit->ends(at, '#', &blanks, &pairs) & valid) | (dashes & (dashes << 1 | dash_before));
        dash_before = dashes >> 63;
    }
    if (!remarks) return 0;
    for (const uint8_t *at = text; at < t->end; at += 64) {
        uint64_t valid = t->end - at < 64 ? below((int)(t->end - at)) : ~0ULL, hits = t->kit->ends(at, '\n', &blanks, &pairs) & valid;
        for (; hits; hits &= hits - 1) {
            const uint8_t *place = at + first_of(hits) + 1;
            int c = over_blanks(t, &place);
            uint32_t word = four(place) | 0x202020;
            if (c >= 128 || (c >= 0 && c <= ' ') || c == '&' || c == '|' || c == '/' || c == '*' || (word & 0xffff) == 0x726f || (word & 0xffffff) == 0x646e61 || (word & 0xffffff) == 0x726f78 || (word & 0xffffff) == 0x746f6e) return 1;
        }
    }
    return 0;
}

INLINE int short_one(const uint8_t *text, int length, const struct bits *b, const struct screen *screen, const struct kit *kit)
{
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .foreign = text, .closes = -1 };
    return is_clear(text, length, b, screen, kit) || !(judge(&t, text, b, length < 64 ? below(length) : ~0ULL, 1) || ends_with_condition(&t, text, length) || (t.lines && (has_header(&t, text, length) || has_remark(&t, text, length))));
}

INLINE int one_text(const uint8_t *text, ptrdiff_t length, const struct screen *screen, const struct kit *kit)
{
    if (!length) return 1; /* and may be nowhere */
    if (length <= 64) {
        struct bits b;
        kit->look_one(text, screen, &b);
        return kit->one_block(text, (int)length, &b, screen);
    }
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .foreign = text, .closes = -1 };
    for (const uint8_t *chunk = text; chunk < t.end; chunk += CHUNK) {
        struct bits b[LANES];
        int blocks = t.end - chunk > CHUNK - 64 ? LANES : (int)((t.end - chunk + 63) / 64);
        if (blocks == 1) kit->look_one(chunk, screen, b);
        else kit->look(chunk, blocks, screen, b);
        if (kit->settle && length >= BARE) kit->settle(chunk, blocks, t.end, screen, t.quotes >= QUOTES, b);
        for (int i = 0; i < blocks; i++) {
            const uint8_t *at = chunk + 64 * i;
            if (at != text && !(b[i].never | b[i].acting | b[i].words | b[i].conditions | b[i].foreign) && !(b[i].dots & (b[i].dots << 1 | t.dot))) {
                t.dot = b[i].dots >> 63;
                continue;
            }
            if (judge(&t, at, &b[i], t.end - at < 64 ? below(t.end - at) : ~0ULL, at == text)) return 0;
        }
    }
    if (ends_with_condition(&t, text, length)) return 0;
    return !t.lines || (!has_header(&t, text, length) && !has_remark(&t, text, length));
}

/* Whom this sign concerns of those that are not concerned yet. INVARIANT: as is_quiet, of which each rule is there for some of them. */
static uint32_t concerned_by(struct texts *t, const uint8_t *start, const uint8_t *at, uint32_t others)
{
    int next = peek(t, at + 1), before = at > start ? at[-1] : ' ';
    uint32_t found = 0;
    switch (*at) {
    case '\'': case '"':
        return others & QUERIES && t->quotes <= QUOTES && !meets_word(t, start, at + 1) ? QUERIES : 0;
    case '`':
        if (others & QUERIES && t->quotes <= QUOTES && !meets_word(t, start, at + 1)) found |= QUERIES;
        if (others & COMMANDS && (before == '(' || meets_command(t, at + 1, 0))) found |= COMMANDS;
        return found;
    case ';':
        if (is_digit(next)) return 0;
        if (others & STATEMENTS && meets_statement(t, at + 1)) found |= QUERIES | STATEMENTS;
        if (others & COMMANDS && meets_command(t, at + 1, 1)) found |= COMMANDS;
        return found;
    case '&': case '|':
        if (next == *at) {
            if (!has_bytes(t, start, BARE)) found |= QUERIES;
            if (others & COMMANDS && meets_command(t, at + 2, 0)) found |= COMMANDS;
            return found;
        }
        if (next == '#' && *at == '&' && tags_before(t, start, at) == 1) found |= SCRIPTS;
        if (others & COMMANDS && meets_command(t, at + 1, 1)) found |= COMMANDS;
        return found;
    case '\n':
        t->lines |= LINES;
        return others & COMMANDS && meets_command(t, at + 1, 1) ? COMMANDS : 0;
    case '=': return others & SCRIPTS && !is_quiet(t, start, at) ? SCRIPTS : 0;
    case '/': return others & ADDRESSES && !is_quiet(t, start, at) ? ADDRESSES : 0;
    case '%': return is_quiet(t, start, at) ? 0 : PATHS;
    case '*': return is_quiet(t, start, at) ? 0 : next == '/' ? QUERIES | STATEMENTS : QUERIES | STATEMENTS | DIRECTORIES;
    case ':': return is_quiet(t, start, at) ? 0 : OBJECTS;
    case '(': return is_quiet(t, start, at) ? 0 : (at[-1] | 0x20) == 't' ? QUERIES | STATEMENTS : SCRIPTS;
    case '<': case '>': return is_quiet(t, start, at) ? 0 : next == '(' ? COMMANDS : TEMPLATES;
    case '$': return is_quiet(t, start, at) ? 0 : next == '(' ? COMMANDS : TEMPLATES;
    case '{': return is_quiet(t, start, at) ? 0 : TEMPLATES;
    case '\\': return is_quiet(t, start, at) ? 0 : COMMANDS;
    }
    return is_quiet(t, start, at) ? 0 : EVERY;
}

/* Whom the beginning of a text concerns, whatever it is a document of. */
static uint32_t concerned_by_start(const struct texts *t, const uint8_t *at)
{
    if (begins_well(t, at)) return 0;
    uint32_t found = begins_object(t->screen, at) ? OBJECTS : 0;
    if (*at == '[' || *at == '{') return found; /* no document, or its texts would be looked at */
    if (word_characters[*at] && *at < 128) return found | QUERIES | STATEMENTS;
    return QUERIES | STATEMENTS | OBJECTS | COMMANDS | PATHS;
}

/* order, group, having, procedure; and, or, xor, not are others. */
INLINE int begins_clause(const uint8_t *at)
{
    uint32_t begins = four(at) | 0x20202020;
    return begins == 0x6564726f || begins == 0x756f7267 || begins == 0x69766168 || begins == 0x636f7270;
}

/* Whom a text that is not clean concerns. What it is not about need not be looked at. */
INLINE void concerns_of(const uint8_t *text, ptrdiff_t length, const struct screen *screen, const struct kit *kit, struct concern *concern)
{
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .foreign = text, .closes = -1 };
    *concern = (struct concern){ .commands = concern->commands, .most = concern->most };
    for (int i = 0; i < 32; i++) concern->places[i] = INT64_MAX;
    uint32_t found = length ? concerned_by_start(&t, text) : 0;
    const uint8_t *told = text;
    for (const uint8_t *chunk = text; chunk < t.end; chunk += CHUNK) {
        struct bits looked[LANES];
        int blocks = t.end - chunk > CHUNK - 64 ? LANES : (int)((t.end - chunk + 63) / 64);
        if (blocks == 1) kit->look_one(chunk, screen, looked);
        else kit->look(chunk, blocks, screen, looked);
        for (int i = 0; i < blocks; i++) {
            const struct bits *b = &looked[i];
            const uint8_t *at = chunk + 64 * i;
            uint64_t valid = t.end - at < 64 ? below(t.end - at) : ~0ULL, dots = b->dots & valid, hits;
            if (b->never & valid) {
                found = EVERY;
                concern->number = INT64_MIN;
            }
            for (hits = found & PATHS ? 0 : dots & (dots << 1 | t.dot); hits; hits &= hits - 1)
                if (!stays_inside(&t, text, at + first_of(hits))) found |= PATHS;
            t.dot = dots >> 63;
            for (hits = b->words & valid; hits; hits &= hits - 1)
                if (may_be_gram(screen->grams, at + first_of(hits)) && !is_page(&t, text, at + first_of(hits))) find_gram(&t, screen->grams, text, at + first_of(hits), concern);
            hits = found & STATEMENTS ? 0 : b->conditions & valid;
            if (hits) hits &= may_go_on(b->value, b->run | b->foreign, b->blank | b->foreign, at == text);
            for (; hits; hits &= hits - 1)
                if (is_condition(&t, text, at + first_of(hits))) found |= begins_clause(at + first_of(hits)) ? QUERIES | STATEMENTS : QUERIES;
            for (hits = without_quotes(&t, at, b->acting & valid, found & QUERIES); hits; hits &= hits - 1)
                if (!is_plainly_quiet(&t, at + first_of(hits))) {
                    uint32_t some = concerned_by(&t, text, at + first_of(hits), ~found | COMMANDS);
                    found |= some;
                    if (some == EVERY) concern->number = INT64_MIN;
                    else if (some & COMMANDS) {
                        /* Of several lines the last was told of; what they begin stands behind the first. */
                        const uint8_t *place = at + first_of(hits), *line = place;
                        if (*place == '\n')
                            for (const uint8_t *before = place; before > told && (before[-1] == ' ' || before[-1] == '\n');)
                                if (*--before == '\n') line = before;
                        told = place + 1;
                        if (concern->number >= 0 && concern->number < concern->most) concern->commands[concern->number] = (int32_t)(line - text);
                        concern->number++;
                    }
                }
            for (hits = b->foreign & valid; hits && (found & (PATHS | HEADERS)) != (PATHS | HEADERS);) {
                const uint8_t *place = at + first_of(hits);
                if (place >= t.foreign && !is_ordinary(&t, text, place)) {
                    found |= PATHS | HEADERS;
                    break;
                }
                hits &= t.foreign - at < 64 ? ~below(t.foreign - at) : 0;
            }
        }
    }
    if (ends_with_condition(&t, text, length)) found |= QUERIES;
    if (t.lines && has_header(&t, text, length)) found |= HEADERS;
    if (t.lines && has_remark(&t, text, length)) found |= QUERIES;
    concern->detectors |= found;
    if (concern->number < 0) concern->number = -1;
}

/* How many texts the fields of a form have, when all are clean and none has a percent sign; -1 otherwise. Blanks stand for its plus signs. */
INLINE int64_t clean_fields(const uint8_t *text, ptrdiff_t length, const struct screen *screen, const struct kit *kit)
{
    struct texts t = { .screen = screen, .kit = kit, .start = text, .end = text + length, .foreign = text, .closes = '&' };
    uint64_t begins = 1, in_name = 0, opened = 0, under_before = 0;
    int64_t texts = 0;
    struct bits looked[LANES];
    for (const uint8_t *at = text; at < t.end; at += 64) {
        uint64_t separators, equals, telling, unders, valid = t.end - at < 64 ? below(t.end - at) : ~0ULL, sum;
        int number = (int)((at - text) / 64 % LANES);
        if (!number) kit->look(at, t.end - at > CHUNK - 64 ? LANES : (int)((t.end - at + 63) / 64), screen, looked);
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
        if (values && (judge(&t, at, &looked[number], values, first) || t.lines)) return -1;
    }
    return in_name || begins ? -1 : texts;
}

/* One more than what each digit of base64 stands for. */
static const uint8_t digits_of_base64[128] = {
#define RUN4(first, value) [first] = value, [first + 1] = value + 1, [first + 2] = value + 2, [first + 3] = value + 3
    RUN4('A', 1), RUN4('E', 5), RUN4('I', 9), RUN4('M', 13), RUN4('Q', 17), RUN4('U', 21), ['Y'] = 25, ['Z'] = 26, RUN4('a', 27), RUN4('e', 31), RUN4('i', 35), RUN4('m', 39), RUN4('q', 43), RUN4('u', 47), ['y'] = 51, ['z'] = 52,
    RUN4('0', 53), RUN4('4', 57), ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64 };

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

/* Numbers of 512 bits: what is carried from a lane to the next goes through eight bits. */
typedef unsigned tops(const lanes *v);        /* the highest bit of each lane */
typedef void give(lanes *v, unsigned which);  /* adds one to these lanes */
struct carries { tops *tops; give *give; count_odd *between; };

INLINE lanes plus(lanes a, lanes b, unsigned *carry, struct carries with)
{
    lanes sum = a + b, over = (a & b) | ((a | b) & ~sum), full = (lanes)(sum == ~(lanes){ 0 });
    unsigned goes_on = with.tops(&full), into = ((with.tops(&over) << 1 | *carry) + goes_on) ^ goes_on;
    with.give(&sum, into);
    *carry = into >> LANES & 1;
    return sum;
}

/* One place on; `before` keeps the chunk for the next. */
INLINE lanes up(lanes v, lanes *before)
{
    lanes moved = __builtin_shufflevector(*before, v, 7, 8, 9, 10, 11, 12, 13, 14);
    *before = v;
    return v << 1 | moved >> 63;
}

/* Every place with an odd number of quotes at or before it. */
INLINE lanes between(lanes quotes, unsigned *inside, struct carries with)
{
    for (int by = 1; by < 64; by *= 2) quotes ^= quotes << by;
    unsigned odd = with.tops(&quotes) << 1 | *inside;
    for (int by = 1; by <= LANES; by *= 2) odd ^= odd << by;
    lanes others = { 0 };
    with.give(&others, odd);
    *inside = odd >> LANES & 1;
    return quotes ^ -others;
}

INLINE int has(lanes v, struct carries with)
{
    v = (lanes)(v != (lanes){ 0 });
    return with.tops(&v) != 0;
}

/* The value of a member, whose name ends here, may be a form. */
static int may_be_form(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *most = end - at > STEP ? at + STEP : end;
    for (at++; at < most && (*at <= ' ' || *at == ':'); at++) ;
    if (at < most && *at != '"') return 0;
    const uint8_t *first = at + 1;
    for (at = first; at < most; at++) {
        switch (*at) {
        case '=': return at > first;
        case ' ': case '<': case '>': case '{': case '}': case '"': case '\'': return 0;
        case '\\': return at[1] != '"' && at[1] != 'n';
        }
    }
    return 1;
}

/* A name that ends here says something of its value or for itself: `body`, `rawQueryString`, `prototype`, and what encoded texts of records are called. */
INLINE int is_telling(const uint8_t *end, const uint8_t *limit, int wrapped)
{
    uint32_t tail = four(end - 4);
    if (tail >> 8 == 0x79646f) return may_be_form(end, limit);
    /* ryString, rototype */
    return (tail >> 8 == 0x676e69 && eight(end - 8) == 0x676e697274537972ULL) || (tail == 0x65707974 && eight(end - 8) == 0x657079746f746f72ULL)
        || (wrapped && (tail == 0x61746164 || ((tail >> 8 | 0x20) == 0x79656b && ((uint8_t)tail == '"' || (uint8_t)tail == '3')) || tail == 0x65756c61 || tail == 0x7365756c));
}

/* Nothing is found in this text, which is not clean by the rules here. */
INLINE int is_passed(struct list *list, const uint8_t *start, const uint8_t *end)
{
    if (list->ask && end - start <= BLOCKS_OF_TEXT * 64 && list->ask(start, end - start)) return 1;
    list->refused = 1;
    return 0;
}

INLINE uint64_t places_of(const uint8_t *block, const uint8_t *start, const uint8_t *end)
{
    return (end - block < 64 ? below((int)(end - block)) : ~0ULL) & (start > block ? ~below((int)(start - block)) : ~0ULL);
}

/* What a chunk of a list is. */
struct structure { row_of_lanes valid, bad, within, inner, starts, commas, begun, closes, after; };

typedef void read_list(struct list *list, const struct screen *screen);

/* The text in the room is clean, or a document that is. */
INLINE int is_room_clean(struct list *list, uint8_t *end, int64_t most_depth, int64_t most_nesting, const struct screen *screen, const struct kit *kit, read_list *nested, int64_t *texts, int64_t *containers)
{
    uint8_t *first = list->room;
    while (first < end && (*first == ' ' || *first == '\t' || *first == '\r' || *first == '\n')) first++;
    if (first == end || (*first != '{' && *first != '[')) return kit->is_clean(list->room, end - list->room, screen) || is_passed(list, list->room, end);
    end[0] = ']';
    end[1] = 0;
    struct list document = { .at = list->room, .end = end + 1, .room = end + 128, .room_bytes = list->room_bytes - (end + 128 - list->room), .most_texts = list->most_texts, .most_containers = list->most_containers,
        .most_depth = most_depth, .most_nesting = most_nesting, .ask = list->ask, .patterns = list->inner, .inner = list->inner ? list->inner + PATTERNS : NULL, .most_elements = 1 };
    if (most_nesting < 0 || most_depth <= 0) return 0;
    nested(&document, screen);
    list->refused |= document.refused;
    if (document.elements != 1 || document.at != end) return 0;
    *texts += document.texts - 1;
    *containers += document.containers;
    return 1;
}

INLINE const uint8_t *text_with_escapes(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, const struct kit *kit, unescape *unescape_text, read_list *nested, int64_t *texts, int64_t *containers)
{
    uint8_t *end;
    ptrdiff_t most = list->end - start < list->room_bytes - 256 ? list->end - start : list->room_bytes - 256;
    const uint8_t *quote = unescape_text(start, start + (most < ESCAPED ? most : ESCAPED), list->room, &end);
    return quote && is_room_clean(list, end, most_depth, list->most_nesting - 1, screen, kit, nested, texts, containers) ? quote : NULL;
}

/* As `escaped`, of a text in base64: what is none, compressed or no text is not clean. */
INLINE const uint8_t *text_in_base64(const uint8_t *start, struct list *list, int64_t most_depth, const struct screen *screen, const struct kit *kit, base64 *decode, read_list *nested, int64_t *texts, int64_t *containers)
{
    ptrdiff_t length = (ptrdiff_t)(kit->text_end(start) & INT32_MAX);
    const uint8_t *quote = start + length;
    if (quote >= list->end || *quote != '"' || length == 0 || length % 4 || length > ESCAPED || length > list->room_bytes - 256) return NULL;
    ptrdiff_t done = decode(start, length, list->room);
    uint8_t *to = list->room + done / 4 * 3;
    for (const uint8_t *at = start + done; at < quote; at += 4) {
        int few = at + 4 == quote ? (at[3] == '=') + (at[3] == '=' && at[2] == '=') : 0;
        uint32_t four = 0;
        for (int i = 0; i < 4 - few; i++) {
            int digit = at[i] < 128 ? digits_of_base64[at[i]] : 0;
            if (!digit) return NULL;
            four |= (uint32_t)(digit - 1) << (18 - 6 * i);
        }
        if (few && four & (few == 1 ? 0xff : 0xffff)) return NULL;
        to[0] = (uint8_t)(four >> 16);
        to[1] = (uint8_t)(four >> 8);
        to[2] = (uint8_t)four;
        to += 3 - few;
    }
    const uint8_t *first = list->room;
    if (to - first > 1 && first[0] == 0x1f && first[1] == 0x8b) return NULL;
    __builtin_memset(to, 0, 67);
    int controls = 0;
    if (*first != '{' && *first != '[')
        for (const uint8_t *at = first; at < to; at++) controls |= (*at < ' ') & (*at != '\t') & (*at != '\n') & (*at != '\r');
    if (controls) return NULL;
    return is_room_clean(list, to, most_depth, list->most_nesting - 2, screen, kit, nested, texts, containers) ? quote : NULL;
}

/* Behind a comma of a list, as far as its elements are JSON and clean. */
INLINE void blocks_of(struct list *list, const struct screen *screen, const struct kit *kit, struct carries with)
{
    const lanes zero = { 0 };
    struct texts t = { .screen = screen, .kit = kit, .start = list->at, .end = list->end, .foreign = list->at, .closes = '"' };
    const uint8_t *at = list->looked = list->at, *done = at;
    uint64_t types = 0, slashed = 0, worded = 0;
    unsigned inside = 0, value_next = 1, name_next = 0, after_next = 0, colon_next = 0, first_next = 0, in_name = 0, in_fraction = 0;
    lanes scalar_before = zero, sign_before = zero, under_before = zero, done_before = zero, opens_before = zero, digits_before = zero, minus_before = zero, zeros_before = zero;
    int depth = 0, deepest = 0, literal = 0, long_blocks = 0;
    int64_t texts = 0, containers = 0, count = 0;
    for (; at < list->end; at += CHUNK) {
        struct marks b;
        struct structure c;
        ptrdiff_t left = list->end - at;
        int blocks = left > CHUNK - 64 ? LANES : (int)((left + 63) / 64), last = 0, has_slashes = 0;
        list->looked = left < CHUNK ? list->end : at + CHUNK;
        if (blocks < LANES) b = (struct marks){ 0 };
        kit->marks(at, blocks, &b);
        c.valid.all = ~zero;
        if (left < CHUNK)
            for (int i = 0; i < LANES; i++) c.valid.each[i] = left >= 64 * (i + 1) ? ~0ULL : left > 64 * i ? below(left - 64 * i) : 0;
        c.bad.all = zero;
        if (inside && !in_name && !slashed && left >= CHUNK && !has(b.quote.all | b.slash.all | b.control.all, with)) {
            /* Nothing but more of a text. */
            c.within.all = c.inner.all = ~zero;
            c.commas.all = c.begun.all = c.closes.all = zero;
            c.starts.all = up(zero, &opens_before);
        } else {
            row_of_lanes quotes = b.quote, object = { zero }, top = { zero }, braces = { zero }, spelled = { zero }, outside, others, begun, brackets, numeric;
            has_slashes = slashed || has(b.slash.all, with);
            if (has_slashes)
                for (int i = 0; i < blocks; i++) quotes.each[i] &= ~behind_slash(b.slash.each[i], &slashed);
            int has_texts = inside || has(quotes.all, with);
            uint64_t objects = types;
            lanes within = has_texts ? between(quotes.all, &inside, with) : zero;
            c.within.all = within;
            outside.all = ~within;
            lanes opens = quotes.all & within, closes = quotes.all & outside.all, space = b.space.all & outside.all, comma = b.comma.all & outside.all, colon = b.colon.all & outside.all, ended = b.close.all & outside.all;

            /* Brackets, and what kind of container each place is in. */
            begun.all = b.open.all & outside.all;
            brackets.all = (begun.all | ended) & c.valid.all;
            for (int i = 0; i < blocks; i++) {
                uint64_t in_object = types & 1 ? ~0ULL : 0, on_top = depth == 0 ? ~0ULL : 0, brace = 0, bad = 0;
                if (depth < 2 && list->most_depth > 0) {
                    /* Containers of one kind, none in another. */
                    uint64_t both = brackets.each[i], within_one = with.between(both) ^ (depth ? ~0ULL : 0), kinds = both ? kit->braces(at + 64 * i) & both : 0;
                    int is_object = depth ? (int)(types & 1) : kinds != 0;
                    if ((begun.each[i] & both) == (within_one & both) && kinds == (is_object ? both : 0)) {
                        uint64_t inside_one = within_one ^ both;
                        depth = (int)(within_one >> 63);
                        objects |= (uint64_t)(kinds != 0);
                        if (both & within_one) deepest = deepest ? deepest : 1;
                        types = depth ? (types & ~1ULL) | (uint64_t)is_object : 0;
                        object.each[i] = is_object ? inside_one : 0;
                        top.each[i] = ~inside_one;
                        braces.each[i] = is_object ? both & within_one : 0;
                        continue;
                    }
                }
                for (uint64_t both = brackets.each[i]; both; both &= both - 1) {
                    uint64_t one = both & -both, behind = -one << 1;
                    int is_brace = at[64 * i + first_of(both)] >> 5 & 1;
                    objects |= (uint64_t)is_brace;
                    if (begun.each[i] & one) {
                        bad |= depth >= list->most_depth ? one : 0;
                        types = types << 1 | (uint64_t)is_brace;
                        brace |= is_brace ? one : 0;
                        deepest = ++depth > deepest ? depth : deepest;
                    } else if (depth == 0) {
                        bad |= is_brace ? one : 0;
                        c.valid.each[i] &= one | (one - 1);
                        last = i + 1;
                        break;
                    } else {
                        bad |= is_brace == (int)(types & 1) ? 0 : one;
                        types >>= 1;
                        depth--;
                    }
                    in_object = types & 1 ? in_object | behind : in_object & ~behind;
                    on_top = depth == 0 ? on_top | behind : on_top & ~behind;
                    if (bad) break;
                }
                object.each[i] = in_object;
                top.each[i] = on_top;
                braces.each[i] = brace;
                c.bad.each[i] = bad;
                if (bad | last) blocks = i + 1;
            }

            /* Numbers and the three words. */
            numeric.all = b.numeric.all & outside.all;
            others.all = outside.all & ~(b.quote.all | space | comma | colon | numeric.all | b.open.all | b.close.all) & c.valid.all;
            if (literal || has(others.all, with)) {
                for (int i = 0; i < blocks; i++) {
                    uint64_t said = literal ? below(literal) : 0, other = others.each[i];
                    literal = 0;
                    for (uint64_t begins = other & ~said & ~((other | numeric.each[i]) << 1 | worded); begins; begins &= begins - 1) {
                        int place = first_of(begins), length = four(at + 64 * i + place) == 0x736c6166 && at[64 * i + place + 4] == 'e' ? 5 : four(at + 64 * i + place) == 0x65757274 || four(at + 64 * i + place) == 0x6c6c756e ? 4 : 0;
                        int next = length ? at[64 * i + place + length] : 0;
                        if (next != ',' && next != ']' && next != '}' && next != ' ' && next != '\n' && next != '\r' && next != '\t') break;
                        said |= below(length) << place;
                        literal = place + length > 64 ? place + length - 64 : 0;
                    }
                    worded = (other | numeric.each[i]) >> 63;
                    spelled.each[i] = said;
                    c.bad.each[i] |= other & ~said;
                }
            } else
                worded = numeric.each[LANES - 1] >> 63;
            lanes digital = numeric.all & ~spelled.all, scalar = digital | (spelled.all & outside.all), behind_scalar = up(scalar, &scalar_before), scalar_starts = scalar & ~behind_scalar;
            lanes signs = digital & b.sign.all, minus = scalar_starts & b.minus.all;
            /* One point in a number, no zero before its digits; exponents, which are rare, one by one. */
            lanes points = digital & b.point.all, digits = digital & ~signs, zeros = digits & b.zero.all & (scalar_starts | up(minus, &minus_before)), run = plus(points, points | digits, &in_fraction, with);
            lanes bad = (up(signs, &sign_before) & ~digital) | (scalar_starts & signs & ~minus) | (points & ~up(digits, &digits_before)) | (run & ~digits & points) | (up(zeros, &zeros_before) & digits);
            row_of_lanes exponents = { signs & ~points & ~scalar_starts & c.valid.all };
            if (has(exponents.all, with))
                for (int i = 0; i < blocks; i++)
                    for (uint64_t hits = exponents.each[i]; hits; hits &= hits - 1)
                        if (!is_exponent(at + 64 * i + first_of(hits))) c.bad.each[i] |= hits & -hits;

            /* What must come next: INVARIANT: a place is expected by one thing before it, and whatever stands there must be expected as what it is. */
#define NEXT(places, carry) (plus(places, (places) | space, carry, with) & ~space)
            if (!has_texts && !objects) {
                /* Numbers in lists. */
                lanes value_places = NEXT(comma | begun.all, &value_next), first_places = NEXT(begun.all, &first_next);
                lanes after_places = plus(up(ended, &done_before) | (behind_scalar & ~scalar), space, &after_next, with) & ~space;
                c.bad.all |= bad | colon | ((scalar_starts | begun.all) & ~value_places) | (comma & ~after_places) | (ended & ~(after_places | first_places));
                c.inner.all = c.starts.all = c.closes.all = opens_before = under_before = zero;
                c.commas.all = comma & top.all;
                c.begun.all = begun.all;
                c.after.all = after_places;
            } else {
                lanes to_names = (comma & object.all) | braces.all, to_values = (comma & ~object.all) | (begun.all & ~braces.all) | colon;
                lanes name_places = NEXT(to_names, &name_next), value_places = NEXT(to_values, &value_next), first_places = NEXT(begun.all, &first_next);
                lanes name_opens = opens & name_places, sum = plus(within, name_opens, &in_name, with), names = within & ~sum, name_closes = sum & outside.all;
                lanes value_opens = opens & value_places, value_closes = closes & ~name_closes, colon_places = NEXT(name_closes, &colon_next);
                lanes over = value_closes | ended, after_places = plus(up(over, &done_before) | (behind_scalar & ~scalar), space, &after_next, with) & ~space;
                bad |= (opens & ~(name_places | value_places)) | ((scalar_starts | begun.all) & ~value_places) | (comma & ~after_places) | (colon ^ colon_places) | (ended & ~(after_places | first_places)) | (b.control.all & within)
                    | (names & (b.dollar.all | b.open.all | b.slash.all | (b.under.all & up(b.under.all, &under_before))));
                lanes behind_opens = up(value_opens, &opens_before);
                c.bad.all |= bad;
                c.inner.all = within & ~names & ~opens;
                c.starts.all = behind_opens & ~closes;
                c.commas.all = comma & top.all;
                c.begun.all = begun.all;
                c.closes.all = value_closes & ~behind_opens;
                /* At a name's end, or before a point within it: `constructor.prototype.x`. */
                row_of_lanes names_end = { (name_closes | (names & b.point.all)) & c.valid.all };
                c.after.all = after_places;
                for (int i = 0; i < blocks; i++)
                    for (uint64_t hits = names_end.each[i]; hits; hits &= hits - 1)
                        if (is_telling(at + 64 * i + first_of(hits), list->end, (int)list->wrapped)) c.bad.each[i] |= hits & -hits;
            }
        }

        /* INVARIANT: texts before what is no JSON are looked at like all others; their elements count. */
        struct bits bits[LANES];
        int looked = 0;
        for (int i = 0; i < blocks; i++) {
            const uint8_t *block = at + 64 * i;
            uint64_t valid = c.valid.each[i], bad = c.bad.each[i] & valid, sane = bad ? below(first_of(bad)) : valid, inner = c.inner.each[i] & sane, starts = c.starts.each[i] & sane;
            int64_t more_texts[16], more_containers[16];
            int places[16], more = 0;
            if ((long_blocks = c.within.each[i] == ~0ULL ? long_blocks + 1 : 0) > BLOCKS_OF_TEXT) return;
            if (inner && done > block) inner &= done - block < 64 ? ~below(done - block) : 0;
            for (uint64_t slashes = b.slash.each[i] & inner; slashes;) {
                int place = first_of(slashes);
                const uint8_t *start = start_of(&t, block, starts, place);
                more_texts[more] = more_containers[more] = 0;
                places[more] = place;
                const uint8_t *quote = more == 15 ? NULL : kit->escaped(start, list, list->most_depth - deepest, screen, &more_texts[more], &more_containers[more]);
                if (!quote) {
                    bad |= 1ULL << place;
                    inner &= below(place);
                    break;
                }
                more++;
                done = quote;
                uint64_t judged = places_of(block, start, quote);
                inner &= ~judged;
                slashes &= ~judged;
                starts &= ~judged;
            }
            /* A document whose first escape stands in the next block. */
            const uint8_t *later = NULL;
            if (starts && c.within.each[i] >> 63) {
                const uint8_t *start = block + last_of(starts), *next = start + 1;
                if (*start == '{' || *start == '[') {
                    while (*next == ' ' && next < block + 64 + STEP) next++;
                    if (*next == '\\' && next >= block + 64) {
                        later = start;
                        inner &= below(last_of(starts));
                        starts &= inner;
                    }
                }
            }
            if (inner) {
                if (has_slashes) kit->look_one(block, screen, bits + i);
                else if (!looked) {
                    looked = 1;
                    kit->look(block, blocks - i, screen, bits + i);
                }
                struct texts before = t;
                for (uint64_t found; inner && (found = judge(&t, block, &bits[i], inner, starts & inner) & valid); t = before) {
                    /* A text beyond ASCII may have been told by the quote that ends it. */
                    int place = first_of(found);
                    const uint8_t *sign = block + place - !(inner >> place & 1), *start = sign < block ? before.start : start_of(&before, block, starts & inner, (int)(sign - block)), *quote = end_of(&t, sign);
                    int is_later = memchr(start, '\\', (size_t)(quote - start)) != NULL;
                    if (is_later && more < 15) {
                        more_texts[more] = more_containers[more] = 0;
                        places[more] = place;
                        quote = kit->escaped(start, list, list->most_depth - deepest, screen, &more_texts[more], &more_containers[more]);
                    } else if (is_later || quote == list->end || !is_passed(list, start, quote))
                        quote = NULL;
                    if (!quote) {
                        bad |= found;
                        break;
                    }
                    more += is_later;
                    done = quote > done ? quote : done;
                    inner &= ~places_of(block, start, quote);
                    if (list->looked < quote) list->looked = quote;
                }
                starts &= inner;
            }
            if (!inner) t.dot = t.foreign_run = t.blank_run = 0;
            t.start = later ? later : t.start;
            uint64_t good = bad ? below(first_of(bad)) : valid, commas = c.commas.each[i] & good;
            if (last == i + 1) commas |= good & c.after.each[i] & ~(valid >> 1) & valid;
            int64_t all_more_texts = 0, all_more_containers = 0;
            if (commas) {
                int place = last_of(commas);
                uint64_t to = below(place) & valid;
                int64_t all_texts = texts + ones(c.closes.each[i] & to), all_containers = containers + ones(c.begun.each[i] & to);
                for (int k = 0; k < more && places[k] < place; k++) {
                    all_texts += more_texts[k];
                    all_containers += more_containers[k];
                }
                if (all_texts > list->most_texts || all_containers > list->most_containers) return;
                list->at = block + place;
                list->texts = all_texts;
                list->containers = all_containers;
                list->elements = count + ones(commas);
            }
            if (bad || last == i + 1) return;
            for (int k = 0; k < more; k++) {
                all_more_texts += more_texts[k];
                all_more_containers += more_containers[k];
            }
            texts += ones(c.closes.each[i] & valid) + all_more_texts;
            containers += ones(c.begun.each[i] & valid) + all_more_containers;
            count += ones(commas);
        }
    }
}

/* How many of eight characters are digits before the first that is none. */
INLINE int digits_at(const uint8_t *at)
{
    uint64_t digits = eight(at) ^ 0x3030303030303030, others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
    /* What is carried over from a byte of 0x8a and more comes behind the first that is no digit. */
    return others ? first_of(others) / 8 : 8;
}

INLINE const uint8_t *behind_digits(const uint8_t *at)
{
    for (int count = 8; count == 8; at += count) count = digits_at(at);
    return at;
}

/* Behind a number or one of the three words; NULL for none. */
static const uint8_t *scalar_end(const uint8_t *at)
{
    if (!is_digit(*at) && *at != '-') return four(at) == 0x65757274 || four(at) == 0x6c6c756e ? at + 4 : four(at) == 0x736c6166 && at[4] == 'e' ? at + 5 : NULL;
    at += *at == '-';
    if (!is_digit(*at) || (*at == '0' && is_digit(at[1]))) return NULL;
    at = behind_digits(at);
    if (*at == '.') {
        if (!is_digit(*++at)) return NULL;
        at = behind_digits(at);
    }
    if ((*at | 0x20) == 'e') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (!is_digit(*at)) return NULL;
        at = behind_digits(at);
    }
    return at;
}

/* As `scalar_end`, of short numbers without a sign at once: no byte behind them is waited for but the next. */
INLINE const uint8_t *short_scalar_end(const uint8_t *at)
{
    static const uint8_t ends[256] = { [','] = 1, ['}'] = 1, [']'] = 1, ['.'] = 2 };
    int whole = digits_at(at), end = ends[at[whole]];
    if (whole == 0 || whole == 8 || !end || (*at == '0' && whole > 1)) return scalar_end(at);
    if (end == 1) return at + whole;
    int part = digits_at(at + whole + 1);
    return part && part < 8 && ends[at[whole + 1 + part]] == 1 ? at + whole + 1 + part : scalar_end(at);
}

INLINE const uint8_t *behind_blanks(const uint8_t *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
    return at;
}

/* A list as it is gone through value by value: what has been counted of an element, and what stands in some blocks from a text's beginning on. */
struct walk {
    struct list *list;
    const struct screen *screen;
    int64_t texts;
    const uint8_t *window;    /* where the blocks begin; NULL for none */
    int64_t containers;       /* not beside the texts: two that are written one by one and read as one vector would wait for each other */
    int blocks;               /* fewer where few texts are asked about */
    const uint8_t *listed_at; /* as `window`, of blocks that have been looked at with what is between texts; one of both is NULL */
    const uint8_t *listed_end;
    int quote;                /* around these texts */
    int pause, patience;      /* texts of lists until several are looked at together again, and how many after the next try in vain */
    union { struct seen seen; struct listed listed; };
};

/* Of a text that begins at this place: as many bits as a word has behind a byte's first seven. */
enum { SHORT = 56 };
INLINE uint64_t bits_at(const uint64_t *row, ptrdiff_t place) { return eight((const uint8_t *)row + (place >> 3)) >> (place & 7); }

/* A word that may go on with a query begins here. */
INLINE int may_be_condition(const uint8_t *at)
{
    uint32_t four_of = four(at) | 0x20202020;
    switch (four_of & 0xffff) {
    case 0x726f: return four_of == 0x6564726f || !is_letter(at[2]); /* or, order */
    case 0x6e61: return (four_of & 0xffffff) == 0x646e61; /* and */
    case 0x6f78: return (four_of & 0xffffff) == 0x726f78; /* xor */
    case 0x6f6e: return (four_of & 0xffffff) == 0x746f6e; /* not */
    case 0x7267: return four_of == 0x756f7267; /* group */
    case 0x6168: return four_of == 0x69766168; /* having */
    case 0x7270: return four_of == 0x636f7270; /* procedure */
    }
    return 0;
}

/* A text of the window; where it is clean nothing stands in most of them, nor one of the three words at its end. */
INLINE int seen_text(const struct walk *w, const uint8_t *text, ptrdiff_t place, int length, const struct kit *kit)
{
    const struct seen *seen = &w->seen;
#define OF(row) (bits_at(seen->row, place) & valid)
    uint64_t valid = below(length);
    uint64_t all = OF(all), words = OF(words);
    if (ends_plainly(w->screen, text, length)) {
        if (!all || (!OF(any) && OF(space))) return 1;
        uint64_t conditions = OF(conditions);
        if (!((all & ~(words | conditions)) | OF(acting))) {
            while (words && !may_be_gram(w->screen->grams, text + first_of(words))) words &= words - 1;
            while (conditions && !may_be_condition(text + first_of(conditions))) conditions &= conditions - 1;
            if (!(words | conditions)) return 1;
        }
    }
    uint64_t any = OF(any);
    if (any & ~(OF(acting) | OF(words) | OF(conditions))) return kit->is_clean(text, length, w->screen);
    /* A condition may stand anywhere. */
    struct bits b = { .acting = OF(acting), .words = OF(words), .conditions = OF(conditions), .foreign = all & ~any, .value = ~0ULL, .run = ~0ULL, .blank = ~0ULL };
    return kit->one_block(text, length, &b, w->screen);
}

/* What stands from here on: more blocks where the last ones were as near. */
INLINE void see(struct walk *w, const uint8_t *text, const struct kit *kit)
{
    ptrdiff_t left = (w->list->end - text + 63) / 64, from = text - w->window;
    int blocks = w->window && from > 0 && from < w->blocks * 64 + 256 ? w->blocks * 4 : 1;
    blocks = blocks > WINDOW / 2 ? WINDOW / 2 : blocks; /* of texts in objects: more are often looked at in vain */
    w->blocks = left < blocks ? (int)left : blocks;
    w->window = text;
    w->listed_at = NULL;
    kit->seen(text, w->blocks, w->screen, &w->seen);
}

/* What is counted of a value, apart from the lists in it. Of two sizes: as one vector they would be taken apart for every text. */
struct tally { int64_t texts; int containers; };

/* A text of letters, digits and few signs is not as serialised objects begin: as Inspector.Judge has it. */
INLINE int begins_no_object(const uint8_t *at, int length) { return length < 25 || !(*at == 'r' || *at == 'A' || *at == 'g' || *at == 'Y' || *at == 'H' || *at == 'a'); }

/* A text in the blocks that were looked at. */
INLINE int is_seen_clean(const struct walk *w, const uint8_t *at, ptrdiff_t place, int length, const struct kit *kit)
{
    return (!(bits_at(w->seen.mixed, place) & below(length)) && begins_no_object(at, length)) || seen_text(w, at, place, length, kit);
}

/* Behind the text whose quote stands here, NULL where it is not clean. */
INLINE const uint8_t *clean_text(struct walk *w, const uint8_t *at, int64_t depth, const struct kit *kit, struct tally *tally)
{
    ptrdiff_t place = ++at - w->window;
    if (w->window && place >= 0 && place < w->blocks * 64) {
        uint64_t stop = bits_at(w->seen.stop, place);
        int length = stop ? first_of(stop) : 0;
        if (at[length] == '"' && length && at + length < w->list->end) {
            tally->texts++;
            return is_seen_clean(w, at, place, length, kit) || is_passed(w->list, at, at + length) ? at + length + 1 : NULL;
        }
    }
    const uint8_t *limit = w->list->end - at > BLOCKS_OF_TEXT * 64 ? at + BLOCKS_OF_TEXT * 64 : w->list->end;
    uint64_t found = kit->short_end(at);
    int length = (int)(found & 127);
    if (length == 64) found = 64 + (kit->text_end(at + 64) & INT32_MAX);
    const uint8_t *end = at + (found & INT32_MAX);
    if (end >= limit) return NULL;
    if (*end == '\\') {
        int64_t more = 1, containers = 0;
        end = kit->escaped(at, w->list, w->list->most_depth - depth, w->screen, &more, &containers);
        tally->texts += more;
        tally->containers += (int)containers;
        return end ? end + 1 : NULL;
    }
    if (*end != '"') return NULL;
    tally->texts += end > at;
    if (length < 64 && found >> 63 && begins_no_object(at, length)) return end + 1;
    if (length <= SHORT) {
        see(w, at, kit);
        return seen_text(w, at, 0, length, kit) || is_passed(w->list, at, end) ? end + 1 : NULL;
    }
    return kit->is_clean(at, end - at, w->screen) || is_passed(w->list, at, end) ? end + 1 : NULL;
}

/* No text begins or ends behind the list's end. */
INLINE void end_listed(struct walk *w)
{
    ptrdiff_t left = w->listed_end - w->listed_at - 64 * (w->blocks - 1);
    if (left < 64 && w->blocks) w->listed.quote[w->blocks - 1] &= below((int)left);
}

/* What stands in some blocks, for texts that have a comma between each other. */
INLINE void see_list(struct walk *w, const uint8_t *text, const struct kit *kit)
{
    ptrdiff_t left = (w->list->end - text + 63) / 64;
    w->blocks = left < WINDOW ? (int)left : WINDOW;
    w->listed_at = text;
    w->listed_end = w->list->end;
    w->quote = '"';
    w->window = NULL;
    kit->listed(text, w->blocks, w->screen, &w->listed, '"');
    end_listed(w);
}

/* Texts of a list as they stand in some blocks: all their characters, where they begin and end, and the ends of those that have characters beyond ASCII and no blank. */
struct run { uint64_t texts[WINDOW], starts[WINDOW], ends[WINDOW], foreign[WINDOW]; };

/* A text that stands with others, and has what says nothing only where it is seen as a whole. */
INLINE int is_alone_clean(struct walk *w, const uint8_t *start, const uint8_t *end, int is_told, const struct kit *kit)
{
    uint64_t found = kit->short_end(start);
    if ((found >> 63 && (int)(found & 127) == end - start && begins_no_object(start, (int)(end - start))) || (!is_told && kit->is_clean(start, end - start, w->screen))) return 1;
    /* What may be a document is looked at where it stands. */
    const uint8_t *first = behind_blanks(start);
    return (w->quote == '"' || (*first != '{' && *first != '[')) && is_passed(w->list, start, end);
}

INLINE int is_of_address(int c) { return c == '/' || c == '=' || c == '&'; }

/* Behind the last of some texts of a list that have nothing but a comma and blanks between each other, and are clean: those that stand in the blocks that are looked at together. NULL for none. The first begins here. */
INLINE const uint8_t *clean_run(struct walk *w, const uint8_t *at, const struct kit *kit, int64_t *texts, int64_t *elements)
{
    const struct listed *seen = &w->listed;
    struct run run;
    uint64_t inside_before = ~0ULL, starts_next = 0, commas_next = 0, foreign_before = 0, blank_before = 0;
    int first = (int)(at - w->listed_at), last = -1;
    /* Nothing before the first text is of it. */
    uint64_t from = ~below(first & 63);
    starts_next = from & -from;
    for (int i = first >> 6; i < w->blocks; i++, from = ~0ULL) {
        uint64_t quotes = seen->quote[i] & from, inside = kit->between(quotes) ^ inside_before, opens = quotes & inside, ends = quotes & ~inside, text = inside & ~opens & from, others = ~(inside | ends) & from;
        uint64_t starts = opens << 1 | starts_next, commas = ends << 1 | commas_next;
        inside_before = (uint64_t)((int64_t)inside >> 63);
        starts_next = opens >> 63;
        commas_next = ends >> 63;
        uint64_t wrong = (seen->stop[i] & text) | ((seen->comma[i] & others) ^ commas) | (others & ~(seen->comma[i] | seen->blank[i]));
        if (wrong) ends &= below(first_of(wrong));
        run.texts[i] = text;
        run.starts[i] = starts;
        run.ends[i] = ends;
        run.foreign[i] = 0;
        uint64_t foreign = seen->foreign[i] & text;
        if (foreign | foreign_before) {
            /* Where texts end that have characters beyond ASCII and no blank. To add a run of bits to itself carries over its end when the other has any bit of it. */
            uint64_t with_foreign, with_blank;
            int foreign_over = __builtin_add_overflow(text, foreign, &with_foreign), blank_over = __builtin_add_overflow(text, seen->blank[i] & text, &with_blank);
            foreign_over |= __builtin_add_overflow(with_foreign, foreign_before, &with_foreign);
            blank_over |= __builtin_add_overflow(with_blank, blank_before, &with_blank);
            run.foreign[i] = with_foreign & ~with_blank & ends;
            foreign_before = (uint64_t)foreign_over;
            blank_before = (uint64_t)blank_over;
        } else
            blank_before = 0; /* one too few: what is beyond ASCII behind it is looked at */
        if (ends) last = i;
        if (wrong) break;
    }
    if (last < 0) return NULL;
    struct texts t = { .screen = w->screen, .kit = kit, .start = at, .end = w->listed_end, .foreign = at, .closes = w->quote };
    const uint8_t *start_before = at, *done = at;
    for (int i = first >> 6; i <= last; i++) {
        const uint8_t *block = w->listed_at + 64 * i;
        uint64_t text = run.texts[i], starts = run.starts[i], loud = seen->others[i] & text, hits;
#define START(place) (starts & (below(place) | 1ULL << (place)) ? block + last_of(starts & (below(place) | 1ULL << (place))) : start_before)
        for (hits = starts & text & seen->odd[i]; hits; hits &= hits - 1)
            if (!begins_as_most(w->screen, block + first_of(hits)) && !begins_well(&t, block + first_of(hits))) loud |= hits & -hits;
        uint64_t conditions = 0;
        for (hits = seen->conditions[i] & text; hits; hits &= hits - 1)
            if (may_be_condition(block + first_of(hits))) conditions |= hits & -hits;
        if (conditions) {
            uint64_t goes_on, blanks, value = kit->values(block, w->screen, &goes_on, &blanks);
            for (hits = conditions & may_go_on(value, goes_on | seen->foreign[i], blanks | seen->foreign[i], starts); hits; hits &= hits - 1)
                if (is_condition(&t, START(first_of(hits)), block + first_of(hits))) loud |= hits & -hits;
        }
        for (hits = seen->words[i] & text; hits; hits &= hits - 1)
            if (may_be_gram(w->screen->grams, block + first_of(hits)) && is_gram(&t, w->screen->grams, START(first_of(hits)), block + first_of(hits))) loud |= hits & -hits;
        hits = seen->acting[i] & text;
        if (hits && kit->quiet_signs && is_of_address(block[first_of(hits)])) hits &= ~kit->quiet_signs(block, hits);
        for (; hits; hits &= hits - 1) {
            const uint8_t *sign = block + first_of(hits);
            if (sign[1] == w->quote && (*sign == '"' || *sign == '\'')) continue; /* nothing goes on behind a quote that its text ends with: as meets_word has it */
            t.start = sign - at < STEP ? at : sign - STEP; /* with less before it, what begins the text stands there; before the first of them may stand what is nobody's */
            if (is_plainly_quiet(&t, sign) && *sign != '\n') continue;
            t.start = START(first_of(hits));
            if (*sign == '\n' || *sign == '\r' || !is_quiet(&t, t.start, sign)) loud |= hits & -hits; /* lines are told of in a text as a whole */
        }
        for (hits = run.foreign[i]; hits; hits &= hits - 1)
            if (!is_ordinary(&t, first_of(hits) ? START(first_of(hits) - 1) : start_before, block + first_of(hits) - 1)) loud |= hits & -hits;
        for (hits = loud & (i < last ? ~0ULL : below(last_of(run.ends[i])) | 1ULL << last_of(run.ends[i])); hits; hits &= hits - 1) {
            int place = first_of(hits), over = i;
            const uint8_t *sign = block + place;
            if (sign < done) continue;
            const uint8_t *start = run.ends[i] >> place & 1 ? place ? START(place - 1) : start_before : START(place);
            /* The text alone. */
            uint64_t ended = run.ends[i] & ~below(place);
            while (!ended) ended = run.ends[++over];
            const uint8_t *end = w->listed_at + 64 * over + first_of(ended);
            /* Of those that are not long it says no more than was said of what stands in them. */
            int is_told = end - start < COMPARED && !((seen->others[i] | run.foreign[i]) >> place & 1);
            if (!is_alone_clean(w, start, end, is_told, kit)) {
                if (start == at) return NULL;
                /* Up to the text before this. */
                last = (int)((start - w->listed_at) >> 6);
                run.ends[last] &= below((int)((start - w->listed_at) & 63));
                while (!run.ends[last]) last--;
                goto counted;
            }
            done = end + 1;
        }
        if (starts) start_before = block + last_of(starts);
#undef START
    }
counted:;
    /* What the last of them is followed by is no longer theirs to tell: where it is no JSON the text does not count. */
    const uint8_t *end = w->listed_at + 64 * last + last_of(run.ends[last]) + 1, *behind = behind_blanks(end);
    if (*behind != ',' && *behind != ']') {
        run.ends[last] &= below(last_of(run.ends[last]));
        while (!run.ends[last])
            if (--last < first >> 6) return NULL;
        end = w->listed_at + 64 * last + last_of(run.ends[last]) + 1;
    }
    for (int i = first >> 6; i <= last; i++) {
        *elements += ones(run.ends[i]);
        *texts += ones(run.ends[i] & ~run.starts[i]); /* an empty text ends where it begins */
    }
    return end;
}

/* As above, with escapes; the first of these texts has one. What is clean without them is clean: where it ends is told by its quotes. */
INLINE const uint8_t *clean_escaped(struct walk *w, const uint8_t *at, const struct kit *kit, int64_t *texts, int64_t *elements)
{
    struct list *list = w->list;
    const uint8_t *first = behind_blanks(at);
    if (*first == '{' || *first == '[' || list->room_bytes < WINDOW * 64 + 256) return NULL;
    struct taken taken[TAKEN];
    uint8_t *end;
    int64_t before = *elements;
    int count = kit->unescape_texts(at, list->end, list->room, taken, &end);
    __builtin_memset(end, 0, 67);
    w->blocks = (int)((end - list->room + 63) / 64);
    w->window = NULL;
    w->listed_at = list->room;
    w->listed_end = end;
    w->quote = SEPARATOR;
    kit->listed(list->room, w->blocks, w->screen, &w->listed, SEPARATOR);
    end_listed(w);
    const uint8_t *clean = kit->clean_texts(w, list->room, texts, elements);
    w->listed_at = NULL;
    if (!clean) return NULL;
    int64_t quotes = 2 * (*elements - before) - 1;
    for (int i = 0; i < count; i++) {
        uint64_t here = taken[i].quotes;
        if (quotes > ones(here)) {
            quotes -= ones(here);
            continue;
        }
        while (--quotes) here &= here - 1;
        return taken[i].at + first_of(here) + 1;
    }
    return NULL;
}

/* As above, where several may be looked at together; the quote of the first stands here. So many texts and elements may come at the most. */
INLINE const uint8_t *several_texts(struct walk *w, const uint8_t *at, int64_t most, const struct kit *kit, int64_t *texts, int64_t *elements)
{
    enum { LEAST = 512, PAUSE = 15 };
    if (most < LEAST || --w->pause >= 0) return NULL;
    int64_t before = *elements;
    const uint8_t *end = NULL;
    at++;
    if (w->listed_at && at >= w->listed_at && at - w->listed_at < w->blocks * 64) end = kit->clean_texts(w, at, texts, elements);
    if (!end && !w->list->refused) {
        uint64_t found = kit->short_end(at);
        int length = (int)(found & 127);
        /* Names and ids that are not short are gone by as quickly. */
        if (length < 64 && found >> 63 && length >= kit->plain && at[length] == '"') {
            w->pause = PAUSE;
            return NULL;
        }
        if (length < 64 && at[length] == '\\') end = kit->clean_escaped(w, at, texts, elements);
        else {
            see_list(w, at, kit);
            end = kit->clean_texts(w, at, texts, elements);
        }
    }
    /* Long ones are looked at one by one. */
    w->patience = *elements - before < w->blocks / 2 ? (w->patience < 32 ? w->patience * 2 + 1 : w->patience) : 0;
    w->pause = w->patience;
    return end;
}

/* Behind a text, list, number or one of the three words. */
INLINE const uint8_t *clean_value(struct walk *w, const uint8_t *at, int64_t depth, int below, const struct kit *kit, struct tally *tally)
{
    return *at == '"' ? clean_text(w, at, depth, kit, tally) : *at == '[' ? kit->clean_list(w, at, depth, below) : short_scalar_end(at);
}

/* An object's key is clean with blanks for its plus signs; as it stands it is looked at like other values. */
INLINE int is_clean_key(struct walk *w, const uint8_t *at, const struct kit *kit)
{
    struct list *list = w->list;
    if (*at++ != '"') return 1;
    ptrdiff_t length = (ptrdiff_t)(kit->text_end(at) & INT32_MAX);
    if (at + length >= list->end || at[length] != '"') return 0;
    if (!memchr(at, '+', (size_t)length)) return 1;
    if (length + 128 > list->room_bytes) return 0;
    for (ptrdiff_t i = 0; i < length; i++) list->room[i] = at[i] == '+' ? ' ' : at[i];
    __builtin_memset(list->room + length, 0, 67);
    return kit->is_clean(list->room, length, w->screen) || is_passed(list, list->room, list->room + length);
}

/* Behind a text in base64, when what it stands for is clean; or another value, which is none. */
INLINE const uint8_t *encoded_text(struct walk *w, const uint8_t *at, int64_t depth, const struct kit *kit, struct tally *tally)
{
    if (*at != '"') return *at == '[' ? NULL : scalar_end(at);
    int64_t more = 1, containers = 0;
    const uint8_t *end = kit->encoded(at + 1, w->list, w->list->most_depth - depth, w->screen, &more, &containers);
    tally->texts += more;
    tally->containers += (int)containers;
    return end ? end + 1 : NULL;
}

/* Behind a value that its name says something of. */
INLINE const uint8_t *special_value(struct walk *w, const uint8_t *at, int64_t depth, const struct part *part, const struct kit *kit, struct tally *tally)
{
    if (part->special == ENCODED) return encoded_text(w, at, depth, kit, tally);
    if (part->special == FORM ? may_be_form(at - 1, w->list->end) : !is_clean_key(w, at, kit)) return NULL;
    return clean_value(w, at, depth, part->below, kit, tally);
}

/* Such a member of an element is in base64: INVARIANT: as Clean.Encoded. */
INLINE int is_encoded(const struct list *list, const uint8_t *name, const uint8_t *end, int depth, const uint8_t *opened)
{
    switch (list->encoded) {
    case DATA: return depth == 1 && end - name == 4 && four(name) == 0x61746164;
    case DATA_OF_KINESIS: return depth == 2 && end - name == 4 && four(name) == 0x61746164 && eight(opened) == 0x22736973656e696bULL; /* kinesis" */
    case KEY_AND_VALUE: return depth == 1 && ((end - name == 3 && (four(name) & 0xffffff) == 0x79656b) || (end - name == 5 && four(name) == 0x756c6176 && name[4] == 'e'));
    }
    return 0;
}

/* The pattern of the objects in a list that is the so-many-eth of the objects of another, and the part of these that it is; 0 for none. */
INLINE int pattern_below(int which, int number, int part)
{
    which %= PATTERNS;
    int below = which == 0 ? 1 + number % (PATTERNS - 2) : which == PATTERNS - 1 ? 0 : PATTERNS - 1;
    return below ? below | (which * PARTS + part + 1) * PATTERNS : 0;
}

/* Behind the object that begins here, when it is one and clean; and where its values are. It is gone through one by one: the first of its kind. */
INLINE const uint8_t *learn(struct walk *w, int which, const uint8_t *at, int64_t depth_before, const struct kit *kit)
{
    struct list *list = w->list;
    struct pattern *pattern = list->patterns + which;
    const uint8_t *pending = at, *opened = at; /* goes into the copy; the name of the last object */
    int depth = 0, deepest = 0, parts = 0, lists = 0, length = 0;
    int64_t texts = 0, containers = 0;
    pattern->length = 0;
    pattern->varies = 0;
    pattern->steps = -1;
    for (;;) {
        /* An object begins here. */
        if (depth == 60 || depth_before + depth >= list->most_depth) return NULL;
        deepest = ++depth > deepest ? depth : deepest;
        w->containers++;
        containers++;
        at = behind_blanks(at + 1);
        if (*at == '}') goto ended;
    name:
        if (*at != '"') return NULL;
        const uint8_t *end = at + 1 + (kit->text_end(at + 1) & INT32_MAX);
        if (end >= list->end || *end != '"') return NULL;
        for (const uint8_t *c = at + 1; c < end; c++)
            if (*c == '$' || *c == '{' || *c == '[' || (*c == '_' && c[1] == '_') || (*c == '.' && is_telling(c, list->end, 0))) return NULL;
        int special = list->wrapped == BUCKETS && (four(end - 4) >> 8 | 0x20) == 0x79656b ? KEY : four(end - 4) >> 8 == 0x79646f ? FORM : 0;
        if (list->encoded && which == 0 && is_encoded(list, at + 1, end, depth, opened)) special = ENCODED;
        if (is_telling(end, list->end, list->wrapped && !(special & (KEY | ENCODED)))) return NULL;
        const uint8_t *name = at + 1;
        at = behind_blanks(end + 1);
        if (*at != ':') return NULL;
        at = behind_blanks(at + 1);
        if (at >= list->end) return NULL;
        if (*at == '{') {
            opened = name;
            continue;
        }
        if (parts == PARTS) return NULL;
        int below = pattern_below(which, lists, parts), is_list = *at == '[';
        int64_t texts_before = w->texts, containers_before = w->containers;
        struct tally tally = { 0, 0 };
        end = special == KEY && !is_clean_key(w, at, kit) ? NULL : special == ENCODED ? encoded_text(w, at, depth_before + depth, kit, &tally) : clean_value(w, at, depth_before + depth, below, kit, &tally);
        if (!end || end >= list->end) return NULL;
        w->texts += tally.texts;
        w->containers += tally.containers;
        struct part *part = &pattern->part[parts];
        part->special = (uint8_t)special;
        part->below = (uint16_t)below;
        part->depth = (uint8_t)depth;
        lists += is_list;
        if (end - at > LONG_TEXT) {
            /* It will not be the same again. */
            if (length + (at - pending) > LONGEST) return NULL;
            __builtin_memcpy(pattern->copy + length, pending, (size_t)(at - pending));
            length += (int)(at - pending);
            part->start = part->end = (uint16_t)length;
            part->texts = part->containers = 0;
            pattern->varies |= 1ULL << parts;
            pending = end;
        } else {
            if (length + (end - pending) > LONGEST) return NULL;
            part->start = (uint16_t)(length + (at - pending));
            part->end = (uint16_t)(length + (end - pending));
            part->texts = (uint16_t)(w->texts - texts_before);
            part->containers = (uint16_t)(w->containers - containers_before);
            texts += part->texts;
            containers += part->containers;
        }
        parts++;
        at = behind_blanks(end);
    next:
        if (*at == ',') {
            at = behind_blanks(at + 1);
            goto name;
        }
        if (*at != '}') return NULL;
    ended:
        at++;
        if (--depth == 0) break;
        at = behind_blanks(at);
        goto next;
    }
    if (at > list->end || length + (at - pending) > LONGEST) return NULL;
    __builtin_memcpy(pattern->copy + length, pending, (size_t)(at - pending));
    pattern->length = length + (int)(at - pending);
    pattern->parts = parts;
    pattern->texts = (int)texts;
    pattern->containers = (int)containers;
    pattern->deepest = deepest;
    pattern->wrapped = (int)list->wrapped;
    return at;
}

/* Behind the object that begins here, when it differs from the pattern in values alone, and those are clean. */
INLINE const uint8_t *again(struct walk *w, int which, const uint8_t *at, int64_t depth_before, const struct kit *kit)
{
    struct list *list = w->list;
    struct pattern *pattern = list->patterns + which;
    if (!pattern->length || pattern->wrapped != list->wrapped || pattern->deepest > list->most_depth - depth_before) return NULL;
    const uint8_t *old = pattern->copy;
    struct tally tally = { pattern->texts, pattern->containers };
    for (int number = 0;; number++) {
        /* Up to the next value that varies nothing does, or one more value does. */
        uint64_t varies = number < PARTS ? pattern->varies >> number : 0;
        int next = varies ? number + first_of(varies) : pattern->parts;
        ptrdiff_t left = pattern->copy + (varies ? pattern->part[next].start : pattern->length) - old;
        if (left > list->end - at) return NULL;
        if (next == number && varies) {
            if (left <= 64 ? !kit->is_same(old, at, left) : kit->equal(old, at, left) != left) return NULL;
            at += left;
        } else {
            ptrdiff_t same = kit->equal(old, at, left), upto = old + same - pattern->copy;
            if (same == left) {
                at += left;
                if (!varies) {
                    w->texts += tally.texts;
                    w->containers += tally.containers;
                    return at;
                }
                number = next;
            } else {
                while (number < next && pattern->part[number].end < upto) number++;
                if (number == next || pattern->part[number].start > upto) return NULL;
                at += pattern->copy + pattern->part[number].start - old;
                pattern->varies |= 1ULL << number;
                pattern->steps = -1;
            }
        }
        const struct part *part = &pattern->part[number];
        tally.texts -= part->texts;
        tally.containers -= part->containers;
        if (at >= list->end) return NULL;
        at = part->special ? special_value(w, at, depth_before + part->depth, part, kit, &tally) : clean_value(w, at, depth_before + part->depth, part->below, kit, &tally);
        if (!at || at >= list->end) return NULL;
        old = pattern->copy + part->end;
    }
}

static void plan(struct pattern *pattern)
{
    int start = 0, steps = 0;
    pattern->same_texts = pattern->texts;
    pattern->same_containers = pattern->containers;
    for (uint64_t varies = pattern->varies; varies; varies &= varies - 1) {
        const struct part *part = &pattern->part[first_of(varies)];
        pattern->same_texts -= part->texts;
        pattern->same_containers -= part->containers;
        pattern->step[steps++] = (struct step){ (uint16_t)start, (uint16_t)(part->start - start), part->below, (uint8_t)first_of(varies), part->depth };
        start = part->end;
    }
    pattern->step[steps] = (struct step){ .start = (uint16_t)start, .length = (uint16_t)(pattern->length - start) };
    pattern->steps = steps;
}

/* As above, where no other values differ than before. */
INLINE const uint8_t *as_before(struct walk *w, struct pattern *pattern, const uint8_t *at, int64_t depth_before, const struct kit *kit)
{
    struct list *list = w->list;
    if (!pattern->length || pattern->wrapped != list->wrapped || pattern->deepest > list->most_depth - depth_before) return NULL;
    if (pattern->steps < 0) plan(pattern);
    const uint8_t *limit = list->end;
    const struct step *step = pattern->step, *last = step + pattern->steps;
    struct tally tally = { pattern->same_texts, pattern->same_containers };
    for (;; step++) {
        ptrdiff_t length = step->length;
        const uint8_t *old = pattern->copy + step->start;
        if (length >= limit - at || (length <= 64 ? !kit->is_same(old, at, length) : kit->equal(old, at, length) != length)) break;
        at += length;
        if (step == last) {
            w->texts += tally.texts;
            w->containers += tally.containers;
            return at;
        }
        const struct part *part = &pattern->part[step->part];
        at = part->special ? special_value(w, at, depth_before + step->depth, part, kit, &tally) : clean_value(w, at, depth_before + step->depth, step->below, kit, &tally);
        if (!at || at >= limit) break;
    }
    return NULL;
}

/* Behind the object that begins here, when it is one and clean. Objects of a list are mostly like the one before. */
INLINE const uint8_t *clean_object(struct walk *w, int which, const uint8_t *at, int64_t depth, const struct kit *kit)
{
    struct list *list = w->list;
    int owner = which / PATTERNS;
    struct pattern *pattern = list->patterns + (which %= PATTERNS);
    if (list->mode && pattern->length && pattern->owner != owner) return NULL;
    int64_t texts = w->texts, containers = w->containers;
    const uint8_t *end = as_before(w, pattern, at, depth, kit);
    if (!end && !list->refused) {
        w->texts = texts;
        w->containers = containers;
        end = again(w, which, at, depth, kit);
    }
    if (end) {
        pattern->trust += pattern->trust < 32;
        return end;
    }
    if (list->refused || list->mode == KNOWS) return NULL;
    w->texts = texts;
    w->containers = containers;
    pattern->trust -= list->mode ? 0 : 8;
    pattern->owner = owner;
    return learn(w, which, at, depth, kit);
}

/* Behind the list that begins here, when it is one and clean; `which` pattern its objects have. */
INLINE const uint8_t *list_of(struct walk *w, const uint8_t *at, int64_t depth, int which, const struct kit *kit)
{
    if (depth >= w->list->most_depth) return NULL;
    struct tally tally = { 0, 1 };
    int number = 0;
    at = behind_blanks(at + 1);
    if (*at == ']') goto ended;
    for (;;) {
        /* What has no part in the shape must not be taken for what has one. */
        if (number++ >= SHAPED && *at == '{' && w->list->mode) return NULL;
        at = *at != '{' ? clean_value(w, at, depth + 1, 0, kit, &tally) : which ? clean_object(w, which, at, depth + 1, kit) : NULL;
        if (!at || at >= w->list->end) return NULL;
        at = behind_blanks(at);
        if (*at == ']') break;
        if (*at != ',') return NULL;
        at = behind_blanks(at + 1);
        if (at >= w->list->end) return NULL;
    }
ended:
    w->texts += tally.texts;
    w->containers += tally.containers;
    return at + 1;
}

/* Behind a comma of a list: value by value, as long as that is worth while, and the others by blocks. */
INLINE void elements(struct list *list, const struct screen *screen, const struct kit *kit, struct carries with)
{
    const uint8_t *at = list->at, *good = at, *looked = at, *limit = list->end;
    int64_t texts = 0, containers = 0, count = 0;
    int ended = 0;
    struct walk w;
    w.list = list;
    w.screen = screen;
    w.window = w.listed_at = NULL;
    w.blocks = 0;
    w.patience = 0;
    w.pause = 4; /* where a text was in the way before, one may be again */
    if (list->patterns && list->mode == LEARNS_ONE)
        for (int i = 0; i < PATTERNS; i++) list->patterns[i].length = 0;
    while (list->patterns && (list->patterns->trust > 0 || list->mode)) {
        const uint8_t *start = behind_blanks(at), *end;
        if (start >= limit || (list->mode && *start != '{')) break;
        struct tally tally = { texts, 0 };
        int64_t more = 1;
        w.texts = 0;
        w.containers = containers;
        if (*start == '"') {
            int64_t left_texts = list->most_texts - texts, left = list->most_elements - count, several = 0;
            end = several_texts(&w, start, left < left_texts ? left : left_texts, kit, &tally.texts, &several);
            if (end) more = several;
            else if (!list->refused) end = clean_text(&w, start, 0, kit, &tally);
        } else if (*start == '{') end = clean_object(&w, 0, start, 0, kit);
        else if (*start == '[' && (*behind_blanks(start + 1) == '{' || *behind_blanks(start + 1) == '"')) end = kit->clean_list(&w, start, 0, 1);
        else break; /* numbers, alone and in lists: by blocks */
        if (!end) {
            ended = list->refused != 0;
            break;
        }
        looked = looked < end ? end : looked;
        end = behind_blanks(end);
        tally.texts += w.texts;
        w.containers += tally.containers;
        ended = end >= limit || (*end != ',' && *end != ']') || tally.texts > list->most_texts || w.containers > list->most_containers;
        if (ended) break;
        texts = tally.texts;
        containers = w.containers;
        count += more;
        good = end;
        ended = *end == ']' || count == list->most_elements || list->refused;
        if (ended) break;
        at = end + 1;
    }
    list->looked = looked;
    if (count) {
        list->at = good;
        list->texts = texts;
        list->containers = containers;
        list->elements = count;
    } else if (!ended && !list->mode)
        blocks_of(list, screen, kit, with);
}
