import Foundation
import Simulation
import Testing

/// A few seeds in a debug build, where overflows and wrong indices trap; thousands run in a release build of `simulate`.
@Suite struct SimulationTests {
    @Test("The promises hold in a world that misbehaves at random", arguments: 0..<4)
    func keepsItsPromises(part: UInt64) {
        for seed in (100_000 + part * 10)..<(100_010 + part * 10) {
            guard let violation = Simulation.run(seed: seed).violation else { continue }
            let trace = Simulation.run(seed: seed, isTraced: true).trace.suffix(60).joined(separator: "\n")
            Issue.record("\(trace)\nseed \(seed): \(violation)")
            return
        }
    }

    @Test("A run is the same whether or not its story is kept")
    func tracingChangesNothing() {
        let outcome = Simulation.run(seed: 7)
        let traced = Simulation.run(seed: 7, isTraced: true)
        #expect(outcome.hash == traced.hash)
        #expect(outcome.trace.isEmpty && traced.trace.count > 10)
    }

    @Test("Runs of different seeds differ")
    func seedsDiffer() {
        #expect(Set((1...10).map { Simulation.run(seed: $0).hash }).count == 10)
    }

    /// Swift seeds its hashing anew in each process: what hangs on the order of a set or of a dictionary shows here.
    @Test("A run follows from its seed in every process")
    func processesAgree() throws {
        let first = try hash(ofSeeds: "1..12")
        #expect(!first.isEmpty)
        #expect(try hash(ofSeeds: "1..12") == first)
    }

    @Test("A seed that cannot be read ends with the usage and the exit code for it")
    func refusesNonsense() throws {
        let (output, status) = try simulate(["--seed", "many"])
        #expect(status == 64)
        #expect(output.hasPrefix("usage:"))
    }

    private func hash(ofSeeds seeds: String) throws -> String {
        let (output, status) = try simulate(["--seeds", seeds, "--hash"])
        #expect(status == 0, "\(output)")
        return output
    }

    private func simulate(_ arguments: [String]) throws -> (output: String, status: Int32) {
        let process = Process()
        // Built beside the tests, since they depend on it.
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "simulate")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }
}
