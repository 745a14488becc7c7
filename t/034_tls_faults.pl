# What networks do to connections with TLS, in the handshake and later: each row comes once all the same, or one
# error says what has happened, in time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use BigtableTest::Pki;
use PostgreSQL::Test::Utils;
use Test::More;

use constant ROWS => 3000;

my $authority = make_authority();
my $certificate = make_certificate($authority, 'IP:127.0.0.1');
my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1, '--family', 'cf',
	'--tls-cert', $certificate->{cert}, '--tls-key', $certificate->{key});
my $node = start_cluster();
my $observer = BigtableTest::Session->new($node);
my @rows = map { sprintf 'row%010d|%s', $_, substr("r${_}c0-" . join('', 'a' .. 'z') x 2, 0, 40) } 1 .. ROWS;
my $count = 0;

# A new session with a foreign table "t" over TLS at an address. Options are those of the server.
sub connect_to
{
	my ($address, %options) = @_;
	my $name = 'tls' . ++$count;
	my $session = BigtableTest::Session->new($node);
	$session->query("CREATE SERVER $name FOREIGN DATA WRAPPER bigtable_fdw "
		  . sql_options(project_id => 'p', instance_id => 'i', endpoint => $address, ssl_ca_file => $authority->{cert}, %options)
		  . "; CREATE USER MAPPING FOR CURRENT_USER SERVER $name OPTIONS (access_token 'secret'); CREATE SCHEMA $name; SET search_path = $name");
	create_table($session, 't', $name, columns => ['c0']);
	$session->pid;
	return $session;
}

# Runs a statement and returns its outcome, with the seconds that it took.
sub timed
{
	my ($session, $sql) = @_;
	my $start = now();
	my $result = $session->run($sql);
	return ($result, $result->{at} - $start);
}

# ---- connections that break later ----

# Of the first connection 100 kB arrive, a part of the rows; how it ends, and what it takes to notice.
foreach my $case ([ 'RST in mid-stream', 'reset', 0, 2 ], [ 'FIN in mid-stream', 'close', 0, 2 ], [ 'half-open in mid-stream', undef, 1, 5 ])
{
	my ($name, $ending, $least, $most) = @$case;
	my $proxy = BigtableTest::Proxy->new($mock->port, silent_after => [100_000], ending => $ending);
	my $session = connect_to($proxy->address, attempt_timeout => '30s');
	$session->query(q{SET bigtable_fdw.keepalive_time = '1s'; SET bigtable_fdw.keepalive_timeout = '300ms'});
	$mock->script('call', 'per_message 10', 'replay');
	my ($result, $seconds) = timed($session, 'SELECT id, c0 FROM t');
	is($result->{rows}, join("\n", @rows), "$name: every row once") or diag(explain $result->{error});
	ok($seconds >= $least && $seconds < $most, "$name: noticed in time") or diag("$seconds s");
	is(scalar(my @connections = $proxy->bytes), 2, "$name: on another connection");
	like(($mock->wait_for_begun(2))[1]{ranges}, qr/^\[\(row\d{10},\)\]$/, "$name: resumed behind the last row");
	$session->close;
}

# A write of which the answer does not come: it is tried again, and nothing is written twice in another way.
foreach my $ending (qw(reset close))
{
	my $proxy = BigtableTest::Proxy->new($mock->port, silent_after => [3000], ending => $ending);
	my $session = connect_to($proxy->address);
	$mock->script('call GetTable', 'call MutateRows');
	$session->query(q{INSERT INTO t SELECT 'k' || i, repeat('x', 100) FROM generate_series(1, 20) i}) for 1 .. 30;
	my %applied;
	$applied{ $_->{key} }++ foreach $mock->applied;
	is(join(' ', sort keys %applied), join(' ', sort map { "k$_" } 1 .. 20), "$ending while writing: all rows are written");
	cmp_ok(scalar(my @connections = $proxy->bytes), '==', 2, "$ending while writing: the connection was lost once");
	$session->close;
}

# ---- connections that are never there ----

