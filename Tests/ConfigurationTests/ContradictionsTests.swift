import Testing

@testable import Configuration

@Suite struct ContradictionsTests {
    @Test("assignments contradict topics and patterns")
    func assign() {
        #expect(
            Fixture().complaints("--assign", "orders:0") == [
                "--assign: assign contradicts topic: partitions are either named or assigned by a group; leave out one of them"
            ])
    }

    @Test("assignments need no group")
    func assignWithoutGroup() throws {
        let settings = try Fixture().runExactly(["run", "-b", "h", "--assign", "t:0@5", "--assign", "t:1", "--", "cat"])
        #expect(settings.group == nil)
        #expect(
            settings.assignments == [
                AssignedPartition(topic: "t", partition: 0, offset: 5),
                AssignedPartition(topic: "t", partition: 1, offset: nil),
            ])
    }

    @Test("a subscription needs a group")
    func group() {
        #expect(
            Fixture().complaintsExactly(["run", "-b", "h", "--topic-pattern", "x.*", "--", "cat"]) == [
                "-g/--group is required with -t and --topic-pattern; use --assign to read partitions without a group"
            ])
    }

    @Test("a revoke timeout over half of the poll interval is refused, whichever was set")
    func revokeTimeout() throws {
        #expect(try Fixture().run("--revoke-timeout", "150s").revokeTimeout == .seconds(150))
        #expect(
            Fixture().complaints("--revoke-timeout", "151s") == [
                "--revoke-timeout: revoke-timeout 2m31s is over half of max.poll.interval.ms (5m), after which the brokers give "
                    + "the partitions away; lower --revoke-timeout or raise -X max.poll.interval.ms"
            ])
        #expect(
            Fixture().complaints("-X", "max.poll.interval.ms=6000").first?.hasPrefix("-X: revoke-timeout 10s") == true)
        #expect(
            try Fixture().run("--revoke-timeout", "3s", "-X", "max.poll.interval.ms=6000").revokeTimeout == .seconds(3))
    }

    @Test("a batch that could never become full is refused in batch mode only")
    func batch() throws {
        let large = ["--batch-bytes", "65MiB", "--batch-size", "10001"]
        let base = Fixture.minimal + large + ["--mode"]
        #expect(Fixture().complaintsExactly(base + ["batch"] + Fixture.handler).count == 2)
        #expect(try Fixture().runExactly(base + ["message"] + Fixture.handler).batchSize == 10_001)
    }
}
