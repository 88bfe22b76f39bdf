import Testing

let longestFile = 400
let longestFunction = 70

func overlongFile(_ file: TextFile) -> [Finding] {
    let count = file.lines.count
    guard count > longestFile else { return [] }
    return [Finding(path: file.path, line: count, what: "\(count) lines, at most \(longestFile)")]
}

/// Functions, initializers, subscripts and computed properties that are too long, counted from the line of the keyword
/// to that of the closing brace.
func overlongFunctions(in file: TextFile) -> [Finding] {
    let code = file.code.map { Array($0.utf8) }
    return code.indices.compactMap { start in
        guard declaresFunction(String(decoding: code[start], as: UTF8.self)),
            let end = lastLineOfBody(from: start, in: code), end - start + 1 > longestFunction
        else { return nil }
        return Finding(
            path: file.path, line: start + 1,
            what: "a function of \(end - start + 1) lines, at most \(longestFunction)")
    }
}

/// Whether a function with a body of its own may begin on this line of code.
private func declaresFunction(_ line: String) -> Bool {
    let modifiers: Set<Substring> = [
        "package", "public", "internal", "private", "fileprivate", "static", "class", "final", "override", "mutating",
        "nonmutating", "consuming", "borrowing", "convenience", "required", "lazy", "unsafe", "nonisolated",
    ]
    let words = line.split(separator: " ").drop { $0.hasPrefix("@") || modifiers.contains($0) }
    guard let keyword = words.first else { return false }
    if keyword == "var" { return line.contains("{") }
    return keyword == "func" || ["init(", "init?(", "init<", "subscript(", "deinit"].contains { keyword.hasPrefix($0) }
}

/// The line on which the first brace outside of parentheses is closed; nil for a declaration without a body, which ends
/// where its enclosing brace is closed or the next declaration begins.
private func lastLineOfBody(from start: Int, in code: [[UInt8]]) -> Int? {
    var parentheses = 0
    var braces = 0
    for number in start..<code.count {
        if number > start, braces == 0, parentheses == 0,
            declaresFunction(String(decoding: code[number], as: UTF8.self))
        {
            return nil
        }
        for byte in code[number] {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
            case UInt8(ascii: "{") where braces > 0 || parentheses == 0: braces += 1
            case UInt8(ascii: "}") where braces > 0 || parentheses == 0:
                braces -= 1
                if braces < 0 { return nil }
                if braces == 0 { return number }
            default: break
            }
        }
    }
    return nil
}

@Test("A function that is a line too long is found, and one of the right length is not")
func findsLongFunctions() {
    func file(bodyLines: Int) -> TextFile {
        let body = repeatElement("    if a { b(c: { d }) } // }", count: bodyLines).joined(separator: "\n")
        let text = """
            protocol P {
                func withoutBody(_ a: Int)
                func another(_ a: () -> Void) -> [Int]
            }
            struct S {
                @discardableResult package mutating func long(
                    _ a: Int = { 1 }()
                ) -> Int {
            \(body)
                }
            }
            """
        return TextFile(path: "Sources/Kafka/S.swift", text: text)
    }
    #expect(overlongFunctions(in: file(bodyLines: longestFunction - 4)) == [])
    let findings = overlongFunctions(in: file(bodyLines: longestFunction - 3))
    #expect(findings.map(\.line) == [6])
    #expect(findings.first?.what.hasPrefix("a function of 71 lines") == true)
}

@Test("A file that is a line too long is found")
func findsLongFiles() {
    let lines = Array(repeating: "x", count: longestFile)
    #expect(overlongFile(TextFile(path: "a.swift", text: lines.joined(separator: "\n"))) == [])
    #expect(overlongFile(TextFile(path: "a.swift", text: (lines + ["x"]).joined(separator: "\n"))).count == 1)
}

@Test("No file and no function is too long to be read at one go")
func lengthsAreBounded() {
    let findings = (Tree.sources + Tree.tests).flatMap { overlongFile($0) + overlongFunctions(in: $0) }
    #expect(findings.isEmpty, "\(findings.report)")
}
