#include "cli/review_page.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/json.h"
#include "cli/page.h"
#include "cli/reasons.h"
#include "cli/table.h"
#include "job/stored_outcome.h"

enum { NAMES_MOST = 64, CELL_LEAST = 8 };

// --- answers side by side

struct answers {
    const struct story_hop *hops[STORY_HOPS_SHOWN];
    struct json json[STORY_HOPS_SHOWN];
    bool parsed[STORY_HOPS_SHOWN];
    uint32_t count;
    struct slice names[NAMES_MOST];  // of members, over all answers; none: answers are no objects
    uint32_t name_count;
};

static void add_name(struct answers *answers, struct slice name) {
    for (uint32_t i = 0; i < answers->name_count; i++) {
        if (slice_equal(answers->names[i], name)) {
            return;
        }
    }
    if (answers->name_count < NAMES_MOST) {
        answers->names[answers->name_count++] = name;
    }
}

static void collect(const struct story *story, struct arena *arena, struct answers *answers) {
    for (size_t i = 0; i < story->hop_count && answers->count < STORY_HOPS_SHOWN; i++) {
        uint32_t at = answers->count++;
        struct json *json = &answers->json[at];
        struct slice answer = story->hops[i].attempt.answer;
        struct err err;
        answers->hops[at] = &story->hops[i];
        answers->parsed[at] =
            answer.at && json_parse(json, answer, &json_default_limits, arena, &err);
        if (!answers->parsed[at] || json_type(json, 0) != JSON_OBJECT) {
            continue;
        }
        for (uint32_t key = json_first(json, 0); key; key = json_after(json, 0, key)) {
            add_name(answers, json_string(json, key, arena));
        }
    }
}

// Of the n-th answer the member, or (name NULL) the whole; an error where there is no answer.
static struct slice value_of(const struct answers *answers, uint32_t n, const char *name,
                             struct arena *arena) {
    const struct json *json = &answers->json[n];
    if (!answers->parsed[n]) {
        return answers->hops[n]->attempt.error;
    }
    if (name == NULL || json_type(json, 0) != JSON_OBJECT) {
        return stored_outcome_plain(answers->hops[n]->attempt.answer, arena);
    }
    uint32_t node = json_get(json, 0, name);
    return node ? stored_outcome_plain(json_raw(json, node), arena) : slice_of("-");
}

static void add_value_row(struct table *table, const struct answers *answers, const char *name,
                          struct arena *arena) {
    struct slice first = {0};
    bool differ = false;
    for (uint32_t i = 0; i < answers->count; i++) {
        struct slice value = value_of(answers, i, name, arena);
        if (answers->parsed[i] && first.at == NULL) {
            first = value;
        }
        differ = differ || (answers->parsed[i] && !slice_equal(first, value));
    }
    table_add(table, arena_printf(arena, "%s%s", name ? name : "answer", differ ? " \u2260" : ""));
    for (uint32_t i = 0; i < answers->count; i++) {
        table_add(table, value_of(answers, i, name, arena));
    }
}

static void add_confidence_row(struct table *table, const struct answers *answers) {
    struct buf cell = {0};
    table_add(table, slice_of("confidence"));
    for (uint32_t i = 0; i < answers->count; i++) {
        const struct story_hop *hop = answers->hops[i];
        buf_clear(&cell);
        figure_probability(&cell, hop->attempt.confidence);
        if (hop->decision.threshold > 0) {
            buf_text(&cell, " of ");
            figure_probability(&cell, hop->decision.threshold);
        }
        table_add(table, buf_slice(&cell));
    }
    buf_fini(&cell);
}

static void print_answers(const struct answers *answers, const struct story_hop *proposed,
                          struct arena *arena) {
    struct table_column columns[STORY_HOPS_SHOWN + 1] = {{"", false, 0}};
    struct table table;
    for (uint32_t i = 0; i < answers->count; i++) {
        struct slice title =
            arena_printf(arena, "%s%c %.*s", answers->hops[i] == proposed ? "*" : "", 'a' + (int)i,
                         SLICE_ARGS(answers->hops[i]->tier));
        columns[i + 1] = (struct table_column){title.at, false, CELL_LEAST};
    }
    table_init(&table, columns, answers->count + 1, stdout, table_screen(stdout));
    if (answers->name_count == 0) {
        add_value_row(&table, answers, NULL, arena);
    }
    for (uint32_t i = 0; i < answers->name_count; i++) {
        add_value_row(&table, answers, arena_string(arena, answers->names[i]), arena);
    }
    add_confidence_row(&table, answers);
    table_end(&table);
    table_fini(&table);
}

