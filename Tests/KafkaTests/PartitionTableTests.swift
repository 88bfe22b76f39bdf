import DeliveryCore
import Kafka
import Testing

@Suite struct PartitionTableTests {
    @Test("Numbers are dense, stay the same, and lead back to the name")
    func numbers() throws {
        let member = try TestMember("127.0.0.1:1")
        let table = member.consumer.partitions
        #expect(table.index(topic: "a", partition: 3) == PartitionIndex(0))
        #expect(table.index(topic: "b", partition: 3) == PartitionIndex(1))
        #expect(table.index(topic: "a", partition: 0) == PartitionIndex(2))
        #expect(table.index(topic: "a", partition: 3) == PartitionIndex(0))
        #expect(table.count == 3)
        #expect(table.name(of: PartitionIndex(1)) == ("b", 3))
        try member.close()
    }
}
