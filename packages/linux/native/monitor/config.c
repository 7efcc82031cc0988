// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "monitor/config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "protocol.h"

static int take_stream(struct monitor_config *config, struct record *record)
{
	struct monitor_config_stream stream;

	if (monitor_config_stream_decode(record, &stream) < 0)
		return -1;
	if (stream.number > 2 || stream.type > PROTOCOL_STREAM_LOGGER ||
	    (stream.number == 0 && stream.type == PROTOCOL_STREAM_LOGGER)) {
		errno = EBADMSG;
		return -1;
	}
	config->streams[stream.number].type = stream.type;
	config->streams[stream.number].path = stream.path;
	return 0;
}

static int take_runtime(struct monitor_config *config, struct record *record)
{
	struct monitor_config_runtime runtime;

	if (monitor_config_runtime_decode(record, &runtime) < 0)
		return -1;
	if (runtime.args.count == 0 || config->runtime_args) {
		errno = EBADMSG;
		return -1;
	}
	config->runtime_args = record_strs_array(runtime.args);
	config->runtime_environment = record_strs_array(runtime.environment);
	config->pid_file = runtime.pid_file;
	return config->runtime_args && config->runtime_environment ? 0 : -1;
}

static int take_logger(struct monitor_config *config, struct record *record)
{
	struct monitor_config_logger logger;

	if (monitor_config_logger_decode(record, &logger) < 0)
		return -1;
	if (logger.args.count == 0 || config->logger_args) {
		errno = EBADMSG;
		return -1;
	}
	config->logger_args = record_strs_array(logger.args);
	config->logger_environment = record_strs_array(logger.environment);
	return config->logger_args && config->logger_environment ? 0 : -1;
}

/* Outputs go to a logger exactly when there is one. */
static bool logger_fits(const struct monitor_config *config)
{
	for (int i = 1; i < 3; i++) {
		if (config->streams[i].type == PROTOCOL_STREAM_LOGGER && !config->logger_args)
			return false;
	}
	return true;
}

static int take_begin(struct monitor_config *config, struct record *record)
{
	struct monitor_config_begin begin;

	if (monitor_config_begin_decode(record, &begin) < 0)
		return -1;
	if (begin.version != PROTOCOL_VERSION || !config->bundle || !config->control || !config->exit_file ||
	    !logger_fits(config)) {
		errno = EBADMSG;
		return -1;
	}
	config->complete = 1;
	return 0;
}

static int take_record(struct monitor_config *config, struct record *record)
{
	struct monitor_config_bundle bundle;
	struct monitor_config_files files;
	struct monitor_config_terminal terminal;

	switch (record->kind) {
	case MONITOR_CONFIG_BUNDLE:
		if (monitor_config_bundle_decode(record, &bundle) < 0)
			return -1;
		config->bundle = bundle.path;
		return 0;
	case MONITOR_CONFIG_FILES:
		if (monitor_config_files_decode(record, &files) < 0)
			return -1;
		config->control = files.control;
		config->exit_file = files.exit;
		return 0;
	case MONITOR_CONFIG_STREAM:
		return take_stream(config, record);
	case MONITOR_CONFIG_TERMINAL:
		if (monitor_config_terminal_decode(record, &terminal) < 0)
			return -1;
		config->console_socket = terminal.socket;
		return 0;
	case MONITOR_CONFIG_RUNTIME:
		return take_runtime(config, record);
	case MONITOR_CONFIG_LOGGER:
		return take_logger(config, record);
	case MONITOR_CONFIG_BEGIN:
		return take_begin(config, record);
	default:
		errno = EBADMSG;
		return -1;
	}
}

int64_t monitor_config_parse(struct monitor_config *config, const unsigned char *data, size_t length)
{
	size_t taken = 0;

	while (!config->complete) {
		struct record record;
		int64_t size = record_next(&record, data + taken, length - taken, PROTOCOL_MAX_MONITOR_CONFIG_BYTES);

		if (size < 0)
			return -1;
		if (size == 0)
			break;
		if (take_record(config, &record) < 0)
			return -1;
		taken += (size_t)size;
	}
	return (int64_t)taken;
}

int monitor_config_read(struct monitor_config *config, int fd)
{
	/* Untouched pages of it cost nothing. */
	static unsigned char buffer[PROTOCOL_MAX_MONITOR_CONFIG_BYTES];
	size_t length = 0;
	size_t taken = 0;

	memset(config, 0, sizeof(*config));
	while (!config->complete) {
		ssize_t count = read(fd, buffer + length, sizeof(buffer) - length);
		int64_t more;

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (count == 0) {
			errno = length == sizeof(buffer) ? EMSGSIZE : EPIPE;
			return -1;
		}
		length += (size_t)count;
		more = monitor_config_parse(config, buffer + taken, length - taken);
		if (more < 0)
			return -1;
		taken += (size_t)more;
	}
	return 0;
}
