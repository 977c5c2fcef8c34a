#include "cli/review_screen.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/json.h"
#include "cli/review_page.h"
#include "cli/terminal.h"

enum { UNDO_MOST = 100, ESCAPE = 27 };

struct said {
    struct uuid job;
    char path[128];
};

struct screen {
    const struct reviewer *reviewer;
    const struct review_filter *filter;
    struct arena_pool pool;
    struct arena arena;  // of the job that is looked at
    struct review_lease lease;
    struct story story;
    struct review_view view;
    struct buf line, note, message;
    struct said said[UNDO_MOST];  // what can be undone, the newest last
    uint32_t said_count;
    uint64_t accepted, corrected, skipped;
    bool held;       // the lease is ours
    bool leaving;
};

// --- a job on the screen

static void draw(struct screen *s) {
    struct arena arena;
    arena_init(&arena, &s->pool);
    s->view.note = buf_string(&s->note);
    s->view.message = buf_string(&s->message);
    terminal_clear();
    review_page_print(&s->view, &arena);
    arena_fini(&arena);
    buf_clear(&s->message);
}

static const struct story_hop *hop_numbered(const struct story *story, int hop) {
    for (size_t i = 0; i < story->hop_count; i++) {
        if ((int)story->hops[i].hop == hop) {
            return &story->hops[i];
        }
    }
    return NULL;
}

static bool show(struct screen *s, struct err *err) {
    int proposed;
    if (!story_read(s->reviewer->session, s->lease.job, &s->arena, &s->story, err) ||
        !reviewer_proposal(s->reviewer, &s->lease.job, &proposed, err)) {
        return false;
    }
    s->held = true;
    buf_clear(&s->note);
    s->view = (struct review_view){.story = &s->story, .lease = &s->lease,
                                   .path = reviewer_path(s->reviewer, s->story.path),
                                   .proposed = hop_numbered(&s->story, proposed)};
    return true;
}

static void forget(struct screen *s) {
    s->held = false;
    arena_fini(&s->arena);
    arena_init(&s->arena, &s->pool);
}

static bool give_back(struct screen *s, bool skipped, struct err *err) {
    bool ok = !s->held || reviewer_release(s->reviewer, &s->lease, skipped, err);
    forget(s);
    return ok;
}

// --- words

// What a person could not help is said on the screen; what else is wrong ends it.
static bool told(struct screen *s, struct err *err) {
    if (err->exit_code != EX_TEMPFAIL && err->exit_code != EX_DATAERR &&
        err->exit_code != EX_NOINPUT && err->exit_code != EX_NOPERM) {
        return false;
    }
    buf_clear(&s->message);
    buf_text(&s->message, err->text);
    return true;
}

static void remember(struct screen *s) {
    if (s->said_count == UNDO_MOST) {
        memmove(s->said, s->said + 1, (UNDO_MOST - 1) * sizeof(s->said[0]));
        s->said_count--;
    }
    struct said *said = &s->said[s->said_count++];
    said->job = s->lease.job;
    snprintf(said->path, sizeof(said->path), "%.*s", SLICE_ARGS(s->story.path));
}

static void tell(struct screen *s, const struct review_word *word,
                 const struct reviewer_result *result) {
    static const char *const next[] = {"", "; somebody else is asked, too",
                                       "; somebody else has to say the same", "; to be settled"};
    struct slice name = s->story.custom_id.at ? s->story.custom_id : slice_of(s->story.id_text);
    buf_clear(&s->message);
    buf_printf(&s->message, "%.*s: %.*s%s", SLICE_ARGS(name), SLICE_ARGS(word->answer),
               next[result->next]);
}

static bool say(struct screen *s, struct slice answer, int hop, struct err *err) {
    struct review_word word = {.answer = answer, .answer_hop = hop};
    struct reviewer_result result;
    word.note = s->note.len > 0 ? buf_slice(&s->note) : (struct slice){0};
    if (!reviewer_say(s->reviewer, &s->lease, &word, &s->arena, &result, err)) {
        bool ok = told(s, err);
        forget(s);
        return ok;
    }
    s->accepted += hop >= 0;
    s->corrected += hop < 0;
    remember(s);
    tell(s, &word, &result);
    forget(s);
    return true;
}

