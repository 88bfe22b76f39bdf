package import Configuration

/// Why a load ended early.
package struct LoadFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the process answers with; `.ok` where a signal ended it.
    package let code: ExitCode
    /// `FILE:LINE:COLUMN: what was found; what to do`. Lines and columns count from 1, columns in bytes.
    package let description: String

    init(_ code: ExitCode, _ description: String) {
        self.code = code
        self.description = description
    }

    /// A fault of the file itself.
    init(file: String, _ text: String) { self.init(.data, "\(file): \(text)") }

    /// A fault at a line of the file, and at a byte of it counted from 0.
    init(file: String, line: Int, atByte: Int = 0, _ text: String) {
        self.init(.data, "\(file):\(line):\(atByte + 1): \(text)")
    }

    /// A word of the file for a message, cut at 64 characters, without control characters.
    static func printable(_ word: String) -> String {
        String(
            String.UnicodeScalarView(
                word.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
