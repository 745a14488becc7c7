-- Credentials: what is wrong with them is said where they are set, and nothing of them is shown.
\getenv abs_srcdir PG_ABS_SRCDIR
\set init :abs_srcdir '/sql/init.sql'
\i :init
CREATE FUNCTION refused(options text) RETURNS SETOF text LANGUAGE sql AS
  $$SELECT failure(format('CREATE USER MAPPING FOR CURRENT_USER SERVER bt OPTIONS (%s)', options))$$;
CREATE FUNCTION refused_json(value text) RETURNS SETOF text LANGUAGE sql AS
  $$SELECT refused(format('credentials_json %L', value))$$;

-- JSON that is none, or a file's name in its place
SELECT refused_json('');
SELECT refused_json('/etc/secret.json');
SELECT refused_json(' {"private_key": "secret", }');
SELECT refused_json('{"private_key": "secret\u0000"}');
SELECT refused_json('["secret"]');
SELECT refused_json('"secret"');

-- types
SELECT refused_json('{}');
SELECT refused_json('{"type": 1}');
SELECT refused_json('{"type": ""}');
SELECT refused_json('{"type": "secret"}');
SELECT refused_json('{"type": "impersonated_service_account"}');
SELECT refused_json('{"type": "external_account_authorized_user"}');

-- a service account
SELECT field, f.* FROM unnest('{client_email,client_id,private_key_id,private_key}'::text[]) WITH ORDINALITY AS fields(field, n),
  refused_json((jsonb_build_object('type', 'service_account', 'client_email', 'a', 'client_id', '1', 'private_key_id', 'k', 'private_key', 'secret') - field)::text) AS f
  ORDER BY n;
SELECT refused_json('{"type": "service_account", "client_email": "a", "client_id": "1", "private_key_id": "k", "private_key": "secret"}');
SELECT refused_json('{"type": "service_account", "client_email": "a", "client_id": "1", "private_key_id": "k", "private_key": ["secret"]}');
SELECT refused_json('{"type": "service_account", "client_email": "a", "client_id": "1", "private_key_id": "k", "private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"}');
-- keys that cannot sign for one: the one of RFC 8410, on an elliptic curve, and a public one
SELECT refused_json('{"type": "service_account", "client_email": "a", "client_id": "1", "private_key_id": "k", "private_key": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"}');
SELECT refused_json('{"type": "service_account", "client_email": "a", "client_id": "1", "private_key_id": "k", "private_key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"}');

-- a user
SELECT field, f.* FROM unnest('{client_id,client_secret,refresh_token}'::text[]) WITH ORDINALITY AS fields(field, n),
  refused_json((jsonb_build_object('type', 'authorized_user', 'client_id', '1', 'client_secret', 'secret', 'refresh_token', 'secret') - field)::text) AS f
  ORDER BY n;
SELECT refused_json('{"type": "authorized_user", "client_id": "1", "client_secret": "secret", "refresh_token": "secret", "token_uri": "https://evil.example/token"}');

-- an account of elsewhere
SELECT field, f.* FROM unnest('{audience,subject_token_type,token_url,credential_source}'::text[]) WITH ORDINALITY AS fields(field, n),
  refused_json((jsonb_build_object('type', 'external_account', 'audience', 'a', 'subject_token_type', 't', 'token_url', 'u', 'credential_source', '{"file": "/f"}'::jsonb) - field)::text) AS f
  ORDER BY n;
SELECT refused_json('{"type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": "u", "credential_source": "file"}');
SELECT refused_json('{"type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": "u", "credential_source": {}}');
SELECT refused_json('{"type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": "u", "credential_source": {"executable": {"command": "/bin/sh"}}}');

-- tokens, files, and which go together
SELECT refused($$access_token ''$$);
SELECT refused($$access_token 'two secrets'$$);
SELECT refused($$access_token e'secret\r\nx-header: 1'$$);
SELECT refused($$access_token 'sécret'$$);
SELECT refused($$credentials_file 'account.json'$$);
SELECT refused($$default_credentials 'perhaps'$$);
SELECT refused($$access_token 'secret', default_credentials 'true'$$);
SELECT refused($$access_token 'secret', credentials_file '/f'$$);
SELECT refused($$access_token 'secret', pasword 'secret'$$);

-- a user without any
CREATE SERVER service FOREIGN DATA WRAPPER bigtable_fdw OPTIONS (project_id 'p', instance_id 'i');
CREATE FOREIGN TABLE t (id text OPTIONS (row_key 'true') COLLATE "C" NOT NULL) SERVER service;
SELECT failure('SELECT * FROM t');
CREATE USER MAPPING FOR CURRENT_USER SERVER service;
SELECT failure('SELECT * FROM t');
ALTER USER MAPPING FOR CURRENT_USER SERVER service OPTIONS (ADD default_credentials 'false');
SELECT failure('SELECT * FROM t');
SELECT failure($$ALTER USER MAPPING FOR CURRENT_USER SERVER service OPTIONS (SET default_credentials 'true', ADD credentials_file '/nowhere/account.json')$$);
ALTER USER MAPPING FOR CURRENT_USER SERVER service OPTIONS (DROP default_credentials, ADD credentials_file '/nowhere/account.json');
SELECT failure('SELECT * FROM t');
-- planning asks for none
EXPLAIN (COSTS OFF) SELECT * FROM t;
