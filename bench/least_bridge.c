// The least that any bridge must do: a few lines of C between a consumer and handlers, with the frames of ackpipe.
//
//   least_bridge -b BROKERS -t TOPIC -g GROUP -n COUNT [-w WINDOW] [-W WORKERS] [-X name=value]... -- HANDLER [ARG...]
//
// One thread, one record a frame, at most WINDOW (1024) unanswered at each of WORKERS (1); ends after COUNT answers. It
// counts answers and looks at none, escapes nothing, commits nothing and survives nothing: what it does not reach, no
// bridge over these pipes reaches.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "bench.h"

#define BATCH 1000
#define WORKERS 64
#define EARLY (32 << 10) // bytes after which is written while more is being encoded
#define PUT(text) put(worker, text, sizeof text - 1)

static struct worker {
    char *out, in[1 << 16];
    size_t out_used, out_done, in_used;
    int to_handler, from_handler, outstanding, ready, full;
} workers[WORKERS];
static int epoll, worker_count = 1, window = 1024;
static int64_t answered;

static void watch(int descriptor, uint32_t events, int operation, uint32_t token) {
    struct epoll_event event = {.events = events, .data.u32 = token};
    if (epoll_ctl(epoll, operation, descriptor, &event)) perror("epoll_ctl"), exit(1);
}

static void put(struct worker *worker, const char *text, size_t length) {
    memcpy(worker->out + worker->out_used, text, length);
    worker->out_used += length;
}

static void put_number(struct worker *worker, int64_t number) {
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + number % 10); while (number /= 10);
    put(worker, digits + at, sizeof digits - at);
}

static void put_bytes(struct worker *worker, const void *bytes, size_t length) {
    if (!bytes) {
        PUT("null");
        return;
    }
    PUT("\"");
    put(worker, bytes, length);
    PUT("\"");
}

static void put_record(struct worker *worker, int64_t id, const rd_kafka_message_t *record, const char *topic) {
    size_t start = worker->out_used;
    worker->out_used += 4;
    PUT("{\"type\":\"message\",\"id\":");
    put_number(worker, id);
    PUT(",\"attempt\":1,\"topic\":\"");
    put(worker, topic, strlen(topic));
    PUT("\",\"partition\":");
    put_number(worker, record->partition);
    PUT(",\"offset\":");
    put_number(worker, record->offset);
    PUT(",\"timestamp\":");
    put_number(worker, rd_kafka_message_timestamp(record, NULL));
    PUT(",\"timestamp_type\":\"create\",\"key\":");
    put_bytes(worker, record->key, record->key_len);
    PUT(",\"value\":");
    put_bytes(worker, record->payload, record->len);
    PUT(",\"headers\":[]}");
    uint32_t prefix = htonl((uint32_t)(worker->out_used - start - 4));
    memcpy(worker->out + start, &prefix, 4);
}

// Writes what the pipe takes; what is left waits until the pipe takes more.
static void flush(struct worker *worker) {
    while (worker->out_done < worker->out_used) {
        ssize_t written =
            write(worker->to_handler, worker->out + worker->out_done, worker->out_used - worker->out_done);
        if (written < 0 && errno != EAGAIN) perror("the handler is gone"), exit(1);
        if (written < 0 && !worker->full) watch(worker->to_handler, EPOLLOUT, EPOLL_CTL_ADD, (uint32_t)(worker - workers));
        if (written < 0) {
            worker->full = 1;
            return;
        }
        worker->out_done += (size_t)written;
    }
    if (worker->full) watch(worker->to_handler, 0, EPOLL_CTL_DEL, 0);
    worker->out_done = worker->out_used = (size_t)(worker->full = 0);
}

static void take_answers(struct worker *worker) {
    ssize_t got = read(worker->from_handler, worker->in + worker->in_used, sizeof worker->in - worker->in_used);
    if (got == 0) fprintf(stderr, "the handler ended\n"), exit(1);
    if (got < 0) return;
    worker->in_used += (size_t)got;
    size_t at = 0;
    for (uint32_t prefix; worker->in_used - at >= 4; at += 4 + ntohl(prefix)) {
        memcpy(&prefix, worker->in + at, 4);
        if (worker->in_used - at - 4 < ntohl(prefix)) break;
        if (worker->ready) answered++, worker->outstanding--;
        worker->ready = 1;
    }
    worker->in_used -= at;
    memmove(worker->in, worker->in + at, worker->in_used);
}

