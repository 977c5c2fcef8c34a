#include <math.h>

#include "dialect/gemini.h"
#include "dialect/reading.h"
#include "job/agreement.h"
#include "job/answer.h"

// --- logprobs

static double logprob_of(const struct json *body, uint32_t node, const char *member) {
    double logprob;
    uint32_t value = reading_get(body, node, member);
    return value && json_number(body, value, &logprob) ? logprob : NAN;
}

static struct slice token_of(const struct json *body, uint32_t candidate, struct arena *arena) {
    uint32_t token = json_get(body, candidate, "token");
    return token ? json_string(body, token, arena) : (struct slice){0};
}

static void read_alternatives(const struct json *body, uint32_t step, struct arena *arena,
                              struct token *token) {
    uint32_t list = reading_get(body, step, "candidates");
    if (list == 0 || json_type(body, list) != JSON_ARRAY) {
        return;
    }
    struct token_alternative *all = arena_alloc(arena, body->nodes[list].count * sizeof(*all));
    for (uint32_t i = json_first(body, list); i; i = json_after(body, list, i)) {
        all[token->alternative_count++] = (struct token_alternative){
            token_of(body, i, arena), logprob_of(body, i, "logProbability")};
    }
    token->alternatives = all;
}

static void read_tokens(const struct json *body, uint32_t result, struct arena *arena,
                        struct signals *signals) {
    uint32_t chosen = reading_get(body, result, "chosenCandidates");
    uint32_t top = reading_get(body, result, "topCandidates");
    if (chosen == 0 || json_type(body, chosen) != JSON_ARRAY || body->nodes[chosen].count == 0) {
        return;
    }
    struct token *tokens = arena_zalloc(arena, body->nodes[chosen].count * sizeof(*tokens));
    uint32_t step = top && json_type(body, top) == JSON_ARRAY ? json_first(body, top) : 0;
    uint32_t count = 0;
    for (uint32_t i = json_first(body, chosen); i; i = json_after(body, chosen, i)) {
        tokens[count].text = token_of(body, i, arena);
        tokens[count].logprob = logprob_of(body, i, "logProbability");
        read_alternatives(body, step, arena, &tokens[count]);
        step = step ? json_after(body, top, step) : 0;
        count++;
    }
    signals->tokens = tokens;
    signals->token_count = count;
}

// Where there is but the average, the whole text counts as one token: its probability is at most
// that of the label within it.
static void read_average(const struct json *body, uint32_t candidate, struct slice text,
                         struct arena *arena, struct signals *signals) {
    uint32_t usage = json_get(body, 0, "usageMetadata");
    uint32_t count = reading_tokens(body, usage, "candidatesTokenCount");
    double average = logprob_of(body, candidate, "avgLogprobs");
    if (isnan(average) || count == 0) {
        return;
    }
    struct token *token = arena_zalloc(arena, sizeof(*token));
    *token = (struct token){.text = text, .logprob = average * count};
    signals->tokens = token;
    signals->token_count = 1;
}

// --- the candidate

static void read_usage(const struct json *body, struct usage *usage) {
    uint32_t node = json_get(body, 0, "usageMetadata");
    *usage = (struct usage){
        .input_tokens = reading_tokens(body, node, "promptTokenCount"),
        .cached_tokens = reading_tokens(body, node, "cachedContentTokenCount"),
        .output_tokens = reading_tokens(body, node, "candidatesTokenCount") +
                         reading_tokens(body, node, "thoughtsTokenCount"),
    };
}

static enum reason finish_reason(struct slice finish) {
    static const struct {
        const char *name;
        enum reason reason;
    } finishes[] = {
        {"MAX_TOKENS", REASON_ERROR_TRUNCATED},
        {"CONTINUATION", REASON_ERROR_TRUNCATED},
        {"SAFETY", REASON_ERROR_CONTENT},
        {"RECITATION", REASON_ERROR_CONTENT},
        {"BLOCKLIST", REASON_ERROR_CONTENT},
        {"PROHIBITED_CONTENT", REASON_ERROR_CONTENT},
        {"SPII", REASON_ERROR_CONTENT},
        {"MODEL_ARMOR", REASON_ERROR_CONTENT},
        {"LANGUAGE", REASON_ERROR_CONTENT},
    };
    for (size_t i = 0; i < sizeof(finishes) / sizeof(finishes[0]); i++) {
        if (slice_is(finish, finishes[i].name)) {
            return finishes[i].reason;
        }
    }
    return REASON_NONE;
}

