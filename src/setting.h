/*-------------------------------------------------------------------------
 *
 * setting.h
 *	  The settings of a session, bigtable_fdw.*.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BIGTABLE_FDW_SETTING_H
#define BIGTABLE_FDW_SETTING_H

/* bigtable_fdw.max_streams: requests of one scan that are under way at once. */
extern int setting_max_streams;

/* bigtable_fdw.log_retries: the level at which retries are logged; 0: they are not. */
extern int setting_log_retries;

/*
 * bigtable_fdw.keepalive_time and keepalive_timeout, in milliseconds; 0: as is
 * usual for the kind of connection.
 */
extern int setting_keepalive_time;
extern int setting_keepalive_timeout;

/* Defines them; called once in a process, by _PG_init(). */
extern void settings_define(void);

#endif /* BIGTABLE_FDW_SETTING_H */
