// Anthropic's Messages, as Anthropic and the gateways that follow it speak it.
//
// Request: system messages are joined to `system`, images become sources. A form with named fields
// is asked for as output_config.format. An output limit is always sent, for the API demands one.
// Replies carry no logprobs: confidence comes from a field, from agreement, or not at all.
#ifndef TASKFIT_DIALECT_ANTHROPIC_H
#define TASKFIT_DIALECT_ANTHROPIC_H

#include "dialect/dialect.h"

extern const struct dialect anthropic_dialect;

#endif
