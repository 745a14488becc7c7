# Functions that make, list, describe, change and drop tables: pages, retries, outcomes, malformed answers; and the
# same tables as Google's own command-line client sees them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address);

my $instance = 'projects/p/instances/i';
my $tables = q{SELECT string_agg(t, ' ') FROM bigtable_tables('mock') t};

# ---- lists ----

$mock->script('call ListTables', "table $instance/tables/z", "table $instance/tables/b", 'next_page token%201',
	'call ListTables', 'status 14 again', 'call ListTables', 'next_page token2', 'call ListTables', "table $instance/tables/a");
is($session->query($tables), 'a b z', 'all pages, sorted, an empty one among them');
my @calls = $mock->wait_for_done(4, 'ListTables');
is_deeply([ map { "$_->{page_token} $_->{attempt}" } @calls ], [ ' 0', 'token%201 0', 'token%201 1', 'token2 0' ],
	'each page is asked for by its token, and again if need be');
is($calls[0]{parent}, $instance, 'of the instance');
is($calls[0]{headers}{'x-goog-request-params'}, "parent=$instance", 'with the routing header');
$mock->script('call ListTables');
is($session->query($tables), '', 'an instance without tables');
$mock->script('call ListTables', 'next_page same');
fails_with($session, $tables, 'HV000', qr/^invalid ListTables response\nA page refers to itself as the next one\.$/, 'pages without an end');
$mock->script('call ListTables', 'raw 0a05');
fails_with($session, $tables, 'HV000', qr/^invalid ListTables response$/, 'malformed bytes');
$mock->script('call ListTables', 'status 7 not yours');
fails_with($session, $tables, '42501', qr/^could not list the tables of Bigtable instance "i"\nnot yours; gRPC status 7/, 'a refusal');
$mock->script('call ListTables', 'status 5 no instance');
fails_with($session, $tables, 'HV00R', qr/\nCheck options "project_id" and "instance_id" of server "mock"\.$/, 'no such instance');

# ---- what reads is tried again ----

my $families = q{SELECT family, gc_rule, value_type FROM bigtable_families('mock', 't')};
$mock->script('call GetTable', 'status 14 again', 'call GetTable', 'retry_info 0.02', 'status 8 later',
	'call GetTable', 'raw 1a0b0a02636612050a030a0101');
fails_with($session, $families, 'HV000', qr/^invalid GetTable response$/, 'two failures, and then malformed bytes');
is(scalar $mock->wait_for_done(3, 'GetTable'), 3, 'three attempts');
$mock->script('call GetTable', 'status 4 later', 'call GetTable', 'raw 1a0a0a02636612040a020803');
is($session->query($families), 'cf|{"max_num_versions": 3}|', 'DEADLINE_EXCEEDED is tried again');
is(($mock->calls('GetTable'))[0]{headers}{'x-goog-request-params'}, "name=$instance/tables/t", 'with the routing header');
$mock->script('call GetTable', 'status 10 aborted');
fails_with($session, $families, '40001', qr/after 1 attempt\./, 'ABORTED is not');

# ColumnFamily.value_type: array_type within array_type, 40,000 levels.
my $bytes = '';
$bytes = pack('C', 0x1a) . varint(length $bytes) . $bytes foreach 1 .. 40_000;
$bytes = field(3, field(1, 'cf') . field(2, field(3, $bytes)));
$mock->script('call GetTable', 'raw ' . unpack 'H*', $bytes);
fails_with($session, $families, 'HV000', qr/^invalid GetTable response$/, 'an answer that would overrun the stack');

sub varint
{
	my ($n) = @_;
	my $out = '';
	for (; $n >= 0x80; $n >>= 7) { $out .= chr($n & 0x7f | 0x80); }
	return $out . chr $n;
}

sub field
{
	my ($number, $content) = @_;
	return chr($number << 3 | 2) . varint(length $content) . $content;
}

# A rule and a type of a later version of the API.
$mock->script('call GetTable', 'raw ' . unpack 'H*', field(3, field(1, 'a') . field(2, field(1, field(9, '')) . field(3, field(14, ''))))
	. field(3, field(1, 'b') . field(2, field(1, field(4, field(1, field(9, '')))))));
is($session->query($families), "a||\nb|{\"union\": [{}]}|", 'what is not known does no harm');

# ---- what changes something is not ----

