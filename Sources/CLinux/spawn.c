#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, SIGNAL_LIMIT = 64, KERNEL_SIGSET_BYTES = 8 };

// What parent and child share while the parent's thread stands still. The child owns it until it has execed.
struct launch {
    const struct clinux_spawn_request *request;
    char **arguments;
    char **environment;
    pid_t parent;
    volatile int failed_step;
    volatile int error;
};

// The raw calls, because the C library's keep its two internal signals (32, 33) out of our hands. The mask is 64
// bits wide, and a zeroed kernel sigaction means SIG_DFL on every architecture that Swift runs on.
static void set_mask(uint64_t mask, uint64_t *old) {
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, KERNEL_SIGSET_BYTES);
}

static void reset_signals(void) {
    unsigned long defaults[8] = {0};
    for (int number = 1; number <= SIGNAL_LIMIT; number++) {
        // Ignored until the guard was told: without a reader that write would kill the child without a word.
        if (number == SIGPIPE) {
            clinux_signal_ignore(SIGPIPE);
        } else {
            syscall(SYS_rt_sigaction, number, defaults, NULL, KERNEL_SIGSET_BYTES);
        }
    }
}

// One pass over /proc/self/fd without opendir(3), which allocates. Answers how many it closed, or -1.
static int close_listed(int first) {
    struct entry {
        uint64_t inode;
        int64_t next;
        unsigned short size;
        unsigned char type;
        char name[];
    };
    _Alignas(8) char buffer[2048];
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) { return -1; }
    int closed = 0;
    long got;
    while ((got = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *entry = (const struct entry *)(buffer + at);
            at += entry->size;
            int descriptor = 0;
            const char *digit = entry->name;
            while (*digit >= '0' && *digit <= '9') { descriptor = descriptor * 10 + (*digit++ - '0'); }
            if (*digit == 0 && descriptor >= first && descriptor != directory && close(descriptor) == 0) { closed++; }
        }
    }
    close(directory);
    return got < 0 ? -1 : closed;
}

static void close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) { return; }
    // Before Linux 5.9, or forbidden by a seccomp filter. Closing while listing may skip some: again until none is left.
    int closed;
    while ((closed = close_listed(first)) > 0) {}
    if (closed == 0) { return; }
    struct rlimit limit;
    long last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1048576 ? (long)limit.rlim_cur : 1048576;
    for (long i = first; i < last; i++) { close((int)i); }
}

// Gives the child exactly the mapped descriptors.
static int arrange_descriptors(const struct clinux_spawn_request *request) {
    int above = -1;
    for (size_t i = 0; i < request->map_count; i++) {
        if (request->map[i].to > above) { above = request->map[i].to; }
    }
    above += 1;
    // Out of the way first: a source may have the number that another target wants.
    int sources[CLINUX_MAP_LIMIT];
    for (size_t i = 0; i < request->map_count; i++) {
        sources[i] = fcntl(request->map[i].from, F_DUPFD_CLOEXEC, above);
        if (sources[i] < 0) { return -errno; }
    }
    for (int target = 0; target < above; target++) {
        int source = -1;
        for (size_t i = 0; i < request->map_count; i++) {
            if (request->map[i].to == target) { source = sources[i]; }
        }
        if (source < 0) {
            close(target);
        } else if (dup2(source, target) < 0) {
            return -errno;
        }
    }
    close_from(above);
    return 0;
}

static int fail(struct launch *launch, int step, int error) {
    launch->failed_step = step;
    launch->error = error;
    _exit(127);
}

// Runs in the child, on its own stack, in the parent's memory, with every signal blocked.
static int run_child(void *argument) {
    struct launch *launch = argument;
    const struct clinux_spawn_request *request = launch->request;

    reset_signals();
    if (setpgid(0, 0) < 0) { return fail(launch, CLINUX_STEP_GROUP, errno); }
    if (request->guard >= 0) {
        // Here, not in the parent: there is no moment at which the daemon can die and leave an unregistered group.
        int told = clinux_guard_tell(request->guard, (int32_t)getpid());
        if (told < 0) { return fail(launch, CLINUX_STEP_GUARD, -told); }
    }
    clinux_signal_default(SIGPIPE);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) { return fail(launch, CLINUX_STEP_PARENT, errno); }
    // The parent may have died before the signal was asked for.
    if (getppid() != launch->parent) { return fail(launch, CLINUX_STEP_PARENT, ESRCH); }
    int arranged = arrange_descriptors(request);
    if (arranged < 0) { return fail(launch, CLINUX_STEP_DESCRIPTORS, -arranged); }
    set_mask(0, NULL);
    execve(request->path, launch->arguments, launch->environment);
    return fail(launch, CLINUX_STEP_EXEC, errno);
}

// Points into `strings`: one array for argv and envp, each ended by NULL. Freed by the caller.
static char **pointers(const struct clinux_spawn_request *request) {
    size_t count = request->argument_count + request->environment_count;
    char **all = calloc(count + 2, sizeof(char *));
    if (all == NULL) { return NULL; }
    const char *at = request->strings;
    const char *end = request->strings + request->string_bytes;
    size_t slot = 0;
    for (size_t i = 0; i < count && at < end; i++) {
        if (i == request->argument_count) { slot++; }
        all[slot++] = (char *)at;
        at += strnlen(at, (size_t)(end - at)) + 1;
    }
    return all;
}

static int clone_child(struct launch *launch, char *stack, struct clinux_spawn_result *result) {
    uint64_t old_mask;
    // No handler of the parent may run in the child, which shares its memory.
    set_mask(~(uint64_t)0, &old_mask);
    int pidfd = -1;
    pid_t process =
        clone(run_child, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch, &pidfd);
    int error = errno;
    set_mask(old_mask, NULL);
    if (process < 0) {
        result->failed_step = CLINUX_STEP_CLONE;
        return -error;
    }
    result->process = process;
    result->pidfd = pidfd;
    result->failed_step = launch->failed_step;
    if (launch->failed_step == CLINUX_STEP_NONE) { return 0; }
    // Forgotten before it is reaped: afterwards the number may belong to somebody else.
    if (launch->request->guard >= 0) { clinux_guard_tell(launch->request->guard, -(int32_t)process); }
    clinux_wait_for(process);
    close(pidfd);
    result->pidfd = -1;
    return -launch->error;
}

int clinux_spawn(const struct clinux_spawn_request *request, struct clinux_spawn_result *result) {
    *result = (struct clinux_spawn_result){.process = -1, .pidfd = -1, .failed_step = CLINUX_STEP_PREPARE};
    if (request->map_count > CLINUX_MAP_LIMIT || request->argument_count == 0) { return -EINVAL; }
    int saved = errno;
    char **all = pointers(request);
    if (all == NULL) { return -ENOMEM; }
    char *stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        int error = errno;
        free(all);
        return -error;
    }
    struct launch launch = {
        .request = request,
        .arguments = all,
        .environment = all + request->argument_count + 1,
        .parent = getpid(),
        .failed_step = CLINUX_STEP_NONE,
    };
    int answer = clone_child(&launch, stack, result);
    munmap(stack, STACK_BYTES);
    free(all);
    errno = saved;
    return answer;
}
