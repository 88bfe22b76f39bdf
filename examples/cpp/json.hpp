// As much JSON as a handler needs, in C++17: parsing into a tree, printing, base64. Numbers stay as they are written.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace json {

struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Value {
public:
    enum class Kind { null, boolean, number, text, list, object };

    Kind kind = Kind::null;
    std::string content; // a text's UTF-8; a number's digits; "true" or "false"
    std::vector<Value> values;
    std::vector<std::string> names; // of an object's values

    bool is_null() const { return kind == Kind::null; }
    bool is_text() const { return kind == Kind::text; }

    const Value *find(std::string_view name) const {
        for (std::size_t place = 0; place < names.size(); place++) {
            if (names[place] == name) return &values[place];
        }
        return nullptr;
    }
    Value *find(std::string_view name) { return const_cast<Value *>(std::as_const(*this).find(name)); }
    const Value &at(std::string_view name) const {
        if (const Value *found = find(name)) return *found;
        throw Malformed("member " + std::string(name) + " is missing");
    }
    void add(std::string name, Value value) {
        names.push_back(std::move(name));
        values.push_back(std::move(value));
    }
    const std::string &text() const { return expect(Kind::text, "a string").content; }
    std::vector<Value> &list() { return expect(Kind::list, "an array"), values; }
    long long integer() const {
        try {
            return std::stoll(expect(Kind::number, "a number").content);
        } catch (const std::logic_error &) {
            throw Malformed(content + " is no integer");
        }
    }

private:
    const Value &expect(Kind wanted, const char *name) const {
        if (kind != wanted) throw Malformed(std::string(name) + " is needed");
        return *this;
    }
};

class Parser {
public:
    explicit Parser(std::string_view text) : text(text) {}

    Value document() {
        Value value = parse();
        if (peek() != '\0' || at < text.size()) wrong("the end");
        return value;
    }

private:
    std::string_view text;
    std::size_t at = 0;
    int depth = 0;

    [[noreturn]] void wrong(const char *wanted) const {
        throw Malformed("not JSON at byte " + std::to_string(at) + ": " + wanted + " is needed");
    }
    char peek() { // the next byte that is no white space
        while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) at++;
        return at < text.size() ? text[at] : '\0';
    }
    bool take(char wanted) {
        const bool found = peek() == wanted;
        at += found;
        return found;
    }
    Value word(std::string_view word, Value::Kind kind) {
        if (text.substr(at, word.size()) != word) wrong("a value");
        at += word.size();
        return scalar(kind, std::string(word));
    }
    static Value scalar(Value::Kind kind, std::string content) {
        Value value;
        value.kind = kind;
        value.content = std::move(content);
        return value;
    }
    Value parse() {
        if (++depth > 200) wrong("less nesting");
        Value value;
        switch (peek()) {
        case '{': value = object(); break;
        case '[': value = list(); break;
        case '"': value = scalar(Value::Kind::text, string()); break;
        case 'n': value = word("null", Value::Kind::null); break;
        case 't': value = word("true", Value::Kind::boolean); break;
        case 'f': value = word("false", Value::Kind::boolean); break;
        default: {
            const std::size_t end = std::min(text.find_first_not_of("+-.eE0123456789", at), text.size());
            if (end == at) wrong("a value");
            value = scalar(Value::Kind::number, std::string(text.substr(at, end - at)));
            at = end;
        }
        }
        depth--;
        return value;
    }
    Value object() {
        Value value;
        value.kind = Value::Kind::object;
        at++;
        if (take('}')) return value;
        do {
            if (peek() != '"') wrong("a member's name");
            std::string name = string();
            if (!take(':')) wrong("\":\"");
            value.add(std::move(name), parse());
        } while (take(','));
        if (!take('}')) wrong("\",\" or \"}\"");
        return value;
    }
    Value list() {
        Value value;
        value.kind = Value::Kind::list;
        at++;
        if (take(']')) return value;
        do value.values.push_back(parse());
        while (take(','));
        if (!take(']')) wrong("\",\" or \"]\"");
        return value;
    }
    std::string string() {
        std::string out;
        for (at++;;) {
            const std::size_t end = text.find_first_of("\"\\", at);
            if (end == std::string_view::npos) wrong("the string's end");
            out.append(text, at, end - at);
            at = end + 1;
            if (text[end] == '"') return out;
            const std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
            const char kind = at < text.size() ? text[at++] : '\0';
            if (kind == 'u') append(out, code());
            else if (const std::size_t place = names.find(kind); kind && place != std::string_view::npos) out += meanings[place];
            else wrong("an escape that JSON knows");
        }
    }
    std::uint32_t hex() {
        std::uint32_t code = 0;
        for (int digit = 0; digit < 4; digit++, at++) {
            const std::size_t place = std::string_view("0123456789abcdef0123456789ABCDEF").find(at < text.size() ? text[at] : 'x');
            if (place == std::string_view::npos) wrong("a hexadecimal digit");
            code = code << 4 | (place & 15);
        }
        return code;
    }
    std::uint32_t code() {
        const std::uint32_t high = hex();
        if (high < 0xd800 || high > 0xdfff) return high;
        if (high > 0xdbff || text.substr(at, 2) != "\\u") return 0xfffd;
        at += 2;
        return 0x10000 + ((high - 0xd800) << 10) + ((hex() - 0xdc00) & 0x3ff);
    }
    static void append(std::string &out, std::uint32_t code) { // as UTF-8
        const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
        if (code < 0x80) return byte(code);
        if (code < 0x800) byte(0xc0 | code >> 6);
        else {
            if (code < 0x10000) byte(0xe0 | code >> 12);
            else byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f));
            byte(0x80 | (code >> 6 & 0x3f));
        }
        byte(0x80 | (code & 0x3f));
    }
};

inline Value parse(std::string_view text) { return Parser(text).document(); }

inline std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        char escape[8];
        if (c == '"' || c == '\\') out += '\\', out += c;
        else if (static_cast<unsigned char>(c) < 0x20) std::snprintf(escape, sizeof escape, "\\u%04x", c), out += escape;
        else out += c;
    }
    return out += '"';
}

inline std::string print(const Value &value) {
    if (value.is_null()) return "null";
    if (value.is_text()) return quoted(value.content);
    const bool object = value.kind == Value::Kind::object;
    if (!object && value.kind != Value::Kind::list) return value.content;
    std::string out = object ? "{" : "[";
    for (std::size_t place = 0; place < value.values.size(); place++) {
        if (place > 0) out += ',';
        if (object) out += quoted(value.names[place]) + ':';
        out += print(value.values[place]);
    }
    return out += object ? '}' : ']';
}

// RFC 4648, section 4, padded.
inline std::string decode_base64(std::string_view text) {
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=') break;
        const std::size_t place = alphabet.find(c);
        if (place == std::string_view::npos) throw std::invalid_argument("not base64");
        bits = bits << 6 | static_cast<std::uint32_t>(place);
        if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8));
    }
    return out;
}

} // namespace json
