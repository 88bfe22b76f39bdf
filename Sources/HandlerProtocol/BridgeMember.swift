/// The names that version 1 of the protocol gives to members of a bridge's frame and of a record.
enum BridgeMember: Int {
    case id, ids, key, type, meta, mode, lost, topic, value, nonce, epoch, group, offset, bridge, worker, topics, reason
    case attempt, headers, offsets, service, session, messages, protocolVersion, features, keyJSON, partition, timestamp
    case valueJSON, keyBase64, partitions, redelivered, deadline, valueBase64, protocolMinimum, maxInFlight, maxExtend
    case timestampType, ackTimeout, maxFrameBytes, cancelGrace, readyTimeout

    /// As it is written in a frame.
    var text: String {
        switch self {
        case .id: "id"
        case .ids: "ids"
        case .key: "key"
        case .type: "type"
        case .meta: "meta"
        case .mode: "mode"
        case .lost: "lost"
        case .topic: "topic"
        case .value: "value"
        case .nonce: "nonce"
        case .epoch: "epoch"
        case .group: "group"
        case .offset: "offset"
        case .bridge: "bridge"
        case .worker: "worker"
        case .topics: "topics"
        case .reason: "reason"
        case .attempt: "attempt"
        case .headers: "headers"
        case .offsets: "offsets"
        case .service: "service"
        case .session: "session"
        case .messages: "messages"
        case .protocolVersion: "protocol"
        case .features: "features"
        case .keyJSON: "key_json"
        case .partition: "partition"
        case .timestamp: "timestamp"
        case .valueJSON: "value_json"
        case .keyBase64: "key_base64"
        case .partitions: "partitions"
        case .redelivered: "redelivered"
        case .deadline: "deadline_ms"
        case .valueBase64: "value_base64"
        case .protocolMinimum: "protocol_min"
        case .maxInFlight: "max_in_flight"
        case .maxExtend: "max_extend_ms"
        case .timestampType: "timestamp_type"
        case .ackTimeout: "ack_timeout_ms"
        case .maxFrameBytes: "max_frame_bytes"
        case .cancelGrace: "cancel_grace_ms"
        case .readyTimeout: "ready_timeout_ms"
        }
    }

    /// The name that stands at `range`, without its quotes; nil where it is none of ours.
    static func find(in bytes: Span<UInt8>, _ range: Range<Int>) -> BridgeMember? {
        for index in range where bytes[index] == UInt8(ascii: "\\") {
            let text = JSONString.text(in: bytes, from: range.lowerBound)
            return candidates(text.utf8.count).first { $0.text == text }
        }
        for candidate in candidates(range.count) where equals(candidate.text, bytes, range.lowerBound) {
            return candidate
        }
        return nil
    }

    /// Those of a length, without a list that would be made anew each time.
    @inline(__always)
    private static func candidates(_ count: Int) -> [BridgeMember] {
        count < byLength.count ? byLength[count] : []
    }

    private static let byLength: [[BridgeMember]] = [
        [], [], [.id], [.key, .ids], [.type, .meta, .mode, .lost], [.value, .topic, .nonce, .epoch, .group],
        [.offset, .reason, .bridge, .worker, .topics], [.headers, .attempt, .offsets, .service, .session],
        [.messages, .keyJSON, .protocolVersion, .features], [.timestamp, .partition],
        [.valueJSON, .keyBase64, .partitions], [.redelivered, .deadline], [.valueBase64, .protocolMinimum],
        [.maxInFlight, .maxExtend], [.timestampType, .ackTimeout], [.maxFrameBytes, .cancelGrace], [.readyTimeout],
    ]

    @inline(__always)
    private static func equals(_ text: String, _ bytes: Span<UInt8>, _ start: Int) -> Bool {
        var at = start
        for byte in text.utf8 {
            if bytes[at] != byte { return false }
            at &+= 1
        }
        return true
    }
}

/// Where the members of one object stand that were found on the way.
struct BridgeMembers {
    private var present: UInt64 = 0
    private var starts = InlineArray<42, Int>(repeating: 0)

    /// Remembers where the value of `name` begins; throws where it is there already.
    @inline(__always)
    mutating func add(_ name: BridgeMember, nameAt: Int, valueAt: Int) throws(BridgeFrameFault) {
        let bit: UInt64 = 1 << UInt64(name.rawValue)
        if present & bit != 0 {
            throw BridgeFrameFault(.repeatedMember, "member \"\(name.text)\" occurs twice", atByte: nameAt)
        }
        present |= bit
        starts[name.rawValue] = valueAt
    }

    /// Whether the member is there, null or not.
    @inline(__always)
    func has(_ name: BridgeMember) -> Bool { present >> UInt64(name.rawValue) & 1 == 1 }

    /// Where its value begins; nil where it is absent.
    @inline(__always)
    func start(_ name: BridgeMember) -> Int? { has(name) ? starts[name.rawValue] : nil }
}
