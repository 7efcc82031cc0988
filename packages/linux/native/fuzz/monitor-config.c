// SPDX-License-Identifier: Apache-2.0
// Fuzzes the parser of a monitor's configuration, in one piece and in two.
#include "monitor/config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/touch.generated.h"

volatile size_t sink;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void read_all(char **list)
{
	for (char **here = list; here && *here; here++)
		sink = strlen(*here);
}

static void read_config(const struct monitor_config *config)
{
	const char *const texts[] = { config->bundle,		  config->control,	    config->exit_file,
				      config->console_socket,	  config->pid_file,	    config->streams[0].path,
				      config->streams[1].path, config->streams[2].path };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		sink = texts[i] ? strlen(texts[i]) : 0;
	read_all(config->runtime_args);
	read_all(config->runtime_environment);
	read_all(config->logger_args);
	read_all(config->logger_environment);
	if (config->complete && (!config->bundle || !config->control || !config->exit_file))
		abort();
}

static void parse(const unsigned char *data, size_t size, size_t first)
{
	/* Memory of exactly that size, so that one byte too far is seen. */
	unsigned char *copy = malloc(size ? size : 1);
	struct monitor_config config = { 0 };
	int64_t taken, more;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	taken = monitor_config_parse(&config, copy, first);
	if (taken > (int64_t)first)
		abort();
	if (taken >= 0) {
		more = monitor_config_parse(&config, copy + taken, size - (size_t)taken);
		if (more > (int64_t)size - taken)
			abort();
		read_config(&config);
	}
	free(config.runtime_args);
	free(config.runtime_environment);
	free(config.logger_args);
	free(config.logger_environment);
	free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	parse(data, size, size);
	parse(data, size, size / 2);
	return 0;
}
