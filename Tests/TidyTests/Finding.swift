/// One place that breaks a rule of the house, written as compilers write it, so that editors can jump there.
struct Finding: Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var what: String

    var description: String { "\(path):\(line): \(what)" }
}

extension [Finding] {
    /// What a failed expectation shows: each place on a line of its own.
    var report: String { "\n" + map(\.description).joined(separator: "\n") }
}
