// SPDX-License-Identifier: Apache-2.0

/*
 * The program of the image `teu/hello`: prints which way a run took, and ends. It makes its two system calls itself, so
 * that the image is a few kilobytes and holds nothing but this file.
 */

static const char text[] =
    "\n"
    "Hello from teu!\n"
    "\n"
    "This is a program in a container, and you read its output. So all of the stack works:\n"
    "\n"
    "  cli             read your command and asked the engine for a container\n"
    "  engine          looked the image up, fetched it if it was missing, and planned the container\n"
    "  image-registry  handed out the image, every byte checked against its digest\n"
    "  containerd      unpacked the layers and made a file system of them\n"
    "  shim            stayed to carry output and exit status, however the daemons fare\n"
    "  runtime         made namespaces and a cgroup, and ran this program in them\n"
    "\n"
    "Every one of them can be swapped for its original, or used alone. Some things to try:\n"
    "\n"
    "  teu run --rm -it busybox sh\n"
    "  teu ps --all\n"
    "  DOCKER_HOST=unix:///run/teu/engine.sock docker info\n"
    "\n";

#if defined(__x86_64__)

static long call(long number, long a, long b, long c)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

enum { SYS_WRITE = 1, SYS_EXIT_GROUP = 231 };

#elif defined(__aarch64__)

static long call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

enum { SYS_WRITE = 64, SYS_EXIT_GROUP = 94 };

#else
#error "no system calls known for this processor"
#endif

enum { ERROR_INTERRUPTED = -4 };

/* A pipe may take less than all at once. */
static int print(const char *at, long left)
{
	while (left > 0) {
		long written = call(SYS_WRITE, 1, (long)at, left);
		if (written == ERROR_INTERRUPTED)
			continue;
		if (written <= 0)
			return 1;
		at += written;
		left -= written;
	}
	return 0;
}

/* There is no libc to return to. */
__attribute__((noreturn)) void _start(void)
{
	int status = print(text, sizeof(text) - 1);
	for (;;)
		call(SYS_EXIT_GROUP, status, 0, 0);
}
