"""Reads what callgrind counted (its format is in valgrind's manual, "Callgrind Format Specification"). Part of scripts/budget."""

import collections
import re
import subprocess

# An allocation is told with the calls that led to it, which callgrind then keeps in the function's name, after a ' each.
ALLOCATORS = ("malloc", "calloc", "realloc", "memalign")
OPTIONS = [f"--separate-callers12={name}" for name in ALLOCATORS]

# What drives the code is no news: every chain of calls ends with it.
_HARNESS = re.compile(r"HotPath|hotpath|below main|libc_start|Scenario\.run|CoreLoop|Encoding\.|Decoding\.|^0x")
_NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?$")
# A position, absolute or relative, and what was spent there.
_COST = re.compile(r"(?:[+-]?\d+|\*) (\d+)")


def total(profile):
    """Instructions of the counted part."""
    return int(re.search(r"^summary: (\d+)", profile, re.M).group(1))


class _Costs:
    """Costs by function, and the calls between them."""

    def __init__(self, profile):
        self.own = collections.Counter()
        self.inclusive = collections.Counter()
        self.calls = collections.Counter()
        self.call_costs = collections.Counter()
        self.chains = collections.Counter()
        names = {}
        function = callee = None
        count = 0
        for line in profile.splitlines():
            if named := _NAME.match(line):
                kind, number, name = named.groups()
                names.setdefault(number, name)
                if kind == "fn":
                    function = names[number]
                else:
                    callee = names[number]
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
            elif function and (spent := _COST.match(line)):
                if callee:
                    self._take_call(function, callee, count, int(spent.group(1)))
                    callee = None
                else:
                    self.own[_plain(function)] += int(spent.group(1))
                    self.inclusive[_plain(function)] += int(spent.group(1))

    def _take_call(self, caller, callee, count, cost):
        chain = callee.split("'")
        caller, callee = _plain(caller), _plain(callee)
        if callee in ALLOCATORS and caller not in ALLOCATORS:
            self.chains[tuple(chain)] += count
        if caller != callee:
            self.calls[caller, callee] += count
            self.call_costs[caller, callee] += cost
            self.inclusive[caller] += cost


def _plain(function):
    return function.split("'")[0]


def report(profile, records):
    """Where instructions and allocations come from, a record. What recurses counts more than once in the second list."""
    costs = _Costs(profile)
    names = _demangled({*costs.own, *costs.inclusive, *(step for chain in costs.chains for step in chain)})
    lines = ["", "Instructions a record, in the function itself:"]
    lines += [f"{cost / records:9.1f}  {names[name]}" for name, cost in costs.own.most_common(40)]
    lines += ["", "Instructions a record, with what the function calls:"]
    inclusive = [entry for entry in costs.inclusive.most_common(80) if not _HARNESS.search(names[entry[0]])]
    lines += [f"{cost / records:9.1f}  {names[name]}" for name, cost in inclusive[:40]]
    lines += ["", "Who calls the runtime and the C library (instructions, calls a record):"]
    for name in [name for name, _ in costs.own.most_common(40) if not name.startswith("$s")][:12]:
        lines.append(f"  {names[name]}")
        callers = [(cost, pair) for pair, cost in costs.call_costs.items() if pair[1] == name]
        for cost, pair in sorted(callers, reverse=True)[:8]:
            lines.append(f"{cost / records:9.1f} {costs.calls[pair] / records:8.3f}  {names[pair[0]]}")
    lines += ["", "Allocations a record, with the calls that led there, innermost first:"]
    for chain, count in costs.chains.most_common(20):
        steps = [names[step] for step in chain]
        shown = [step for step in steps if not _HARNESS.search(step)]
        lines.append(f"{count / records:9.3f}  {' < '.join(shown)}")
    return "\n".join(lines)


def _demangled(mangled):
    """Names that a person reads, by the symbols; of a specialized generic function also what it was specialized for."""
    mangled = sorted(mangled)
    short, full = (_demangle(mangled, options) for options in (["--simplified"], []))
    names = {}
    for symbol, name, long in zip(mangled, short, full):
        if generic := re.match(r"generic specialization <(.*?)> of ", long):
            name = f"{name.removeprefix('specialized ')} <{re.sub(r'[A-Za-z]+[.](?=[A-Z])', '', generic.group(1))}>"
        if long.endswith('unmangled suffix ".resume.0"'):
            name += " (its second half)"
        names[symbol] = name
    return names


def _demangle(symbols, options):
    done = subprocess.run(
        ["swift", "demangle", *options], input="\n".join(symbols), stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    return lines if len(lines) == len(symbols) else symbols
