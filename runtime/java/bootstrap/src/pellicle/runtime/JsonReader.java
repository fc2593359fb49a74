package pellicle.runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** RFC 8259 text to Map, List, String, Integer, Long, BigInteger, Double, Boolean and null. */
final class JsonReader {
    private static final int MAX_DEPTH = 1000;

    private final String text;
    private int at;
    private int depth;

    private JsonReader(String text) {
        this.text = text;
    }

    static Object read(String text) {
        JsonReader reader = new JsonReader(text);
        Object value = reader.value();
        reader.skipSpace();
        if (reader.at != text.length()) {
            throw reader.wrong("text after the value");
        }
        return value;
    }

    private Object value() {
        skipSpace();
        if (at == text.length()) {
            throw wrong("the text ends where a value is expected");
        }
        char c = text.charAt(at);
        switch (c) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                if (c == '-' || c >= '0' && c <= '9') {
                    return number();
                }
                throw wrong("unexpected character");
        }
    }

    private Map<String, Object> object() {
        enter();
        Map<String, Object> object = new LinkedHashMap<>();
        skipSpace();
        if (peek() == '}') {
            at++;
        } else {
            do {
                skipSpace();
                if (peek() != '"') {
                    throw wrong("a name in double quotes is expected");
                }
                String name = string();
                skipSpace();
                expect(':');
                object.put(name, value());
                skipSpace();
            } while (more('}'));
        }
        depth--;
        return object;
    }

    private List<Object> array() {
        enter();
        List<Object> array = new ArrayList<>();
        skipSpace();
        if (peek() == ']') {
            at++;
        } else {
            do {
                array.add(value());
                skipSpace();
            } while (more(']'));
        }
        depth--;
        return array;
    }

    private boolean more(char end) {
        char c = peek();
        if (c != ',' && c != end) {
            throw wrong("`,` or `" + end + "` is expected");
        }
        at++;
        return c == ',';
    }

    private void enter() {
        at++;
        if (++depth > MAX_DEPTH) {
            throw wrong("nested deeper than " + MAX_DEPTH);
        }
    }

    private String string() {
        int start = ++at;
        for (; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                return text.substring(start, at++);
            }
            if (c == '\\' || c < ' ') {
                break;
            }
        }
        StringBuilder value = new StringBuilder(text.substring(start, at));
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return value.toString();
            }
            if (c < ' ') {
                throw wrong("a control character in a string");
            }
            value.append(c == '\\' ? escape() : c);
        }
        throw wrong("a string without end");
    }

    private char escape() {
        char c = peek();
        at++;
        switch (c) {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(peek(), 16);
                    if (digit < 0) {
                        throw wrong("four hexadecimal digits are expected");
                    }
                    code = code * 16 + digit;
                    at++;
                }
                return (char) code;
            default:
                throw wrong("an unknown escape");
        }
    }

    private Number number() {
        int start = at;
        if (peek() == '-') {
            at++;
        }
        int first = at;
        digits();
        if (text.charAt(first) == '0' && at > first + 1) {
            throw wrong("a number with a leading zero");
        }
        boolean whole = true;
        if (peek() == '.') {
            whole = false;
            at++;
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            whole = false;
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits();
        }
        String number = text.substring(start, at);
        if (!whole) {
            return new Decimal(number);
        }
        if (number.length() <= 18) {
            long value = Long.parseLong(number);
            return value == (int) value ? (Number) Integer.valueOf((int) value) : Long.valueOf(value);
        }
        BigInteger big = new BigInteger(number);
        return big.bitLength() < 64 ? (Number) big.longValue() : big;
    }

    private void digits() {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw wrong("a digit is expected");
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw wrong("unexpected word");
        }
        at += word.length();
        return value;
    }

    private void expect(char c) {
        if (peek() != c) {
            throw wrong("`" + c + "` is expected");
        }
        at++;
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private JsonException wrong(String what) {
        return new JsonException("not JSON at character " + at + ": " + what);
    }

    /** A number with fraction or exponent: its text, so that BigDecimal targets lose nothing. */
    static final class Decimal extends Number {
        private static final long serialVersionUID = 1;
        final String text;

        Decimal(String text) {
            this.text = text;
        }

        BigDecimal exact() {
            return new BigDecimal(text);
        }

        @Override
        public int intValue() {
            return (int) doubleValue();
        }

        @Override
        public long longValue() {
            return (long) doubleValue();
        }

        @Override
        public float floatValue() {
            return Float.parseFloat(text);
        }

        @Override
        public double doubleValue() {
            return Double.parseDouble(text);
        }
    }
}
