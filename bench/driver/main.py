"""The command line of scripts/bench."""
import argparse
import os
import sys

from .broker import DATA_SETS, Brokers
from .cases import SPEED_CASES
from .pairs import run_rounds
from .processes import Failure
from .tables import speed_table
from .tools import ROOT, Tools


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build", "release", "ackpipe"))
    parser.add_argument("--broker-binary", default=None)
    parser.add_argument("--newer-librdkafka", default=None)
    parser.add_argument("--pin", default=None)
    parser.add_argument("--keep-logs", action="store_true")
    parser.add_argument("extra", nargs="*")
    return parser.parse_args(arguments)


def main(arguments):
    options = parsed(arguments)
    tools = Tools(options)
    brokers = Brokers(tools)
    try:
        for case in SPEED_CASES:
            if options.case and case.name not in options.case:
                continue
            data = DATA_SETS[case.data]
            rows = run_rounds(tools, brokers.holding(data), data, case.subjects, options.repeat)
            print(f"\n{case.name}: {case.title}\n")
            print(speed_table(rows, case.subjects[0].name))
    except Failure as failure:
        print(f"bench: error: {failure}", file=sys.stderr)
        return 1
    finally:
        brokers.end()
        tools.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
