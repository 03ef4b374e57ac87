# Two databases with the extension in one cluster: answers, ledger and usage are each one's own,
# what is known about providers is everybody's, and one can go while the other calls.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('two', cache => 1, breaker => 1);
my $node = $t->node;
my $url = $t->url('/compat/v1');

sub in_db { my ($db, $sql) = @_; return $node->safe_psql($db, $sql); }
sub session_in { return $t->session(dbname => $_[0]); }
sub requests { return $t->counter($_[0], 'requests'); }
sub stat_of { return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$_[0]'"); }

# A database with the extension, one provider and these models (NAME => PROVIDER'S ID ..).
sub database
{
	my ($db, %models) = @_;
	$t->sql("CREATE DATABASE $db");
	in_db($db, qq{CREATE EXTENSION ai_router;
		CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url '$url');
		CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sandbox-key');
		INSERT INTO ai_router.rules (name) VALUES ('default')});
	in_db($db, "INSERT INTO ai_router.models (name, server, model) VALUES ('$_', 'p', '$models{$_}')") for sort keys %models;
	return;
}

my %models = (good => 'good', shaky => 'shaky', slow => 'slow--lat-20', held => 'held--lat-600');
database('a', %models);
database('b', %models);

# Answers: each database buys its own, and forgets its own.
my $ask = q{SELECT ai_complete('Echo: the same words', '{"model": "good"}')};
my $answer = in_db('a', $ask);
is(requests('good'), 1, 'a has bought an answer');
is(in_db('a', $ask), $answer, 'it is there for all of a');
is(requests('good'), 1, 'without a request');
is(in_db('b', $ask), $answer, 'b asks the same');
is(requests('good'), 2, 'and buys its own');
is(in_db('b', 'SELECT ai_router.cache_clear()'), 1, 'b forgets its own');
in_db('a', $ask);
is(requests('good'), 2, 'a keeps its');
in_db('b', $ask);
is(requests('good'), 3, 'b buys again');

# Equal calls under way are equal within a database.
my $held = q{SELECT ai_complete('Echo: held', '{"model": "held"}')};
my @held = map { session_in($_) } qw(a a b b);
$_->send($held) for @held;
is($_->wait->{rows}[0][0], 'held', 'an answer') for @held;
is(requests('held--lat-600'), 2, 'one request for each database');

# The ledger: its own rows in each, ids of one sequence.
my $n = 40;
my %busy = map { $_ => session_in($_) } qw(a b);
$busy{$_}->send(qq{SELECT count(ai_complete('Echo: $_ ' || i, '{"model": "slow", "task": "$_"}')) FROM generate_series(1, $n) i}) for qw(a b);
is($busy{$_}->wait->{rows}[0][0], $n, "$_ calls") for qw(a b);
for my $db (qw(a b))
{
	my $other = $db eq 'a' ? 'b' : 'a';
	ok($t->until_true(sub { in_db($db, "SELECT count(*) FROM ai_router.calls WHERE task = '$db'") == $n }, 20), "$db: its calls");
	is(in_db($db, "SELECT count(*) FROM ai_router.attempts JOIN ai_router.calls USING (call_id) WHERE task = '$db'"), $n, "$db: its attempts");
	is(in_db($db, "SELECT count(*) FROM ai_router.calls WHERE task = '$other'"), 0, "$db: nothing of $other");
	in_db($db, qq{SELECT ai_complete('Echo: $db 1', '{"model": "slow", "task": "hit of $db"}')});
	ok($t->until_true(sub { in_db($db, "SELECT sum(cached) FROM ai_router.usage WHERE task = 'hit of $db'") == 1 }, 20), "$db: its hit");
	is(in_db($db, "SELECT count(*) FROM ai_router.usage WHERE task IN ('$other', 'hit of $other')"), 0, "$db: no usage of $other");
}
is(requests('slow--lat-20'), 2 * $n, 'as many as the provider saw');
is(in_db('postgres', 'SELECT count(*) FROM ai_router.calls'), 0, 'nothing in a third database');
my @ids = map { split /\n/, in_db($_, 'SELECT call_id FROM ai_router.calls') } qw(a b);
my %seen = map { $_ => 1 } @ids;
is(scalar keys %seen, scalar @ids, 'no id in both');

