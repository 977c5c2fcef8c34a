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
    static const struct {
        const char *end, *type;
    } types[] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".html", "text/html; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');
    size_t last = sizeof(types) / sizeof(types[0]) - 1, i = 0;
    while (i < last && strcmp(dot, types[i].end) != 0) {
        i++;
    }
    return types[i].type;
}

// The path is one of the table of routes.
void dashboard_get(struct call *call) {
    const char *path = call->route->path;
    const char *name = strcmp(path, "/") == 0         ? "dashboard.html"
                       : strcmp(path, "/review") == 0 ? "review.html"
                                                      : path + 1;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(pages[i].name, name) == 0) {
            call_reply_page(call, type_of(name), slice_of(pages[i].text));
            return;
        }
    }
    call_not_found(call, "page", NULL);
}