my $plain = BigtableTest::Mock->new;
my ($socket, $silent) = blackhole();
my %proxies = (
	'RST in the handshake' => { silent_after => [0], ending => 'reset' },
	'RST in the middle of the handshake' => { silent_after => [100], ending => 'reset' },
	'FIN in the handshake' => { silent_after => [0], ending => 'close' },
	'FIN in the middle of the handshake' => { silent_after => [100], ending => 'close' },
	'half-open in the middle of the handshake' => { silent_after => [100] });
my %addresses = (
	'a server that takes connections and is silent' => $silent,
	'a server that speaks plaintext' => $plain->address);
foreach my $name (sort keys %proxies)
{
	$proxies{$name} = BigtableTest::Proxy->new($mock->port, %{ $proxies{$name} }, all => 1);
	$addresses{$name} = $proxies{$name}->address;
}
$mock->script('call', 'row a cf:c0=1');
foreach my $name (sort keys %addresses)
{
	my $session = connect_to($addresses{$name}, attempt_timeout => '800ms');
	my $is_silent = $name =~ /silent|half-open/;
	my ($result, $seconds) = timed($session, 'SELECT * FROM t');
	my $hint = $is_silent ? 'Options "attempt_timeout" and "operation_timeout"' : 'Check option "endpoint"';
	is_error($result, $is_silent ? '57014' : '08006',
		qr/^could not read Bigtable table "t"\n.* from \Q$addresses{$name}\E after \d+ attempts?\.\n.*$hint/s, $name);
	ok($seconds < 1.8, "$name: within the attempt timeout") or diag("$seconds s");
	ok($seconds >= 0.7, "$name: not before") or diag("$seconds s") if $is_silent;

	# Nor does a write hang, or a statement that ends by itself.
	($result, $seconds) = timed($session, q{INSERT INTO t VALUES ('k', 'v')});
	ok($result->{error} && $seconds < 1.8, "$name: a write fails as soon") or diag("$seconds s");
	$session->query(q{SET statement_timeout = '300ms'});
	($result, $seconds) = timed($session, 'SELECT * FROM t') if $is_silent;
	is_error($result, '57014', qr/^canceling statement due to statement timeout/, "$name: statement_timeout") if $is_silent;
	$session->query('RESET statement_timeout');
	is($session->query('SELECT pg_backend_pid()'), $session->pid, "$name: the session goes on");
	$session->close;
}
is(scalar($mock->calls), 0, 'no call has reached a server');
unlike($mock->log_text . $plain->log_text, qr/secret/, 'and no token');

# The other way round: TLS where plaintext is expected.
my $session = BigtableTest::Session->new($node);
create_server($session, 'mistaken', $mock->address, attempt_timeout => '800ms');
create_table($session, 'mistaken_t', 'mistaken');
my ($result, $seconds) = timed($session, 'SELECT * FROM mistaken_t');
is_error($result, '08006', qr/^could not read Bigtable table "mistaken_t"\n.*UNAVAILABLE/, 'TLS where plaintext is expected');
ok($seconds < 1.8, 'TLS where plaintext is expected: within the attempt timeout') or diag("$seconds s");
$session->close;

# ---- cancels ----

# In the handshake, which never ends by itself.
foreach my $name ('a server that takes connections and is silent', 'half-open in the middle of the handshake')
{
	my $patient = connect_to($addresses{$name});
	prompt("$name: a cancel", sub {
		$patient->send('SELECT * FROM t');
		wait_for_wait($observer, $patient);
		my $start = now();
		$observer->query('SELECT pg_cancel_backend(' . $patient->pid . ')');
		my $outcome = $patient->finish;
		is($outcome->{error}{sqlstate}, '57014', "$name: cancelled");
		return $outcome->{at} - $start;
	});
	$patient->send('SELECT * FROM t');
	wait_for_wait($observer, $patient);
	my $start = now();
	$observer->query('SELECT pg_terminate_backend(' . $patient->pid . ')');
	wait_until('the backend to end', sub { gone($patient->pid) });
	cmp_ok(now() - $start, '<', 2, "$name: a backend ends when it is told to");
	$patient->close;
}

unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'no process crashed');

done_testing();
