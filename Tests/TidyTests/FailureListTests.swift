import Foundation
import Testing

/// What scripts/lib/failures.py prints for the log of a part, and what it keeps in failures.txt.
private func failures(of log: String) throws -> (printed: [String], kept: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ackpipe-failures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(log.utf8).write(to: folder.appending(path: "unit.log"))
    let script = Process()
    let output = Pipe()
    script.executableURL = URL(filePath: "/usr/bin/env")
    script.arguments = ["python3", Tree.root.appending(path: "scripts/lib/failures.py").path, folder.path, "unit"]
    script.standardOutput = output
    try script.run()
    let text = try #require(String(data: output.fileHandleForReading.readDataToEndOfFile(), encoding: .utf8))
    script.waitUntilExit()
    try #require(script.terminationStatus == 0, "failures.py ended with \(script.terminationStatus)")
    let kept = try String(contentsOf: folder.appending(path: "failures.txt"), encoding: .utf8)
    return (text.split(separator: "\n").map(String.init), kept)
}

private let passing = """
    --- FooTests
    ◇ Test run started.
    ◇ Test "an error: is said" started.
    ◇ Test second() started.
    ◇ Test case passing 1 argument n → 1 to second() started.
    ✔ Test "an error: is said" passed after 0.1 seconds.
    ✔ Test second() with 1 test case passed after 0.1 seconds.
    ✔ Test run with 2 tests in 1 suite passed after 0.1 seconds.

    """

@Test("A failed test is listed on one line with what it saw, and kept in full")
func listsIssues() throws {
    let long = String(repeating: "x", count: 2000)
    let found = try failures(
        of: passing + """
            --- BarTests
            ◇ Test third() started.
            ✘ Test third() recorded an issue at BarTests.swift:3:5: Expectation failed: 1 == 2
            ↳ Seen: \(long)
              the error: of a daemon's log
            ✘ Test third() failed after 0.1 seconds with 1 issue.
            ✘ Test run with 1 test in 0 suites failed after 0.1 seconds with 1 issue.
            error: the part has failed
            """)
    try #require(found.printed.count == 2, "\(found.printed)")
    #expect(found.printed[0].hasPrefix("[unit] ✘ Test third() recorded an issue at BarTests.swift:3:5"))
    #expect(found.printed[0].hasSuffix("the error: of a daemon's log") && found.printed[0].count < 450)
    #expect(found.printed[1] == "[unit] error: the part has failed")
    #expect(found.kept.contains(long))
}

@Test("A test that a crash took with it is listed; a line that only a compiler or a linter knows is, too")
func listsCrashesAndFindings() throws {
    let found = try failures(
        of: passing + """
            Sources/A.swift:1:2: error: [Spacing] remove 1 space
            In scripts/test line 3:
                   ^-- SC2086 (info): Double quote to prevent globbing and word splitting.
            --- BarTests
            ◇ Test third() started.
            A.swift:1: Fatal error: Index out of range

            *** Program crashed: Bad pointer dereference at 0x0 ***

            Thread 0 "x":

              0      0x0000 main + 1 in a.xctest at /x/Tests/BarTests/Other.swift:9:1

            Thread 1 "y" crashed:

              0      0x0000 find + 23 in libswiftCore.so
              1 [ra] 0x0000 f() + 2 in a.xctest at /x/Tests/BarTests/Third.swift:7:1
            """)
    #expect(
        found.printed == [
            "[unit] A.swift:1: Fatal error: Index out of range",
            "[unit] *** Program crashed: Bad pointer dereference at 0x0 *** | Tests/BarTests/Third.swift:7",
            "[unit] Sources/A.swift:1:2: error: [Spacing] remove 1 space", "[unit] In scripts/test line 3:",
            "[unit] ^-- SC2086 (info): Double quote to prevent globbing and word splitting.",
            "[unit] started and never ended: third()",
        ])
}

@Test("Of many failures the first are listed and the rest counted; where it knows none, the end of the log is shown")
func listsFewLines() throws {
    let many = try failures(of: (1...100).map { "F.swift:\($0):1: error: no such name" }.joined(separator: "\n"))
    #expect(many.printed.count == 39 && many.printed.last == "[unit] and 62 more")
    let none = try failures(of: passing + (1...50).map { "line \($0)" }.joined(separator: "\n"))
    #expect(none.printed == (39...50).map { "[unit] line \($0)" })
}
