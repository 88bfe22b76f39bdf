#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Records taken out of librdkafka's queue into blocks of our own memory.
//
// A record is copied here, once, and librdkafka's message with the fetch response behind it is gone before the record is
// looked at. It is C for speed: two calls of librdkafka's and a few copies for each record.
//
// A record lies in a block behind others and is found by its slot. A block counts its live records and is used again
// when there are none; in the steady state nothing is allocated. Where few live records keep many blocks, they are
// moved together: only a slot stays, never an address.
//
// One thread, the service's, for everything here. Memory that the system refuses ends the process, as in Swift.

struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_message_s;
struct crecords_block;

enum {
    // What a record costs beside its bytes: its head and slot here, and what the delivery core keeps of it.
    CRECORDS_HOLDING_COST = 192,
};

enum { CRECORDS_NO_TIMESTAMP = 0, CRECORDS_CREATE_TIME = 1, CRECORDS_APPEND_TIME = 2 };

// The head of a record. Behind it: the table of its headers, its key, its value, the bytes of its headers.
struct crecords_record {
    struct crecords_block *block;  // NULL: an allocation of its own
    int64_t timestamp;             // milliseconds since 1970
    int32_t timestamp_type;        // CRECORDS_*
    int32_t key_size;              // -1: no key
    int32_t value_size;            // -1: no value
    int32_t header_count;          // -1: there are some and they cannot be parsed
    int32_t slot;
    uint32_t size;                 // of all of it, head included
};

// Where a header is: its name, and right behind that its value.
struct crecords_header {
    uint32_t start;      // from the record's head
    uint32_t name_size;
    int32_t value_size;  // -1: null
};

struct crecords_slots {
    // By slot; a free one has a record without key, value and headers. Never NULL.
    struct crecords_record **records;
    int32_t count;
    int32_t capacity;
    // The free ones, the next to be used last.
    int32_t *free;
    int32_t free_count;
};

// What one take brought, valid until the next one.
struct crecords_arrival {
    int64_t offset;
    int32_t slot;
    uint32_t size;  // bytes of key, value and headers, and CRECORDS_HOLDING_COST
};

// Consecutive arrivals of one partition.
struct crecords_run {
    int32_t topic;  // for crecords_topic_name
    int32_t partition;
    uint32_t first;
    uint32_t count;
};

// An error, or the end of a partition.
struct crecords_event {
    uint32_t position;  // how many arrivals were before it
    int32_t error;      // rd_kafka_resp_err_t
    int32_t topic;      // -1: about the whole consumer
    int32_t partition;
    int64_t offset;     // below 0: none
    char *text;         // NULL: none
};

struct crecords_taken {
    struct crecords_arrival *arrivals;
    struct crecords_run *runs;
    struct crecords_event *events;
    uint32_t arrival_count, run_count, event_count;
    uint32_t arrival_capacity, run_capacity, event_capacity;
    uint64_t bytes;       // the sum of the arrivals' sizes
    bool may_have_more;   // the take ended at one of its bounds
};

struct crecords_blocks {
    struct crecords_block *current;            // the one that is being filled, or NULL
    struct crecords_block *oldest, *newest;    // that hold records, but the current one
    struct crecords_block *free, *free_large;  // of standard size, and larger
    size_t mapped_bytes;                       // of all blocks
    size_t free_bytes;
    size_t live_bytes;                         // of the records in blocks
};

struct crecords_topic;

struct crecords_store {
    struct crecords_slots slots;
    struct crecords_taken taken;
    struct crecords_blocks blocks;
    struct crecords_topic *topics;
    int32_t topic_count, topic_capacity;
    // While a take is under way.
    struct rd_kafka_s *client;
    uint32_t max_count;
    uint64_t max_bytes;
    bool values_lie_in_responses;  // this librdkafka has values where the broker's answer has them
    const void *last_topic;
    int32_t last_partition;
};

struct crecords_store *crecords_create(void);
// Frees all, records that are held too. The topics must have been released.
void crecords_destroy(struct crecords_store *store);

// ---- Taking ----

// Takes what waits in the queue, without waiting, up to `max_count` records and events, one at least, and asks for no
// more once `max_bytes` are reached. Where records become larger within the take it goes over that, by no more than
// librdkafka's queue holds. The rest stays in the queue, in order. Fills store->taken.
void crecords_take(
    struct crecords_store *store, struct rd_kafka_s *client, struct rd_kafka_queue_s *queue, uint32_t max_count,
    uint64_t max_bytes);
// The same with one message that came by another way; it stays the caller's.
void crecords_take_message(
    struct crecords_store *store, struct rd_kafka_s *client, struct rd_kafka_message_s *message);

// ---- Putting ----

// A record that does not come from librdkafka. Its memory stays the caller's.
struct crecords_own {
    int64_t timestamp;       // milliseconds since 1970
    int32_t timestamp_type;  // CRECORDS_*
    int32_t key_size;        // -1: no key
    int32_t value_size;      // -1: no value
    int32_t header_count;
    const uint8_t *key, *value;
    const struct crecords_header *headers;  // whose `start` counts from the beginning of `header_bytes`
    const uint8_t *header_bytes;
    size_t header_bytes_size;
};

// Copies the record and holds it; its slot and size are told as those of an arrival, the offset is left alone. False, and
// nothing is held, where it is larger than 4 GiB.
bool crecords_put(
    struct crecords_store *store, const struct crecords_own *own, struct crecords_arrival *arrival);
// Moves the records of sparse blocks together, where the blocks are far larger than what lives in them. A take does so by
// itself; whoever puts calls this once for each bunch.
void crecords_compact(struct crecords_store *store);

// The name of a topic that a run or an event told; lives until the store is destroyed.
const char *crecords_topic_name(const struct crecords_store *store, int32_t topic);
// Gives back what is kept of librdkafka's: before the client is destroyed. Nothing may be taken afterwards.
void crecords_release_topics(struct crecords_store *store);

// ---- Holding ----

static inline int32_t crecords_held_count(const struct crecords_store *store) {
    return store->slots.count - store->slots.free_count;
}

static inline const struct crecords_record *crecords_at(const struct crecords_store *store, int32_t slot) {
    return store->slots.records[slot];
}

// The headers' table of a record.
static inline const struct crecords_header *crecords_headers(const struct crecords_record *record) {
    return (const struct crecords_header *)(record + 1);
}

// Where the key would begin, and behind it the value.
static inline const uint8_t *crecords_bytes(const struct crecords_record *record) {
    size_t headers = record->header_count > 0 ? (size_t)record->header_count : 0;
    return (const uint8_t *)(record + 1) + headers * sizeof(struct crecords_header);
}

// Frees the slots and what they hold; one that holds nothing stays as it is.
void crecords_give_back(struct crecords_store *store, const int32_t *slots, size_t count);
void crecords_give_back_all(struct crecords_store *store);
// Moves a record into an allocation of its own, where it keeps no block.
void crecords_copy_out(struct crecords_store *store, int32_t slot);
