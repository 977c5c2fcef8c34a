#include "gateway/batch_intake.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/batch_errors.h"
#include "io/loop.h"
#include "io/producer.h"
#include "job/job.h"
#include "job/source.h"

enum {
    PIECE_BYTES = 64 << 10,
    RECORDS_A_TURN = 500,
    FULL_WAIT_MS = 20,  // for room in the producer; a delivery wakes the loop before
};

enum state { STATE_CHECKING, STATE_MARKING, STATE_SENDING, STATE_CLOSING, STATE_FAILING };

struct batch_intake {
    const struct batch_claim *claim;
    struct config *config;  // that it began with
    const struct config_path *path;
    enum state state;
    int fd;
    bool begun, at_end;
    struct source *source;
    struct source_record record;
    bool has_record;  // it waits to be sent
    char *piece;
    int64_t jobs, last_line;
    struct batch_errors errors;
    // The records' owner. It outlives the intake while the producer has records of it.
    struct shipment *shipment;
};

// What the producer reports to; freed by the last report when the intake is gone.
struct shipment {
    struct delivery delivery;
    int64_t sent, delivered, refused;
    bool orphan, failed;
    struct err err;
};

// --- life

static void on_delivered(void *owner, const struct err *err) {
    struct shipment *shipment = owner;
    if (err && err->kind == ERR_POISON) {
        shipment->refused++;
        log_warn("a line of a batch was refused by the brokers: %s", err->text);
    } else if (err) {
        shipment->failed = true;
        shipment->err = *err;
        shipment->refused++;
    } else {
        shipment->delivered++;
    }
    if (shipment->orphan && shipment->sent == shipment->delivered + shipment->refused) {
        mem_free(shipment);
    }
}

static struct source *new_source(const struct batch_intake *intake) {
    const struct source_options options = {
        .format = SOURCE_OPENAI,
        .endpoint = intake->claim->endpoint,
        .input_bytes = (size_t)intake->config->limits.input_bytes,
        .input_depth = intake->config->limits.input_depth,
    };
    return source_new(&options);
}

struct batch_intake *batch_intake_new(const struct batch_claim *claim) {
    struct batch_intake *intake = mem_zalloc(sizeof(*intake));
    int64_t bytes;
    intake->claim = claim;
    intake->config = config_keep(claim->gateway->process->config);
    intake->fd = folder_read(claim->gateway->folder, claim->input_file, &bytes);
    intake->source = new_source(intake);
    intake->piece = mem_alloc(PIECE_BYTES);
    intake->shipment = mem_zalloc(sizeof(*intake->shipment));
    intake->shipment->delivery = (struct delivery){on_delivered, intake->shipment};
    batch_errors_init(&intake->errors);
    return intake;
}

void batch_intake_free(struct batch_intake *intake) {
    struct shipment *shipment = intake->shipment;
    if (shipment->sent == shipment->delivered + shipment->refused) {
        mem_free(shipment);
    } else {
        shipment->orphan = true;
    }
    asks_forget(intake->claim->gateway->asks, intake);
    if (intake->fd >= 0) {
        close(intake->fd);
    }
    batch_errors_fini(&intake->errors);
    source_free(intake->source);
    config_release(intake->config);
    mem_free(intake->piece);
    mem_free(intake);
}

static void over(struct batch_intake *intake, const struct err *err) {
    intake->claim->over(intake->claim->work, err);
}

static void ask(struct batch_intake *intake, enum pg_statement statement, struct pg_params *params,
                pg_done *answered) {
    asks_put(intake->claim->gateway->asks, statement, params, answered, intake);
}

// --- reading

enum reading { READ_RECORD, READ_BAD, READ_AGAIN, READ_END };

