#include "dialect/classes.h"

#include "job/answer.h"

// --- the request

static bool is_numbers(const struct json *payload) {
    uint32_t first = json_at(payload, 0, 0);
    for (uint32_t i = first; i; i = json_after(payload, 0, i)) {
        if (json_type(payload, i) != JSON_NUMBER) {
            return false;
        }
    }
    return first != 0;
}

void classes_write_raw(const struct request *request, const struct json *payload,
                       struct buf *body) {
    (void)request;
    buf_slice_add(body, json_raw(payload, 0));
}

static void write_body(const struct request *request, const struct classes_form *form,
                       const struct json *payload, struct members *members) {
    static const char *const but[] = {"model", NULL};
    const char *model = request->model->model;
    if (form->names_model && model && members_add(members, "model")) {
        buf_json_string(members->body, slice_of(model));
    }
    if (json_type(payload, 0) == JSON_OBJECT) {
        members_copy(members, payload, 0, but + !form->names_model);
    } else if (members_add(members, form->member)) {
        form->write(request, payload, members->body);
    }
    if (form->finish && !json_get(payload, 0, "outputs")) {
        form->finish(request, members);
    }
    members_close(members);
}

static bool prepare(const struct request *request, const struct classes_form *form,
                    struct members *members, struct err *err) {
    struct json payload;
    if (!json_parse(&payload, request->payload, &json_default_limits, members->arena, err)) {
        return false;
    }
    bool fits = json_type(&payload, 0) == JSON_STRING ||
                (json_type(&payload, 0) == JSON_OBJECT && json_get(&payload, 0, form->member)) ||
                (form->numbers && is_numbers(&payload));
    if (!fits) {
        return err_poison(err, "the %s %s; dialect %s needs a string%s or an object with '%s' "
                          "(prompt: .text would take a text out of an object)",
                          request->prompted ? "prompt made" : "input is",
                          json_type_name(json_type(&payload, 0)), request->model->dialect->name,
                          form->numbers ? ", an array of numbers" : "", form->member);
    }
    if (!members_open(members, request->model->extra, err)) {
        return false;
    }
    write_body(request, form, &payload, members);
    return true;
}

bool classes_build(const struct request *request, const struct classes_form *form,
                   struct buf *body, struct err *err) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct members members = {.body = body, .arena = &arena};
    arena_init(&arena, &pool);
    bool ok = prepare(request, form, &members, err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

// --- the reply

struct slice classes_label(const struct request *request, double index) {
    const struct model *model = request->model;
    if (!(index >= 0 && index < model->label_count) || index != (uint32_t)index) {
        return (struct slice){0};
    }
    return slice_of(model->labels[(uint32_t)index]);
}

static struct slice wrapped(const struct answer_field *field, struct slice value,
                            struct arena *arena) {
    struct buf object = {0};
    buf_char(&object, '{');
    buf_json_string(&object, slice_of(field->name));
    buf_char(&object, ':');
    buf_slice_add(&object, value);
    buf_char(&object, '}');
    struct slice copy = arena_slice(arena, buf_slice(&object));
    buf_fini(&object);
    return copy;
}

void classes_answer(const struct request *request, struct slice label, double probability,
                    struct arena *arena, struct reading *reading) {
    const struct answer_form *form = &request->path->answer;
    reading->signals.field = probability;
    if (form->field_count != 1 || form->fields[0].name == NULL) {
        reading->answer = answer_from_text(form, label, arena);
        return;
    }
    struct answer_field alone = form->fields[0];
    alone.name = NULL;
    const struct answer_form unnamed = {&alone, 1};
    reading->answer = wrapped(&form->fields[0], answer_from_text(&unnamed, label, arena), arena);
}
