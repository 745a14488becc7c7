# Who may set which option, whose credentials a query goes with, and that no secret comes to light.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use BigtableTest::Pki;
use POSIX qw(mkfifo);
use PostgreSQL::Test::Utils;
use Test::More;

my $authority = make_authority();
my $certificate = make_certificate($authority, 'IP:127.0.0.1');
my $mock = BigtableTest::Mock->new('--tls-cert', $certificate->{cert}, '--tls-key', $certificate->{key}, '--family', 'cf');
my $emulator = BigtableTest::Mock->new;

# The environment of the server names an emulator, and a file for the machine's credentials.
my $key = make_key();
my $node;
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	local $ENV{GOOGLE_APPLICATION_CREDENTIALS} = write_file('machine.json', service_account($key, client_email => 'machine@p.iam.gserviceaccount.com'));
	$node = start_cluster(conf => "log_min_messages = debug1\nlog_min_error_statement = error\nlog_line_prefix = '%m [%p] '");
}
my $super = BigtableTest::Session->new($node);
$super->query(q{
	CREATE ROLE owner LOGIN; CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;
	CREATE ROLE files LOGIN; GRANT pg_read_server_files TO files;
	GRANT USAGE ON FOREIGN DATA WRAPPER bigtable_fdw TO owner, files;
	GRANT CREATE ON SCHEMA public TO owner, alice});
my %as = map { $_ => BigtableTest::Session->new($node, user => $_) } qw(owner alice bob carol files);
my @server = (project_id => 'p', instance_id => 'i');

