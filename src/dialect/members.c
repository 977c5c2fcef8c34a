#include "dialect/members.h"

#include <assert.h>

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

static uint32_t extra_get(const struct members *m, const char *name) {
    return m->extra.count > 0 ? json_get(&m->extra, m->at, name) : 0;
}

bool members_extra_has(const struct members *m, const char *name) {
    return extra_get(m, name) != 0;
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

void members_copy(struct members *m, const struct json *json, uint32_t object,
                  const char *const but[]) {
    for (uint32_t i = json_first(json, object); i; i = json_after(json, object, i)) {
        const char *name = arena_string(m->arena, json_string(json, i, m->arena));
        bool entered = m->entered && strcmp(name, m->entered) == 0;
        if (!entered && !is_one_of(name, but) && members_add(m, name)) {
            buf_slice_add(m->body, json_raw(json, i + 1));
        }
    }
}

void members_copy_only(struct members *m, const struct json *json, const char *const names[]) {
    for (; *names; names++) {
        uint32_t value = json_get(json, 0, *names);
        bool entered = m->entered && strcmp(*names, m->entered) == 0;
        if (value && !entered && members_add(m, *names)) {
            buf_slice_add(m->body, json_raw(json, value));
        }
    }
}

bool members_enter(struct members *outer, const char *name, struct members *inner) {
    uint32_t extra = extra_get(outer, name);
    if (extra && json_type(&outer->extra, extra) != JSON_OBJECT) {
        return false;
    }
    assert(outer->entered == NULL);
    *inner = (struct members){.body = outer->body, .arena = outer->arena, .at = extra};
    if (extra) {
        inner->extra = outer->extra;
    }
    outer->entered = name;
    write_name(outer, slice_of(name));
    buf_char(outer->body, '{');
    return true;
}

static void write_extra(struct members *m) {
    for (uint32_t i = json_first(&m->extra, m->at); i; i = json_after(&m->extra, m->at, i)) {
        bool entered = m->entered && json_string_is(&m->extra, i, m->entered);
        if (!entered && json_type(&m->extra, i + 1) != JSON_NULL) {
            write_name(m, json_string(&m->extra, i, m->arena));
            buf_slice_add(m->body, json_raw(&m->extra, i + 1));
        }
    }
}

void members_close(struct members *m) {
    if (m->extra.count > 0) {
        write_extra(m);
    }
    buf_char(m->body, '}');
}
