"""Reads what callgrind counted (its format is in valgrind's manual, "Callgrind Format Specification"). Part of scripts/budget."""

import collections
import re
import subprocess

# An allocation is told with the calls that led to it.
ALLOCATORS = ("malloc", "calloc", "realloc", "memalign")
OPTIONS = [f"--separate-callers12={name}" for name in ALLOCATORS]

# The harness and what starts it: every chain ends with them.
_HARNESS = re.compile(r"HotPath|hotpath|below main|libc_start|Scenario\.run|CoreLoop|Encoding\.|Decoding\.|^0x")

# A position, absolute or relative, and what was spent there.
_COST = re.compile(r"(?:[+-]?\d+|\*) (\d+)")


def total(profile):
    """Instructions of the counted part."""
    return int(re.search(r"^summary: (\d+)", profile, re.M).group(1))


class _Functions:
    """Costs by function, and the calls between them."""

    def __init__(self, profile):
        self.own = collections.Counter()
        self.inclusive = collections.Counter()
        self.calls = collections.Counter()
        self.call_costs = collections.Counter()
        self.chains = collections.Counter()
        names = {}
        function = callee = None
        call_count = 0
        for line in profile.splitlines():
            named = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?$", line)
            if named:
                kind, number, name = named.groups()
                if name:
                    names[number] = name
                if kind == "fn":
                    function = names[number]
                else:
                    callee = names[number]
            elif line.startswith("calls="):
                call_count = int(line[6:].split()[0])
            elif callee and _COST.match(line):
                self._call(function, callee, call_count, int(line.split()[1]))
                callee = None
            elif function and _COST.match(line):
                cost = int(line.split()[1])
                self.own[_plain(function)] += cost
                self.inclusive[_plain(function)] += cost

    def _call(self, caller, callee, count, cost):
        chain = callee.split("'")
        if _plain(callee) in ALLOCATORS and len(chain) > 1 and _plain(caller) not in ALLOCATORS:
            self.chains[tuple(chain)] += count
        if _plain(caller) != _plain(callee):
            self.calls[_plain(caller), _plain(callee)] += count
            self.call_costs[_plain(caller), _plain(callee)] += cost
            self.inclusive[_plain(caller)] += cost


def _plain(function):
    """The function without the callers that callgrind was told to keep beside it, and without the number of a recursion."""
    return function.split("'")[0]


def report(profile, records):
    """Where instructions and allocations come from, a record; calls that recurse count more than once in the second list."""
    found = _Functions(profile)
    lines = ["", "Instructions a record, in the function itself:"]
    lines += [f"{cost / records:9.1f}  {name}" for name, cost in found.own.most_common(40)]
    lines += ["", "Instructions a record, with what the function calls:"]
    lines += [f"{cost / records:9.1f}  {name}" for name, cost in found.inclusive.most_common(50)]
    lines += ["", "Who calls the runtime and the C library (instructions, calls a record):"]
    runtime = [name for name, _ in found.own.most_common(40) if not name.startswith("$s")][:12]
    for name in runtime:
        lines.append(f"  {name}")
        callers = [(cost, pair) for pair, cost in found.call_costs.items() if pair[1] == name]
        for cost, pair in sorted(callers, reverse=True)[:6]:
            lines.append(f"{cost / records:9.1f} {found.calls[pair] / records:8.3f}  {pair[0]}")
    lines += ["", "Allocations a record, with the calls that led there, innermost first:"]
    for chain, count in found.chains.most_common(20):
        steps = _demangled("\n".join(chain)).splitlines()
        shown = [step for step in steps if not _HARNESS.search(step)] or steps[:3]
        lines.append(f"{count / records:9.3f}  {' < '.join(shown)}")
    return _demangled("\n".join(lines))


def _demangled(text):
    done = subprocess.run(["swift", "demangle", "--simplified"], input=text, stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else text
