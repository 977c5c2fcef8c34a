#include "cli/reviewer.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json.h"
#include "base/line.h"
#include "io/pg_session.h"
#include "job/answer.h"

// Of reviews whose path the configuration does not have.
static const struct review_policy fallback = {.lease_ms = 900000};

bool reviewer_name(const char *given, struct slice *person, struct err *err) {
    const char *from[] = {given, getenv("TASKFIT_REVIEWER"), getenv("USER")};
    *person = (struct slice){0};
    for (int i = 0; i < 3 && person->len == 0; i++) {
        *person = slice_of(from[i]);
    }
    if (person->len == 0) {
        return err_exit(err, EX_USAGE, "who are you? --by NAME or $TASKFIT_REVIEWER");
    }
    for (size_t i = 0; i < person->len; i++) {
        if ((unsigned char)person->at[i] < ' ' || person->at[i] == ',') {
            return err_exit(err, EX_USAGE, "--by: a name has no commas and no control characters");
        }
    }
    return person->len <= PERSON_BYTES_MOST ||
           err_exit(err, EX_USAGE, "--by: a name has at most %d bytes", PERSON_BYTES_MOST);
}

const struct path *reviewer_path(const struct reviewer *reviewer, struct slice path) {
    const struct config_path *found = config_path_find(reviewer->config, path);
    return found ? &found->policy : NULL;
}

static const struct review_policy *policy_of(const struct reviewer *reviewer, struct slice path) {
    const struct path *found = reviewer_path(reviewer, path);
    return found ? &found->review : &fallback;
}

static bool run(const struct reviewer *reviewer, enum pg_statement statement,
                struct pg_params *params, const struct pg_result **result, struct err *err) {
    bool ok = pg_session_run(reviewer->session, statement, params, result, err);
    pg_params_fini(params);
    return ok;
}

// --- taking

// A job (NULL: the next one that the filter names), for so long.
struct taking {
    const struct review_filter *filter;
    const struct uuid *job;
    int64_t lease_ms;
};

static bool take(const struct reviewer *reviewer, const struct taking *taking, struct arena *arena,
                 struct review_lease *lease, bool *found, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    review_take_encode(reviewer->person, taking->lease_ms, taking->filter, taking->job, &params);
    if (!run(reviewer, PG_review_take, &params, &result, err)) {
        return false;
    }
    *found = review_take_read(result, arena, lease);
    return true;
}

bool reviewer_next(const struct reviewer *reviewer, const struct review_filter *filter,
                   struct arena *arena, struct review_lease *lease, bool *found,
                   struct err *err) {
    struct taking taking = {.filter = filter, .lease_ms = fallback.lease_ms};
    if (!take(reviewer, &taking, arena, lease, found, err)) {
        return false;
    }
    const struct uuid job = lease->job;
    const struct review_policy *policy = policy_of(reviewer, lease->path);
    if (!*found || policy->lease_ms == taking.lease_ms) {
        return true;
    }
    taking.lease_ms = policy->lease_ms;  // which path it would be was not known before
    taking.job = &job;
    return take(reviewer, &taking, arena, lease, found, err);
}

static bool read_facts(const struct reviewer *reviewer, const struct uuid *job,
                       struct arena *arena, struct review_facts *facts, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    review_facts_encode(job, reviewer->person, &params);
    if (!run(reviewer, PG_review_facts, &params, &result, err)) {
        return false;
    }
    return review_facts_read(result, arena, facts) ||
           err_exit(err, EX_NOINPUT, "the job has no decision that is final, so there is nothing "
                    "to review");
}

static bool of_job(const struct reviewer *reviewer, enum pg_statement statement,
                   const struct uuid *job, const struct pg_result **result, struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, *job);
    return run(reviewer, statement, &params, result, err);
}

static bool not_taken(const struct reviewer *reviewer, const struct uuid *job, struct arena *arena,
                      struct err *err) {
    struct review_facts facts;
    struct buf until = {0};
    if (!read_facts(reviewer, job, arena, &facts, err)) {
        return false;
    }
    if (facts.barred) {
        return err_exit(err, EX_NOPERM, "'%.*s' said the last word on this job: another person "
                        "has to look at it now", SLICE_ARGS(reviewer->person));
    }
    figure_time(&until, facts.lease_until_ms);
    err_exit(err, EX_TEMPFAIL, "'%.*s' looks at this job, until %s UTC at most",
             SLICE_ARGS(facts.lease_by), buf_string(&until));
    buf_fini(&until);
    return false;
}

bool reviewer_take(const struct reviewer *reviewer, const struct uuid *job, struct arena *arena,
                   struct review_lease *lease, struct err *err) {
    static const struct review_filter any;
    const struct pg_result *asked;
    struct review_facts facts;
    bool found;
    if (!read_facts(reviewer, job, arena, &facts, err) ||
        (!slice_is(facts.state, "open") &&
         !of_job(reviewer, PG_review_ask, job, &asked, err))) {
        return false;
    }
    const struct taking taking = {&any, job, policy_of(reviewer, facts.path)->lease_ms};
    if (!take(reviewer, &taking, arena, lease, &found, err)) {
        return false;
    }
    return found || not_taken(reviewer, job, arena, err);
}

