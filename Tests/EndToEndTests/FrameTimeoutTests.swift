import Foundation
import Testing

@Suite("Frames in pieces") struct FrameTimeoutTests {
    /// Frames of the log follow each other without a pause, and nearly every read ends within one of them.
    @Test(
        "A handler whose every write ends within a frame is not late, as each frame is finished soon",
        .timeLimit(.minutes(30)))
    func continuousOutput() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 1)
            let ackpipe = try run.start(
                ["--exit-at-end", "--frame-timeout", "1500ms"],
                handler: """
                    import os
                    frame = json.dumps({"type": "log", "level": "debug", "message": "x" * 500}).encode()
                    frame = struct.pack(">I", len(frame)) + frame
                    def handle(record):
                        note("begun")
                        target.flush()
                        stream = frame * 16000
                        piece, at, end = len(frame) + 7, 0, time.monotonic() + 4
                        while time.monotonic() < end:
                            os.write(target.fileno(), stream[at:at + piece])
                            at += piece
                            if at >= len(stream) - piece:
                                break
                            time.sleep(0.001)
                        os.write(target.fileno(), stream[at:])
                        return None
                    serve(handle)
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(!ackpipe.log.contains("protocol error"), "\(ackpipe.logTail)")
            #expect(run.notes.count == 1, "the record was delivered \(run.notes.count) times")
        }
    }
}
