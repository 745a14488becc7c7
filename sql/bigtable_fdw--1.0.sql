/* sql/bigtable_fdw--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION bigtable_fdw" to load this file. \quit

CREATE FUNCTION bigtable_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION bigtable_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FOREIGN DATA WRAPPER bigtable_fdw
  HANDLER bigtable_fdw_handler
  VALIDATOR bigtable_fdw_validator;
