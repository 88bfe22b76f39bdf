import Testing

@testable import Runtime

@Suite struct SentTimesTests {
    @Test("each delivery's time is told once, in whatever order they are answered")
    func times() {
        var sent = SentTimes()
        #expect(sent.take(1) == nil)
        sent.add(through: 3, at: 10)
        sent.add(through: 3, at: 11)
        sent.add(through: 5, at: 20)
        #expect(sent.take(4) == 20)
        #expect(sent.take(1) == 10)
        #expect(sent.take(1) == nil && sent.take(4) == nil && sent.take(6) == nil && sent.take(0) == nil)
        #expect(sent.lowest == 2)
        #expect(sent.take(3) == 10 && sent.take(2) == 10)
        #expect(sent.lowest == 5)
        #expect(sent.take(5) == 20)
    }

    @Test("a hundred thousand deliveries, some of them overtaken, leave nothing behind")
    func many() {
        var sent = SentTimes()
        for id in stride(from: UInt64(2), through: 100_000, by: 2) {
            sent.add(through: id, at: Int64(id))
            #expect(sent.take(id) == Int64(id))
            #expect(sent.take(id - 1) == Int64(id))
        }
        #expect(sent.lowest == 100_001)
    }
}