static enum reading refill(struct batch_intake *intake) {
    struct err err;
    ssize_t size = read(intake->fd, intake->piece, PIECE_BYTES);
    if (size < 0) {
        batch_errors_add(&intake->errors, (struct batch_error){
            "file_unreadable", slice_of(strerror(errno)), NULL, 0});
        return READ_END;
    }
    struct slice piece = {intake->piece, (size_t)size};
    if (!intake->begun && !source_sniff(piece, &err)) {
        batch_errors_add(&intake->errors, (struct batch_error){
            "invalid_file", slice_of(err.text), "input_file_id", 0});
        return READ_END;
    }
    intake->begun = true;
    source_put(intake->source, piece);
    return READ_AGAIN;
}

static enum reading read_next(struct batch_intake *intake) {
    struct err err;
    switch (source_next(intake->source, &intake->record, &err)) {
    case SOURCE_RECORD:
        intake->last_line = (int64_t)intake->record.line;
        return READ_RECORD;
    case SOURCE_BAD:
        intake->last_line = (int64_t)intake->record.line;
        return READ_BAD;
    case SOURCE_MORE:
        return refill(intake);
    case SOURCE_END:
    case SOURCE_FAIL:
        break;
    }
    return READ_END;
}

// --- CHECKING

static bool model_is_good(struct batch_intake *intake, struct batch_error *error) {
    const struct slice model = intake->record.model;
    const struct config_path *path = config_path_find(intake->config, model);
    if (path && (intake->path == NULL || intake->path == path)) {
        intake->path = path;
        return true;
    }
    *error = (struct batch_error){.param = "body.model", .line = (int64_t)intake->record.line};
    if (model.at == NULL) {
        error->code = "missing_required_parameter";
        error->message = slice_of("no 'model', which names a path");
    } else if (path == NULL) {
        error->code = "model_not_found";
        error->message = slice_of("the body's 'model' is no path of this service; GET /v1/models "
                                  "lists them");
    } else {
        error->code = "mismatched_model";
        error->message = slice_of("all lines of a batch have the same 'model'");
    }
    return false;
}

static void check_one(struct batch_intake *intake, enum reading reading) {
    struct batch_error error = {"invalid_line", intake->record.bad, NULL,
                                (int64_t)intake->record.line};
    if (reading == READ_BAD || !model_is_good(intake, &error)) {
        batch_errors_add(&intake->errors, error);
    } else {
        intake->jobs++;
    }
}

// The batch is what it shall be, or the database is away.
static void on_ended(void *owner, const struct pg_result *result, const struct err *err) {
    over(owner, result ? NULL : err);
}

static void fail(struct batch_intake *intake, const char *status) {
    struct pg_params params = {0};
    intake->state = STATE_FAILING;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, intake->claim->id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(status));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, intake->jobs + intake->errors.count);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, batch_errors_json(&intake->errors));
    ask(intake, PG_api_batch_fail, &params, on_ended);
}

static void on_marked(void *owner, const struct pg_result *result, const struct err *err) {
    struct batch_intake *intake = owner;
    if (result == NULL) {
        over(intake, err);
        return;
    }
    source_free(intake->source);
    intake->source = new_source(intake);
    if (lseek(intake->fd, 0, SEEK_SET) != 0) {
        struct err seek;
        err_retry(&seek, "the file cannot be read again");
        over(intake, &seek);
        return;
    }
    intake->state = STATE_SENDING;
}

static void mark(struct batch_intake *intake) {
    struct pg_params params = {0};
    intake->state = STATE_MARKING;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, intake->claim->id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(intake->path->policy.name));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, intake->jobs + intake->errors.count);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, intake->errors.count);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, batch_errors_json(&intake->errors));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, intake->last_line);
    ask(intake, PG_api_batch_valid, &params, on_marked);
}