static bool accept(struct screen *s, const struct story_hop *hop, struct err *err) {
    if (hop == NULL || hop->attempt.answer.at == NULL) {
        buf_text(&s->message, "there is no such answer");
        return true;
    }
    return say(s, hop->attempt.answer, (int)hop->hop, err);
}

static bool undo(struct screen *s, struct err *err) {
    if (s->said_count == 0) {
        buf_text(&s->message, "there is nothing to take back");
        return true;
    }
    const struct said *last = &s->said[--s->said_count];
    if (!reviewer_undo(s->reviewer, &last->job, slice_of(last->path), err)) {
        return told(s, err);
    }
    if (!give_back(s, false, err)) {
        return false;
    }
    if (!reviewer_take(s->reviewer, &last->job, &s->arena, &s->lease, err)) {
        return told(s, err);
    }
    buf_text(&s->message, "taken back");
    return show(s, err);
}

// --- an answer that is made field by field, or typed

static bool ask(struct screen *s, const char *prompt) {
    s->leaving = !terminal_line(prompt, &s->line);
    return !s->leaving && s->line.len > 0;
}

static void type_answer(struct screen *s, struct err *err) {
    struct slice answer;
    if (s->view.path == NULL) {
        buf_text(&s->message, "the configuration has no such path: what an answer is like is not "
                 "known");
        return;
    }
    if (!ask(s, "\nanswer: ")) {
        return;
    }
    if (reviewer_answer(s->view.path, buf_slice(&s->line), &s->arena, &answer, err)) {
        s->view.draft = answer;
    } else {
        told(s, err);
    }
}

// object with the member set to value (JSON).
static struct slice with_member(struct slice object, const char *name, struct slice value,
                                struct arena *arena) {
    struct buf out = {0};
    struct json json;
    struct err err;
    bool set = false;
    buf_char(&out, '{');
    if (object.at && json_parse(&json, object, &json_default_limits, arena, &err) &&
        json_type(&json, 0) == JSON_OBJECT) {
        for (uint32_t key = json_first(&json, 0); key; key = json_after(&json, 0, key)) {
            bool same = json_string_is(&json, key, name);
            buf_text(&out, out.len > 1 ? "," : "");
            buf_slice_add(&out, json_raw(&json, key));
            buf_char(&out, ':');
            buf_slice_add(&out, same ? value : json_raw(&json, key + 1));
            set = set || same;
        }
    }
    if (!set) {
        buf_text(&out, out.len > 1 ? "," : "");
        buf_json_string(&out, slice_of(name));
        buf_char(&out, ':');
        buf_slice_add(&out, value);
    }
    buf_char(&out, '}');
    struct slice made = arena_slice(arena, buf_slice(&out));
    buf_fini(&out);
    return made;
}

// A label by its number, or by how it begins; NULL: none, or several.
static const char *find_label(const struct answer_field *field, struct slice typed) {
    const char *found = NULL;
    char *end;
    char text[32];
    snprintf(text, sizeof(text), "%.*s", SLICE_ARGS(typed));
    unsigned long number = strtoul(text, &end, 10);
    if (isdigit((unsigned char)text[0]) && *end == '\0' && number >= 1 &&
        number <= field->label_count) {
        return field->labels[number - 1];
    }
    for (uint32_t i = 0; i < field->label_count; i++) {
        if (slice_is(typed, field->labels[i])) {
            return field->labels[i];
        }
        if (strncasecmp(field->labels[i], typed.at, typed.len) == 0) {
            if (found) {
                return NULL;
            }
            found = field->labels[i];
        }
    }
    return found;
}

static void change_field(struct screen *s, const struct answer_field *field) {
    struct buf value = {0};
    struct err err;
    printf("\n");
    for (uint32_t i = 0; i < field->label_count; i++) {
        printf("  %u %s\n", i + 1, field->labels[i]);
    }
    char prompt[128];
    snprintf(prompt, sizeof(prompt), "%s: ", field->name);
    if (!ask(s, prompt)) {
        return;
    }
    struct slice typed = buf_slice(&s->line);
    const char *label = field->label_count > 0 ? find_label(field, typed) : NULL;
    if (field->label_count > 0 && label == NULL) {
        buf_printf(&s->message, "%.*s is none of the labels, or begins several",
                   SLICE_ARGS(typed));
    } else {
        if (label) {
            buf_json_string(&value, slice_of(label));
        } else if (json_check(typed, &json_default_limits, &err)) {
            buf_slice_add(&value, typed);
        } else {
            buf_json_string(&value, typed);
        }
        struct slice from = s->view.draft;
        if (from.at == NULL && s->view.proposed) {
            from = s->view.proposed->attempt.answer;
        }
        s->view.draft = with_member(from, field->name, buf_slice(&value), &s->arena);
    }
    buf_fini(&value);
}

