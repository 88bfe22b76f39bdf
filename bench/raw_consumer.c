// The ceiling: a consumer in C that takes records in batches and adds up the lengths of their values.
//
//   raw_consumer -b BROKERS -t TOPIC -g GROUP -r FOLDER -n COUNT [-X name=value]... [-l]
//
// Ends after COUNT records and writes the report into FOLDER. -l: values begin with a stamp; note the latencies.
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "bench.h"

#define BATCH 1000

int main(int argc, char **argv) {
    const char *topic = NULL, *folder = ".";
    int64_t wanted = INT64_MAX, count = 0, work = 0, first = 0, last = 0;
    int option, stamped = 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set_property(conf, "auto.offset.reset", "earliest");
    while ((option = getopt(argc, argv, "b:t:g:r:n:X:l")) != -1) switch (option) {
        case 'b': set_property(conf, "bootstrap.servers", optarg); break;
        case 't': topic = optarg; break;
        case 'g': set_property(conf, "group.id", optarg); break;
        case 'r': folder = optarg; break;
        case 'n': wanted = atoll(optarg); break;
        case 'X': set_assignment(conf, optarg); break;
        case 'l': stamped = 1; break;
        default: return 64;
        }
    if (!topic) return fprintf(stderr, "-t is missing\n"), 64;
    // A take with a time-out waits all of it unless the batch becomes full: wait on the descriptor, take with 0.
    int wake = eventfd(0, EFD_NONBLOCK);
    rd_kafka_queue_t *queue;
    rd_kafka_t *client = subscribe(conf, topic, wake, &queue);
    static rd_kafka_message_t *records[BATCH];
    struct latencies latencies = {0};
    while (count < wanted) {
        ssize_t taken = rd_kafka_consume_batch_queue(queue, 0, records, BATCH);
        if (taken <= 0) {
            struct pollfd ready = {wake, POLLIN, 0};
            uint64_t ignored;
            if (poll(&ready, 1, 100) > 0 && read(wake, &ignored, sizeof ignored) < 0) perror("eventfd");
            continue;
        }
        int64_t now = now_ns();
        for (ssize_t i = 0; i < taken; i++) {
            rd_kafka_message_t *record = records[i];
            if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                if (count++ == 0) first = now, tell_first(folder);
                work += record->len;
                if (stamped && record->len >= STAMP_DIGITS) note_latency(&latencies, parse_stamp(record->payload), now);
            } else if (record->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                fprintf(stderr, "%s\n", rd_kafka_message_errstr(record));
            }
            rd_kafka_message_destroy(record);
        }
        last = now_ns();
    }
    int status = write_report(folder, count, work, first, last, &latencies);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return status;
}
