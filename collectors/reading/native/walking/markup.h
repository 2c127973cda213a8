/* Markup that was not parsed. */
#ifndef DOZOR_MARKUP_H
#define DOZOR_MARKUP_H

#include <stddef.h>
#include <stdint.h>

/* Words that a reader sees, from the body on, counted up to `most` and a little beyond: what scripts, styles, titles, templates and
 * drawings hold is left out. */
int64_t shown_words(const unsigned char *markup, size_t length, int64_t most);

#endif
