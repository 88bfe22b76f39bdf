/// How frames are told apart in the stream of bytes (`--framing`; `ACKPIPE_FRAMING` tells the handler).
package enum Framing: String, Hashable, Sendable, CaseIterable {
    /// A 4-byte unsigned big-endian length, then that many bytes of one JSON object.
    case length
    /// One JSON object a line, ended by LF.
    case lines

    /// The largest `max_frame_bytes`, in bytes: the first byte of a length is then at most 0x07, so that no text can
    /// pass for one.
    package static let largestFrameLimit = 128 * 1024 * 1024 - 1
}

/// In which member a key or a value is put, and in which form (`--key-format`, `--value-format`).
package enum PayloadForm: String, Hashable, Sendable, CaseIterable {
    /// Text where the bytes are valid UTF-8, else base64; never JSON.
    case auto
    /// A JSON string; bytes that are not valid UTF-8 are an `EncodingFailure`.
    case text
    /// Base64 of RFC 4648 section 4, padded, without line breaks.
    case base64
    /// The bytes are themselves JSON and are passed through as they are, after validation.
    case json
}
