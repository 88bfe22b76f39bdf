package import HandlerProtocol

/// What became of one session.
package struct SessionOutcome: Hashable, Sendable {
    package var session: Session
    /// The rules that were put to the test.
    package var exercised: Set<String>
    package var findings: [Finding]
    /// Why it tells less than it should.
    package var obstacle: String?
    package var transcript: [TranscriptLine]
    /// The handler's last lines on its log.
    package var log: [String]

    /// The verdict of a judge that has concluded.
    package init(_ judge: Judge, session: Session, log: [String]) {
        self.session = session
        exercised = judge.exercised
        findings = judge.findings
        obstacle = judge.obstacle
        transcript = judge.transcript
        self.log = log
    }

    /// A session whose outcome is made up.
    init(
        session: Session, exercised: Set<String> = [], findings: [Finding] = [], obstacle: String? = nil,
        transcript: [TranscriptLine] = [], log: [String] = []
    ) {
        self.session = session
        self.exercised = exercised
        self.findings = findings
        self.obstacle = obstacle
        self.transcript = transcript
        self.log = log
    }
}

/// What a check was asked to do.
package struct CheckSubject: Hashable, Sendable {
    /// The handler's command.
    package var command: [String]
    package var framing: Framing
    /// The protocol on descriptors 3 and 4.
    package var onDescriptors: Bool
    package var modes: [Hello.Mode]

    /// What is checked, and how.
    package init(command: [String], framing: Framing, onDescriptors: Bool, modes: [Hello.Mode]) {
        self.command = command
        self.framing = framing
        self.onDescriptors = onDescriptors
        self.modes = modes
    }

    /// As in `framing by length on descriptors 0 and 1, message and batch mode`.
    package var description: String {
        let channel = onDescriptors ? "descriptors 3 and 4" : "stdin and stdout"
        return "framing by \(framing.rawValue) on \(channel), \(modes.map(\.rawValue).joined(separator: " and ")) mode"
    }
}

/// The judgement on a handler, rule by rule.
package struct Report: Sendable {
    /// What became of a rule.
    package enum Status: Hashable, Sendable {
        case passed
        /// With where it was broken: the first is shown in full.
        case failed([Evidence])
        /// A rule that says "should" was not kept: nothing fails for it.
        case advised([Evidence])
        case notExercised(why: String)

        /// One word for machines.
        package var word: String {
            switch self {
            case .passed: "pass"
            case .failed: "fail"
            case .advised: "advice"
            case .notExercised: "not exercised"
            }
        }
    }

    /// A finding, its session and the handler's last lines.
    package struct Evidence: Hashable, Sendable {
        package var session: Session
        package var finding: Finding
        package var log: [String]
    }

    /// One line of the judgement.
    package struct Entry: Sendable {
        package var rule: Rule
        package var status: Status
    }

    package let subject: CheckSubject
    package let outcomes: [SessionOutcome]
    /// Sessions that were not played, because a plain one failed.
    package let skipped: [Session]
    /// The rules that handlers can break, in the document's order, or those of them that were asked for.
    package let entries: [Entry]

    /// Puts the outcomes of all sessions together. `rules` are those that are asked for; empty for all.
    package init(_ subject: CheckSubject, _ outcomes: [SessionOutcome], skipped: [Session], rules: [String] = []) {
        self.subject = subject
        self.outcomes = outcomes
        self.skipped = skipped
        var exercised: Set<String> = []
        for outcome in outcomes { exercised.formUnion(outcome.exercised) }
        let wanted = Rule.ofHandlers.filter { rules.isEmpty || rules.contains($0.number) }
        entries = wanted.map { rule in
            let evidence = outcomes.flatMap { outcome in
                outcome.findings.filter { $0.rule == rule.number }.map {
                    Evidence(session: outcome.session, finding: $0, log: outcome.log)
                }
            }
            let status: Status =
                if evidence.contains(where: { !$0.finding.isAdvice }) {
                    .failed(evidence)
                } else if !evidence.isEmpty {
                    .advised(evidence)
                } else if exercised.contains(rule.number) {
                    .passed
                } else {
                    .notExercised(why: NotExercised.reason(rule.number, subject, wasCutShort: !skipped.isEmpty))
                }
            return Entry(rule: rule, status: status)
        }
    }

    /// Sessions that say less than they should.
    package var obstacles: [(session: Session, why: String)] {
        outcomes.compactMap { outcome in outcome.obstacle.map { (outcome.session, $0) } }
    }

    /// Rules that were broken and that nobody asked for.
    package var othersBroken: [String] {
        let broken = outcomes.flatMap(\.findings).filter { !$0.isAdvice }.map(\.rule)
        let asked = Set(entries.map(\.rule.number))
        return Rule.ofHandlers.map(\.number).filter { broken.contains($0) && !asked.contains($0) }
    }

    /// Whether none of the rules was broken and every session came to its end.
    package var isGood: Bool { failures == 0 && obstacles.isEmpty }

    package var failures: Int { count { if case .failed = $0 { true } else { false } } }
    package var passes: Int { count { $0 == .passed } }
    package var advices: Int { count { if case .advised = $0 { true } else { false } } }
    package var unexercised: Int { count { if case .notExercised = $0 { true } else { false } } }

    private func count(_ isCounted: (Status) -> Bool) -> Int { entries.count { isCounted($0.status) } }
}

/// Why a rule was not put to the test.
enum NotExercised {
    static func reason(_ rule: String, _ subject: CheckSubject, wasCutShort: Bool) -> String {
        switch rule {
        case "F1", "F2": if subject.framing == .lines { return "the handler was run with framing by lines" }
        case "F9", "F10": if subject.framing == .length { return "the handler was run with framing by length" }
        case "B1", "B2", "B3", "B5", "B7", "V6":
            if !subject.modes.contains(.batch), rule != "V6" { return "batch mode was not checked (--mode)" }
        case "J7", "J12", "J13", "H4", "L2", "F8", "J10":
            if !subject.modes.contains(.message) { return "message mode was not checked (--mode)" }
        default: break
        }
        if let reason = dependent[rule] { return reason }
        return wasCutShort
            ? "a plain session failed, and the sessions behind it were not played"
            : "nothing in the sessions that were played put it to the test"
    }

    /// Rules that depend on what a handler does.
    private static let dependent = [
        "B1": "the handler wrote no result", "B2": "the handler listed no failed record in a result",
        "B5": "the handler failed no record of a batch", "H7": "the handler did not choose \"session\"",
        "H9": "the handler wrote no init_error", "J14": "the handler wrote no \"action\" and no metric",
        "L4": "the handler did not choose \"ping\"",
        "L8": "the handler chose neither \"ping\" nor \"cancel\", or was too quick to be seen at work",
        "L9": "the handler started no program", "V5": "no verdict had \"produce\"",
        "V10": "the handler did not choose \"cancel\"",
    ]
}

extension SessionOutcome {
    /// Whether other sessions of its mode would say the same again: nothing was understood, or not even a plain record was
    /// answered.
    package var isHopeless: Bool {
        obstacle != nil
            || findings.contains { !$0.isAdvice && !["L1", "L9", "H5", "B5", "L8", "L4"].contains($0.rule) }
    }
}
