/// Finds services of one file that would take each other's records or places: members of one group that share topics would split
/// the records between two handlers, a member's name can be held by one member only, and a file be written by one.
enum ServiceOverlap {
    /// One complaint for each pair; `services` tell where each stands, in the same order as `all`.
    static func complaints(
        _ all: [RunSettings], _ services: [ConfiguredService], matches: (_ pattern: String, _ topic: String) -> Bool
    ) -> [Complaint] {
        guard all.count > 1, all.count == services.count else { return [] }
        var complaints: [Complaint] = []
        for (second, later) in all.enumerated() {
            if let record = later.record, let first = all[..<second].firstIndex(where: { $0.record == record }) {
                complaints.append(
                    Complaint(
                        services[second].place,
                        "the services '\(services[first].name)' and '\(services[second].name)' would both record into "
                            + "'\(record)'; give each a file of its own"))
            }
            for (first, earlier) in all[..<second].enumerated() where areInOneGroup(earlier, later) {
                let names = "'\(services[first].name)' and '\(services[second].name)'"
                let group = later.group ?? ""
                if let shared = sharedTopic(earlier, later, matches) {
                    complaints.append(
                        Complaint(
                            services[second].place,
                            "the services \(names) are both members of the group '\(group)' and both read \(shared): each would "
                                + "get a part of its records; give them different groups or different topics"))
                }
                if let member = instance(later), member == instance(earlier) {
                    complaints.append(
                        Complaint(
                            services[second].place,
                            "the services \(names) are both members of the group '\(group)' with group.instance.id=\(member): the "
                                + "brokers let one of them in; give them different ones, or choose one with --service"))
                }
            }
        }
        return complaints
    }

    /// The same group on another cluster is another group.
    private static func areInOneGroup(_ a: RunSettings, _ b: RunSettings) -> Bool {
        let brokers = a.brokers.split(separator: ",")
        return a.group != nil && a.group == b.group && b.brokers.split(separator: ",").contains { brokers.contains($0) }
    }

    private static func instance(_ settings: RunSettings) -> String? {
        guard settings.assignments.isEmpty else { return nil }
        return settings.properties.last { $0.name == "group.instance.id" }?.value
    }

    /// What both read, in words; nil where nothing is known to be. Whether two patterns have topics in common is not known.
    private static func sharedTopic(
        _ a: RunSettings, _ b: RunSettings, _ matches: (_ pattern: String, _ topic: String) -> Bool
    ) -> String? {
        if !a.assignments.isEmpty && !b.assignments.isEmpty {
            let same = a.assignments.first { own in
                b.assignments.contains { $0.topic == own.topic && $0.partition == own.partition }
            }
            return same.map { "partition \($0.partition) of the topic '\($0.topic)'" }
        }
        let topics = (own: a.topics + a.assignments.map(\.topic), other: b.topics + b.assignments.map(\.topic))
        func takesIn(_ pattern: String?, _ topic: String) -> Bool { pattern.map { matches($0, topic) } ?? false }
        let shared =
            topics.own.first { topics.other.contains($0) || takesIn(b.topicPattern, $0) }
            ?? topics.other.first { takesIn(a.topicPattern, $0) }
        if let shared { return "the topic '\(shared)'" }
        guard let pattern = a.topicPattern, pattern == b.topicPattern else { return nil }
        return "the topics of the pattern '\(pattern)'"
    }
}
