#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The process groups that die with the daemon. Kept in memory mapped by hand: the guard is a forked process and must
// not call malloc, whose lock another thread of the parent may have held at the fork.
struct groups {
    int32_t *numbers;
    size_t count;
    size_t capacity;
};

static void add_group(struct groups *groups, int32_t number) {
    if (groups->count == groups->capacity) {
        size_t bytes = groups->capacity * sizeof(int32_t);
        void *grown = groups->numbers == NULL
            ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            : mremap(groups->numbers, bytes, bytes * 2, MREMAP_MAYMOVE);
        if (grown == MAP_FAILED) { return; }
        groups->capacity = groups->numbers == NULL ? 4096 / sizeof(int32_t) : groups->capacity * 2;
        groups->numbers = grown;
    }
    groups->numbers[groups->count++] = number;
}

static void remove_group(struct groups *groups, int32_t number) {
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->numbers[i] == number) {
            groups->numbers[i] = groups->numbers[--groups->count];
            return;
        }
    }
}

// Ends with the daemon's last copy of the write end. A message is 4 bytes, far below PIPE_BUF: writes of several
// processes are never mixed, and a read of a multiple of 4 bytes never splits one.
_Noreturn static void serve(int read_end) {
    struct groups groups = {0};
    for (;;) {
        int32_t messages[256];
        ssize_t got = read(read_end, messages, sizeof messages);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) { break; }
        for (size_t i = 0; i < (size_t)got / sizeof(int32_t); i++) {
            if (messages[i] > 1) { add_group(&groups, messages[i]); }
            if (messages[i] < -1) { remove_group(&groups, -messages[i]); }
        }
    }
    for (size_t i = 0; i < groups.count; i++) { kill(-groups.numbers[i], SIGKILL); }
    _exit(0);
}

// Leaves the daemon's session, terminal, signals and descriptors: nothing but end of file may end the guard, and
// nobody who reads the daemon's output waits for the guard's copy of it.
_Noreturn static void become_guard(int read_end) {
    prctl(PR_SET_NAME, "ackpipe-guard", 0, 0, 0);
    // The guard's memory is a copy of the daemon's, environment included.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int kept = fcntl(read_end, F_DUPFD, 3);
    if (kept < 0) { _exit(1); }
    if (kept != 3) {
        if (dup2(kept, 3) < 0) { _exit(1); }
    }
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) {
        if (null < 0) {
            close(i);
        } else {
            dup2(null, i);
        }
    }
    if (syscall(SYS_close_range, 4u, ~0u, 0u) < 0) {
        // Before Linux 5.9. The write end is the one that must go: with it open, end of file would never come.
        long limit = sysconf(_SC_OPEN_MAX);
        for (long i = 4; i < (limit > 0 && limit < 1048576 ? limit : 1048576); i++) { close((int)i); }
    }
    serve(3);
}

int clinux_guard_start(int *write_end) {
    int ends[2];
    int made = clinux_pipe(ends);
    if (made < 0) { return made; }
    pid_t process = fork();
    if (process == 0) { become_guard(ends[0]); }
    int error = errno;
    close(ends[0]);
    if (process < 0) {
        close(ends[1]);
        return -error;
    }
    *write_end = ends[1];
    return process;
}

int clinux_guard_tell(int write_end, int32_t message) {
    for (;;) {
        if (write(write_end, &message, sizeof message) == (ssize_t)sizeof message) { return 0; }
        if (errno != EINTR) { return -errno; }
    }
}

int clinux_wait_for(pid_t process) {
    for (;;) {
        if (waitpid(process, NULL, 0) == process) { return 0; }
        if (errno != EINTR) { return -errno; }
    }
}
