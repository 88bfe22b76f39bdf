internal import CRDKafka

/// What wakes the broker threads of one client (librdkafka before 2.2.0).
struct FetcherWakeUp {
    var schedule: WakeUpSchedule
    let credentials: FetchSettings.Credentials
    /// How often they were woken.
    var count = 0
}

extension Consumer {
    /// Notes what a take from the message queue brought, and wakes the broker threads when that is due.
    @inline(__always)
    func noteTake(records: Int, bytes: Int, isLast: Bool) {
        guard fetcherWakeUp?.schedule.take(records: records, bytes: bytes, isLast: isLast) == true else { return }
        wakeFetchers()
    }

    /// Setting the credentials that are set already is the one call of librdkafka's that does nothing but wake all its
    /// broker threads (`rd_kafka_all_brokers_wakeup`): no request, no round trip, and reconnects keep their backoff. It is
    /// used with 2.0.2 to 2.1.1 alone, whose sources are known.
    private func wakeFetchers() {
        guard let handle = unsafe handle, let credentials = fetcherWakeUp?.credentials else { return }
        fetcherWakeUp?.count += 1
        // Fails only where one of the two is missing.
        if let error = unsafe rd_kafka_sasl_set_credentials(handle, credentials.user, credentials.password) {
            unsafe rd_kafka_error_destroy(error)
        }
    }

    /// How often the broker threads were woken to fetch; 0 where librdkafka needs no waking.
    package var fetcherWakeUps: Int { fetcherWakeUp?.count ?? 0 }
}
