#include "fleet/outcomes.h"

enum column {
    COLUMN_JOB, COLUMN_CUSTOM_ID, COLUMN_LINE, COLUMN_VERDICT, COLUMN_TIER, COLUMN_HOP,
    COLUMN_ANSWER, COLUMN_CONFIDENCE, COLUMN_MODEL, COLUMN_REASONS, COLUMN_EXPLANATION,
    COLUMN_COST, COLUMN_INPUT_TOKENS, COLUMN_OUTPUT_TOKENS, COLUMN_DECIDED,
    COLUMN_REVISION, COLUMN_REVIEWER, COLUMN_PROPOSED, COLUMN_PROPOSED_TIER,
    COLUMN_PROPOSED_CONFIDENCE, COLUMN_INPUT, COLUMN_SHADOW_COST,
};

void outcomes_read(const struct pg_result *r, int row, struct stored_outcome *outcome) {
    *outcome = (struct stored_outcome){
        .job_id = pg_get_uuid(r, row, COLUMN_JOB),
        .custom_id = pg_get_slice(r, row, COLUMN_CUSTOM_ID),
        .line = pg_get_int(r, row, COLUMN_LINE),
        .verdict = pg_get_slice(r, row, COLUMN_VERDICT),
        .tier = pg_get_slice(r, row, COLUMN_TIER),
        .answer = pg_get_slice(r, row, COLUMN_ANSWER),
        .confidence = pg_get_float8(r, row, COLUMN_CONFIDENCE),
        .model = pg_get_slice(r, row, COLUMN_MODEL),
        .reasons = pg_get_slice(r, row, COLUMN_REASONS),
        .explanation = pg_get_slice(r, row, COLUMN_EXPLANATION),
        .cost_pico_usd = pg_get_int(r, row, COLUMN_COST),
        .input_tokens = pg_get_int(r, row, COLUMN_INPUT_TOKENS),
        .output_tokens = pg_get_int(r, row, COLUMN_OUTPUT_TOKENS),
        .decided_ms = pg_get_time(r, row, COLUMN_DECIDED),
    };
}

void outcomes_read_people(const struct pg_result *r, int row, struct stored_people *people) {
    *people = (struct stored_people){
        .revision = pg_get_int(r, row, COLUMN_REVISION),
        .reviewer = pg_get_slice(r, row, COLUMN_REVIEWER),
        .proposed = pg_get_slice(r, row, COLUMN_PROPOSED),
        .proposed_tier = pg_get_slice(r, row, COLUMN_PROPOSED_TIER),
        .proposed_confidence = pg_get_float8(r, row, COLUMN_PROPOSED_CONFIDENCE),
        .input = pg_get_slice(r, row, COLUMN_INPUT),
        .shadow_pico_usd = pg_get_int(r, row, COLUMN_SHADOW_COST),
    };
}
