# A column whose family does not exist is an error; and the server is asked for its families once, not at
# every scan.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf', '--family', 'other');
my $silent = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_server($session, 'silent', $silent->address);

# Makes a table with these columns, "name family qualifier".
sub table
{
	my ($name, $server, @columns) = @_;
	my $list = join '', map {
		my ($column, $family, $qualifier) = split;
		", $column text OPTIONS (family '$family', qualifier '$qualifier')"
	} @columns;
	$session->query(qq{CREATE FOREIGN TABLE $name (id text OPTIONS (row_key 'true') COLLATE "C"$list) }
		  . "SERVER $server OPTIONS (table_name 't')");
	return;
}

# How often the server was asked for a table.
sub questions
{
	my ($server) = @_;
	my @calls = $server->calls('GetTable');
	return scalar @calls;
}

table('good', 'mock', 'q cf q', 'r other r');
table('bad', 'mock', 'q cf q', 'n nope n');
table('untold', 'silent', 'q cf q', 'n nope n');

# ---- families that exist ----

$mock->script('call', 'row a cf:q=1 other:r=2');
is($session->query('SELECT * FROM good'), 'a|1|2', 'all families are seen');
is(questions($mock), 0, 'then the server is not asked');

$mock->script('call', 'row a cf:q=1');
foreach my $time (1 .. 20)
{
	die 'wrong rows' if $session->query('SELECT * FROM good') ne 'a|1|';
}
is(questions($mock), 1, 'a family without cells: the server is asked once, not at each of 20 scans');
my ($call) = $mock->calls('GetTable');
is($call->{name}, 'projects/p/instances/i/tables/t', 'for the table');
is($call->{headers}{'x-goog-request-params'}, 'name=projects/p/instances/i/tables/t', 'with the routing header');

my $other = BigtableTest::Session->new($node);
$mock->script('call');
is($other->query('SELECT * FROM good'), '', 'an empty table in another session');
$other->query('SELECT * FROM good; SELECT q FROM good; SELECT count(r) FROM good');
is(questions($mock), 1, 'which asks once');

# A join that reads the table many times.
$mock->script('call', 'row a cf:q=1');
$other = BigtableTest::Session->new($node);
$other->query(q{SELECT count(r) FROM generate_series(1, 100) i, LATERAL (SELECT r FROM good WHERE id = 'a' || i % 2) s});
is(questions($mock), 1, 'a hundred scans of one statement ask once');

# ---- families that do not ----

my $missing = qr/^column family "?nope"? of Bigtable table "t" does not exist\nColumn "n" of foreign table "bad" is mapped to it\.\nCreate the family/;
$mock->script('call', 'row a cf:q=1');
fails_with($session, 'SELECT * FROM bad', 'HV005', $missing, 'a missing family');
fails_with($session, q{SELECT n FROM bad WHERE id = 'a'}, 'HV005', $missing, 'a missing family in a point read');
is($session->query('SELECT id, q FROM bad'), 'a|1', 'the other columns can be read');
$mock->script('call');
fails_with($session, 'SELECT n FROM bad', 'HV005', $missing, 'a missing family of an empty table');

# Nothing is kept of each failure.
my $bytes = q{SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'bigtable_fdw%'};
my $before = $session->query($bytes);
$session->run('SELECT n FROM bad') foreach 1 .. 300;
cmp_ok($session->query($bytes) - $before, '<', 8192, '300 such failures take no memory');

# A scan that is not read to its end has not missed anything.
$mock->script('call', 'row a cf:q=1', 'row b cf:q=2', 'row c cf:q=3', 'send', 'stall');
is($session->query('SELECT q, n FROM bad WHERE length(q) > 0 LIMIT 2'), "1|\n2|", 'a scan that ends early');

# ---- a server that does not tell ----

$silent->script('call', 'row a cf:q=1');
foreach my $time (1 .. 5)
{
	is($session->query('SELECT * FROM untold'), 'a|1|', "a server that does not tell, time $time");
}
is(questions($silent), 1, 'is asked once');

# ---- the emulator ----

SKIP:
{
	skip 'no emulator: CBTEMULATOR and BTLOAD say where', 6 if !$ENV{CBTEMULATOR} || !$ENV{BTLOAD};

	my $emulator = BigtableTest::Emulator->new;
	create_server($session, 'emulator', $emulator->address);
	table('emulated', 'emulator', 'q cf q', 'n nope n');
	fails_with($session, 'SELECT * FROM emulated', 'HV00R', qr/gRPC status 5 \(NOT_FOUND\).*\nCheck option "table_name"/s,
		'emulator: a missing table');
	$emulator->create('t', 'cf');
	fails_with($session, 'SELECT * FROM emulated', 'HV005', qr/^column family "?nope"? of Bigtable table "t" does not exist/,
		'emulator: a missing family');
	$emulator->create('t', 'cf', 'nope');
	$emulator->load('t', [ 'a', 'cf:q', '1000', '1' ], [ 'b', 'nope:n', '1000', '2' ]);
	is($session->query('SELECT * FROM emulated'), "a|1|\nb||2", 'emulator: the family is made, and found');
	$emulator->create('t', 'cf', 'nope');
	is($session->query('SELECT * FROM emulated'), '', 'emulator: an empty table');
}

done_testing();
