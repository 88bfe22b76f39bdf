// A handler for ackpipe. Build: cc -O2 -o handler handler.c   Run: ackpipe run ... -- ./handler
// No JSON library: it finds the members that it needs in the frame's bytes, and copies nothing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *space(const char *p) { return p + strspn(p, " \t\r\n"); }
static const char *end_of(const char *p) { // of the JSON value at p; the text has a NUL behind it
    int depth = 0;
    do {
        if (*p == '"') {
            for (p++; *(p += strcspn(p, "\"\\")) == '\\' && p[1];) p += 2;
            if (*p) p++;
        } else if (*p == '{' || *p == '[') depth++, p++;
        else if (*p == '}' || *p == ']') depth--, p++;
        else if (depth) p += strcspn(p, "\"{}[]");
        else return p + strcspn(p, ",:]} \t\r\n");
    } while (*p && depth > 0);
    return p;
}
// The value of a member of the object at p, of no object within it; "" where there is none.
static const char *member(const char *p, const char *name) {
    size_t length = strlen(name);
    for (p = space(p + 1); *p == '"';) {
        const char *found = p + 1, *end = end_of(p), *value = space(end);
        if (*value != ':') return "";
        value = space(value + 1);
        if ((size_t)(end - found) == length + 1 && !memcmp(found, name, length)) return value;
        p = space(end_of(value));
        if (*p == ',') p = space(p + 1);
    }
    return "";
}
static int is(const char *value, const char *text) { return !strncmp(value, text, strlen(text)); }
// A record may lack what its batch says once for all.
static const char *shared(const char *record, const char *batch, const char *name) {
    const char *value = member(record, name);
    return *value ? value : member(batch, name);
}

// Your code here: NULL when the record is done, else why not, in plain ASCII without quotes. Values are JSON as they stand in
// the frame: strings have quotes and escapes, null is a tombstone.
static const char *handle(const char *record, const char *batch) {
    const char *topic = shared(record, batch, "topic") + 1, *value = member(record, "value");
    const char *binary = member(record, "value_base64");
    if (is(value, "\"\"")) return "empty value";
    printf("%.*s[%d]@%lld: ", (int)(end_of(topic - 1) - topic - 1), topic, atoi(shared(record, batch, "partition")),
           atoll(member(record, "offset")));
    if (!*binary) {
        fwrite(value, 1, (size_t)(end_of(value) - value), stdout);
    } else {
        size_t length = (size_t)(end_of(binary) - binary - 2), padding = 0;
        while (length > padding && binary[length - padding] == '=') padding++;
        printf("%zu bytes", length / 4 * 3 - padding);
    }
    return putchar('\n') == EOF ? "cannot print" : NULL;
}

static void quit(int code, const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(code);
}
static void answer(FILE *out, long long id, const char *frame) { // writes its verdict
    const char *list = member(frame, "messages"), *error = NULL;
    int index = -1, batch = *list == '[';
    const char *p = batch ? space(list + 1) : frame;
    do error = handle(p, frame), p = space(end_of(p)), index++;
    while (!error && batch && *p == ',' && *(p = space(p + 1)));
    if (!error) fprintf(out, "{\"type\":\"ack\",\"id\":%lld}", id);
    else if (!batch) fprintf(out, "{\"type\":\"nack\",\"id\":%lld,\"error\":\"%.400s\"}", id, error);
    else {
        fprintf(out, "{\"type\":\"result\",\"id\":%lld,\"failed\":[{\"index\":%d,\"error\":\"%.400s\"}", id, index, error);
        for (; *p == ','; p = space(end_of(space(p + 1)))) fprintf(out, ",{\"index\":%d,\"action\":\"release\"}", ++index);
        fputs("]}", out);
    }
}
static void send_frame(FILE *out, const char *body, size_t length) {
    unsigned size = htonl((unsigned)length);
    if (!fwrite(&size, 4, 1, out) || !fwrite(body, length, 1, out) || fflush(out)) quit(74, "cannot write a frame");
}

int main(void) { // private, close-on-exec copies of the protocol's descriptors: a printf then goes to ackpipe's log
    int apart = getenv("ACKPIPE_PROTOCOL_FDS") != NULL, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FILE *in = fdopen(fcntl(apart ? 3 : 0, F_DUPFD_CLOEXEC, 5), "r");
    FILE *out = fdopen(fcntl(apart ? 4 : 1, F_DUPFD_CLOEXEC, 5), "w");
    if (!in || !out || dup2(null, 0) || dup2(2, 1) != 1) quit(71, "cannot take the protocol's descriptors");
    if (apart) close(3), close(4);
    setvbuf(in, NULL, _IOFBF, 1 << 20);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned char header[4]; ;) {
        size_t got = fread(header, 1, 4, in);
        if (!got) return 0; // end of file, the orderly end
        unsigned size = (unsigned)header[0] << 24 | header[1] << 16 | header[2] << 8 | header[3];
        if (got < 4 || !size || size >= 1u << 27) quit(76, "bad frame: its length is none");
        char *body = calloc(size + 1, 1), *verdict = NULL;
        size_t length = 0;
        if (!body) quit(71, "no memory for a frame");
        if (fread(body, 1, size, in) != size) quit(76, "bad frame: the input ended within it");
        const char *frame = space(body), *end = end_of(frame), *type = *frame == '{' ? member(frame, "type") : "";
        long long id = atoll(member(frame, "id"));
        if (*type != '"' || end[-1] != '}' || *space(end)) quit(76, "bad frame: no JSON object with a type");
        if (is(type, "\"hello\"")) {
            const char *ready = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"c-example/1.0\"}";
            send_frame(out, ready, strlen(ready));
        } else if (id > 0 && (is(type, "\"message\"") || is(type, "\"batch\""))) { // others are ignored, shutdown too
            FILE *memory = open_memstream(&verdict, &length);
            if (!memory) quit(71, "no memory for a verdict");
            answer(memory, id, frame);
            if (fclose(memory)) quit(71, "no memory for a verdict");
            send_frame(out, verdict, length);
        }
        free(verdict);
        free(body);
    }
}
