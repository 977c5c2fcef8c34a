// The parts of the configuration, each read by its own file; for config*.c only.
//
// Each reads its node into config and its arena; what a failure leaves is freed by config_release.
// Each reference writes the part's tables as Markdown.
#ifndef TASKFIT_FLEET_CONFIG_PARTS_H
#define TASKFIT_FLEET_CONFIG_PARTS_H

#include "base/buf.h"
#include "base/conf.h"
#include "fleet/config.h"

// In this order: a part may look at those before it.
bool config_models_read(struct config *config, const struct conf_node *models,
                        struct err *err) MUST_CHECK;
bool config_tiers_read(struct config *config, const struct conf_node *tiers,
                       struct err *err) MUST_CHECK;
bool config_lanes_read(struct config *config, const struct conf_node *lanes,
                       struct err *err) MUST_CHECK;
bool config_paths_read(struct config *config, const struct conf_node *paths,
                       struct err *err) MUST_CHECK;
bool config_gateway_read(struct config *config, const struct conf_node *gateway,
                         struct err *err) MUST_CHECK;
bool config_attachments_read(struct config *config, const struct conf_node *attachments,
                             struct err *err) MUST_CHECK;
void config_attachments_reference(FILE *out);
void config_models_reference(FILE *out);
void config_tiers_reference(FILE *out);
void config_paths_reference(FILE *out);
void config_gateway_reference(FILE *out);

// Of a model: what is added to its requests; and its price, limits and retries, which `node` holds
// as maps.
bool config_extra_read(struct config *config, const struct conf_node *extra, struct model *model,
                       struct err *err) MUST_CHECK;
bool config_bounds_read(struct config *config, const struct conf_node *node, struct model *model,
                        struct err *err) MUST_CHECK;
void config_bounds_reference(FILE *out);

// The path's lane; node NULL: none is named.
bool config_lane_of_path(struct config *config, const struct conf_node *node, struct path *path,
                         struct err *err) MUST_CHECK;

// The certificate that node names: its thresholds and calibrations, and the order of its tiers.
bool config_certificate_read(struct config *config, const struct conf_node *node,
                             struct config_path *path, struct err *err) MUST_CHECK;

// Sets text and version of the path's policy from all that it is made of.
void config_policy_seal(struct config *config, struct config_path *path);

// --- what parts share

// The value of key, or map itself where it is absent: what an error is said about.
const struct conf_node *config_at(const struct conf_node *map, const char *key);

// host:port; node is what an error is said about.
bool config_listen_check(const struct conf_node *node, const char *listen,
                         struct err *err) MUST_CHECK;

// Letters, digits and the characters of `also`, 1 to `most` of them; `what` names it in the error.
struct config_naming {
    const char *what, *also;
    size_t most;
};
bool config_name_check(const struct config_naming *naming, const struct conf_node *node,
                       const char *name, struct err *err) MUST_CHECK;

// "…; did you mean 'x'?" or nothing, in the arena.
const char *config_hint(struct config *config, const char *name, const char *const *names,
                        size_t count);

// A list of texts that are not empty and not twice the same.
bool config_texts(struct config *config, const struct conf_node *list, const char *const **texts,
                  uint32_t *count, struct err *err) MUST_CHECK;

// Says that there is no model of the name that node holds, and which one may be meant.
bool config_no_model(struct config *config, const struct conf_node *node,
                     struct err *err) MUST_CHECK;

size_t config_children(const struct conf_node *node);

enum { CONFIG_PROGRAM_BYTES = 256 << 10, CONFIG_LABELS_MOST = 10000 };

#endif
