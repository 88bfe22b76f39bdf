/// Why a record cannot be written as a frame. The record goes the way of `--on-exhausted`: it is never dropped in silence.
package enum EncodingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The form is `text` and the bytes are not valid UTF-8; `member` is "key" or "value".
    case notUTF8(member: String)
    /// The form is `json` and the bytes are not one valid JSON value; `atByte` counts from 0.
    case invalidJSON(member: String, atByte: Int, reason: String)
    /// A producer wrote headers that cannot be parsed: what they say would be lost.
    case unreadableHeaders
    /// The frame would have `bytes` bytes, `limit` are allowed. In a batch `bytes` includes the records before this one.
    case tooLarge(bytes: Int, limit: Int)

    /// One sentence for an operator: what is wrong and what to set.
    package var description: String {
        switch self {
        case .notUTF8(let member):
            return "the \(member) is not valid UTF-8, which --\(member)-format text needs; "
                + "use --\(member)-format auto or base64"
        case .invalidJSON(let member, let atByte, let reason):
            return "the \(member) is not valid JSON (byte \(atByte): \(reason)), which --\(member)-format json needs; "
                + "use --\(member)-format auto or base64"
        case .unreadableHeaders:
            return "its headers are damaged and cannot be read; the producer that wrote it is at fault"
        case .tooLarge(let bytes, let limit):
            return "the record needs a frame of \(bytes) bytes and the limit is \(limit); raise --max-frame-bytes "
                + "(at most \(Framing.largestFrameLimit))"
        }
    }
}
