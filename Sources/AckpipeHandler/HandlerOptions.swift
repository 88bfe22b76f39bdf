/// What a handler tells ackpipe of itself, and how it is served.
public struct HandlerOptions: Sendable {
    /// The handler's name, for ackpipe's log; at most 256 bytes of it are told. Nil is the program's name.
    public var name: String?
    /// Deliveries in flight that it wants at most; nil takes what ackpipe offers.
    public var maxInFlight: Int?
    /// Reading goes on while a record is worked on, also in a handler that does one at a time: `Delivery.isCancelled` then
    /// works, and pings are answered. It costs two changes of thread a record; otherwise reading and work take turns. Where
    /// several are worked on at once, reading always goes on.
    public var readsWhileWorking: Bool
    /// Every frame repeats a secret number, so that nothing that slips past the guard of stdout can pass for a verdict.
    public var usesSession: Bool

    /// The usual options; each can be changed.
    public init(
        name: String? = nil, maxInFlight: Int? = nil, readsWhileWorking: Bool = false, usesSession: Bool = false
    ) {
        self.name = name
        self.maxInFlight = maxInFlight
        self.readsWhileWorking = readsWhileWorking
        self.usesSession = usesSession
    }
}
