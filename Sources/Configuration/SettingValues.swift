/// The values of a command after flags, environment and file were laid over each other and over the defaults, with typed access.
///
/// A value that the table does not have, or has with another kind, is a defect in the table: the accessors then complain and
/// return a neutral value, so that nothing runs with it.
struct SettingValues {
    private let command: Subcommand
    private var given: [OptionName: [GivenValue]] = [:]
    private(set) var complaints: [Complaint] = []
    private(set) var notices: [StartNotice] = []
    private(set) var usedVariables: [String] = []
    private var attempted: Set<OptionName> = []
    /// True when some layer gave a command, well or badly.
    private(set) var hasCommand = false

    /// Lays the layers over each other; the first beats the others. Properties are merged by name. The layers' own complaints are
    /// left to them.
    init(_ layers: [Layer], of command: Subcommand) {
        self.command = command
        for layer in layers {
            notices += layer.notices
            usedVariables += layer.usedVariables
            hasCommand = hasCommand || layer.hasCommand
            attempted.formUnion(layer.attempted)
            for (name, values) in layer.values {
                guard name == .property || name == .deadLetterProducer else {
                    if given[name] == nil { given[name] = values }
                    continue
                }
                let known = given[name] ?? []
                given[name] =
                    known
                    + values.filter { value in
                        !known.contains { $0.canonicalPropertyName == value.canonicalPropertyName }
                    }
            }
        }
    }

    /// True when the user gave the option, wherever.
    func isGiven(_ name: OptionName) -> Bool { given[name] != nil }

    /// True when nobody gave the option, not even badly.
    func isMissing(_ name: OptionName) -> Bool { !attempted.contains(name) }

    /// Where the option's value came from; its flag when the default holds.
    func place(_ name: OptionName) -> Place { given[name]?.first?.place ?? .flag("--" + name.rawValue) }

    /// The values of a repeatable option with their places.
    func all(_ name: OptionName) -> [GivenValue] { given[name] ?? [] }

    mutating func complain(_ place: Place, _ message: String) { complaints.append(Complaint(place, message)) }

    mutating func text(_ name: OptionName) -> String? {
        guard isGiven(name) || hasDefault(name) else { return nil }
        if case .text(let text)? = value(name) { return text }
        return mismatch(name, nil)
    }

    mutating func flag(_ name: OptionName) -> Bool {
        if case .flag(let flag)? = value(name) { return flag }
        return mismatch(name, false)
    }

    mutating func integer(_ name: OptionName) -> Int {
        if case .integer(let number)? = value(name) { return number }
        return mismatch(name, 1)
    }

    mutating func decimal(_ name: OptionName) -> Double {
        if case .decimal(let number)? = value(name) { return number }
        return mismatch(name, 1)
    }

    /// Nil when nobody gave the option: a rate has no default.
    mutating func rate(_ name: OptionName) -> RateSetting? {
        guard isGiven(name) else { return nil }
        if case .rate(let rate)? = value(name) { return rate }
        return mismatch(name, nil)
    }

    mutating func duration(_ name: OptionName) -> Duration {
        if case .duration(let duration)? = value(name) { return duration }
        return mismatch(name, .zero)
    }

    mutating func durations(_ name: OptionName) -> (initial: Duration, maximum: Duration) {
        if case .durationRange(let initial, let maximum)? = value(name) { return (initial, maximum) }
        return mismatch(name, (.zero, .zero))
    }

    mutating func start(_ name: OptionName) -> StartPosition {
        if case .startPosition(let position)? = value(name) { return position }
        return mismatch(name, .earliest)
    }

    /// Milliseconds since 1970; nil when nobody gave the option: a point in time has no default.
    mutating func pointInTime(_ name: OptionName) -> Int64? {
        guard isGiven(name) else { return nil }
        if case .pointInTime(let time)? = value(name) { return time }
        return mismatch(name, nil)
    }

    mutating func choice<Choice: RawRepresentable>(_ name: OptionName, or neutral: Choice) -> Choice
    where Choice.RawValue == String {
        if case .text(let word)? = value(name), let choice = Choice(rawValue: word) { return choice }
        return mismatch(name, neutral)
    }

    private func hasDefault(_ name: OptionName) -> Bool {
        OptionTable.option(named: name.rawValue, of: command)?.defaultText != nil
    }

    private mutating func value(_ name: OptionName) -> OptionValue? {
        if let given = given[name]?.first { return given.value }
        guard let option = OptionTable.option(named: name.rawValue, of: command), let text = option.defaultText else {
            return nil
        }
        return try? option.kind.parse(text)
    }

    private mutating func mismatch<Value>(_ name: OptionName, _ neutral: Value) -> Value {
        complain(
            place(name), "a defect in ackpipe: the table of options has no value of this kind for \(command.rawValue)")
        return neutral
    }
}
