import Configuration
import Glibc
import HandlerProtocol
import Reactor

/// The records of a JSON-lines file, all at once: a check plays with some hundreds.
enum RecordFile {
    /// More than this is no sample, and a session would take too long.
    static let mostRecords = 1_000

    /// Reads the file; a line that is no record, a file without any and one that is too long are faults.
    static func read(_ path: String) throws(LoadFault) -> [RecordLine] {
        guard !path.utf8.contains(0) else {
            throw LoadFault(file: "--records", "the path holds a NUL character; correct it")
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LoadFault(.usage, "--records: cannot read '\(LoadFault.printable(path))': \(SystemError.text(errno))")
        }
        defer { Descriptor.close(descriptor) }
        var records: [RecordLine] = []
        var reader = LineReader(path: path, descriptor: descriptor)
        while try reader.next({ line, number throws(LoadFault) in
            guard !line.isBlank else { return }
            guard records.count < mostRecords else {
                throw LoadFault(file: path, line: number, "more than \(mostRecords) records; take a sample of them")
            }
            do throws(RecordLineFault) {
                records.append(try RecordLine.parse(line))
            } catch {
                throw LoadFault(file: path, line: number, atByte: error.atByte, error.description)
            }
        }) {}
        guard !records.isEmpty else {
            throw LoadFault(file: path, "there is no record in it; write one JSON object a line")
        }
        return records
    }
}

extension Span<UInt8> {
    /// White space alone.
    fileprivate var isBlank: Bool {
        indices.allSatisfy { [0x20, 0x09, 0x0D].contains(self[$0]) }
    }
}
