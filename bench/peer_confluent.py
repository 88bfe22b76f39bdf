"""confluent-kafka-python as its users write it: at least once, offsets stored after the work, background commits.

peer_confluent.py BROKERS TOPIC GROUP FOLDER COUNT poll|consume length|member [name=value ...]
"""
import json
import sys

from confluent_kafka import Consumer, KafkaException, TopicPartition

from peer import Work

brokers, topic, group, folder, count, how, what, *settings = sys.argv[1:]
consumer = Consumer({
    "bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.offset.store": False,
    **dict(setting.split("=", 1) for setting in settings),
})
consumer.subscribe([topic])
work = Work(folder, int(count))


def handle(record):
    if record.error():
        raise KafkaException(record.error())
    value = record.value()
    return json.loads(value)["n"] if what == "member" else len(value)


def poll():
    while True:
        record = consumer.poll(1.0)
        if record is None:
            continue
        work.begin()
        total = handle(record)
        consumer.store_offsets(record)
        if work.add(1, total):
            return


def consume():
    while True:
        records = consumer.consume(500, 0.1)
        if not records:
            continue
        work.begin()
        total = 0
        ends = {}
        for record in records:
            total += handle(record)
            ends[record.partition()] = record.offset()
        consumer.store_offsets(
            offsets=[TopicPartition(topic, partition, offset + 1) for partition, offset in ends.items()])
        if work.add(len(records), total):
            return


poll() if how == "poll" else consume()
work.report()
consumer.close()
