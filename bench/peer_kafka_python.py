"""kafka-python with its iterator and background commits: peer_kafka_python.py BROKERS TOPIC GROUP FOLDER COUNT"""
import sys

from kafka import KafkaConsumer

from peer import Work

brokers, topic, group, folder, count = sys.argv[1:]
consumer = KafkaConsumer(topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest")
work = Work(folder, int(count))
for record in consumer:
    work.begin()
    if work.add(1, len(record.value)):
        break
work.report()
consumer.close()
