// What the programs of the bench share: the clock, the report that the driver reads, and client properties.
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STAMP_DIGITS 20 // a latency value begins with this many digits: CLOCK_MONOTONIC in nanoseconds
#define FILLER 16 // and goes on with as many letters x, or more

static inline int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline void sleep_ns(int64_t ns) {
    struct timespec wait = {ns / 1000000000, ns % 1000000000};
    while (nanosleep(&wait, &wait) == -1 && errno == EINTR) {}
}

static inline int64_t parse_stamp(const char *text) {
    int64_t stamp = 0;
    for (int i = 0; i < STAMP_DIGITS; i++) stamp = stamp * 10 + (text[i] - '0');
    return stamp;
}

// The times between produce and arrival, in nanoseconds, with the stamps themselves.
struct latencies {
    int64_t (*pairs)[2];
    size_t count, room;
};

static inline void note_latency(struct latencies *all, int64_t stamp, int64_t now) {
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 65536;
        all->pairs = realloc(all->pairs, all->room * sizeof *all->pairs);
        if (!all->pairs) abort();
    }
    all->pairs[all->count][0] = stamp;
    all->pairs[all->count++][1] = now - stamp;
}

// Tells the driver, by an empty file FOLDER/PID.first, that the first record has arrived.
static inline void tell_first(const char *folder) {
    char path[4096];
    if (!folder) return;
    snprintf(path, sizeof path, "%s/%d.first", folder, getpid());
    FILE *file = fopen(path, "w");
    if (file) fclose(file);
}

// Writes FOLDER/PID.json, and FOLDER/PID.latencies (pairs of native int64) where there are any.
static inline int write_report(const char *folder, int64_t count, int64_t work, int64_t first, int64_t last,
                               const struct latencies *latencies) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.json", folder, getpid());
    FILE *file = fopen(path, "w");
    if (!file) return perror(path), 1;
    fprintf(file, "{\"count\":%" PRId64 ",\"work\":%" PRId64 ",\"first_ns\":%" PRId64 ",\"last_ns\":%" PRId64 "}\n",
            count, work, first, last);
    if (fclose(file) != 0) return perror(path), 1;
    if (!latencies || latencies->count == 0) return 0;
    snprintf(path, sizeof path, "%s/%d.latencies", folder, getpid());
    file = fopen(path, "wb");
    if (!file) return perror(path), 1;
    fwrite(latencies->pairs, sizeof *latencies->pairs, latencies->count, file);
    if (fclose(file) != 0) return perror(path), 1;
    return 0;
}

#ifdef _RDKAFKA_H_
static inline void set_property(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char error[512];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(64);
    }
}

// "name=value", as -X takes it.
static inline void set_assignment(rd_kafka_conf_t *conf, char *text) {
    char *equals = strchr(text, '=');
    if (!equals) {
        fprintf(stderr, "-X %s: there is no '='\n", text);
        exit(64);
    }
    *equals = 0;
    set_property(conf, text, equals + 1);
    *equals = '=';
}

// A consumer of the topic, and its queue, which writes to `wake` when it is no longer empty. Ends the program where it cannot be had.
static inline rd_kafka_t *subscribe(rd_kafka_conf_t *conf, const char *topic, int wake, rd_kafka_queue_t **queue) {
    char error[512];
    static const uint64_t one = 1;
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (!client) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(client, topics)) {
        fprintf(stderr, "cannot subscribe\n");
        exit(1);
    }
    rd_kafka_topic_partition_list_destroy(topics);
    *queue = rd_kafka_queue_get_consumer(client);
    rd_kafka_queue_io_event_enable(*queue, wake, &one, sizeof one);
    return client;
}
#endif
