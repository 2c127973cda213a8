/* Addresses that are spelt as they would be after joining: most links of most pages are. */
#ifndef DOZOR_ADDRESS_H
#define DOZOR_ADDRESS_H

#include "lexbor.h"

enum { NOT_PLAIN, ROOTED, ABSOLUTE };

/* Whether the address before a "#" is one of these: "/path?query", or the same behind "http(s)://host" in small letters, without
 * segments of dots, of characters that no parser of addresses respells. `length` is that of the address. */
int plain_address(const String *href, size_t *length);

#endif
