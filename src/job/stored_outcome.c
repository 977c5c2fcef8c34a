#include "job/stored_outcome.h"

#include "base/json.h"
#include "base/json_out.h"

struct slice stored_outcome_plain(struct slice answer, struct arena *arena) {
    struct json json;
    struct err err;
    if (answer.at && json_parse(&json, answer, &json_default_limits, arena, &err) &&
        json_type(&json, 0) == JSON_STRING) {
        return json_string(&json, 0, arena);
    }
    return answer;
}

void stored_outcome_verdict(const struct stored_outcome *outcome, struct buf *out) {
    json_text(out, "verdict", outcome->verdict);
    json_text(out, "tier", outcome->tier);
    json_real(out, "confidence", outcome->confidence);
    json_text(out, "model", outcome->model);
    json_codes(out, "reasons", outcome->reasons);
    json_raw_text(out, "explanation", outcome->explanation);
    json_usd(out, "cost_usd", outcome->cost_pico_usd);
}

static void add_people(const struct stored_outcome *outcome, struct buf *out) {
    const struct stored_people *people = outcome->people;
    if (people && people->revision > 0) {
        json_count(out, "revision", people->revision);
        json_text(out, "reviewer", people->reviewer);
    }
    if (people && people->shadow_pico_usd > 0) {
        json_usd(out, "shadow_cost_usd", people->shadow_pico_usd);
    }
    if (people && slice_is(outcome->verdict, "review")) {
        json_raw_text(out, "proposed", people->proposed);
        json_raw_text(out, "input", people->input);
    }
}

void stored_outcome_ndjson(const struct stored_outcome *outcome, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    buf_char(out, '{');
    json_text(out, "custom_id", outcome->custom_id);
    if (outcome->line > 0) {
        json_count(out, "line", outcome->line);
    } else {
        json_text(out, "line", (struct slice){0});
    }
    json_raw_text(out, "answer", outcome->answer);
    stored_outcome_verdict(outcome, out);
    json_text(out, "job_id", slice_of(job));
    add_people(outcome, out);
    buf_text(out, "}\n");
}
