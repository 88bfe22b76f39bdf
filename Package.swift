// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Test targets keep every setting but strict memory safety: they talk to C libraries and raw descriptors all the
/// time, and a word on each such line would tell a reader of a test nothing.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func swiftTarget(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: testSettings)
}

let package = Package(
    name: "ackpipe",
    products: [
        .executable(name: "ackpipe", targets: ["ackpipe"]),
        // For handlers written in Swift; needs none of the system libraries.
        .library(name: "AckpipeHandler", targets: ["AckpipeHandler"]),
    ],
    dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.0")],
    targets: [
        // Pure: they decide, and know neither I/O nor clock nor threads.
        swiftTarget("DeliveryCore"),
        swiftTarget("HandlerProtocol", ["DeliveryCore"]),
        swiftTarget("Configuration"),
        swiftTarget("Conformance", ["HandlerProtocol", "DeliveryCore"]),

        // C: two small targets with code, and system libraries.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "CRecords", dependencies: ["CRDKafka"],
            cSettings: [
                .define("_GNU_SOURCE"), .enableWarning("all"), .enableWarning("extra"), .enableWarning("conversion"),
                .treatAllWarnings(as: .error),
            ]),
        .systemLibrary(name: "CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // Takes the place of malloc in the whole program (docs/decisions/0011).
        .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),

        // The rim: thin, and the only part that touches the world.
        swiftTarget("Reactor", ["CLinux"]),
        swiftTarget("YAML", ["CYAML", "Configuration"]),
        swiftTarget("Kafka", ["CRDKafka", "CRecords", "DeliveryCore"]),
        swiftTarget("Handlers", ["CLinux", "Reactor", "DeliveryCore"]),
        swiftTarget("Observability", [.product(name: "Logging", package: "swift-log")]),

        // A handler's side of the protocol, for users; concurrency is theirs to choose, so it knows async.
        swiftTarget("AckpipeHandler", ["DeliveryCore", "HandlerProtocol", "Reactor"]),

        // Composition and commands.
        swiftTarget(
            "Runtime",
            [
                "DeliveryCore", "HandlerProtocol", "Configuration", "Conformance", "Reactor", "Kafka", "Handlers",
                "Observability",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "ackpipe",
            dependencies: [
                "CMimalloc",
                "Runtime", "Configuration", "Conformance", "YAML", "Kafka", "Handlers", "Observability", "Reactor",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swiftSettings),

        // examples/swift, which has a manifest of its own too: built here, it needs no build of everything for itself.
        .executableTarget(
            name: "swift-handler", dependencies: ["AckpipeHandler"], path: "examples/swift",
            exclude: ["Package.swift", "README.md"], sources: ["handler.swift"], swiftSettings: testSettings),

        // The simulation is no test target, so that it is also built for release: thousands of seeds in seconds.
        .target(
            name: "Simulation", dependencies: ["DeliveryCore"], path: "Tests/Simulation", swiftSettings: swiftSettings),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation"], path: "Tests/SimulateCommand", swiftSettings: swiftSettings),
        tests("SimulationTests", ["Simulation", "simulate"]),

        // The hot paths without I/O, for scripts/budget; no test target, so that it is built for release.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .executableTarget(
            name: "hotpath", dependencies: ["CAllocations", "DeliveryCore", "HandlerProtocol"], path: "Tests/HotPath",
            exclude: ["budget.txt"], swiftSettings: swiftSettings),

        tests("DeliveryCoreTests", ["DeliveryCore"]),
        tests("HandlerProtocolTests", ["HandlerProtocol", "DeliveryCore"]),
        tests("ConfigurationTests", ["Configuration"]),
        tests("ConformanceTests", ["Conformance", "HandlerProtocol"]),
        tests("YAMLTests", ["YAML", "Configuration"]),
        tests("ReactorTests", ["Reactor", "CLinux"]),
        tests("KafkaTests", ["Kafka", "KafkaTestSupport", "DeliveryCore"]),
        tests("HandlersTests", ["Handlers", "Reactor", "CLinux", "DeliveryCore"]),
        tests("ObservabilityTests", ["Observability", .product(name: "Logging", package: "swift-log")]),
        tests("AckpipeHandlerTests", ["AckpipeHandler", "HandlerProtocol", "DeliveryCore"]),
        tests(
            "RuntimeTests",
            ["Runtime", "DeliveryCore", "HandlerProtocol", "Configuration", "Kafka", "Reactor", "Observability"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "ackpipe", "swift-handler", "Kafka", "KafkaTestSupport", "Reactor", "DeliveryCore",
            ],
            exclude: ["Handlers"], swiftSettings: testSettings),
        // What both need to run on a cluster that is not theirs (ACKPIPE_TEST_BROKERS).
        .target(
            name: "KafkaTestSupport", dependencies: ["CRDKafka", "Kafka"], path: "Tests/KafkaTestSupport",
            swiftSettings: testSettings),
        tests("TidyTests", []),
    ]
)
