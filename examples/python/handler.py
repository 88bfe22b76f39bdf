"""A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- python3 handler.py"""
from ackpipe_handler import handler, value_of
import json


@handler
def handle(record):
    """Your code here. Return when the record is done; raise, and it is delivered again."""
    if record.get("value") == "":
        raise ValueError("empty value")
    text = json.dumps(record["value"]) if "value" in record else f"{len(value_of(record))} bytes"  # null is a tombstone
    print(f"{record['topic']}[{record['partition']}]@{record['offset']}: {text}")
