// SPDX-License-Identifier: Apache-2.0
// Runs a fuzzer's entry over files, without libFuzzer: each as it is, cut at up to 128 places, and damaged ROUNDS times.
//   replay SEED ROUNDS FILE...
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (1 << 16)
#define CUTS 128

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static unsigned char content[MAX_BYTES], damaged[MAX_BYTES];

static void damage(size_t length, int changes)
{
	memcpy(damaged, content, length);
	for (int i = 0; i < changes && length > 0; i++) {
		size_t at = (size_t)rand() % length;
		uint32_t wide = rand() % 2 ? 0xffffffffu : (uint32_t)rand();

		if (rand() % 2 && length - at >= sizeof(wide))
			memcpy(damaged + at, &wide, sizeof(wide));
		else
			damaged[at] = (unsigned char)rand();
	}
	LLVMFuzzerTestOneInput(damaged, length);
}

static int replay(const char *path, int rounds)
{
	FILE *file = fopen(path, "rb");
	size_t length;

	if (!file) {
		perror(path);
		return -1;
	}
	length = fread(content, 1, sizeof(content), file);
	fclose(file);
	LLVMFuzzerTestOneInput(content, length);
	for (size_t cut = 0; cut < length; cut += length / CUTS + 1)
		LLVMFuzzerTestOneInput(content, cut);
	for (int round = 0; round < rounds; round++)
		damage(length, 1 + round % 6);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: replay SEED ROUNDS FILE...\n");
		return 2;
	}
	srand((unsigned int)atoi(argv[1]));
	for (int i = 3; i < argc; i++) {
		if (replay(argv[i], atoi(argv[2])) < 0)
			return 1;
	}
	printf("%d files\n", argc - 3);
	return 0;
}
