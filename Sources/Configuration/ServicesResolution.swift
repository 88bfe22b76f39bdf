/// Makes the settings of `ackpipe run`: of the one service that flags, environment and file describe together, or of those of a
/// file's several services that are to run.
///
/// A flag beats the environment, which beats the service's own key, which beats the file's top level, which beats the default.
struct ServicesResolution {
    private let flags: FlagReader
    private let variables: Layer
    private let file: ConfigurationFile
    /// What is missing, and what contradicts; each layer keeps what is wrong with itself.
    private(set) var complaints: [Complaint] = []

    init(flags: FlagReader, variables: Layer, file: ConfigurationFile) {
        self.flags = flags
        self.variables = variables
        self.file = file
    }

    /// The settings of each service that is to run, in the file's order; they count only if nobody has complaints.
    mutating func resolve(
        _ readSecret: (String) -> Result<String, FileProblem>, _ matches: (_ pattern: String, _ topic: String) -> Bool
    ) -> [RunSettings] {
        let services = chosenServices()
        if let services, services.count > 1 { refuseWhatNamesOne(services) }
        var found: [(service: String, complaints: [Complaint])] = []
        var all: [RunSettings] = []
        for service in services.map({ $0.map(Optional.some) }) ?? [nil] {
            let addressed = AddressLayers.merged(
                commanding: [flags.layer, variables], files: (service.map { [$0.layer] } ?? []) + [file.shared])
            var values = SettingValues(addressed.layers, of: .run)
            all.append(
                RunSettings.resolve(
                    &values, command: flags.layer.command ?? service?.layer.command ?? file.shared.command,
                    service: service?.name, memorySharers: memorySharers(service, among: services ?? []),
                    isCutShort: flags.isCutShort || file.shared.isUnreadable, readSecret: readSecret, matches: matches))
            found.append((service?.name ?? "", addressed.complaints + values.complaints))
        }
        merge(found)
        if complaints.isEmpty { complaints = ServiceOverlap.complaints(all, services ?? [], matches: matches) }
        return all
    }

    // MARK: Which services

    /// The file's services, or those that --service names; nil where the file has none.
    private mutating func chosenServices() -> [ConfiguredService]? {
        let named = [flags.layer, variables].compactMap { $0.values[.service] }.first ?? []
        guard let services = file.services else {
            if let first = named.first, !file.shared.isUnreadable {
                complain(
                    first.place,
                    "there are no services to choose from: it takes a file (--config) with the key 'services'")
            }
            return nil
        }
        guard !named.isEmpty else { return services }
        let names = services.map(\.name)
        let wanted = named.compactMap { given -> String? in
            guard case .text(let name) = given.value else { return nil }
            guard names.contains(name) else {
                let question = NearestName.question(name, among: names)
                let separator = question.isEmpty ? ";" : ""
                complain(
                    given.place,
                    "the file has no service '\(name)'\(question)\(separator) its services are: \(names.joined(separator: ", "))"
                )
                return nil
            }
            return name
        }
        // Where none was found the whole file is checked, so that all that is wrong is told at once.
        return wanted.isEmpty ? services : services.filter { wanted.contains($0.name) }
    }

    /// Topics, groups, files and commands that flags or environment give to several services at once.
    private mutating func refuseWhatNamesOne(_ services: [ConfiguredService]) {
        let names = services.map(\.name).joined(separator: ", ")
        let remedy = "choose one of them with --service NAME, or write it in the file"
        for layer in [flags.layer, variables] {
            for name in [OptionName.address, .topic, .topicPattern, .group, .assign, .record] {
                guard let given = layer.values[name]?.first else { continue }
                complain(given.place, "would be given to several services at once (\(names)); \(remedy)")
            }
        }
        if flags.layer.hasCommand {
            complain(
                .commandLine, "the command after -- would be the handler of several services (\(names)); \(remedy)")
        }
    }

    // MARK: Memory

    /// How many services share the budget that this one takes its memory from: 1 where it has one of its own.
    private func memorySharers(_ service: ConfiguredService?, among services: [ConfiguredService]) -> Int {
        let isForAll = [flags.layer, variables].contains { $0.values[.maxMemory] != nil }
        func shares(_ service: ConfiguredService) -> Bool { isForAll || service.layer.values[.maxMemory] == nil }
        guard let service, shares(service) else { return 1 }
        return services.count(where: shares)
    }

    // MARK: Complaints

    private mutating func complain(_ place: Place, _ message: String) { complaints.append(Complaint(place, message)) }

    /// What holds for every service is told once; what does not is told with the services' names.
    private mutating func merge(_ found: [(service: String, complaints: [Complaint])]) {
        var told: [Complaint] = []
        for complaint in found.flatMap(\.complaints) where !told.contains(complaint) {
            told.append(complaint)
            let services = found.filter { $0.complaints.contains(complaint) }.map(\.service)
            guard services.count < found.count else {
                complaints.append(complaint)
                continue
            }
            let label = (services.count == 1 ? "service " : "services ") + services.joined(separator: ", ")
            complain(complaint.place, "\(label): \(complaint.message)")
        }
    }
}