static bool choose(struct screen *s, uint32_t place, struct err *err) {
    const struct answer_form *form = s->view.path ? &s->view.path->answer : NULL;
    bool whole = form && form->field_count == 1 && form->fields->name == NULL;
    struct buf answer = {0};
    if (whole && place < form->fields->label_count) {
        buf_json_string(&answer, slice_of(form->fields->labels[place]));
        bool ok = say(s, arena_slice(&s->arena, buf_slice(&answer)), -1, err);
        buf_fini(&answer);
        return ok;
    }
    if (form && !whole && place < form->field_count) {
        change_field(s, &form->fields[place]);
        return true;
    }
    buf_text(&s->message, "there is no such choice");
    return true;
}

static bool say_draft(struct screen *s, struct err *err) {
    struct slice answer;
    if (!reviewer_answer(s->view.path, s->view.draft, &s->arena, &answer, err)) {
        return told(s, err);
    }
    return say(s, answer, -1, err);
}

// --- keys

static bool skip(struct screen *s, struct err *err) {
    s->skipped++;
    buf_text(&s->message, "skipped");
    return give_back(s, true, err);
}

static const struct story_hop *hop_of_letter(const struct screen *s, int key) {
    size_t place = (size_t)(key - 'a');
    return place < s->story.hop_count ? &s->story.hops[place] : NULL;
}

static bool on_key(struct screen *s, int key, struct err *err) {
    if (key >= '1' && key <= '9') {
        return choose(s, (uint32_t)(key - '1'), err);
    }
    if (key >= 'a' && key < 'a' + STORY_HOPS_SHOWN) {
        return accept(s, hop_of_letter(s, key), err);
    }
    switch (key) {
    case '\r':
    case '\n': return s->view.draft.at ? say_draft(s, err) : accept(s, s->view.proposed, err);
    case '=': type_answer(s, err); return true;
    case 's': return skip(s, err);
    case 'u': return undo(s, err);
    case 'n':
        if (ask(s, "\nnote: ")) {
            buf_clear(&s->note);
            buf_slice_add(&s->note, buf_slice(&s->line));
        }
        return true;
    case ESCAPE: s->view.draft = (struct slice){0}; return true;
    case 'q':
    case TERMINAL_LEAVE: s->leaving = true; return true;
    default: return true;
    }
}

static bool look(struct screen *s, struct err *err) {
    bool found;
    while (!s->leaving) {
        if (!s->held) {
            if (!reviewer_next(s->reviewer, s->filter, &s->arena, &s->lease, &found, err) ||
                (found && !show(s, err))) {
                return false;
            }
            if (!found) {
                return true;
            }
        }
        draw(s);
        if (!on_key(s, terminal_key(), err)) {
            return false;
        }
    }
    return give_back(s, false, err);
}

static void say_end(const struct screen *s) {
    terminal_clear();
    if (s->message.len > 0) {
        printf("%.*s\n", SLICE_ARGS(buf_slice(&s->message)));
    }
    printf("%s%" PRIu64 " accepted, %" PRIu64 " corrected, %" PRIu64 " skipped\n",
           s->leaving ? "" : "nothing more waits for you: ", s->accepted, s->corrected,
           s->skipped);
    fflush(stdout);
}

bool review_screen_run(const struct reviewer *reviewer, const struct review_filter *filter,
                       struct err *err) {
    struct screen s = {.reviewer = reviewer, .filter = filter};
    if (!terminal_open(err)) {
        return false;
    }
    arena_pool_init(&s.pool, 1 << 20);
    arena_init(&s.arena, &s.pool);
    bool ok = look(&s, err);
    if (ok) {
        say_end(&s);
    }
    arena_fini(&s.arena);
    arena_pool_fini(&s.pool);
    buf_fini(&s.line);
    buf_fini(&s.note);
    buf_fini(&s.message);
    terminal_close();
    return ok;
}
