// What people said of a job, and what they made of its outcome.
#include <inttypes.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/page.h"
#include "cli/story.h"
#include "io/pg_session.h"

// The columns of the queries `story_reviews` and `story_revisions`, in their order.
enum round_column {
    ROUND_NUMBER, ROUND_WHY, ROUND_STATE, ROUND_REVIEWER, ROUND_VERDICT, ROUND_ANSWER,
    ROUND_ANSWER_HOP, ROUND_NOTE, ROUND_OPENED, ROUND_CLOSED, ROUND_LEASE_BY, ROUND_LEASE_UNTIL,
};

enum revision_column {
    REVISION_NUMBER, REVISION_VERDICT, REVISION_ANSWER, REVISION_ANSWER_HOP, REVISION_REVIEWER,
    REVISION_REASONS, REVISION_NOTE, REVISION_RESTORED, REVISION_AT, REVISION_PUBLISHED,
};

static struct slice text(const struct pg_result *result, int row, int column,
                         struct arena *arena) {
    return arena_slice(arena, pg_get_slice(result, row, column));
}

static int hop_or_none(const struct pg_result *result, int row, int column) {
    return pg_is_null(result, row, column) ? -1 : (int)pg_get_int(result, row, column);
}

static struct story_round read_round(const struct pg_result *result, int row,
                                     struct arena *arena) {
    return (struct story_round){
        .round = (uint32_t)pg_get_int(result, row, ROUND_NUMBER),
        .why = text(result, row, ROUND_WHY, arena),
        .state = text(result, row, ROUND_STATE, arena),
        .reviewer = text(result, row, ROUND_REVIEWER, arena),
        .verdict = text(result, row, ROUND_VERDICT, arena),
        .answer = text(result, row, ROUND_ANSWER, arena),
        .answer_hop = hop_or_none(result, row, ROUND_ANSWER_HOP),
        .note = text(result, row, ROUND_NOTE, arena),
        .opened_ms = pg_get_time(result, row, ROUND_OPENED),
        .closed_ms = pg_get_time(result, row, ROUND_CLOSED),
        .lease_by = text(result, row, ROUND_LEASE_BY, arena),
        .lease_until_ms = pg_get_time(result, row, ROUND_LEASE_UNTIL),
    };
}

static struct story_revision read_revision(const struct pg_result *result, int row,
                                           struct arena *arena) {
    return (struct story_revision){
        .revision = (uint32_t)pg_get_int(result, row, REVISION_NUMBER),
        .verdict = text(result, row, REVISION_VERDICT, arena),
        .answer = text(result, row, REVISION_ANSWER, arena),
        .answer_hop = hop_or_none(result, row, REVISION_ANSWER_HOP),
        .reviewer = text(result, row, REVISION_REVIEWER, arena),
        .reasons = text(result, row, REVISION_REASONS, arena),
        .note = text(result, row, REVISION_NOTE, arena),
        .restored = pg_get_int(result, row, REVISION_RESTORED) != 0,
        .revised_ms = pg_get_time(result, row, REVISION_AT),
        .published_ms = pg_get_time(result, row, REVISION_PUBLISHED),
    };
}

static bool ask(struct pg_session *session, enum pg_statement statement, struct uuid job,
                const struct pg_result **result, struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, job);
    bool ok = pg_session_run(session, statement, &params, result, err);
    pg_params_fini(&params);
    return ok;
}

bool story_people_read(struct pg_session *session, struct arena *arena, struct story *story,
                       struct err *err) {
    const struct pg_result *result;
    if (!ask(session, PG_story_reviews, story->id, &result, err)) {
        return false;
    }
    story->round_count = (size_t)pg_rows(result);
    story->rounds = arena_zalloc(arena, (story->round_count + 1) * sizeof(*story->rounds));
    for (size_t i = 0; i < story->round_count; i++) {
        story->rounds[i] = read_round(result, (int)i, arena);
    }
    if (!ask(session, PG_story_revisions, story->id, &result, err)) {
        return false;
    }
    story->revision_count = (size_t)pg_rows(result);
    story->revisions =
        arena_zalloc(arena, (story->revision_count + 1) * sizeof(*story->revisions));
    for (size_t i = 0; i < story->revision_count; i++) {
        story->revisions[i] = read_revision(result, (int)i, arena);
    }
    return true;
}

const struct story_revision *story_revised(const struct story *story) {
    const struct story_revision *last =
        story->revision_count > 0 ? &story->revisions[story->revision_count - 1] : NULL;
    return last && !last->restored ? last : NULL;
}

// --- for people

static void add_time(struct buf *out, int64_t ms) {
    figure_time(out, ms);
    buf_text(out, " UTC");
}

