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

done_testing();
