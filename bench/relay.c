// Stands between consumers and the embedded broker, and notes when a record's bytes leave for its consumer.
//
//   relay -b HOST:PORT -o FILE
//
// Prints the port at 127.0.0.1 that it listens on. The broker names its own port in its answers: the relay puts its own
// in the place of it, so that clients stay with it. Ended by SIGTERM, it writes FILE: pairs of native int64, the stamp
// of a value that `load -R` wrote and the nanoseconds from it until the relay wrote the answer with it to the consumer.
// For a low rate: one thread, and a write to a slow reader blocks all.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "bench.h"

#define CONNECTIONS 64
#define CARRY (STAMP_DIGITS + FILLER - 1) // a stamp may be split between two reads

static const char host[] = "127.0.0.1";

struct connection {
    int client, broker;
    char tail[CARRY]; // the last bytes that went to the client
    size_t tail_length;
};

static struct connection connections[CONNECTIONS];
static int connection_count;
static in_port_t own_port, broker_port; // as numbers; the broker's is that of its metadata, once it was seen
static int broker_named;
static struct latencies forwarded;
static volatile sig_atomic_t ended;

static void note_end(int signal) {
    (void)signal;
    ended = 1;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_in address_of(in_port_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void send_at_once(int descriptor) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void accept_client(int listener) {
    int client = accept(listener, NULL, NULL), broker = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = address_of(broker_port);
    if (client < 0 || broker < 0 || connection_count == CONNECTIONS) fail("accept");
    if (connect(broker, (struct sockaddr *)&address, sizeof address)) fail("connect");
    send_at_once(client);
    send_at_once(broker);
    connections[connection_count++] = (struct connection){.client = client, .broker = broker};
}

static void pass(int descriptor, const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = send(descriptor, data, length, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return; // the other side is gone: its end is seen by a read
        data += written;
        length -= (size_t)written;
    }
}

// The host is a string, the port behind it an int32, whatever the version of the answer.
static void replace_port(char *data, size_t length) {
    const size_t host_length = sizeof host - 1;
    char *at = data, *end = data + length;
    while ((at = memmem(at, (size_t)(end - at), host, host_length)) && (size_t)(end - at) >= host_length + 4) {
        at += host_length;
        uint32_t port;
        memcpy(&port, at, sizeof port);
        port = ntohl(port);
        if (port == 0 || port > UINT16_MAX) continue;
        if (broker_named && port != broker_port) {
            fprintf(stderr, "there is more than one broker: %d and %u\n", broker_port, port);
            exit(1);
        }
        broker_named = 1;
        broker_port = (in_port_t)port;
        port = htonl(own_port);
        memcpy(at, &port, sizeof port);
    }
}

// Each stamp that ends in these bytes: digits, and the filler behind them.
static void note_stamps(struct connection *connection, const char *data, size_t length, int64_t now) {
    static char joined[CARRY + (1 << 20)];
    static char filler[FILLER];
    memset(filler, 'x', sizeof filler);
    memcpy(joined, connection->tail, connection->tail_length);
    memcpy(joined + connection->tail_length, data, length);
    size_t all = connection->tail_length + length;
    const char *at = joined, *end = joined + all;
    while ((at = memmem(at, (size_t)(end - at), filler, sizeof filler))) {
        const char *stamp = at - STAMP_DIGITS;
        int digits = 0;
        while (stamp >= joined && digits < STAMP_DIGITS && stamp[digits] >= '0' && stamp[digits] <= '9') digits++;
        if (digits == STAMP_DIGITS) note_latency(&forwarded, parse_stamp(stamp), now);
        while (at < end && *at == 'x') at++;
    }
    connection->tail_length = all < CARRY ? all : CARRY;
    memcpy(connection->tail, end - connection->tail_length, connection->tail_length);
}

// Passes on what one side wrote. Returns whether the connection goes on.
static int pass_on(struct connection *connection, int from_broker) {
    static char data[1 << 20];
    ssize_t got = read(from_broker ? connection->broker : connection->client, data, sizeof data);
    if (got < 0 && errno == EINTR) return 1;
    if (got <= 0) return 0;
    if (!from_broker) {
        pass(connection->broker, data, (size_t)got);
        return 1;
    }
    replace_port(data, (size_t)got);
    int64_t now = now_ns();
    pass(connection->client, data, (size_t)got);
    note_stamps(connection, data, (size_t)got, now); // behind the write: the search is no part of what is measured
    return 1;
}

static void relay(int listener) {
    while (!ended) {
        struct pollfd ready[1 + 2 * CONNECTIONS] = {{listener, POLLIN, 0}};
        int count = connection_count;
        for (int i = 0; i < count; i++) {
            ready[1 + 2 * i] = (struct pollfd){connections[i].broker, POLLIN, 0};
            ready[2 + 2 * i] = (struct pollfd){connections[i].client, POLLIN, 0};
        }
        if (poll(ready, (nfds_t)(1 + 2 * count), -1) < 0) continue;
        for (int i = count - 1; i >= 0; i--) {
            int goes_on = (!ready[1 + 2 * i].revents || pass_on(&connections[i], 1)) &&
                          (!ready[2 + 2 * i].revents || pass_on(&connections[i], 0));
            if (goes_on) continue;
            close(connections[i].client);
            close(connections[i].broker);
            connections[i] = connections[--connection_count];
        }
        if (ready[0].revents) accept_client(listener);
    }
}

int main(int argc, char **argv) {
    const char *broker = NULL, *path = NULL;
    int option;
    while ((option = getopt(argc, argv, "b:o:")) != -1) switch (option) {
        case 'b': broker = strrchr(optarg, ':'); break;
        case 'o': path = optarg; break;
        default: return 64;
        }
    if (!broker || !path) return fprintf(stderr, "-b or -o is missing\n"), 64;
    broker_port = (in_port_t)atoi(broker + 1);
    struct sigaction action = {.sa_handler = note_end};
    sigaction(SIGTERM, &action, NULL);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = address_of(0);
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16) ||
        getsockname(listener, (struct sockaddr *)&address, &length))
        fail("listen");
    own_port = ntohs(address.sin_port);
    printf("%d\n", own_port);
    fflush(stdout);
    relay(listener);
    FILE *file = fopen(path, "wb");
    if (!file) fail(path);
    fwrite(forwarded.pairs, sizeof *forwarded.pairs, forwarded.count, file);
    return fclose(file) == 0 ? 0 : 1;
}
