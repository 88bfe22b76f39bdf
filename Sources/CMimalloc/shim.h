#pragma once

#include <mimalloc.h>

// How long memory that was freed is kept before it goes back to the system, in milliseconds, where the environment
// (MIMALLOC_...) does not say it. Before other threads start.
static inline void cmimalloc_keep_freed(long milliseconds) {
#if MI_MALLOC_VERSION >= 210
    mi_option_set_default(mi_option_purge_delay, milliseconds);
#else
    mi_option_set_default(mi_option_decommit_delay, milliseconds);
#endif
}
