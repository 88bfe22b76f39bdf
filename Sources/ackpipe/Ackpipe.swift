@main
struct Ackpipe {
    static func main() {}
}
