import Testing

/// How many executions repeated a record that was begun before, after each of several failures of one kind.
struct DuplicateCount {
    /// The failure, as the table names it.
    let kind: String
    private(set) var runs: [Int] = []

    init(_ kind: String) { self.kind = kind }

    /// Lets one failure happen, waits until every partition is at records that nobody had begun before, and counts.
    mutating func measure(_ trial: Trial, _ failure: () async throws -> Void) async throws {
        trial.log.read()
        let before = trial.log.duplicates
        try await failure()
        try await trial.waitForProgress(records: 20, within: 120)
        trial.requireFlow()
        runs.append(trial.log.duplicates - before)
    }

    /// Adds a count that was taken elsewhere.
    mutating func add(_ duplicates: Int) { runs.append(duplicates) }

    /// A row of the table in docs/duplicates.md.
    var row: String {
        let sorted = runs.sorted()
        guard let least = sorted.first, let most = sorted.last else { return "| \(kind) | 0 | - | - | - |" }
        return "| \(kind) | \(runs.count) | \(least) | \(sorted[sorted.count / 2]) | \(most) |"
    }
}
