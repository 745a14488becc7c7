# Families as jsonb, and versions: what SQL writes is what Google's own command-line
# client reads, and the other way.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no cbt to compare with' if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

my $emulator = BigtableTest::Emulator->new;
$emulator->create('profiles', 'tag', 'n');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'bt', $emulator->address);
$session->query(
	q{CREATE FOREIGN TABLE profiles (id text OPTIONS (row_key 'true'), tag jsonb OPTIONS (family 'tag'), n jsonb OPTIONS (family 'n', encoding 'binary'),
	doc jsonb OPTIONS (row_json 'true'), colors text[] OPTIONS (family 'tag', qualifier 'color', max_versions '3'), history jsonb OPTIONS (family 'tag', qualifier 'color', cell 'history'),
	at timestamptz[] OPTIONS (family 'tag', qualifier 'color', max_versions '3', cell 'timestamp')) SERVER bt});

sub cbt
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	my ($out, $err) = run_command([ 'cbt', '-project', 'p', '-instance', 'i', @_ ]);
	return $out;
}

# The cells of a row, newest first, as cbt shows them.
sub cells
{
	my ($row) = @_;
	my ($column, @cells);
	foreach my $line (split /\n/, cbt('lookup', 'profiles', $row))
	{
		if ($line =~ /^  (\S+)\s+\@ /) { $column = $1; }
		elsif ($line =~ /^    "(.*)"$/) { push @cells, "$column=$1"; }
	}
	return join ' ', sort @cells;
}

# cbt writes, SQL reads
cbt('set', 'profiles', 'ann', 'tag:color=red@1000000', 'tag:size=5');
cbt('set', 'profiles', 'ann', 'tag:color=blue@2000000', "tag:bin=\xff\xfe", "tag:\xc3\xa4=\xc3\x9f", "tag:\xff=key", 'n:text=abcdefgh');
is($session->query(q{SELECT tag - 'bin' FROM profiles}), q({"ä": "ß", "\\\\xff": "key", "size": "5", "color": "blue"}), 'a family');
is($session->query(q{SELECT tag->'bin', doc->'tag'->'bin', n->'text' FROM profiles WHERE tag ? 'bin'}), q({"$bin": "//4="}|{"$bin": "//4="}|7017280452245743464), 'bytes and numbers');
is($session->query(q{SELECT colors, at = ARRAY['1970-01-01 00:00:02Z', '1970-01-01 00:00:01Z']::timestamptz[] FROM profiles}), '{blue,red}|t', 'versions');
is( $session->query(q{SELECT history FROM profiles}),
	'[{"value": "blue", "timestamp": "1970-01-01T00:00:02+00:00"}, {"value": "red", "timestamp": "1970-01-01T00:00:01+00:00"}]', 'a history');
$session->query(q{SET bigtable_fdw.as_of = '1970-01-01 00:00:01.5Z'});
is($session->query(q{SELECT tag FROM profiles}), '{"color": "red"}', 'as of a time');
$session->query(q{RESET bigtable_fdw.as_of});

# SQL writes, cbt reads
$session->query(q{INSERT INTO profiles (id, tag, n) VALUES ('bob', '{"color": "green", "bin": {"$bin": "AP8="}, "\\\\x00ff": "key"}', '{"visits": 7, "low": -2}')});
is(cells('bob'), q(n:low=\xff\xff\xff\xff\xff\xff\xff\xfe n:visits=\x00\x00\x00\x00\x00\x00\x00\a ) . "tag:\0\xff=key " . q(tag:bin=\x00\xff tag:color=green), 'an object is its cells');
$session->query(q{UPDATE profiles SET tag = (tag - 'bin') || '{"new": ""}', n = NULL WHERE id = 'bob'});
is(cells('bob'), "tag:\0\xff=key tag:color=green tag:new=", 'and changes with them');
$session->query(q{UPDATE profiles SET colors = '{c,b,a}' WHERE id = 'bob'});
is(cells('bob'), "tag:\0\xff=key tag:color=a tag:color=b tag:color=c tag:new=", 'an array is its versions');

done_testing();
