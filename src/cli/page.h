// Text for people: headings, and fields with their labels, wrapped to the screen.
//
//     hop 1: mid, by mini@2026-08
//       answer       {"tax":"CGST_SGST"}
//       because      rule.tax_type  the states are the same, so the tax is CGST and SGST in equal
//                                   halves
#ifndef TASKFIT_CLI_PAGE_H
#define TASKFIT_CLI_PAGE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "job/attachment.h"

enum { PAGE_INDENT = 2, PAGE_LABEL = 12, PAGE_VALUE_BYTES = 4000 };

struct page {
    FILE *out;
    unsigned width;  // of the screen; 0: any
    bool bold;       // headings stand out on a terminal
    bool begun;
    struct arena *arena;
    struct buf text;  // of the field that is being made
};

void page_init(struct page *page, FILE *out, struct arena *arena);
void page_fini(struct page *page);

// Every heading but the first has an empty line before it.
void page_heading(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
// label "": the field goes on. Text becomes one line, fit for a terminal, and then is wrapped.
void page_field(struct page *page, const char *label, struct slice text);
// A field of what is in page->text, which is then empty.
void page_flush(struct page *page, const char *label);
// A name and what it means, in columns: the names take `names` of them. label NULL: no room for
// one.
void page_pair(struct page *page, const char *label, struct slice name, unsigned names,
               struct slice text);
// Text to its last byte, on a line of its own; on a terminal as one that is fit for it, wrapped.
void page_exact(struct page *page, struct slice text);
// A field for each: its place, name, type, and size or address.
void page_attachments(struct page *page, const struct attachment *attachments, uint32_t count);
// A JSON object with a field for each member; any other JSON is one field.
void page_json(struct page *page, struct slice json);

#endif
