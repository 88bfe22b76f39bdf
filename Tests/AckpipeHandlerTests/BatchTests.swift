import Testing

@testable import AckpipeHandler
