import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka
import Logging

/// `--record`: a copy of what is handed over, for `ackpipe replay`. Nothing of it is done where nothing is recorded.
extension Service {
    /// Writes the records that have arrived and are the machine's now: those that it gave back at once, from place `known` of
    /// `givenBack` on (repeated, filtered, settled before), no handler will see.
    func writeRecording(of arrived: [Record], exceptFrom known: Int) {
        guard let recorder else { return }
        let refused = Set(machine.givenBack[known...])
        do throws(Recorder.End) {
            for record in arrived where !refused.contains(record.slot) && recorder.wants(record, in: partitionTable) {
                let fields = unsafe store.fields(record.slot)
                let position = unsafe position(record.offset, fields)
                try unsafe recorder.write(
                    fields, at: position, of: topics.partition(record.partition, in: partitionTable), now: now)
            }
        } catch { endRecording(error) }
    }

    /// Writes what has waited long enough.
    func flushRecording() {
        do throws(Recorder.End) { try recorder?.flushIfDue(now: now) } catch { endRecording(error) }
    }

    /// Writes the rest, at the end of the service.
    func closeRecording() {
        guard let recorder else { return }
        do throws(Recorder.End) { try recorder.flush() } catch { return endRecording(error) }
        log.info("recording ends", metadata: facts(of: recorder))
        self.recorder = nil
    }

    /// The delivery goes on without it.
    private func endRecording(_ end: Recorder.End) {
        guard let recorder else { return }
        self.recorder = nil
        log.log(
            level: end.isFault ? .error : .warning, "recording stops; the records are handled as before",
            metadata: facts(of: recorder).merging(["reason": "\(end)"]) { $1 })
    }

    private func facts(of recorder: Recorder) -> Logger.Metadata {
        ["file": "\(recorder.file.path)", "records": "\(recorder.recordCount)", "bytes": "\(recorder.file.size)"]
    }
}
