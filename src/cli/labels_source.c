#include "cli/labels_source.h"

#include <sysexits.h>

#include "cli/batch.h"
#include "fleet/config_certificate.h"
#include "io/pg_session.h"

// Where labels go.
struct target {
    struct labels *labels;
    struct arena *arena;
};

bool labels_source_check(const struct labels_source *source, struct err *err) {
    if (source->from == NULL && source->path == NULL) {
        return err_exit(err, EX_USAGE, "--path is missing: whose labelled jobs; or --from, a file "
                        "with labelled answers");
    }
    return source->from == NULL || (source->batch == NULL && !source->all) ||
           err_exit(err, EX_USAGE, "--batch and --all-labels are about jobs of the database, and "
                    "--from names a file");
}

const char *labels_source_name(const struct labels_source *source, struct arena *arena) {
    return source->from ? source->from
                        : arena_printf(arena, "path '%s'", source->path).at;
}

// Answers whose file does not say are those of the models and prompts that the path has now.
static bool add_versions(const struct config *config, const struct config_path *path,
                         struct labels *labels, struct err *err) {
    for (uint32_t i = 0; i < labels->cascade.tier_count; i++) {
        const char *tier = labels->cascade.tiers[i].name;
        if (path_tier_index(&path->policy, slice_of(tier)) < 0) {
            return err_exit(err, EX_DATAERR, "the path '%s' does not lead through tier '%s'",
                            path->policy.name, tier);
        }
        if (labels->models[i].count == 0) {
            config_tier_versions(config_tier_find(config, slice_of(tier)), &labels->models[i],
                                 &labels->prompts[i]);
        }
    }
    return true;
}

static bool read_stored(const struct labels_source *source, const struct labels_wanted *wanted,
                        struct pg_session *session, struct target *target, struct err *err) {
    struct labels_wanted of = *wanted;
    struct batch batch;
    if (source->batch) {
        if (!batch_find(session, source->batch, target->arena, &batch, err)) {
            return false;
        }
        of.batch = &batch.id;
    }
    return labels_stored(&of, session, target->arena, target->labels, err);
}

int labels_source_read(const struct labels_source *source, struct arena *arena,
                       struct labels *labels) {
    struct labels_wanted wanted = {.tiers = source->tiers, .all = source->all,
                                   .facts = source->facts, .words = source->words,
                                   .field = source->field};
    struct target target = {labels, arena};
    struct config *config = NULL;
    struct pg_session *session;
    struct err err;
    int status = source->path ? cli_config(&config) : EX_OK;
    wanted.config = config;
    if (status == EX_OK && config && !cli_path(config, source->path, &wanted.path, &err)) {
        return cli_fail(&err);
    }
    if (status == EX_OK && source->from) {
        bool ok = labels_read(source->from, source->tiers, arena, labels, &err) &&
                  (config == NULL || add_versions(config, wanted.path, labels, &err));
        return ok ? EX_OK : cli_fail(&err);
    }
    status = status == EX_OK ? cli_database(&session) : status;
    if (status == EX_OK) {
        status = read_stored(source, &wanted, session, &target, &err) ? EX_OK : cli_fail(&err);
        pg_session_close(session);
    }
    return status;
}
