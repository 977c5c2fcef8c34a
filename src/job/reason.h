// Why something happened to a job: codes that are stored, counted and shown.
//
// Rules add their own, `rule.<name>`. A code once used keeps its meaning for ever: stored rows have
// it. The second column says what an attempt that failed so means for the job:
//   NEXT  another tier may do better          DEAD  no tier can do anything with this job
//   ENDS  the job itself is over              NOTE  not an attempt's error, only a reason
#ifndef TASKFIT_JOB_REASON_H
#define TASKFIT_JOB_REASON_H

#include "base/slice.h"

// clang-format off
#define REASONS(X) \
    X(ERROR_CONNECT,     NEXT, "error.connect",     "the model could not be reached") \
    X(ERROR_TIMEOUT,     NEXT, "error.timeout",     "the model did not answer in time") \
    X(ERROR_CUT,         NEXT, \
      "error.cut",         "the connection broke before the reply was whole") \
    X(ERROR_BUSY,        NEXT, "error.busy",        "the model refused for load (429, 503, 529)") \
    X(ERROR_SERVER,      NEXT, "error.server",      "the model server failed (5xx)") \
    X(ERROR_REPLY,       NEXT, "error.reply",       "the reply was not of the dialect's form") \
    X(ERROR_TOO_LARGE,   NEXT, "error.too_large",   "the reply was larger than the limit") \
    X(ERROR_USAGE,       NEXT, \
      "error.usage",       "the reply tells no tokens, by which the model is paid") \
    X(ERROR_TRUNCATED,   NEXT, \
      "error.truncated",   "the model stopped before its answer was whole") \
    X(ERROR_REFUSED,     NEXT, "error.refused",     "the model refused the request (4xx)") \
    X(ERROR_AUTH,        NEXT, \
      "error.auth",        "the model refused the credentials (401, 403)") \
    X(ERROR_CONTEXT,     NEXT, "error.context",     "the input is too long for the model") \
    X(ERROR_CONTENT,     NEXT, "error.content",     "the model's content filter refused") \
    X(ERROR_PROMPT,      NEXT, "error.prompt",      "the prompt could not be made from the input") \
    X(ERROR_ATTACHMENT,  NEXT, "error.attachment",  "an attachment could not be fetched") \
    X(INPUT_ATTACHMENT,  NEXT, \
      "input.attachment",  "the model cannot take an attachment, or the input names none of it") \
    X(ERROR_TIER,        NEXT, "error.tier",        "the tier has no model that could be called") \
    X(TIER_SKIPPED,      NEXT, "tier.skipped",      "the path's certificate leaves this tier out") \
    X(ANSWER_MISSING,    NEXT, "answer.missing",    "the reply holds no answer") \
    X(ANSWER_NOT_JSON,   NEXT, \
      "answer.not_json",   "the answer is not JSON, which the path's form needs") \
    X(ANSWER_LABEL,      NEXT, "answer.label",      "the answer is none of the path's labels") \
    X(ANSWER_FIELD,      NEXT, \
      "answer.field",      "a field that the path requires is missing or of another form") \
    X(ANSWER_CONFIDENCE, NEXT, "answer.confidence", \
      "no confidence, or one that is no probability") \
    X(ANSWER_VERIFIER,   NEXT, \
      "answer.verifier",   "the verifier said neither correct nor wrong, or not how surely") \
    X(JOB_ALL_TIERS,     NOTE, \
      "job.all_tiers",     "every tier answers this job, and then people: a sample to label") \
    X(CONFIDENCE_LOW,    NOTE, "confidence.low",    "the confidence is under the threshold") \
    X(CERTIFICATE_BROKEN, NOTE, "certificate.broken", \
      "audits found more errors than its certificate promises") \
    X(JOB_CANCELLED,     ENDS, "job.cancelled",     "the job or its batch was cancelled") \
    X(JOB_EXPIRED,       ENDS, "job.expired",       "the job's deadline has passed") \
    X(SPEND_BATCH,       ENDS, "spend.batch",       "the batch has reached its spend cap") \
    X(DEADLINE_NEAR,     NEXT, "deadline.near", \
      "the deadline is nearer than the tier's usual latency, so it is not asked") \
    X(LIMIT_LATENCY,     NEXT, \
      "limit.latency",     "the tier did not answer within its limit of latency") \
    X(LIMIT_SPEND,       NOTE, "limit.spend",       "the job has reached its path's spend limit") \
    X(LIMIT_HOPS,        NOTE, \
      "limit.hops",        "the job has reached its path's number of hops") \
    X(LIMIT_DEADLINE,    NOTE, \
      "limit.deadline",    "no tier that is left would answer before the deadline") \
    X(LIMIT_TIERS,       NOTE, "limit.tiers",       "no tier is left") \
    X(REVIEW_ACCEPTED, NOTE, "review.accepted",   "a person accepted this answer") \
    X(REVIEW_CORRECTED,NOTE, "review.corrected",  "a person gave this answer") \
    X(REVIEW_UNDONE,   NOTE, "review.undone",     "a person took back what they had said") \
    X(PATH_UNKNOWN,      DEAD, "path.unknown",      "the configuration has no such path") \
    X(PATH_TIER,         DEAD, "path.tier",         "the path does not lead through this tier") \
    X(ATTACHMENT_URI,    DEAD, \
      "attachment.uri",    "an attachment's URI is below no prefix that the configuration allows") \
    X(MESSAGE_BROKEN,    DEAD, "message.broken",    "the bytes are no message of the contract") \
    X(MESSAGE_SCHEMA,    DEAD, \
      "message.schema",    "the message asks for more than this program knows") \
    X(MESSAGE_INCOMPLETE,DEAD, \
      "message.incomplete","the job lacks its id, path or input, or a part of an attachment") \
    X(MESSAGE_TOO_LARGE, DEAD, \
      "message.too_large", "the input, an attachment or the record is above the limit") \
    X(MESSAGE_NOT_JSON,  DEAD, "message.not_json",  "the input is not JSON, or nested too deeply") \
    X(MESSAGE_UTF8,      DEAD, "message.utf8",      "a text of the job is not UTF-8") \
    X(ROW_REFUSED,       DEAD, "row.refused",       "the database refused the row")
// clang-format on

enum reason {
    REASON_NONE,
#define REASON_ENUM(name, effect, code, text) REASON_##name,
    REASONS(REASON_ENUM)
#undef REASON_ENUM
    REASON_COUNT
};

enum reason_effect {
    REASON_EFFECT_NOTE,
    REASON_EFFECT_NEXT,
    REASON_EFFECT_ENDS,
    REASON_EFFECT_DEAD,
};

const char *reason_code(enum reason reason);
const char *reason_text(enum reason reason);
enum reason_effect reason_effect(enum reason reason);
enum reason reason_parse(struct slice code);  // REASON_NONE: not one of these

#endif
