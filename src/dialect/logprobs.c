#include "dialect/logprobs.h"

#include <math.h>

// `bytes` is exact where a token ends within a character and its text could not be told.
static struct slice token_text(const struct json *body, uint32_t node, struct arena *arena) {
    uint32_t token = json_get(body, node, "token");
    uint32_t bytes = json_get(body, node, "bytes");
    struct slice text = token ? json_string(body, token, arena) : (struct slice){0};
    if (bytes == 0 || json_type(body, bytes) != JSON_ARRAY) {
        return text;
    }
    uint32_t count = body->nodes[bytes].count, used = 0;
    char *exact = arena_alloc(arena, count);
    for (uint32_t i = json_first(body, bytes); i; i = json_after(body, bytes, i)) {
        int64_t value;
        if (!json_integer(body, i, &value) || value < 0 || value > 255) {
            return text;
        }
        exact[used++] = (char)value;
    }
    return (struct slice){exact, used};
}

static double token_logprob(const struct json *body, uint32_t node) {
    double logprob;
    uint32_t member = json_get(body, node, "logprob");
    return member && json_number(body, member, &logprob) ? logprob : NAN;
}

static void read_alternatives(const struct json *body, uint32_t list, struct arena *arena,
                              struct token *token) {
    if (list == 0 || json_type(body, list) != JSON_ARRAY) {
        return;
    }
    struct token_alternative *alternatives =
        arena_alloc(arena, body->nodes[list].count * sizeof(*alternatives));
    for (uint32_t i = json_first(body, list); i; i = json_after(body, list, i)) {
        alternatives[token->alternative_count++] = (struct token_alternative){
            token_text(body, i, arena), token_logprob(body, i)};
    }
    token->alternatives = alternatives;
}

void logprobs_read(const struct json *body, uint32_t list, struct arena *arena,
                   struct signals *signals) {
    if (list == 0 || json_type(body, list) != JSON_ARRAY || body->nodes[list].count == 0) {
        return;
    }
    uint32_t count = signals->token_count;
    struct token *tokens =
        arena_zalloc(arena, (count + body->nodes[list].count) * sizeof(*tokens));
    if (count > 0) {
        memcpy(tokens, signals->tokens, count * sizeof(*tokens));
    }
    for (uint32_t i = json_first(body, list); i; i = json_after(body, list, i)) {
        tokens[count].text = token_text(body, i, arena);
        tokens[count].logprob = token_logprob(body, i);
        read_alternatives(body, json_get(body, i, "top_logprobs"), arena, &tokens[count]);
        count++;
    }
    signals->tokens = tokens;
    signals->token_count = count;
}
