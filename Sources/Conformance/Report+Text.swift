/// The report for people.
extension Report {
    /// All of it, with a line for each rule; `isVerbose` adds every frame of every session.
    package func text(isVerbose: Bool) -> String {
        var lines = [
            "ackpipe check: \(subject.command.map(Shown.word).joined(separator: " "))", subject.description, "",
        ]
        for entry in entries { lines += text(of: entry) }
        lines.append("")
        for (session, why) in obstacles { lines.append("session \(session.name): \(why)") }
        if !skipped.isEmpty {
            lines.append(
                "not played, because the plain session failed: \(skipped.map(\.name).joined(separator: ", "))")
        }
        if !othersBroken.isEmpty {
            lines.append("broken too, and not asked for (--rule): \(othersBroken.joined(separator: ", "))")
        }
        lines.append(summary)
        if isVerbose {
            for outcome in outcomes { lines += [""] + transcript(of: outcome) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As in `30 rules passed, 1 failed, 9 not exercised, in 24 sessions`.
    package var summary: String {
        let advice = advices > 0 ? ", \(advices) to be thought about" : ""
        return "\(passes) \(passes == 1 ? "rule" : "rules") passed, \(failures) failed\(advice), "
            + "\(unexercised) not exercised, in \(outcomes.count) sessions"
    }

    private func text(of entry: Entry) -> [String] {
        let number = entry.rule.number.padded(to: 4)
        switch entry.status {
        case .passed: return ["  pass    \(number)\(entry.rule.sentence)"]
        case .notExercised(let why): return ["     -    \(number)not exercised: \(why)"]
        case .failed(let evidence): return ["  FAIL    \(number)\(entry.rule.sentence)"] + Self.text(of: evidence)
        case .advised(let evidence): return ["  advice  \(number)\(entry.rule.sentence)"] + Self.text(of: evidence)
        }
    }

    private static let indent = String(repeating: " ", count: 14)

    private static func text(of evidence: [Evidence]) -> [String] {
        let first = evidence[0]
        var lines = [
            "in session \(first.session.name): \(first.session.title)", "found: \(first.finding.found)",
            "expected: \(first.finding.expected)",
        ]
        lines += first.finding.frames.map { "  \($0.description)" }
        if !first.log.isEmpty {
            lines.append("the handler's last lines on stderr:")
            lines += first.log.suffix(5).map { "  \(Shown.line($0))" }
        }
        if evidence.count > 1 {
            lines.append("also in: " + evidence.dropFirst().map(\.session.name).joined(separator: ", "))
        }
        return lines.map { indent + $0 }
    }

    private func transcript(of outcome: SessionOutcome) -> [String] {
        ["session \(outcome.session.name): \(outcome.session.title)"] + outcome.transcript.map { "  \($0.description)" }
            + outcome.log.map { "  ! \(Shown.line($0))" }
    }

    /// The text of `--list`.
    package static func list(_ sessions: [Session]) -> String {
        let widest = sessions.map(\.name.count).max() ?? 0
        return "Rules that are checked (protocol.md, section 19):\n"
            + Rule.ofHandlers.map { "  \($0.number.padded(to: 5))\($0.sentence)\n" }.joined()
            + "\nSessions, each with a process of its own:\n"
            + sessions.map { session in
                "  \(session.name.padded(to: widest + 2))\(session.title) (\(session.rules.joined(separator: ", ")))\n"
            }.joined()
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
