# ai_router.usage: what was asked is what the provider was asked plus what the cache answered,
# over sessions, roles, restarts and databases.  Calls are counted by the sandbox provider.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('usage', cache => 1, conf => "ai_router.spool_size = '128kB'\nmax_connections = 40\n");
my $node = $t->node;
$t->models_at_p(good => 'good', slow => 'slow--lat-700', slower => 'slower--lat-30');
$t->sql(q(UPDATE ai_router.models SET input_price = 1, output_price = 2));
$t->sql(q(CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE watch LOGIN IN ROLE pg_monitor;
	GRANT USAGE ON FOREIGN SERVER p TO ann, bob));

sub requests { return $t->counter($_[0], 'requests'); }
sub usage { my ($what, $where, %opt) = @_; return $t->sql("SELECT $what FROM ai_router.usage WHERE $where", %opt); }
sub stat_of { return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$_[0]'"); }
sub cached { my $where = shift; return usage('coalesce(sum(cached), 0)', $where); }

my @sessions = map { $t->session(user => $_) } qw(ann ann ann bob bob);

# Wait for so many calls in usage; then it must be as many and not more.
sub adds_up
{
	my ($where, $model, $asked, $what) = @_;
	# A session that found half of the spool taken, as on a busy machine, tells with its next statement.
	ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 20), "$what: the spool is empty");
	$_->value('SELECT 1') for @sessions;
	ok($t->until_true(sub { usage('coalesce(sum(calls + cached), 0)', $where) >= $asked }, 20), "$what: all arrive");
	is(usage('sum(calls)', $where), requests($model), "$what: calls are the provider's");
	is(cached($where), $asked - requests($model), "$what: the rest is cached");
	return;
}

# Several sessions and roles, 100 prompts, each asked by everybody, some at the same time.
my $many = q{SELECT count(ai_complete('Echo: ' || i % 100, '{"model": "good", "task": "many"}')) FROM generate_series(1, 1000) i};
$_->send($many) for @sessions;
is($_->wait->{rows}[0][0], 1000, 'a session') for @sessions;
adds_up("task = 'many'", 'good', 5000, 'five sessions');
is(requests('good'), 100, 'each prompt was bought once');
is(usage('sum(calls + cached)', "task = 'many' AND role = 'ann'"), 3000, 'what ann asked');
is(usage('sum(calls + cached)', "task = 'many' AND role = 'bob'"), 2000, 'what bob asked');
is(usage('sum(saved)', "task = 'many'"), $t->sql(q{SELECT sum(c.cost) * 49 FROM ai_router.calls c WHERE task = 'many'}), 'what was saved is what it would have cost');

# Equal prompts at once: duplicates of a statement and of others, which wait for one answer.
my $equal = q{SELECT cardinality(ai_complete(array_fill('Echo: equal'::text, ARRAY[20]), '{"model": "slow", "task": "equal"}'))};
$_->send($equal) for @sessions;
is($_->wait->{rows}[0][0], 20, 'answers') for @sessions;
adds_up("task = 'equal'", 'slow--lat-700', 100, 'equal calls under way');
is(requests('slow--lat-700'), 1, 'one request');

# While a statement runs, its hits appear; an error in it changes nothing.
my $s = $t->session;
$s->value(q{SELECT ai_complete('Echo: long', '{"model": "good"}')});
$s->send(q{SELECT count(ai_complete('Echo: long' || left(i::text, 0), '{"model": "good", "task": "long"}') || pg_sleep(0.05)) FROM generate_series(1, 10000) i});
ok($t->until_true(sub { cached("task = 'long'") > 0 }, 60), 'hits of a statement that runs');
is($t->sql('SELECT state FROM pg_stat_activity WHERE pid = ' . $s->pid), 'active', 'which still runs');
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
is($s->wait->{error}{C}, '57014', 'cancelled');
# Hits, then calls that take long: the engine hands them over.
$s->query('SET ai_router.max_concurrency = 1');
$s->send(q{SELECT count(ai_complete('Echo: ' || CASE WHEN i < 50 THEN 'long' ELSE 'new ' || i END,
	ai_hints(model => CASE WHEN i < 50 THEN 'good' ELSE 'slower' END, task => CASE WHEN i < 50 THEN 'first' ELSE 'then' END)))
	FROM generate_series(1, 10000) i});
ok($t->until_true(sub { cached("task = 'first'") == 49 }, 60), 'hits before slow calls');
is($t->sql('SELECT state FROM pg_stat_activity WHERE pid = ' . $s->pid), 'active', 'which are still made');
$t->sql('SELECT pg_cancel_backend(' . $s->pid . ')');
$s->wait;

