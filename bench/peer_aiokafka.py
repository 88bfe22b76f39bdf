"""aiokafka with background commits: peer_aiokafka.py BROKERS TOPIC GROUP FOLDER COUNT iterate|getmany"""
import asyncio
import sys

from aiokafka import AIOKafkaConsumer

from peer import Work

brokers, topic, group, folder, count, how = sys.argv[1:]
work = Work(folder, int(count))


async def iterate(consumer):
    async for record in consumer:
        work.begin()
        if work.add(1, len(record.value)):
            return


async def get_many(consumer):
    while True:
        batches = await consumer.getmany(timeout_ms=100)
        if not batches:
            continue
        work.begin()
        for records in batches.values():
            if work.add(len(records), sum(len(record.value) for record in records)):
                return


async def main():
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await (iterate if how == "iterate" else get_many)(consumer)
        work.report()
    finally:
        await consumer.stop()


asyncio.run(main())
