/// Puts what an address says between the other layers of a configuration.
///
/// A flag and a variable are meant for this run and beat the address, whatever named it. A file stands beside it: what both say
/// differently is a mistake in one of them, and a complaint; but a service's own key beats an address that all services share,
/// and a service's own address beats the shared keys. What tRPC-Go does where the address is silent is beaten by everything.
enum AddressLayers {
    /// `commanding` are the layers of flags and variables, `files` those of the file, the service's own first; in both the first
    /// beats the others. Answers all layers in their order, those given where no address is, and what is wrong with the address.
    static func merged(commanding: [Layer], files: [Layer]) -> (layers: [Layer], complaints: [Complaint]) {
        let layers = commanding + files
        guard let holder = layers.firstIndex(where: { $0.values[.address] != nil }),
            let given = layers[holder].values[.address]?.first, case .text(let address) = given.value
        else { return (layers, []) }
        let reader = AddressReader(address, at: given.place)
        var own = reader.stated
        let writesDeadLetters = layers.contains { $0.attempted.contains(.deadLetterTopic) }
        if writesDeadLetters { own.take(reader.producer) }
        let rank = max(holder, commanding.count)
        // Beside it: all of the file, where a flag or a variable gave the address, else the layer that did.
        let beside = holder < commanding.count ? Array(layers[rank...]) : [layers[rank]]
        let above = Array(layers[..<rank])
        own.complain(reader.conflicts(with: beside, below: above))
        own.complain(reader.missing(among: layers))
        own.notices += reader.holdingNotices(above: above)
        if !writesDeadLetters, !reader.producer.values.isEmpty {
            own.notices.append(
                StartNotice(
                    .information, given.place,
                    "the keys for producers have no effect: without --dead-letter-topic nothing is written"))
        }
        return (above + [own] + layers[rank...] + [reader.implied], own.complaints + reader.implied.complaints)
    }
}

extension AddressReader {
    /// What `beside` says otherwise than the address, and no layer of `above` decides.
    fileprivate func conflicts(with beside: [Layer], below above: [Layer]) -> [Complaint] {
        var complaints: [Complaint] = []
        for (name, values) in stated.values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard let other = beside.compactMap({ $0.values[name] }).first else { continue }
            if name == .property {
                complaints += propertyConflicts(values, beside, above)
            } else if !above.contains(where: { $0.values[name] != nil }), !sameValues(values, other) {
                complaints.append(conflict(name.rawValue, other[0].place))
            }
        }
        return complaints
    }

    private func propertyConflicts(_ values: [GivenValue], _ beside: [Layer], _ above: [Layer]) -> [Complaint] {
        values.compactMap { given in
            guard case .property(let own) = given.value, !above.contains(where: { $0.gives(property: own.name) }) else {
                return nil
            }
            let others = beside.flatMap { $0.values[.property] ?? [] }
            for other in others {
                guard case .property(let property) = other.value,
                    PropertyAlias.canonical(property.name) == PropertyAlias.canonical(own.name)
                else { continue }
                return property.value == own.value ? nil : conflict(property.name, other.place)
            }
            return nil
        }
    }

    private func conflict(_ name: String, _ other: Place) -> Complaint {
        Complaint(other, "\(name): the address (\(place)) says something else; keep one of them")
    }

    /// Lists without regard to their order.
    private func sameValues(_ first: [GivenValue], _ second: [GivenValue]) -> Bool {
        first.count == second.count && first.allSatisfy { own in second.contains { $0.value == own.value } }
    }

    /// What the address leaves out and nobody else gives, where a better answer is known than that it is missing.
    fileprivate func missing(among others: [Layer]) -> [Complaint] {
        let gives = { (name: OptionName) in others.contains { $0.attempted.contains(name) } }
        var complaints: [Complaint] = []
        if text["topic"] != nil, text["topics"] == nil, !gives(.topic), !gives(.topicPattern), !gives(.assign) {
            complaints.append(Complaint(place, "topic: is the key of producers; a consumer's is topics"))
        }
        if case .flag = place, text.problems.isEmpty, text.parameters.count < 2, text["group"] == nil, !gives(.group) {
            complaints.append(
                Complaint(
                    place, "names no group; in a shell it stands within quotes, since an '&' ends a command there"))
        }
        return complaints + missingCredentials(among: others)
    }

    private func missingCredentials(among others: [Layer]) -> [Complaint] {
        // A mechanism that is chosen elsewhere may need other things than a user and a password.
        guard signsIn, !others.contains(where: { $0.gives(property: "sasl.mechanism") }) else { return [] }
        let needed = [
            ("user", "sasl.username", ""), ("password", "sasl.password", " or -X sasl.password=@FILE"),
            ("mechanism", "sasl.mechanism", ": SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN"),
        ]
        return needed.compactMap { key, property, remedy in
            guard text[key] == nil, !others.contains(where: { $0.gives(property: property) }) else { return nil }
            return Complaint(place, "\(key): is missing, and signing in needs it; add \(key)=...\(remedy)")
        }
    }

    /// The notices that no layer above makes untrue.
    fileprivate func holdingNotices(above: [Layer]) -> [StartNotice] {
        notices.filter { notice in
            switch notice.subject {
            case nil: true
            case .option(let name): !above.contains { $0.values[name] != nil }
            case .property(let name): !above.contains { $0.gives(property: name) }
            }
        }.map(\.notice)
    }
}

extension Layer {
    fileprivate func gives(property name: String) -> Bool {
        (values[.property] ?? []).contains { given in
            given.canonicalPropertyName == PropertyAlias.canonical(name)
        }
    }
}
