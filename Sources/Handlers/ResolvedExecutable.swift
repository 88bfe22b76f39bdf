import Glibc
import Reactor

/// The file that a command's first argument means.
package struct ResolvedExecutable: Sendable, Equatable {
    /// A path that execve(2) takes as it is; it may be relative to the working directory.
    package let path: String

    /// Searched where the environment has no `PATH`, as glibc's execvp(3) and most shells do.
    package static let defaultSearchPath = "/usr/local/bin:/usr/bin:/bin"

    /// Finds `command` as execvp(3) does: as a path if it has a slash, else in `searchPath` (the handler's `PATH`, nil
    /// for none), whose empty entries mean the working directory.
    ///
    /// A file that is found may be replaced before it is run: starting it can fail all the same. Any thread.
    package static func resolve(
        _ command: String, searchPath: String?
    ) throws(LaunchError) -> ResolvedExecutable {
        guard !command.isEmpty else {
            throw .notExecutable(path: "", reason: "the command is empty; give a program after --")
        }
        if command.utf8.contains(0) { throw nul(in: command) }
        if command.utf8.contains(UInt8(ascii: "/")) {
            if let obstacle = obstacle(of: command, command: command) { throw obstacle }
            return ResolvedExecutable(path: command)
        }
        let searched = searchPath ?? defaultSearchPath
        var firstObstacle: LaunchError?
        for entry in searched.split(separator: ":", omittingEmptySubsequences: false) {
            let path = entry.isEmpty ? "./" + command : entry + "/" + command
            guard let obstacle = obstacle(of: path, command: command) else { return ResolvedExecutable(path: path) }
            // A file that cannot be run says more than the places that have none.
            if case .notExecutable = obstacle, firstObstacle == nil { firstObstacle = obstacle }
        }
        throw firstObstacle ?? .notFound(command: command, searched: searched)
    }

    static func nul(in text: String) -> LaunchError {
        .notExecutable(
            path: text.replacing("\0", with: "\\0"),
            reason: "a command, an argument or an environment entry contains a NUL byte; remove it")
    }

    /// What stands in the way of running the file, as far as it can be seen without running it.
    private static func obstacle(of path: String, command: String) -> LaunchError? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return .notFound(command: command, searched: "")
            case let error: return .notExecutable(path: path, reason: SystemError.text(error))
            }
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            return .notExecutable(path: path, reason: "it is a directory; name the program in it")
        }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            return .notExecutable(path: path, reason: "it is not a regular file")
        }
        // By the effective user, as execve(2) judges.
        guard unsafe faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 else {
            return .notExecutable(path: path, reason: "it may not be executed by this user; try chmod +x '\(path)'")
        }
        return nil
    }
}
