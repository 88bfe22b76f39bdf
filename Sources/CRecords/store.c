#include "internal.h"

#include <stdlib.h>
#include <string.h>

// What a free slot shows: no key, no value, no headers. Never written.
static struct crecords_record nothing = {.key_size = -1, .value_size = -1, .slot = -1, .size = sizeof nothing};

struct crecords_store *crecords_create(void) {
    struct crecords_store *store = crecords_allocate(sizeof *store);
    memset(store, 0, sizeof *store);
    return store;
}

void crecords_destroy(struct crecords_store *store) {
    crecords_give_back_all(store);
    crecords_free_blocks(&store->blocks);
    crecords_forget_topics(store);
    for (uint32_t i = 0; i < store->taken.event_count; i++) { free(store->taken.events[i].text); }
    free(store->taken.arrivals);
    free(store->taken.runs);
    free(store->taken.events);
    free(store->slots.records);
    free(store->slots.free);
    free(store);
}

static void grow(struct crecords_slots *slots) {
    int32_t capacity = slots->capacity == 0 ? 1024 : 2 * slots->capacity;
    slots->records = crecords_reallocate(slots->records, (size_t)capacity * sizeof *slots->records);
    slots->free = crecords_reallocate(slots->free, (size_t)capacity * sizeof *slots->free);
    slots->capacity = capacity;
}

void crecords_hold(struct crecords_slots *slots, struct crecords_record *record) {
    int32_t slot;
    if (slots->free_count > 0) {
        slot = slots->free[--slots->free_count];
    } else {
        if (slots->count == slots->capacity) { grow(slots); }
        slot = slots->count++;
    }
    slots->records[slot] = record;
    record->slot = slot;
}

static void release(struct crecords_store *store, struct crecords_record *record) {
    if (record->block != NULL) {
        crecords_displace(&store->blocks, record);
    } else {
        free(record);
    }
}

void crecords_give_back(struct crecords_store *store, const int32_t *slots, size_t count) {
    struct crecords_slots *table = &store->slots;
    for (size_t i = 0; i < count; i++) {
        if (i + 8 < count) { __builtin_prefetch(table->records[slots[i + 8]], 1); }
        struct crecords_record *record = table->records[slots[i]];
        if (record == &nothing) { continue; }
        table->records[slots[i]] = &nothing;
        table->free[table->free_count++] = slots[i];
        release(store, record);
    }
}

void crecords_give_back_all(struct crecords_store *store) {
    for (int32_t slot = 0; slot < store->slots.count; slot++) { crecords_give_back(store, &slot, 1); }
}

void crecords_copy_out(struct crecords_store *store, int32_t slot) {
    struct crecords_record *record = store->slots.records[slot];
    // What has a block of its own keeps nothing else, and is moved neither.
    if (record->block == NULL) { return; }
    struct crecords_record *copy = crecords_allocate(record->size);
    memcpy(copy, record, record->size);
    copy->block = NULL;
    store->slots.records[slot] = copy;
    crecords_displace(&store->blocks, record);
}
