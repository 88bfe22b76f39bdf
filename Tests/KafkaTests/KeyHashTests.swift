import DeliveryCore
import Kafka
import Testing

@Suite struct KeyHashTests {
    private func hash(_ bytes: [UInt8], seed: UInt64 = 1) -> UInt64 {
        bytes.withUnsafeBytes { KeyHash(seed: seed).value(of: $0) }
    }

    @Test("Equal bytes have equal hashes wherever they lie in memory")
    func equalBytes() {
        for count in [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 100] {
            let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            for shift in 0..<8 {
                let shifted = [UInt8](repeating: 0xAA, count: shift) + key + [0xBB]
                let found = shifted.withUnsafeBytes {
                    KeyHash(seed: 1).value(of: UnsafeRawBufferPointer(rebasing: $0[shift..<shift + count]))
                }
                #expect(found == hash(key), "\(count) bytes at \(shift)")
            }
        }
    }

    @Test("Keys that differ in one bit, or in trailing zero bytes, differ in about half of the hash's bits")
    func mixing() {
        var changedBits = 0
        var pairs = 0
        for count in 1...40 {
            let key = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ 3) }
            for bit in 0..<count * 8 {
                var other = key
                other[bit / 8] ^= 1 << (bit % 8)
                let distance = (hash(key) ^ hash(other)).nonzeroBitCount
                #expect(distance > 8, "\(count) bytes, bit \(bit): \(distance) bits of the hash changed")
                changedBits += distance
                pairs += 1
            }
            #expect(hash(key) != hash(key + [0]))
        }
        let mean = Double(changedBits) / Double(pairs)
        #expect((31.0...33.0).contains(mean), "\(mean) bits on average")
    }

    @Test("A hundred thousand numbered keys spread evenly over lanes, without a collision")
    func spread() {
        var lanes = [Int](repeating: 0, count: 64)
        var seen: Set<UInt64> = []
        for number in 0..<100_000 {
            let value = hash(Array("order-\(number)".utf8))
            seen.insert(value)
            lanes[Int(value % 64)] += 1
        }
        #expect(seen.count == 100_000)
        // 1,562 on average, with a standard deviation of 39.
        #expect(lanes.allSatisfy { (1_300...1_830).contains($0) }, "\(lanes)")
    }

    @Test("Another seed is another function: keys chosen to collide under one do not under the other")
    func seeds() {
        let keys = (0..<2_000).map { Array("k\($0)".utf8) }
        let crowded = keys.filter { hash($0, seed: 1) % 16 == 0 }
        #expect(crowded.count > 60)
        let elsewhere = crowded.filter { hash($0, seed: 2) % 16 == 0 }
        #expect(elsewhere.count < crowded.count / 3, "\(elsewhere.count) of \(crowded.count)")
        #expect(hash([], seed: 1) != hash([], seed: 2))
    }

    @Test("Records carry their key's hash where the consumer is told to, nil without a key, and none otherwise")
    func records() throws {
        let topic = try TestTopic()
        for key: [UInt8]? in [[1, 2], nil, [], [1, 2], [3]] {
            try topic.producer.produce(LoadRecord(topic: "t", partition: 0, key: key, value: [0]))
        }
        try topic.flush()
        for hashes in [true, false] {
            let member = try TestMember(topic, hashesKeys: hashes)
            member.holdsRecords = true
            try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
            #expect(try member.turn(forUpTo: 10) { member.held.count == 5 }, "only \(member.held.count) of 5 seen")
            let found = member.held.map(\.keyHash)
            try #require(found.count == 5)
            if hashes {
                #expect(found[0] != nil && found[0] == found[3])
                #expect(found[1] == nil)
                #expect(found[2] != nil && found[2] != found[0])
                #expect(found[4] != nil && found[4] != found[0])
            } else {
                #expect(found.allSatisfy { $0 == nil })
            }
            try member.close()
        }
    }
}
