/*-------------------------------------------------------------------------
 *
 * mock_script.h
 *	  A script: blocks of actions, one block for each call of a method.
 *
 * README.md describes the language.  Lines that only add to the next message
 * are encoded when the script is read, so that a call merely copies bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MOCK_SCRIPT_H
#define MOCK_SCRIPT_H

#include "mock_util.h"

#include <sys/types.h>
#include <time.h>

enum action_kind
{
	ACTION_APPEND,      /* data: encoded fields; a: rows they commit */
	ACTION_ROWS,        /* a, b: first and last number; text: the row's format */
	ACTION_REPLAY,      /* a: rows at most, or -1 */
	ACTION_PER_MESSAGE, /* a: rows in a message, 0 to gather all */
	ACTION_SEND,
	ACTION_RAW, /* data: the whole message */
	ACTION_HEADERS,
	ACTION_STALL,
	ACTION_SLEEP,      /* a: milliseconds */
	ACTION_TRICKLE,    /* a: milliseconds */
	ACTION_STATUS,     /* a: code; text: message */
	ACTION_INITIAL,    /* text: name; data: value */
	ACTION_TRAILER,    /* text: name; data: value */
	ACTION_RETRY_INFO, /* a: nanoseconds */
	ACTION_GOAWAY,     /* a: HTTP/2 error code; b: last stream */
	ACTION_RST,        /* a: HTTP/2 error code */
	ACTION_DROP,
	ACTION_END_STREAM,
	ACTION_BYTES,   /* data: for the connection */
	ACTION_SHUFFLE, /* a: seed */
	ACTION_EXIT,

	/* of methods that write */
	ACTION_ENTRY,            /* a: code; b: index; text: message */
	ACTION_ENTRY_KEY,        /* a: code; data: key; text: message */
	ACTION_ENTRY_RETRY_INFO, /* a: nanoseconds; b: index */
	ACTION_OMIT,             /* b: index */
	ACTION_MATCHED,          /* a: 0 or 1 */
	ACTION_APPLY,
	ACTION_ANSWER /* a, b: first and last index, b -1 for the last there is */
};

/* In place of the index of an entry: all, or those that no action has named. */
#define INDEX_ALL (-1)
#define INDEX_REST (-2)

struct action
{
	enum action_kind kind;
	int64_t a;
	int64_t b;
	char *text;
	struct bytes data;
};

struct block
{
	struct action *actions;
	size_t n;
	bool once;    /* as the last block: not repeated */
	char *method; /* whose calls it answers */
	size_t taken; /* how many calls it has answered */
};

struct script
{
	int refs; /* calls keep the script that they began with */
	struct block *blocks;
	size_t n;
};

/* Where scripts come from: a file that may be replaced at any time. */
struct script_source
{
	const char *path;
	struct script *current; /* NULL when the file could not be read */
	char error[256];        /* why not */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

/* ---- mock_action.c ---- */

/*
 * Parse one line into an action.  False with a message in error, of at most
 * size bytes, when it is not one.
 */
extern bool action_parse(const char *line, struct action *out, char *error, size_t size);

/*
 * Append the encoded chunks of one whole row, said as in the action "row":
 * KEY F:Q=V ...  False with a message when the text is not one.
 */
extern bool row_encode(const char *text, struct bytes *out, char *error, size_t size);

/* Append the format of the action "rows" with %d and %0Nd replaced. */
extern void row_format(const char *format, int64_t number, struct bytes *out);

/* ---- mock_script.c ---- */

/*
 * The block for a call of a method that arrives now.  The file is read again if
 * it is another one than before, and then counting begins anew.  On success
 * *script holds a reference that the caller gives back with script_unref and
 * *number is the block's, from 1 over all methods; *block is NULL, and *number
 * 0, if the script has none for the method.  False, with the reason in source->error, when the
 * file is wrong or the script is exhausted.
 */
extern bool script_take(struct script_source *source, const char *method,
						struct script **script, const struct block **block, int *number);

/* Begin counting anew. */
extern void script_rewind(struct script_source *source);

/* Give back a reference; NULL is allowed. */
extern void script_unref(struct script *script);

#endif
