# The connections of a session: what is shown of them, closing them, changes of servers and user mappings, wait
# events, and the log.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use IO::Socket::INET;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf');
my $other = BigtableTest::Mock->new('--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
my $observer = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address);
create_server($session, 'second', $other->address);
create_table($session, 't', 'mock', table_name => 't');
create_table($session, 'u', 'second', table_name => 'u');
my $list = 'SELECT server, user_name, endpoint, state, calls, rows, retries, last_error FROM bigtable_fdw_get_connections()';
my $at = $mock->address;

# ---- what is shown ----

is($session->query($list), '', 'none before the first statement');
$mock->script('call', 'row a cf:q=1', 'row b cf:q=2');
$session->query('SELECT * FROM t');
is($session->query($list), "mock||$at|idle|1|2|0|", 'one after it');
is($session->query('SELECT bytes > 0, opened_at <= clock_timestamp() AND opened_at > clock_timestamp() - interval $$10 min$$ FROM bigtable_fdw_get_connections()'),
	't|t', 'with bytes and a time');
is($observer->query($list), '', 'another session does not see it');
$mock->script('call', 'row a cf:q=1', 'send', 'sleep 20', 'status 14 lost', 'call', 'row b cf:q=2', 'row c cf:q=3');
$session->query('SELECT * FROM t');
is($session->query($list), "mock||$at|idle|3|5|1|UNAVAILABLE: lost", 'calls, rows and retries add up');
$mock->script('call', 'status 3 no');
$session->run('SELECT * FROM t');
is($session->query($list), "mock||$at|idle|4|5|1|INVALID_ARGUMENT: no", 'the last error');
$mock->script('call MutateRows');
$session->query(q{INSERT INTO t SELECT 'k' || i, 'v' FROM generate_series(1, 10) i});
is($session->query($list), "mock||$at|idle|6|15|1|INVALID_ARGUMENT: no", 'rows that are written count, and so does the call that asks for families');
$mock->script('call', 'replay');
$session->query(q{SELECT * FROM bigtable_read_rows('mock', 't', rows_limit => 7)});
is($session->query($list), "mock||$at|idle|7|22|1|INVALID_ARGUMENT: no", 'those that functions read, too');
$mock->script('call', 'rows 1 1000 k%04d cf:q=%d');
$session->query('SELECT * FROM t LIMIT 3');
my ($calls, $rows) = split /\|/, $session->query('SELECT calls, rows FROM bigtable_fdw_get_connections()');
is("$calls $rows", '8 25', 'of a scan that ends early, those that were asked for');

# ---- closing ----

$other->script('call', 'row z cf:q=9');
$session->query('SELECT * FROM u');
is($session->query('SELECT string_agg(server, $$ $$) FROM bigtable_fdw_get_connections()'), 'mock second', 'two servers');
is($session->query(q{SELECT bigtable_fdw_disconnect('second')}), 't', 'disconnect');
is($session->query(q{SELECT bigtable_fdw_disconnect('second')}), 'f', 'there is nothing left to close');
is($session->query('SELECT string_agg(server, $$ $$) FROM bigtable_fdw_get_connections()'), 'mock', 'the other one stays');
is($session->query('SELECT * FROM u'), 'z|9', 'the next statement connects again');
is($session->query('SELECT bigtable_fdw_disconnect_all()'), 't', 'disconnect_all');
is($session->query($list), '', 'none is left');
is($session->query('SELECT bigtable_fdw_disconnect_all()'), 'f', 'disconnect_all without connections');
is($session->query('SELECT bigtable_fdw_disconnect(NULL)'), '', 'NULL is nothing');
fails_with($session, q{SELECT bigtable_fdw_disconnect('nosuch')}, '42704', qr/^server "nosuch" does not exist/, 'no such server');

$mock->script('call', 'row a cf:q=1', 'row b cf:q=2', 'send', 'stall');
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t');
is($session->query('FETCH 1 FROM c'), 'a|1', 'a cursor');
is($session->query('SELECT state FROM bigtable_fdw_get_connections()'), 'in use', 'holds its connection');
my $result = $session->run(q{SELECT bigtable_fdw_disconnect('mock')});
is($result->{rows}, 'f', 'which is not closed');
is($result->{messages}[0]{severity} . ' ' . $result->{messages}[0]{sqlstate} . ' ' . $result->{messages}[0]{message},
	'WARNING 55006 cannot close connection for server "mock" because it is still in use', 'with a warning');
