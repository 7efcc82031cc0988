// SPDX-License-Identifier: Apache-2.0
// The front of containerd-shim-teu-v1: answers `start` when the shim of the group runs already, or starts it, and answers
// `delete` when nothing is left of the task, without a Node that does no more than that. It knows the ordinary cases and
// nothing else: whatever is out of the ordinary goes to the whole program, which decides for itself, and says what is wrong.
//
//   containerd ── containerd-shim-teu-v1 (sh) ── teu-shim-front ──┬── answers, maybe after starting the server
//                                                                 └── node containerd-shim-teu-v1.js
//
// Each function gives 0, or -1 when the whole program has to be asked.
#ifndef TEU_FRONT_H
#define TEU_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCKET_PATH_BYTES 107
#define PATH_BYTES 4096

/* The command line. Strings are empty when the flag is missing. */
struct flags {
	const char *action;
	const char *namespace;
	const char *id;
	const char *address;
	const char *bundle;
	const char *publish_binary;
	bool debug;
};

/* flags.c */
int flags_parse(struct flags *flags, int argc, char **argv);

/*
 * input.c: reads what containerd has written to standard input. -1 when it is a BootstrapParams, by which containerd talks
 * from 2.3 on: that protocol is the whole program's.
 */
int input_read(const struct flags *flags);
/* Whether a message is one: like the Any of earlier versions, but its fields 1 and 2 are the id and the namespace. */
bool input_is_bootstrap(const unsigned char *input, size_t length, const struct flags *flags);
/*
 * Whether what was read asks nothing of the shim itself: nothing at all, or options of runc without a cgroup for it. Others
 * are the whole program's, which knows what to make of them.
 */
bool input_is_plain(void);
bool options_are_plain(const unsigned char *input, size_t length);
/* Puts what was read back on standard input. */
void input_give_back(void);

/* sha256.c: the digest as 64 hexadecimal digits and a NUL. */
void sha256_hex(const void *data, size_t length, char out[65]);

/* A value of a JSON document, in its text. */
struct json_text {
	const char *data;
	size_t length;
};

/*
 * json.c: checks that all of `text` is one JSON object, and finds members of it by name, or, with `inside`, of the object
 * that the member `inside` is. `found[i]` is the text of the last member `names[i]`, quotes included, or data NULL. -1 for
 * text that is no JSON, and for names with escapes among those that were looked at.
 */
int json_members(struct json_text text, const char *inside, const char *const names[], struct json_text found[], size_t count);

/* The content of a string of printable ASCII without escapes; -1 for any other value. */
int json_plain_string(struct json_text value, struct json_text *content);

/* address.c: whether a text is a name that stands for itself in a path: letters, digits, '.', '_' and '-', not dots alone. */
bool is_plain_name(const char *text, size_t length);
/* Whether it is an absolute path in its shortest form, of plain names. */
bool is_plain_path(const char *path);
/* Whether the caller can do with one shim for a whole namespace; else a task without a group has one of its own. */
bool serves_namespace(void);
/* Where the shim of a group listens, or with an empty one that of the task or of the whole namespace. */
int shim_socket(const struct flags *flags, const char *group, size_t group_length, char socket[SOCKET_PATH_BYTES]);

/* files.c: the whole of a file, NUL-terminated, to be freed; NULL with errno, EFBIG when it is longer than 4 MiB. */
char *read_file(const char *path, size_t *length);
/* Whether somebody listens on a socket: 1 yes, 0 there is no socket, -1 nobody answers. */
int is_answering(const char *socket);
/* Takes the lock under which a shim comes and goes; the descriptor, or -1 when it is not to be had. */
int lock_shim(const char *socket);
/* Finds or makes the folder of a socket, into which only this user can put files. */
int own_folder(const char *socket);

/* A shim to be started. */
struct launch {
	const struct flags *flags;
	const char *script;
	const char *socket;
};

/* launch.c: starts the shim and waits until it listens. */
int launch_server(const struct launch *launch);

/* answer.c: print the answer. */
int answer_start(const struct flags *flags, const char *script);
int answer_delete(const struct flags *flags);

#endif
