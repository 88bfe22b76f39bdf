/// How the program ends, after sysexits.h (BSD, `man 3 sysexits`) and, for the handler's command, after the shell (POSIX
/// XCU 2.8.2). The help text and the reference page are made from this list.
package enum ExitCode: Int32, CaseIterable, Sendable {
    case ok = 0
    case failures = 1
    case usage = 64
    case data = 65
    case unavailable = 69
    case software = 70
    case operatingSystem = 71
    case drainTimedOut = 75
    case handlerProtocol = 76
    case noPermission = 77
    case configuration = 78
    case handlerPermanent = 125
    case cannotExecute = 126
    case commandNotFound = 127

    /// What the code means and whether a restart can help, as one line for the help text and the reference page.
    package var meaning: String {
        switch self {
        case .ok: "everything asked for was done, or a signal was followed by a complete drain"
        case .failures: "a replayed record was not acknowledged, or a check found a rule broken or a session unfinished"
        case .usage: "the command line, the environment or the configuration file is wrong"
        case .data:
            "stopped at a record, at an offset that the log no longer has, at a line of a file of records, or at a byte of a "
                + "captured stream, or a dead letter could not be put back; it is named"
        case .unavailable: "no broker could be reached within --connect-timeout"
        case .software: "a defect in ackpipe; the log says where"
        case .operatingSystem: "the operating system refused something (processes, descriptors, memory)"
        case .drainTimedOut:
            "the drain was cut off (--drain-timeout, a second signal, a handler that died in it), or the last offsets could not be "
                + "committed; what was not is delivered again"
        case .handlerProtocol: "the handler and ackpipe have no protocol version in common"
        case .noPermission: "the brokers refused authentication or authorization"
        case .configuration: "the brokers or librdkafka refused the configuration: unknown topic, unknown property"
        case .handlerPermanent: "the handler exited with 125: a permanent failure, a restart cannot help"
        case .cannotExecute: "the handler's command was found but cannot be executed"
        case .commandNotFound: "the handler's command was not found"
        }
    }
}