bool reviewer_proposal(const struct reviewer *reviewer, const struct uuid *job, int *hop,
                       struct err *err) {
    const struct pg_result *result;
    if (!of_job(reviewer, PG_review_proposal, job, &result, err)) {
        return false;
    }
    *hop = pg_rows(result) > 0 ? (int)pg_get_int(result, 0, 0) : -1;
    return true;
}

bool reviewer_release(const struct reviewer *reviewer, const struct review_lease *lease,
                      bool skipped, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    review_release_encode(lease, reviewer->person, skipped, &params);
    return run(reviewer, PG_review_release, &params, &result, err);
}

// --- saying

static void add_allowed(const struct answer_field *field, struct buf *out) {
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_printf(out, "%s%s", i ? ", " : "", field->labels[i]);
    }
}

static bool no_answer(const struct path *path, struct slice detail, struct err *err) {
    struct buf allowed = {0};
    const struct answer_field *whole = path->answer.fields;
    if (path->answer.field_count == 1 && whole->name == NULL) {
        add_allowed(whole, &allowed);
    }
    err_exit(err, EX_DATAERR, "that is no answer of path %s: %.*s%s%s", path->name,
             SLICE_ARGS(detail), allowed.len ? "; allowed are " : "", buf_string(&allowed));
    buf_fini(&allowed);
    return false;
}

bool reviewer_answer(const struct path *path, struct slice typed, struct arena *arena,
                     struct slice *answer, struct err *err) {
    struct slice detail = {0};
    bool whole = path->answer.field_count == 1 && path->answer.fields->name == NULL;
    if (json_check(typed, &json_default_limits, err)) {
        *answer = arena_slice(arena, typed);
    } else if (whole) {
        *answer = answer_from_text(&path->answer, typed, arena);
    } else {
        return err_exit(err, EX_DATAERR, "that is no JSON: %s", arena_string(arena,
                        slice_of(err->text)));
    }
    return answer_check(&path->answer, *answer, arena, &detail) == REASON_NONE ||
           no_answer(path, detail, err);
}

static bool rule(const struct reviewer *reviewer, const struct review_word *word,
                 struct slice path, struct arena *arena, struct ruling *ruling, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    struct opinion opinions[OPINIONS_MOST];
    review_opinions_encode(word, &params);
    if (!run(reviewer, PG_review_opinions, &params, &result, err)) {
        return false;
    }
    uint32_t count = review_opinions_read(result, word, arena, opinions);
    *ruling = opinion_rule(policy_of(reviewer, path), opinions, count, review_chance(&word->job));
    return true;
}

bool reviewer_say(const struct reviewer *reviewer, const struct review_lease *lease,
                  struct review_word *word, struct arena *arena, struct reviewer_result *result,
                  struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *rows;
    struct review_facts facts;
    struct ruling ruling;
    if (!read_facts(reviewer, &lease->job, arena, &facts, err)) {
        return false;
    }
    word->job = lease->job;
    word->round = lease->round;
    word->revision = facts.revision;
    word->person = reviewer->person;
    if (!rule(reviewer, word, facts.path, arena, &ruling, err)) {
        return false;
    }
    review_close_encode(word, &ruling, arena, &params);
    if (!run(reviewer, PG_review_close, &params, &rows, err)) {
        return false;
    }
    result->next = ruling.next;
    return review_close_read(rows, &result->revision) ||
           err_exit(err, EX_TEMPFAIL, "the job changed while it was looked at: look again");
}

static bool find_attempt(const struct reviewer *reviewer, const struct uuid *job,
                         struct review_word *word, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, *job);
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, word->answer);
    if (!run(reviewer, PG_label_attempt, &params, &result, err)) {
        return false;
    }
    word->answer_hop = pg_rows(result) > 0 ? (int)pg_get_int(result, 0, 0) : -1;
    return true;
}

bool reviewer_settle(const struct reviewer *reviewer, const struct uuid *job,
                     struct review_word *word, struct arena *arena, bool *said,
                     struct err *err) {
    static const struct review_filter any;
    const struct taking taking = {&any, job, fallback.lease_ms};
    struct review_lease lease;
    struct reviewer_result result;
    return take(reviewer, &taking, arena, &lease, said, err) &&
           (!*said || (find_attempt(reviewer, job, word, err) &&
                       reviewer_say(reviewer, &lease, word, arena, &result, err)));
}

bool reviewer_undo(const struct reviewer *reviewer, const struct uuid *job, struct slice path,
                   struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    review_undo_encode(job, reviewer->person, policy_of(reviewer, path)->lease_ms, &params);
    if (!run(reviewer, PG_review_undo, &params, &result, err)) {
        return false;
    }
    return pg_rows(result) > 0 ||
           err_exit(err, EX_NOINPUT, "'%.*s' said nothing on this job that could be taken back: "
                    "the last word is another's, or there is none", SLICE_ARGS(reviewer->person));
}