# Terminated in the middle: what it had counted is told.
$s = $t->session;
$s->value(q{CREATE SEQUENCE asked});
$s->send(q{SELECT count(ai_complete('Echo: long' || left(i::text, 0), '{"model": "good", "task": "terminated"}')), sum(nextval('asked')) FROM generate_series(1, 10000000) i});
ok($t->until_true(sub { $t->sql('SELECT last_value FROM asked') > 1000 }, 20), 'it counts');
$t->sql('SELECT pg_terminate_backend(' . $s->pid . ')');
ok($s->wait->{closed}, 'terminated');
my $asked = $t->sql('SELECT last_value FROM asked');
ok($t->until_true(sub { cached("task = 'terminated'") >= $asked }, 20), 'hits of a terminated session');
cmp_ok(cached("task = 'terminated'"), '<=', $asked + 1, 'no more than it asked');

# No writer for a while: it is counted on, and told later; a clean restart loses none.
my $locker = $t->session;
$locker->query('BEGIN');
$locker->query('LOCK ai_router.hits');
$s = $t->session;
my $start = AiRouterSession::now();
$s->value(q{SELECT ai_complete('Echo: long', '{"model": "good", "task": "locked"}')}) for 1 .. 2000;
# A single wait for space is five seconds, for each of the hundreds of hits for which there is none.
cmp_ok(AiRouterSession::now() - $start, '<', 60, 'hits do not wait for space');
my ($size, $used) = (stat_of('spool_bytes'), stat_of('spool_bytes_used'));
cmp_ok($used, '>', $size / 3, 'though much waits in the spool');
cmp_ok($used, '<=', $size / 2 + 1024, 'of which hits leave half to calls');
$node->stop('fast');
$t->start;
ok($t->until_true(sub { cached("task = 'locked'") >= 2000 }, 20), 'a clean restart loses no hits');
is(cached("task = 'locked'"), 2000, 'nor counts any twice');
is(stat_of('rows_dropped'), 0, 'nothing was dropped');

# The session that had to wait tells later by itself.
$locker = $t->session;
$locker->query('BEGIN');
$locker->query('LOCK ai_router.hits');
$s = $t->session;
$s->value(q{SELECT ai_complete('Echo: long', '{"model": "good", "task": "bought"}')});
$s->value(q{SELECT ai_complete('Echo: long', '{"model": "good", "task": "later"}')}) for 1 .. 1000;
$locker->query('ROLLBACK');
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 20), 'the spool is empty again');
$s->value(q{SELECT 1});
ok($t->until_true(sub { cached("task = 'later'") >= 1000 }, 20), 'the next statement tells the rest');
is(cached("task = 'later'"), 1000, 'all of it');

# Who sees what.
is(usage('string_agg(DISTINCT role, $$ $$)', "task = 'many'", extra_params => [ '-U', 'ann' ]), 'ann', 'a role sees its own');
is(usage('sum(calls + cached)', "task = 'many'", extra_params => [ '-U', 'ann' ]), 3000, 'all of it');
is($t->sql('SELECT string_agg(DISTINCT role, $$ $$) FROM ai_router.hits', extra_params => [ '-U', 'bob' ]), 'bob', 'in the table, too');
is(usage('sum(calls + cached)', "task = 'many'", extra_params => [ '-U', 'watch' ]), 5000, 'pg_monitor sees numbers of all');
is($t->sql('SELECT count(*) FROM ai_router.hits', extra_params => [ '-U', 'watch' ]), 0, 'by the view');

# Retention: days that have passed go, today stays.
$t->sql(q(UPDATE ai_router.hits SET day = day - 100 WHERE task = 'later'));
$node->restart;
$s = $t->session;
$s->value(q{SELECT ai_complete('Echo: hit', '{"model": "good", "task": "retention"}')}) for 1, 2;
ok($t->until_true(sub { cached("task = 'later'") == 0 }, 20), 'old days go');
is(cached("task = 'locked'"), 2000, 'others stay');

# Dump and restore.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
ok($t->until_true(sub { cached("task = 'retention'") == 1 }, 20), 'all is written');
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
$t->sql('CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restored');
is($node->safe_psql('restored', 'TABLE ai_router.usage ORDER BY 1, 2, 3, 4, 5'), $t->sql('TABLE ai_router.usage ORDER BY 1, 2, 3, 4, 5'), 'with the same usage');
$s = $t->session(dbname => 'restored');
$s->value(q{SELECT ai_complete('Echo: there', '{"model": "good", "task": "retention"}')}) for 1 .. 3;
ok($t->until_true(sub { $node->safe_psql('restored', q{SELECT sum(cached) FROM ai_router.usage WHERE task = 'retention'}) == 3 }, 20), 'which counts on');
is(cached("task = 'retention'"), 1, 'for itself');

done_testing();
