#include "clinux.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_signal_pidfd(int pidfd, int signal) {
    // The C library has pidfd_send_signal(2) only from 2.36 on.
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int clinux_signal_group(pid_t group, int signal) {
    // 0 and 1 would mean our own group and everybody.
    if (group <= 1) { return -EINVAL; }
    return kill(-group, signal) < 0 ? -errno : 0;
}

// P_PIDFD, waitid(2), Linux 5.4; named by its number because older headers lack it.
static int wait_for(int pidfd, int options, siginfo_t *info) {
    for (;;) {
        info->si_pid = 0;
        if (waitid((idtype_t)3, (id_t)pidfd, info, WEXITED | options) == 0) { return 0; }
        if (errno != EINTR) { return -errno; }
    }
}

int clinux_is_dead(int pidfd) {
    siginfo_t info;
    int waited = wait_for(pidfd, WNOHANG | WNOWAIT, &info);
    if (waited == -ECHILD) { return 1; }
    return waited < 0 ? waited : info.si_pid != 0;
}

int clinux_reap(int pidfd, bool wait, int *status) {
    siginfo_t info;
    *status = 0;
    int waited = wait_for(pidfd, wait ? 0 : WNOHANG, &info);
    if (waited == -ECHILD) { return CLINUX_REAPED_ELSEWHERE; }
    if (waited < 0) { return waited; }
    if (info.si_pid == 0) { return CLINUX_RUNNING; }
    *status = info.si_status;
    return info.si_code == CLD_EXITED ? CLINUX_EXITED : CLINUX_SIGNALED;
}
