// A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- java Handler.java
// (Java 11 and newer; compiled with javac it starts faster.) The JDK has no JSON: the class Json below is a small one.
import java.io.*;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Handler {
    /** Your code here: return when the record is done; throw, and it is delivered again. A null value is a tombstone. */
    static void handle(Map<String, Object> record) {
        if ("".equals(record.get("value"))) throw new IllegalArgumentException("empty value");
        String binary = (String) record.get("value_base64");
        String text = binary == null ? Json.print(record.get("value")) : Base64.getDecoder().decode(binary).length + " bytes";
        System.out.println(record.get("topic") + "[" + record.get("partition") + "]@" + record.get("offset") + ": " + text);
    }

    /** One delivery, one verdict. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> attempt(Map<String, Object> frame) {
        boolean single = frame.get("type").equals("message");
        List<Object> messages = single ? List.of(Map.of()) : (List<Object>) frame.remove("messages");
        for (int index = 0; index < messages.size(); index++) {
            Map<String, Object> record = new HashMap<>(frame); // a batch says once what its records share
            record.putAll((Map<String, Object>) messages.get(index));
            try {
                handle(record);
            } catch (Exception error) {
                if (single) return Map.of("type", "nack", "id", frame.get("id"), "error", error.toString());
                List<Object> failed = new ArrayList<>(List.of(Map.of("index", index, "error", error.toString())));
                for (int later = index + 1; later < messages.size(); later++) {
                    failed.add(Map.of("index", later, "action", "release"));
                }
                return Map.of("type", "result", "id", frame.get("id"), "failed", failed);
            }
        }
        return Map.of("type", "ack", "id", frame.get("id"));
    }

    static void send(DataOutputStream out, Map<String, Object> frame) throws IOException {
        byte[] body = Json.print(frame).getBytes(StandardCharsets.UTF_8);
        out.writeInt(body.length);
        out.write(body);
        out.flush();
    }

    public static void main(String[] arguments) throws IOException {
        // What System.out prints goes to the log from here on. Only native code and ProcessBuilder.inheritIO() still reach
        // descriptor 1: where you use these, run with --protocol-fd 3.
        boolean apart = System.getenv("ACKPIPE_PROTOCOL_FDS") != null;
        InputStream source = apart ? new FileInputStream("/dev/fd/3") : new FileInputStream(FileDescriptor.in);
        OutputStream target = apart ? new FileOutputStream("/dev/fd/4") : new FileOutputStream(FileDescriptor.out);
        System.setIn(InputStream.nullInputStream());
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        System.setErr(System.out); // with UTF-8, whatever the locale says

        DataInputStream in = new DataInputStream(new BufferedInputStream(source, 1 << 20));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(target, 1 << 16));
        try {
            for (int first; (first = in.read()) >= 0;) { // until end of file, the orderly end
                int size = first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
                if (size <= 0 || size >= 1 << 27) throw new Json.Malformed(Integer.toUnsignedString(size) + " is no frame's length");
                byte[] body = new byte[size];
                in.readFully(body);
                Map<String, Object> frame = Json.parse(body);
                switch (String.valueOf(frame.get("type"))) {
                    case "hello":
                        send(out, Map.of("type", "ready", "protocol", 1, "name", "java-example/1.0"));
                        break;
                    case "message":
                    case "batch":
                        send(out, attempt(frame));
                        break;
                    default: // others are ignored, shutdown too: end of file follows
                }
            }
        } catch (Json.Malformed | EOFException | CharacterCodingException error) {
            System.err.println("bad frame: " + error);
            System.exit(76);
        }
        System.exit(0);
    }
}

/** Objects are Map, arrays List, numbers Long or BigDecimal, null is null. */
class Json {
    static class Malformed extends IOException {
        Malformed(String why) { super(why); }
    }

    private final String text;
    private int at, depth;

    private Json(String text) { this.text = text; }

    @SuppressWarnings("unchecked")
    static Map<String, Object> parse(byte[] body) throws IOException {
        Json json = new Json(StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(body)).toString());
        Object value = json.value();
        if (json.peek() != 0 || !(value instanceof Map)) throw json.malformed("one object");
        return (Map<String, Object>) value;
    }

    private Malformed malformed(String wanted) { return new Malformed("not JSON at character " + at + ": " + wanted + " is needed"); }

    /** The next character that is no white space; 0 at the end. */
    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        return at < text.length() ? text.charAt(at) : 0;
    }

    private boolean take(char wanted) {
        boolean found = peek() == wanted;
        if (found) at++;
        return found;
    }

    private Object word(String word, Object value) throws Malformed {
        if (!text.startsWith(word, at)) throw malformed("a value");
        at += word.length();
        return value;
    }

    private Object value() throws Malformed {
        if (++depth > 200) throw malformed("less nesting");
        Object value;
        switch (peek()) {
            case '{': value = object(); break;
            case '[': value = array(); break;
            case '"': value = string(); break;
            case 'n': value = word("null", null); break;
            case 't': value = word("true", true); break;
            case 'f': value = word("false", false); break;
            default: value = number();
        }
        depth--;
        return value;
    }

    private Object number() throws Malformed {
        int start = at;
        boolean whole = true;
        for (; at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0; at++) {
            whole &= text.charAt(at) == '-' || Character.isDigit(text.charAt(at));
        }
        String digits = text.substring(start, at);
        try {
            if (whole && digits.length() < 19) return Long.valueOf(digits);
            return new BigDecimal(digits); // a double would lose digits
        } catch (NumberFormatException error) {
            at = start;
            throw malformed("a value");
        }
    }

    private Map<String, Object> object() throws Malformed {
        Map<String, Object> members = new HashMap<>();
        at++;
        if (take('}')) return members;
        do {
            if (peek() != '"') throw malformed("a member's name");
            String name = string();
            if (!take(':')) throw malformed("\":\"");
            members.put(name, value());
        } while (take(','));
        if (!take('}')) throw malformed("\",\" or \"}\"");
        return members;
    }

    private List<Object> array() throws Malformed {
        List<Object> list = new ArrayList<>();
        at++;
        if (take(']')) return list;
        do list.add(value()); while (take(','));
        if (!take(']')) throw malformed("\",\" or \"]\"");
        return list;
    }

    private String string() throws Malformed {
        StringBuilder out = null;
        int start = ++at;
        for (;; at++) {
            if (at >= text.length()) throw malformed("the string's end");
            char c = text.charAt(at);
            if (c != '"' && c != '\\') continue;
            if (c == '"' && out == null) return text.substring(start, at++);
            if (out == null) out = new StringBuilder();
            out.append(text, start, at++);
            if (c == '"') return out.toString();
            int kind = at < text.length() ? "\"\\/bfnrtu".indexOf(text.charAt(at)) : -1;
            if (kind < 0) throw malformed("an escape that JSON knows");
            if (kind < 8) {
                out.append("\"\\/\b\f\n\r\t".charAt(kind));
            } else {
                try { // halves of a surrogate pair find together by themselves
                    out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                } catch (NumberFormatException | IndexOutOfBoundsException error) {
                    throw malformed("four digits");
                }
                at += 4;
            }
            start = at + 1;
        }
    }

    static String print(Object value) {
        StringBuilder out = new StringBuilder();
        print(value, out);
        return out.toString();
    }

    private static void print(Object value, StringBuilder out) {
        if (value instanceof String) {
            String text = (String) value;
            out.append('"');
            for (int place = 0; place < text.length(); place++) {
                char c = text.charAt(place);
                if (c == '"' || c == '\\') out.append('\\').append(c);
                else if (c < ' ' || c == 0x7f) out.append(String.format("\\u%04x", (int) c));
                else out.append(c);
            }
            out.append('"');
        } else if (value instanceof Map) {
            char separator = '{';
            for (Map.Entry<?, ?> member : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                print(member.getKey(), out);
                print(member.getValue(), out.append(':'));
                separator = ',';
            }
            out.append(separator == '{' ? "{}" : "}");
        } else if (value instanceof List) {
            char separator = '[';
            for (Object one : (List<?>) value) {
                print(one, out.append(separator));
                separator = ',';
            }
            out.append(separator == '[' ? "[]" : "]");
        } else {
            out.append(value);
        }
    }
}
