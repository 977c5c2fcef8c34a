// The database's tables in memory, and the statements of schema/queries.sql that the fleet runs,
// with the same meaning. A statement happens at one moment, whole or not at all.
#ifndef TASKFIT_SIM_TABLE_H
#define TASKFIT_SIM_TABLE_H

#include "base/arena.h"
#include "io/pg.h"

struct subject;

enum { RESULT_COLUMNS = 26 };

struct cell {
    bool is_null;
    int64_t number;
    double real;
    struct slice bytes;
};

// What a statement gives back; in the arena of the statement.
struct pg_result {
    int rows;
    struct cell (*cells)[RESULT_COLUMNS];
};

// Runs for a process's life; false: a row was refused, and nothing happened.
bool table_run(enum pg_statement statement, const struct pg_params *params, unsigned life,
               struct arena *arena, struct pg_result *result);

// Breaks the world when parameters do not fit the statement's text (once a statement).
void table_check_types(enum pg_statement statement, const struct pg_params *params);

// Of the tier mid (table_switch.c): 0 is as configured. May the model at url be called by who heard
// of that one?
enum { SWITCHES = 5 };
extern int switch_now;
bool switch_lets(int heard, const char *tier, const char *url);

// Walks an array parameter.
struct reader {
    const char *at;
    uint32_t left;
};
struct reader param_reader(const struct pg_params *params, int number);  // $number, from 1
struct slice reader_next(struct reader *reader);  // absent: null
int64_t value_int(struct slice value);
double value_real(struct slice value);  // NaN: null
int64_t value_time(struct slice value);  // Unix time, ms

// Statements of their own file (table_decide.c).
bool table_store_decisions(const struct pg_params *params, struct arena *arena,
                           struct pg_result *result);
void table_find_decisions(const struct pg_params *params, struct arena *arena,
                          struct pg_result *result);
// Of revisions (table_revisions.c). claim has no arrays.
void table_revise(struct subject *subject);  // people do, perhaps
void table_claim_revisions(int64_t most, int64_t for_us, struct arena *arena,
                           struct pg_result *result);
void table_revisions_published(const struct pg_params *params);
bool table_has_unpublished(void);
bool table_store_shadows(const struct pg_params *params);
// Of audits (table_audits.c). after: the places of the last audit and the last label.
void table_audits_begin(void);
bool is_certified(struct slice path);
void table_audit_decision(const struct subject *subject, unsigned hop);  // it is new
void table_store_audits(const struct pg_params *params, struct pg_result *result);
void table_audit_verdicts(const struct pg_params *params, const int64_t after[2],
                          struct arena *arena, struct pg_result *result);
void table_tier_switch(bool of_mid, struct arena *arena, struct pg_result *result);
bool table_store_letters(const struct pg_params *params);
void result_key(struct pg_result *result, struct slice id, struct slice hop);
struct batch_tier *batch_tier_of(int batch, struct slice tier);

#endif
