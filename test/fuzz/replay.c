/*-------------------------------------------------------------------------
 *
 * replay.c
 *	  Gives a fuzzer's target the inputs in a directory, and does no more.
 *
 * Takes the place of libFuzzer where there is no clang: what was once found
 * stays a test, and the targets stay in step with the client.
 *
 * Usage: X_replay DIRECTORY
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>

#include "../unit/byte_buffer.h"
#include "../unit/tap.h"
#include "fuzz_input.h"

static void
replay(const char *directory, const char *name)
{
	char path[512];
	byte_buffer input = {NULL, 0, 0};
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	while ((c = getc(file)) != EOF)
		buffer_put_byte(&input, (uint8_t) c);
	fclose(file);
	(void) LLVMFuzzerTestOneInput(input.data, input.len);
	buffer_free(&input);
}

int
main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int inputs = 0;

	if (directory == NULL)
	{
		fprintf(stderr, "usage: replay DIRECTORY\n");
		return 2;
	}
	while ((entry = readdir(directory)) != NULL)
	{
		if (entry->d_name[0] == '.')
			continue;
		replay(argv[1], entry->d_name);
		inputs++;
	}
	closedir(directory);
	ok(inputs > 0, "%d inputs", inputs);
	return tap_done();
}
