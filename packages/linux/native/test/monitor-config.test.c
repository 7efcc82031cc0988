// SPDX-License-Identifier: Apache-2.0
// Feeds the monitor's record parser whole, cut and damaged records. Built with the address and undefined-behaviour
// sanitizers, so that a read out of bounds ends it.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/config.h"
#include "protocol.h"

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                               \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

static size_t encode(unsigned char *bytes, size_t capacity)
{
	static const unsigned char args[] = "\4\0\0\0runc\0\6\0\0\0create";
	static const unsigned char environment[] = "\6\0\0\0PATH=/";
	struct record_writer writer = { bytes, capacity, 0, 0, 0 };

	monitor_config_bundle_encode(&writer, &(struct monitor_config_bundle){ "/bundle" });
	monitor_config_files_encode(&writer, &(struct monitor_config_files){ "teu/init.sock", "teu/init.exit" });
	monitor_config_stream_encode(&writer, &(struct monitor_config_stream){ 1, PROTOCOL_STREAM_FIFO, "/out" });
	monitor_config_terminal_encode(&writer, &(struct monitor_config_terminal){ "/console" });
	monitor_config_runtime_encode(&writer, &(struct monitor_config_runtime){ { 2, args }, { 1, environment }, "/pid" });
	monitor_config_begin_encode(&writer, &(struct monitor_config_begin){ PROTOCOL_VERSION });
	CHECK(!writer.overflow);
	return writer.length;
}

static void release(struct monitor_config *config)
{
	free(config->runtime_args);
	free(config->runtime_environment);
	free(config->logger_args);
	free(config->logger_environment);
}

/* The bytes in memory of exactly their length, so that one byte too far is seen. */
static int64_t parse(struct monitor_config *config, const unsigned char *bytes, size_t length)
{
	unsigned char *copy = malloc(length ? length : 1);
	int64_t taken;

	memcpy(copy, bytes, length);
	memset(config, 0, sizeof(*config));
	taken = monitor_config_parse(config, copy, length);
	release(config);
	free(copy);
	return taken;
}

static void test_whole(const unsigned char *bytes, size_t length)
{
	struct monitor_config config = { 0 };

	CHECK(monitor_config_parse(&config, bytes, length) == (int64_t)length);
	CHECK(config.complete);
	CHECK(strcmp(config.bundle, "/bundle") == 0);
	CHECK(strcmp(config.control, "teu/init.sock") == 0 && strcmp(config.exit_file, "teu/init.exit") == 0);
	CHECK(config.streams[0].type == PROTOCOL_STREAM_NULL);
	CHECK(config.streams[1].type == PROTOCOL_STREAM_FIFO && strcmp(config.streams[1].path, "/out") == 0);
	CHECK(strcmp(config.console_socket, "/console") == 0);
	CHECK(strcmp(config.runtime_args[1], "create") == 0 && config.runtime_args[2] == NULL);
	CHECK(strcmp(config.runtime_environment[0], "PATH=/") == 0);
	CHECK(strcmp(config.pid_file, "/pid") == 0);
	release(&config);
}

static void test_cut(const unsigned char *bytes, size_t length)
{
	for (size_t cut = 0; cut < length; cut++) {
		struct monitor_config config;

		CHECK(parse(&config, bytes, cut) >= 0);
		CHECK(!config.complete);
	}
}

static void test_damaged(const unsigned char *bytes, size_t length)
{
	unsigned char damaged[1024];
	struct monitor_config config;

	for (size_t at = 0; at < length; at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(damaged, bytes, length);
			damaged[at] ^= (unsigned char)(1 << bit);
			parse(&config, damaged, length);
		}
	}
	srand(1);
	for (int round = 0; round < 200000; round++) {
		memcpy(damaged, bytes, length);
		for (int change = 0; change < 1 + round % 8; change++)
			damaged[(size_t)rand() % length] = (unsigned char)rand();
		parse(&config, damaged, length);
	}
}

static void test_refused(void)
{
	unsigned char bytes[256];
	struct record_writer writer = { bytes, sizeof(bytes), 0, 0, 0 };
	struct monitor_config config;

	monitor_config_begin_encode(&writer, &(struct monitor_config_begin){ PROTOCOL_VERSION });
	CHECK(parse(&config, bytes, writer.length) < 0); /* nothing was said before */
	writer.length = 0;
	monitor_config_stream_encode(&writer, &(struct monitor_config_stream){ 3, PROTOCOL_STREAM_NULL, "" });
	CHECK(parse(&config, bytes, writer.length) < 0);
	writer.length = 0;
	monitor_config_stream_encode(&writer, &(struct monitor_config_stream){ 1, PROTOCOL_STREAM_LOGGER + 1, "" });
	CHECK(parse(&config, bytes, writer.length) < 0 && errno == EBADMSG);
	writer.length = 0;
	monitor_config_stream_encode(&writer, &(struct monitor_config_stream){ 0, PROTOCOL_STREAM_LOGGER, "/l" });
	CHECK(parse(&config, bytes, writer.length) < 0 && errno == EBADMSG); /* it reads what comes out */
}

static void test_logger(void)
{
	static const unsigned char args[] = "\7\0\0\0/logger\0\2\0\0\0to\0\4\0\0\0here";
	static const unsigned char environment[] = "\3\0\0\0A=b";
	unsigned char bytes[512];
	struct record_writer writer = { bytes, sizeof(bytes), 0, 0, 0 };
	struct monitor_config config = { 0 };
	size_t without;

	monitor_config_bundle_encode(&writer, &(struct monitor_config_bundle){ "/bundle" });
	monitor_config_files_encode(&writer, &(struct monitor_config_files){ "s", "e" });
	monitor_config_stream_encode(&writer, &(struct monitor_config_stream){ 1, PROTOCOL_STREAM_LOGGER, "/logger" });
	without = writer.length;
	monitor_config_begin_encode(&writer, &(struct monitor_config_begin){ PROTOCOL_VERSION });
	CHECK(parse(&config, bytes, writer.length) < 0); /* nobody is there to read */
	writer.length = without;
	monitor_config_logger_encode(&writer,
				     &(struct monitor_config_logger){ { 3, args }, { 1, environment } });
	monitor_config_begin_encode(&writer, &(struct monitor_config_begin){ PROTOCOL_VERSION });
	memset(&config, 0, sizeof(config));
	CHECK(monitor_config_parse(&config, bytes, writer.length) == (int64_t)writer.length && config.complete);
	CHECK(strcmp(config.logger_args[2], "here") == 0 && config.logger_args[3] == NULL);
	CHECK(strcmp(config.logger_environment[0], "A=b") == 0);
	release(&config);
}

static void test_pipe(const unsigned char *bytes, size_t length)
{
	struct monitor_config config;
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK(write(fds[1], bytes, length) == (ssize_t)length);
	CHECK(monitor_config_read(&config, fds[0]) == 0 && config.complete);
	release(&config);
	CHECK(write(fds[1], bytes, length - 1) == (ssize_t)(length - 1));
	close(fds[1]);
	CHECK(monitor_config_read(&config, fds[0]) == -1 && errno == EPIPE);
	release(&config);
	close(fds[0]);
}

int main(void)
{
	unsigned char bytes[1024];
	size_t length = encode(bytes, sizeof(bytes));

	test_whole(bytes, length);
	test_cut(bytes, length);
	test_damaged(bytes, length);
	test_refused();
	test_logger();
	test_pipe(bytes, length);
	puts("ok");
	return 0;
}
