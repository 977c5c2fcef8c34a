#include "dialect/messages.h"

#include "base/buf.h"
#include "dialect/instruction.h"
#include "dialect/reading.h"

// --- where they are

static bool is_messages(const struct json *payload, uint32_t node) {
    uint32_t first = json_at(payload, node, 0);
    return first && json_type(payload, first) == JSON_OBJECT;
}

static bool find_list(struct messages *m, const char *member, enum messages_form form) {
    uint32_t node = member ? json_get(&m->payload, 0, member) : 0;
    if (node == 0 || !is_messages(&m->payload, node)) {
        return false;
    }
    m->form = form;
    m->list = node;
    return true;
}

bool messages_find(struct messages *m, const struct request *request, const char *native,
                   struct arena *arena, struct err *err) {
    *m = (struct messages){.request = request, .arena = arena, .form = MESSAGES_MADE};
    if (!json_parse(&m->payload, request->payload, &json_default_limits, arena, err)) {
        return false;
    }
    enum json_type type = json_type(&m->payload, 0);
    if (find_list(m, native, MESSAGES_NATIVE) || find_list(m, "messages", MESSAGES_BODY) ||
        !request->prompted) {
        return true;
    }
    if (type == JSON_STRING || is_messages(&m->payload, 0)) {
        m->form = type == JSON_STRING ? MESSAGES_TEXT : MESSAGES_LIST;
        return true;
    }
    return err_poison(err, "the prompt made %s; a string, an array of messages or an object with "
                      "such `messages` is needed", json_type_name(type));
}

// --- one after the other

static void read_message(const struct messages *m, uint32_t node, struct message *message) {
    uint32_t role = json_get(&m->payload, node, "role");
    uint32_t content = json_get(&m->payload, node, "content");
    *message = (struct message){.node = node};
    if (role) {
        message->role = json_string(&m->payload, role, m->arena);
    }
    if (content) {
        message->text = json_string(&m->payload, content, m->arena);
        message->parts = json_type(&m->payload, content) == JSON_ARRAY ? content : 0;
    }
}

static struct slice instruction_of(const struct messages *m) {
    struct buf text = {0};
    instruction_write(&text, &m->request->path->answer,
                      m->request->model->confidence == CONFIDENCE_FIELD);
    struct slice copy = arena_slice(m->arena, buf_slice(&text));
    buf_fini(&text);
    return copy;
}

// An input that is a string stands without its quotes.
static struct slice payload_text(const struct messages *m) {
    return json_type(&m->payload, 0) == JSON_STRING ? json_string(&m->payload, 0, m->arena)
                                                    : json_raw(&m->payload, 0);
}

bool messages_next(const struct messages *m, uint32_t *place, struct message *message) {
    uint32_t last = m->form == MESSAGES_TEXT ? 1 : 2;
    if (m->form != MESSAGES_MADE && m->form != MESSAGES_TEXT) {
        *place = *place ? json_after(&m->payload, m->list, *place)
                        : json_first(&m->payload, m->list);
        if (*place) {
            read_message(m, *place, message);
        }
        return *place != 0;
    }
    if (++*place > last) {
        return false;
    }
    bool system = *place < last;
    *message = (struct message){.role = slice_of(system ? "system" : "user"),
                                .text = system ? instruction_of(m) : payload_text(m)};
    return true;
}

// OpenAI's reasoning models call it developer.
bool message_is_system(const struct message *message) {
    return slice_is(message->role, "system") || slice_is(message->role, "developer");
}

uint32_t messages_limit(const struct messages *m, uint32_t most) {
    static const char *const names[] = {"max_completion_tokens", "max_tokens",
                                        "max_output_tokens"};
    uint32_t limit = most;
    if (m->form != MESSAGES_BODY && m->form != MESSAGES_NATIVE) {
        return most;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int64_t tokens;
        uint32_t node = json_get(&m->payload, 0, names[i]);
        if (node && json_integer(&m->payload, node, &tokens) && tokens > 0 &&
            tokens < (limit ? limit : UINT32_MAX)) {
            limit = (uint32_t)tokens;
        }
    }
    return limit;
}

// --- parts

// data:image/png;base64,…
static bool read_data(struct slice url, struct part *part) {
    static const char scheme[] = "data:", mark[] = ";base64,";
    const char *at = url.len > sizeof(scheme) ? memmem(url.at, url.len, mark, sizeof(mark) - 1)
                                              : NULL;
    if (at == NULL || memcmp(url.at, scheme, sizeof(scheme) - 1) != 0) {
        return false;
    }
    const char *type = url.at + sizeof(scheme) - 1, *data = at + sizeof(mark) - 1;
    part->kind = PART_IMAGE_DATA;
    part->media_type = (struct slice){type, (size_t)(at - type)};
    part->text = (struct slice){data, (size_t)(url.at + url.len - data)};
    return true;
}

static void read_part(const struct messages *m, uint32_t node, struct part *part) {
    const struct json *payload = &m->payload;
    struct arena *arena = m->arena;
    uint32_t type = json_get(payload, node, "type");
    uint32_t text = json_get(payload, node, "text");
    uint32_t image = json_get(payload, node, "image_url");
    uint32_t url = image && json_type(payload, image) == JSON_OBJECT
                       ? reading_get(payload, image, "url")
                       : image;
    *part = (struct part){.kind = PART_RAW, .node = node};
    if (type && text && json_string_is(payload, type, "text")) {
        part->text = json_string(payload, text, arena);
        part->kind = part->text.at ? PART_TEXT : PART_RAW;
    } else if (type && url && json_string_is(payload, type, "image_url")) {
        struct slice address = json_string(payload, url, arena);
        if (address.at && !read_data(address, part)) {
            part->kind = PART_IMAGE_URL;
            part->text = address;
        }
    }
}

bool part_next(const struct messages *m, const struct message *message, uint32_t *place,
               struct part *part) {
    if (message->text.at) {
        *part = (struct part){.kind = PART_TEXT, .text = message->text};
        return (*place)++ == 0;
    }
    if (message->parts == 0) {
        return false;
    }
    *place = *place ? json_after(&m->payload, message->parts, *place)
                    : json_first(&m->payload, message->parts);
    if (*place) {
        read_part(m, *place, part);
    }
    return *place != 0;
}
