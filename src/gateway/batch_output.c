#include "gateway/batch_output.h"

#include "base/mem.h"
#include "fleet/outcomes.h"

enum { LINES_A_PAGE = 256 };

// READING ⇄ WAITING → SYNCING (both files, one after the other) → ENDING → over
enum state { STATE_READING, STATE_WAITING, STATE_SYNCING, STATE_ENDING };

// The two files, in the order of the statement api_batch_end.
enum sheet { SHEET_OUTPUT, SHEET_ERROR, SHEET_COUNT };

struct batch_output {
    const struct batch_claim *claim;
    enum state state;
    int64_t line;  // the next to ask for
    struct folder_draft drafts[SHEET_COUNT];
    int synced;
    struct buf texts[SHEET_COUNT];
    struct arena_pool pool;
};

static void over(struct batch_output *output, const struct err *err) {
    output->claim->over(output->claim->work, err);
}

struct batch_output *batch_output_new(const struct batch_claim *claim) {
    static const char *const names[] = {"output file", "error file"};
    struct batch_output *output = mem_zalloc(sizeof(*output));
    output->claim = claim;
    output->line = 1;
    arena_pool_init(&output->pool, ARENA_BLOCK_BYTES);
    for (int i = 0; i < SHEET_COUNT; i++) {
        output->drafts[i] = (struct folder_draft){
            .folder = claim->gateway->folder,
            .id = uuid_derive(claim->id, slice_of(names[i])),
            .fd = -1,
        };
    }
    return output;
}

void batch_output_free(struct batch_output *output) {
    asks_forget(output->claim->gateway->asks, output);
    for (int i = 0; i < SHEET_COUNT; i++) {
        folder_forget(&output->drafts[i]);
        buf_fini(&output->texts[i]);
    }
    arena_pool_fini(&output->pool);
    mem_free(output);
}

// --- reading

static void add_row(struct batch_output *output, const struct stored_outcome *outcome) {
    struct arena arena;
    arena_init(&arena, &output->pool);
    openai_output_row(outcome, output->claim->form, &arena,
                      &output->texts[outcome->answer.at ? SHEET_OUTPUT : SHEET_ERROR]);
    arena_fini(&arena);
}

// A file begins with its first row.
static bool write_texts(struct batch_output *output, struct err *err) {
    for (int i = 0; i < SHEET_COUNT; i++) {
        struct folder_draft *draft = &output->drafts[i];
        struct buf *text = &output->texts[i];
        if (text->len == 0) {
            continue;
        }
        if (draft->fd < 0 && !folder_begin(draft, draft->folder, draft->id, err)) {
            return false;
        }
        if (!folder_write(draft, buf_slice(text), err)) {
            return false;
        }
        buf_clear(text);
    }
    return true;
}

static void on_page(void *owner, const struct pg_result *result, const struct err *err) {
    struct batch_output *output = owner;
    struct err write_err;
    for (int i = 0; result && i < pg_rows(result); i++) {
        struct stored_outcome outcome;
        outcomes_read(result, i, &outcome);
        add_row(output, &outcome);
    }
    if (result && !write_texts(output, &write_err)) {
        err = &write_err;
        result = NULL;
    }
    if (result == NULL) {
        over(output, err);
        return;
    }
    output->line += LINES_A_PAGE;
    output->state = output->line <= output->claim->last_line ? STATE_READING : STATE_SYNCING;
}

static void ask_page(struct batch_output *output) {
    struct pg_params params = {0};
    output->state = STATE_WAITING;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, output->claim->id);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, output->line);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, output->line + LINES_A_PAGE);
    asks_put(output->claim->gateway->asks, PG_batch_outcomes_lines, &params, on_page, output);
}

// --- the end

static void on_ended(void *owner, const struct pg_result *result, const struct err *err) {
    over(owner, result ? NULL : err);
}

static void end(struct batch_output *output) {
    struct pg_params params = {0};
    output->state = STATE_ENDING;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, output->claim->id);
    for (int i = 0; i < SHEET_COUNT; i++) {
        const struct folder_draft *draft = &output->drafts[i];
        pg_scalar(&params, PG_UUID);
        if (draft->bytes > 0) {
            pg_uuid(&params, draft->id);
        }
        pg_scalar(&params, PG_INT8);
        pg_int8(&params, draft->bytes);
    }
    asks_put(output->claim->gateway->asks, PG_api_batch_end, &params, on_ended, output);
}

static void on_synced(void *owner, const struct err *err) {
    struct batch_output *output = owner;
    if (err) {
        over(output, err);
        return;
    }
    output->synced++;
    output->state = STATE_SYNCING;
}

static void sync_next(struct batch_output *output) {
    while (output->synced < SHEET_COUNT && output->drafts[output->synced].fd < 0) {
        output->synced++;
    }
    if (output->synced == SHEET_COUNT) {
        end(output);
        return;
    }
    output->state = STATE_WAITING;
    folder_end(&output->drafts[output->synced], on_synced, output);
}

int64_t batch_output_turn(struct batch_output *output) {
    if (output->state == STATE_READING) {
        ask_page(output);
    } else if (output->state == STATE_SYNCING) {
        sync_next(output);
    }
    return -1;
}
