#include "cli/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/line.h"
#include "cli/table.h"

enum { TEXT_LEAST = 20, LABEL_MOST = 24 };

void page_init(struct page *page, FILE *out, struct arena *arena) {
    *page = (struct page){.out = out, .width = table_screen(out), .arena = arena};
    page->bold = page->width > 0 && getenv("NO_COLOR") == NULL;
}

void page_fini(struct page *page) {
    buf_fini(&page->text);
}

void page_heading(struct page *page, const char *format, ...) {
    va_list args;
    if (page->begun) {
        putc('\n', page->out);
    }
    page->begun = true;
    fputs(page->bold ? "\033[1m" : "", page->out);
    va_start(args, format);
    vfprintf(page->out, format, args);
    va_end(args);
    fputs(page->bold ? "\033[0m\n" : "\n", page->out);
}

// The bytes of text that go on a line of `room` columns: up to a space where there is one.
static size_t line_break(struct slice text, unsigned room) {
    size_t fits = table_fitting(text, room);
    if (fits == text.len) {
        return fits;
    }
    for (size_t at = fits; at > fits / 2; at--) {
        if (text.at[at] == ' ') {
            return at;
        }
    }
    return fits ? fits : text.len;
}

// text from column `at` on, and what does not fit on lines below from the same column.
static void wrap(struct page *page, struct slice text, unsigned at) {
    unsigned room = page->width > at + TEXT_LEAST ? page->width - at : 0;
    for (;;) {
        size_t len = room ? line_break(text, room) : text.len;
        fprintf(page->out, "%.*s\n", (int)len, text.len ? text.at : "");
        while (len < text.len && text.at[len] == ' ') {
            len++;
        }
        if (len == text.len) {
            return;
        }
        text = (struct slice){text.at + len, text.len - len};
        fprintf(page->out, "%*s", (int)at, "");
    }
}

static void labelled(struct page *page, const char *label, unsigned width, struct slice text) {
    unsigned columns = table_columns(slice_of(label));
    unsigned space = columns < width ? width - columns : 0;
    fprintf(page->out, "%*s%s%*s ", PAGE_INDENT, "", label, (int)space, "");
    wrap(page, line_of(text, PAGE_VALUE_BYTES, page->arena), PAGE_INDENT + columns + space + 1);
}

void page_field(struct page *page, const char *label, struct slice text) {
    labelled(page, label, PAGE_LABEL, text);
}

void page_flush(struct page *page, const char *label) {
    page_field(page, label, buf_slice(&page->text));
    buf_clear(&page->text);
}

void page_pair(struct page *page, const char *label, struct slice name, unsigned names,
               struct slice text) {
    struct slice line = line_of(name, PAGE_VALUE_BYTES, page->arena);
    unsigned columns = table_columns(line);
    unsigned space = columns < names ? names - columns : 0;
    unsigned before = label ? PAGE_INDENT + PAGE_LABEL + 1 : PAGE_INDENT;
    fprintf(page->out, "%*s%-*s%.*s%*s  ", PAGE_INDENT, "", (int)before - PAGE_INDENT,
            label ? label : "", SLICE_ARGS(line), (int)space, "");
    wrap(page, line_of(text, PAGE_VALUE_BYTES, page->arena), before + columns + space + 2);
}

void page_exact(struct page *page, struct slice text) {
    fprintf(page->out, "%*s", PAGE_INDENT, "");
    if (page->width > 0) {
        wrap(page, line_of(text, text.len + PAGE_VALUE_BYTES, page->arena), PAGE_INDENT);
    } else {
        fwrite(text.at, 1, text.len, page->out);
        putc('\n', page->out);
    }
}

static struct slice value_text(struct page *page, const struct json *json, uint32_t node) {
    return json_type(json, node) == JSON_STRING ? json_string(json, node, page->arena)
                                                : json_raw(json, node);
}

static unsigned label_width(struct page *page, const struct json *json) {
    unsigned width = PAGE_LABEL;
    for (uint32_t i = json_first(json, 0); i; i = json_after(json, 0, i)) {
        unsigned columns = table_columns(json_string(json, i, page->arena));
        width = columns > width ? columns : width;
    }
    return width < LABEL_MOST ? width : LABEL_MOST;
}

void page_json(struct page *page, struct slice text) {
    struct json json;
    struct err err;
    if (!json_parse(&json, text, &json_default_limits, page->arena, &err) ||
        json_type(&json, 0) != JSON_OBJECT) {
        labelled(page, "", 0, text);
        return;
    }
    unsigned width = label_width(page, &json);
    for (uint32_t i = json_first(&json, 0); i; i = json_after(&json, 0, i)) {
        struct slice key = line_of(json_string(&json, i, page->arena), PAGE_VALUE_BYTES,
                                   page->arena);
        labelled(page, key.at, width, value_text(page, &json, i + 1));
    }
}

void page_attachments(struct page *page, const struct attachment *attachments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct attachment *a = &attachments[i];
        char label[32];
        snprintf(label, sizeof(label), "attachment %u", i);
        if (a->name.at) {
            buf_printf(&page->text, "%.*s, ", SLICE_ARGS(a->name));
        }
        buf_printf(&page->text, "%.*s", SLICE_ARGS(a->media_type));
        if (a->content.at) {
            buf_printf(&page->text, ", %zu bytes", a->content.len);
        }
        if (a->uri.at) {
            buf_printf(&page->text, "%s%.*s", a->media_type.at ? ", " : "", SLICE_ARGS(a->uri));
        }
        page_flush(page, label);
    }
}
