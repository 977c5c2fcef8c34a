// A YAML file (libyaml) as a tree of conf nodes.
//
// ${NAME} in a scalar is replaced by the environment variable; one that is not set is an error
// that names file, line and variable. Anchors, tags, several documents, the same key twice and
// nesting deeper than 16 are refused. Everything lives in the arena.
#ifndef TASKFIT_IO_YAML_H
#define TASKFIT_IO_YAML_H

#include "base/conf.h"

bool yaml_read(const char *file, struct conf_node **root, struct arena *arena,
               struct err *err) MUST_CHECK;

#endif
