// Confidence from the probabilities of tokens.
//
// The tokens' texts joined are what the model wrote; the value of a field stands at some span of
// it. With t the tokens that overlap the span (and the one after it, where another label goes on
// from there), and p a token's probability, confidence is
//
//     product over t of  S(t) / (A(t) + U(t))     where the server gave alternatives to t
//                        p(t)                     where it gave none
//
//     A  sum of p over the alternatives after which some allowed label can still be written
//     S  the part of A after which the label that was written can still be
//     U  for the labels that no alternative begins: each may have as much as the least alternative,
//        all together what the alternatives leave of 1
//
// So what the model would have rather said beside the labels does not count, a shared start
// ("CGST_" of CGST_SGST and CGST_UTGST) costs nothing, and a label that a grammar forced against
// all alternatives gets no more than the bound that the unseen labels leave it. Case is ignored, as
// answer_from_text does. A value that is no label, or is spelled with JSON escapes, counts with the
// plain product.
#include "job/confidence.h"

#include <math.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "job/job.h"

static const double rounding = 1e-3;

double confidence_checked(double value) {
    if (!(value >= -rounding && value <= 1 + rounding)) {
        return NAN;
    }
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

// --- calibration

double confidence_logit(double p) {
    const double edge = 1e-6;
    p = p < edge ? edge : p > 1 - edge ? 1 - edge : p;
    return log(p / (1 - p));
}

static double isotonic(const struct calibration *c, double raw) {
    uint32_t step = 0, after = c->steps;
    if (c->steps == 0) {
        return NAN;
    }
    while (after - step > 1) {
        uint32_t middle = step + (after - step) / 2;
        if (c->from[middle] <= raw) {
            step = middle;
        } else {
            after = middle;
        }
    }
    return c->to[step];
}

static double map(const struct calibration *c, double raw) {
    switch (c->kind) {
    case CALIBRATION_PLATT:
        return confidence_checked(1 / (1 + exp(-(c->a * confidence_logit(raw) + c->b))));
    case CALIBRATION_ISOTONIC:
        return confidence_checked(isotonic(c, raw));
    case CALIBRATION_IDENTITY:
        break;
    }
    return raw;
}

double calibration_apply(const struct calibration *c, double raw) {
    raw = confidence_checked(raw);
    if (isnan(raw)) {
        return NAN;
    }
    double p = map(c, raw);
    if (c->threshold <= 0) {
        return p;
    }
    return raw >= c->threshold_raw ? fmax(p, c->threshold) : fmin(p, nextafter(c->threshold, 0));
}

void confidence_calibrate(const struct path *path, struct attempt *attempt) {
    int place = path_tier_index(path, attempt->tier);
    const struct calibration *c = place < 0 ? NULL : path->tiers[place].calibration;
    attempt->confidence = attempt->confidence_raw;
    attempt->calibration = (struct slice){0};
    if (c && !isnan(attempt->confidence_raw)) {
        attempt->confidence = calibration_apply(c, attempt->confidence_raw);
        attempt->calibration = slice_of(c->version);
    }
}

// --- where a value stands

// What the model wrote, and the answer read from it.
struct written {
    const struct signals *signals;
    struct buf text;   // the tokens joined
    struct json json;  // the answer
    struct arena *arena;
};

struct span {
    size_t from, to;  // equal: not found
};

static bool same_ignoring_case(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

static bool is_ascii_word(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_word(const struct buf *text, size_t at) {
    return is_ascii_word(text->data[at]) || (unsigned char)text->data[at] >= 0x80;
}

static bool stands_alone(const struct buf *text, struct span span) {
    return (span.from == 0 || !is_word(text, span.from - 1) || !is_word(text, span.from)) &&
           (span.to == text->len || !is_word(text, span.to) || !is_word(text, span.to - 1));
}

// Value as all that was written but for marks around it, and for what servers count as a token
// after the end: <|im_end|>.
static struct span find_alone(const struct buf *text, struct slice value) {
    struct span span = {0, 0};
    while (span.from < text->len && !is_ascii_word(text->data[span.from])) {
        span.from++;
    }
    const char *special = memchr(text->data + span.from, '<', text->len - span.from);
    span.to = special ? (size_t)(special - text->data) : text->len;
    while (span.to > span.from && !is_ascii_word(text->data[span.to - 1])) {
        span.to--;
    }
    struct slice core = {text->data + span.from, span.to - span.from};
    return same_ignoring_case(core, value) ? span : (struct span){0, 0};
}

// Else the last place where value stands by itself: servers that parse reasoning out of the content
// leave its tokens in the list, before the answer's.
static struct span find_value(const struct buf *text, struct slice value) {
    struct span found = find_alone(text, value);
    if (found.to > found.from || value.len == 0 || value.len > text->len) {
        return found;
    }
    for (size_t from = text->len - value.len + 1; from-- > 0;) {
        struct span span = {from, from + value.len};
        if (same_ignoring_case((struct slice){text->data + from, value.len}, value) &&
            stands_alone(text, span)) {
            return span;
        }
    }
    return found;
}

static struct span find_last(const struct buf *text, struct slice part) {
    struct span found = {0, 0};
    const char *from = text->data, *end = text->data + text->len, *at;
    while (part.len > 0 && (at = memmem(from, (size_t)(end - from), part.at, part.len))) {
        size_t place = (size_t)(at - text->data);
        found = (struct span){place, place + part.len};
        from = at + part.len;
    }
    return found;
}

static struct span find_answer(const struct written *w) {
    struct span span = find_last(&w->text, json_raw(&w->json, 0));
    if (span.from == span.to && json_type(&w->json, 0) == JSON_STRING) {
        span = find_last(&w->text, json_string(&w->json, 0, w->arena));
    }
    return span;
}

// The answer's text is a part of what was written, so a member's place in it is known.
static struct span find_member(const struct written *w, uint32_t node) {
    struct span all = find_last(&w->text, json_raw(&w->json, 0));
    if (all.from == all.to) {
        return all;
    }
    const struct json_node *member = &w->json.nodes[node];
    size_t from = all.from + member->at - w->json.nodes[0].at;
    return (struct span){from, from + member->len};
}

// --- how likely it was

// Where the walk along a value's tokens is: how much of the label is written.
struct walk {
    const struct answer_field *field;
    struct slice label;  // that was written; absent: no label
    size_t written;      // bytes of it
};

static bool starts(struct slice text, struct slice start) {
    return start.len == 0 ||
           (text.len >= start.len && strncasecmp(text.at, start.at, start.len) == 0);
}

// Can label still be written once token follows what is? The label may end within the token.
static bool begins(const struct walk *walk, struct slice label, struct slice token) {
    struct slice done = {walk->label.at, walk->written};
    if (!starts(label, done)) {
        return false;
    }
    struct slice rest = {label.at + walk->written, label.len - walk->written};
    if (token.len <= rest.len) {
        return starts(rest, token) && (token.len > 0 || rest.len == 0);
    }
    return starts(token, rest) && !is_ascii_word(token.at[rest.len]);
}

static bool begins_any(const struct walk *walk, struct slice token) {
    for (uint32_t i = 0; i < walk->field->label_count; i++) {
        if (begins(walk, slice_of(walk->field->labels[i]), token)) {
            return true;
        }
    }
    return false;
}

// An alternative's text as it would stand in the value: before a value's first byte any space and
// opening marks may be.
static struct slice token_rest(const struct walk *walk, struct slice token) {
    static const char marks[] = " \n\r\t\"'`*:{[(";
    while (walk->written == 0 && token.len > 0 && memchr(marks, token.at[0], sizeof(marks) - 1)) {
        token.at++;
        token.len--;
    }
    return token;
}

static bool label_seen(const struct walk *walk, struct slice label, const struct token *token) {
    for (uint32_t i = 0; i < token->alternative_count; i++) {
        if (begins(walk, label, token_rest(walk, token->alternatives[i].text))) {
            return true;
        }
    }
    return false;
}

// Labels that may follow what is written and that neither the token nor an alternative begins.
static uint32_t labels_unseen(const struct walk *walk, const struct token *token,
                              struct slice chosen) {
    const struct slice done = {walk->label.at, walk->written};
    uint32_t unseen = 0;
    for (uint32_t i = 0; i < walk->field->label_count; i++) {
        struct slice label = slice_of(walk->field->labels[i]);
        unseen += starts(label, done) && !begins(walk, label, chosen) &&
                  !label_seen(walk, label, token);
    }
    return unseen;
}

// chosen: the part of the token's text that belongs to the value.
static double share(const struct walk *walk, const struct token *token, struct slice chosen) {
    double all = 0, any = 0, same = 0, least = 1;
    bool listed = false;
    for (uint32_t i = 0; i < token->alternative_count; i++) {
        const struct token_alternative *a = &token->alternatives[i];
        struct slice rest = token_rest(walk, a->text);
        double p = exp(a->logprob);
        all += p;
        least = fmin(least, p);
        any += begins_any(walk, rest) ? p : 0;
        same += begins(walk, walk->label, rest) ? p : 0;
        listed |= slice_equal(a->text, token->text);
    }
    if (!listed) {
        double p = exp(token->logprob);
        all += p;
        any += p;
        same += p;
    }
    double unseen = fmin(least * labels_unseen(walk, token, chosen), fmax(0, 1 - all));
    return any + unseen > 0 ? fmin(1, same / (any + unseen)) : 0;
}

static bool is_possible(const struct token *token) {
    bool possible = token->logprob <= rounding;
    for (uint32_t i = 0; i < token->alternative_count; i++) {
        possible &= token->alternatives[i].logprob <= rounding;
    }
    return possible;  // false for NaN too
}

static struct slice label_at(const struct answer_field *field, struct slice value) {
    for (uint32_t i = 0; field && i < field->label_count; i++) {
        if (same_ignoring_case(slice_of(field->labels[i]), value)) {
            return slice_of(field->labels[i]);
        }
    }
    return (struct slice){0};
}

static bool has_longer(const struct walk *walk) {
    for (uint32_t i = 0; walk->label.at && i < walk->field->label_count; i++) {
        struct slice label = slice_of(walk->field->labels[i]);
        if (label.len > walk->label.len && starts(label, walk->label)) {
            return true;
        }
    }
    return false;
}

// field NULL: no labels to renormalise over.
static double span_probability(const struct written *w, const struct answer_field *field,
                               struct span span) {
    struct walk walk = {.field = field,
                        .label = label_at(field, (struct slice){w->text.data + span.from,
                                                                span.to - span.from})};
    const struct token *tokens = w->signals->tokens;
    double product = 1;
    size_t from = 0;
    uint32_t i = 0;
    for (; i < w->signals->token_count && from < span.to; i++) {
        size_t start = from < span.from ? span.from : from, to = from + tokens[i].text.len;
        from = to;
        if (to <= start) {
            continue;
        }
        if (!is_possible(&tokens[i])) {
            return NAN;
        }
        struct slice chosen = {w->text.data + start, to - start};
        product *= walk.label.at && tokens[i].alternative_count > 0
                       ? share(&walk, &tokens[i], chosen)
                       : exp(tokens[i].logprob);
        walk.written = (to < span.to ? to : span.to) - span.from;
    }
    // I might have become II: the token after it says how likely it was to end there.
    if (from == span.to && i < w->signals->token_count && tokens[i].alternative_count > 0 &&
        has_longer(&walk)) {
        product *= is_possible(&tokens[i]) ? share(&walk, &tokens[i], tokens[i].text) : NAN;
    }
    return span.from == span.to ? NAN : product;
}

static double field_probability(const struct written *w, const struct answer_field *field,
                                uint32_t node) {
    if (field->name) {
        return span_probability(w, field, find_member(w, node));
    }
    struct slice value = json_string(&w->json, 0, w->arena);
    bool label = label_at(field, value).at != NULL;
    return span_probability(w, field, label ? find_value(&w->text, value) : find_answer(w));
}

// fmin takes the other of a NaN: what cannot be told of one field is not told of the answer.
static double least(double a, double b) {
    return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static double answer_probability(const struct written *w, const struct answer_form *form) {
    double confidence = 1;
    bool told = false;
    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct answer_field *field = &form->fields[i];
        uint32_t node = field->name ? json_get(&w->json, 0, field->name) : 0;
        if (field->label_count == 0 || (field->name && node == 0) ||
            json_type(&w->json, node) != JSON_STRING) {
            continue;
        }
        confidence = least(confidence, field_probability(w, field, node));
        told = true;
    }
    return told ? confidence : span_probability(w, NULL, find_answer(w));
}

double confidence_from_logprobs(const struct answer_form *form, struct slice answer,
                                const struct signals *signals) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct written w = {.signals = signals, .arena = &arena};
    struct err err;
    double confidence = NAN;
    if (signals->tokens == NULL || signals->token_count == 0) {
        return NAN;
    }
    arena_init(&arena, &pool);
    for (uint32_t i = 0; i < signals->token_count; i++) {
        buf_slice_add(&w.text, signals->tokens[i].text);
    }
    if (w.text.len > 0 && json_parse(&w.json, answer, &json_default_limits, &arena, &err)) {
        confidence = confidence_checked(answer_probability(&w, form));
    }
    buf_fini(&w.text);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return confidence;
}
