// Memory that is there or ends the process.
//
// Out of memory aborts here and nowhere else: the supervisor starts the program again, the topic
// still holds the work, and a thousand untested NULL paths are not written. Sizes are in bytes;
// what these return is freed with mem_free.
#ifndef TASKFIT_BASE_MEM_H
#define TASKFIT_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *old, size_t size);
void *mem_copy(const void *from, size_t size);
char *mem_string(const char *text);
void mem_free(void *memory);
void mem_trim(void);  // gives free memory back to the system; takes tens of milliseconds for much

// An array of count elements, zeroed; a product that overflows aborts too.
void *mem_array(size_t count, size_t size);

#endif
