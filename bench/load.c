// Fills a topic, or produces at a rate.
//
//   load -b BROKERS -t TOPIC -p PARTITIONS -n COUNT -s SIZE -k text|json|binary [-m BATCH]
//   load -b BROKERS -t TOPIC[,TOPIC...] -p PARTITIONS -n COUNT -s SIZE -R RECORDS_PER_SECOND [-L LINGER_MS]
//
// Filling writes to each partition in turn, BATCH records (default 1,000) at a time, and checks at the end that every
// partition still has its first record and as many as were written: the embedded broker keeps 5 MB of each.
// With -R each value begins with a stamp (bench.h), records are written one by one to the topics and their partitions
// in turn and sent at once, or after the linger; 0 is as fast as the broker takes them. Prints "first_ns last_ns" of what it produced.
#include <librdkafka/rdkafka.h>

#include "bench.h"

#define MAX_TOPICS 16

static int64_t failures;

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *record, void *opaque) {
    (void)client, (void)opaque;
    if (record->err && failures++ == 0) fprintf(stderr, "%s\n", rd_kafka_err2str(record->err));
}

// xorshift: the same bytes in each run.
static uint32_t next_random(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state;
}

// A value of about `size` bytes; the length of it is returned.
static size_t make_value(char *value, size_t size, char kind, int64_t number) {
    if (kind == 'b') {
        for (size_t i = 0; i < size; i++) value[i] = (char)next_random();
        value[0] = (char)0xff; // never valid UTF-8
        return size;
    }
    size_t used = 0;
    if (kind == 'j')
        used = (size_t)snprintf(
            value, size + 1,
            "{\"n\":%lld,\"customer\":\"c-%u\",\"total\":%u.%02u,\"paid\":true,\"items\":[%u,%u],\"note\":\"",
            (long long)number % 1000, next_random() % 100000, next_random() % 1000, next_random() % 100,
            next_random() % 1000, next_random() % 1000);
    else
        used = (size_t)snprintf(value, size + 1, "%lld ", (long long)number);
    if (used > size) used = size;
    size_t tail = kind == 'j' ? 2 : 0;
    while (used + tail < size) {
        value[used] = used % 7 == 6 ? ' ' : (char)('a' + next_random() % 26);
        used++;
    }
    if (kind == 'j') memcpy(value + used, "\"}", 2), used += 2;
    return used;
}

static void produce(rd_kafka_t *client, const char *topic, int partition, const char *value, size_t length) {
    for (;;) {
        rd_kafka_resp_err_t error = rd_kafka_producev(
            client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_VALUE((void *)value, length),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (!error) return;
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            fprintf(stderr, "%s\n", rd_kafka_err2str(error));
            exit(1);
        }
        rd_kafka_poll(client, 10);
    }
}

static void produce_at_rate(rd_kafka_t *client, char *names, int partitions, int64_t count, size_t size, double rate) {
    const char *topics[MAX_TOPICS];
    int topic_count = 0;
    for (char *name = strtok(names, ","); name && topic_count < MAX_TOPICS; name = strtok(NULL, ","))
        topics[topic_count++] = name;
    if (size < STAMP_DIGITS + FILLER) size = STAMP_DIGITS + FILLER;
    char *value = malloc(size + 1);
    memset(value, 'x', size);
    int64_t start = now_ns(), now = start;
    for (int64_t i = 0; i < count; i++) {
        if (rate > 0) {
            int64_t due = start + (int64_t)(i * 1e9 / rate);
            while ((now = now_ns()) < due) sleep_ns(due - now);
        }
        char stamp[STAMP_DIGITS + 1];
        snprintf(stamp, sizeof stamp, "%0*" PRId64, STAMP_DIGITS, now_ns());
        memcpy(value, stamp, STAMP_DIGITS);
        produce(client, topics[i % topic_count], (int)(i / topic_count % partitions), value, size);
        if (i % 64 == 0 || rate < 10000) rd_kafka_poll(client, 0);
    }
    printf("%" PRId64 " %" PRId64 "\n", start, now_ns());
    free(value);
}

int main(int argc, char **argv) {
    char *topic = NULL, *linger = "0";
    int64_t count = 0, batch = 1000;
    int partitions = 1, option, status = 0;
    size_t size = 100;
    char kind = 't', error[512];
    double rate = -1;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set_property(conf, "queue.buffering.max.messages", "200000");
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    while ((option = getopt(argc, argv, "b:t:p:n:s:k:m:R:L:X:")) != -1) switch (option) {
        case 'b': set_property(conf, "bootstrap.servers", optarg); break;
        case 't': topic = optarg; break;
        case 'p': partitions = atoi(optarg); break;
        case 'n': count = atoll(optarg); break;
        case 's': size = (size_t)atoll(optarg); break;
        case 'k': kind = *optarg; break;
        case 'm': batch = atoll(optarg); break;
        case 'R': rate = atof(optarg); break;
        case 'L': linger = optarg; break;
        case 'X': set_assignment(conf, optarg); break;
        default: return 64;
        }
    if (!topic || partitions < 1 || batch < 1) return fprintf(stderr, "-t, -p or -m is wrong\n"), 64;
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, batch);
    set_property(conf, "batch.num.messages", number);
    set_property(conf, "linger.ms", rate >= 0 ? linger : "100");
    set_property(conf, "message.max.bytes", "5000000");
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (!client) return fprintf(stderr, "%s\n", error), 1;
    if (rate >= 0) {
        produce_at_rate(client, topic, partitions, count, size, rate);
    } else {
        char *value = malloc(size + 512);
        for (int64_t i = 0; i < count; i++)
            produce(client, topic, (int)(i / batch % partitions), value, make_value(value, size, kind, i));
        free(value);
    }
    if (rd_kafka_flush(client, 60000) || failures) {
        fprintf(stderr, "%" PRId64 " records were not written\n", failures + rd_kafka_outq_len(client));
        return 1;
    }
    int64_t total = 0;
    for (int partition = 0; partition < partitions && rate < 0; partition++) {
        int64_t low = -1, high = -1;
        if (rd_kafka_query_watermark_offsets(client, topic, partition, &low, &high, 10000) || low != 0) {
            fprintf(stderr, "partition %d begins at %" PRId64 ": it does not hold what was written\n", partition, low);
            status = 1;
        }
        total += high;
    }
    if (rate < 0 && total != count) {
        fprintf(stderr, "%" PRId64 " records of %" PRId64 " are there\n", total, count);
        status = 1;
    }
    rd_kafka_destroy(client);
    return status;
}
