import DeliveryCore
import Kafka
import Testing

@Suite(.serialized) struct Explore {
    @Test(arguments: [Int32(3), 29])
    func topicError(code: Int32) throws {
        let topic = try TestTopic()
        try topic.fill(count: 3)
        topic.broker.setTopicError("t", code: code)
        let m = try TestMember(topic.broker.bootstrapServers)
        try m.consumer.subscribe(["t"])
        _ = try m.turn(forUpTo: 6) { m.seen.count == 3 }
        print("=== topic code \(code): seen \(m.seen.count)")
        for f in m.failures.prefix(6) {
            print(
                "  \(f.place) \(f.partition.map{"\($0.value)"} ?? "-") \(f.error.name) kind=\(f.error.kind) off=\(f.error.offset ?? -1): \(f.error.message)"
            )
        }
        for e in m.events {
            switch e {
            case .failed: break;
            default: print("  ev", e)
            }
        }
    }
    @Test(arguments: [Int32(3), 29])
    func topicErrorDirect(code: Int32) throws {
        let topic = try TestTopic()
        try topic.fill(count: 3)
        topic.broker.setTopicError("t", code: code)
        let m = try TestMember(topic.broker.bootstrapServers)
        try m.consumer.assignDirectly([(m.partition(0), offset: 0)])
        let l = try LookupThread(consumer: m.consumer, wake: m.wakeWriting)
        l.startPositions([m.partition(0)], from: .earliest, useCommitted: true, token: 1)
        var r: [LookupResult] = []
        _ = try m.turn(forUpTo: 6) {
            l.takeResults(into: &r); return !r.isEmpty
        }
        l.stop()
        print("=== direct topic code \(code): seen \(m.seen.count)", r)
        for f in m.failures.prefix(6) {
            print(
                "  \(f.place) \(f.partition.map{"\($0.value)"} ?? "-") \(f.error.name) kind=\(f.error.kind) off=\(f.error.offset ?? -1): \(f.error.message)"
            )
        }
        for e in m.events {
            switch e {
            case .failed: break;
            default: print("  ev", e)
            }
        }
    }
}
