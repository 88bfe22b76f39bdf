import Foundation

/// A text file of the project.
struct TextFile {
    /// Relative to the project's root.
    var path: String
    var text: String
    /// The lines of a Swift file without comments and the insides of strings; empty for any other file.
    var code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? SwiftCode(text).lines : []
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The target that a Swift file belongs to: the folder below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var isSwift: Bool { path.hasSuffix(".swift") }
}

/// The project's own files, read once.
enum Tree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every text file that is, or is about to be, committed.
    static let files: [TextFile] = paths().compactMap { path in
        guard let data = try? Data(contentsOf: root.appending(path: path)), !data.contains(0),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return TextFile(path: path, text: text)
    }

    static let sources = files.filter { $0.isSwift && $0.path.hasPrefix("Sources/") }
    static let tests = files.filter { $0.isSwift && $0.path.hasPrefix("Tests/") }

    private static func paths() -> [String] {
        // What git does not keep, as .gitignore says, and git's own files.
        let ignored: Set<String> = [".build", ".git", "Package.resolved"]
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            if ignored.contains(path) {
                walk.skipDescendants()
            } else if !path.hasSuffix(".swp") {
                found.append(path)
            }
        }
        return found.sorted()
    }
}
