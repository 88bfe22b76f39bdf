import Foundation
import Testing

/// The libraries among the lines of `ldd` that the shipped program must not need: Foundation is ten times its size, and
/// a shared Swift runtime would have to be installed beside it.
func unwantedLibraries(_ ldd: String) -> [String] {
    ldd.split(separator: "\n").compactMap { $0.split(separator: " ").first?.trimmingPrefix(while: \.isWhitespace) }
        .filter { $0.hasPrefix("libFoundation") || $0.hasPrefix("lib_Foundation") || $0.hasPrefix("libswift") }
        .map(String.init)
}

private let binary = ProcessInfo.processInfo.environment["ACKPIPE_BINARY"]

@Test("Foundation and a shared Swift runtime are found in what ldd prints")
func findsUnwantedLibraries() {
    let ldd = """
        \tlinux-vdso.so.1 (0x00007ffd)
        \tlibrdkafka.so.1 => /lib/x86_64-linux-gnu/librdkafka.so.1 (0x00007f)
        \tlibFoundation.so => not found
        \tlibswiftCore.so => /usr/lib/swift/linux/libswiftCore.so (0x00007f)
        """
    #expect(unwantedLibraries(ldd) == ["libFoundation.so", "libswiftCore.so"])
}

@Test(
    "The release binary needs neither Foundation nor a shared Swift runtime",
    .enabled(if: binary != nil, "ACKPIPE_BINARY does not name a release binary"))
func binaryIsSlim() throws {
    let ldd = Process()
    let output = Pipe()
    ldd.executableURL = URL(filePath: "/usr/bin/env")
    ldd.arguments = ["ldd", try #require(binary)]
    ldd.standardOutput = output
    try ldd.run()
    let text = try #require(String(data: output.fileHandleForReading.readDataToEndOfFile(), encoding: .utf8))
    ldd.waitUntilExit()
    try #require(ldd.terminationStatus == 0, "ldd failed on \(binary ?? "")")
    #expect(text.contains("librdkafka"))
    // Its malloc is everybody's only where it is looked at before libc (docs/decisions/0011).
    let allocator = try #require(text.range(of: "libmimalloc"), "\(text)")
    let standard = try #require(text.range(of: "libc.so"))
    #expect(allocator.lowerBound < standard.lowerBound, "\(text)")
    #expect(unwantedLibraries(text) == [])
}
