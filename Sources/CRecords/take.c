#include "internal.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

// One more element of an array that grows.
#define APPEND(array, count, capacity)                                                    \
    ((count) == (capacity)                                                                \
         ? ((capacity) = (capacity) == 0 ? 1024 : 2 * (capacity),                         \
            (array) = crecords_reallocate((array), (size_t)(capacity) * sizeof *(array))) \
         : NULL,                                                                          \
     &(array)[(count)++])

enum {
    MESSAGES_AT_ONCE = 256,
    // Where only the last take tells how large they may be.
    FIRST_MESSAGES = 16,
};

// The headers of a message, as librdkafka parses them.
struct parsed {
    rd_kafka_headers_t *list;
    size_t count;
    size_t bytes;
    bool are_damaged;
};

// Whether the message has no headers for sure. To answer that, librdkafka allocates a reader for each record of the
// current format, the largest cost of a take. There the count of the headers is a varint right behind the value, in the response that the
// value is read from in place (KIP-98, rdkafka_msgset_reader.c); in older formats there are no headers, and any byte.
//
// Only for versions where that was looked up, and within a page of the value's last byte, which can be read whatever it
// is. An empty value is not in the response.
__attribute__((no_sanitize("address"))) static bool has_surely_no_headers(
    const struct crecords_store *store, const rd_kafka_message_t *message) {
    if (!store->values_lie_in_responses || message->payload == NULL || message->len == 0) { return false; }
    const volatile uint8_t *behind = (const uint8_t *)message->payload + message->len;
    return ((uintptr_t)behind & 4095) != 0 && *behind == 0;
}

static struct parsed parse(const struct crecords_store *store, const rd_kafka_message_t *message) {
    struct parsed parsed = {0};
    if (has_surely_no_headers(store, message)) { return parsed; }
    rd_kafka_resp_err_t error = rd_kafka_message_headers(message, &parsed.list);
    if (error == RD_KAFKA_RESP_ERR__NOENT) { return parsed; }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        parsed.are_damaged = true;
        return parsed;
    }
    const char *name;
    const void *value;
    size_t size;
    while (rd_kafka_header_get_all(parsed.list, parsed.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        parsed.bytes += strlen(name) + (value != NULL ? size : 0);
        parsed.count += 1;
    }
    return parsed;
}

static void copy_headers(struct crecords_record *record, const struct parsed *parsed, uint32_t start) {
    struct crecords_header *table = (struct crecords_header *)(record + 1);
    const char *name;
    const void *value;
    size_t size;
    for (size_t i = 0; i < parsed->count; i++) {
        if (rd_kafka_header_get_all(parsed->list, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) { break; }
        table[i].start = start;
        table[i].name_size = (uint32_t)strlen(name);
        table[i].value_size = value != NULL ? (int32_t)size : -1;
        memcpy((uint8_t *)record + start, name, table[i].name_size);
        start += table[i].name_size;
        if (value == NULL) { continue; }
        memcpy((uint8_t *)record + start, value, size);
        start += (uint32_t)size;
    }
}

// A number of the message's topic, -1 where it has none.
static int32_t topic_of(struct crecords_store *store, const rd_kafka_message_t *message) {
    return message->rkt != NULL && message->partition >= 0 ? crecords_topic(store, message->rkt) : -1;
}

static void enter_run(struct crecords_store *store, const rd_kafka_message_t *message) {
    struct crecords_taken *taken = &store->taken;
    if (taken->run_count == 0 || message->rkt != store->last_topic || message->partition != store->last_partition) {
        struct crecords_run run = {
            .topic = topic_of(store, message), .partition = message->partition, .first = taken->arrival_count};
        *APPEND(taken->runs, taken->run_count, taken->run_capacity) = run;
        store->last_topic = message->rkt;
        store->last_partition = message->partition;
    }
    taken->runs[taken->run_count - 1].count += 1;
}

static void accept_record(struct crecords_store *store, const rd_kafka_message_t *message) {
    struct parsed parsed = parse(store, message);
    size_t key_size = message->key != NULL ? message->key_len : 0;
    size_t value_size = message->payload != NULL ? message->len : 0;
    size_t table = parsed.count * sizeof(struct crecords_header);
    size_t size = sizeof(struct crecords_record) + table + key_size + value_size + parsed.bytes;
    if (size > UINT32_MAX) {
        // More than Kafka's own limit for a record, of nothing but headers.
        parsed = (struct parsed){.are_damaged = true};
        table = 0;
        size = sizeof(struct crecords_record) + key_size + value_size;
    }
    struct crecords_record *record = crecords_place(&store->blocks, (uint32_t)size);
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    record->timestamp = rd_kafka_message_timestamp(message, &type);
    record->timestamp_type = type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? CRECORDS_CREATE_TIME
                             : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? CRECORDS_APPEND_TIME
                                                                          : CRECORDS_NO_TIMESTAMP;
    record->key_size = message->key != NULL ? (int32_t)key_size : -1;
    record->value_size = message->payload != NULL ? (int32_t)value_size : -1;
    record->header_count = parsed.are_damaged ? -1 : (int32_t)parsed.count;
    uint8_t *bytes = (uint8_t *)(record + 1) + table;
    if (key_size > 0) { memcpy(bytes, message->key, key_size); }
    if (value_size > 0) { memcpy(bytes + key_size, message->payload, value_size); }
    if (parsed.count > 0) { copy_headers(record, &parsed, (uint32_t)(size - parsed.bytes)); }
    crecords_hold(&store->slots, record);
    enter_run(store, message);
    struct crecords_taken *taken = &store->taken;
    uint64_t counted = key_size + value_size + parsed.bytes + CRECORDS_HOLDING_COST;
    *APPEND(taken->arrivals, taken->arrival_count, taken->arrival_capacity) = (struct crecords_arrival){
        .offset = message->offset,
        .slot = record->slot,
        .size = counted > UINT32_MAX ? UINT32_MAX : (uint32_t)counted,
    };
    taken->bytes += counted;
}

// An error comes as a message whose payload is its text.
static void accept_event(struct crecords_store *store, const rd_kafka_message_t *message) {
    struct crecords_taken *taken = &store->taken;
    const char *text = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? NULL : rd_kafka_message_errstr(message);
    char *copy = NULL;
    if (text != NULL) {
        copy = crecords_allocate(strlen(text) + 1);
        strcpy(copy, text);
    }
    struct crecords_event event = {
        .position = taken->arrival_count,
        .error = message->err,
        .topic = topic_of(store, message),
        .partition = message->partition,
        .offset = message->offset,
        .text = copy,
    };
    *APPEND(taken->events, taken->event_count, taken->event_capacity) = event;
}

static void accept_message(struct crecords_store *store, const rd_kafka_message_t *message) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->rkt != NULL) {
        accept_record(store, message);
    } else {
        accept_event(store, message);
    }
}

