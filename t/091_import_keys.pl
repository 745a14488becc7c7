# IMPORT FOREIGN SCHEMA of tables whose metadata says more than the emulator keeps: schemas of row keys, typed
# families. The answers are put together here, byte for byte. And what an import asks for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--rows', 1);
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address);
$session->query("SET timezone = 'UTC'");

# ---- protobuf ----

# A field that is a message, a string or bytes.
sub field
{
	my ($number, @content) = @_;
	my $bytes = join '', @content;
	die 'too long' if length $bytes > 127 || $number > 15;
	return chr($number << 3 | 2) . chr(length $bytes) . $bytes;
}

my $big_endian = field(1, field(1));
my $ordered = field(1, field(2));
my %types = (
	bytes => field(1, field(1, field(1))),
	string => field(2, field(1, field(2))),
	int64 => field(5, $big_endian),
	ordered_int64 => field(5, $ordered),
	timestamp => field(10, field(1, $big_endian)),
	ordered_timestamp => field(10, field(1, field(1, field(2)))),
	float => field(12));
my %structures = (singleton => field(1), ordered_code => field(3), delimited => field(2, field(1, '#')), zero => field(2, field(1, "\0")));

# The schema of a row key: how it is put together, and names and types of its fields.
sub key_schema
{
	my ($structure, @fields) = @_;
	my $bytes = '';
	while (my ($name, $type) = splice @fields, 0, 2)
	{
		$bytes .= field(1, ($name ne '' ? field(1, $name) : ()), field(2, $types{$type}));
	}
	$bytes .= field(2, $structures{$structure});
	return chr(15 << 3 | 2) . chr(length $bytes) . $bytes;
}

# A family of a table.
sub family
{
	my ($name, $type) = @_;
	return field(3, field(1, $name), field(2, defined $type ? chr(3 << 3 | 2) . chr(length $type) . $type : ''));
}

sub hex_of
{
	return unpack 'H*', join '', @_;
}

# Imports a table with that metadata and these rows; returns the columns and the table's options.
sub imported
{
	my ($table, @rows) = @_;
	$mock->script(
		'call ListTables', 'table t', 'call GetTable', 'raw ' . hex_of(field(1, 'projects/p/instances/i/tables/t'), $table),
		'call SampleRowKeys', 'sample end 0', 'send', 'call ReadRows', map { "row $_" } @rows);
	$session->query('DROP FOREIGN TABLE IF EXISTS t');
	$session->query('IMPORT FOREIGN SCHEMA i FROM SERVER mock INTO public');
	return $session->query(q{
		SELECT string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod), CASE WHEN attcollation = '"C"'::regcollation THEN 'C' END,
			CASE WHEN attnotnull THEN 'NOT NULL' END, attfdwoptions::text), E'\n' ORDER BY attnum) || E'\n' || (SELECT ftoptions::text FROM pg_foreign_table WHERE ftrelid = 't'::regclass)
		FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0});
}

sub rows_of
{
	my ($query, @rows) = @_;
	$mock->script('call ReadRows', map { "row $_" } @rows);
	return $session->query($query);
}

# ---- row keys ----

is(imported(family('cf') . key_schema('delimited', sensor => 'string', at => 'ordered_timestamp'), 'a#%00 cf:v=1'), <<'END' =~ s/\n\z//r, 'a delimited key');
sensor text C NOT NULL {key_part=1}
at timestamp with time zone NOT NULL {key_part=2,encoding=ordered}
v bigint {family=cf,qualifier=v}
{table_name=t,key_delimiter=#}
END
is(rows_of('SELECT * FROM t', 's1#%80 cf:v=7', 's2#%81 cf:v=8'), "s1|1970-01-01 00:00:00+00|7\ns2|1970-01-01 00:00:00.000001+00|8", 'is read');

is(imported(family('cf') . key_schema('zero', a => 'int64', b => 'bytes', '' => 'string', a => 'string')), <<'END' =~ s/\n\z//r, 'any delimiter, fields without a name of their own');
a bigint NOT NULL {key_part=1,encoding=binary}
b bytea NOT NULL {key_part=2}
key_3 text C NOT NULL {key_part=3}
key_4 text C NOT NULL {key_part=4}
cf jsonb {family=cf}
{table_name=t,"key_delimiter=\\x00"}
END
is(rows_of('SELECT * FROM t', '%00%00%00%00%00%00%00%05%00%ff%00x%00y cf:v=7'), '5|\xff|x|y|{"v": "7"}', 'is read');

is(imported(family('cf') . key_schema('ordered_code', cf => 'string', n => 'ordered_int64')), <<'END' =~ s/\n\z//r, 'ordered code, and names that families have, too');
cf text C NOT NULL {key_part=1}
n bigint NOT NULL {key_part=2,encoding=ordered}
cf_2 jsonb {family=cf}
{table_name=t,key_encoding=ordered_code}
END
is(rows_of('SELECT * FROM t', 'a%00%01%85 cf:v=7'), 'a|5|{"v": "7"}', 'is read');

is(imported(family('cf') . key_schema('singleton', id => 'ordered_int64')), <<'END' =~ s/\n\z//r, 'a key of one field');
id bigint NOT NULL {row_key=true,encoding=ordered}
cf jsonb {family=cf}
{table_name=t}
END
is(rows_of('SELECT id FROM t', '%85 cf:v=7'), '5', 'is read');

is(imported(family('cf') . key_schema('delimited', a => 'string', b => 'float'), 'a#b cf:v=1'), <<'END' =~ s/\n\z//r, 'a type that keys cannot have: the key is taken as it is');
row_key text C NOT NULL {row_key=true}
v bigint {family=cf,qualifier=v}
{table_name=t}
END

# ---- families ----

is(imported(family('hll', field(6, field(1, $types{bytes}), field(5))) . family('min', field(6, field(1, $types{int64}), field(7))) . family('n', $types{ordered_int64}) . family('s', $types{string}) . family('x'),
		'k hll:h=abc min:m=abcdefgh n:n=%80 s:s=42 x:x=42'), <<'END' =~ s/\n\z//r, 'typed families say what their columns are');
row_key text C NOT NULL {row_key=true}
h bytea {family=hll,qualifier=h}
m bigint {family=min,qualifier=m,encoding=binary}
n bigint {family=n,qualifier=n,encoding=ordered}
s text {family=s,qualifier=s}
x bigint {family=x,qualifier=x}
{table_name=t}
END

# ---- requests ----

$mock->script(
	'call ListTables', 'table t', 'call GetTable', 'raw ' . hex_of(family('cf')), 'call SampleRowKeys', (map { (sprintf('sample k%02d %d', $_, $_), 'send') } 1 .. 40), 'sample end 99', 'send',
	'call ReadRows', 'row k00 cf:v=1', 'call ReadRows');
$session->query('DROP FOREIGN TABLE t');
$session->query("IMPORT FOREIGN SCHEMA i FROM SERVER mock INTO public OPTIONS (sample_rows '32')");
my @reads = $mock->calls;
is(scalar(@reads), 16, 'a sample is taken from sixteen places');
is($reads[0]{filter}, 'chain(column_limit(1),row_limit(10000))', 'the newest cells of each column, and not too many of a row');
is($reads[0]{limit}, 3, 'each has its share, and one row more tells if there are others');
is(join(' ', map { $_->{ranges} } @reads[ 0, 1, 15 ]), '[(,k03)] [[k03,k06)] [[k39,)]', 'from end to end');

done_testing();
