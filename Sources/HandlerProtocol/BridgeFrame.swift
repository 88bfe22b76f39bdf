/// What a bridge says in one frame, as a handler understands it. The counterpart of `FrameEncoder`.
package enum BridgeFrame: Hashable, Sendable {
    case hello(Hello)
    case message(id: UInt64, BridgeRecord)
    /// The records, at least one, each with what it inherits from the batch.
    case batch(id: UInt64, [BridgeRecord])
    /// At least one id; the reason is one of `CancelReason`, or of a newer bridge.
    case cancel(ids: [UInt64], reason: String)
    case ping(nonce: String)
    /// Milliseconds until SIGTERM, from receipt.
    case shutdown(reason: String, deadlineMilliseconds: Int64)
    case assigned(epoch: Int64, [BridgePartition])
    case revoked(epoch: Int64, [BridgePartition], lost: Bool, deadlineMilliseconds: Int64)
    case committed([BridgePartition])
    /// A type that this version does not know: to be ignored (protocol.md, J10).
    case unknown(type: String)
}

/// A partition in `assigned`, `revoked` or `committed`.
package struct BridgePartition: Hashable, Sendable {
    package var topic: String
    package var partition: Int32
    /// The next offset; nil where it is not known or not told.
    package var offset: Int64?

    /// A partition, with its next offset if that is known.
    package init(topic: String, partition: Int32, offset: Int64?) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// A record as a `message` or an entry of a `batch` tells it (protocol.md, section 6).
package struct BridgeRecord: Hashable, Sendable {
    /// Who set the timestamp.
    package enum TimestampKind: Hashable, Sendable {
        case create, append, none
        /// A word that this version does not know.
        case other
    }

    /// A header; names may repeat and need not be UTF-8.
    package struct Header: Hashable, Sendable {
        /// May be empty.
        package var name: [UInt8]
        /// Nil and empty are different things.
        package var value: [UInt8]?

        /// A header; without a value where `value` is nil.
        package init(name: [UInt8], value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// An entry of `meta`; nil is a header without a value.
    package struct Meta: Hashable, Sendable {
        package var name: String
        package var value: String?

        /// An entry of `meta`.
        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    /// 1 and the attempts that were charged.
    package var attempt = 1
    package var isRedelivered = false
    package var topic = ""
    package var partition: Int32 = 0
    package var offset: Int64 = 0
    /// Milliseconds since 1970; nil where the record has none.
    package var timestamp: Int64?
    package var timestampKind = TimestampKind.none
    package var key = BridgePayload()
    package var value = BridgePayload()
    /// In Kafka's order, repeats kept.
    package var headers: [Header] = []
    /// Nil where the bridge does not write it.
    package var meta: [Meta]?

    /// A record whose members are to be filled in.
    package init() {}
}

/// A key or a value: its bytes, and the member that brought them.
package struct BridgePayload: Hashable, Sendable {
    /// `key`, `key_base64` or `key_json`; for a value likewise.
    package enum Form: Hashable, Sendable { case text, base64, json }

    /// Nil is null, which empty is not. For `json` the record's own bytes, as they stand in the frame.
    package var bytes: [UInt8]?
    package var form = Form.text

    /// No value.
    package init() {}

    /// Bytes in a form.
    package init(_ bytes: [UInt8]?, _ form: Form) {
        self.bytes = bytes
        self.form = form
    }
}

/// Why bytes are no frame of a bridge.
package struct BridgeFrameFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rules of protocol.md that a single frame of a bridge can break; the raw value is the number there.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        /// A length that is text, zero, too large or little-endian.
        case frameLength = "F2"
        /// A line longer than a frame may be.
        case lineTooLong = "F10"
        case notOneObject = "J1"
        case repeatedMember = "J2"
        case unknownType = "J4"
        case notAnInteger = "J8"
        case wrongMember = "J9"
        case base64 = "J12"
        case payloadForms = "J13"
        case emptyBatch = "B6"
        /// Another frame came before `hello`. Found by who reads the conversation.
        case helloFirst = "H1"
        /// Deeper than a frame of a bridge may be (protocol.md, section 5).
        case nestedTooDeep = "J3"
    }

    package var rule: Rule
    /// One sentence about what was found; no control characters in it.
    package var message: String
    /// Where in the body, in bytes from 0.
    package var atByte: Int

    /// A broken rule at a byte of the body.
    package init(_ rule: Rule, _ message: String, atByte: Int) {
        self.rule = rule
        self.message = message
        self.atByte = atByte
    }

    /// Rule and sentence.
    package var description: String { "\(rule.rawValue): \(message)" }

    init(_ fault: JSONFault) {
        switch fault.kind {
        case .syntax: self.init(.notOneObject, "the frame is not valid JSON: \(fault.reason)", atByte: fault.atByte)
        case .tooDeep: self.init(.nestedTooDeep, fault.reason, atByte: fault.atByte)
        case .duplicateMember: self.init(.repeatedMember, fault.reason, atByte: fault.atByte)
        case .unknownMember: self.init(.wrongMember, fault.reason, atByte: fault.atByte)
        }
    }
}
