import Configuration
import HandlerProtocol
import Kafka
import YAML

/// Why a load file was refused; nothing of it is in the broker then.
struct LoadProblem: Error, CustomStringConvertible {
    let description: String
}
