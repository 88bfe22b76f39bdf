/// Reads the files that properties name (`-X sasl.password=@/run/secrets/kafka`).
enum Secrets {
    /// The properties that an option of `values` gives, with the text of their files in place of `@FILE`; `@@` stands for a leading `@`. One line break
    /// at a file's end is removed, since editors and `echo` put it there.
    static func read(
        _ option: OptionName, _ values: inout SettingValues, _ readFile: (String) -> Result<String, FileProblem>
    ) -> [Property] {
        var properties: [Property] = []
        for given in values.all(option) {
            guard case .property(let property) = given.value else { continue }
            guard property.value.hasPrefix("@") else {
                properties.append(property)
                continue
            }
            let rest = String(property.value.dropFirst())
            if rest.hasPrefix("@") {
                properties.append(Property(name: property.name, value: rest))
                continue
            }
            switch readFile(rest) {
            case .success(var text):
                if let last = text.last, last == "\n" || last == "\r\n" { text.removeLast() }
                if text.isEmpty {
                    values.complain(given.place, "\(property.name): the file '\(rest)' is empty")
                } else if text.unicodeScalars.contains("\0") {
                    values.complain(given.place, "\(property.name): the file '\(rest)' holds a NUL character")
                }
                properties.append(Property(name: property.name, value: text))
            case .failure(let problem):
                values.complain(given.place, "\(property.name): cannot read '\(rest)': \(problem)")
            }
        }
        return properties
    }
}
