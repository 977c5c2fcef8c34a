#include "gateway/dashboard.h"

#include "gateway/call.h"

static const struct {
    const char *name, *text;
} pages[] = {
#define PAGE(name, text) {name, text},
#include "pages.h"
#undef PAGE
};

static const char *type_of(const char *name) {
    const char *dot = strrchr(name, '.');
    if (strcmp(dot, ".css") == 0) {
        return "text/css; charset=utf-8";
    }
    return strcmp(dot, ".js") == 0 ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8";
}

// The path is one of the table of routes.
void dashboard_get(struct call *call) {
    const char *path = call->route->path;
    const char *name = strcmp(path, "/") == 0 ? "dashboard.html" : path + 1;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(pages[i].name, name) == 0) {
            call_reply_page(call, type_of(name), slice_of(pages[i].text));
            return;
        }
    }
    call_not_found(call, "page", NULL);
}
