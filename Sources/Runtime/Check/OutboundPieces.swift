import Conformance
import HandlerProtocol

/// What waits to be written to one handler, in the pieces in which it is to be written.
struct OutboundPieces {
    private struct Piece {
        var bytes: [UInt8]
        /// Nanoseconds that nothing is written for, once it is out.
        var pause: Int64
    }

    private static let pause: Int64 = 1_000_000

    private var pieces: [Piece] = []
    private var first = 0
    private var written = 0

    var isEmpty: Bool { first == pieces.count }

    /// Adds the frames of a step.
    mutating func add(_ frames: [[UInt8]], _ writing: Writing) {
        switch writing {
        case .together: join(frames)
        case .cut:
            let last = frames.last ?? []
            join(frames.dropLast() + [Array(last.prefix(last.count / 2))])
            pieces.append(Piece(bytes: [], pause: 20 * OutboundPieces.pause))
            pieces.append(Piece(bytes: Array(last.dropFirst(last.count / 2)), pause: 0))
        case .bytes:
            for frame in frames {
                for (place, byte) in frame.enumerated() {
                    // Long enough for the handler to see the bytes of a header one by one.
                    pieces.append(Piece(bytes: [byte], pause: place < 6 ? OutboundPieces.pause : 0))
                }
            }
        }
    }

    /// Frames that follow each other go out in one write.
    private mutating func join(_ frames: [[UInt8]]) {
        // What is being written is left alone.
        let isOpen = first < pieces.count - 1 || (first == pieces.count - 1 && written == 0)
        if !isOpen || pieces[pieces.count - 1].pause > 0 || pieces[pieces.count - 1].bytes.count == 1 {
            pieces.append(Piece(bytes: [], pause: 0))
        }
        let place = pieces.count - 1
        for frame in frames { pieces[place].bytes.append(contentsOf: frame) }
    }

    mutating func removeAll() { self = OutboundPieces() }

    /// Writes the next piece, or what is left of it, by `write`, which answers how many bytes were taken. Answers how long to
    /// wait before the next call, in nanoseconds, or nil where nothing can be written now.
    mutating func writeNext(_ write: (RawSpan) -> Int?) -> Int64? {
        let piece = pieces[first]
        if written < piece.bytes.count {
            let rest = unsafe piece.bytes.span.bytes.extracting(written..<piece.bytes.count)
            guard let taken = write(rest) else { return nil }
            written += taken
            if written < piece.bytes.count { return 0 }
        }
        first += 1
        written = 0
        if first == pieces.count {
            pieces = []
            first = 0
        }
        return piece.pause
    }
}
