/*
 * measure: the CPU time, wall time and memory of one command between two pipes.
 *
 *   measure 'cat trace' -- bin/strip-irq
 *   {"status":0,"user":0.151204,"sys":0.042318,"wall":0.213377,"maxrss":61276}
 *
 * The producer (a shell command) feeds the command and `cat` drains it, both unmeasured. wait4() gives
 * the resources of the command and of every child that it waited for, so `sh -c 'a | b'` is the sum of
 * sh, a and b; maxrss (KB) is that of the largest of them. No sampling: a process of 20 ms is measured
 * as well as one of 20 s. A command that spends two minutes of CPU is killed: it would never end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(125);
}

/* Starts argv with the two descriptors as stdin and stdout; every other pipe end is close-on-exec. */
static pid_t start(char *const argv[], int in, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &(struct rlimit){ .rlim_cur = 120, .rlim_max = 125 });
		if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
			die("dup2");
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	return pid;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
	int feed[2], drain[2], null, status;
	struct rusage used;

	if (argc < 4 || strcmp(argv[2], "--") != 0) {
		fprintf(stderr, "usage: measure PRODUCER -- COMMAND [ARG...]\n");
		return 125;
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		die("/dev/null");
	if (pipe2(feed, O_CLOEXEC) < 0 || pipe2(drain, O_CLOEXEC) < 0)
		die("pipe2");

	char *const producer[] = { "sh", "-c", argv[1], NULL };
	char *const consumer[] = { "cat", NULL };
	pid_t reader = start(consumer, drain[0], null);
	double begin = now();
	pid_t writer = start(producer, null, feed[1]);
	pid_t measured = start(argv + 3, feed[0], drain[1]);

	close(feed[0]);
	close(feed[1]);
	close(drain[0]);
	close(drain[1]);
	if (wait4(measured, &status, 0, &used) < 0)
		die("wait4");

	double wall = now() - begin;

	/* A command that stopped reading early has left the producer with a broken pipe: it ends by itself. */
	waitpid(writer, NULL, 0);
	waitpid(reader, NULL, 0);
	printf("{\"status\":%d,\"user\":%.6f,\"sys\":%.6f,\"wall\":%.6f,\"maxrss\":%ld}\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), seconds(used.ru_utime),
	       seconds(used.ru_stime), wall, used.ru_maxrss);
	return 0;
}
