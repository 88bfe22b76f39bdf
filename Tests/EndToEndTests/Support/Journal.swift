import Foundation

/// What the handlers of a run wrote down, in the order of their writes.
struct Journal {
    struct Entry: Equatable {
        var topic: String
        var partition: Int
        var offset: Int64
        var attempt: Int
        var redelivered: Bool
        var pid: Int
    }

    let path: String

    init(_ scratch: Scratch, _ name: String = "journal") { path = scratch.path(name) }

    /// Every entry so far; a last line that is still being written is left out.
    func entries() -> [Entry] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 6, let partition = Int(words[1]), let offset = Int64(words[2]),
                let attempt = Int(words[3]), let pid = Int(words[5])
            else { return nil }
            return Entry(
                topic: String(words[0]), partition: partition, offset: offset, attempt: attempt,
                redelivered: words[4] == "1", pid: pid)
        }
    }

    /// The distinct offsets of each partition.
    func offsets() -> [Int: Set<Int64>] {
        entries().reduce(into: [:]) { $0[$1.partition, default: []].insert($1.offset) }
    }

    /// How many distinct records were handled.
    func distinctCount() -> Int { offsets().values.reduce(0) { $0 + $1.count } }
}