// Why there is no answer; true: there is none.
static bool read_stop(const struct request *request, const struct json *body, uint32_t candidate,
                      struct arena *arena, struct reading *reading) {
    uint32_t feedback = json_get(body, 0, "promptFeedback");
    uint32_t block = reading_get(body, feedback, "blockReason");
    uint32_t finish = reading_get(body, candidate, "finishReason");
    struct slice why = block    ? json_string(body, block, arena)
                       : finish ? json_string(body, finish, arena)
                                : (struct slice){0};
    reading->error = block ? REASON_ERROR_CONTENT : finish_reason(why);
    if (reading->error == REASON_NONE) {
        return false;
    }
    reading_text(request, arena, reading, "%s %.*s after %u tokens",
                 block ? "blockReason" : "finishReason", SLICE_ARGS(why),
                 reading->usage.output_tokens);
    return true;
}

// All text but thoughts; where there is none, what the first function was to be called with.
static struct slice parts_text(const struct json *body, uint32_t parts, struct arena *arena) {
    struct buf text = {0};
    struct slice arguments = {0};
    for (uint32_t i = json_first(body, parts); i; i = json_after(body, parts, i)) {
        uint32_t thought = json_get(body, i, "thought");
        uint32_t part = json_get(body, i, "text");
        uint32_t call = json_get(body, i, "functionCall");
        uint32_t args = reading_get(body, call, "args");
        if (thought && json_type(body, thought) == JSON_TRUE) {
            continue;
        }
        if (part) {
            buf_slice_add(&text, json_string(body, part, arena));
        } else if (args && !arguments.at) {
            arguments = json_raw(body, args);
        }
    }
    struct slice found = text.len > 0 ? arena_slice(arena, buf_slice(&text)) : arguments;
    buf_fini(&text);
    return found;
}

// The answer of one candidate and its text, or why there is none.
static struct slice read_candidate(const struct request *request, const struct json *body,
                                   uint32_t candidate, struct arena *arena,
                                   struct reading *reading) {
    if (read_stop(request, body, candidate, arena, reading)) {
        return (struct slice){0};
    }
    if (candidate == 0 || json_type(body, candidate) != JSON_OBJECT) {
        reading_misfit(request, body, arena, reading, "no candidates[0]");
        return (struct slice){0};
    }
    uint32_t content = json_get(body, candidate, "content");
    uint32_t parts = reading_get(body, content, "parts");
    struct slice text = parts && json_type(body, parts) == JSON_ARRAY
                            ? parts_text(body, parts, arena)
                            : (struct slice){0};
    if (text.len == 0) {
        reading_misfit(request, body, arena, reading, "no text in candidates[0].content.parts");
        reading->error = REASON_ANSWER_MISSING;
        return text;
    }
    reading->answer = answer_from_text(&request->path->answer, text, arena);
    return text;
}

// False: no candidate holds an answer, so the first one tells why.
static bool read_samples(const struct request *request, const struct json *body,
                         uint32_t candidates, struct arena *arena, struct reading *reading) {
    struct sample *samples =
        arena_zalloc(arena, body->nodes[candidates].count * sizeof(*samples));
    uint32_t count = 0;
    for (uint32_t i = json_first(body, candidates); i; i = json_after(body, candidates, i)) {
        struct reading one = *reading;
        read_candidate(request, body, i, arena, &one);
        samples[count++].answer = one.answer;
    }
    return reading_agree(request, samples, count, arena, reading);
}

void gemini_read(const struct request *request, const struct json *body, struct arena *arena,
                 struct reading *reading) {
    enum confidence_kind confidence = request->model->confidence;
    uint32_t candidates = json_get(body, 0, "candidates");
    uint32_t candidate = candidates ? json_at(body, candidates, 0) : 0;
    read_usage(body, &reading->usage);
    if (confidence == CONFIDENCE_AGREEMENT && candidate &&
        read_samples(request, body, candidates, arena, reading)) {
        return;
    }
    struct slice text = read_candidate(request, body, candidate, arena, reading);
    if (reading->error != REASON_NONE) {
        return;
    }
    if (confidence == CONFIDENCE_FIELD) {
        reading->signals.field = reading_confidence(body, reading->answer, arena);
    } else if (confidence == CONFIDENCE_LOGPROB) {
        read_tokens(body, json_get(body, candidate, "logprobsResult"), arena, &reading->signals);
        if (reading->signals.tokens == NULL) {
            read_average(body, candidate, text, arena, &reading->signals);
        }
    }
}
