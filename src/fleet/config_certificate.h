// What a certificate is held against.
#ifndef TASKFIT_FLEET_CONFIG_CERTIFICATE_H
#define TASKFIT_FLEET_CONFIG_CERTIFICATE_H

#include "fleet/config.h"
#include "quality/certificate.h"

// The configuration without its certificates, to make new ones: no threshold of their paths is
// reached.
bool config_load_to_tune(const char *file, struct config **config, struct err *err) MUST_CHECK;

// The models that the tier's jobs are called with (none of weight 0), and their prompts.
void config_tier_versions(const struct config_tier *tier, struct certificate_versions *models,
                          struct certificate_versions *prompts);

// May this tier's models answer for the path's certificate? Yes where there is none, or it leaves
// the tier out. EX_CONFIG names what differs.
bool config_certificate_fits(const struct path *path, const struct config_tier *tier,
                             struct err *err) MUST_CHECK;

#endif
