/*
 * filter-errors: drops the lines whose indent is not the expected one.
 *
 *   in:   sys_read() {                     out:   sys_read() {
 *           fput();                                 fput();
 *               strayed();                        }
 *         }
 *
 * Written from the published description, as a peer to measure against.
 */
#include <stdio.h>
#include <string.h>

/* Longer lines come in pieces of 4,095 bytes, each judged as a line of its own. */
#define PIECE 4096

/* 50 levels of two spaces, and the space that follows the '|': as deep as the tracer goes. */
#define DEEPEST 101

static int opens_block(const char *body)
{
	size_t length = strcspn(body, "\n");

	return length > 0 && body[length - 1] == '{';
}

int main(void)
{
	char line[PIECE];
	long expected = -1;

	while (fgets(line, sizeof line, stdin)) {
		long indent = (long)strspn(line, " ");
		const char *body = line + indent;

		if (expected < 0)
			expected = indent;

		if (*body == '}') {
			if (indent != expected - 2)
				continue;
			expected = indent;
		} else {
			if (indent != expected)
				continue;
			if (opens_block(body) && expected + 2 <= DEEPEST)
				expected += 2;
		}
		fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) == EOF;
}
