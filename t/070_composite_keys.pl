# Composite row keys: those that SQL writes, as Google's own command-line client reads them, compared with bytes
# worked out by hand; and what that client writes, as SQL reads it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no cbt to compare with' if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

my $emulator = BigtableTest::Emulator->new;
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'bt', $emulator->address);

# Options of the table; type and options of each part; values; the key in hex. No key has a line break in it,
# which cbt would print as it is.
my @cases = (
	# a # (nothing) # 7
	[ q{key_delimiter '#'}, [ [ 'text', '' ], [ 'text', '' ], [ 'int', '' ] ], q{'a', '', 7}, '61' . '23' . '23' . '37' ],
	# the delimiter is ->, in UTF-8
	[ q{key_delimiter '→'}, [ [ 'text', '' ], [ 'date', '' ] ], q{'ä', '2024-02-29'}, 'c3a4' . 'e28692' . '323032342d30322d3239' ],
	[ q{key_delimiter '\x0001'}, [ [ 'bytea', '' ], [ 'text', '' ] ], q{'\x00ff', 'z'}, '00ff' . '0001' . '7a' ],
	# -2, true, and a UUID, then text that ends with the key
	[ q{encoding 'binary'}, [ [ 'smallint', '' ], [ 'boolean', '' ], [ 'uuid', '' ], [ 'text', '' ] ], q{-2, true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380b11', 'z#'},
		'fffe' . '01' . 'a0eebc999c0b4ef8bb6d6bb9bd380b11' . '7a23' ],
	# 1 second after 1970 in microseconds, 2 days after 1970; the delimiter may be in them
	[ q{encoding 'binary', key_delimiter '@'}, [ [ 'timestamptz', '' ], [ 'date', '' ] ], q{'1970-01-01 00:00:01Z', '1970-01-03'}, '00000000000f4240' . '40' . '00000002' ],
	# flipped: 1 is 00000001, 64 is c040
	[ '', [ [ 'int', q{, encoding 'binary', reversed 'true'} ], [ 'bigint', q{, encoding 'ordered', reversed 'true'} ] ], '1, 64', 'fffffffe' . '3fbf' ],
	# 1000000 has 20 bits, so three bytes, of which the first three bits are ones
	[ q{encoding 'ordered'}, [ [ 'timestamptz', '' ], [ 'smallint', '' ], [ 'bigint', '' ] ], q{'1970-01-01 00:00:01Z', -1, -65}, 'ef4240' . '7f' . '3fbf' ],
	# the examples of Bigtable's documentation
	[ q{key_encoding 'ordered_code'}, [ [ 'text', '' ], [ 'text', '' ], [ 'text', '' ] ], q{'A', '', 'C'}, '41' . '0001' . '0000' . '0001' . '43' ],
	[ q{key_encoding 'ordered_code'}, [ [ 'text', '' ], [ 'text', '' ] ], q{'', ''}, '0000' ],
	[ q{key_encoding 'ordered_code'}, [ [ 'text', '' ], [ 'text', q{, reversed 'true'} ] ], q{'', 'A'}, '0000' . '0001' . 'be' . 'fffe' ],
	# CRC-32C of "s1" is 14 modulo 16
	[ q{key_delimiter '#', key_salt '16', key_salt_columns 'k1'}, [ [ 'text', '' ], [ 'int', '' ] ], q{'s1', 5}, '3134' . '23' . '7331' . '23' . '35' ],
);

# All of them are in one table, so that cbt is asked once.
$emulator->create('keys', 'f');
foreach my $i (0 .. $#cases)
{
	my ($options, $parts, $values) = @{ $cases[$i] };
	my $columns = join ', ', map { "k$_ $parts->[$_ - 1][0] OPTIONS (key_part '$_'$parts->[$_ - 1][1])" } 1 .. @$parts;
	my $all = join ', ', grep { $_ ne '' } "table_name 'keys'", $options;

	$session->query("CREATE FOREIGN TABLE keys$i ($columns, v text OPTIONS (family 'f', qualifier 'v')) SERVER bt OPTIONS ($all)");
	$session->query("INSERT INTO keys$i VALUES ($values, 'value of $i')");
}

# Keys by the value of their row, as cbt prints them.
sub keys_by_cbt
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	my ($out, $err) = run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'read', 'keys' ]);
	my (%keys, $key);
	foreach my $line (split /\n/, $out)
	{
		if ($line =~ /^-{10,}$/) { $key = undef; }
		elsif (!defined $key) { $key = $line; }
		elsif ($line =~ /^    "(.*)"$/) { $keys{$1} = unpack('H*', $key); }
	}
	return \%keys;
}

my $keys = keys_by_cbt();
is(scalar(keys %$keys), scalar(@cases), 'as many rows as cases');
foreach my $i (0 .. $#cases)
{
	my ($options, $parts, $values, $expected) = @{ $cases[$i] };
	my $names = join ', ', map { "k$_" } 1 .. @$parts;

	is($keys->{"value of $i"}, $expected, "written: $values");
	is($session->query("SELECT ($names) = ($values), v FROM keys$i WHERE ($names) = ($values)"), "t|value of $i", "read: $values");
}

# And the other way. A key cannot be given to cbt with a zero byte in it.
{
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;
	run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'set', 'keys', 'from#cbt#42', 'f:v=hello' ]);
	run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'set', 'keys', '14#s1#6', 'f:v=salted' ]);
	run_command([ 'cbt', '-project', 'p', '-instance', 'i', 'set', 'keys', "\xff\xff\xff\xfd\x7e", 'f:v=flipped' ]);
}
is($session->query(q{SELECT * FROM keys0 WHERE k1 = 'from'}), 'from|cbt|42|hello', 'delimited, written by cbt');
is($session->query(q{SELECT * FROM keys10 WHERE k1 = 's1' AND k2 > 5}), 's1|6|salted', 'salted, written by cbt');
is($session->query(q{SELECT * FROM keys5 WHERE k1 = 2}), '2|1|flipped', 'flipped, written by cbt');

done_testing();
