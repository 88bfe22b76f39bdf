"""The command line of scripts/bench: which cases are run, and what is printed and written."""
import argparse
import os
import signal
import sys
import time

from .broker import Brokers
from .cases import CASES
from .checks import check_table
from .document import DOCUMENT, write_document
from .machine import described, load_average
from .processes import Failure
from .progress import FILL_SECONDS, Progress
from .results import Results, fingerprint
from .tools import ROOT, Tools

HELP = """Measures ackpipe beside the raw Kafka client and beside what else a user would take, on this machine, with the
embedded broker. Without an option that chooses, everything is measured and docs/performance.md is written."""


def parsed(arguments):
    """The options."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="What follows -- are options for every `ackpipe run` that is measured, for a trial.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print the names of the cases")
    what.add_argument("--case", action="append", default=[], metavar="NAME", help="measure only this case (repeatable)")
    what.add_argument("--quick", action="store_true", help="measure the most important cases, twice: under 3 minutes")
    what.add_argument("--check", action="store_true", help="assert the ratios; exit code 1 if one is missed")
    what.add_argument("--document", action="store_true", help="write docs/performance.md from what was measured last")
    parser.add_argument("--repeat", type=int, metavar="N",
                        help="rounds of each case (default: 3; 2 with --quick); some have fewer")
    parser.add_argument("--update", action="store_true",
                        help="with --case or --check: write the document too, with the "
                             "other cases as they were measured last")
    parser.add_argument("--resume", action="store_true",
                        help="go on where a complete run (or one with --update) was ended: keep what was measured with "
                             "the same binary, bench and options")
    parser.add_argument("--share", type=int, default=1, metavar="N",
                        help="read only every Nth of the records, N being 4 or 40: for a trial")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "ackpipe"), metavar="PATH",
                        help="the release binary to measure (default: ACKPIPE_BINARY, else it is built)")
    parser.add_argument("--broker-binary", metavar="PATH", help="the binary that is the broker (default: the same)")
    parser.add_argument("--newer-librdkafka", metavar="FOLDER", help="where a newer librdkafka.so.1 is")
    parser.add_argument("--pin", metavar="CPUS",
                        help="pin each measured process and its children to these CPUs (taskset -c)")
    parser.add_argument("--keep-logs", action="store_true", help="keep the logs and reports in .build/bench/run-PID")
    if "--" in arguments:
        place = arguments.index("--")
        arguments, extra = arguments[:place], arguments[place + 1:]
    else:
        extra = []
    options = parser.parse_args(arguments)
    options.extra = extra
    partial = options.case or options.check or options.quick
    if options.update and not (options.case or options.check):
        parser.error("--update goes with --case or --check")
    if options.resume and partial and not options.update:
        parser.error("--resume goes with a complete run, or with --update")
    options.is_complete = not (partial or extra or options.share > 1)
    options.repeat = options.repeat or (2 if options.quick else 3)
    unknown = set(options.case) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no case {', '.join(sorted(unknown))}; --list names them")
    return options


class Bench:
    """What the cases use."""

    def __init__(self, tools):
        self.tools = tools
        self.brokers = Brokers(tools)


def chosen(options):
    """The cases to run."""
    if options.check:
        return [part for part in (case.for_check() for case in CASES) if part]
    if options.quick:
        return [case for case in CASES if case.quick]
    return [case for case in CASES if not options.case or case.name in options.case]


def data_of(case):
    """What the broker holds for a case, to begin with."""
    return getattr(case, "data", "") or case.name, getattr(case, "newer_broker", False)


def in_order(cases):
    """The cases, those of one data set behind each other: a broker is filled once."""
    order = {}
    for case in CASES:
        order.setdefault(data_of(case), len(order))
    return sorted(cases, key=lambda case: order[data_of(case)])


def expected_seconds(cases, repeat):
    """Of each case, when they are run in this order."""
    before = [None, *map(data_of, cases)]
    return [case.expected_seconds(repeat) - (FILL_SECONDS if held == data_of(case) else 0)
            for case, held in zip(cases, before)]


def run_cases(tools, options):
    """Runs the cases and prints their tables. Returns the results and the verdicts."""
    bench = Bench(tools)
    keeps = options.update or options.is_complete
    results = Results(described(tools, options), Results.load().cases if keeps else None)
    mark = fingerprint(tools, options)
    verdicts = []
    cases = in_order(chosen(options))
    kept = [case for case in cases if options.resume and results.kept(case.name, mark)]
    progress = Progress(expected_seconds([case for case in cases if case not in kept], options.repeat))
    try:
        for case in cases:
            if case in kept:
                result = results.cases[case.name]
                tools.say(f"{case.name}: kept from {result['date']}")
            else:
                tools.say(progress.line(case.name, case.title))
                started = time.monotonic()
                result = {"date": time.strftime("%Y-%m-%d"), "load": load_average(), "fingerprint": mark,
                          **case.measured(bench, options.repeat)}
                result["seconds"] = round(time.monotonic() - started)
                progress.done += 1
                results.add(case.name, result)
                if keeps:
                    results.save()  # a long run that is ended keeps what it has: --resume, --document
            verdicts += case.judged(result)
            print(f"\n## {case.title}\n\n{case.rendered(result)}", flush=True)
    finally:
        bench.brokers.end()
    return results, verdicts


def main(arguments):
    """Exit code 0, or 1 where something failed or a ratio was missed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of the finally blocks
    options = parsed(arguments)
    if options.list:
        for case in CASES:
            print(f"{case.name:18}{case.title}")
        return 0
    if options.document:
        write_document(Results.load(), CASES)
        return 0
    tools = None
    started = time.monotonic()
    try:
        tools = Tools(options)
        if load_average() > 0.5:
            tools.say(f"the machine is busy (load average {load_average()}): nothing but ratios can be trusted")
        results, verdicts = run_cases(tools, options)
        if verdicts:
            print(f"\n## What ackpipe has to keep\n\n{check_table(verdicts)}")
        if options.update or options.is_complete:
            write_document(results, CASES)
            tools.say(f"{DOCUMENT} is written")
        tools.say(f"done in {(time.monotonic() - started) / 60:.1f} minutes")
    except Failure as failure:
        print(f"scripts/bench: error: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if tools:
            tools.close()
    return 1 if options.check and any(verdict.failed for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
