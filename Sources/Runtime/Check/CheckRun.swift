package import Configuration
package import Conformance
import HandlerProtocol
import Handlers
import Reactor

/// `ackpipe check`: plays the sessions, some at a time, and puts what became of them together. The calling thread.
package struct CheckRun {
    /// Why there is no report.
    package struct Failure: Error {
        package var code: ExitCode
        package var reason: String
    }

    private let settings: CheckSettings
    private let subject: CheckSubject
    private let command: HandlerCommand
    private let setting: SessionPlay.Setting
    private let progress: (_ done: Int, _ all: Int) -> Void

    /// A check of what the settings name, in the scrubbed `environment`; `progress` is told after each session.
    package init(
        _ settings: CheckSettings, environment: [String], progress: @escaping (_ done: Int, _ all: Int) -> Void
    ) {
        self.settings = settings
        self.progress = progress
        let framing: Framing = settings.framing == .lines ? .lines : .length
        subject = CheckSubject(
            command: settings.command, framing: framing, onDescriptors: settings.protocolDescriptors,
            modes: CheckRun.modes(settings.modes))
        var own = ["ACKPIPE_FRAMING": framing.rawValue]
        if settings.protocolDescriptors { own["ACKPIPE_PROTOCOL_FDS"] = "3,4" }
        command = HandlerCommand(
            arguments: settings.command,
            environment: HandlerEnvironment.scrubbed(environment, hiding: settings.usedVariables, setting: own),
            channel: settings.protocolDescriptors ? .descriptors : .standardStreams)
        setting = SessionPlay.Setting(
            framing: framing, maxFrameBytes: settings.maxFrameBytes, timeLimit: settings.timeLimit.wholeNanoseconds,
            frameTimeout: settings.frameTimeout.wholeNanoseconds)
    }

    /// The sessions that these settings ask for.
    package static func sessions(_ settings: CheckSettings) throws(Failure) -> [Session] {
        var lines: [RecordLine] = []
        if let path = settings.records {
            do throws(LoadFault) { lines = try RecordFile.read(path) } catch {
                throw Failure(code: error.code, reason: error.description)
            }
        }
        let forms = PayloadForms(key: form(settings.keyFormat), value: form(settings.valueFormat))
        let all = SessionTable.sessions(
            modes(settings.modes), records: RecordSource(given: lines, forms: forms),
            maxFrameBytes: settings.maxFrameBytes)
        guard !settings.rules.isEmpty else { return all }
        // A rule that no session has for its own may show itself in any of them.
        let own = Set(all.flatMap(\.rules))
        guard settings.rules.allSatisfy(own.contains) else { return all }
        return all.filter { $0.isPlain || !$0.rules.allSatisfy { !settings.rules.contains($0) } }
    }

    /// Plays all sessions and judges them. Forks the guard process: nothing may have started a thread before.
    package func run() throws(Failure) -> Report {
        let sessions = try CheckRun.sessions(settings)
        do {
            let guardProcess = try Guard.start()
            defer { guardProcess.stop() }
            try SignalDisposition.keepDeadChildren()
            let stage = try CheckStage(command, setting, guardProcess, atATime: settings.workers)
            var done = 0
            let tell = {
                done += 1
                progress(done, sessions.count)
            }
            let plain = try stage.play(sessions.filter(\.isPlain), tell)
            // What already fails here would fail everywhere.
            let broken = Set(plain.filter { $0.isHopeless }.map(\.session.mode))
            let rest = sessions.filter { !$0.isPlain && !broken.contains($0.mode) }
            let skipped = sessions.filter { !$0.isPlain && broken.contains($0.mode) }
            let outcomes = plain + (try stage.play(rest, tell))
            return Report(subject, outcomes, skipped: skipped, rules: settings.rules)
        } catch let error as LaunchError {
            throw Failure(code: error.exitCode, reason: "\(error)")
        } catch {
            throw Failure(code: .operatingSystem, reason: "the check cannot go on: \(error)")
        }
    }

    private static func modes(_ modes: CheckedModes) -> [Hello.Mode] {
        switch modes {
        case .message: [.message]
        case .batch: [.batch]
        case .both: [.message, .batch]
        }
    }

    private static func form(_ format: PayloadFormat) -> PayloadForm {
        switch format {
        case .auto: .auto
        case .text: .text
        case .base64: .base64
        case .json: .json
        }
    }
}

extension Duration {
    /// At most some centuries.
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
