/*-------------------------------------------------------------------------
 *
 * tap.h
 *	  A few checks that print their outcome in the Test Anything Protocol.
 *
 * Each check prints one line and returns whether it passed.  main() ends with
 * "return tap_done();", which prints the plan, so that a program that dies on
 * its way is not taken for one that passed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

static inline bool __attribute__((format(printf, 2, 0)))
tap_check(bool passed, const char *name, va_list args)
{
	tap_count++;
	if (!passed)
		tap_failed++;
	printf("%sok %d - ", passed ? "" : "not ", tap_count);
	vprintf(name, args);
	printf("\n");
	return passed;
}

/* A line that explains a failure. */
static inline void __attribute__((format(printf, 1, 2))) diag(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool passed, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	tap_check(passed, name, args);
	va_end(args);
	return passed;
}

/* A check that cannot be made here; it counts neither for nor against. */
static inline void
skip(const char *why)
{
	printf("ok %d # SKIP %s\n", ++tap_count, why);
}

static inline bool __attribute__((format(printf, 3, 4)))
is_int(long long got, long long expected, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	tap_check(got == expected, name, args);
	va_end(args);
	if (got != expected)
		diag("got %lld, expected %lld", got, expected);
	return got == expected;
}

/* Prints a text of several lines, each as a diagnostic. */
static inline void
diag_text(const char *title, const char *text)
{
	diag("%s:", title);
	while (*text != '\0')
	{
		size_t len = strcspn(text, "\n");

		printf("#   %.*s\n", (int) len, text);
		text += len + (text[len] == '\n');
	}
}

static inline bool __attribute__((format(printf, 3, 4)))
is_text(const char *got, const char *expected, const char *name, ...)
{
	bool same = strcmp(got, expected) == 0;
	va_list args;

	va_start(args, name);
	tap_check(same, name, args);
	va_end(args);
	if (!same)
	{
		diag_text("got", got);
		diag_text("expected", expected);
	}
	return same;
}

/* Prints the plan; returns the exit status of the program. */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	if (tap_failed > 0)
		diag("%d of %d failed", tap_failed, tap_count);
	return tap_failed > 0 || tap_count == 0;
}

#endif /* TAP_H */
