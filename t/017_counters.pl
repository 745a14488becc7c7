# Counters: no update is lost between sessions, and none is made twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

use constant SESSIONS => 8;
use constant TIMES => 500;

my $emulator = BigtableTest::Emulator->new;
$emulator->create('counters', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

create_server($session, 'bt', $emulator->address);
$session->query(q{CREATE FOREIGN TABLE counters (id text OPTIONS (row_key 'true') COLLATE "C",
  n bigint OPTIONS (family 'cf', qualifier 'n', encoding 'binary'), m bigint OPTIONS (family 'cf', qualifier 'm', encoding 'binary')) SERVER bt});
$session->query(q{INSERT INTO counters VALUES ('one', 0, 1000000)});

my $loop = 'DO $$ BEGIN FOR i IN 1 .. ' . TIMES . q{ LOOP UPDATE counters SET n = n + 1, m = m - 2 WHERE id = 'one'; END LOOP; END $$};
my @sessions = map { BigtableTest::Session->new($node) } 1 .. SESSIONS;
$_->send($loop) foreach @sessions;
foreach my $other (@sessions)
{
	my $result = $other->finish;
	ok(!$result->{error}, 'a session counts') or diag(explain $result->{error});
}
is($session->query(q{SELECT n, m FROM counters WHERE id = 'one'}),
	SESSIONS * TIMES . '|' . (1_000_000 - 2 * SESSIONS * TIMES), SESSIONS . ' sessions, ' . TIMES . ' times each: nothing is lost');

# RETURNING gives each session values that no other has got.
$session->query(q{CREATE FUNCTION bump() RETURNS bigint LANGUAGE sql AS 'UPDATE counters SET n = n + 1 WHERE id = ''two'' RETURNING n'});
$_->send('SELECT string_agg(n::text, $$ $$) FROM (SELECT bump() AS n FROM generate_series(1, 100)) s') foreach @sessions;
my %seen;
foreach my $other (@sessions)
{
	my $result = $other->finish;
	$seen{$_}++ foreach split / /, $result->{rows};
}
is(scalar(keys %seen), SESSIONS * 100, 'RETURNING: each value is given once');
is_deeply([ sort { $a <=> $b } keys %seen ], [ 1 .. SESSIONS * 100 ], 'and none is left out');

# Several counters in one statement, in any order.
my $several = q{DO $$ BEGIN FOR i IN 1 .. 50 LOOP UPDATE counters SET n = n + 3, m = m + 1 WHERE id IN ('c', 'a', 'b', 'a'); END LOOP; END $$};
$_->send($several) foreach @sessions;
ok(!$_->finish->{error}, 'a session counts several') foreach @sessions;
is($session->query(q{SELECT id, n, m FROM counters WHERE id IN ('a', 'b', 'c') ORDER BY id}),
	join("\n", map { join '|', $_, 3 * 50 * SESSIONS, 50 * SESSIONS } qw(a b c)), 'several counters at once: nothing is lost, and a key that is named twice counts once');

# Sums, which the server adds up when they are read: by UPDATE, one request each, and by INSERT, in batches.
SKIP:
{
	skip 'the emulator has no families of aggregate type', 3 if ($ENV{EMULATOR_AGGREGATES} // '') ne 'yes';
	$emulator->create('sums', 'sum:sum');
	$session->query(q{CREATE FOREIGN TABLE sums (id text OPTIONS (row_key 'true') COLLATE "C",
	  n bigint OPTIONS (family 'sum', qualifier 'n', encoding 'binary')) SERVER bt});
	my @add = (
		q{DO $$ BEGIN FOR i IN 1 .. 100 LOOP UPDATE sums SET n = n + 2 WHERE id = 'one'; END LOOP; END $$},
		q{INSERT INTO sums SELECT 'one', 1 FROM generate_series(1, 100)});
	foreach my $add (@add)
	{
		$_->send($add) foreach @sessions;
		my @errors = grep { $_ } map { $_->finish->{error} } @sessions;
		is(scalar @errors, 0, 'all sessions add to a sum') or diag(explain \@errors);
	}
	is($session->query('SELECT id, n FROM sums'), 'one|' . SESSIONS * 100 * (2 + 1), 'nothing is lost of a sum');
}

done_testing();
