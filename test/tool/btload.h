/*-------------------------------------------------------------------------
 *
 * btload.h
 *	  Loads cells into a Bigtable table, and prints them; see README.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BTLOAD_H
#define BTLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

/* Print "btload: MESSAGE" to standard error and exit with 1. */
extern void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Like malloc, but zeroed and never NULL. */
extern void *allocate(size_t size);

/* ---- btload_rpc.c ---- */

/* Open the channel to HOST:PORT or unix:PATH, without TLS. */
extern void rpc_open(const char *target);
extern void rpc_close(void);

/* What a call ended with. */
struct rpc_result
{
	int code; /* gRPC status */
	char message[512];
};

/*
 * Call a method and wait for its end.  "resource" names the table or instance
 * for the routing header.  Each message of the answer goes to "take", which
 * may be NULL, with its bytes and "arg".
 */
extern struct rpc_result
rpc_call(const char *method, const char *resource, const ProtobufCMessage *request,
		 void (*take)(const uint8_t *data, size_t len, void *arg), void *arg);

/* ---- btload_lines.c ---- */

/* A cell of the input; the bytes are valid until the next one is read. */
struct cell
{
	ProtobufCBinaryData row_key;
	char *family;
	ProtobufCBinaryData qualifier;
	int64_t timestamp; /* us */
	ProtobufCBinaryData value;
};

/* Read the next cell; false at the end.  A wrong line ends the program. */
extern bool read_cell(FILE *input, struct cell *cell);

/* Free what read_cell keeps. */
extern void read_cell_finish(void);

/* ---- btload_batch.c ---- */

/*
 * Send all cells of the input to the table, named in full.  Errors end the
 * program.
 */
extern void load(const char *table, FILE *input);

/* ---- btload_read.c ---- */

/* Print all cells of the table, named in full. */
extern void print_cells(const char *table);

/* Read the table so many times, and drop what comes: a measure for others. */
extern void drain_table(const char *table, int times);

#endif
