// SPDX-License-Identifier: Apache-2.0
// Makes system calls and says how each ended: probe ENTRY:NUMBER[:ARGUMENT...]...
// ENTRY is "native", or on x86-64 "i386" for int 0x80. Each runs in a process of its own, which a filter may kill.
// Prints "result N", "errno N" or "signal N". Only for calls that do no harm.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct answer {
	long result;
	int error;
};

static long by_interrupt(long number, const unsigned long *arguments)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]), "S"(arguments[3]),
			   "D"(arguments[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
#else
	(void)number;
	(void)arguments;
	return -ENOSYS;
#endif
}

static struct answer call(const char *entry, long number, const unsigned long *arguments)
{
	struct answer answer;

	if (strcmp(entry, "i386") == 0) {
		answer.result = (int)by_interrupt(number, arguments);
		answer.error = answer.result < 0 ? (int)-answer.result : 0;
		return answer;
	}
	errno = 0;
	answer.result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
	answer.error = answer.result < 0 ? errno : 0;
	return answer;
}

static void probe(char *text)
{
	unsigned long arguments[6] = { 0 };
	char *entry = strsep(&text, ":"), *number = strsep(&text, ":");
	struct answer answer;
	int ends[2], status;
	pid_t child;

	for (int i = 0; i < 6 && text; i++)
		arguments[i] = strtoul(strsep(&text, ":"), NULL, 0);
	if (!number || pipe(ends) < 0 || (child = fork()) < 0)
		exit(1);
	if (child == 0) {
		answer = call(entry, strtol(number, NULL, 0), arguments);
		if (write(ends[1], &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &answer, sizeof(answer)) != sizeof(answer))
		answer.error = -1;
	close(ends[0]);
	if (waitpid(child, &status, 0) < 0)
		exit(1);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else if (answer.error)
		printf("errno %d\n", answer.error);
	else
		printf("result %ld\n", answer.result);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		probe(argv[i]);
	return 0;
}
