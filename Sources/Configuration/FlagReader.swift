/// Reads the words after a command's name: long and short flags, and what follows `--`. Goes on after a mistake, so that all of
/// them are told.
struct FlagReader {
    private let command: Subcommand
    private var words: ArraySlice<String>
    /// What the flags say.
    private(set) var layer = Layer()
    /// True when help was asked for before `--`.
    private(set) var wantsHelp = false
    /// True when the version was asked for before `--`.
    private(set) var wantsVersion = false
    /// The one word that stands for itself, where the command takes one.
    private(set) var operand: String?
    /// True when a stray word ended the reading: what else is missing is then anybody's guess.
    private(set) var isCutShort = false
    /// A word after a malformed -X may be the secret itself, and is not quoted.
    private var mayBeSecret = false

    private init(_ words: ArraySlice<String>, _ command: Subcommand) {
        self.words = words
        self.command = command
    }

    /// Reads all of `words`.
    static func read(_ words: ArraySlice<String>, of command: Subcommand) -> FlagReader {
        var reader = FlagReader(words, command)
        while !reader.isCutShort, let word = reader.words.popFirst() { reader.take(word) }
        return reader
    }

    private mutating func take(_ word: String) {
        switch word {
        case "--":
            takeCommand()
        case "--help", "-h":
            wantsHelp = true
        case "--version":
            wantsVersion = true
        case _ where word.hasPrefix("--"):
            takeLong(word)
        case _ where word.hasPrefix("-") && word.count > 1:
            takeShort(word)
        case _ where command.operand != nil && operand == nil && !mayBeSecret:
            if word.isEmpty || word.unicodeScalars.contains("\0") {
                layer.complain(.commandLine, "\(command.operand ?? "") is empty or holds a NUL character")
            }
            operand = word
        default:
            let quoted = mayBeSecret ? "a word" : QuotedWord.show(word)
            let remedy = !command.runsHandler ? "" : "; the handler's command follows --"
            layer.complain(.commandLine, "\(quoted) stands where an option was expected\(remedy)")
            isCutShort = true
        }
    }

    private mutating func takeCommand() {
        defer { words = [] }
        guard command.runsHandler else {
            if !words.isEmpty {
                layer.complain(
                    .commandLine, "ackpipe \(command.rawValue) runs no handler; leave out -- and what follows")
            }
            return
        }
        layer.hasCommand = !words.isEmpty
        if words.first?.isEmpty == true { layer.complain(.commandLine, "the command after -- is an empty word") }
        if !words.isEmpty { layer.command = (Array(words), .commandLine) }
    }

    private mutating func takeLong(_ word: String) {
        let equals = word.firstIndex(of: "=")
        let name = String(word[..<(equals ?? word.endIndex)].dropFirst(2))
        let attached = equals.map { String(word[word.index(after: $0)...]) }
        guard let option = OptionTable.option(named: name, of: command) else {
            let names = OptionTable.options(of: command).map(\.name.rawValue) + ["help", "version"]
            let question = NearestName.question(name, among: names, prefix: "--")
            layer.complain(.flag("--" + name), "unknown option\(question)")
            // Most options take a value: what follows was most likely this one's.
            if attached == nil, let next = words.first, !next.hasPrefix("-") { words.removeFirst() }
            return
        }
        takeValue(of: option, written: option.longFlag, attached: attached)
    }

    /// `-b VALUE`, `-bVALUE`, `-b=VALUE`, as getopt and kcat read them.
    private mutating func takeShort(_ word: String) {
        let letter = word[word.index(after: word.startIndex)]
        guard let option = OptionTable.option(short: letter, of: command) else {
            let question =
                word.count > 2
                ? NearestName.question(
                    String(word.dropFirst()), among: OptionTable.options(of: command).map(\.name.rawValue), prefix: "--"
                ) : ""
            layer.complain(.flag("-\(letter)"), "unknown option\(question)")
            if word.count == 2, let next = words.first, !next.hasPrefix("-") { words.removeFirst() }
            return
        }
        var attached = String(word.dropFirst(2))
        if attached.hasPrefix("=") { attached.removeFirst() }
        takeValue(of: option, written: "-\(letter)", attached: word.count > 2 ? attached : nil)
    }

    private mutating func takeValue(of option: Option, written: String, attached: String?) {
        let place = Place.flag(written)
        if let attached { return add(option, attached, place) }
        if option.kind == .flag { return add(option, "true", place) }
        guard let next = words.first, !isFlag(next) else {
            let example = "\(option.longFlag)=\(option.placeholder ?? "VALUE")"
            layer.attempt(option)
            layer.complain(place, "needs a value; write \(example)")
            return
        }
        words.removeFirst()
        add(option, next, place)
    }

    private mutating func add(_ option: Option, _ text: String, _ place: Place) {
        layer.add(option, text, at: place)
        mayBeSecret = option.kind.isProperty && !text.contains("=")
    }

    /// True for a word that this command knows as a flag: it was not meant as another flag's value.
    private func isFlag(_ word: String) -> Bool {
        if ["--", "--help", "--version", "-h"].contains(word) { return true }
        if word.hasPrefix("--") {
            let name = word.dropFirst(2).prefix { $0 != "=" }
            return OptionTable.option(named: String(name), of: command) != nil
        }
        guard word.count == 2, word.hasPrefix("-"), let letter = word.last else { return false }
        return OptionTable.option(short: letter, of: command) != nil
    }
}