$result = $session->run('SELECT bigtable_fdw_disconnect_all()');
is($result->{messages}[0]{message}, 'cannot close 1 connection because it is still in use', 'by disconnect_all neither');
is($session->query('FETCH 1 FROM c'), 'b|2', 'the cursor goes on');
$session->query('COMMIT');
is($session->query(q{SELECT bigtable_fdw_disconnect('mock')}), 't', 'once it is closed, so is the connection');

# ---- who may ----

$session->query('CREATE ROLE stranger LOGIN');
my $stranger = BigtableTest::Session->new($node, user => 'stranger');
is($stranger->query($list), '', 'anybody may see the connections of the own session');
is($stranger->query('SELECT bigtable_fdw_disconnect_all()'), 'f', 'and close them');
fails_with($stranger, q{SELECT bigtable_fdw_disconnect('mock')}, '42501', qr/^permission denied for foreign server mock/, 'a server needs USAGE');

# ---- changes take effect at the next statement ----

$mock->script('call', 'row a cf:q=first');
$other->script('call', 'row a cf:q=second');
$session->query('PREPARE p AS SELECT q FROM t');
is($session->query('EXECUTE p'), 'first', 'a prepared statement');
$session->query('SET plan_cache_mode = force_generic_plan');
is($session->query('EXECUTE p'), 'first', 'with a generic plan');
$mock->script('call', 'row a cf:q=first', 'row b cf:q=more', 'send', 'stall');
$session->query('BEGIN; DECLARE c CURSOR FOR SELECT q FROM t');
is($session->query('FETCH 1 FROM c'), 'first', 'a cursor that is open');
$session->query(sprintf q{ALTER SERVER mock OPTIONS (SET emulator_host '%s')}, $other->address);
is($session->query('EXECUTE p'), 'second', 'ALTER SERVER: the next statement uses the new endpoint');
is($session->query('SELECT state, endpoint FROM bigtable_fdw_get_connections()'), "outdated|$at\nidle|" . $other->address, 'the old connection is outdated');
is($session->query('FETCH 1 FROM c'), 'more', 'the cursor keeps it');
$session->query('COMMIT');
is($session->query('EXECUTE p'), 'second', 'after the end of the cursor');
is($session->query('SELECT state, endpoint FROM bigtable_fdw_get_connections()'), 'idle|' . $other->address, 'it is closed');

$mock->script('call', 'row a cf:q=third');
$observer->query("ALTER SERVER mock OPTIONS (SET emulator_host '$at')");
is($session->query('EXECUTE p'), 'third', 'ALTER SERVER by another session');

$session->query('CREATE USER MAPPING FOR PUBLIC SERVER mock');
$session->query('EXECUTE p');
is($session->query('SELECT user_name FROM bigtable_fdw_get_connections()'), 'public', 'CREATE USER MAPPING: a connection of its own');
my $me = $session->query('SELECT current_user');
$session->query('CREATE USER MAPPING FOR CURRENT_USER SERVER mock');
$session->query('EXECUTE p');
like($session->query('SELECT string_agg(user_name, $$ $$) FROM bigtable_fdw_get_connections()'), qr/\b\Q$me\E\b/, 'another one for the user');
$session->query('DROP USER MAPPING FOR CURRENT_USER SERVER mock');
is($session->query('SELECT string_agg(state, $$ $$ ORDER BY state) FROM bigtable_fdw_get_connections() WHERE user_name IS NULL'), 'outdated', 'a mapping that was dropped has no name');
$session->query('EXECUTE p');
is($session->query('SELECT string_agg(user_name, $$ $$) FROM bigtable_fdw_get_connections()'), 'public', 'the next statement uses the public one again');

$session->query('DROP SERVER mock CASCADE');
is($session->query('SELECT server IS NULL, state FROM bigtable_fdw_get_connections()'), 't|outdated', 'a server that was dropped');
is($session->query('SELECT bigtable_fdw_disconnect_all()'), 't', 'its connection can be closed');

# ---- wait events ----

create_server($session, 'mock', $mock->address);
create_table($session, 't', 'mock', table_name => 't');
my $named = $session->query(q{SELECT current_setting('server_version_num')::int >= 170000}) eq 't';
my $pid = $session->pid;

