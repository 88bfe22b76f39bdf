import Foundation
import Testing

/// A page of docs/guide. What its fenced blocks are marked with is what the tests do:
///
/// - `LANGUAGE file=NAME`: the text is written into a file of this name
/// - `sh run`: the text is run by bash, in the page's own copy of the examples; `code=N` is the exit code that is expected,
///   `needs=TOOL,TOOL` skips the block where one is not installed
/// - `text output`: each line occurs in what the last command printed, in this order; `..` in it stands for anything
/// - `swift compiled`: the text compiles against the library
///
/// Other blocks are shown only; one that is marked `sh` alone is a mistake.
struct GuidePage {
    struct Block {
        var marks: [String]
        var text: String
        var line: Int

        func value(of name: String) -> String? {
            marks.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
    }

    static let folder = Repository.root.appendingPathComponent("docs/guide")
    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".md") }
        .sorted()

    let name: String
    let text: String

    init(_ name: String) throws {
        self.name = name
        text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    }

    var blocks: [Block] {
        var blocks: [Block] = []
        var open: Block?
        for (number, line) in zip(1..., text.components(separatedBy: "\n")) {
            if line.hasPrefix("```") {
                if let block = open {
                    blocks.append(block)
                    open = nil
                } else {
                    open = Block(
                        marks: line.dropFirst(3).split(separator: " ").map(String.init), text: "", line: number)
                }
            } else {
                open?.text += line + "\n"
            }
        }
        return blocks
    }

    /// Does what the blocks say, in their order.
    func play() async throws {
        let scratch = try Scratch()
        let folder = scratch.folder.appendingPathComponent("clone")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Repository.root.appendingPathComponent("examples"), to: folder.appendingPathComponent("examples"))
        var printed: String?
        for block in blocks {
            if let file = block.value(of: "file") {
                try block.text.write(
                    to: folder.appendingPathComponent(file), atomically: true, encoding: .utf8)
            }
            if block.marks.starts(with: ["sh", "run"]) {
                let needs = block.value(of: "needs")?.split(separator: ",").map(String.init) ?? []
                printed = needs.allSatisfy(Self.isThere) ? try await run(block, in: folder) : nil
            } else if block.marks == ["text", "output"], let printed {
                expect(block, in: printed)
            } else if block.marks == ["swift", "compiled"] {
                try await compile(block, scratch)
            }
        }
    }

    /// In PATH, or built beside the program.
    private static func isThere(_ tool: String) -> Bool {
        let beside = URL(fileURLWithPath: AckpipeProcess.binary).deletingLastPathComponent().appendingPathComponent(
            tool)
        return Tool(tool).isThere || FileManager.default.isExecutableFile(atPath: beside.path)
    }

    private func run(_ block: Block, in folder: URL) async throws -> String {
        let tools = URL(fileURLWithPath: AckpipeProcess.binary).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        // Whoever reads the page has no variables of the tests'.
        let bare = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("ACKPIPE_") }.flatMap { ["-u", $0] }
        let script = "cd '\(folder.path)'\nset -e\n\(block.text)"
        let ended = try await Tool("env").run(
            bare + ["PATH=\(tools):\(path)", "timeout", "120", "bash", "-c", script])
        let expected = block.value(of: "code").flatMap { Int32($0) } ?? 0
        #expect(
            ended.code == expected,
            "\(name), line \(block.line): exit code \(ended.code): \(ended.output.suffix(3_000))")
        return ended.output
    }

    private func expect(_ block: Block, in printed: String) {
        var rest = printed[...]
        for line in block.text.split(separator: "\n") {
            let parts = line.components(separatedBy: "..").filter { !$0.isEmpty }
            // All parts of the line in one line of what was printed.
            let found = rest.split(separator: "\n").first { candidate in
                var left = candidate[...]
                return parts.allSatisfy { part in
                    guard let range = left.range(of: part) else { return false }
                    left = left[range.upperBound...]
                    return true
                }
            }
            guard let found else {
                Issue.record(
                    "\(name), line \(block.line): \"\(line)\" is not in what was printed: \(printed.suffix(3_000))")
                return
            }
            rest = rest[found.endIndex...]
        }
    }

    private func compile(_ block: Block, _ scratch: Scratch) async throws {
        guard Tool("swiftc").isThere else { return }
        let source = try scratch.write("main.swift", block.text)
        let modules = Repository.root.appendingPathComponent(".build/debug/Modules").path
        let headers = Repository.root.appendingPathComponent("Sources/CLinux/include").path
        let ended = try await Tool("swiftc").run([
            "-typecheck", "-swift-version", "6", "-I", modules, "-I", headers, "-Xcc",
            "-fmodule-map-file=\(Repository.root.path)/.build/debug/CLinux.build/module.modulemap", source,
        ])
        #expect(ended.code == 0, "\(name), line \(block.line): \(ended.output.suffix(3_000))")
    }
}
