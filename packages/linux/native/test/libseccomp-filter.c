// SPDX-License-Identifier: Apache-2.0
// What libseccomp makes of rules, as an oracle for tests. Reads words from standard input and writes the filter to
// standard output:
//   ACTION                                       the default, a number as the kernel has it
//   arch TOKEN                                   an audit number; the native one is there already
//   only TOKEN                                   an audit number, in place of the native one
//   rule ACTION NAME COUNT {INDEX OP A B}...     as runc gives rules to libseccomp
//   name TOKEN NAME                              a question: "NAME TOKEN NUMBER" goes to standard error
// The library is loaded at run time, so that no header of it is needed; 77 is the status where it is missing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MISSING 77
#define NATIVE 0u
#define CTL_NNP 3u
#define NOT_KNOWN (-1)

struct comparison {
	unsigned int index;
	unsigned int op;
	uint64_t a;
	uint64_t b;
};

static void *(*init)(uint32_t action);
static int (*attr_set)(void *filter, unsigned int attribute, uint32_t value);
static int (*arch_add)(void *filter, uint32_t token);
static int (*arch_remove)(void *filter, uint32_t token);
static int (*resolve)(const char *name);
static int (*resolve_on)(uint32_t token, const char *name);
static int (*rule_add)(void *filter, uint32_t action, int number, unsigned int count, const struct comparison *list);
static int (*export_bpf)(const void *filter, int fd);

static int fail(const char *what, int code)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-code));
	return 1;
}

static int load(void)
{
	void *library = dlopen("libseccomp.so.2", RTLD_NOW);

	if (!library)
		return -1;
	*(void **)&init = dlsym(library, "seccomp_init");
	*(void **)&attr_set = dlsym(library, "seccomp_attr_set");
	*(void **)&arch_add = dlsym(library, "seccomp_arch_add");
	*(void **)&arch_remove = dlsym(library, "seccomp_arch_remove");
	*(void **)&resolve = dlsym(library, "seccomp_syscall_resolve_name");
	*(void **)&resolve_on = dlsym(library, "seccomp_syscall_resolve_name_arch");
	*(void **)&rule_add = dlsym(library, "seccomp_rule_add_array");
	*(void **)&export_bpf = dlsym(library, "seccomp_export_bpf");
	return init && attr_set && arch_add && arch_remove && resolve && resolve_on && rule_add && export_bpf ? 0 : -1;
}

static int add_rule(void *filter)
{
	struct comparison list[6];
	unsigned int count;
	uint32_t action;
	char name[64];
	int number, code;

	if (scanf("%" SCNu32 " %63s %u", &action, name, &count) != 3 || count > 6)
		return fail("read a rule", -22);
	for (unsigned int i = 0; i < count; i++) {
		if (scanf("%u %u %" SCNu64 " %" SCNu64, &list[i].index, &list[i].op, &list[i].a, &list[i].b) != 4)
			return fail("read a comparison", -22);
	}
	number = resolve(name);
	if (number == NOT_KNOWN) {
		fprintf(stderr, "unknown %s\n", name);
		return 0;
	}
	code = rule_add(filter, action, number, count, list);
	return code < 0 ? fail(name, code) : 0;
}

static int tell_number(void)
{
	uint32_t token;
	char name[64];

	if (scanf("%" SCNu32 " %63s", &token, name) != 2)
		return fail("read a name", -22);
	fprintf(stderr, "%s %u %d\n", name, token, resolve_on(token, name));
	return 0;
}

int main(void)
{
	char word[16];
	uint32_t value;
	void *filter;
	int code = 0;

	if (load() < 0)
		return MISSING;
	if (scanf("%" SCNu32, &value) != 1 || !(filter = init(value)))
		return fail("make a filter", -22);
	attr_set(filter, CTL_NNP, 0);
	while (scanf("%15s", word) == 1) {
		if (strcmp(word, "rule") == 0) {
			if (add_rule(filter) != 0)
				return 1;
			continue;
		}
		if (strcmp(word, "name") == 0) {
			if (tell_number() != 0)
				return 1;
			continue;
		}
		if (scanf("%" SCNu32, &value) != 1)
			return fail(word, -22);
		code = arch_add(filter, value);
		if (code == 0 && strcmp(word, "only") == 0)
			code = arch_remove(filter, NATIVE);
		if (code < 0 && code != -17)
			return fail(word, code);
	}
	code = export_bpf(filter, 1);
	return code < 0 ? fail("export", code) : 0;
}
