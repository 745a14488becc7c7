# Which connection a scan uses: changes of servers and user mappings, users, views.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $one = BigtableTest::Mock->new;
my $two = BigtableTest::Mock->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'mock', $one->address);
create_table($session, 't', 'mock');

# Tells from its rows which server a scan has read.
$one->script('call', map { "row k$_ cf:q=one" } 1 .. 5);
$two->script('call', map { "row k$_ cf:q=two" } 1 .. 5);

# How many connections a mock server has: sockets in the state ESTABLISHED (1) at its port.
sub connections
{
	my ($mock) = @_;
	my $port = sprintf ':%04X', $mock->port;
	open my $file, '<', '/proc/net/tcp' or die "could not read /proc/net/tcp: $!";
	return scalar grep { my @fields = split; $fields[1] =~ /$port$/ && $fields[3] eq '01' } <$file>;
}

# Waits for a number of connections, which are closed a moment after the client let go of them.
sub has_connections
{
	my ($mock, $n, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $last;
	eval { wait_until('connections', sub { ($last = connections($mock)) == $n }, 5) };
	is($last, $n, $name);
	return;
}

# ---- ALTER SERVER ----

is($session->query('SELECT DISTINCT q FROM t'), 'one', 'a scan');
is($session->query('SELECT DISTINCT q FROM t'), 'one', 'another scan');
has_connections($one, 1, 'a session keeps one connection');

my $address = $two->address;
$session->query(qq{ALTER SERVER mock OPTIONS (SET emulator_host '$address')});
is($session->query('SELECT DISTINCT q FROM t'), 'two', 'ALTER SERVER has its effect on the next statement');
has_connections($one, 0, 'the old connection is closed');
has_connections($two, 1, 'there is another one');

# Other sessions, and a change within a transaction.
my $other = BigtableTest::Session->new($node);
is($other->query('SELECT DISTINCT q FROM t'), 'two', 'another session reads from there');
$address = $one->address;
$session->query(qq{BEGIN; ALTER SERVER mock OPTIONS (SET emulator_host '$address')});
is($session->query('SELECT DISTINCT q FROM t'), 'one', 'the transaction that makes the change sees it');
is($other->query('SELECT DISTINCT q FROM t'), 'two', 'others do not, before COMMIT');
$session->query('ROLLBACK');
is($session->query('SELECT DISTINCT q FROM t'), 'two', 'ROLLBACK takes it back');
$session->query(qq{ALTER SERVER mock OPTIONS (SET emulator_host '$address')});
is($other->query('SELECT DISTINCT q FROM t'), 'one', 'a change has its effect on other sessions, too');

# A prepared statement with its plan.
$session->query('PREPARE p AS SELECT DISTINCT q FROM t');
is($session->query('EXECUTE p'), 'one', 'a prepared statement');
$address = $two->address;
$session->query(qq{ALTER SERVER mock OPTIONS (SET emulator_host '$address')});
is($session->query('EXECUTE p'), 'two', 'a prepared statement follows the change');

# An open cursor stays where it is.
$two->script('call', 'per_message 1', map { "row k$_ cf:q=two\nsend" } 1 .. 5);
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT id, q FROM t');
is($session->query('FETCH 2 FROM c'), "k1|two\nk2|two", 'a cursor');
$address = $one->address;
$other->query(qq{ALTER SERVER mock OPTIONS (SET emulator_host '$address')});
is($session->query('SELECT DISTINCT q FROM t'), 'one', 'another scan of the transaction follows the change');
is($session->query('FETCH ALL FROM c'), "k3|two\nk4|two\nk5|two", 'the cursor goes on as it began');
$session->query('COMMIT');
is($session->query('SELECT DISTINCT q FROM t'), 'one', 'a scan after it');
has_connections($two, 0, 'its connection is closed afterwards');
is($other->query('SELECT DISTINCT q FROM t'), 'one', 'the other session');
has_connections($one, 2, 'each session has one connection');

# Other options than the address.
$session->query(q{ALTER SERVER mock OPTIONS (ADD max_attempts '2')});
$one->script('call', 'status 14 busy');
fails_with($session, 'SELECT * FROM t', '08006', qr/after 2 attempts/, 'a changed max_attempts');
$session->query(q{ALTER SERVER mock OPTIONS (DROP max_attempts)});
$one->script('call', 'row k cf:q=one');
$session->query(q{ALTER FOREIGN TABLE t OPTIONS (ADD table_name 'elsewhere')});
$session->query('SELECT * FROM t');
is(($one->wait_for_done(1))[0]{table}, 'projects/p/instances/i/tables/elsewhere', 'a changed table_name');

# A server that is dropped.
$session->query(q{SET client_min_messages = warning; DROP SERVER mock CASCADE});
create_server($session, 'mock', $two->address);
create_table($session, 't', 'mock');
$two->script('call', 'row k cf:q=two');
is($session->query('SELECT q FROM t'), 'two', 'a server that is dropped and made again');
$other->close;
has_connections($one, 0, 'no connection is left to the dropped one');

# ---- users ----

$session->query(q{
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;
	GRANT USAGE ON FOREIGN SERVER mock TO alice, bob, carol;
	GRANT SELECT ON t TO alice, bob, carol;
	GRANT CREATE ON SCHEMA public TO alice;
	CREATE USER MAPPING FOR alice SERVER mock;
	CREATE USER MAPPING FOR bob SERVER mock});
$session->query('SET ROLE alice; CREATE VIEW of_alice AS SELECT id, q FROM t; GRANT SELECT ON of_alice TO bob; RESET ROLE');
$session->close;
has_connections($two, 0, 'no connection is left of a session that has ended');

# Each user mapping has a connection of its own.
$session = BigtableTest::Session->new($node);
my @steps = (
	[ 'alice', 't', 1, 'the first user' ],
	[ 'alice', 't', 1, 'the same user again' ],
	[ 'bob', 'of_alice', 1, q{a view is read with its owner's mapping} ],
	[ 'bob', 't', 2, 'the second user has a connection of their own' ],
	[ 'alice', 'of_alice', 2, 'the owner of the view' ],
	[ 'carol', 't', 3, 'a user without a mapping' ],
	[ 'postgres', 't', 3, 'and another one without a mapping' ],
);
foreach my $step (@steps)
{
	my ($role, $table, $count, $name) = @$step;
	is($session->query("SET ROLE $role; SELECT q FROM $table"), 'two', $name);
	has_connections($two, $count, "$name: $count connections");
}

# A view whose reader has no right on the table.
$session->query('RESET ROLE; REVOKE SELECT ON t FROM bob');
is($session->query('SET ROLE bob; SELECT q FROM of_alice'), 'two', 'a view gives its right to others');
is_error($session->run('SELECT q FROM t'), '42501', qr/permission denied for foreign table t/, 'the table does not');
$session->query('RESET ROLE; GRANT SELECT ON t TO bob');

# A function with its owner's rights.
$session->query(q{
	CREATE FUNCTION as_alice() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT q FROM public.t';
	ALTER FUNCTION as_alice() OWNER TO alice});
is($session->query('SET ROLE bob; SELECT as_alice()'), 'two', q{a function with its owner's rights});
has_connections($two, 3, 'needs no other connection');

# Changes of mappings: their connections go, those of others stay.
$session->query('RESET ROLE; DROP USER MAPPING FOR bob SERVER mock');
is($session->query('SET ROLE bob; SELECT q FROM t'), 'two', 'a mapping that is dropped');
has_connections($two, 2, 'its user is one without a mapping now');
$session->query('RESET ROLE; CREATE USER MAPPING FOR PUBLIC SERVER mock');
is($session->query('SET ROLE bob; SELECT q FROM t'), 'two', 'a mapping for all others');
is($session->query('SET ROLE carol; SELECT q FROM t'), 'two', 'is one for all of them');
has_connections($two, 2, 'which share its connection');
is($session->query('SET ROLE alice; SELECT q FROM t'), 'two', 'and the first user');
has_connections($two, 2, 'keeps their own');
$session->query('RESET ROLE');
my $pid = $session->pid;
my $before = descriptors($pid);
foreach my $i (1 .. 20)
{
	$session->query('DROP USER MAPPING FOR PUBLIC SERVER mock; CREATE USER MAPPING FOR PUBLIC SERVER mock');
	$session->query('SELECT q FROM t');
}
has_connections($two, 2, 'mappings made anew 20 times leave no connection behind');
wait_until('the descriptors to be as before', sub { descriptors($pid) <= $before }, 5);
is(descriptors($pid), $before, 'and no descriptor');

done_testing();