// --- why, and what may be said

static void print_reasons(struct page *page, const struct answers *answers) {
    struct decision_reason reasons[DECISION_REASONS_MOST];
    for (uint32_t i = 0; i < answers->count; i++) {
        const struct story_decision *d = &answers->hops[i]->decision;
        uint32_t count = stored_reasons_read(d->reasons, d->explanation, page->arena, reasons);
        char *tier = arena_string(page->arena, answers->hops[i]->tier);
        for (uint32_t k = 0; k < count; k++) {
            page_pair(page, k == 0 ? tier : "", reasons[k].code, 20,
                      reason_words(&reasons[k], page->arena));
        }
    }
}

// What two persons said who differ; a second opinion is given without knowing the first.
static void print_words(struct page *page, const struct review_view *view) {
    if (!slice_is(view->lease->why, "dispute")) {
        return;
    }
    page_heading(page, "they differ");
    for (size_t i = 0; i < view->story->round_count; i++) {
        const struct story_round *round = &view->story->rounds[i];
        if (slice_is(round->state, "closed")) {
            page_field(page, arena_string(page->arena, round->reviewer), round->answer);
            if (round->note.len > 0) {
                page_field(page, "", round->note);
            }
        }
    }
}

static void print_choices(struct page *page, const struct review_view *view) {
    const struct answer_form *form = &view->path->answer;
    bool whole = form->field_count == 1 && form->fields->name == NULL;
    uint32_t count = whole ? form->fields->label_count : form->field_count;
    for (uint32_t i = 0; i < count; i++) {
        const char *text = whole ? form->fields->labels[i] : form->fields[i].name;
        if (i < PAGE_CHOICES_MOST) {
            buf_printf(&page->text, "%s%u %s", i ? ", " : "", i + 1, text);
        } else {
            buf_printf(&page->text, "%s%s", i == PAGE_CHOICES_MOST ? "; with = also " : ", ", text);
        }
    }
    if (count > 0) {
        page_flush(page, whole ? "labels" : "fields");
    }
}

static void print_keys(struct page *page, const struct review_view *view) {
    if (view->draft.at) {
        page_field(page, "your answer", view->draft);
        page_field(page, "keys", slice_of("Enter says it, Esc drops it, digits change a field, "
                                          "= typed JSON, s skip, u undo, n note, q quit"));
    } else {
        page_field(page, "keys",
                   slice_of("Enter accepts *, a b … accept that one, digits correct, = type it, "
                            "s skip, u undo, n note, q quit"));
    }
    if (*view->note) {
        page_field(page, "note", slice_of(view->note));
    }
    if (*view->message) {
        page_field(page, "", slice_of(view->message));
    }
}

void review_page_print(const struct review_view *view, struct arena *arena) {
    const struct story *story = view->story;
    struct answers *answers = arena_zalloc(arena, sizeof(*answers));
    struct page page;
    struct slice name = story->custom_id.at ? story->custom_id : slice_of(story->id_text);
    page_init(&page, stdout, arena);
    collect(story, arena, answers);
    page_heading(&page, "%.*s, path %.*s, %.*s, round %" PRIu32, SLICE_ARGS(name),
                 SLICE_ARGS(story->path), SLICE_ARGS(view->lease->why), view->lease->round);
    if (story->input.at) {
        page_json(&page, story->input);
    } else {
        page_field(&page, "input", slice_of("not kept (the path's `keep` says which are)"));
    }
    page_heading(&page, "answers");
    fflush(stdout);
    print_answers(answers, view->proposed, arena);
    page_heading(&page, "reasons");
    print_reasons(&page, answers);
    print_words(&page, view);
    page_heading(&page, "what is right?");
    if (view->path) {
        print_choices(&page, view);
    }
    print_keys(&page, view);
    fflush(stdout);
    page_fini(&page);
}
