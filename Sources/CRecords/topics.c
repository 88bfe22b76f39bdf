#include "internal.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

// librdkafka's topic handles as small numbers, so that no string is looked at on a record's path.
struct crecords_topic {
    // Ours, with a reference of its own: an address that nobody holds could come back as another topic. NULL: the
    // handle could not be held, or was given back.
    rd_kafka_topic_t *handle;
    char *name;
};

static int32_t named(const struct crecords_store *store, const char *name) {
    for (int32_t i = 0; i < store->topic_count; i++) {
        if (strcmp(store->topics[i].name, name) == 0) { return i; }
    }
    return -1;
}

// The entry for a handle that none has yet.
static int32_t add(struct crecords_store *store, rd_kafka_topic_t *handle) {
    const char *name = rd_kafka_topic_name(handle);
    // The client has one object for each topic, so this is the same handle with one reference more.
    rd_kafka_topic_t *own = rd_kafka_topic_new(store->client, name, NULL);
    if (own != NULL && own != handle) {
        rd_kafka_topic_destroy(own);
        own = NULL;
    }
    int32_t known = named(store, name);
    if (known >= 0 && store->topics[known].handle == NULL) {
        store->topics[known].handle = own;
        return known;
    }
    if (store->topic_count == store->topic_capacity) {
        store->topic_capacity = store->topic_capacity == 0 ? 8 : 2 * store->topic_capacity;
        store->topics = crecords_reallocate(store->topics, (size_t)store->topic_capacity * sizeof *store->topics);
    }
    char *copy = crecords_allocate(strlen(name) + 1);
    strcpy(copy, name);
    store->topics[store->topic_count] = (struct crecords_topic){.handle = own, .name = copy};
    return store->topic_count++;
}

int32_t crecords_topic(struct crecords_store *store, rd_kafka_topic_t *handle) {
    // Once a run of records.
    for (int32_t i = 0; i < store->topic_count; i++) {
        if (store->topics[i].handle == handle) { return i; }
    }
    return add(store, handle);
}

const char *crecords_topic_name(const struct crecords_store *store, int32_t topic) {
    return store->topics[topic].name;
}

void crecords_release_topics(struct crecords_store *store) {
    for (int32_t i = 0; i < store->topic_count; i++) {
        if (store->topics[i].handle != NULL) { rd_kafka_topic_destroy(store->topics[i].handle); }
        store->topics[i].handle = NULL;
    }
}

void crecords_forget_topics(struct crecords_store *store) {
    for (int32_t i = 0; i < store->topic_count; i++) { free(store->topics[i].name); }
    free(store->topics);
}
