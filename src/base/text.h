/*
 * text.h
 *	  Small text services.  Usable outside the server.
 */
#ifndef AIR_TEXT_H
#define AIR_TEXT_H

#include "base/pg.h"

/* True if the len bytes are valid UTF-8 without NUL bytes. */
extern bool air_utf8_valid(const char *s, size_t len);

/* Length of the valid UTF-8 character at s (not NUL), 0 if there is none within len bytes. */
extern size_t air_utf8_char(const char *s, size_t len);

/* Number of characters in valid UTF-8. */
extern size_t air_utf8_chars(const char *s, size_t len);

/* Largest n <= max such that the first n bytes of s end at a character boundary. */
extern size_t air_utf8_clip(const char *s, size_t len, size_t max);

/*
 * Estimated tokens of a UTF-8 text for a present-day BPE tokenizer: about a
 * token per 4 letters of a word, per 3 digits, per punctuation mark, per CJK
 * character and per 2 other non-ASCII characters.  0 for an empty text.
 */
extern int air_estimate_tokens(const char *s, size_t len);

/*
 * The same, byte by byte: does this byte open a token?  *state begins as 0, which it also is
 * where the next character opens one whatever it is.
 */
extern bool air_token_opens(unsigned char byte, unsigned *state);

/* Percent-encode all but A-Za-z0-9-._~ (RFC 3986), palloc'ed. */
extern char *air_url_encode(const char *s);

/* Standard base64 into palloc'ed memory; *len gets the decoded length; NULL on bad input. */
extern char *air_base64_decode(const char *s, size_t *len);

/* The name of list (n entries) nearest to word by edit distance, or NULL if none is near. */
extern const char *air_nearest(const char *word, const char *const *list, int n);

#endif