# Checks that a role may not do something, and a superuser may.
sub only_superuser
{
	my ($role, $sql, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_error($as{$role}->run($sql), '42501', $pattern, "$name is refused");
	is($super->run($sql)->{error}, undef, "$name is for superusers");
	return;
}

# ---- servers ----

$as{owner}->query('CREATE SERVER s FOREIGN DATA WRAPPER bigtable_fdw ' . sql_options(@server));
$as{owner}->query('GRANT USAGE ON FOREIGN SERVER s TO alice, bob, carol, files');
foreach my $option (qw(endpoint admin_endpoint))
{
	$as{owner}->query("ALTER SERVER s OPTIONS (ADD $option 'region.googleapis.com:443')");
	pass("the owner of a server may set $option to one of Google's");
	foreach my $host ('evil.example', 'evilgoogleapis.com', 'bigtable.googleapis.com.evil.example', 'googleapis.com', '127.0.0.1', '[::1]')
	{
		is_error($as{owner}->run("ALTER SERVER s OPTIONS (SET $option '$host:443')"),
			'42501', qr/permission denied to set option "$option" to "\Q$host\E:443"\nCredentials are sent there/, "but not to $host");
	}
	is_error($as{owner}->run("ALTER SERVER s OPTIONS (SET $option 'dns://evil.example/bigtable.googleapis.com:443')"),
		'HV024', qr/"host:port" is expected/, 'nor to a name that another server resolves');
	only_superuser('owner', "ALTER SERVER s OPTIONS (SET $option '127.0.0.1:443')", qr/only a superuser/, "$option outside Google");
	is_error($as{owner}->run("ALTER SERVER s OPTIONS (ADD max_attempts '3')"), '42501', qr/option "$option"/, "the owner cannot alter a server with such an $option");
	$as{owner}->query("ALTER SERVER s OPTIONS (DROP $option)");
	pass('but may drop the option');
}
only_superuser('owner', q{ALTER SERVER s OPTIONS (ADD universe_domain 'evil.example')}, qr/option "universe_domain"/, 'another universe');
is_error($as{owner}->run(q{ALTER SERVER s OPTIONS (ADD endpoint 'bigtable.googleapis.com:443')}), '42501', qr/universe_domain/, 'the owner cannot alter a server in one');
$as{owner}->query('ALTER SERVER s OPTIONS (DROP universe_domain)');
is_error($as{owner}->run(qq{ALTER SERVER s OPTIONS (ADD ssl_ca_file '$authority->{cert}')}),
	'42501', qr/permission denied to set option "ssl_ca_file"\n.*"pg_read_server_files"/, 'a file of the server is refused to its owner');
$as{files}->query('CREATE SERVER of_files FOREIGN DATA WRAPPER bigtable_fdw ' . sql_options(@server, ssl_ca_file => $authority->{cert}));
pass('and allowed to who may read the server\'s files');

# ---- user mappings ----

# Tries to make a mapping for a role, as itself unless another one is named.
sub set_mapping
{
	my ($role, $by, %options) = @_;
	my $session = $by eq 'super' ? $super : $as{$by};
	$session->run("SET client_min_messages = warning; DROP USER MAPPING IF EXISTS FOR $role SERVER s");
	return $session->run("CREATE USER MAPPING FOR $role SERVER s " . sql_options(%options));
}
my $account = service_account($key);
my $foreign = service_account($key, token_uri => 'https://evil.example/token');
my $external = json({ type => 'external_account', audience => 'a', subject_token_type => 't',
	token_url => 'http://169.254.169.254/', credential_source => { file => '/etc/passwd' } });
my $refresh = json({ type => 'authorized_user', client_id => 'a', client_secret => 'b', refresh_token => 'c' });
my $path = write_file('account.json', $account);

is(set_mapping('alice', 'alice', credentials_json => $account)->{error}, undef, 'a user may set the key of an account');
is(set_mapping('alice', 'alice', credentials_json => $refresh)->{error}, undef, 'and a refresh token');
is(set_mapping('alice', 'alice', access_token => 'token')->{error}, undef, 'and a token');
my @refused = (
	[ credentials_file => $path, qr/"pg_read_server_files"/ ],
	[ credentials_json => $foreign, qr/"token_uri" names a server that is not Google's/ ],
	[ credentials_json => $external, qr/"external_account" make the server read files/ ],
	[ default_credentials => 'true', qr/what the machine itself may do/ ],
);
foreach my $case (@refused)
{
	my ($option, $value, $pattern) = @$case;
	is_error(set_mapping('alice', 'alice', $option => $value), '42501', qr/permission denied to set option "$option"\n.*$pattern/, "a user may not set $option so ($pattern)");
	is_error(set_mapping('alice', 'owner', $option => $value), '42501', $pattern, 'nor may the owner of the server');
	is(set_mapping('alice', 'super', $option => $value)->{error}, undef, 'a superuser may');
	is_error($as{alice}->run(q{ALTER USER MAPPING FOR alice SERVER s OPTIONS (ADD access_token 'x')}), '42501', $pattern, 'then the user cannot alter it');
	is($as{alice}->run("ALTER USER MAPPING FOR alice SERVER s OPTIONS (DROP $option)")->{error}, undef, 'but may give it up');
}
is(set_mapping('files', 'files', credentials_file => $path)->{error}, undef, 'who may read the server\'s files may name one');
is(set_mapping('alice', 'alice', default_credentials => 'false')->{error}, undef, 'nobody has to want the machine\'s credentials');

# ---- whose credentials a query goes with ----

$super->query('ALTER SERVER s OPTIONS ' . (sql_options(endpoint => $mock->address, admin_endpoint => $mock->address, ssl_ca_file => $authority->{cert}, max_attempts => 1) =~ s/^OPTIONS //r));
create_table($super, 't', 's');
$super->query(q{
	GRANT SELECT, INSERT, UPDATE ON t TO alice, bob, carol;
	SET ROLE alice;
	CREATE VIEW of_alice AS SELECT id, q FROM t;
	CREATE VIEW of_invoker WITH (security_invoker) AS SELECT id, q FROM t;
	CREATE FUNCTION as_alice() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT q FROM public.t';
	GRANT SELECT, INSERT ON of_alice, of_invoker TO bob;
	RESET ROLE;
	CREATE VIEW of_super AS SELECT id, q FROM t;
	GRANT SELECT ON of_super TO bob});
set_mapping($_, $_, access_token => "token-$_") foreach qw(alice bob);
$mock->script('call', 'row k cf:q=v', 'call MutateRows', 'call MutateRow');

# Checks with whose token the calls of a statement came, or that it fails for want of any.
sub goes_with
{
	my ($session, $sql, $whose, $name, $method) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$mock->forget;
	my $result = $session->run($sql);
	if (!defined $whose)
	{
		is_error($result, '28000', qr/has no credentials for server "s"/, $name);
		is(scalar $mock->calls, 0, "$name: nothing is sent");
		return;
	}
	is($result->{error}, undef, $name) or diag($result->{error}{message} . ($result->{error}{detail} // ''));
	my %tokens = map { $_->{headers}{authorization} => 1 } $mock->wait_for_done(1, $method);
	is(join(' ', sort keys %tokens), "Bearer%20token-$whose", "$name: with the credentials of $whose");
	return;
}
goes_with($as{alice}, 'SELECT * FROM t', 'alice', 'a query');
goes_with($as{bob}, 'SELECT * FROM t', 'bob', 'another user\'s query');
goes_with($as{bob}, 'SELECT * FROM of_alice', 'alice', 'a view');
goes_with($as{bob}, 'SELECT * FROM of_invoker', 'bob', 'a view with the rights of who reads it');
goes_with($as{bob}, 'SELECT as_alice()', 'alice', 'a function with the rights of its owner');
goes_with($as{bob}, q{INSERT INTO of_alice VALUES ('a', 'b')}, 'alice', 'INSERT into a view', 'MutateRows');
goes_with($as{bob}, q{INSERT INTO t VALUES ('a', 'b')}, 'bob', 'INSERT', 'MutateRows');
goes_with($as{bob}, q{SELECT bigtable_mutate_row('s', 't', 'k'::text, ARRAY[bigtable_set_cell('cf', 'q', 'v')])}, 'bob', 'a function that writes', 'MutateRow');
goes_with($as{carol}, 'SELECT * FROM t', undef, 'a user without a mapping');
goes_with($super, 'SELECT * FROM t', undef, 'a superuser without one: the machine\'s credentials are not a default');
goes_with($as{bob}, 'SELECT * FROM of_super', undef, 'a view of such a superuser');

# All of it in one session, whose connections are cached.
foreach my $role (qw(alice bob alice carol bob))
{
	goes_with($super, "SET ROLE $role; SELECT * FROM t", $role eq 'carol' ? undef : $role, "after SET ROLE $role");
	$super->query('RESET ROLE');
}
$super->query('PREPARE p AS SELECT * FROM t');
goes_with($super, "SET ROLE $_; EXECUTE p", $_, "a prepared statement of $_"), $super->query('RESET ROLE') foreach qw(alice bob);

# A change takes effect at the next statement.
$as{bob}->query(q{ALTER USER MAPPING FOR bob SERVER s OPTIONS (SET access_token 'token-new')});
goes_with($as{bob}, 'SELECT * FROM t', 'new', 'a mapping that was altered');
goes_with($super, 'SET ROLE bob; SELECT * FROM t', 'new', 'it has its effect in other sessions, too');
$super->query('RESET ROLE; CREATE USER MAPPING FOR PUBLIC SERVER s ' . sql_options(access_token => 'token-public'));
goes_with($as{carol}, 'SELECT * FROM t', 'public', 'the mapping for all others');
goes_with($as{bob}, 'SELECT * FROM t', 'new', 'who has one keeps it');
$as{bob}->query('DROP USER MAPPING FOR bob SERVER s');
goes_with($as{bob}, 'SELECT * FROM t', 'public', 'a mapping that was dropped');
$super->query('DROP USER MAPPING FOR PUBLIC SERVER s');
goes_with($as{bob}, 'SELECT * FROM t', undef, 'all that were dropped');
goes_with($as{carol}, 'SELECT * FROM t', undef, 'for others, too');
goes_with($as{alice}, 'SELECT * FROM t', 'alice', 'the first one is as before');

# The machine's, which a superuser has given to one user.
set_mapping('carol', 'super', default_credentials => 'true');
$mock->forget;
is($as{carol}->query('SELECT q FROM t'), 'v', 'who is given the machine\'s credentials');
like(($mock->wait_for_done(1))[0]{headers}{authorization}, qr/machine(@|%40)p\.iam/, 'goes with them');
goes_with($as{bob}, 'SELECT * FROM t', undef, 'and nobody else does');

# ---- the environment ----

create_server($super, 'by_option', $emulator->address);
$super->query('CREATE SERVER by_environment FOREIGN DATA WRAPPER bigtable_fdw ' . sql_options(@server));
$emulator->script('call', 'row k cf:q=emulated');
foreach my $name (qw(by_option by_environment))
{
	create_table($super, $name, $name);
	$super->query("CREATE USER MAPPING FOR CURRENT_USER SERVER $name " . sql_options(access_token => 'token-super'));
	$emulator->forget;
	is($super->query("SELECT q FROM $name"), 'emulated', "an emulator $name");
	is(($emulator->wait_for_done(1))[0]{headers}{authorization}, undef, 'gets no credentials');
}

# ---- files ----

# Checks the error of a scan whose credentials are in a file.
sub file_fails
{
	my ($file, $sqlstate, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	set_mapping('bob', 'super', credentials_file => $file);
	my $result = fails_with($as{bob}, 'SELECT * FROM t', $sqlstate, $pattern, $name);
	unlike(join(' ', map { $_ // '' } %{ $result->{error} // {} }), qr/secret/, "$name: nothing of it is shown");
	return;
}
file_fails(write_file('open.json', $account, 0664), 'F0000', qr/cannot use credentials file.*Others than its owner may write/s, 'a file that others may write to');
file_fails(PostgreSQL::Test::Utils::tempdir(), 'F0000', qr/not a regular file/, 'a directory');
my $fifo = PostgreSQL::Test::Utils::tempdir() . '/fifo';
mkfifo($fifo, 0600) or die "mkfifo: $!";
file_fails($fifo, 'F0000', qr/not a regular file/, 'a pipe');
file_fails(write_file('passwd', "root:secret:0:0\n"), '28000', qr/invalid credentials in file ".*"\nIt is not valid JSON\.$/s, 'a file of another kind');
file_fails(write_file('binary', "\xff\xfesecret"), '28000', qr/not in UTF-8/, 'a binary file');
file_fails(write_file('half.json', '{"type": "service_account", "private_key": "secret"}'), '28000', qr/Field "client_email" is missing/, 'a file without a field');
file_fails(write_file('large.json', ' ' x (1024 * 1024) . '{}'), 'F0000', qr/larger than 1 MB/, 'a large file');
set_mapping('bob', 'super', credentials_file => $path);
is($as{bob}->query('SELECT q FROM t'), 'v', 'a good one, which its user could not read');
$super->query(qq{ALTER SERVER s OPTIONS (SET ssl_ca_file '} . write_file('ca.txt', "secret\n") . q{')});
fails_with($as{bob}, 'SELECT * FROM t', 'F0000', qr/cannot use certificate authority file ".*"\nIt is not a list of certificates/s, 'authorities that are none');
$super->query(qq{ALTER SERVER s OPTIONS (SET ssl_ca_file '$authority->{cert}')});

# ---- secrets ----

my $log = $node->logfile;
my $seen = -s $log;
my $secret = 'hush' . 'hush';
my @wrong = (
	[ credentials_json => qq({"type": "service_account", "private_key": "$secret") ],
	[ credentials_json => qq({"type": "$secret"}) ],
	[ credentials_json => service_account($key, private_key => $secret) ],
	[ credentials_json => service_account($key, client_email => undef, private_key_id => $secret) ],
	[ credentials_json => json({ type => 'external_account', audience => $secret }) ],
	[ access_token => "$secret $secret" ],
	[ acess_token => $secret ],
	[ access_token => $secret, credentials_json => $account ],
	[ access_token => $secret, default_credentials => 'true' ],
	[ project_id => $secret ],
);
foreach my $options (@wrong)
{
	my $result = set_mapping('alice', 'alice', @$options);
	my $text = join ' ', map { my $m = $_; map { $_ // '' } values %$m } @{ $result->{messages} };
	ok($result->{error} && $text !~ /$secret/, "an error for $options->[0] does not show its value") or diag($text);
}
set_mapping('alice', 'alice', access_token => $secret);
$mock->script('call', "row k cf:q=v", 'send', 'stall');
$as{alice}->send('SELECT * FROM t');
$mock->wait_for_begun(1);
is($super->query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%$secret%' AND pid <> pg_backend_pid()"), 0, 'pg_stat_activity does not show the token of a scan');
is($as{bob}->query(q{SELECT count(*) FROM pg_user_mappings WHERE usename = 'alice' AND umoptions IS NOT NULL}), 0, 'nor does pg_user_mappings, to others');
$as{alice}->finish if $super->query(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'alice'});
unlike($as{alice}->query('EXPLAIN (VERBOSE) SELECT * FROM t'), qr/$secret/, 'nor EXPLAIN');
foreach my $code (3, 7, 13, 14, 16)
{
	$mock->script('call', "status $code no");
	my $result = $as{alice}->run('SELECT * FROM t');
	unlike(join(' ', map { $_ // '' } %{ $result->{error} }), qr/$secret/, "nor an error with status $code");
}

# What was accepted is in no log, either, as statements are not logged that do not fail.
my $text = substr slurp_file($log), $seen;
like($text, qr/invalid value for option "credentials_json"/, 'the errors are in the log');
unlike($text, qr/$secret/, 'the secrets are not');
unlike($text, qr/BEGIN PRIVATE KEY/, 'nor is any key');

done_testing();
