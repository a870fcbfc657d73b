/*
 * filter-start: drops everything before the first line that enters the kernel.
 *
 *   in:   save_fpregs_to_fpstate();        out:   syscall_trace_enter() {
 *         syscall_trace_enter() {                   __secure_computing();
 *           __secure_computing();                 }
 *         }
 *
 * Written from the published description, as a peer to measure against.
 */
#include <stdio.h>
#include <string.h>

/* Longer lines come in pieces of 4,095 bytes, each judged as a line of its own. */
#define PIECE 4096

static const char *const anchors[] = {
	"SyS", "sys", "do_syscall", "kthread_should_stop", "vcpu_enter_guest",
};

static int is_anchor(const char *body)
{
	for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++)
		if (strncmp(body, anchors[i], strlen(anchors[i])) == 0)
			return 1;
	return 0;
}

int main(void)
{
	char line[PIECE];
	int started = 0;

	while (fgets(line, sizeof line, stdin)) {
		if (!started)
			started = is_anchor(line + strspn(line, " "));
		if (started)
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) == EOF;
}