static void begin(struct crecords_store *store, rd_kafka_t *client, uint32_t max_count, uint64_t max_bytes) {
    struct crecords_taken *taken = &store->taken;
    for (uint32_t i = 0; i < taken->event_count; i++) { free(taken->events[i].text); }
    taken->arrival_count = taken->run_count = taken->event_count = 0;
    taken->bytes = 0;
    taken->may_have_more = false;
    store->client = client;
    int version = rd_kafka_version();
    store->values_lie_in_responses = version >= 0x02000200 && version < 0x02110000;
    store->max_count = max_count;
    store->max_bytes = max_bytes;
    // A handle is compared only within a take: between two of them it may be freed and come back as another topic.
    store->last_topic = NULL;
    store->last_partition = -1;
    crecords_compact(store);
}

// How many messages are asked for at once: what was asked for cannot be put back, so no more than fit the bytes that are
// left if they are as large as the largest that came just before, and one where none did.
static size_t next_count(const struct crecords_store *store, uint64_t largest) {
    const struct crecords_taken *taken = &store->taken;
    uint64_t count = store->max_count - taken->arrival_count - taken->event_count;
    uint64_t fitting = largest == 0 ? 1 : (store->max_bytes - taken->bytes) / largest;
    uint64_t most = taken->arrival_count == 0 ? FIRST_MESSAGES : MESSAGES_AT_ONCE;
    if (count > fitting) { count = fitting; }
    if (count > most) { count = most; }
    return count > 0 ? (size_t)count : 1;
}

void crecords_take(
    struct crecords_store *store, rd_kafka_t *client, rd_kafka_queue_t *queue, uint32_t max_count, uint64_t max_bytes) {
    struct crecords_taken *taken = &store->taken;
    // The mean of the last take to begin with.
    uint64_t largest = taken->arrival_count > 0 ? taken->bytes / taken->arrival_count : 0;
    begin(store, client, max_count, max_bytes);
    rd_kafka_message_t *messages[MESSAGES_AT_ONCE];
    // Not rd_kafka_consume_callback_queue, which has the whole queue out while it runs (docs/decisions/0012).
    do {
        size_t wanted = next_count(store, largest);
        ssize_t count = rd_kafka_consume_batch_queue(queue, 0, messages, wanted);
        for (ssize_t i = 0; i < count; i++) {
            uint64_t before = taken->bytes;
            accept_message(store, messages[i]);
            rd_kafka_message_destroy(messages[i]);
            if (taken->bytes - before > largest) { largest = taken->bytes - before; }
        }
        // Fewer than wanted is not the end: what is outdated is dropped from what was found.
        if (count <= 0 || ((size_t)count < wanted && rd_kafka_queue_length(queue) == 0)) { return; }
    } while (taken->arrival_count + taken->event_count < max_count && taken->bytes < max_bytes);
    taken->may_have_more = true;
}

void crecords_take_message(struct crecords_store *store, rd_kafka_t *client, rd_kafka_message_t *message) {
    begin(store, client, UINT32_MAX, UINT64_MAX);
    accept_message(store, message);
}
