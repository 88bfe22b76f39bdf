import Foundation
import Testing

/// Paths that exist on one machine only. Written in two pieces here, so that this file does not find itself.
let machinePaths = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/"]

func machinePaths(in file: TextFile) -> [Finding] {
    let suspects = machinePaths.filter { file.text.range(of: $0, options: .literal) != nil }
    if suspects.isEmpty { return [] }
    return zip(1..., file.lines).flatMap { number, line in
        suspects.filter { path in
            // Only where a path begins: a URL's or a relative path's folder of that name is innocent.
            line.ranges(of: path).contains { range in
                let before = line[..<range.lowerBound].last ?? " "
                return !before.isLetter && !before.isNumber && !"._-~*".contains(before)
            }
        }
        .map { Finding(path: file.path, line: number, what: "a path of one machine: \($0)") }
    }
}

/// Links of a Markdown file to files of the project that do not exist.
func brokenLinks(in file: TextFile, exists: (String) -> Bool) -> [Finding] {
    let folder = URL(filePath: "/" + file.path).deletingLastPathComponent()
    return zip(1..., file.lines).flatMap { number, line in
        (line.contains("](") ? line : "").matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
            let target = match.1.split(separator: "#", omittingEmptySubsequences: false)[0]
            guard !target.isEmpty, !target.contains(":") else { return nil }
            let path = folder.appending(path: String(target)).standardized.path
            guard !exists(String(path.drop { $0 == "/" })) else { return nil }
            return Finding(path: file.path, line: number, what: "a link to \(target), which does not exist")
        }
    }
}

@Test("A path of one machine is found where a path begins")
func findsMachinePaths() {
    let text = "see \(machinePaths[0])x\nhttps://example.org\(machinePaths[1])y\n\"\(machinePaths[1])me/z\""
    #expect(machinePaths(in: TextFile(path: "a.md", text: text)).map(\.line) == [1, 3])
}

@Test("A link to a file that is not there is found")
func findsBrokenLinks() {
    let text = "[a](b.md) [c](../d.md#part) [e](https://example.org) [f](#here)\n[g](gone.md)"
    let findings = brokenLinks(in: TextFile(path: "docs/a.md", text: text)) { ["docs/b.md", "d.md"].contains($0) }
    #expect(findings.map(\.line) == [2])
}

@Test("No committed text names a path of one machine")
func textsNameNoMachinePaths() {
    let findings = Tree.files.flatMap(machinePaths)
    #expect(findings.isEmpty, "\(findings.report)")
}

@Test("Links between the documents lead somewhere")
func linksLeadSomewhere() {
    let findings = Tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { file in
        brokenLinks(in: file) { FileManager.default.fileExists(atPath: Tree.root.appending(path: $0).path) }
    }
    #expect(findings.isEmpty, "\(findings.report)")
}
