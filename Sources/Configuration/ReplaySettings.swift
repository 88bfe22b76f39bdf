/// Everything that `ackpipe replay` was told, checked, with the defaults filled in.
package struct ReplaySettings: Equatable, Sendable {
    /// The path of the file; `-` is stdin.
    package var file: String
    /// The topic of records that name none.
    package var topic: String
    /// Stop reading after so many records; nil is at the end of the file.
    package var limit: Int?
    /// How many failures the summary lists, at most.
    package var maxFailures: Int
    /// How the summary looks.
    package var format: SummaryFormat
    /// How records are handed over, as for `ackpipe run`, without brokers, topics and a group.
    package var run: RunSettings

    /// Makes the settings from the layers of flags, environment and file, or tells what is wrong with them together.
    static func resolve(
        _ flags: FlagReader, _ variables: Layer, _ file: ConfigurationFile
    ) -> (settings: ReplaySettings, complaints: [Complaint]) {
        var choice = ServiceChoice(flags: flags.layer, variables: variables, file: file)
        let service = choice.only()
        let addressed = AddressLayers.merged(
            commanding: [flags.layer, variables], files: (service.map { [$0.layer] } ?? []) + [file.shared])
        // What says where the records come from, and what becomes of them in Kafka, has no meaning here.
        var shared = SettingValues(addressed.layers.map { $0.only(OptionTable.sharedWithReplay) }, of: .run)
        let ends = addressed.layers.map { $0.only([.maxAttempts, .onExhausted, .logLevel, .logFormat]) }
        var own = SettingValues([flags.layer, variables] + ends, of: .replay)
        var run = RunSettings.resolve(
            &shared, command: flags.layer.command ?? service?.layer.command ?? file.shared.command,
            service: nil, memorySharers: 1, isCutShort: true,
            readSecret: { _ in .failure(FileProblem("a replay reads no secrets")) },
            matches: { _, _ in false })
        run.service = service?.name
        run.exitAtEnd = true
        run.maxAttempts = own.integer(.maxAttempts)
        run.logLevel = own.choice(.logLevel, or: LogLevelOption.info)
        run.logFormat = own.choice(.logFormat, or: LogFormatOption.text)
        run.onExhausted = own.choice(.onExhausted, or: ExhaustedPolicy.skip) == .stop ? .stop : .skip
        let settings = ReplaySettings(
            file: flags.operand ?? "", topic: own.text(.topic) ?? "",
            limit: own.isGiven(.limit) ? own.integer(.limit) : nil, maxFailures: own.integer(.maxFailures),
            format: own.choice(.format, or: SummaryFormat.text), run: run)
        let isCutShort = flags.isCutShort || file.shared.isUnreadable
        if !isCutShort { settings.checkMissing(&own, hasCommand: shared.hasCommand) }
        return (settings, choice.complaints + shared.complaints + own.complaints)
    }

    private func checkMissing(_ values: inout SettingValues, hasCommand: Bool) {
        if file.isEmpty {
            values.complain(
                .commandLine,
                "no file is named; write it after the command, as in ackpipe replay orders.jsonl, or - for stdin")
        }
        if !hasCommand {
            values.complain(
                .commandLine, "no handler is named; write its command after --, as in -- python3 handler.py")
        }
    }
}

/// The service of a file whose keys a command takes that runs just one.
private struct ServiceChoice {
    let flags: Layer
    let variables: Layer
    let file: ConfigurationFile
    private(set) var complaints: [Complaint] = []

    init(flags: Layer, variables: Layer, file: ConfigurationFile) {
        self.flags = flags
        self.variables = variables
        self.file = file
    }

    /// Nil where the file has no services, and after a complaint.
    mutating func only() -> ConfiguredService? {
        let named = [flags, variables].compactMap { $0.values[.service] }.first ?? []
        guard let services = file.services else {
            if let first = named.first, !file.shared.isUnreadable {
                complain(
                    first.place,
                    "there are no services to choose from: it takes a file (--config) with the key 'services'")
            }
            return nil
        }
        let names = services.map(\.name).joined(separator: ", ")
        guard named.count <= 1 else {
            complain(named[1].place, "a replay is one service's; give --service once")
            return nil
        }
        guard let given = named.first, case .text(let name) = given.value else {
            if services.count == 1 { return services[0] }
            complain(.commandLine, "the file has several services (\(names)); choose one of them with --service NAME")
            return nil
        }
        guard let service = services.first(where: { $0.name == name }) else {
            complain(given.place, "the file has no service '\(name)'; its services are: \(names)")
            return nil
        }
        return service
    }

    private mutating func complain(_ place: Place, _ message: String) { complaints.append(Complaint(place, message)) }
}
