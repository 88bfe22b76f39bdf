package import DeliveryCore

/// What a handler says in one frame. Everything in it was checked as far as the frame alone can tell; which ids were
/// issued, and how many records a batch has, the core knows.
package enum HandlerFrame: Hashable, Sendable {
    case ready(Ready)
    /// The handler cannot start now; the text is its reason.
    case initError(String)
    /// `hasOutputs`: the verdict asks for records to be written (`produce`).
    case ack(AckTarget, hasOutputs: Bool)
    case nack(id: UInt64, FailureDetail)
    /// The records that failed, each index once; those that are not listed succeeded.
    case result(id: UInt64, failed: [RecordFailure], hasOutputs: Bool)
    /// More time for a delivery, in milliseconds from now.
    case extend(id: UInt64, milliseconds: Int64)
    /// No further deliveries, for so many milliseconds or, where nil, until `resume`.
    case pause(milliseconds: Int64?)
    case resume
    case log(LogFrame)
    case metric(MetricFrame)
    case pong(nonce: String)
}

/// Which deliveries an `ack` answers.
package enum AckTarget: Hashable, Sendable {
    case id(UInt64)
    /// At least one, as the handler listed them.
    case ids([UInt64])
    /// Every outstanding delivery with an id up to this one.
    case through(UInt64)
}

/// The handler's answer to `hello`.
package struct Ready: Hashable, Sendable {
    /// The version that the handler will speak.
    package var protocolVersion: Int
    /// The handler's name, for logs; at most 256 bytes of UTF-8.
    package var name: String
    /// As the handler listed them; `HandlerConversation` keeps those that were offered.
    package var features: [String]
    /// Deliveries that it works on at once; at least 1.
    package var concurrency: Int
    /// Unanswered deliveries that it wants at most; nil is what was offered.
    package var maxInFlight: Int?
    /// The session of `hello`, where the handler chose that feature.
    package var session: String?

    /// An answer to `hello`; what a handler may leave out has the protocol's default.
    package init(
        protocolVersion: Int, name: String, features: [String] = [], concurrency: Int = 1, maxInFlight: Int? = nil,
        session: String? = nil
    ) {
        self.protocolVersion = protocolVersion
        self.name = name
        self.features = features
        self.concurrency = concurrency
        self.maxInFlight = maxInFlight
        self.session = session
    }
}

/// How something failed, and what is to be done about it.
package struct FailureDetail: Hashable, Sendable {
    /// At most 4 KiB of UTF-8; may hold control characters.
    package var error: String?
    /// What is to be done.
    package var action: FailureAction
    /// Replaces the backoff; milliseconds, 0 or more, not clamped yet.
    package var delayMilliseconds: Int64?

    /// A failure; without more it is retried after the usual backoff.
    package init(error: String? = nil, action: FailureAction = .retry, delayMilliseconds: Int64? = nil) {
        self.error = error
        self.action = action
        self.delayMilliseconds = delayMilliseconds
    }
}

/// A record of a batch that failed.
package struct RecordFailure: Hashable, Sendable {
    /// The record's place in the batch, from 0.
    package var index: Int
    /// How it failed.
    package var detail: FailureDetail

    /// The failure of the record number `index`.
    package init(index: Int, detail: FailureDetail = FailureDetail()) {
        self.index = index
        self.detail = detail
    }
}

/// A structured log line of a handler.
package struct LogFrame: Hashable, Sendable {
    /// How important the handler finds it; a level that does not exist is taken as `info`.
    package enum Level: String, Hashable, Sendable, CaseIterable { case debug, info, warn, error }

    /// One fact; the value is the text of a string, or the JSON of anything else.
    package struct Field: Hashable, Sendable {
        /// The handler's own name for the fact; at most 256 bytes of UTF-8.
        package var name: String
        /// At most 4 KiB of UTF-8.
        package var value: String

        /// A fact; both texts may hold control characters.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How important it is.
    package var level: Level
    /// At most 16 KiB of UTF-8; may hold control characters.
    package var message: String
    /// The first 64, in the handler's order; each value is at most 4 KiB long.
    package var fields: [Field]

    /// A log line; fields are shown beside the bridge's own and never in their place.
    package init(level: Level, message: String, fields: [Field] = []) {
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// A handler's own metric.
package struct MetricFrame: Hashable, Sendable {
    /// How `value` is meant.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The increment, 0 or more.
        case counter
        /// The value now.
        case gauge
        /// One observation.
        case histogram
    }

    /// A label's name and value.
    package struct Label: Hashable, Sendable {
        /// Matches the same pattern as the metric's name.
        package var name: String
        /// At most 256 bytes of UTF-8.
        package var value: String

        /// A label; the value may hold any character.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Matches `[a-z_][a-z0-9_]{0,63}`, as the names of labels do.
    package var name: String
    /// How `value` is meant.
    package var kind: Kind
    /// Finite.
    package var value: Double
    /// At most 8.
    package var labels: [Label]

    /// One increment, value or observation.
    package init(name: String, kind: Kind, value: Double, labels: [Label] = []) {
        self.name = name
        self.kind = kind
        self.value = value
        self.labels = labels
    }
}
