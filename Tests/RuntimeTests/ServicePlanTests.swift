import Configuration
import DeliveryCore
import Testing

@testable import Runtime

@Suite struct ServicePlanTests {
    private func plan(_ options: [String]) throws -> ServicePlan {
        let result = Configuration.CommandLine.resolve(
            arguments: ["run", "-b", "localhost:1"] + options + ["--", "true"], environment: [:],
            readFile: { _ in .failure(FileProblem("no file here")) },
            readSecret: { _ in .failure(FileProblem("no secret here")) })
        guard case .run(let services) = try result.get(), let settings = services.first else { throw NotARun() }
        return ServicePlan(settings, random: 0xABC)
    }

    private struct NotARun: Error {}

    private func value(_ name: String, _ plan: ServicePlan) -> String? {
        plan.properties.last { $0.name == name }?.value
    }

    @Test func whatThePromisesRestOnIsAlwaysSet() throws {
        let plan = try plan(["-t", "t", "-g", "g"])
        #expect(value("enable.auto.commit", plan) == "false")
        #expect(value("enable.auto.offset.store", plan) == "false")
        #expect(value("auto.offset.reset", plan) == "error")
        #expect(value("enable.partition.eof", plan) == "true")
        #expect(value("group.id", plan) == "g")
    }

    @Test func theUsersPropertyBeatsOurDefault() throws {
        let plan = try plan(["-t", "t", "-g", "g", "-X", "partition.assignment.strategy=range"])
        #expect(plan.properties.filter { $0.name == "partition.assignment.strategy" }.map(\.value) == ["range"])
    }

    @Test func withoutAGroupNothingIsCommittedAndTheGroupIdIsPrivate() throws {
        let plan = try plan(["--assign", "t:0"])
        #expect(!plan.policy.commits)
        #expect(!plan.usesGroup)
        #expect(value("group.id", plan) == "ackpipe-assign-abc")
    }

    @Test func theWindowTakesAtMostHalfOfTheMemoryBudget() throws {
        let plan = try plan(["-t", "t", "-g", "g", "--max-memory", "32MiB"])
        #expect(plan.limits.maxInFlightBytes == 16 << 20)
        #expect(value("queued.max.messages.kbytes", plan) == "4096")
    }

    @Test func messageModeHasBatchesOfOneThatWaitForNobody() throws {
        let plan = try plan(["-t", "t", "-g", "g", "--batch-size", "500", "--batch-linger", "1s"])
        #expect(plan.limits.batchSize == 1)
        #expect(plan.limits.batchLinger == .zero)
        #expect(!plan.policy.isBatch)
    }

    @Test func theLongestWaitFollowsMaxPollInterval() throws {
        #expect(try plan(["-t", "t", "-g", "g"]).maxPollMilliseconds == 300_000)
        let short = try plan([
            "-t", "t", "-g", "g", "--revoke-timeout", "1s", "-X", "max.poll.interval.ms=6000", "-X",
            "session.timeout.ms=6000",
        ])
        #expect(short.maxPollMilliseconds == 6_000)
    }

    @Test func aDurationKeepsItsNanoseconds() {
        #expect(Interval(Duration.milliseconds(1_500)) == .milliseconds(1_500))
        #expect(Interval(Duration.nanoseconds(7)).nanoseconds == 7)
        #expect(Interval(Duration.seconds(Int64.max)).nanoseconds == .max)
    }
}
