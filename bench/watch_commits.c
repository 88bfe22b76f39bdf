// Notes when a group's committed offset of partition 0 changes.
//
//   watch_commits -b BROKERS -t TOPIC -g GROUP -o FILE
//
// Asks every 5 ms without joining the group, and writes "NANOSECONDS OFFSET" (CLOCK_MONOTONIC) into FILE for each
// change, until it is ended.
#include <librdkafka/rdkafka.h>

#include "bench.h"

int main(int argc, char **argv) {
    const char *topic = "", *path = "/dev/stdout";
    int option;
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    while ((option = getopt(argc, argv, "b:t:g:o:")) != -1) switch (option) {
        case 'b': set_property(conf, "bootstrap.servers", optarg); break;
        case 't': topic = optarg; break;
        case 'g': set_property(conf, "group.id", optarg); break;
        case 'o': path = optarg; break;
        default: return 64;
        }
    FILE *file = fopen(path, "w");
    if (!file) return perror(path), 1;
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (!client) return fprintf(stderr, "%s\n", error), 1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0);
    for (int64_t known = -1;; sleep_ns(5000000)) {
        rd_kafka_resp_err_t failure = rd_kafka_committed(client, list, 5000);
        if (failure || list->elems[0].err || list->elems[0].offset < 0 || list->elems[0].offset == known) continue;
        known = list->elems[0].offset;
        fprintf(file, "%" PRId64 " %" PRId64 "\n", now_ns(), known);
        fflush(file);
    }
}