my %changes = (
	CreateTable => [ q{SELECT bigtable_create_table('mock', 't', '["cf"]')}, 'create Bigtable table "t"' ],
	DeleteTable => [ q{SELECT bigtable_drop_table('mock', 't')}, 'drop Bigtable table "t"' ],
	ModifyColumnFamilies => [ q{SELECT bigtable_set_families('mock', 't', '["cf"]')}, 'change the families of Bigtable table "t"' ],
);
foreach my $method (sort keys %changes)
{
	my ($sql, $what) = @{ $changes{$method} };
	$mock->script('call GetTable', "call $method", 'status 14 lost');
	fails_with($session, $sql, '08006', qr/^could not \Q$what\E\nIts outcome is unknown: it may have been applied all the same\..*lost; gRPC status 14 .* after 1 attempt\./s,
		"$method: a lost answer");
	is(scalar $mock->wait_for_done(1, $method), 1, "$method: one attempt");
	$mock->script('call GetTable', "call $method", 'status 9 not now');
	fails_with($session, $sql, '55000', qr/^could not \Q$what\E\nnot now; gRPC status 9/, "$method: a refusal");
	$mock->script('call GetTable', "call $method");
	is($session->query($sql), '', "$method: done");
	cmp_ok(($mock->calls($method))[0]{peer_deadline_ms}, '>', 200_000, "$method: it may take its time");
	my $timed = $sql =~ s/\)$/, timeout => '150 ms')/r;
	$mock->script('call GetTable', "call $method", 'stall');
	fails_with($session, $timed, '57014', qr/Argument "timeout" says how long to wait\.$/, "$method: a timeout");
	prompt("$method: a cancel", sub {
		$mock->script('call GetTable', "call $method", 'stall');
		my $pid = $session->pid;
		$session->send($sql);
		$mock->wait_for_begun(1, $method);
		wait_for_wait($observer, $session);
		my $began = now();
		$observer->query("SELECT pg_cancel_backend($pid)");
		my $result = $session->finish;
		is_error($result, '57014', qr/^canceling statement due to user request/, "$method: cancelled");
		return $result->{at} - $began;
	});
}
$mock->script('call CreateTable');
$session->query(q{SELECT bigtable_create_table('mock', 't', '["cf", "g"]', ARRAY['g', 'p q'])});
my ($call) = $mock->calls('CreateTable');
is("$call->{parent} $call->{table_id} $call->{families} $call->{splits}", "$instance t 2 [g,p%20q]", 'the request that makes a table');

# ---- as cbt sees it ----

SKIP:
{
	skip 'there is no cbt to compare with', 8 if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

	my $emulator = BigtableTest::Emulator->new;
	create_server($session, 'bt', $emulator->address);
	my $cbt = sub {
		local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
		my ($out, $err) = run_command([ 'cbt', '-project', 'p', '-instance', 'i', @_ ]);
		note($err);
		return $out;
	};

	$session->query(q{SELECT bigtable_create_table('bt', 'made_by_sql', '{"one": {"gc_rule": {"max_num_versions": 3}}, "any": {},
		"two": {"gc_rule": {"union": [{"max_age": "7 days"}, {"intersection": [{"max_num_versions": 2}, {"max_age": "1 hour"}]}]}}}')});
	$cbt->('createtable', 'made_by_cbt', 'families=f1:maxage=10d||maxversions=1,f2');
	is_deeply([ sort split /\n/, $cbt->('ls') ], [ 'made_by_cbt', 'made_by_sql' ], 'cbt lists both tables');
	is($session->query(q{SELECT string_agg(t, ' ') FROM bigtable_tables('bt') t}), 'made_by_cbt made_by_sql', 'SQL does so, too');
	my $listing = $cbt->('ls', 'made_by_sql');
	like($listing, qr/^any\s+<never>(\s|$)/m, 'cbt: a family without a rule');
	like($listing, qr/^one\s+versions\(\) > 3(\s|$)/m, 'cbt: versions');
	like($listing, qr/^two\s+\(age\(\) > 7d \|\| \(versions\(\) > 2 && age\(\) > 1h\)\)(\s|$)/m, 'cbt: a union with an intersection');
	is($session->query(q{SELECT family, gc_rule FROM bigtable_families('bt', 'made_by_cbt')}),
		qq(f1|{"union": [{"max_age": "10 days"}, {"max_num_versions": 1}]}\nf2|), 'SQL: the rules that cbt has set');

	$session->query(q{SELECT bigtable_mutate_row('bt', 'made_by_sql', 'k', ARRAY[bigtable_set_cell('any', 'q', 'v', '2024-02-29 12:00Z')])});
	$cbt->('set', 'made_by_sql', 'k2', 'one:q=w');
	my $read = $session->query(q{SELECT convert_from(row_key, 'UTF8'), family, convert_from(qualifier, 'UTF8'), convert_from(value, 'UTF8') FROM bigtable_read_rows('bt', 'made_by_sql')});
	is($read, "k|any|q|v\nk2|one|q|w", 'SQL reads what both have written');
	like($cbt->('read', 'made_by_sql'), qr/^k\n  any:q\s+\@ 2024\/02\/29-12:00:00\.000000\n    "v"$/m, 'cbt reads it, too');
	$session->query(q{SELECT bigtable_set_families('bt', 'made_by_sql', '{"one": {"drop": true}, "any": {"gc_rule": {"max_num_versions": 1}}}')});
	$session->query(q{SELECT bigtable_drop_table('bt', 'made_by_cbt')});
	unlike($cbt->('ls'), qr/made_by_cbt/, 'a table that SQL has dropped');
	$listing = $cbt->('ls', 'made_by_sql');
	unlike($listing, qr/^one/m, 'a family that SQL has dropped');
	like($listing, qr/^any\s+versions\(\) > 1(\s|$)/m, 'a rule that SQL has changed');
}

done_testing();
