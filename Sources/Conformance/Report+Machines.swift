import HandlerProtocol

/// The report for machines.
extension Report {
    /// One JSON object, and a line end.
    package var json: String {
        let report = JSONTree.object([
            .init("command", .list(subject.command.map { .string($0) })),
            .init("framing", .string(subject.framing.rawValue)),
            .init("descriptors", .string(subject.onDescriptors ? "3,4" : "0,1")),
            .init("modes", .list(subject.modes.map { .string($0.rawValue) })),
            .init("good", .bool(isGood)),
            .init("passed", .integer(Int64(passes))), .init("failed", .integer(Int64(failures))),
            .init("advice", .integer(Int64(advices))), .init("not_exercised", .integer(Int64(unexercised))),
            .init("rules", .list(entries.map(Self.json))),
            .init("sessions", .list(outcomes.map(Self.json))),
            .init("broken_not_asked_for", .list(othersBroken.map { .string($0) })),
            .init("not_played", .list(skipped.map { .string($0.name) })),
        ])
        return String(decoding: report.body(.length), as: UTF8.self) + "\n"
    }

    private static func json(_ entry: Entry) -> JSONTree {
        var members: [JSONTree.Member] = [
            .init("rule", .string(entry.rule.number)), .init("who", .string(entry.rule.keeper.rawValue)),
            .init("sentence", .string(entry.rule.sentence)), .init("status", .string(entry.status.word)),
        ]
        switch entry.status {
        case .passed: break
        case .notExercised(let why): members.append(.init("why", .string(why)))
        case .failed(let evidence), .advised(let evidence):
            let list = evidence.map { one in
                JSONTree.object([
                    .init("session", .string(one.session.name)), .init("found", .string(one.finding.found)),
                    .init("expected", .string(one.finding.expected)),
                    .init("frames", .list(one.finding.frames.map { .string($0.description) })),
                    .init("stderr", .list(one.log.map { .string($0) })),
                ])
            }
            members.append(.init("findings", .list(list)))
        }
        return .object(members)
    }

    private static func json(_ outcome: SessionOutcome) -> JSONTree {
        .object([
            .init("name", .string(outcome.session.name)), .init("title", .string(outcome.session.title)),
            .init("mode", .string(outcome.session.mode.rawValue)),
            .init("broken", .list(outcome.findings.filter { !$0.isAdvice }.map { .string($0.rule) })),
            .init("obstacle", outcome.obstacle.map { .string($0) } ?? .null),
        ])
    }

    /// A test suite as CI systems read it: a test case for each rule, and one for each session that did not come to its end.
    package var junit: String {
        var cases: [String] = []
        for entry in entries {
            let name = Shown.xml("\(entry.rule.number): \(entry.rule.sentence)")
            let open = "  <testcase classname=\"ackpipe.check\" name=\"\(name)\""
            switch entry.status {
            case .passed: cases.append(open + "/>")
            case .notExercised(let why):
                cases.append("\(open)>\n    <skipped message=\"\(Shown.xml(why))\"/>\n  </testcase>")
            case .advised(let evidence):
                cases.append("\(open)>\n    <system-out>\(Shown.xml(Self.words(evidence)))</system-out>\n  </testcase>")
            case .failed(let evidence):
                let message = Shown.xml(evidence[0].finding.found)
                cases.append(
                    "\(open)>\n    <failure message=\"\(message)\">\(Shown.xml(Self.words(evidence)))</failure>\n  </testcase>"
                )
            }
        }
        for (session, why) in obstacles {
            cases.append(
                "  <testcase classname=\"ackpipe.check\" name=\"session \(Shown.xml(session.name))\">\n"
                    + "    <error message=\"\(Shown.xml(why))\"/>\n  </testcase>")
        }
        let counts =
            "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(obstacles.count)\" skipped=\"\(unexercised)\""
        let name = Shown.xml(subject.command.map(Shown.word).joined(separator: " "))
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"ackpipe check: \(name)\" \(counts)>\n"
            + cases.joined(separator: "\n") + "\n</testsuite>\n"
    }

    private static func words(_ evidence: [Evidence]) -> String {
        evidence.map { one in
            (["session \(one.session.name): \(one.session.title)", "expected: \(one.finding.expected)"]
                + one.finding.frames.map(\.description) + one.log.suffix(5).map { "stderr: \($0)" }).joined(
                    separator: "\n")
        }.joined(separator: "\n\n")
    }
}
