#pragma once
#include <stdint.h>

/// How many blocks of memory the process has asked for since it began; one that is made larger counts again.
uint64_t allocations_so_far(void);

/// Marks for a profiler, which do nothing: the counted work lies between the two calls (callgrind's --zero-before and
/// --dump-before name them).
void counted_work_begins(void);
void counted_work_ends(void);
