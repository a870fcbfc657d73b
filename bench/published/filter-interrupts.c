/*
 * filter-interrupts: drops the subtrees of five interrupt handlers.
 *
 *   in:   fput();                          out:   fput();
 *         do_softirq() {                          fget();
 *           net_rx_action();
 *         }
 *         fget();
 *
 * As published: the line that ends a subtree is the next one at the handler's indent, whatever it is, so
 * a handler without children takes its next sibling along; and a handler is not looked for while dropping.
 *
 * Written from the published description, as a peer to measure against.
 */
#include <stdio.h>
#include <string.h>

/* Longer lines come in pieces of 4,095 bytes, each judged as a line of its own. */
#define PIECE 4096

static const char *const handlers[] = {
	"smp_irq_work_interrupt",
	"smp_apic_timer_interrupt",
	"smp_reschedule_interrupt",
	"smp_call_function_single_interrupt",
	"do_softirq",
};

static int names_handler(const char *line)
{
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (strstr(line, handlers[i]))
			return 1;
	return 0;
}

int main(void)
{
	char line[PIECE];
	int dropping = 0;
	size_t root = 0;

	while (fgets(line, sizeof line, stdin)) {
		size_t indent = strspn(line, " ");

		if (dropping) {
			if (indent == root)
				dropping = 0;
			else if (indent < root)
				fputs(line, stdout);
		} else if (names_handler(line)) {
			dropping = 1;
			root = indent;
		} else {
			fputs(line, stdout);
		}
	}
	return ferror(stdin) || fflush(stdout) == EOF;
}
