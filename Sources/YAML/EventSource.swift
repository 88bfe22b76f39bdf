import CYAML
import Configuration

/// One step of a YAML stream, copied out of libyaml's memory.
struct YAMLEvent {
    enum Kind {
        case scalar(String, quoted: Bool)
        case sequenceStart, mappingStart
        /// The end of a sequence or a mapping; libyaml has paired them with their starts.
        case collectionEnd
        case alias
        case documentStart, streamEnd
        /// Steps that say nothing about the tree: the stream's start, a document's end.
        case other
    }

    let kind: Kind
    let position: Position
    /// True for `&name` before a node.
    var hasAnchor = false
    /// True for `!name` before a node.
    var hasTag = false
}

/// libyaml's parser over bytes in memory, one event at a time. It owns the parser and its own copy of the bytes; both are freed with
/// it. `@safe`: the pointers never leave it.
@safe struct EventSource: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// Nil when libyaml finds no memory.
    init?(over bytes: [UInt8]) {
        // libyaml keeps the pointers to its state and its input, so neither may move.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = unsafe input.update(fromContentsOf: bytes)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        unsafe self.parser = unsafe parser
        unsafe self.input = unsafe input
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event, or libyaml's complaint with its place. Not to be called again after a complaint or the stream's end.
    mutating func next() throws(FileProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.copy(event)
    }

    private static func copy(_ event: yaml_event_t) -> YAMLEvent {
        let position = unsafe Self.position(event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            let quoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
            return unsafe YAMLEvent(
                kind: .scalar(text, quoted: quoted), position: position, hasAnchor: scalar.anchor != nil,
                hasTag: scalar.tag != nil)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                kind: .sequenceStart, position: position, hasAnchor: start.anchor != nil, hasTag: start.tag != nil)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                kind: .mappingStart, position: position, hasAnchor: start.anchor != nil, hasTag: start.tag != nil)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            return YAMLEvent(kind: .collectionEnd, position: position)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, position: position)
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, position: position)
        case YAML_STREAM_END_EVENT: return YAMLEvent(kind: .streamEnd, position: position)
        default: return YAMLEvent(kind: .other, position: position)
        }
    }

    /// libyaml counts from 0.
    private static func position(_ mark: yaml_mark_t) -> Position {
        Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func problem() -> FileProblem {
        let state = unsafe parser.pointee
        let words = unsafe state.problem.map { unsafe String(cString: $0) } ?? "cannot be parsed"
        let context = unsafe state.context.map { unsafe String(cString: $0) + ": " } ?? ""
        switch unsafe state.error {
        case YAML_READER_ERROR:
            // The reader knows bytes, not lines.
            return FileProblem("is not readable as UTF-8: \(words)", at: unsafe position(ofByte: state.problem_offset))
        case YAML_MEMORY_ERROR: return FileProblem("there is no memory to read it")
        default:
            return FileProblem("is not valid YAML: \(context)\(words)", at: unsafe Self.position(state.problem_mark))
        }
    }

    private func position(ofByte offset: Int) -> Position {
        let before = unsafe input.prefix(offset)
        let lineStart = unsafe before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = unsafe before.count { $0 == UInt8(ascii: "\n") } + 1
        // Continuation bytes (10xxxxxx) belong to the character before them.
        let column = unsafe before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return Position(line: line, column: column)
    }
}
