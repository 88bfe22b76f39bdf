// A handler for ackpipe. Build: g++ -std=c++17 -O2 -o handler handler.cpp   Run: ackpipe run ... -- ./handler
// The standard library has no JSON; json.hpp beside this file is a small one. nlohmann/json or simdjson fit as well.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <stdexcept>
#include <string>
#include <unistd.h>

#include "json.hpp"

// Your code here: return when the record is done; throw, and it is delivered again. A null value is a tombstone.
static void handle(const json::Value &record) {
    std::string text;
    if (const json::Value *binary = record.find("value_base64")) {
        text = std::to_string(json::decode_base64(binary->text()).size()) + " bytes";
    } else {
        const json::Value &value = record.at("value");
        if (value.is_text() && value.text().empty()) throw std::invalid_argument("empty value");
        text = json::print(value);
    }
    std::cout << record.at("topic").text() << '[' << record.at("partition").integer() << "]@" << record.at("offset").integer()
              << ": " << text << std::endl;
}

// One delivery, one verdict.
static std::string attempt(json::Value &frame) {
    const std::string id = std::to_string(frame.at("id").integer());
    json::Value *messages = frame.find("messages");
    const std::size_t count = messages ? messages->list().size() : 1;
    for (std::size_t index = 0; index < count; index++) {
        try {
            if (messages) {
                json::Value &record = messages->list()[index];
                for (const char *name : {"topic", "partition", "attempt", "timestamp_type"}) { // said once for the batch
                    if (const json::Value *shared = frame.find(name); shared && !record.find(name)) record.add(name, *shared);
                }
                handle(record);
            } else {
                handle(frame);
            }
        } catch (const std::exception &error) {
            const std::string why = ",\"error\":" + json::quoted(error.what());
            if (!messages) return "{\"type\":\"nack\",\"id\":" + id + why + "}";
            std::string failed = "{\"index\":" + std::to_string(index) + why + "}";
            while (++index < count) failed += ",{\"index\":" + std::to_string(index) + ",\"action\":\"release\"}";
            return "{\"type\":\"result\",\"id\":" + id + ",\"failed\":[" + failed + "]}";
        }
    }
    return "{\"type\":\"ack\",\"id\":" + id + "}";
}

static void send(std::FILE *out, const std::string &body) {
    const auto size = static_cast<std::uint32_t>(body.size());
    const unsigned char header[4] = {static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
                                     static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
    if (std::fwrite(header, 4, 1, out) != 1 || std::fwrite(body.data(), body.size(), 1, out) != 1 || std::fflush(out)) {
        throw std::runtime_error("cannot write a frame");
    }
}

// False at end of file, the orderly end.
static bool read_frame(std::FILE *in, std::string &body) {
    unsigned char header[4];
    const std::size_t got = std::fread(header, 1, 4, in);
    if (got == 0) return false;
    const std::uint32_t size = std::uint32_t{header[0]} << 24 | header[1] << 16 | header[2] << 8 | header[3];
    if (got < 4 || size == 0 || size >= 1u << 27) throw json::Malformed("its length is none");
    body.resize(size);
    if (std::fread(body.data(), 1, size, in) != size) throw json::Malformed("the input ended within it");
    return true;
}

int main() {
    // Private, close-on-exec copies of the protocol's descriptors: what is printed then goes to ackpipe's log.
    const bool apart = std::getenv("ACKPIPE_PROTOCOL_FDS") != nullptr;
    std::FILE *in = fdopen(fcntl(apart ? 3 : 0, F_DUPFD_CLOEXEC, 5), "r");
    std::FILE *out = fdopen(fcntl(apart ? 4 : 1, F_DUPFD_CLOEXEC, 5), "w");
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!in || !out || dup2(null, 0) < 0 || dup2(2, 1) < 0) {
        std::perror("cannot take the protocol's descriptors");
        return 71;
    }
    if (apart) close(3), close(4);
    std::setvbuf(in, nullptr, _IOFBF, 1 << 20);
    try {
        for (std::string body; read_frame(in, body);) {
            json::Value frame = json::parse(body);
            const std::string type = frame.at("type").text();
            if (type == "hello") send(out, R"({"type":"ready","protocol":1,"name":"cpp-example/1.0"})");
            else if (type == "message" || type == "batch") send(out, attempt(frame)); // others are ignored, shutdown too
        }
    } catch (const json::Malformed &error) {
        std::cerr << "bad frame: " << error.what() << std::endl;
        return 76;
    } catch (const std::exception &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
