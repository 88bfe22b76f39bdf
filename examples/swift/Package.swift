// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "handler",
    dependencies: [
        // In a package of your own: .package(url: "URL OF THIS REPOSITORY", from: "0.1.0")
        .package(name: "ackpipe", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "handler", dependencies: [.product(name: "AckpipeHandler", package: "ackpipe")], path: ".",
            exclude: ["README.md"], sources: ["handler.swift"])
    ]
)
