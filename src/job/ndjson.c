#include "job/ndjson.h"

bool ndjson_name(const struct json *json, struct ndjson_member member, struct arena *arena,
                 struct slice *name, struct slice *bad) {
    uint32_t node = json_get(json, member.object, member.key);
    enum json_type type = node ? json_type(json, node) : JSON_NULL;
    *name = (struct slice){0};
    if (type == JSON_NUMBER) {
        *name = json_raw(json, node);
    } else if (type == JSON_STRING && json_raw(json, node).len > 2) {
        *name = json_string(json, node, arena);
    } else if (type != JSON_STRING && type != JSON_NULL) {
        *bad = arena_printf(arena, "'%s' is %s, where a string or a number should be", member.key,
                            json_type_name(type));
        return false;
    }
    return true;
}

static bool read_id(const struct json *json, const char *id_field, struct arena *arena,
                    struct source_record *record) {
    struct slice *id = &record->custom_id, *bad = &record->bad;
    if (id_field == NULL) {
        return ndjson_name(json, (struct ndjson_member){0, "custom_id"}, arena, id, bad) &&
               (id->at || ndjson_name(json, (struct ndjson_member){0, "id"}, arena, id, bad));
    }
    if (!ndjson_name(json, (struct ndjson_member){0, id_field}, arena, id, bad)) {
        return false;
    }
    if (id->at == NULL) {
        *bad = arena_printf(arena, "no '%s', which should be the custom id", id_field);
    }
    return id->at != NULL;
}

void ndjson_read(struct slice line, const struct source_options *options, struct arena *arena,
                 struct source_record *record) {
    const struct json_limits limits = {options->input_depth, json_default_limits.nodes};
    struct json json;
    struct err err;
    if (!json_parse(&json, line, &limits, arena, &err)) {
        record->bad = arena_slice(arena, slice_of(err.text));
        return;
    }
    if (json_type(&json, 0) != JSON_OBJECT) {
        record->bad = arena_printf(arena, "%s, where an object should be",
                                   json_type_name(json_type(&json, 0)));
        return;
    }
    record->input = json_raw(&json, 0);
    if (read_id(&json, options->id_field, arena, record) && options->order_field) {
        (void)ndjson_name(&json, (struct ndjson_member){0, options->order_field}, arena,
                          &record->order_key, &record->bad);
    }
}
