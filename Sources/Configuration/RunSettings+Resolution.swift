extension RunSettings {
    /// Makes the settings from merged values; what is missing or contradicts goes to `values`' complaints, and the result counts
    /// only if there are none. `memorySharers` services share the budget of memory, this one among them.
    static func resolve(
        _ values: inout SettingValues, command: (words: [String], place: Place)?, service: String?, memorySharers: Int,
        isCutShort: Bool, readSecret: (String) -> Result<String, FileProblem>,
        matches: (_ pattern: String, _ topic: String) -> Bool
    ) -> RunSettings {
        let memory = MemoryBounds.resolve(&values, sharers: memorySharers)
        let backoff = values.durations(.retryBackoff)
        let connectTimeout = values.duration(.connectTimeout)
        var settings = RunSettings(
            service: service,
            brokers: values.text(.brokers) ?? "",
            topics: values.texts(.topic),
            topicPattern: values.text(.topicPattern),
            group: values.text(.group),
            assignments: values.assignments,
            properties: Secrets.read(.property, &values, readSecret),
            command: command?.words ?? [],
            mode: values.choice(.mode, or: DeliveryMode.message),
            batchSize: values.integer(.batchSize),
            batchLinger: values.duration(.batchLinger),
            batchBytes: values.integer(.batchBytes),
            workers: values.integer(.workers),
            maxInFlight: values.integer(.maxInFlight),
            maxTotalInFlight: values.integer(.maxTotalInFlight),
            maxInFlightBytes: memory.inFlight,
            order: values.choice(.order, or: DeliveryOrder.partition),
            keyFormat: values.choice(.keyFormat, or: PayloadFormat.auto),
            valueFormat: values.choice(.valueFormat, or: PayloadFormat.auto),
            framing: values.choice(.framing, or: FramingOption.length),
            protocolDescriptors: values.isGiven(.protocolFD),
            ackTimeout: values.duration(.ackTimeout),
            startTimeout: values.duration(.startTimeout),
            drainTimeout: values.duration(.drainTimeout),
            revokeTimeout: values.duration(.revokeTimeout),
            cancelGrace: values.duration(.cancelGrace),
            maxExtend: values.duration(.maxExtend),
            pingInterval: values.duration(.pingInterval),
            frameTimeout: values.duration(.frameTimeout),
            from: values.start(.from),
            outOfRange: values.choice(.outOfRange, or: OutOfRangePolicy.stop),
            maxFrameBytes: memory.frame,
            maxMemory: memory.total,
            exitAtEnd: values.flag(.exitAtEnd),
            maxMessages: values.isGiven(.maxMessages) ? values.integer(.maxMessages) : nil,
            commitInterval: values.duration(.commitInterval),
            connectTimeout: connectTimeout == .zero ? nil : connectTimeout,
            retryBackoffInitial: backoff.initial,
            retryBackoffMaximum: backoff.maximum,
            logLevel: values.choice(.logLevel, or: LogLevelOption.info),
            logFormat: values.choice(.logFormat, or: LogFormatOption.text))
        settings.takeFlow(&values)
        settings.takeFailures(&values, readSecret)
        settings.takeRecording(&values)
        Contradictions.check(settings, &values, isCutShort: isCutShort, matches: matches)
        return settings
    }

    private mutating func takeFlow(_ values: inout SettingValues) {
        laneWindow = values.integer(.laneWindow)
        rate = values.rate(.rate)
        filters = values.filters
        stallTimeout = values.duration(.stallTimeout)
        ignoreCommitMetadata = values.flag(.ignoreCommitMetadata)
        trpcMeta = values.flag(.trpcMeta)
        notices = values.notices
        usedVariables = values.usedVariables
    }

    private mutating func takeRecording(_ values: inout SettingValues) {
        record = values.text(.record)
        recordSample = values.decimal(.recordSample)
        recordMaxBytes = values.integer(.recordMaxBytes)
    }

    private mutating func takeFailures(
        _ values: inout SettingValues, _ readSecret: (String) -> Result<String, FileProblem>
    ) {
        bisect = values.flag(.bisect)
        maxAttempts = values.isGiven(.maxAttempts) ? values.integer(.maxAttempts) : nil
        retryBackoffFactor = values.decimal(.retryBackoffFactor)
        retryJitterPercent = values.integer(.retryJitter)
        deadLetterTopic = values.text(.deadLetterTopic)
        deadLetterMaxRate = values.rate(.deadLetterMaxRate)
        deadLetterProperties = Secrets.read(.deadLetterProducer, &values, readSecret)
        // The safe end depends on whether there is a place to put the record into.
        onExhausted =
            values.isGiven(.onExhausted)
            ? values.choice(.onExhausted, or: ExhaustedPolicy.stop) : deadLetterTopic == nil ? .stop : .deadLetter
    }
}

extension BrokerSettings {
    /// Makes the settings from merged values; they count only if `values` has no complaints.
    static func resolve(_ values: inout SettingValues) -> BrokerSettings {
        BrokerSettings(
            port: values.integer(.port),
            topics: values.newTopics,
            load: values.text(.load),
            logLevel: values.choice(.logLevel, or: LogLevelOption.info),
            logFormat: values.choice(.logFormat, or: LogFormatOption.text))
    }
}

extension DemoSettings {
    /// Makes the settings from merged values; they count only if `values` has no complaints.
    static func resolve(_ values: inout SettingValues, command: (words: [String], place: Place)?) -> DemoSettings {
        DemoSettings(
            messages: values.integer(.messages),
            command: command?.words ?? [],
            logLevel: values.choice(.logLevel, or: LogLevelOption.info),
            logFormat: values.choice(.logFormat, or: LogFormatOption.text))
    }
}

extension SettingValues {
    func texts(_ name: OptionName) -> [String] {
        all(name).compactMap { given in
            guard case .text(let text) = given.value else { return nil }
            return text
        }
    }

    fileprivate var filters: [RecordFilter] {
        all(.filter).compactMap { given in
            guard case .filter(let filter) = given.value else { return nil }
            return filter
        }
    }

    fileprivate var assignments: [AssignedPartition] {
        all(.assign).compactMap { given in
            guard case .assignedPartition(let partition) = given.value else { return nil }
            return partition
        }
    }

    fileprivate var newTopics: [NewTopic] {
        all(.topic).compactMap { given in
            guard case .newTopic(let topic) = given.value else { return nil }
            return topic
        }
    }
}
