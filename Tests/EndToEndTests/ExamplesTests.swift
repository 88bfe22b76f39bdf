import Foundation
import Testing

/// Each handler of `examples/` does the whole job, in message and in batch mode.
@Suite struct ExamplesTests {
    @Test("The Python example stands everything", .timeLimit(.minutes(30)))
    func python() async throws {
        try await Example.run(by: "python3", path: "python/handler.py").stands()
    }

    @Test("The Python example without the module stands everything", .timeLimit(.minutes(30)))
    func pythonFromScratch() async throws {
        try await Example.run(by: "python3", path: "python/from_scratch.py").stands()
    }

    @Test("The Python example speaks in lines too", .timeLimit(.minutes(30)))
    func pythonInLines() async throws {
        var example = Example.run(by: "python3", path: "python/handler.py")
        example.lines = true
        try await example.speaks()
    }

    @Test(
        "The Node.js example stands everything", .enabled(if: Tool("node").isThere, "node is not installed"),
        .timeLimit(.minutes(30)))
    func node() async throws {
        try await Example.run(by: "node", path: "node/handler.js").stands()
    }

    @Test(
        "The Node.js example without the module stands everything",
        .enabled(if: Tool("node").isThere, "node is not installed"), .timeLimit(.minutes(30)))
    func nodeFromScratch() async throws {
        try await Example.run(by: "node", path: "node/from-scratch.js").stands()
    }

    @Test(
        "The Node.js example speaks in lines too", .enabled(if: Tool("node").isThere, "node is not installed"),
        .timeLimit(.minutes(30)))
    func nodeInLines() async throws {
        var example = Example.run(by: "node", path: "node/handler.js")
        example.lines = true
        try await example.speaks()
    }

    @Test(
        "The Ruby example stands everything", .enabled(if: Tool("ruby").isThere, "ruby is not installed"),
        .timeLimit(.minutes(30)))
    func ruby() async throws {
        try await Example.run(by: "ruby", path: "ruby/handler.rb").stands()
    }

    @Test(
        "The PHP example stands everything", .enabled(if: Tool("php").isThere, "php is not installed"),
        .timeLimit(.minutes(30)))
    func php() async throws {
        try await Example.run(by: "php", path: "php/handler.php").stands()
    }

    @Test(
        "The Perl example stands everything", .enabled(if: Tool("perl").isThere, "perl is not installed"),
        .timeLimit(.minutes(30)))
    func perl() async throws {
        var example = Example.run(by: "perl", path: "perl/handler.pl")
        example.checkOptions = ["--max-frame-bytes", "256KiB"]  // JSON::PP takes a second for a megabyte
        try await example.stands()
    }

    @Test(
        "The Lua example stands everything", .enabled(if: Tool("lua5.4").isThere, "lua5.4 is not installed"),
        .timeLimit(.minutes(30)))
    func lua() async throws {
        var example = Example.run(by: "lua5.4", path: "lua/handler.lua")
        example.apart = true
        try await example.stands()
    }

    @Test(
        "The Tcl example stands everything", .enabled(if: Tool("tclsh").isThere, "tclsh is not installed"),
        .timeLimit(.minutes(30)))
    func tcl() async throws {
        var example = Example.run(by: "tclsh", path: "tcl/handler.tcl")
        example.checkOptions = ["--max-frame-bytes", "1MiB"]
        try await example.stands()
    }

    @Test(
        "The Erlang example stands everything", .enabled(if: Tool("escript").isThere, "escript is not installed"),
        .timeLimit(.minutes(30)))
    func erlang() async throws {
        var example = Example.run(by: "escript", path: "erlang/handler.escript")
        example.limits = ["--framed-by-runtime"]
        try await example.stands()
    }

