# IMPORT FOREIGN SCHEMA of tables that Google's own command-line client has made: what is imported reads
# the bytes that this client reads, as columns and as cells. And an import that is waiting can be ended.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_cluster();
my $session = BigtableTest::Session->new($node);

# ---- waiting ----

my ($socket, $address) = blackhole();
create_server($session, 'stalled', $address);
$session->query('CREATE SCHEMA stalled');
my $import = 'IMPORT FOREIGN SCHEMA i FROM SERVER stalled INTO stalled';
$session->query('SET statement_timeout = 200');
fails_with($session, $import, '57014', qr/statement timeout/, 'statement_timeout');
$session->query('RESET statement_timeout');
$session->pid;
my $observer = BigtableTest::Session->new($node);
prompt('a cancel of an import', sub {
	$session->send($import);
	wait_for_wait($observer, $session);
	my $begin = now();
	$observer->query('SELECT pg_cancel_backend(' . $session->pid . ')');
	$session->finish;
	return now() - $begin;
});

# ---- rights ----

$session->query('CREATE ROLE nobody');
$session->query('GRANT ALL ON SCHEMA stalled TO nobody');
$session->query('SET ROLE nobody');
fails_with($session, $import, '42501', qr/permission denied for foreign server stalled/, 'USAGE on the server is needed');
$session->query('RESET ROLE');

# ---- tables of cbt ----

SKIP:
{
	skip 'there is no cbt to compare with', 1 if !grep { -x "$_/cbt" } split /:/, $ENV{PATH};

	my $emulator = BigtableTest::Emulator->new;
	create_server($session, 'bt', $emulator->address);
	$session->query("SET timezone = 'UTC'");
	local $ENV{BIGTABLE_EMULATOR_HOST} = $emulator->address;

	# How the values of a column are written, one for each of twelve rows; and the type that it gets.
	my %columns = (
		'info:name' => [ sub { "größe 日本 $_[0]" }, 'text' ],
		'info:zip' => [ sub { sprintf '%05d', $_[0] }, 'text' ],
		'info:age' => [ sub { $_[0] - 5 }, 'bigint' ],
		'info:price' => [ sub { sprintf '%.2f', $_[0] / 7 }, 'numeric' ],
		'info:vip' => [ sub { $_[0] % 2 ? 'true' : 'false' }, 'boolean' ],
		'info:born' => [ sub { sprintf '2024-02-%02d', $_[0] }, 'date' ],
		'info:seen' => [ sub { sprintf '2024-02-29T12:00:%02dZ', $_[0] }, 'timestamp with time zone' ],
		'info:id' => [ sub { sprintf '00000000-0000-0000-0000-%012x', $_[0] }, 'uuid' ],
		'info:doc' => [ sub { qq({"a": [$_[0], "ü"]}) }, 'jsonb' ],
		'info:hex' => [ sub { unpack 'H*', "\x01\xff" . chr $_[0] }, 'text' ],
		'info:base64' => [ sub { 'AQ' . chr(65 + $_[0]) . '=' }, 'text' ],
		'bin:bytes' => [ sub { "\xff\xfe" . chr($_[0]) }, 'bytea' ],
		'bin:int4' => [ sub { pack 'l>', $_[0] }, 'bytea' ],
		'bin:counter' => [ sub { pack 'q>', $_[0] * 100 - 500 }, 'bigint' ],
		'bin:double' => [ sub { pack 'd>', $_[0] / 4 - 1 }, 'bytea' ],
		"bin:\xff\xfe" => [ sub { 'binary qualifier' }, 'text' ]);
	my @names = sort keys %columns;

	my $csv = PostgreSQL::Test::Utils::tempdir() . '/shop.csv';
	append_to_file($csv, csv('', families(@names)) . csv('', map { /^.*?:(.*)/s; $1 } @names));
	foreach my $i (1 .. 12)
	{
		append_to_file($csv, csv(key($i), map { $columns{$_}[0]->($i) . '@1700000000000000' } @names));
	}
	cbt('createtable', 'shop', 'families=info:never,bin:never,sums:never:intsum');
	cbt('createtable', 'no-families');
	cbt('import', 'shop', $csv, 'timestamp=value-encoded');
	cbt('set', 'shop', key(1), 'info:name=newer@1800000000000000');
	cbt('addtocell', 'shop', key(1), 'sums:n=12345@0');
	$columns{'sums:n'} = [ undef, 'bigint' ];
	push @names, 'sums:n';

	$session->query('CREATE SCHEMA c');
	$session->query('IMPORT FOREIGN SCHEMA i FROM SERVER bt INTO c');
	my $cells = read_by_cbt('shop');

	foreach my $column (@names)
	{
		my ($family, $qualifier) = split /:/, $column, 2;
		my $name = $qualifier =~ /^\w+$/a ? $qualifier : $family . '_' . unpack('H*', $qualifier);
		my $type = $session->query("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'c.shop'::regclass AND attname = '$name'");
		is($type, $columns{$column}[1], "the type of $name");
		my $encoded = $session->query("SELECT string_agg(row_key || ' ' || encode(" . encoded($name, $type) . ", 'hex'), ',' ORDER BY row_key) FROM c.shop WHERE \"$name\" IS NOT NULL");
		my %latest;
		$latest{ $_->{key} } //= unpack 'H*', $_->{value} foreach grep { $_->{column} eq $column } @$cells;
		is($encoded, join(',', map { "$_ $latest{$_}" } sort keys %latest), "the values of $name");
	}
	is($session->query('SELECT count(*) FROM c."no-families"'), '0', 'a table without families');

	$session->query('CREATE SCHEMA d');
	$session->query("IMPORT FOREIGN SCHEMA i LIMIT TO (shop) FROM SERVER bt INTO d OPTIONS (style 'cells')");
	my $imported = $session->query(q{SELECT string_agg(concat_ws(' ', row_key, family, encode(qualifier, 'hex'), (extract(epoch FROM "timestamp") * 1000000)::bigint, encode(value, 'hex')), ','
		ORDER BY row_key, family, qualifier, "timestamp" DESC) FROM d.shop});
	my $read = join ',', map { join ' ', $_->{key}, (split /:/, $_->{column})[0], unpack('H*', (split /:/, $_->{column}, 2)[1]), $_->{time}, unpack('H*', $_->{value}) }
	  sort { $a->{key} cmp $b->{key} || $a->{column} cmp $b->{column} || $b->{time} <=> $a->{time} } @$cells;
	is($imported, $read, 'all cells');
	is(scalar(@$cells), 12 * (@names - 1) + 2, 'as many as were written');
}

