package import Configuration
import HandlerProtocol

/// `ackpipe frames`: a captured stream, frame by frame, up to where it breaks. It holds one frame at a time.
package struct FrameListing {
    /// Bytes before the break that are kept for a look at them.
    private static let keptBefore = 64

    private let settings: FramesSettings
    private let write: (String) -> Void
    private var stream: CapturedStream
    private var broken: StreamBreak?
    private var frames = 0
    /// The last bytes of the stream that were added, and where they begin.
    private var recent: [UInt8] = []
    private var recentAt = 0
    private var hasTold = false

    /// A listing whose text goes to `write`, piece by piece.
    package init(_ settings: FramesSettings, write: @escaping (String) -> Void) {
        self.settings = settings
        self.write = write
        stream = CapturedStream(
            framing: settings.framing.map { $0 == .length ? .length : .lines },
            side: settings.from.map { $0 == .bridge ? .bridge : .handler })
    }

    /// Adds the next bytes; answers false where nothing more is looked at.
    package mutating func add(_ bytes: Span<UInt8>) -> Bool {
        guard broken == nil else { return false }
        // All from the frame that is being read on, and a little before it.
        let keep = max(0, stream.position - Self.keptBefore)
        if keep > recentAt {
            recent.removeFirst(min(recent.count, keep - recentAt))
            recentAt = keep
        }
        for index in bytes.indices { recent.append(bytes[index]) }
        stream.append(bytes)
        takeFrames()
        return broken == nil
    }

    private mutating func takeFrames() {
        var text = ""
        do throws(StreamBreak) {
            while let frame = try stream.next() {
                frames += 1
                text += heading() + line(frame)
                if text.utf8.count > 64 * 1024 {
                    write(text)
                    text = ""
                }
            }
        } catch {
            broken = error
        }
        if !text.isEmpty { write(text) }
    }

    /// Ends the listing: tells the break, if there is one, and how much was read. Answers the exit code.
    package mutating func end() -> ExitCode {
        stream.isAtEnd = true
        if broken == nil { takeFrames() }
        broken = broken ?? stream.breakAtEnd()
        guard let broken else {
            if settings.format == .text {
                write(heading() + "\(counted(frames, "frame")), \(counted(stream.total, "byte")); nothing is wrong\n")
            }
            return .ok
        }
        if settings.format == .json {
            let bytes = recent.dropFirst(max(0, broken.at - recentAt)).prefix(64)
            write(
                "{\"offset\":\(broken.frame),\"at\":\(broken.at),\"rule\":\"\(broken.rule)\",\"message\":"
                    + "\(FramePlaces.json(broken.message)),\"hex\":\"\(bytes.map { HexText.digits(Int($0), 2) }.joined())\"}\n"
            )
            return .data
        }
        let place = "\(broken.at) (0x\(HexText.digits(broken.at, 1)))"
        let within =
            broken.at == broken.frame
            ? ", where a frame should begin" : ", in the frame that begins at byte \(broken.frame)"
        write(
            heading() + "broken at byte \(place)\(within)\n\(broken.rule): \(broken.message)\n"
                + HexText.lines(recent, base: recentAt, at: broken.at)
                + "\(counted(frames, "frame")) before it\n")
        return .data
    }

    /// Told once, as soon as it is known.
    private mutating func heading() -> String {
        guard !hasTold, settings.format == .text, let framing = stream.framing else { return "" }
        hasTold = true
        let side = stream.side.map { ", written by the \($0.rawValue)" } ?? ""
        return "framing \(framing.rawValue)\(side)\n"
    }

    private func line(_ frame: CapturedFrame) -> String {
        settings.format == .json
            ? FrameText.json(frame, stream.side ?? .handler) : FrameText.lines(frame, isFull: settings.isFull)
    }

    private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}