static void start(struct worker *worker, char **command) {
    int input[2], output[2];
    pid_t pid;
    extern char **environ;
    posix_spawn_file_actions_t actions;
    if (pipe2(input, O_CLOEXEC) || pipe2(output, O_CLOEXEC)) perror("pipe2"), exit(1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ)) perror(command[0]), exit(127);
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]), close(output[1]);
    worker->to_handler = input[1], worker->from_handler = output[0];
    if (!(worker->out = malloc(4 << 20))) exit(1);
    for (int end = 0; end < 2; end++) {
        int descriptor = end ? worker->to_handler : worker->from_handler;
        fcntl(descriptor, F_SETFL, O_NONBLOCK), fcntl(descriptor, F_SETPIPE_SZ, 1 << 18);
    }
    watch(worker->from_handler, EPOLLIN, EPOLL_CTL_ADD, (uint32_t)(worker - workers));
    PUT("\0\0\0\020{\"type\":\"hello\"}");
    flush(worker);
}

// What the worker may be given.
static int room(const struct worker *worker) { return worker->ready && !worker->full ? window - worker->outstanding : 0; }

int main(int argc, char **argv) {
    const char *topic = NULL;
    int option, more = 0, next = 0;
    int64_t wanted = INT64_MAX, id = 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set_property(conf, "auto.offset.reset", "earliest");
    while ((option = getopt(argc, argv, "+b:t:g:n:w:W:X:")) != -1) switch (option) {
        case 'b': set_property(conf, "bootstrap.servers", optarg); break;
        case 't': topic = optarg; break;
        case 'g': set_property(conf, "group.id", optarg); break;
        case 'n': wanted = atoll(optarg); break;
        case 'w': window = atoi(optarg); break;
        case 'W': worker_count = atoi(optarg); break;
        case 'X': set_assignment(conf, optarg); break;
        default: return 64;
        }
    if (!topic || optind == argc || worker_count < 1 || worker_count > WORKERS)
        return fprintf(stderr, "-t, the handler or a number of workers that can be is missing\n"), 64;
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < worker_count; i++) start(&workers[i], argv + optind);
    int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rd_kafka_queue_t *queue;
    rd_kafka_t *client = subscribe(conf, topic, wake, &queue);
    watch(wake, EPOLLIN, EPOLL_CTL_ADD, WORKERS);
    static rd_kafka_message_t *records[BATCH];
    while (answered < wanted) {
        int all = 0;
        for (int i = 0; i < worker_count; i++) all += room(&workers[i]);
        struct epoll_event events[2 * WORKERS];
        int ready = epoll_wait(epoll, events, 2 * WORKERS, more && all > 0 ? 0 : -1);
        for (int i = 0; i < ready; i++) {
            uint64_t ignored;
            if (events[i].data.u32 == WORKERS) more |= read(wake, &ignored, sizeof ignored) > 0;
            else if (events[i].events & EPOLLOUT) flush(&workers[events[i].data.u32]);
            else take_answers(&workers[events[i].data.u32]);
        }
        all = 0;
        for (int i = 0; i < worker_count; i++) all += room(&workers[i]);
        if (all <= 0 || !more) continue;
        ssize_t taken = rd_kafka_consume_batch_queue(queue, 0, records, (size_t)(all < BATCH ? all : BATCH));
        more = taken > 0;
        for (ssize_t i = 0; i < taken; i++) {
            if (records[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                // The next that has room; one that became full meanwhile still takes what was meant for it.
                while (window == workers[next].outstanding || !workers[next].ready) next = (next + 1) % worker_count;
                struct worker *worker = &workers[next];
                if (worker->out_used + records[i]->len + records[i]->key_len + 512 > 4 << 20) exit(65);
                put_record(worker, ++id, records[i], topic);
                worker->outstanding++;
                if (!worker->full && worker->out_used - worker->out_done >= EARLY) flush(worker);
                if (worker_count > 1) next = (next + 1) % worker_count;
            }
            rd_kafka_message_destroy(records[i]);
        }
        for (int i = 0; i < worker_count; i++) if (!workers[i].full && workers[i].out_used) flush(&workers[i]);
    }
    for (int i = 0; i < worker_count; i++) close(workers[i].to_handler);
    for (int i = 0; i < worker_count; i++) {
        char rest[4096];
        fcntl(workers[i].from_handler, F_SETFL, 0);
        while (read(workers[i].from_handler, rest, sizeof rest) > 0) {}
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