    @Test(
        "The R example stands everything",
        .enabled(if: hasJSONLite(), "R with its package jsonlite is not installed"), .timeLimit(.minutes(30)))
    func r() async throws {
        var example = Example.run(by: "Rscript", path: "r/handler.R")
        example.apart = true
        example.limits = ["--no-nul"]
        example.checkOptions = ["--max-frame-bytes", "1MiB", "--value-format", "base64"]
        try await example.stands()
    }

    @Test(
        "The shell example stands everything", .enabled(if: Tool("jq").isThere, "jq is not installed"),
        .timeLimit(.minutes(30)))
    func shell() async throws {
        var example = Example.run(by: "sh", path: "shell/handler.sh")
        example.lines = true
        example.checkOptions = ["--max-frame-bytes", "256KiB"]  // a shell reads lines byte by byte
        try await example.stands()
    }

    private static func hasJSONLite() -> Bool {
        guard let path = Tool("Rscript").path else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-e", "library(jsonlite)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// The same for languages that have to be compiled.
@Suite struct CompiledExamplesTests {
    @Test(
        "The C example stands everything", .enabled(if: Tool("gcc").isThere, "gcc is not installed"),
        .timeLimit(.minutes(30)))
    func c() async throws {
        let scratch = try Scratch()
        try await Example("c/handler.c", CompiledHandler.build(in: scratch)).stands()
    }

    @Test(
        "The C++ example stands everything", .enabled(if: Tool("g++").isThere, "g++ is not installed"),
        .timeLimit(.minutes(30)))
    func cpp() async throws {
        let flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror"]
        try await standsCompiled("cpp/handler.cpp") { ["g++"] + flags + ["-o", $1, $0] }
    }

    @Test(
        "The Rust example stands everything", .enabled(if: Tool("rustc").isThere, "rustc is not installed"),
        .timeLimit(.minutes(30)))
    func rust() async throws {
        try await standsCompiled("rust/handler.rs") { ["rustc", "-O", "-D", "warnings", "-o", $1, $0] }
    }

    @Test(
        "The Go example stands everything",
        .enabled(if: Tool("go").isThere, "go is not installed; it is large, and scripts/test --long installs it"),
        .timeLimit(.minutes(30)))
    func go() async throws {
        try await standsCompiled("go/handler.go") { ["go", "build", "-o", $1, $0] }
    }

    @Test(
        "The Java example stands everything",
        .enabled(if: Tool("javac").isThere, "javac is not installed; it is large, and scripts/test --long installs it"),
        .timeLimit(.minutes(30)))
    func java() async throws {
        try await standsCompiled("java/Handler.java", starts: { ["java", "-Xshare:auto", "-cp", $0, "Handler"] }) {
            ["javac", "-Xlint:all,-serial", "-Werror", "-d", $1, $0]
        }
    }

    @Test("The Swift example stands everything", .timeLimit(.minutes(30)))
    func swift() async throws {
        try await Example("swift/handler.swift", [Example.swiftHandler]).stands()
    }

    @Test("The Swift example handles whole batches, and speaks in lines too", .timeLimit(.minutes(30)))
    func swiftBatches() async throws {
        var example = Example("swift/handler.swift", [Example.swiftHandler, "--batches"])
        try await example.converses(onStandardStreams: true)
        try await example.handlesAll("batch")
        example.lines = true
        try await example.converses(onStandardStreams: true)
    }

    /// `compiler` is given the source's path and that of the program; what it builds is run as it is, or as `starts` says.
    private func standsCompiled(
        _ path: String, starts: (String) -> [String] = { [$0] },
        compiler: (_ source: String, _ program: String) -> [String]
    ) async throws {
        let scratch = try Scratch()
        let program = scratch.path("example")
        let command = compiler(Example.file(path), program)
        // Go wants a place for its cache, which a service's environment may lack.
        let ended = try await Tool("env").run(["GOCACHE=\(scratch.path("cache"))", "GOFLAGS=-mod=mod"] + command)
        try #require(ended.code == 0, "\(command): \(ended.output)")
        try await Example(path, starts(program)).stands()
    }
}
