/// One value that was given somewhere, checked.
struct GivenValue: Equatable {
    let value: OptionValue
    let place: Place
}

/// All that one source (the flags, the environment, the file) says. Collects what is wrong with it as it is filled.
struct Layer {
    private(set) var values: [OptionName: [GivenValue]] = [:]
    /// The handler's command; flags and the file can give it.
    var command: (words: [String], place: Place)?
    /// True when a command was given, well or badly.
    var hasCommand = false
    /// True for a file that could not be read: nobody knows what it would have said.
    var isUnreadable = false
    private(set) var complaints: [Complaint] = []
    /// The options that were given at all, well or badly: none of these is missing.
    private(set) var attempted: Set<OptionName> = []
    /// What is not wrong and should be known.
    var notices: [StartNotice] = []
    /// Environment variables that values were taken from.
    var usedVariables: [String] = []

    /// Checks `text` and keeps it. `label` names the option where the place alone does not.
    mutating func add(_ option: Option, _ text: String, at place: Place, label: String = "") {
        attempted.insert(option.name)
        do throws(ValueProblem) {
            let value = try option.kind.parse(text)
            keep(GivenValue(value: value, place: place), option, label)
        } catch {
            complain(place, label + error.message)
        }
    }

    /// Keeps that an option was given, though not how: the reader has complained already.
    mutating func attempt(_ option: Option) { attempted.insert(option.name) }

    /// Keeps a complaint of the source's reader.
    mutating func complain(_ place: Place, _ message: String) {
        complaints.append(Complaint(place, message))
    }

    /// Keeps complaints that were found elsewhere.
    mutating func complain(_ found: [Complaint]) { complaints += found }

    /// The same, without what it says of other options; complaints are left to it.
    func only(_ names: Set<OptionName>) -> Layer {
        var layer = Layer()
        layer.values = values.filter { names.contains($0.key) }
        layer.attempted = attempted.intersection(names)
        layer.hasCommand = hasCommand
        layer.usedVariables = usedVariables
        return layer
    }

    /// Takes over what another layer says of options that this one does not name.
    mutating func take(_ other: Layer) {
        values.merge(other.values) { own, _ in own }
        attempted.formUnion(other.attempted)
        complaints += other.complaints
    }

    private mutating func keep(_ given: GivenValue, _ option: Option, _ label: String) {
        let earlier = values[option.name] ?? []
        if !option.isRepeatable, let first = earlier.first, first.value != given.value {
            return complain(given.place, "\(label)is given twice with different values; keep one of them")
        }
        switch given.value {
        case .property(let property) where earlier.contains { $0.propertyName == property.name }:
            return complain(given.place, "\(label)\(property.name) is given twice; keep one of them")
        case .text(let topic) where option.isRepeatable && earlier.contains { $0.value == given.value }:
            return complain(given.place, "\(label)'\(topic)' is given twice; keep one of them")
        case .assignedPartition(let partition) where earlier.contains { $0.isSamePartition(partition) }:
            return complain(
                given.place, "\(label)\(partition.topic):\(partition.partition) is given twice; keep one of them")
        case .newTopic(let topic) where earlier.contains { $0.newTopicName == topic.name }:
            return complain(given.place, "\(label)\(topic.name) is given twice; keep one of them")
        default: values[option.name] = option.isRepeatable ? earlier + [given] : [given]
        }
    }
}

extension GivenValue {
    /// The name, if this is a property.
    var propertyName: String? {
        guard case .property(let property) = value else { return nil }
        return property.name
    }

    /// The name that stands for all names of the property.
    var canonicalPropertyName: String? { propertyName.map(PropertyAlias.canonical) }

    fileprivate var newTopicName: String? {
        guard case .newTopic(let topic) = value else { return nil }
        return topic.name
    }

    fileprivate func isSamePartition(_ other: AssignedPartition) -> Bool {
        guard case .assignedPartition(let own) = value else { return false }
        return own.topic == other.topic && own.partition == other.partition
    }
}
