// What PostgreSQL's errors mean for who asked.
#ifndef TASKFIT_IO_PG_ERROR_H
#define TASKFIT_IO_PG_ERROR_H

#include "base/err.h"

struct pg_result;

// Fills err from a failed result by its SQLSTATE; what names the statement for people.
bool pg_error(const struct pg_result *result, const char *what, struct err *err);
// From the words of a connection that failed; credentials never show.
bool pg_is_read_only(const struct pg_result *result);
bool pg_connection_error(const char *words, struct err *err);

#endif
