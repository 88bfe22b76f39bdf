/// The bridge's first frame to a worker (`hello`); the members are written in the order in which they stand here.
package struct Hello: Hashable, Sendable {
    /// How records are handed over (`mode`).
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// One record a delivery.
        case message
        /// A batch a delivery, also where it holds a single record.
        case batch
    }

    /// The newest version that the bridge speaks.
    package var protocolVersion: Int
    /// The oldest version that the bridge speaks.
    package var protocolMinimum: Int
    /// "ackpipe/x.y.z".
    package var bridge: String
    /// Counts from 0.
    package var worker: Int
    /// The service's name.
    package var service: String
    /// The consumer group.
    package var group: String
    /// What the service consumes; a pattern begins with `^`.
    package var topics: [String]
    /// One record or a batch a delivery.
    package var mode: Mode
    /// Unanswered deliveries of one worker at most.
    package var maxInFlight: Int
    /// Bytes of a frame's body, both directions.
    package var maxFrameBytes: Int
    /// The ack clock.
    package var ackTimeoutMilliseconds: Int64
    /// How far `extend` moves a deadline in all.
    package var maxExtendMilliseconds: Int64
    /// From the start of the process to `ready`.
    package var readyTimeoutMilliseconds: Int64
    /// From `cancel` until the worker is killed.
    package var cancelGraceMilliseconds: Int64
    /// What the handler may choose from.
    package var features: [String]
    /// 128 random bits in lower-case hexadecimal.
    package var session: String

    /// A greeting with every member; durations are in milliseconds.
    package init(
        protocolVersion: Int = 1, protocolMinimum: Int = 1, bridge: String, worker: Int, service: String, group: String,
        topics: [String], mode: Mode, maxInFlight: Int, maxFrameBytes: Int, ackTimeoutMilliseconds: Int64,
        maxExtendMilliseconds: Int64, readyTimeoutMilliseconds: Int64, cancelGraceMilliseconds: Int64,
        features: [String], session: String
    ) {
        self.protocolVersion = protocolVersion
        self.protocolMinimum = protocolMinimum
        self.bridge = bridge
        self.worker = worker
        self.service = service
        self.group = group
        self.topics = topics
        self.mode = mode
        self.maxInFlight = maxInFlight
        self.maxFrameBytes = maxFrameBytes
        self.ackTimeoutMilliseconds = ackTimeoutMilliseconds
        self.maxExtendMilliseconds = maxExtendMilliseconds
        self.readyTimeoutMilliseconds = readyTimeoutMilliseconds
        self.cancelGraceMilliseconds = cancelGraceMilliseconds
        self.features = features
        self.session = session
    }
}
