#include "address.h"

#include <string.h>

enum { LONGEST = 8192 }; /* collectors/urls.py */

/* Of a path and a query: letters and digits, and these; "%" is asked apart. */
static int is_plain(unsigned char byte) {
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z')) return 1;
    switch (byte) {
    case '_': case '~': case '!': case '$': case '&': case '(': case ')': case '*': case '+': case ',': case ';': case '=': case ':':
    case '@': case '.': case '-':
        return 1;
    default:
        return 0;
    }
}

/* The end of "http(s)://host", whose last label has letters only, so that it is no number; 0 for anything else. */
static size_t host_end(const unsigned char *data, size_t length) {
    size_t at = length > 8 && !memcmp(data, "https://", 8) ? 8 : length > 7 && !memcmp(data, "http://", 7) ? 7 : 0;
    if (!at) return 0;
    size_t label = at, dots = 0, others = 0; /* others than letters in this label */
    for (; at < length && data[at] != '/'; at++) {
        if (data[at] == '.') {
            if (at == label) return 0;
            label = at + 1;
            dots++;
            others = 0;
        } else if (data[at] < 'a' || data[at] > 'z') {
            if (data[at] != '-' && (data[at] < '0' || data[at] > '9')) return 0;
            others++;
        } else if (at == label && length - at > 4 && !memcmp(data + at, "xn--", 4)) {
            return 0; /* may be no name at all */
        }
    }
    return at < length && dots && at > label && !others ? at : 0;
}

int plain_address(const String *href, size_t *length) {
    const unsigned char *data = href->data, *fragment = memchr(data, '#', href->length);
    size_t size = *length = fragment ? (size_t)(fragment - data) : href->length;
    if (!size || size > LONGEST) return NOT_PLAIN;
    size_t at = data[0] == '/' ? 0 : host_end(data, size), start = at;
    if ((data[0] != '/' && !at) || (at + 1 < size && data[at + 1] == '/')) return NOT_PLAIN;
    for (; at < size && data[at] != '?'; at++) {
        if (data[at] == '/') {
            if (at + 1 < size && data[at + 1] == '.') return NOT_PLAIN;
        } else if (data[at] == '%') {
            if (size - at > 2 && data[at + 1] == '2' && (data[at + 2] | 32) == 'e') return NOT_PLAIN;
        } else if (!is_plain(data[at]) && data[at] != '\'') {
            return NOT_PLAIN;
        }
    }
    for (at += at < size; at < size; at++)
        if (!is_plain(data[at]) && data[at] != '%' && data[at] != '/' && data[at] != '?') return NOT_PLAIN;
    return start ? ABSOLUTE : ROOTED;
}
