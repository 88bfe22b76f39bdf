"""The machine and the versions, for the document."""
import os
import platform
import re
import subprocess
import time


def output(*command, env=None):
    """The first line that a program prints, or a word that it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=env)
    except OSError:
        return "not installed"
    text = (done.stdout or done.stderr).strip().splitlines()
    return text[0] if text else "unknown"


def field(path, name):
    """A value of a file in /proc."""
    try:
        with open(path) as file:
            found = re.search(rf"^{name}\s*:\s*(.+)$", file.read(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1] if found else "unknown"


def distribution():
    """PRETTY_NAME of os-release."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def package_version(tools, name):
    """Of a Python package of the virtual environment."""
    return output(tools.python(), "-c", f"import importlib.metadata as m; print(m.version('{name}'))")


def load_average():
    """Of the last minute."""
    return round(os.getloadavg()[0], 1)


def described(tools, options):
    """A dictionary of texts, in the order in which the document shows them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACKPIPE_")}
    machine = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": field("/proc/cpuinfo", "model name"),
        "CPUs": str(len(os.sched_getaffinity(0))),
        "load average before the run": str(load_average()),
        "memory": field("/proc/meminfo", "MemTotal"),
        "system": f"{distribution()}, Linux {platform.release()}",
        "ackpipe": output(tools.binary, "--version", env=clean),
        "librdkafka": output("pkg-config", "--modversion", "rdkafka") + " (the system's)",
        "placement": f"pinned to {options.pin}" if options.pin else "free: nothing is pinned",
        "rounds": str(options.repeat),
        "python": output(tools.python(), "--version"),
        "node": output("node", "--version"),
        "kcat": output("kcat", "-V"),
    }
    for name in ("confluent-kafka", "kafka-python", "aiokafka", "orjson"):
        module = {"confluent-kafka": "confluent_kafka", "kafka-python": "kafka"}.get(name, name)
        machine[name] = package_version(tools, name) if tools.has_module(module) else "not installed"
    if tools.newer_library:
        machine["newer librdkafka"] = output(
            tools.python(), "-c", "import ctypes; f = ctypes.CDLL('librdkafka.so.1').rd_kafka_version_str; "
            "f.restype = ctypes.c_char_p; print(f().decode())", env={**clean, "LD_LIBRARY_PATH": tools.newer_library})
    return machine
