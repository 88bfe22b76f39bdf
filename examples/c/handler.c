// A handler for ackpipe. Build: cc -O2 -o handler handler.c   Run: ackpipe run ... -- ./handler
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static const char *end_of(const char *p) { // of the JSON value at p: valid, no white space, two NULs behind it
    for (int depth = 0, quoted = 0; *p && (quoted || depth || !strchr(",:]}", *p)); p++)
        if (*p == '"' || quoted) quoted ^= *p == '"', p += *p == '\\';
        else depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
    return p;
}
static const char *member(const char *p, const char *name) { // a value of the object at p, of no object within it
    for (size_t n = strlen(name); *p && *p != '}'; p = end_of(end_of(p + 1) + 1))
        if (strncmp(p + 2, name, n) == 0 && p[n + 2] == '"') return end_of(p + 1) + 1;
    return "";
}
static const char *handle(const char *record) { // your code here: NULL when done, else why not, in plain ASCII
    const char *value = member(record, "value"); // still JSON: null is a tombstone, a string has quotes and escapes
    return fprintf(stderr, "offset %lld: %.60s\n", atoll(member(record, "offset")), value) < 0 ? "cannot print" : NULL;
}
int main(void) { // private, close-on-exec copies of descriptors 0 and 1: a printf then goes to ackpipe's log
    FILE *in = fdopen(fcntl(0, F_DUPFD_CLOEXEC, 3), "r"), *out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
    if (!in || !out || dup2(open("/dev/null", O_RDONLY), 0) || dup2(2, 1) != 1) return 1;
    for (unsigned n; fread(&n, 4, 1, in) == 1;) { // until end of file
        char *body = (n = ntohl(n)) < 1u << 27 ? calloc(n + 2, 1) : NULL, answer[512] = "";
        if (!body || fread(body, 1, n, in) != n) return 1;
        const char *type = member(body, "type"), *list = member(body, "messages"), *error = NULL;
        long long id = atoll(member(body, "id")), work = !strncmp(type, "\"message\"", 9) || *list == '[';
        for (const char *p = *list == '[' ? list + 1 : body; work && !error && *p == '{'; p += *p == ',')
            error = handle(p), p = end_of(p); // a record of a batch may lack what the batch says once for all
        if (error) sprintf(answer, "{\"type\":\"nack\",\"id\":%lld,\"error\":\"%.400s\"}", id, error);
        else if (work) sprintf(answer, "{\"type\":\"ack\",\"id\":%lld}", id);
        else if (!strncmp(type, "\"hello\"", 7)) strcpy(answer, "{\"type\":\"ready\",\"protocol\":1,\"name\":\"c\"}");
        free(body); // frames of other types are ignored, shutdown too
        if ((n = htonl(strlen(answer))) && (!fwrite(&n, 4, 1, out) || fputs(answer, out) < 0 || fflush(out))) return 1;
    }
}
