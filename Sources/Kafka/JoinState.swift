/// Whether the group is being joined, which no call of librdkafka tells: read from its log (`debug=cgrp`), whose line is the
/// same from 1.6 to 2.16. Where it should ever change, nothing is known and nothing is held back.
struct JoinState {
    /// A JoinGroup or SyncGroup request is on its way, or is about to be.
    private(set) var isJoining = false

    /// Reads a line of the log; others than those about the join state change nothing.
    mutating func read(facility: String, text: String) {
        guard facility == "CGRPJOINSTATE", let arrow = text.firstRange(of: " -> ") else { return }
        let state = text[arrow.upperBound...].prefix { $0 != " " }
        isJoining = ["init", "wait-join", "wait-metadata", "wait-sync"].contains(state)
    }
}
