#include "clinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

int clinux_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

static int control(int poller, int operation, int descriptor, uint64_t token, uint32_t events) {
    struct epoll_event event = {0};
    event.data.u64 = token;
    if (events & CLINUX_READABLE) { event.events |= EPOLLIN; }
    if (events & CLINUX_WRITABLE) { event.events |= EPOLLOUT; }
    if (events & CLINUX_EACH_TIME) { event.events |= EPOLLET; }
    return epoll_ctl(poller, operation, descriptor, &event) < 0 ? -errno : 0;
}

int clinux_epoll_add(int poller, int descriptor, uint64_t token, uint32_t events) {
    return control(poller, EPOLL_CTL_ADD, descriptor, token, events);
}

int clinux_epoll_change(int poller, int descriptor, uint64_t token, uint32_t events) {
    return control(poller, EPOLL_CTL_MOD, descriptor, token, events);
}

int clinux_epoll_remove(int poller, int descriptor) { return control(poller, EPOLL_CTL_DEL, descriptor, 0, 0); }

int clinux_epoll_wait(int poller, struct clinux_readiness *ready, int capacity, int timeout_milliseconds) {
    struct epoll_event events[256];
    if (capacity > 256) { capacity = 256; }
    int count = epoll_wait(poller, events, capacity, timeout_milliseconds);
    if (count < 0) { return errno == EINTR ? 0 : -errno; }
    for (int i = 0; i < count; i++) {
        uint32_t bits = 0;
        if (events[i].events & EPOLLIN) { bits |= CLINUX_READABLE; }
        if (events[i].events & EPOLLOUT) { bits |= CLINUX_WRITABLE; }
        if (events[i].events & (EPOLLHUP | EPOLLERR)) { bits |= CLINUX_HANG_UP; }
        ready[i].token = events[i].data.u64;
        ready[i].events = bits;
    }
    return count;
}

int clinux_eventfd(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_signalfd(const int32_t *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) {
        if (sigaddset(&set, signals[i]) < 0) { return -errno; }
    }
    int blocked = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (blocked != 0) { return -blocked; }
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_signalfd_take(int descriptor, int32_t *signals, int capacity) {
    int count = 0;
    while (count < capacity) {
        struct signalfd_siginfo info;
        ssize_t got = read(descriptor, &info, sizeof info);
        if (got == (ssize_t)sizeof info) {
            signals[count++] = (int32_t)info.ssi_signo;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && errno != EAGAIN) {
            return count > 0 ? count : -errno;
        } else {
            break;
        }
    }
    return count;
}

static int set_action(int signal, void (*handler)(int)) {
    struct sigaction action = {0};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

int clinux_signal_ignore(int signal) { return set_action(signal, SIG_IGN); }

int clinux_signal_default(int signal) { return set_action(signal, SIG_DFL); }
