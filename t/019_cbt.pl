# What SQL writes is what Google's own command-line client reads, byte for byte.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no cbt to compare with' if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

my $emulator = BigtableTest::Emulator->new;
$emulator->create('cbt', 't', 'b');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'bt', $emulator->address);

# Type, encoding, value, and an expression of its bytes that owes nothing to the extension.
my @columns = (
	[ 'text', 'text', q{'größe 日本 😀'}, q{convert_to('größe 日本 😀', 'UTF8')} ],
	[ 'text', 'text', q{''}, q{'\x'::bytea} ],
	[ 'text', 'text', q{E'tab\tnew\nline"\\\\'}, q{'\x746162096e65770a6c696e65225c'::bytea} ],
	[ 'bytea', 'text', q{'\x00ff5c2261'}, q{'\x00ff5c2261'::bytea} ],
	[ 'bytea', 'binary', q{'\xc3'}, q{'\xc3'::bytea} ],
	[ 'smallint', 'text', '-32768', q{'\x2d3332373638'::bytea} ],
	[ 'bigint', 'text', '9223372036854775807', q{convert_to('9223372036854775807', 'UTF8')} ],
	[ 'smallint', 'binary', '-2', q{'\xfffe'::bytea} ],
	[ 'integer', 'binary', '16909060', q{'\x01020304'::bytea} ],
	[ 'bigint', 'binary', '-9223372036854775808', q{'\x8000000000000000'::bytea} ],
	[ 'bigint', 'binary', '1', q{'\x0000000000000001'::bytea} ],
	[ 'real', 'binary', '1.5', q{'\x3fc00000'::bytea} ],
	[ 'float8', 'binary', '-0.1', q{'\xbfb999999999999a'::bytea} ],
	[ 'float8', 'text', '0.1', q{'\x302e31'::bytea} ],
	[ 'numeric', 'text', '-1.50', q{'\x2d312e3530'::bytea} ],
	[ 'boolean', 'binary', 'true', q{'\x01'::bytea} ],
	[ 'boolean', 'text', 'false', q{'\x66'::bytea} ],
	[ 'uuid', 'binary', q{'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'}, q{'\xa0eebc999c0b4ef8bb6d6bb9bd380a11'::bytea} ],
	[ 'date', 'binary', q{'1970-01-02'}, q{'\x00000001'::bytea} ],
	[ 'date', 'text', q{'2024-02-29'}, q{convert_to('2024-02-29', 'UTF8')} ],
	[ 'timestamptz', 'binary', q{'1970-01-01 00:00:01Z'}, q{'\x00000000000f4240'::bytea} ],
	[ 'timestamptz', 'text', q{'2024-02-29 12:00:00+02'}, q{convert_to('2024-02-29 10:00:00+00', 'UTF8')} ],
	[ 'jsonb', 'text', q{'{"b": [1, null], "a": "ä"}'}, q{convert_to('{"a": "ä", "b": [1, null]}', 'UTF8')} ],
	[ 'int[]', 'text', q{'{1,NULL,3}'}, q{convert_to('{1,NULL,3}', 'UTF8')} ],
	[ 'integer', 'text', '-42', q{'\x2d3432'::bytea} ],
	[ 'real', 'text', '3.4028235e+38', q{convert_to('3.4028235e+38', 'UTF8')} ],
	[ 'varchar(20)', 'text', q{'ä b'}, q{'\xc3a42062'::bytea} ],
	[ 'varchar', 'binary', q{'ä b'}, q{'\xc3a42062'::bytea} ],
	[ 'text', 'binary', q{'日'}, q{'\xe697a5'::bytea} ],
	[ 'char(6)', 'text', q{'ab'}, q{'\x616220202020'::bytea} ],
	[ 'name', 'text', q{'B b'}, q{'\x422062'::bytea} ],
	[ '"char"', 'text', q{'d'}, q{'\x64'::bytea} ],
	[ 'oid', 'text', '4294967295', q{convert_to('4294967295', 'UTF8')} ],
	[ 'regclass', 'text', q{'pg_class'}, q{convert_to('pg_class', 'UTF8')} ],
	[ 'time', 'text', q{'23:59:59.999999'}, q{convert_to('23:59:59.999999', 'UTF8')} ],
	[ 'timetz', 'text', q{'12:34:56+05:30'}, q{convert_to('12:34:56+05:30', 'UTF8')} ],
	[ 'timestamp', 'text', q{'1999-12-31 23:59:59.5'}, q{convert_to('1999-12-31 23:59:59.5', 'UTF8')} ],
	[ 'timestamp', 'binary', q{'1969-12-31 23:59:59.999999'}, q{'\xffffffffffffffff'::bytea} ],
	[ 'interval', 'text', q{'1 year 2 mons -3 days 04:05:06.789'}, q{convert_to('1 year 2 mons -3 days +04:05:06.789', 'UTF8')} ],
	[ 'uuid', 'text', q{'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'}, q{convert_to('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'UTF8')} ],
	[ 'json', 'text', q{'{"b":1,  "a":[]}'}, q{convert_to('{"b":1,  "a":[]}', 'UTF8')} ],
	[ 'inet', 'text', q{'192.168.1.5/24'}, q{convert_to('192.168.1.5/24', 'UTF8')} ],
	[ 'cidr', 'text', q{'10.0.0.0/8'}, q{convert_to('10.0.0.0/8', 'UTF8')} ],
	[ 'macaddr', 'text', q{'08002b:010203'}, q{convert_to('08:00:2b:01:02:03', 'UTF8')} ],
	[ 'bit(4)', 'text', q{B'1010'}, q{'\x31303130'::bytea} ],
	[ 'varbit', 'text', q{B'101'}, q{'\x313031'::bytea} ],
	[ 'mood', 'text', q{'très happy'}, q{convert_to('très happy', 'UTF8')} ],
	[ 'posint', 'text', '7', q{'\x37'::bytea} ],
	[ 'pair', 'text', q{'(1,"2024-02-29 12:34:56+00")'}, q{convert_to('(1,"2024-02-29 12:34:56+00")', 'UTF8')} ],
	[ 'text[]', 'text', q{ARRAY['a', 'b c', NULL, 'NULL']}, q{convert_to('{a,"b c",NULL,"NULL"}', 'UTF8')} ],
	[ 'timestamptz[]', 'text', q{'{2024-02-29 12:00:00+02}'}, q{convert_to('{"2024-02-29 10:00:00+00"}', 'UTF8')} ],
	[ 'bytea[]', 'text', q{ARRAY['\x00ff'::bytea]}, q{convert_to('{"\\\\x00ff"}', 'UTF8')} ],
	[ 'float8[]', 'text', q{'{0.1,-0}'}, q{convert_to('{0.1,-0}', 'UTF8')} ],
	[ 'tsvector', 'text', q{'b:1A a'}, q{convert_to($$'a' 'b':1A$$, 'UTF8')} ],
	[ 'int4range', 'text', q{'[1,9]'}, q{convert_to('[1,10)', 'UTF8')} ],
	[ 'tstzrange', 'text', q{'[2024-02-29 00:00:00+00,)'}, q{convert_to('["2024-02-29 00:00:00+00",)', 'UTF8')} ],
	[ 'point', 'text', q{'(0.1,-1e300)'}, q{convert_to('(0.1,-1e+300)', 'UTF8')} ],
	[ 'bigint', 'ordered', '-65', q{'\x3fbf'::bytea} ],
	[ 'smallint', 'ordered', '64', q{'\xc040'::bytea} ],
	[ 'bigint', 'ordered', '9223372036854775807', q{'\xffc07fffffffffffffff'::bytea} ],
	[ 'timestamptz', 'ordered', q{'1970-01-01 00:00:00.000063Z'}, q{'\xbf'::bytea} ],
	[ 'date', 'ordered', q{'1969-12-31'}, q{'\x7f'::bytea} ],
	[ 'bytea', 'hex', q{'\x00deadBEEF'}, q{convert_to('00deadbeef', 'UTF8')} ],
	[ 'text', 'hex', q{'ä'}, q{convert_to('c3a4', 'UTF8')} ],
	[ 'integer', 'hex', '-2', q{convert_to('fffffffe', 'UTF8')} ],
	[ 'bytea', 'base64', q{'\xfbff'}, q{convert_to('+/8=', 'UTF8')} ],
	[ 'float8', 'base64', '1.5', q{convert_to('P/gAAAAAAAA=', 'UTF8')} ],
	[ 'money', 'text', q{'-1.50'}, q{convert_to('-$1.50', 'UTF8')} ],
);
$session->query($_) foreach (
	q{CREATE TYPE mood AS ENUM ('ok', 'très happy')}, 'CREATE DOMAIN posint AS int CHECK (value > 0)',
	'CREATE TYPE pair AS (x int, y timestamptz)');

my @names = map { "c$_" } 0 .. $#columns;
my $definition = join ', ', map {
	my ($type, $encoding) = @{ $columns[$_] };
	my $family = $encoding eq 'text' ? 't' : 'b';
	"c$_ $type OPTIONS (family '$family', qualifier 'c$_', encoding '$encoding')"
} 0 .. $#columns;
$session->query("CREATE FOREIGN TABLE cbt (id bytea OPTIONS (row_key 'true'), $definition, "
	. "at timestamptz OPTIONS (family 't', qualifier 'c0', cell 'timestamp')) SERVER bt");
my $values = join ', ', map { $_->[2] } @columns;
$session->query(qq{INSERT INTO cbt VALUES ('\\x6bff006b', $values, '2024-02-29 12:34:56.789Z')});

# Go's %q of bytes.
sub unquote
{
	my ($text) = @_;
	my %simple = (a => "\a", b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", v => "\x0b", '\\' => '\\', '"' => '"');
	utf8::decode($text);
	my $bytes = '';
	while ($text =~ /\G(?:\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|\\(.)|(.))/gs)
	{
		if (defined $1) { $bytes .= chr hex $1; next; }
		my $char = defined $2 ? chr hex $2 : defined $3 ? chr hex $3 : defined $4 ? $simple{$4} : $5;
		utf8::encode($char);
		$bytes .= $char;
	}
	return $bytes;
}

# The last row, and the newest versions of its cells.
sub read_by_cbt
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	my ($out, $err) = run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'read', 'cbt' ]);
	my (%cells, %times, $key, $column);
	foreach my $line (split /\n/, $out)
	{
		if ($line =~ /^-+$/) { ($key, %cells) = (); }
		elsif ($line =~ /^  (\S+)\s+\@ (\S+)$/) { $column = $1; $times{$column} = $2; }
		elsif ($line =~ /^    "(.*)"$/s) { $cells{$column} //= unquote($1); }
		elsif (!defined $key) { $key = $line; }
	}
	return ($key, \%cells, \%times);
}

my ($key, $cells, $times) = read_by_cbt();
is($key, "k\xff\0k", 'the row key');
is(scalar(keys %$cells), scalar(@columns), 'as many cells as columns');
is($times->{'t:c0'}, '2024/02/29-12:34:56.789000', 'the timestamp that was given');
foreach my $i (0 .. $#columns)
{
	my ($type, $encoding, $value, $expected) = @{ $columns[$i] };
	my $name = ($encoding eq 'text' ? 't' : 'b') . ":c$i";
	is(unpack('H*', $cells->{$name} // 'absent'), $session->query("SELECT encode($expected, 'hex')"), "$type, $encoding: $value");
}

# And the other way: what cbt writes is what SQL reads.
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'set', 'cbt', 'from-cbt', 't:c0=hello', 't:c5=-17' ]);
}
is($session->query(q{SELECT c0, c5 FROM cbt WHERE id = 'from-cbt'}), 'hello|-17', 'written by cbt');

# Counters are those that others count on.
$session->query(q{UPDATE cbt SET c10 = c10 + 41 WHERE id = '\x6bff006b'});
($key, $cells) = read_by_cbt();
is(unpack('H*', $cells->{'b:c10'}), '000000000000002a', 'an incremented counter');

done_testing();
