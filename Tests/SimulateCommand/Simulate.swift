import Glibc
import Simulation

/// What the command was asked for.
struct Options {
    var seeds: ClosedRange<UInt64> = 1...2_000
    var isTraced = false
    var seconds: Double?
    var showsHash = false
}

/// Runs the simulation for seeds, and tells the first promise that is broken.
@main
enum Simulate {
    static func main() {
        guard let options = options(CommandLine.arguments.dropFirst()) else {
            print("usage: simulate [--seed N | --seeds A..B | --seconds S] [--hash]")
            exit(64)
        }
        exit(options.seconds.map { runOn(for: $0, from: options.seeds.lowerBound) } ?? run(options))
    }

    private static func options(_ arguments: ArraySlice<String>) -> Options? {
        var options = Options()
        var rest = arguments
        while let name = rest.popFirst() {
            switch name {
            case "--hash": options.showsHash = true
            case "--seed":
                guard let seed = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
                options.seeds = seed...seed
                options.isTraced = true
            case "--seeds":
                guard let range = rest.popFirst().flatMap(range) else { return nil }
                options.seeds = range
            case "--seconds":
                guard let seconds = rest.popFirst().flatMap({ Double($0) }) else { return nil }
                options.seconds = seconds
                let start = UInt64.random(in: 0...UInt64(UInt32.max)) << 20
                options.seeds = start...(start + 1)
            default: return nil
            }
        }
        return options
    }

    private static func range(_ text: String) -> ClosedRange<UInt64>? {
        guard let dots = text.firstIndex(of: "."), text[dots...].hasPrefix(".."),
            let low = UInt64(text[..<dots]), let high = UInt64(text[dots...].dropFirst(2)), low <= high
        else { return nil }
        return low...high
    }

    // MARK: Runs

    private static func run(_ options: Options) -> Int32 {
        let start = seconds()
        var steps = 0
        var hash: UInt64 = 0
        for seed in options.seeds {
            let outcome = Simulation.run(seed: seed)
            steps += outcome.steps
            hash = hash &* 31 &+ outcome.hash
            if outcome.violation != nil { return tell(seed, last: options.isTraced ? .max : 60) }
            if options.isTraced && !options.showsHash { print(Simulation.run(seed: seed, isTraced: true).story) }
        }
        if options.showsHash {
            print(String(hash, radix: 16))
            return 0
        }
        print("\(options.seeds.count) seeds, \(steps) steps, \(rounded(seconds() - start)) s: every promise is kept")
        return 0
    }

    private static func runOn(for limit: Double, from first: UInt64) -> Int32 {
        let start = seconds()
        var told = start
        var seed = first
        while seconds() - start < limit {
            if Simulation.run(seed: seed).violation != nil { return tell(seed, last: 60) }
            seed += 1
            guard seconds() - told > 10 else { continue }
            told = seconds()
            print("\(seed - first) seeds from \(first) on, \(rounded(told - start)) s")
            fflush(nil)
        }
        print("\(seed - first) seeds from \(first) on: every promise is kept")
        return 0
    }

    private static func tell(_ seed: UInt64, last count: Int) -> Int32 {
        let outcome = Simulation.run(seed: seed, isTraced: true)
        print(outcome.trace.suffix(count).joined(separator: "\n"))
        print("seed \(seed): \(outcome.violation ?? "it did not happen again: the run does not follow from its seed")")
        print("scripts/simulate --seed \(seed) tells all of it")
        return 1
    }

    // MARK: The clock

    private static func seconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}

extension Simulation.Outcome {
    /// All that was kept, in lines.
    var story: String { trace.joined(separator: "\n") }
}