sub wait_event_of
{
	my ($sql, $expected, @script) = @_;
	$mock->script(@script);
	$session->send($sql);
	wait_for_wait($observer, $session);
	my $event = wait_until("the wait event $expected", sub {
		my $now = $observer->query("SELECT wait_event FROM pg_stat_activity WHERE pid = $pid AND wait_event_type = 'Extension'");
		return $now eq ($named ? $expected : 'Extension') ? $now : undef;
	});
	is($event, $named ? $expected : 'Extension', "pg_stat_activity: $expected");
	$observer->query("SELECT pg_cancel_backend($pid)");
	$session->finish;
	return;
}

wait_event_of('SELECT * FROM t', 'BigtableRead', 'call', 'stall');
wait_event_of(q{INSERT INTO t VALUES ('k', 'v')}, 'BigtableWrite', 'call MutateRows', 'stall');
wait_event_of(q{SELECT bigtable_read_modify_write('mock', 't', 'k', ARRAY[bigtable_increment('cf', 'n')])}, 'BigtableWrite', 'call ReadModifyWriteRow', 'stall');
wait_event_of(q{SELECT bigtable_drop_table('mock', 't')}, 'BigtableWrite', 'call DeleteTable', 'stall');
wait_event_of('SELECT * FROM t', 'BigtableRetryDelay', 'call', 'retry_info 60', 'status 14 later');

# A server that takes connections and says nothing, and one that is not there.
my $silent = IO::Socket::INET->new(Listen => 10, LocalAddr => '127.0.0.1') or die "could not listen: $!";
create_server($session, 'silent', '127.0.0.1:' . $silent->sockport);
create_table($session, 'unheard', 'silent');
wait_event_of('SELECT * FROM unheard', 'BigtableConnect');
close $silent;
$session->query('ALTER SERVER silent OPTIONS (ADD retry_initial_delay $$10s$$)');
wait_event_of('SELECT * FROM unheard', 'BigtableRetryDelay');

# ---- the log ----

# The messages of a statement at a level, those of the extension alone.
sub messages_of
{
	my ($level, $sql) = @_;
	$session->query("SET client_min_messages = $level");
	my $result = $session->run($sql);
	$session->query('RESET client_min_messages');
	return map { join "\n", grep { defined } "$_->{severity}: $_->{message}", $_->{detail} } grep { $_->{message} =~ /Bigtable/ } @{ $result->{messages} };
}

$session->query('SELECT bigtable_fdw_disconnect_all()');
$mock->script('call', 'row a cf:q=1', 'row b cf:q=2');
is_deeply([ messages_of('debug1', 'SELECT * FROM t') ], ["DEBUG: opened a Bigtable connection to $at"], 'DEBUG1 tells of connections');
my ($message) = messages_of('debug2', 'SELECT * FROM t');
like($message, qr/^DEBUG: calls of Bigtable at \Q$at\E: 1, rows: 2, bytes: \d+$/, 'DEBUG2 of calls');
$mock->script('call', 'row a cf:q=1', 'send', 'sleep 20', 'status 14 lost', 'call', 'row b cf:q=2');
($message) = messages_of('debug1', 'SELECT * FROM t');
is($message, "DEBUG: calls of Bigtable at $at were tried again: 1\nThe last failure was gRPC status 14 (UNAVAILABLE): lost", 'DEBUG1 tells of retries');
$session->query(q{SET bigtable_fdw.log_retries = 'notice'});
$mock->script('call', 'status 14 lost', 'call', 'status 4 late', 'call', 'row b cf:q=2');
($message) = messages_of('notice', 'SELECT * FROM t');
is($message, "NOTICE: calls of Bigtable at $at were tried again: 2\nThe last failure was gRPC status 4 (DEADLINE_EXCEEDED): late", 'at another level, if it is set');
$session->query(q{SET bigtable_fdw.log_retries = 'off'});
$mock->script('call', 'status 14 lost', 'call', 'row b cf:q=2');
is_deeply([ messages_of('debug1', 'SELECT * FROM t') ], [], 'or not at all');
fails_with($session, q{SET bigtable_fdw.log_retries = 'loud'}, '22023', qr/^invalid value for parameter "bigtable_fdw.log_retries": "loud"/, 'a wrong level');
$session->query(q{SET bigtable_fdw.log_retries = 'log'});
$mock->script('call', 'status 14 lost', 'call', 'row b cf:q=2');
$session->query('SELECT * FROM t');
like(slurp_file($node->logfile), qr/LOG:  calls of Bigtable at \Q$at\E were tried again: 1/, 'in the log of the server');
is_deeply([ messages_of('debug1', 'SELECT bigtable_fdw_disconnect_all()') ], ["DEBUG: closing the Bigtable connection to $at"], 'DEBUG1 tells of the end');

done_testing();
