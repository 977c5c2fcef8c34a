// Every metric of the programs: its name here, its kind, its name and label outside, what it tells.
#ifndef TASKFIT_BASE_METRIC_TABLE_H
#define TASKFIT_BASE_METRIC_TABLE_H

// clang-format off
#define METRICS(X) \
    X(JOBS_TAKEN,      COUNTER, "taskfit_jobs_taken_total", "", "records taken from the topic") \
    X(JOBS_FINISHED,   COUNTER, "taskfit_jobs_finished_total", "", \
      "hops finished: stored, published, to be committed") \
    X(JOBS_KNOWN,      COUNTER, "taskfit_jobs_known_total", "", \
      "records whose attempt was stored already: no model was called") \
    X(HOPS_IN_STEP,    GAUGE,   "taskfit_hops", "step", "hops in memory, by step") \
    X(MEMORY_BYTES,    GAUGE,   "taskfit_hop_memory_bytes", "", "memory held for hops") \
    X(BACKLOG_JOBS,    GAUGE,   "taskfit_backlog_jobs", "", \
      "records behind what was taken, of the partitions assigned") \
    X(LANE_BACKLOG_JOBS, GAUGE, "taskfit_lane_backlog_jobs", "lane", "likewise, by lane") \
    X(CALLS,           COUNTER, "taskfit_calls_total", "model", \
      "requests sent to models, retries included") \
    X(CALL_SECONDS,    HISTOGRAM, "taskfit_call_seconds", "model", "from a request to its reply") \
    X(CALLS_GIVEN_UP,  COUNTER, "taskfit_calls_given_up_total", "", \
      "calls abandoned because their job was cancelled") \
    X(CALLS_REFUSED,   COUNTER, "taskfit_calls_refused_total", "model", \
      "calls that a model refused for load (429, 503, 529)") \
    X(CALLS_HEDGED,    COUNTER, "taskfit_calls_hedged_total", "model", \
      "calls made a second time because the first was slow") \
    X(CALLS_MOST,      GAUGE,   "taskfit_model_calls_most", "model", \
      "calls at a time that the model takes, as far as was found out") \
    X(MODEL_STATE,     GAUGE,   "taskfit_model_state", "model", \
      "0: it is called; 1: away, and tried; 2: away, and left alone for a while") \
    X(MODEL_WEIGHT,    GAUGE,   "taskfit_model_weight", "model", \
      "its share of the tier's jobs, among the weights of all, as configured or switched") \
    X(SHADOWS,         COUNTER, "taskfit_shadow_attempts_total", "model", \
      "answers and errors of shadow models stored") \
    X(SHADOWS_GIVEN_UP, COUNTER, "taskfit_shadows_given_up_total", "reason", \
      "calls of shadow models that were not made, or given up, by why") \
    X(HELD_SECONDS,    COUNTER, "taskfit_held_seconds_total", "by", \
      "time for which a model got no more calls, by what kept them back") \
    X(RETRIES,         COUNTER, "taskfit_retries_total", "reason", "requests repeated, by why") \
    X(ATTEMPTS,        COUNTER, "taskfit_attempts_total", "model", "attempts stored") \
    X(ATTEMPT_ERRORS,  COUNTER, "taskfit_attempt_errors_total", "reason", \
      "attempts stored without an answer, by reason") \
    X(TOKENS_INPUT,    COUNTER, "taskfit_input_tokens_total", "model", "input tokens") \
    X(TOKENS_OUTPUT,   COUNTER, "taskfit_output_tokens_total", "model", "output tokens") \
    X(COST_USD,        COUNTER, "taskfit_cost_usd_total", "model", "cost of calls") \
    X(DECISIONS,       COUNTER, "taskfit_decisions_total", "verdict", "decisions stored") \
    X(REASONS,         COUNTER, "taskfit_reasons_total", "reason", "reasons of decisions") \
    X(REVISIONS,       COUNTER, "taskfit_revisions_total", "", \
      "outcomes revised by people that were published") \
    X(CONFIDENCE_DRIFT, GAUGE, "taskfit_confidence_drift", "tier", \
      "population-stability index of a path/tier's confidences against those it was tested with") \
    X(WORD_DRIFT, GAUGE, "taskfit_word_drift", "tier", "that index of words, known and unknown") \
    X(UNKNOWN_WORDS,   GAUGE, "taskfit_unknown_words", "tier", \
      "share of words in a path/tier's inputs that the certificate's sample did not have") \
    X(CERTIFICATE_EVIDENCE, GAUGE, "taskfit_certificate_evidence", "path", \
      "of audits against the certificate's promise: 1 is none, 1 / delta breaks it") \
    X(CERTIFICATE_STATE, GAUGE, "taskfit_certificate_state", "path", \
      "0: the promise holds; 1: watch; 2: broken") \
    X(CERTIFICATE_AUDITS, GAUGE, "taskfit_certificate_audits", "path", \
      "verdicts on answers that the certificate accepted") \
    X(CERTIFICATE_WRONG, GAUGE, "taskfit_certificate_audits_wrong", "path", \
      "of these: wrong") \
    X(DEAD_LETTERS,    COUNTER, "taskfit_dead_letters_total", "reason", \
      "records set aside as dead") \
    X(ROWS_STORED,     COUNTER, "taskfit_rows_stored_total", "", "rows stored") \
    X(STORE_SECONDS,   HISTOGRAM, "taskfit_store_seconds", "", \
      "from sending a batch of rows to its commit") \
    X(STORE_FAILURES,  COUNTER, "taskfit_store_failures_total", "", \
      "batches that the database did not take") \
    X(DATABASE_UP,     GAUGE,   "taskfit_database_up", "", "1: the database is reachable") \
    X(COMMITS,         COUNTER, "taskfit_commits_total", "", "commits of offsets asked for") \
    X(COMMIT_FAILURES, COUNTER, "taskfit_commit_failures_total", "", "commits of offsets refused") \
    X(ASSIGNMENTS,     GAUGE,   "taskfit_partitions", "", "partitions assigned") \
    X(WEBHOOKS,        COUNTER, "taskfit_webhook_deliveries_total", "state", \
      "tries to deliver an event, by what became of them") \
    X(AUDIT_LOST,      COUNTER, "taskfit_audit_rows_lost_total", "", \
      "rows of the audit log that were given up while the database was away") \
    X(HTTP_REQUESTS,   COUNTER, "taskfit_http_requests_total", "status", "requests answered") \
    X(HTTP_SECONDS,    HISTOGRAM, "taskfit_http_seconds", "", "from a request to its reply") \
    X(HTTP_OPEN,       GAUGE,   "taskfit_http_open_requests", "", "requests in hand") \
    X(CONFIG_LOADED,   GAUGE,   "taskfit_config_loaded_timestamp_seconds", "", \
      "when the configuration that holds was loaded, Unix time") \
    X(CONFIG_GOOD,     GAUGE,   "taskfit_config_good", "", \
      "1: the last file that was loaded holds; 0: it was refused, and the one before holds")
// clang-format on

#endif
