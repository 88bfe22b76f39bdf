/// Reads one address into values of options: what it states, and what tRPC-Go does where it is silent.
struct AddressReader {
    /// Where the address stands; every value and every complaint has this place.
    let place: Place
    /// The address, taken apart.
    let text: AddressText
    /// What the address says. Holds all complaints.
    private(set) var stated = Layer()
    /// What tRPC-Go does where the address is silent, as far as it loses no record; everything beats it.
    private(set) var implied = Layer()
    /// What the address says of tRPC-Go's producer; means something only where dead letters are written.
    private(set) var producer = Layer()
    private(set) var notices: [AddressNotice] = []
    private let label: String
    private var key = ""

    /// Reads `address`, which stands at `place`.
    init(_ address: String, at place: Place) {
        self.place = place
        // A flag or a variable names itself; a place in a file does not.
        if case .file = place { label = "address: " } else { label = "" }
        text = AddressText(address)
        for problem in text.problems { stated.complain(place, label + problem) }
        if text.isTrimmed { tell(.information, "the spaces around brokers are left out") }
        if !text.brokers.isEmpty { state(.brokers, text.brokers) } else { attempt(.brokers) }
        for parameter in text.parameters {
            guard let known = AddressKey.named(parameter.key) else { continue }
            key = parameter.key
            do throws(ValueProblem) {
                try known.read(&self, parameter.value)
            } catch {
                complain(error.message)
            }
        }
        key = ""
        addSilence()
    }

    private var prefix: String { key.isEmpty ? label : "\(label)\(key): " }

    /// Gives `option` the value that the address states.
    mutating func state(_ option: OptionName, _ text: String) { add(option, text, to: \.stated) }

    /// Gives a librdkafka property the value that the address states.
    mutating func state(property: String, _ text: String) { add(property, text, as: .property, to: \.stated) }

    /// Gives `option` the value that tRPC-Go takes where the address is silent.
    mutating func imply(_ option: OptionName, _ text: String) { add(option, text, to: \.implied) }

    /// The same for a librdkafka property.
    mutating func imply(property: String, _ text: String) { add(property, text, as: .property, to: \.implied) }

    /// Gives a property of the client that writes dead letters the value that the address states.
    mutating func produce(_ property: String, _ text: String) {
        add(property, text, as: .deadLetterProducer, to: \.producer)
    }

    /// Notes that an option was given, though badly.
    mutating func attempt(_ name: OptionName) {
        if let option = OptionTable.option(named: name.rawValue, of: .run) { stated.attempt(option) }
    }

    /// Tells a complaint about the key that is being read.
    mutating func complain(_ message: String) { stated.complain(place, prefix + message) }

    /// Tells what an operator should know; nothing, where a flag, a variable or the file decides `subject` instead.
    mutating func tell(_ weight: StartNotice.Weight, about subject: AddressNotice.Subject? = nil, _ message: String) {
        notices.append(AddressNotice(subject: subject, notice: StartNotice(weight, place, prefix + message)))
    }

    private mutating func add(_ name: OptionName, _ text: String, to layer: WritableKeyPath<AddressReader, Layer>) {
        guard let option = OptionTable.option(named: name.rawValue, of: .run) else {
            return complain("a defect in ackpipe: the table of options has no \(name.rawValue)")
        }
        self[keyPath: layer].add(option, text, at: place, label: prefix)
    }

    private mutating func add(
        _ property: String, _ text: String, as name: OptionName, to layer: WritableKeyPath<AddressReader, Layer>
    ) {
        // A leading `@` is a part of the value here; only -X reads files.
        add(name, "\(property)=\(text.hasPrefix("@") ? "@" : "")\(text)", to: layer)
    }
}

/// A notice about an address, and what decides whether it still holds.
struct AddressNotice: Equatable {
    /// What the notice is about.
    enum Subject: Equatable {
        case option(OptionName)
        case property(String)
    }

    /// Nil where the notice holds in any case.
    let subject: Subject?
    let notice: StartNotice
}
