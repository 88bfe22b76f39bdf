// A fast handler: adds up the lengths of the values, answers each delivery, and writes its report at end of file.
//
//   handler [-r FOLDER] [-w MICROSECONDS] [-t] [-l]      under ackpipe
//   handler [-r FOLDER] -w MICROSECONDS -a COUNT         alone: the same loop without ackpipe
//
// Reads as much as there is, writes the answers together, and flushes when nothing more is buffered. -w: waits so long
// for each record, as a handler does that calls a service. -t: answers what one read brought with one "through". -l:
// the values begin with a stamp; note the latencies. It knows the members that ackpipe writes, and is no JSON parser.
#define _GNU_SOURCE
#include <arpa/inet.h>

#include "bench.h"

static struct latencies latencies;
static int64_t count, work, first, last, wait_ns;
static int stamped, through;
static const char *folder;
static char answers[1 << 16];
static size_t answered;

static void flush_answers(void) {
    for (size_t done = 0; done < answered;) {
        ssize_t written = write(1, answers + done, answered - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) exit(1); // ackpipe is gone
        done += (size_t)written;
    }
    answered = 0;
}

static void handle_record(void) {
    count++;
    if (wait_ns > 0) {
        flush_answers();
        sleep_ns(wait_ns);
    }
}

// The values of a frame: text between quotes without a bare quote, base64, null, or JSON.
static void handle_values(const char *at, const char *end) {
    while ((at = memmem(at, (size_t)(end - at), "\"value", 6))) {
        at += 6;
        const char *text = NULL;
        int base64 = 0;
        if (memcmp(at, "\":\"", 3) == 0) text = at + 3;
        else if (memcmp(at, "_base64\":\"", 10) == 0) text = at + 10, base64 = 1;
        else if (memcmp(at, "_json\":", 7) != 0 && memcmp(at, "\":null", 6) != 0) continue;
        if (text) {
            const char *close = text;
            while ((close = memchr(close, '"', (size_t)(end - close))) && close[-1] == '\\') close++;
            if (!close) exit(65);
            if (stamped && close - text >= STAMP_DIGITS) note_latency(&latencies, parse_stamp(text), now_ns());
            work += base64 ? (close - text) / 4 * 3 : close - text;
            at = close + 1;
        }
        handle_record();
    }
}

static void answer(const char *text, size_t length) {
    if (answered + length + 4 > sizeof answers) flush_answers();
    uint32_t prefix = htonl((uint32_t)length);
    memcpy(answers + answered, &prefix, 4);
    memcpy(answers + answered + 4, text, length);
    answered += length + 4;
}

static void acknowledge(const char *selector, int64_t id) {
    char text[64], digits[24];
    size_t used = strlen(selector), n = 0;
    memcpy(text, selector, used);
    do digits[n++] = (char)('0' + id % 10); while (id /= 10);
    while (n) text[used++] = digits[--n];
    text[used++] = '}';
    answer(text, used);
}

// The body of one frame: `type` comes first, `id` second. Returns the id of a delivery, else 0.
static int64_t handle_frame(const char *body, size_t length) {
    static const char message[] = "{\"type\":\"message\",\"id\":", batch[] = "{\"type\":\"batch\",\"id\":";
    static const char ready[] = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"bench-c\"}";
    const char *id = NULL;
    if (length > sizeof message && memcmp(body, message, sizeof message - 1) == 0) id = body + sizeof message - 1;
    else if (length > sizeof batch && memcmp(body, batch, sizeof batch - 1) == 0) id = body + sizeof batch - 1;
    else if (length > 15 && memcmp(body, "{\"type\":\"hello\"", 15) == 0)
        answer(ready, sizeof ready - 1);
    if (!id) return 0;
    int64_t number = 0;
    while (*id >= '0' && *id <= '9') number = number * 10 + (*id++ - '0');
    if (count == 0) first = now_ns(), tell_first(folder);
    handle_values(id, body + length);
    if (!through) acknowledge("{\"type\":\"ack\",\"id\":", number);
    return number;
}

static int alone(int64_t records) {
    first = now_ns();
    while (count < records) handle_record();
    last = now_ns();
    return 0;
}

static int serve(void) {
    size_t room = 1 << 20, used = 0;
    char *buffer = malloc(room);
    while (buffer) {
        ssize_t got = read(0, buffer + used, room - used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0;
        used += (size_t)got;
        size_t at = 0, need = 4;
        int64_t last_id = 0, before = count;
        while (used - at >= 4) {
            uint32_t prefix;
            memcpy(&prefix, buffer + at, 4);
            need = 4 + (size_t)ntohl(prefix);
            if (used - at < need) break;
            int64_t id = handle_frame(buffer + at + 4, need - 4);
            if (id) last_id = id;
            at += need;
            need = 4;
        }
        if (count != before) last = now_ns();
        if (through && last_id) acknowledge("{\"type\":\"ack\",\"through\":", last_id);
        flush_answers();
        memmove(buffer, buffer + at, used - at);
        used -= at;
        if (need > room) buffer = realloc(buffer, room = need);
    }
    return 1;
}

int main(int argc, char **argv) {
    int64_t records = 0;
    int option;
    while ((option = getopt(argc, argv, "r:w:a:tl")) != -1) switch (option) {
        case 'r': folder = optarg; break;
        case 'w': wait_ns = atoll(optarg) * 1000; break;
        case 'a': records = atoll(optarg); break;
        case 't': through = 1; break;
        case 'l': stamped = 1; break;
        default: return 64;
        }
    int status = records ? alone(records) : serve();
    if (folder && write_report(folder, count, work, first, last, &latencies)) return 1;
    return status;
}
