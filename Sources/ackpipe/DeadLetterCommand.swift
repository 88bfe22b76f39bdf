import Configuration
import Kafka
import Logging
import Runtime

/// `ackpipe dead-letter replay`.
enum DeadLetterCommand {
    static func replay(_ settings: DeadLetterReplaySettings) -> ExitCode {
        let log = Ackpipe.logger(settings.logLevel, settings.logFormat)
        do throws(KafkaError) {
            try ClientLibrary.check()
        } catch {
            return Ackpipe.conclude(ServiceOutcome(.operatingSystem, "\(error)"))
        }
        return Ackpipe.conclude(DeadLetterReplay.run(settings, log: log, write: { StandardStream.output($0) }))
    }
}
