extension OptionTable {
    static let frames: [Option] = [
        Option(
            .framing, "FRAMING", .choice(["auto"] + FramingOption.allCases.map(\.rawValue)), default: "auto", .frames,
            commands: [.frames],
            "length (4 bytes before each frame) or lines (one frame a line); auto looks at the first byte"),
        Option(
            .from, "SIDE", .choice(["auto"] + FramesSide.allCases.map(\.rawValue)), default: "auto", .frames,
            commands: [.frames], "who wrote the stream: bridge (ackpipe) or handler; auto looks at the first frame"),
        Option(
            .full, nil, .flag, default: "false", .frames, commands: [.frames], "show each frame's JSON whole"),
        Option(
            .format, "FORMAT", .choice(FramesFormat.allCases.map(\.rawValue)), default: "text", .frames,
            commands: [.frames], "text for people, json (one object a frame) for machines"),
    ]
}
