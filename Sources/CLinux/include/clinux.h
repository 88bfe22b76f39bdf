#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What Swift cannot import from glibc, and the two pieces that must be written in C because they run between clone(2)
// and execve(2), or in a forked process: the spawner and the guard.
//
// Convention: a function answers 0 or more for success and -errno for failure, and leaves errno alone. Nothing here
// keeps a pointer after it returned, and nothing keeps state between calls.

// ---- Readiness: epoll(7). Level-triggered, but for what is added with CLINUX_EACH_TIME. ----

enum { CLINUX_READABLE = 1, CLINUX_WRITABLE = 2, CLINUX_HANG_UP = 4, CLINUX_EACH_TIME = 8 };

struct clinux_readiness {
    uint64_t token;   // as given to clinux_epoll_add
    uint32_t events;  // CLINUX_* bits
};

int clinux_epoll_create(void);
// `events` is CLINUX_READABLE | CLINUX_WRITABLE, or 0 to hear of hang-up alone, which epoll always reports; with
// CLINUX_EACH_TIME what becomes ready is told once each time it does, be it taken or not.
int clinux_epoll_add(int poller, int descriptor, uint64_t token, uint32_t events);
int clinux_epoll_change(int poller, int descriptor, uint64_t token, uint32_t events);
int clinux_epoll_remove(int poller, int descriptor);
// At most `capacity` (and at most 256) events; a timeout of -1 waits for ever. Interrupted: 0 events.
int clinux_epoll_wait(int poller, struct clinux_readiness *ready, int capacity, int timeout_milliseconds);

// ---- Wake-ups and signals: eventfd(2), signalfd(2). All descriptors are close-on-exec and nonblocking. ----

int clinux_eventfd(void);
// Blocks the signals in the calling thread and answers a descriptor that tells them.
int clinux_signalfd(const int32_t *signals, int count);
// Writes at most `capacity` pending signal numbers; 0 when there is none.
int clinux_signalfd_take(int descriptor, int32_t *signals, int capacity);
// Ignores a signal in the whole process, or restores its default action.
int clinux_signal_ignore(int signal);
int clinux_signal_default(int signal);

// ---- Descriptors ----

// ends[0] reads, ends[1] writes; both close-on-exec and blocking.
int clinux_pipe(int ends[2]);
int clinux_set_nonblocking(int descriptor);
// Asks for a pipe of that many bytes (F_SETPIPE_SZ); answers the size granted.
int clinux_set_pipe_size(int descriptor, int bytes);
// Opens the null device, close-on-exec.
int clinux_open_null(void);

// ---- Words ----

// "EBADF" and "Bad file descriptor", or NULL for a number that the C library does not know. Never freed.
const char *clinux_error_name(int error);
const char *clinux_error_text(int error);
// "KILL" for 9, or NULL. Never freed.
const char *clinux_signal_name(int signal);
// The process's environment, ended by NULL; read it before other threads may change it.
char **clinux_environment(void);

// ---- Processes and threads ----

// Keeps processes of the same user out of this one's memory and /proc files (PR_SET_DUMPABLE, proc(5)).
int clinux_hide_process(void);

// Names the calling thread; the kernel keeps the first 15 bytes.
void clinux_name_thread(const char *name);

struct clinux_descriptor_map {
    int from;  // an open descriptor of the parent
    int to;    // its number in the child
};

enum { CLINUX_MAP_LIMIT = 8 };

enum clinux_spawn_step {
    CLINUX_STEP_NONE = 0,
    CLINUX_STEP_PREPARE,      // memory for argv, envp and the child's stack
    CLINUX_STEP_CLONE,        // clone(2) itself
    CLINUX_STEP_GROUP,        // setpgid(2)
    CLINUX_STEP_GUARD,        // telling the guard
    CLINUX_STEP_PARENT,       // prctl(PR_SET_PDEATHSIG), and the parent was still there
    CLINUX_STEP_DESCRIPTORS,  // moving and closing descriptors
    CLINUX_STEP_EXEC,         // execve(2)
};

struct clinux_spawn_request {
    const char *path;        // the executable, no search is made
    const char *strings;     // the arguments, then the environment, each ended by NUL
    size_t string_bytes;     // of all of them, NULs counted
    size_t argument_count;   // argv[0] counts
    size_t environment_count;
    const struct clinux_descriptor_map *map;  // the child has these descriptors and no other
    size_t map_count;        // at most CLINUX_MAP_LIMIT
    int guard;               // the guard's pipe, or -1
};

struct clinux_spawn_result {
    pid_t process;     // also the number of its process group
    int pidfd;         // close-on-exec, owned by the caller
    int failed_step;   // enum clinux_spawn_step; CLINUX_STEP_NONE: the program runs
};

// Starts a program in a process group of its own, with default signal dispositions, an empty signal mask, exactly the
// mapped descriptors, and SIGKILL as its parent-death signal. That signal comes when the calling *thread* ends
// (prctl(2)): the thread must outlive the child.
//
// Made for a process with threads: the child shares the parent's memory and stops the calling thread until it has
// execed (CLONE_VM | CLONE_VFORK), and calls nothing that may lock. On failure the child has been reaped, the guard
// has forgotten it, and failed_step tells what -errno belongs to.
int clinux_spawn(const struct clinux_spawn_request *request, struct clinux_spawn_result *result);

// Sends a signal to a process (0: does it exist?), or with a process group's number to all of the group.
int clinux_signal_pidfd(int pidfd, int signal);
int clinux_signal_group(pid_t group, int signal);

enum clinux_exit_kind { CLINUX_RUNNING = 0, CLINUX_EXITED, CLINUX_SIGNALED, CLINUX_REAPED_ELSEWHERE };
// Is the process dead? Leaves it a zombie, so that its number stays taken.
int clinux_is_dead(int pidfd);
// Reaps it if it is dead (with `wait`: as soon as it is); answers an enum clinux_exit_kind and the code or the signal.
int clinux_reap(int pidfd, bool wait, int *status);

// Lets go of the pages of program code that are mapped, of the program and of its libraries; those that are still needed
// come back from the page cache at their next use (madvise(2), MADV_DONTNEED). Any thread, at any time.
void clinux_release_code(void);

// ---- The guard ----

// Forks the guard process. Answers its pid and stores the write end of its pipe (close-on-exec), or answers -errno.
//
// The guard reads 4-byte integers in host order: n registers process group n, -n forgets it. At end of file, that is
// when the last writer is gone, it sends SIGKILL to every registered group and exits.
int clinux_guard_start(int *write_end);
// One message to the guard; safe between clone and exec. -EPIPE: the guard is gone.
int clinux_guard_tell(int write_end, int32_t message);
// Waits until a child process has ended, and reaps it.
int clinux_wait_for(pid_t process);