done_testing();

sub key
{
	my ($i) = @_;
	return sprintf 'row#%02d', $i;
}

# The families of columns, each where it begins.
sub families
{
	my $last = '';
	return map { my ($family) = /^(.*?):/; my $new = $family ne $last; $last = $family; $new ? $family : '' } @_;
}

# A line of a CSV file.
sub csv
{
	my @fields = @_;
	s/"/""/g foreach @fields;
	return join(',', map { qq("$_") } @fields) . "\n";
}

sub cbt
{
	my @arguments = @_;
	my ($out, $err) = run_command([ 'cbt', '-project', 'p', '-instance', 'i', @arguments ]);
	$err =~ s/^.*(?:-creds flag unset|Writing batch|Done importing).*\n?//gm;
	die "cbt @arguments: $err" if $err ne '';
	return $out;
}

# An expression of the bytes that a column was made of.
sub encoded
{
	my ($name, $type) = @_;
	return qq("$name") if $type eq 'bytea';
	return qq(int8send("$name")) if $name eq 'counter' || $name eq 'n';
	return qq(convert_to(to_char("$name", 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'UTF8')) if $type =~ /^timestamp/;
	return qq(convert_to("$name"::text, 'UTF8'));
}

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

# All cells of a table, the newest of each column first.
sub read_by_cbt
{
	my ($table) = @_;
	my (@cells, $key, %cell);
	foreach my $line (split /\n/, cbt('read', $table))
	{
		if ($line =~ /^-+$/) { $key = undef; }
		elsif ($line =~ /^  (\S+?)\s+\@ (\S+)$/) { %cell = (key => $key, column => $1, time => micros($2)); }
		elsif ($line =~ /^    "(.*)"$/s) { push @cells, { %cell, value => unquote($1) }; }
		elsif (!defined $key) { $key = $line; }
	}
	return \@cells;
}

# Of YYYY/MM/DD-HH:MM:SS.FFFFFF.
sub micros
{
	my ($time) = @_;
	my ($date, $clock, $fraction) = $time =~ m{^(\d+/\d+/\d+)-(\d+:\d+:\d+)\.(\d{6})$} or die "time $time";
	require Time::Local;
	my ($year, $month, $day) = split m{/}, $date;
	my ($hour, $minute, $second) = split /:/, $clock;
	return Time::Local::timegm($second, $minute, $hour, $day, $month - 1, $year) * 1_000_000 + $fraction;
}
