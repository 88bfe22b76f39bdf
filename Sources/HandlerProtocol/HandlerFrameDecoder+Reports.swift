/// The frames that decide over no record: greeting, log and metrics. Members that are not known are ignored here.
extension HandlerFrameDecoder {
    func ready(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> Ready {
        let version = try MemberValue.integer(
            body, try required(.protocolVersion, body, members), "protocol", 0...Int64(Int32.max))
        var ready = Ready(
            protocolVersion: Int(version), name: try requiredText(.name, body, members, limit: 256))
        if let start = members.start(of: .features, in: body) {
            var features: [String] = []
            try MemberValue.forEachElement(body, start, "features") { (element) throws(FrameFault) in
                let feature = try MemberValue.text(body, element, "features", limit: 64)
                // There are five: a longer list is not worth its memory.
                if features.count < 64 { features.append(feature) }
            }
            ready.features = features
        }
        if let start = members.start(of: .concurrency, in: body) {
            ready.concurrency = Int(try MemberValue.integer(body, start, "concurrency", 1...JSONNumber.largestExact))
        }
        if let start = members.start(of: .maxInFlight, in: body) {
            ready.maxInFlight = Int(try MemberValue.integer(body, start, "max_in_flight", 1...JSONNumber.largestExact))
        }
        if let start = members.start(of: .session, in: body) {
            ready.session = try MemberValue.text(body, start, "session", limit: 256)
        }
        return ready
    }

    func log(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> LogFrame {
        let level = try requiredText(.level, body, members, limit: 64)
        var log = LogFrame(
            level: LogFrame.Level(rawValue: level) ?? .info,
            message: try requiredText(.message, body, members, limit: 16 * 1024))
        guard let start = members.start(of: .fields, in: body) else { return log }
        var fields: [LogFrame.Field] = []
        try MemberValue.forEachMember(body, start, "fields") { (name, value) throws(FrameFault) in
            guard fields.count < 64 else { return }
            let isString = body[value] == UInt8(ascii: "\"")
            let text =
                isString
                ? JSONString.text(in: body, from: value &+ 1, limit: 4096)
                : MemberValue.rawText(body, value, limit: 4096)
            fields.append(LogFrame.Field(name: name, value: text))
        }
        log.fields = fields
        return log
    }

    func metric(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> MetricFrame {
        let name = try requiredText(.name, body, members, limit: 256)
        try checkMetricName(name, "name")
        let word = try requiredText(.kind, body, members, limit: 64)
        guard let kind = MetricFrame.Kind(rawValue: word) else {
            throw unknownValue(word, of: "kind", valid: MetricFrame.Kind.allCases.map(\.rawValue))
        }
        let start = try required(.value, body, members)
        try MemberValue.expect(body, start, "value", MemberValue.isNumber(body[start]), "a number is needed")
        guard let value = JSONNumber.double(in: body, from: start), kind != .counter || value >= 0 else {
            let raw = MemberValue.rawText(body, start)
            throw FrameFault(.wrongMember, "\"value\" is \(raw); a finite number is needed, for a counter 0 or more")
        }
        var metric = MetricFrame(name: name, kind: kind, value: value)
        if let start = members.start(of: .labels, in: body) {
            metric.labels = try labels(body, start)
        }
        return metric
    }

    private func labels(_ body: Span<UInt8>, _ start: Int) throws(FrameFault) -> [MetricFrame.Label] {
        var labels: [MetricFrame.Label] = []
        try MemberValue.forEachMember(body, start, "labels") { (name, value) throws(FrameFault) in
            try self.checkMetricName(name, "labels")
            let text = try MemberValue.text(body, value, "labels", limit: 256)
            if labels.count == 8 { throw FrameFault(.wrongMember, "\"labels\" has more than 8 members") }
            labels.append(MetricFrame.Label(name: name, value: text))
        }
        return labels
    }

    private func checkMetricName(_ name: String, _ member: String) throws(FrameFault) {
        let units = name.utf8
        let isRight =
            units.count <= 64
            && units.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "_") || ($0 >= 0x61 && $0 <= 0x7A) }
            && units.first.map { !isDigit($0) } ?? false
        if !isRight {
            throw FrameFault(
                .wrongMember, "\(quotedForMessage(name)) in \"\(member)\" does not match [a-z_][a-z0-9_]{0,63}")
        }
    }
}
