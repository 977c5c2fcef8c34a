#include "base/figure.h"
#include "base/json_out.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/dead.h"
#include "cli/page.h"
#include "cli/table.h"
#include "fleet/config.h"
#include "job/wire.h"

enum { INPUT_BYTES = 16 << 20, INPUT_DEPTH = 1000, BYTES_SHOWN = 512 };

struct dead_output {
    const struct dead_options *options;
    FILE *out;
    bool begun;  // the table
    struct table table;
    struct buf text;
    struct arena_pool pool;
    struct arena arena;
};

struct dead_output *dead_output_new(const struct dead_options *options, FILE *out) {
    struct dead_output *output = mem_zalloc(sizeof(*output));
    output->options = options;
    output->out = out;
    arena_pool_init(&output->pool, 0);
    arena_init(&output->arena, &output->pool);
    return output;
}

void dead_output_free(struct dead_output *output) {
    if (output->begun) {
        table_end(&output->table);
        table_fini(&output->table);
    }
    buf_fini(&output->text);
    arena_fini(&output->arena);
    arena_pool_fini(&output->pool);
    mem_free(output);
}

// --- JSON

static void json_id(struct buf *out, const char *key, bool has, struct uuid id) {
    char text[UUID_TEXT];
    uuid_format(id, text);
    json_text(out, key, has ? slice_of(text) : (struct slice){0});
}

static void write_json(struct dead_output *output, const struct letter *letter) {
    struct buf *text = &output->text;
    buf_clear(text);
    buf_char(text, '{');
    json_text(text, "letter", slice_of(letter->place));
    json_text(text, "state", slice_of(letter_state(letter)));
    json_text(text, "topic", letter->topic);
    json_count(text, "partition", letter->partition);
    json_count(text, "offset", letter->offset);
    json_text(text, "reason", letter->reason);
    json_text(text, "text", letter->text);
    json_id(text, "job_id", letter->has_job, letter->job_id);
    json_id(text, "batch_id", letter->has_batch, letter->batch_id);
    json_text(text, "custom_id", letter->custom_id);
    json_count(text, "line", letter->line);
    json_count(text, "attempts", letter->attempts);
    json_count(text, "bytes", letter->size);
    json_time(text, "recorded_at", letter->recorded_ms);
    json_time(text, "dead_at", letter->dead_ms);
    json_count(text, "replays", letter->replays);
    json_time(text, "replayed_at", letter->replayed_ms);
    json_time(text, "dropped_at", letter->dropped_ms);
    buf_text(text, "}\n");
    fputs(buf_string(text), output->out);
}

// --- a row

static void begin_table(struct dead_output *output) {
    static const struct table_column columns[] = {
        {"letter", false, 0}, {"dead since (UTC)", false, 0}, {"state", false, 0},
        {"reason", false, 0}, {"job", false, 8},              {"text", false, 12}};
    if (!output->begun) {
        table_init(&output->table, columns, sizeof(columns) / sizeof(columns[0]), output->out,
                   table_screen(output->out));
        output->begun = true;
    }
}

void dead_output_row(struct dead_output *output, const struct letter *letter) {
    char id[UUID_TEXT] = "-";
    if (output->options->json) {
        write_json(output, letter);
        return;
    }
    begin_table(output);
    buf_clear(&output->text);
    figure_time(&output->text, letter->dead_ms);
    if (letter->has_job) {
        uuid_format(letter->job_id, id);
    }
    table_add(&output->table, slice_of(letter->place));
    table_add(&output->table, buf_slice(&output->text));
    table_add(&output->table, slice_of(letter_state(letter)));
    table_add(&output->table, letter->reason);
    table_add(&output->table, letter->custom_id.at ? letter->custom_id : slice_of(id));
    table_add(&output->table, letter->text.at ? letter->text : slice_of(""));
}

// --- all of one

static void show_times(struct page *page, const struct letter *letter) {
    figure_time(&page->text, letter->recorded_ms);
    page_flush(page, "recorded");
    figure_time(&page->text, letter->dead_ms);
    page_flush(page, "dead since");
    if (letter->replayed_ms) {
        figure_time(&page->text, letter->replayed_ms);
        buf_printf(&page->text, ", %lld times in all", (long long)letter->replays);
        page_flush(page, "replayed");
    }
    if (letter->dropped_ms) {
        figure_time(&page->text, letter->dropped_ms);
        page_flush(page, "dropped");
    }
}

static void show_job(struct page *page, const struct letter *letter) {
    char id[UUID_TEXT];
    if (letter->has_job) {
        uuid_format(letter->job_id, id);
        page_field(page, "job", slice_of(id));
    }
    if (letter->custom_id.at) {
        page_field(page, "custom id", letter->custom_id);
    }
    if (letter->has_batch) {
        uuid_format(letter->batch_id, id);
        page_field(page, "batch", slice_of(id));
    }
}

// The first of the bytes, those that are no plain text as \x and two digits.
static void add_bytes(struct buf *text, struct slice value) {
    static const char digits[] = "0123456789abcdef";
    size_t most = value.len < BYTES_SHOWN ? value.len : BYTES_SHOWN;
    for (size_t i = 0; i < most; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c >= ' ' && c < 0x7f) {
            buf_char(text, (char)c);
        } else {
            buf_text(text, "\\x");
            buf_char(text, digits[c >> 4]);
            buf_char(text, digits[c & 15]);
        }
    }
}

static void show_bytes(struct page *page, struct slice value) {
    page_heading(page, "record, %zu bytes%s", value.len,
                 BYTES_SHOWN < value.len ? ", of which the first are" : "");
    add_bytes(&page->text, value);
    page_flush(page, "");
}

static void show_header(void *owner, const char *name, struct slice value) {
    struct page *page = owner;
    add_bytes(&page->text, slice_of(name));
    buf_text(&page->text, value.at ? ": " : "");
    add_bytes(&page->text, value);
    page_flush(page, "header");
}

// The job's input where the bytes are a job; else the bytes.
static void show_value(struct dead_output *output, struct page *page,
                       const struct letter *letter) {
    const struct wire_limits limits = {
        INPUT_BYTES, INPUT_DEPTH, {ATTACHMENTS_MOST, SIZE_MAX, SIZE_MAX}};
    struct slice detail = {0};
    struct job job = {0};
    enum reason reason =
        wire_job_read(letter->value, &limits, &output->arena, &job, &detail);
    if (reason != REASON_NONE) {
        show_bytes(page, letter->value);
        return;
    }
    page_heading(page, "job of path %.*s, hop %u, %zu bytes", SLICE_ARGS(job.path), job.hop,
                 letter->value.len);
    page_json(page, job.input);
    page_attachments(page, job.attachments, job.attachment_count);
}

void dead_output_show(struct dead_output *output, const struct letter *letter) {
    struct page page;
    if (output->options->raw) {
        fwrite(letter->value.at, 1, letter->value.len, output->out);
        return;
    }
    if (output->options->json) {
        write_json(output, letter);
        return;
    }
    page_init(&page, output->out, &output->arena);
    page_heading(&page, "%s: %s", letter->place, letter_state(letter));
    page_field(&page, "reason", letter->reason);
    if (letter->text.at) {
        page_field(&page, "text", letter->text);
    }
    show_job(&page, letter);
    show_times(&page, letter);
    if (!wire_headers_read(letter->headers, &output->arena, show_header, &page)) {
        page_field(&page, "headers", slice_of("broken in the table"));
    }
    show_value(output, &page, letter);
    page_fini(&page);
    arena_fini(&output->arena);
}
