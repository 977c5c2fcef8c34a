// What a request says: its query, its body's members, ids.
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "gateway/call.h"

enum { METADATA_PAIRS = 16, METADATA_KEY = 64, METADATA_VALUE = 512 };  // the API's own

bool call_text(struct call *call, const char *key, bool required, struct slice *text) {
    uint32_t node = json_get(&call->json, 0, key);
    *text = (struct slice){0};
    if (node && json_type(&call->json, node) != JSON_NULL) {
        *text = json_string(&call->json, node, &call->arena);
    } else if (!required) {
        return true;
    }
    if (text->len > 0) {
        return true;
    }
    call_fail(call,
              &(struct call_fault){
                  .status = 400,
                  .code = node ? "invalid_type" : "missing_required_parameter",
                  .param = key},
              node ? "'%s' is no text, or an empty one" : "'%s' is missing", key);
    return false;
}

bool call_metadata(struct call *call, struct slice *metadata) {
    const struct json *json = &call->json;
    uint32_t node = json_get(json, 0, "metadata");
    *metadata = slice_of("{}");
    if (node == 0 || json_type(json, node) == JSON_NULL) {
        return true;
    }
    bool good = json_type(json, node) == JSON_OBJECT && json->nodes[node].count <= METADATA_PAIRS;
    for (uint32_t i = good ? json_first(json, node) : 0; i; i = json_after(json, node, i)) {
        good = good && json_type(json, i + 1) == JSON_STRING &&
               json->nodes[i].len <= METADATA_KEY && json->nodes[i + 1].len <= METADATA_VALUE;
    }
    *metadata = json_raw(json, node);
    if (!good) {
        call_fail(call, &(struct call_fault){400, "invalid_value", "metadata", 0, false},
                  "'metadata' is an object of up to %d texts of up to %d bytes, with keys of up to "
                  "%d", METADATA_PAIRS, METADATA_VALUE, METADATA_KEY);
    }
    return good;
}

bool call_limit(struct call *call, int64_t usual, int64_t most, int64_t *limit) {
    const char *text = httpd_query(call->request, "limit");
    char *end = NULL;
    *limit = text ? strtoll(text, &end, 10) : usual;
    if (text == NULL || (end != text && *end == '\0' && *limit >= 1 && *limit <= most)) {
        return true;
    }
    call_fail(call, &(struct call_fault){.status = 400, .code = "invalid_value", .param = "limit"},
              "'limit' is a number from 1 to %" PRId64, most);
    return false;
}

bool call_after(struct call *call, const char *prefix, struct uuid *after, bool *found) {
    const char *text = httpd_query(call->request, "after");
    *found = text != NULL;
    if (text == NULL || call_id_parse(slice_of(text), prefix, after)) {
        return true;
    }
    call_fail(call, &(struct call_fault){.status = 400, .code = "invalid_value", .param = "after"},
              "'after' is no id such as %s and a UUID", prefix);
    return false;
}

bool call_id_parse(struct slice text, const char *prefix, struct uuid *id) {
    size_t len = strlen(prefix);
    return text.len > len && memcmp(text.at, prefix, len) == 0 &&
           uuid_parse((struct slice){text.at + len, text.len - len}, id);
}

void call_id(struct buf *out, const char *key, const char *prefix, struct uuid id) {
    char text[UUID_TEXT];
    json_key(out, key);
    uuid_format(id, text);
    if (uuid_is_nil(id)) {
        buf_text(out, "null");
    } else {
        buf_printf(out, "\"%s%s\"", prefix, text);
    }
}