// All lines were looked at.
static void judge(struct batch_intake *intake) {
    struct batch_errors *errors = &intake->errors;
    int64_t most = intake->claim->gateway->settings->file_lines;
    char text[128];
    if (intake->jobs + errors->count > most) {
        snprintf(text, sizeof(text), "more than %" PRId64 " lines", most);
        batch_errors_add(errors, (struct batch_error){
            "too_many_lines", slice_of(text), "input_file_id", 0});
        fail(intake, "failed");
    } else if (intake->claim->cancelling) {
        fail(intake, "cancelled");
    } else if (intake->jobs == 0 || (errors->count > 0 && !intake->claim->skip_bad)) {
        if (errors->count == 0) {
            batch_errors_add(errors, (struct batch_error){
                "empty_file", slice_of("there is no line in it"), "input_file_id", 0});
        }
        fail(intake, "failed");
    } else {
        mark(intake);
    }
}

static void check_some(struct batch_intake *intake) {
    for (int i = 0; i < RECORDS_A_TURN; i++) {
        enum reading reading = read_next(intake);
        if (reading == READ_END) {
            judge(intake);
            return;
        }
        if (reading == READ_AGAIN) {
            return;  // a piece a turn
        }
        check_one(intake, reading);
    }
}

// --- SENDING

// False: there is no room now, or it cannot go on.
static bool send_record(struct batch_intake *intake) {
    const struct batch_claim *claim = intake->claim;
    const struct source_record *record = &intake->record;
    struct err err;
    const struct job job = {
        .has_id = true,
        .id = uuid_derive(claim->id, record->custom_id),
        .path = slice_of(intake->path->policy.name),
        .input = record->input,
        .has_batch = true,
        .batch_id = claim->id,
        .custom_id = record->custom_id,
        .line = record->line,
        .created_ms = loop_wall_ms(claim->gateway->process->loop),
        .deadline_ms = claim->deadline_ms,
        .tenant = slice_of(claim->tenant),
        .tier = slice_of(path_first_tier(&intake->path->policy, false)),
    };
    if (gateway_send(claim->gateway, &job, &intake->shipment->delivery, &err)) {
        intake->shipment->sent++;
    } else if (err.kind == ERR_POISON) {
        intake->shipment->sent++;
        on_delivered(intake->shipment, &err);
    } else {
        return false;
    }
    intake->has_record = false;
    return true;
}

static int64_t send_some(struct batch_intake *intake) {
    for (int i = 0; i < RECORDS_A_TURN && !intake->at_end; i++) {
        enum reading reading = intake->has_record ? READ_RECORD : read_next(intake);
        if (reading == READ_AGAIN) {
            return 0;
        }
        intake->at_end = reading == READ_END;
        intake->has_record = reading == READ_RECORD &&
                             config_path_find(intake->config, intake->record.model) == intake->path;
        if (intake->has_record && !send_record(intake)) {
            return FULL_WAIT_MS;
        }
    }
    return intake->at_end ? -1 : 0;
}

// --- CLOSING

static void close_batch(struct batch_intake *intake) {
    struct pg_params params = {0};
    const struct shipment *shipment = intake->shipment;
    if (shipment->failed) {
        struct err err = shipment->err;
        over(intake, &err);
        return;
    }
    intake->state = STATE_CLOSING;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, intake->claim->id);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, shipment->delivered);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, intake->errors.count + shipment->refused);
    ask(intake, PG_api_batch_sent, &params, on_ended);
}

// --- the turn

static bool all_told(const struct batch_intake *intake) {
    const struct shipment *shipment = intake->shipment;
    return intake->at_end && shipment->sent == shipment->delivered + shipment->refused;
}

int64_t batch_intake_turn(struct batch_intake *intake) {
    if (intake->fd < 0 && intake->state == STATE_CHECKING) {
        batch_errors_add(&intake->errors, (struct batch_error){
            "file_missing", slice_of("the bytes of the input file are not in the folder"),
            "input_file_id", 0});
        fail(intake, "failed");
    }
    switch (intake->state) {
    case STATE_CHECKING:
        check_some(intake);
        return 0;
    case STATE_SENDING: {
        int64_t wait_ms = send_some(intake);
        if (all_told(intake)) {
            close_batch(intake);
        }
        return wait_ms;
    }
    case STATE_MARKING:
    case STATE_CLOSING:
    case STATE_FAILING:
        break;
    }
    return -1;
}
