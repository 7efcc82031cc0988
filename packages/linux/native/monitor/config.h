// SPDX-License-Identifier: Apache-2.0
#ifndef TEU_MONITOR_CONFIG_H
#define TEU_MONITOR_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* Where one standard stream of the process goes, or comes from. */
struct stream_config {
	uint32_t type; /* PROTOCOL_STREAM_NULL, _FIFO, _FILE or, of outputs, _LOGGER */
	const char *path;
};

/* Everything a monitor is told before it starts. Strings point into the records that were read. */
struct monitor_config {
	const char *bundle;
	const char *control;   /* name of the control socket in the bundle */
	const char *exit_file; /* name of the exit file in the bundle */
	struct stream_config streams[3];
	const char *console_socket; /* NULL without a terminal */
	char **runtime_args;        /* NULL when fd 3 is the sync channel of our own runtime */
	char **runtime_environment;
	const char *pid_file;
	char **logger_args; /* NULL unless a program takes the outputs */
	char **logger_environment;
	int complete;
};

/*
 * Takes as many whole records as `data` holds. Returns the number of bytes taken, -1 with errno EBADMSG when one is
 * malformed. config->complete is set by the last record; nothing after it is taken.
 */
int64_t monitor_config_parse(struct monitor_config *config, const unsigned char *data, size_t length);

/* Reads records from fd until they are complete. Returns 0, or -1 with errno. */
int monitor_config_read(struct monitor_config *config, int fd);

#endif
