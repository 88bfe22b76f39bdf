package import Reactor

/// A replay that a service is to do in place of consuming.
package struct FileReplay: Sendable {
    let file: ReplayFile
    /// The topic of records that name none.
    let topic: String
    /// Stop reading after so many records.
    let limit: Int?
    /// How many failures are kept.
    let maxFailures: Int
    /// Gets one summary, at the end, whatever the end is.
    let results: Mailbox<FileReplaySummary>

    /// A replay of `file`, whose summary goes into `results`.
    package init(
        _ file: ReplayFile, topic: String, limit: Int?, maxFailures: Int, results: Mailbox<FileReplaySummary>
    ) {
        self.file = file
        self.topic = topic
        self.limit = limit
        self.maxFailures = maxFailures
        self.results = results
    }
}
