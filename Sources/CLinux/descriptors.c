#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

int clinux_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) { return -errno; }
    return fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int clinux_set_pipe_size(int descriptor, int bytes) {
    int granted = fcntl(descriptor, F_SETPIPE_SZ, bytes);
    return granted < 0 ? -errno : granted;
}

int clinux_open_null(void) {
    int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

const char *clinux_error_name(int error) { return strerrorname_np(error); }

const char *clinux_error_text(int error) { return strerrordesc_np(error); }

const char *clinux_signal_name(int signal) { return sigabbrev_np(signal); }

char **clinux_environment(void) { return environ; }

int clinux_hide_process(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0; }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
