# Many scans of one session that are open at the same time share its client, and do not disturb each other.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant ROWS => 2000;

my $mock = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1);
my $other = BigtableTest::Mock->new('--rows', ROWS, '--columns', 1);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $mock->address);
create_server($session, 'other', $other->address);
create_table($session, 'big', 'mock', columns => ['c0']);
create_table($session, 'small', 'other', columns => ['c0']);

# ---- cursors ----

my $cursors = 12;
$mock->script('call', 'per_message 7', 'trickle 1', 'replay');
$other->script('call', 'per_message 30', 'replay');
$session->query('BEGIN');
foreach my $i (1 .. $cursors)
{
	my $table = $i % 3 ? 'big' : 'small';
	my $order = $i % 2 ? '' : ' DESC';
	$session->query("DECLARE c$i CURSOR FOR SELECT substr(id, 4)::int FROM $table ORDER BY id$order");
}
my @got = map { [] } 0 .. $cursors;
srand 7;
my @open = 1 .. $cursors;
while (@open)
{
	my $i = $open[ rand @open ];
	my $n = 1 + int rand 400;
	my @rows = split /\n/, $session->query("FETCH $n FROM c$i");
	push @{ $got[$i] }, @rows;
	next if @rows == $n;
	$session->query("CLOSE c$i");
	@open = grep { $_ != $i } @open;
}
$session->query('COMMIT');
foreach my $i (1 .. $cursors)
{
	my @expected = $i % 2 ? (1 .. ROWS) : reverse 1 .. ROWS;
	ok("@{ $got[$i] }" eq "@expected", "cursor $i of $cursors has its rows");
}
my @calls = ($mock->calls, $other->calls);
is(scalar @calls, $cursors, 'each of them is one call');

# One fails, one is given up, one waits; the others go on.
$mock->script(
	'call', 'per_message 10', 'replay', 'call', 'rows 1 10 row%010d cf:c0=x', 'status 3 no',
	'call', 'rows 1 10 row%010d cf:c0=x', 'send', 'stall', 'call', 'per_message 10', 'replay');
$session->query('BEGIN');
foreach my $i (1 .. 4)
{
	$session->query("DECLARE c$i CURSOR FOR SELECT substr(id, 4)::int FROM big; FETCH 1 FROM c$i");
}
is($session->query('FETCH 500 FROM c1'), join("\n", 2 .. 501), 'the first goes on');
$session->query('SAVEPOINT s');
is_error($session->run('FETCH ALL FROM c2'), '22023', qr/gRPC status 3/, 'the second fails');
$session->query('ROLLBACK TO s');
is($session->query('FETCH 500 FROM c1'), join("\n", 502 .. 1001), 'the first goes on');
is($session->query('FETCH 5 FROM c3'), join("\n", 2 .. 6), 'the third has rows');
$session->query('CLOSE c3');
is($session->query('FETCH ALL FROM c4'), join("\n", 2 .. ROWS), 'the fourth comes to its end');
is($session->query('FETCH ALL FROM c1'), join("\n", 1002 .. ROWS), 'and so does the first');
$session->query('COMMIT');

# ---- joins of two scans, and of a scan with itself ----

$mock->script('call', 'per_message 7', 'replay');
my $sum = ROWS * (ROWS + 1) / 2;
foreach my $method (qw(mergejoin hashjoin nestloop))
{
	my $limit = $method eq 'nestloop' ? 100 : ROWS;
	my $result = $session->query("BEGIN; "
		  . join('', map { "SET LOCAL enable_$_ = " . ($_ eq $method ? 'on; ' : 'off; ') } qw(mergejoin hashjoin nestloop))
		  . "SELECT count(*), sum(substr(b.id, 4)::int) FROM big b JOIN small s USING (id) "
		  . "WHERE b.id <= 'row' || lpad('$limit', 10, '0'); COMMIT");
	is($result, "$limit|" . $limit * ($limit + 1) / 2, "$method of two servers");
}
is($session->query('SELECT count(*), sum(substr(a.id, 4)::int) FROM big a JOIN big b USING (id, c0)'), ROWS . "|$sum",
	'a table joined with itself');
is($session->query('SELECT count(*) FROM (SELECT id FROM big UNION ALL SELECT id FROM small UNION ALL SELECT id FROM big) s'),
	3 * ROWS, 'scans one after the other');

# A function that scans for each row of a scan.
$session->query(q{
	CREATE FUNCTION next_key(k text) RETURNS text LANGUAGE sql STABLE
		AS $$SELECT id FROM small WHERE id > k ORDER BY id LIMIT 1$$});
is($session->query('SELECT count(*), count(next_key(id)) FROM big WHERE id <= \'row0000000200\''), '200|200',
	'a scan within a scan');

done_testing();
