#include "reply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t reply_write_json(char text[REPLY_MOST], int status, const char *headers, const char *body) {
    return (size_t)snprintf(text, REPLY_MOST,
                            "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n%s"
                            "Content-Length: %zu\r\n\r\n%s",
                            status, status == 200 ? "OK" : "Error", headers, strlen(body), body);
}

static void write_logprobs(char *text, size_t size, const char *label, const char *other,
                           double confidence) {
    snprintf(text, size,
             "{\"content\":[{\"token\":\"%s\",\"logprob\":%.6f,\"bytes\":null,\"top_logprobs\":["
             "{\"token\":\"%s\",\"logprob\":%.6f,\"bytes\":null},"
             "{\"token\":\"%s\",\"logprob\":%.6f,\"bytes\":null}]}]}",
             label, log(confidence), label, log(confidence), other, log(1 - confidence));
}

size_t reply_write(char text[REPLY_MOST], const struct labels *labels, const struct call *call,
                   const char *headers) {
    char body[REPLY_MOST - 768], logprobs[512] = "null";
    uint32_t which = (uint32_t)(call->hash % labels->count);
    const char *label = labels->names[which];
    // 0.5000 to 0.9999
    double confidence = 0.5 + (double)((call->hash >> 32) % 5000) / 10000;
    if (call->kind == CALL_SCORE) {
        snprintf(body, sizeof(body), "{\"answer\":\"%s\",\"confidence\":%.4f}", label, confidence);
        return reply_write_json(text, 200, headers, body);
    }
    if (call->logprobs) {
        const char *other = labels->names[(which + 1) % labels->count];
        write_logprobs(logprobs, sizeof(logprobs), label, other, confidence);
    }
    snprintf(body, sizeof(body),
             "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion\",\"created\":1750000000,"
             "\"model\":\"stub\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
             "\"content\":\"%s\",\"refusal\":null},\"logprobs\":%s,\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":1,\"total_tokens\":%u}}",
             (unsigned long long)call->hash, label, logprobs, call->prompt_tokens,
             call->prompt_tokens + 1);
    return reply_write_json(text, 200, headers, body);
}
