#include "dialect/members.h"

bool members_open(struct members *m, const char *extra, struct err *err) {
    if (extra) {
        if (!json_parse(&m->extra, slice_of(extra), &json_default_limits, m->arena, err)) {
            return err_prefix(err, "extra");
        }
        if (json_type(&m->extra, 0) != JSON_OBJECT) {
            return err_poison(err, "extra is %s, not an object",
                              json_type_name(json_type(&m->extra, 0)));
        }
    }
    buf_char(m->body, '{');
    return true;
}

bool members_extra_has(const struct members *m, const char *name) {
    return m->extra.count > 0 && json_get(&m->extra, 0, name) != 0;
}

static void write_name(struct members *m, struct slice name) {
    if (m->any) {
        buf_char(m->body, ',');
    }
    m->any = true;
    buf_json_string(m->body, name);
    buf_char(m->body, ':');
}

bool members_add(struct members *m, const char *name) {
    if (members_extra_has(m, name)) {
        return false;
    }
    write_name(m, slice_of(name));
    return true;
}

static bool is_one_of(const char *name, const char *const names[]) {
    for (; *names; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

void members_copy(struct members *m, const struct json *object, const char *const but[]) {
    for (uint32_t i = json_first(object, 0); i; i = json_after(object, 0, i)) {
        const char *name = arena_string(m->arena, json_string(object, i, m->arena));
        if (!is_one_of(name, but) && members_add(m, name)) {
            buf_slice_add(m->body, json_raw(object, i + 1));
        }
    }
}

void members_close(struct members *m) {
    if (m->extra.count > 0) {
        for (uint32_t i = json_first(&m->extra, 0); i; i = json_after(&m->extra, 0, i)) {
            if (json_type(&m->extra, i + 1) != JSON_NULL) {
                write_name(m, json_string(&m->extra, i, m->arena));
                buf_slice_add(m->body, json_raw(&m->extra, i + 1));
            }
        }
    }
    buf_char(m->body, '}');
}
