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

// A prompt may leave them out before a model that cannot take them.
static bool has_to_follow(const struct messages *m) {
    return m->request->attachment_count > 0 &&
           (m->form == MESSAGES_MADE || !m->request->model->no_attachments);
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
                                .text = system ? instruction_of(m) : payload_text(m),
                                .attached = !system && has_to_follow(m)};
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
    part->kind = PART_DATA;
    part->media_type = (struct slice){type, (size_t)(at - type)};
    part->text = (struct slice){data, (size_t)(url.at + url.len - data)};
    return true;
}

static void read_image(const struct messages *m, uint32_t node, struct part *part) {
    const struct json *payload = &m->payload;
    uint32_t image = json_get(payload, node, "image_url");
    uint32_t url = image && json_type(payload, image) == JSON_OBJECT
                       ? reading_get(payload, image, "url")
                       : image;
    struct slice address = url ? json_string(payload, url, m->arena) : (struct slice){0};
    if (address.at && !read_data(address, part)) {
        part->kind = PART_IMAGE_URL;
        part->text = address;
    }
}

// {"type": "file", "file": {"filename", "file_data": "data:application/pdf;base64,…"}}
static void read_file(const struct messages *m, uint32_t node, struct part *part) {
    uint32_t file = json_get(&m->payload, node, "file");
    uint32_t data = reading_get(&m->payload, file, "file_data");
    uint32_t name = reading_get(&m->payload, file, "filename");
    struct slice url = data ? json_string(&m->payload, data, m->arena) : (struct slice){0};
    if (url.at && read_data(url, part) && name) {
        part->name = json_string(&m->payload, name, m->arena);
    }
}

static const struct attachment *find_attachment(const struct messages *m, uint32_t node) {
    const struct request *request = m->request;
    struct slice name = json_string(&m->payload, node, m->arena);
    int64_t place;
    if (json_integer(&m->payload, node, &place)) {
        return place >= 0 && place < request->attachment_count ? &request->attachments[place]
                                                               : NULL;
    }
    for (uint32_t i = 0; name.at && i < request->attachment_count; i++) {
        if (request->attachments[i].name.at && slice_equal(request->attachments[i].name, name)) {
            return &request->attachments[i];
        }
    }
    return NULL;
}

static void set_attachment(struct part *part, const struct attachment *attachment) {
    part->kind = PART_ATTACHMENT;
    part->attachment = attachment;
    if (attachment) {
        part->media_type = attachment->media_type;
        part->name = attachment->name;
    }
}

bool part_is_attachment(const struct messages *m, uint32_t node) {
    return m->request->attachment_count > 0 && reading_get(&m->payload, node, "attachment");
}

static void read_part(const struct messages *m, uint32_t node, struct part *part) {
    uint32_t type = reading_get(&m->payload, node, "type");
    uint32_t text = reading_get(&m->payload, node, "text");
    *part = (struct part){.kind = PART_RAW, .node = node};
    if (part_is_attachment(m, node)) {
        set_attachment(part,
                       find_attachment(m, json_get(&m->payload, node, "attachment")));
    } else if (type && text && json_string_is(&m->payload, type, "text")) {
        part->text = json_string(&m->payload, text, m->arena);
        part->kind = part->text.at ? PART_TEXT : PART_RAW;
    } else if (type && json_string_is(&m->payload, type, "image_url")) {
        read_image(m, node, part);
    } else if (type && json_string_is(&m->payload, type, "file")) {
        read_file(m, node, part);
    }
}

// A text, and what follows it.
static bool made_part(const struct messages *m, const struct message *message, uint32_t place,
                      struct part *part) {
    *part = (struct part){.kind = PART_TEXT, .text = message->text};
    if (place > 0 && message->attached && place <= m->request->attachment_count) {
        set_attachment(part, &m->request->attachments[place - 1]);
        return true;
    }
    return place == 0;
}

bool part_next(const struct messages *m, const struct message *message, uint32_t *place,
               struct part *part) {
    if (message->text.at) {
        return made_part(m, message, (*place)++, part);
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
