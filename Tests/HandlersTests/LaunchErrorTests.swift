import Foundation
import Glibc
import Handlers
import Reactor
import Testing

/// A directory that goes away with the test.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("ackpipe-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ content: String, mode: Int = 0o755) throws -> String {
        let file = path + "/" + name
        try content.write(toFile: file, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}

@Suite struct LaunchErrorTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    func failure(_ arguments: [String], environment: [String] = plainEnvironment) -> LaunchError? {
        #expect(throws: LaunchError.self) {
            _ = try launchWhenWritten(command(arguments, environment: environment))
        }
    }

    @Test("A program that is nowhere in PATH: the error tells what was searched")
    func notInPath() {
        let error = failure(["no-such-handler"], environment: ["PATH=/usr/bin:/bin"])
        #expect(error == .notFound(command: "no-such-handler", searched: "/usr/bin:/bin"))
        #expect(error?.isPermanent == true)
        #expect(
            error?.description == "the handler 'no-such-handler' was not found in PATH (/usr/bin:/bin): give its full "
                + "path, or add its directory to PATH")
    }

    @Test("A path that does not exist is not searched for")
    func missingPath() {
        let error = failure(["./no-such-handler"])
        #expect(error == .notFound(command: "./no-such-handler", searched: ""))
        #expect(error?.description.contains("check the path") == true)
    }

    @Test("A program is looked up in the PATH of the handler's environment, not of the daemon's")
    func pathOfHandler() throws {
        _ = try scratch.file("only-here", "#!/bin/sh\necho found\n")
        let made = command(["only-here"], environment: ["PATH=/nowhere:\(scratch.path):/usr/bin:/bin"])
        #expect(try run(made).text == "found\n")
    }

    @Test("A file in PATH that may not be executed gives way to a later one, and is named where there is none")
    func notExecutableInPath() throws {
        let file = try scratch.file("sh", "#!/bin/false\n", mode: 0o644)
        let made = command(["sh", "-c", "echo later"], environment: ["PATH=\(scratch.path):/usr/bin:/bin"])
        #expect(try run(made).text == "later\n")
        guard case .notExecutable(let path, let reason) = failure(["sh"], environment: ["PATH=\(scratch.path)"]) else {
            Issue.record("expected notExecutable")
            return
        }
        #expect(path == file)
        #expect(reason.contains("chmod +x"))
    }

    @Test("A directory is not a program")
    func directory() {
        #expect(
            failure([scratch.path])
                == .notExecutable(path: scratch.path, reason: "it is a directory; name the program in it"))
    }

    @Test("A script whose interpreter is missing is not told as missing itself")
    func missingInterpreter() throws {
        let file = try scratch.file("script", "#! /opt/no/python -u\n")
        let text = failure([file])?.description ?? ""
        #expect(text.contains("'\(file)' cannot be executed: its interpreter '/opt/no/python'"), "\(text)")
    }

    @Test("A script with the line ends of Windows is told so")
    func carriageReturn() throws {
        let file = try scratch.file("script", "#!/bin/sh\r\necho hello\r\n")
        let text = failure([file])?.description ?? ""
        #expect(text.contains("'/bin/sh' followed by a carriage return; convert its line ends"), "\(text)")
    }

    @Test("A file that is neither program nor script is not given to a shell")
    func noInterpreterLine() throws {
        let file = try scratch.file("script", "echo hello\n")
        let text = failure([file])?.description ?? ""
        #expect(text.contains("nor a script that begins with #!"), "\(text)")
    }

    @Test("An empty command, and a NUL byte in an argument, are refused before anything is started")
    func emptyAndNul() {
        #expect(failure([])?.description.contains("the command is empty") == true)
        #expect(failure([""])?.description.contains("the command is empty") == true)
        #expect(failure(["cat", "a\0b"])?.description.contains("'a\\0b'") == true)
    }

    @Test("Of an environment entry with a NUL byte only the name is told: the value may be a secret")
    func secretWithNul() {
        let text = failure(["cat"], environment: plainEnvironment + ["TOKEN=hunter\0two"])?.description ?? ""
        #expect(text.contains("'TOKEN'"), "\(text)")
        #expect(!text.contains("hunter"), "\(text)")
    }

    @Test("A program that is being written can be executed later: no permanent error")
    func beingWritten() throws {
        let file = try scratch.file("program", "")
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: "/bin/true", toPath: file)
        let writer = open(file, O_WRONLY | O_CLOEXEC)
        defer { close(writer) }
        #expect(writer >= 0)
        let error = #expect(throws: LaunchError.self) {
            _ = try WorkerProcess.launch(command([file]), guardedBy: nil)
        }
        #expect(error?.isPermanent == false)
        #expect(error?.description.contains("is open for writing: execve: Text file busy (ETXTBSY)") == true)
    }

    @Test("Arguments that are too long are told as that")
    func tooLong() {
        let error = failure(["cat", String(repeating: "x", count: 4 << 20)])
        #expect(error?.description.contains("too long") == true, "\(error as Any)")
        #expect(error?.isPermanent == true)
    }
}