static void print_word(struct page *page, const struct story_round *round) {
    struct buf *out = &page->text;
    if (round->answer_hop >= 0) {
        buf_printf(out, "accepted the answer of hop %d: ", round->answer_hop);
    } else {
        buf_text(out, "answered ");
    }
    buf_slice_add(out, round->answer);
    page_flush(page, "word");
    if (round->note.len > 0) {
        page_field(page, "note", round->note);
    }
    add_time(out, round->closed_ms);
    page_flush(page, slice_is(round->state, "undone") ? "taken back" : "said");
}

static void print_round(struct page *page, const struct story_round *round) {
    static const char *const whys[][2] = {
        {"outcome", "for people"}, {"audit", "an audit"}, {"asked", "asked for"},
        {"second", "a second opinion"}, {"four_eyes", "a second pair of eyes"},
        {"dispute", "a dispute"}};
    const char *why = "";
    for (size_t i = 0; i < sizeof(whys) / sizeof(whys[0]); i++) {
        why = slice_is(round->why, whys[i][0]) ? whys[i][1] : why;
    }
    page_heading(page, "review %" PRIu32 ", %s%s%.*s", round->round, why,
                 round->reviewer.at ? ": " : "", SLICE_ARGS(round->reviewer));
    if (round->reviewer.at) {
        print_word(page, round);
        return;
    }
    buf_text(&page->text, "since ");
    add_time(&page->text, round->opened_ms);
    if (round->lease_by.at) {
        buf_printf(&page->text, ", %.*s looks at it", SLICE_ARGS(round->lease_by));
    }
    page_flush(page, "open");
}

static void print_revision(struct page *page, const struct story_revision *revision) {
    page_heading(page, "revision %" PRIu32 " of the outcome, by %.*s", revision->revision,
                 SLICE_ARGS(revision->reviewer));
    buf_slice_add(&page->text, revision->verdict);
    buf_text(&page->text, revision->restored ? ", as the fleet had decided" : "");
    page_flush(page, "outcome");
    page_field(page, "answer", revision->answer.at ? revision->answer : slice_of("none stands"));
    page_field(page, "because", revision->reasons);
    add_time(&page->text, revision->revised_ms);
    buf_text(&page->text, revision->published_ms ? ", published " : ", not published yet");
    if (revision->published_ms) {
        figure_span(&page->text, revision->published_ms - revision->revised_ms);
        buf_text(&page->text, " later");
    }
    page_flush(page, "revised");
}

void story_people_print(struct page *page, const struct story *story) {
    for (size_t i = 0; i < story->round_count; i++) {
        print_round(page, &story->rounds[i]);
    }
    for (size_t i = 0; i < story->revision_count; i++) {
        print_revision(page, &story->revisions[i]);
    }
}

// --- for programs

static void add_hop(struct buf *out, int hop) {
    if (hop >= 0) {
        json_count(out, "answer_hop", hop);
    } else {
        json_text(out, "answer_hop", (struct slice){0});
    }
}

static void add_round(struct buf *out, const struct story_round *round) {
    buf_char(out, '{');
    json_count(out, "round", round->round);
    json_text(out, "why", round->why);
    json_text(out, "state", round->state);
    json_text(out, "reviewer", round->reviewer);
    json_text(out, "verdict", round->verdict);
    json_raw_text(out, "answer", round->answer);
    add_hop(out, round->answer_hop);
    json_text(out, "note", round->note);
    json_time(out, "opened_at", round->opened_ms);
    json_time(out, "closed_at", round->closed_ms);
    json_text(out, "lease_by", round->lease_by);
    json_time(out, "lease_until", round->lease_until_ms);
    buf_char(out, '}');
}

static void add_revision(struct buf *out, const struct story_revision *revision) {
    buf_char(out, '{');
    json_count(out, "revision", revision->revision);
    json_text(out, "verdict", revision->verdict);
    json_raw_text(out, "answer", revision->answer);
    add_hop(out, revision->answer_hop);
    json_text(out, "reviewer", revision->reviewer);
    json_codes(out, "reasons", revision->reasons);
    json_text(out, "note", revision->note);
    json_bool(out, "restored", revision->restored);
    json_time(out, "revised_at", revision->revised_ms);
    json_time(out, "published_at", revision->published_ms);
    buf_char(out, '}');
}

void story_people_json(const struct story *story, struct buf *out) {
    json_key(out, "reviews");
    buf_char(out, '[');
    for (size_t i = 0; i < story->round_count; i++) {
        buf_text(out, i ? "," : "");
        add_round(out, &story->rounds[i]);
    }
    buf_char(out, ']');
    json_key(out, "revisions");
    buf_char(out, '[');
    for (size_t i = 0; i < story->revision_count; i++) {
        buf_text(out, i ? "," : "");
        add_revision(out, &story->revisions[i]);
    }
    buf_char(out, ']');
}
