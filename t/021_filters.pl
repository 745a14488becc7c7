# Every kind of row filter, as jsonb: the request has the very filter that was written.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BigtableTest;
use Test::More;

my $mock = BigtableTest::Mock->new('--family', 'cf');
my $node = start_cluster();
my $session = BigtableTest::Session->new($node);
create_server($session, 'mock', $mock->address);

# The filter as jsonb, and as the mock server's log writes what it has received.
my @filters = (
	[ '{"pass_all_filter": true}', 'all' ],
	[ '{"block_all_filter": true}', 'none' ],
	[ '{"sink": true}', 'sink' ],
	[ '{"strip_value_transformer": true}', 'strip' ],
	[ '{"row_key_regex_filter": {"$bin": "AP8="}}', 'row_key(%00%ff)' ],
	[ '{"row_sample_filter": 0.25}', 'sample(0.25)' ],
	[ '{"family_name_regex_filter": "c.*"}', 'family(c.*)' ],
	[ '{"column_qualifier_regex_filter": "größe"}', 'qualifier(gr%c3%b6%c3%9fe)' ],
	[ '{"value_regex_filter": "a|b"}', 'value_regex(a|b)' ],
	[ '{"value_bitmask_filter": {"mask": {"$bin": "8A8="}}}', 'bitmask(%f0%0f)' ],
	[ '{"column_range_filter": {"family_name": "cf", "start_qualifier_closed": "a", "end_qualifier_open": "b"}}', 'columns(cf,[a,b))' ],
	[ '{"column_range_filter": {"family_name": "cf", "start_qualifier_open": "a", "end_qualifier_closed": "b"}}', 'columns(cf,(a,b])' ],
	[ '{"column_range_filter": {"family_name": "cf"}}', 'columns(cf,(,))' ],
	[ '{"value_range_filter": {"start_value_closed": {"$bin": "AA=="}, "end_value_open": "z"}}', 'value([%00,z))' ],
	[ '{"value_range_filter": {"start_value_open": "a", "end_value_closed": ""}}', 'value((a,])' ],
	[ '{"timestamp_range_filter": {"start_timestamp_micros": 1000, "end_timestamp_micros": "1704067200000000"}}', 'timestamps([1000,1704067200000000))' ],
	[ '{"timestamp_range_filter": {"end_timestamp_micros": 2000}}', 'timestamps([,2000))' ],
	[ '{"cells_per_row_offset_filter": 3}', 'row_offset(3)' ],
	[ '{"cells_per_row_limit_filter": 2147483647}', 'row_limit(2147483647)' ],
	[ '{"cells_per_column_limit_filter": 1}', 'column_limit(1)' ],
	[ '{"apply_label_transformer": "a-1"}', 'label(a-1)' ],
	[ '{"chain": [{"pass_all_filter": true}, {"chain": {"filters": [{"block_all_filter": true}, {"sink": true}]}}]}', 'chain(all,chain(none,sink))' ],
	[ '{"interleave": [{"pass_all_filter": true}, {"block_all_filter": true}, {"pass_all_filter": true}]}', 'interleave(all,none,all)' ],
	[ '{"condition": {"predicate_filter": {"value_regex_filter": "p"}, "true_filter": {"value_regex_filter": "t"}, "false_filter": {"value_regex_filter": "f"}}}',
		'condition(value_regex(p);value_regex(t);value_regex(f))' ],
	[ '{"condition": {"predicate_filter": {"pass_all_filter": true}, "false_filter": {"block_all_filter": true}}}', 'condition(all;;none)' ]);

foreach my $filter (@filters)
{
	my ($json, $logged) = @$filter;
	$mock->script('call CheckAndMutateRow', 'matched 1');
	is($session->query(qq{SELECT bigtable_check_and_mutate('mock', 't', 'k', '$json', ARRAY[bigtable_set_cell('cf', 'q', 'v')])}), 't', $json);
	is(($mock->wait_for_done(1, 'CheckAndMutateRow'))[0]{predicate}, $logged, "is sent as $logged");
}

done_testing();
