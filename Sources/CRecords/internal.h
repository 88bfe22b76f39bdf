#pragma once

#include "crecords.h"

struct crecords_block {
    struct crecords_block *previous, *next;
    size_t size;  // of the mapping, this head included
    size_t used;
    size_t live_bytes;
    uint32_t live_count;
};

// Memory or the end of the process.
void *crecords_allocate(size_t size);
void *crecords_reallocate(void *memory, size_t size);

// Room for a record of `size` bytes, head included, in a block, whose counts it enters. Aligned to 8 bytes.
struct crecords_record *crecords_place(struct crecords_blocks *blocks, uint32_t size);
// Takes the record out of its block's counts, and the block out of use where it was the last one.
void crecords_displace(struct crecords_blocks *blocks, struct crecords_record *record);
void crecords_free_blocks(struct crecords_blocks *blocks);

// A slot for the record, which learns it.
void crecords_hold(struct crecords_slots *slots, struct crecords_record *record);

struct rd_kafka_topic_s;

// The number of a topic of the client that is being taken from.
int32_t crecords_topic(struct crecords_store *store, struct rd_kafka_topic_s *handle);
void crecords_forget_topics(struct crecords_store *store);