# Counters are the cluster's.
is(stat_of('calls'), scalar @ids, 'stats counts both');
is(stat_of('attempts'), requests(undef), 'each request');

# Health is the cluster's: a breaker that a's failures opened spares b the request.
# All five are sent before the first one fails, and the provider's word keeps the breaker open for as long as it takes.
$t->behave('shaky', status => 503, lat => 100, retry => 60);
my $fail = q{SELECT count(x) FROM (SELECT ai_call('Echo: ' || i, '{"model": "shaky", "retries": 0, "timeout_ms": 5000}') FROM generate_series(1, 8) i OFFSET 0) x};
in_db('a', $fail);
is(in_db('b', q{SELECT breaker FROM ai_router.model_health WHERE model = 'shaky'}), 'open', 'b sees the breaker that a opened');
my $before = requests('shaky');
cmp_ok($before, '<=', 5, 'which took five failures');
is((session_in('b')->query(q{SELECT ai_complete('Echo: b', '{"model": "shaky", "retries": 0, "timeout_ms": 5000}')}))->{error}{C}, 'RT002', 'b fails');
is(requests('shaky'), $before, 'without a request');
is(in_db('a', q{SELECT count(*) FROM ai_router.model_health WHERE model = 'good'}), 1, 'one entry for the good model of both');
is(in_db('a', q{SELECT requests FROM ai_router.model_health WHERE model = 'good'}), requests('good'), 'with the requests of both');
$t->behave('shaky');
in_db('b', 'SELECT ai_router.health_reset()');
is(in_db('a', q{SELECT ai_complete('Echo: well', '{"model": "shaky"}')}), 'well', 'reset in b holds in a');

# A database goes right after its calls, while the other one calls.
my $calls = q{SELECT count(ai_complete('Echo: go ' || i, '{"model": "slow", "task": "go"}')) FROM generate_series(1, 100) i};
$busy{a}->send($calls);
$_->quit for @held[2, 3], $busy{b};
database('c', good => 'good');
my $s = session_in('c');
$s->value(q{SELECT count(ai_complete('Echo: c ' || i, '{"model": "good"}')) FROM generate_series(1, 20) i});
$s->value(q{SELECT count(ai_complete('Echo: c ' || i, '{"model": "good"}')) FROM generate_series(1, 20) i});
$s->quit;
# It waits for the writer for five seconds, and fails if that has not gone then.
is(eval { $t->sql('DROP DATABASE c'); 'gone' }, 'gone', 'DROP DATABASE right after calls') or diag $@;
is($busy{a}->wait->{rows}[0][0], 100, 'the other one goes on');
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 20), 'and the spool keeps nothing of it');
is(in_db('a', q{SELECT count(*) FROM ai_router.calls WHERE task = 'go'}), 100, 'rows of the other one are all there');

# The extension goes in one database, calls under way and all, while the other one calls.
my $goer = session_in('b');
$goer->send(q{SELECT count(ai_complete('Echo: gone ' || i, '{"model": "held"}')) FROM generate_series(1, 20) i});
ok($t->wait_for('held--lat-600', 'requests', 3), 'b calls');
$busy{a}->send(q{SELECT count(ai_complete('Echo: stay ' || i, '{"model": "slow", "task": "stay"}')) FROM generate_series(1, 100) i});
in_db('b', 'DROP EXTENSION ai_router CASCADE');
my $r = $goer->wait;
ok($r->{error} || $r->{rows}[0][0] == 20, 'what was under way in b ends: ' . ($r->{error} ? $r->{error}{M} : 'well'));
is($goer->query(q{SELECT ai_complete('x')})->{error}{C}, '42883', 'then the function is gone');
is($busy{a}->wait->{rows}[0][0], 100, 'a goes on');
ok($t->until_true(sub { in_db('a', q{SELECT count(*) FROM ai_router.calls WHERE task = 'stay'}) == 100 }, 20), 'with all its rows');
# What b's last calls left is for whatever ledger the writer finds.
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }), 'nothing waits for a table that has gone');
in_db('b', 'CREATE EXTENSION ai_router');
is(in_db('b', 'SELECT count(*) FROM ai_router.calls'), 0, 'b can begin again');
is(stat_of('spool_refused'), 0, 'no call lacked space');

done_testing();
