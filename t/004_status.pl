# How a scan ends for each status that a server may send: retried or not, and with which SQLSTATE.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $address = $mock->address;

create_server($session, 'mock', $address, max_attempts => 3);
create_table($session, 't', 'mock');

my %names = (
	1 => 'CANCELLED', 2 => 'UNKNOWN', 3 => 'INVALID_ARGUMENT', 4 => 'DEADLINE_EXCEEDED', 5 => 'NOT_FOUND',
	6 => 'ALREADY_EXISTS', 7 => 'PERMISSION_DENIED', 8 => 'RESOURCE_EXHAUSTED', 9 => 'FAILED_PRECONDITION',
	10 => 'ABORTED', 11 => 'OUT_OF_RANGE', 12 => 'UNIMPLEMENTED', 13 => 'INTERNAL', 14 => 'UNAVAILABLE',
	15 => 'DATA_LOSS', 16 => 'UNAUTHENTICATED');

my %sqlstates = (
	1 => '57014', 2 => 'HV000', 3 => '22023', 4 => '57014', 5 => 'HV00R', 6 => '42710', 7 => '42501',
	8 => '53400', 9 => '55000', 10 => '40001', 11 => '22023', 12 => '0A000', 13 => 'HV000', 14 => '08006',
	15 => 'HV000', 16 => '28000');

my %transient = map { $_ => 1 } 4, 10, 14;

foreach my $code (1 .. 16)
{
	my $attempts = $transient{$code} ? 3 : 1;
	my $plural = $attempts > 1 ? 'attempts' : 'attempt';
	my $detail = quotemeta "because of this; gRPC status $code ($names{$code}) from $address after $attempts $plural.";

	$mock->script('call', "status $code because of this");
	fails_with($session, 'SELECT id, q FROM t', $sqlstates{$code},
		qr/^could not read Bigtable table "t"\n$detail/, $names{$code});
	is(scalar $mock->wait_for_done($attempts), $attempts, "$names{$code}: $attempts $plural");

	# After some rows have been returned.
	$mock->script('call', 'rows 1 2000 k%04d cf:q=%d', "status $code because of this",
		'call', "status $code because of this");
	is_error($session->run('SELECT id, q FROM t'), $sqlstates{$code}, qr/because of this/,
		"$names{$code} in mid-stream");

	$mock->script('call', 'row a cf:q=1', "status $code no", 'call', 'row b cf:q=2');
	my $result = $session->run('SELECT id, q FROM t');
	my $error = $result->{error};
	is($error ? $error->{sqlstate} : $result->{rows}, $transient{$code} ? "a|1\nb|2" : $sqlstates{$code},
		"$names{$code} once: " . ($transient{$code} ? 'retried' : 'fails'));

	# RetryInfo makes any of them one to be retried.
	$mock->script('call', 'row a cf:q=1', 'retry_info 0.02', "status $code no", 'call', 'row b cf:q=2');
	is($session->query('SELECT id, q FROM t'), "a|1\nb|2", "$names{$code} with RetryInfo: retried");
}

# INTERNAL is retried if its text says that a connection was lost, however that is spelt.
foreach my $text ('Received RST_STREAM with error code 2', 'stream terminated by RST_STREAM', 'rst stream received',
	'Stream closed before write could take place', 'Received unexpected EOS on DATA frame from server.')
{
	$mock->script('call', 'row a cf:q=1', "status 13 $text", 'call', 'row b cf:q=2');
	is($session->query('SELECT id, q FROM t'), "a|1\nb|2", "INTERNAL, $text: retried");
}

# A code that gRPC does not know.
$mock->script('call', 'status 77 odd');
fails_with($session, 'SELECT id, q FROM t', 'HV000', qr/odd; gRPC status/, 'an unknown code');

# Which option to look at.
$mock->script('call', 'status 5 gone');
fails_with($session, 'SELECT id, q FROM t', 'HV00R',
	qr/\nCheck option "table_name" of foreign table "t", and "project_id" and "instance_id" of server "mock"\.$/,
	'NOT_FOUND has a hint');

# ---- texts ----

my $long = 'x' x 3000;
$mock->script('call', "status 3 $long");
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\nx{400,}; gRPC status 3/, 'a long message');
$mock->script('call', 'status 3 ' . "\xc3\xa9" x 700);
fails_with($session, 'SELECT id, q FROM t', '22023', qr/gRPC status 3/, 'a long message cut within a character');
$mock->script('call', "status 3 \xff\xfe broken");
fails_with($session, 'SELECT id, q FROM t', '22023', qr/broken.*gRPC status 3/, 'a message in no encoding');
$mock->script('call', 'status 3 %s %n %d');
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\n%s %n %d; gRPC status 3/, 'a message with format codes');
$mock->script('call', 'status 3');
fails_with($session, 'SELECT id, q FROM t', '22023', qr/\ngRPC status 3 \(INVALID_ARGUMENT\) from/, 'no message');

# A database whose encoding lacks the characters still gives the right error.
$session->query("CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
my $latin1 = BigtableTest::Session->new($node, database => 'latin1');
$latin1->query('CREATE EXTENSION bigtable_fdw');
create_server($latin1, 'mock', $address);
$latin1->query(q{CREATE FOREIGN TABLE t (id bytea OPTIONS (row_key 'true'), "cf:q" bytea) SERVER mock});
$mock->script('call', "status 3 caf\xc3\xa9");
fails_with($latin1, 'SELECT * FROM t', '22023', qr/caf.*gRPC status 3/, 'a message in another encoding');
$mock->script('call', "status 3 \xe6\x97\xa5\xe6\x9c\xac");
fails_with($latin1, 'SELECT * FROM t', '22023', qr/gRPC status 3/, 'a message that cannot be converted');

done_testing();
