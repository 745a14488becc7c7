/*-------------------------------------------------------------------------
 *
 * mock_script.c
 *	  Reads a script file, and hands out its blocks call by call.
 *
 * The file is looked at when a call arrives and at no other time: a test that
 * replaces it before it starts a statement knows which script is played.
 *
 *-------------------------------------------------------------------------
 */
#include "mock_script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Free a script that nobody uses. */
static void
script_free(struct script *script)
{
	for (size_t i = 0; i < script->n; i++)
	{
		struct block *block = &script->blocks[i];

		for (size_t k = 0; k < block->n; k++)
		{
			free(block->actions[k].text);
			bytes_free(&block->actions[k].data);
		}
		free(block->actions);
		free(block->method);
	}
	free(script->blocks);
	free(script);
}

/* Give back a reference. */
void
script_unref(struct script *script)
{
	if (script && --script->refs == 0)
		script_free(script);
}

/* Begin a block for a method. */
static bool
add_block(struct script *script, const char *method, char *error, size_t size)
{
	static const char *const methods[] = {
		"ReadRows",           "MutateRows",   "MutateRow",   "CheckAndMutateRow",
		"ReadModifyWriteRow", "DropRowRange", "GetTable",    "SampleRowKeys",
		"ListTables",         "CreateTable",  "DeleteTable", "ModifyColumnFamilies"};
	size_t i = 0;

	while (i < sizeof(methods) / sizeof(methods[0]) && strcmp(methods[i], method) != 0)
		i++;
	if (i == sizeof(methods) / sizeof(methods[0]))
	{
		snprintf(error, size, "no method that a script can answer: %.60s", method);
		return false;
	}
	script->blocks = realloc(script->blocks, (script->n + 1) * sizeof(script->blocks[0]));
	memset(&script->blocks[script->n], 0, sizeof(script->blocks[0]));
	script->blocks[script->n++].method = mock_strdup(method);
	return true;
}

/* Whether an action can be performed for a method. */
static bool
fits(enum action_kind kind, const char *method)
{
	switch (kind)
	{
		case ACTION_REPLAY:
		case ACTION_SHUFFLE:
			return strcmp(method, "ReadRows") == 0;
		case ACTION_ENTRY:
		case ACTION_ENTRY_KEY:
		case ACTION_ENTRY_RETRY_INFO:
		case ACTION_OMIT:
			return strcmp(method, "MutateRows") == 0;
		case ACTION_MATCHED:
			return strcmp(method, "CheckAndMutateRow") == 0;
		case ACTION_APPLY:
		case ACTION_ANSWER:
			return strncmp(method, "Mutate", 6) == 0 ||
				   strcmp(method, "DropRowRange") == 0 ||
				   strcmp(method, "CheckAndMutateRow") == 0 ||
				   strcmp(method, "ReadModifyWriteRow") == 0;
		default:
			return true;
	}
}

/* Add the action of one line to the last block. */
static bool
add_line(struct script *script, const char *line, char *error, size_t size)
{
	struct block *block = script->n ? &script->blocks[script->n - 1] : NULL;
	struct action *action;

	if (strcmp(line, "call") == 0 || strncmp(line, "call ", 5) == 0)
	{
		const char *method = line + 4 + strspn(line + 4, " ");

		return add_block(script, *method ? method : "ReadRows", error, size);
	}
	if (!block)
	{
		snprintf(error, size, "a script begins with \"call\"");
		return false;
	}
	if (strcmp(line, "once") == 0)
		return block->once = true;
	block->actions = realloc(block->actions, (block->n + 1) * sizeof(block->actions[0]));
	action = &block->actions[block->n++];
	memset(action, 0, sizeof(*action));
	if (!action_parse(line, action, error, size))
		return false;
	if (fits(action->kind, block->method))
		return true;
	snprintf(error, size, "not an action of %s: %.60s", block->method, line);
	return false;
}

/* The script that a text says, or NULL with a message in source->error. */
static struct script *
script_parse(struct script_source *source, char *text)
{
	struct script *script = mock_alloc(sizeof(*script));
	char error[160] = "";
	int number = 0;
	bool ok = true;

	script->refs = 1;
	while (ok && text)
	{
		char *line = strsep(&text, "\n");
		size_t len;

		number++;
		line += strspn(line, " \t\r");
		len = strlen(line);
		while (len > 0 && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (len > 0 && *line != '#')
			ok = add_line(script, line, error, sizeof(error));
	}
	if (ok && script->n == 0)
	{
		ok = false;
		snprintf(error, sizeof(error), "the script has no \"call\"");
	}
	if (ok)
		return script;
	snprintf(source->error, sizeof(source->error), "%.80s line %d: %s", source->path,
			 number, error);
	script_free(script);
	return NULL;
}

/* Whether the file is the one that was read last; remembers it if not. */
static bool
same_file(struct script_source *source, const struct stat *st)
{
	bool same = source->dev == st->st_dev && source->ino == st->st_ino &&
				source->size == st->st_size &&
				memcmp(&source->mtime, &st->st_mtim, sizeof(st->st_mtim)) == 0 &&
				memcmp(&source->ctime, &st->st_ctim, sizeof(st->st_ctim)) == 0;

	source->dev = st->st_dev;
	source->ino = st->st_ino;
	source->size = st->st_size;
	source->mtime = st->st_mtim;
	source->ctime = st->st_ctim;
	return same;
}

/* Read the rest of the file as a terminated string. */
static char *
read_all(int fd)
{
	struct bytes text = {0};
	ssize_t got;

	do
	{
		bytes_reserve(&text, 65536);
		got = read(fd, text.data + text.len, 65536);
		if (got > 0)
			text.len += (size_t) got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	bytes_append(&text, "", 1);
	return (char *) text.data;
}

/* Read the file if it changed. */
static void
refresh(struct script_source *source)
{
	int fd = open(source->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	if (fd < 0 || fstat(fd, &st) != 0)
	{
		snprintf(source->error, sizeof(source->error), "cannot read %.80s: %s",
				 source->path, strerror(errno));
		script_unref(source->current);
		source->current = NULL;
		source->ino = 0;
	}
	else if (!same_file(source, &st))
	{
		script_unref(source->current);
		text = read_all(fd);
		source->current = script_parse(source, text);
		free(text);
	}
	if (fd >= 0)
		close(fd);
}

/* The block of a method's next call, or its last one if all are taken. */
static struct block *
find_block(struct script *script, const char *method)
{
	struct block *last = NULL;

	for (size_t i = 0; i < script->n; i++)
	{
		struct block *block = &script->blocks[i];

		if (strcmp(block->method, method) != 0)
			continue;
		if (block->taken == 0)
			return block;
		last = block;
	}
	return last;
}

/* The block of a call that arrives now. */
bool
script_take(struct script_source *source, const char *method, struct script **script,
			const struct block **block, int *number)
{
	struct block *found;

	refresh(source);
	*block = NULL;
	*number = 0;
	if (!source->current)
		return false;
	found = find_block(source->current, method);
	if (!found)
		return true;
	if (found->taken > 0 && found->once)
	{
		snprintf(source->error, sizeof(source->error), "script exhausted");
		return false;
	}
	found->taken++;
	*script = source->current;
	(*script)->refs++;
	*block = found;
	*number = (int) (found - source->current->blocks) + 1;
	return true;
}

/* Begin counting anew. */
void
script_rewind(struct script_source *source)
{
	for (size_t i = 0; source->current && i < source->current->n; i++)
		source->current->blocks[i].taken = 0;
}
