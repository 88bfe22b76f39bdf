"""Where the programs are, where logs and reports go, and what the user asked for."""
import itertools
import os
import shutil
import sys
import time

from .processes import Failure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, "bench")


class Tools:
    """The paths of one invocation. `work` is a scratch folder under .build/bench."""

    def __init__(self, options):
        self.options = options
        build = os.path.join(ROOT, ".build")
        self.build = os.path.join(build, "bench")
        self.binary = self._fixed_binary(options.binary)
        self.broker_binary = self._fixed_binary(options.broker_binary) if options.broker_binary else self.binary
        self.venv = os.path.join(build, "bench-venv")
        self.newer_library = options.newer_librdkafka
        self.rsyslog = os.path.join(build, "bench-rsyslog")
        self.work = os.path.join(self.build, f"run-{os.getpid()}")
        os.makedirs(self.work)
        self.numbers = itertools.count(1)

    def _fixed_binary(self, path):
        """A path that exists; relative ones are the user's."""
        path = os.path.abspath(path)
        if not os.access(path, os.X_OK):
            raise Failure(f"there is no program at {path}: build it, or name one with --binary")
        return path

    def close(self):
        """Removes the scratch folder, unless it is to be kept."""
        if not self.options.keep_logs:
            shutil.rmtree(self.work, ignore_errors=True)

    def say(self, text):
        """A line of progress."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def log(self, name):
        """A new log file's path."""
        return os.path.join(self.work, f"{next(self.numbers):04d}-{name}.log")

    def folder(self, name):
        """A new folder for reports."""
        path = os.path.join(self.work, f"{next(self.numbers):04d}-{name}")
        os.makedirs(path)
        return path

    def program(self, name):
        """A C program of the bench."""
        return os.path.join(self.build, "bin", name)

    def source(self, name):
        """A file of the folder bench."""
        return os.path.join(SOURCES, name)

    def python(self):
        """The interpreter for handlers and peers: that of the virtual environment, which has orjson and the clients."""
        path = os.path.join(self.venv, "bin", "python3")
        return path if os.path.exists(path) else sys.executable

    def has_module(self, name):
        """Whether the interpreter has a package."""
        library = os.path.join(self.venv, "lib")
        return any(os.path.isdir(os.path.join(library, version, "site-packages", name))
                   for version in (os.listdir(library) if os.path.isdir(library) else []))

    def find(self, name):
        """A program on PATH, or None."""
        return shutil.which(name)

    def library_env(self, newer):
        """The environment for a program linked against the system's librdkafka that shall use the newer one."""
        return {"LD_LIBRARY_PATH": self.newer_library} if newer and self.newer_library else {}

    def rsyslog_problem(self):
        """Why rsyslog cannot be measured, or None."""
        if not os.path.exists(os.path.join(self.rsyslog, "complete")):
            return "Debian's packages of rsyslog could not be unpacked"
        return None
