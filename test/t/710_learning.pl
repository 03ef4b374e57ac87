# Learning from outcomes: feedback on calls, whose it may be, what it is kept without, and what becomes of
# predictors in other sessions, after a restart, in another database and when a training is cancelled.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(usleep);
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('learning');
my $node = $t->node;

$t->models_at_p(cheap => 'cheap', dear => 'dear');
$t->sql(q(
UPDATE ai_router.models SET input_price = 1, output_price = 5, rank = 20 WHERE name = 'cheap';
UPDATE ai_router.models SET input_price = 100, output_price = 500, rank = 10 WHERE name = 'dear';
UPDATE ai_router.rules SET models = '{dear,cheap}', strategy = 'learned', options = '{"tolerance": 0.15}';
CREATE ROLE alice LOGIN;
CREATE ROLE bob LOGIN;
CREATE ROLE boss LOGIN;
GRANT alice TO boss;
GRANT USAGE ON FOREIGN SERVER p TO alice, bob;
));

my $alice = $t->session(user => 'alice');
my $bob = $t->session(user => 'bob');
my $boss = $t->session(user => 'boss');
sub call_id { my ($s, $prompt, $hints) = @_; return $s->value(qq(SELECT call_id FROM ai_call('$prompt', '$hints'))); }
sub call_by { my ($s, $prompt) = @_; return call_id($s, $prompt, '{"model": "cheap"}'); }
sub example { my $id = shift; return $t->sql("SELECT model, score, source, task, prompt, features IS NOT NULL FROM ai_router.examples WHERE call_id = $id"); }
sub refused
{
	my ($s, $sql, $state, $hint, $what) = @_;
	my $e = $s->query($sql)->{error};
	is($e->{C}, $state, "$what: refused");
	like($e->{H} // '', $hint, "$what: with a hint");
	return;
}

# Right after a call its row is still on its way, even while the ledger is locked.
my $id = call_by($alice, 'Echo: a');
is($alice->query("SELECT ai_feedback($id, 1)")->{error}, undef, 'feedback right after the call');
is(example($id), 'cheap|1|feedback|||t', 'becomes an example without the prompt');
is($t->sql("SELECT e.features = c.features FROM ai_router.examples e JOIN ai_router.calls c USING (call_id)"), 't', 'with the features of the call');
is($t->sql("SELECT features = ai_router.prompt_features('Echo: a') FROM ai_router.examples"), 't', 'which are those of its prompt');
for my $i (1 .. 20)
{
	$alice->query(qq(DO \$\$ BEGIN PERFORM ai_complete('Echo: b $i', '{"model": "cheap"}'); PERFORM ai_feedback(ai_last_call_id(), 0.5); END \$\$));
}
is($t->sql(q(SELECT count(*) FROM ai_router.examples WHERE score = 0.5)), 20, 'in the same statement, over and over');
my $locker = $t->session;
$locker->query('BEGIN'); $locker->query('LOCK ai_router.calls IN SHARE MODE');
$id = call_id($alice, 'Echo: late', '{"model": "cheap", "task": "t"}');
$alice->send("SELECT ai_feedback($id, 1)");
usleep(300_000);
ok($alice->busy, 'waits for a row that cannot be written yet');
$locker->query('COMMIT');
is($alice->wait->{error}, undef, 'and gets it');
is(example($id), 'cheap|1|feedback|t||t', 'with its task');

# Such a wait can be cancelled.
$locker->query('BEGIN'); $locker->query('LOCK ai_router.calls IN SHARE MODE');
$id = call_by($alice, 'Echo: cancelled');
cmp_ok($t->quickest(0.5, sub {
	$alice->send("SELECT ai_feedback($id, 1)");
	$t->until_true(sub { $t->sql('SELECT state FROM pg_stat_activity WHERE pid = ' . $alice->pid) eq 'active' });
	my $begin = AiRouterSession::now();
	$t->sql('SELECT pg_cancel_backend(' . $alice->pid . ')');
	is($alice->wait->{error}{C}, '57014', 'a wait is cancelled');
	return AiRouterSession::now() - $begin;
}), '<', 0.5, 'soon');
$locker->query('COMMIT');
is($alice->value('SELECT current_user'), 'alice', 'who asks stays who it is');

# The last word counts.
is($alice->query("SELECT ai_feedback($id, 1)")->{error}, undef, 'a word');
is($alice->query("SELECT ai_feedback($id, 0.25)")->{error}, undef, 'another one');
is(example($id), 'cheap|0.25|feedback|||t', 'the last word counts');

# After a dump was restored, ids begin anew: what was said of an earlier call of that number stays as it was.
$t->sql("UPDATE ai_router.examples SET at = at - interval '1 day', model = 'dear', score = 0 WHERE call_id = $id");
is($alice->query("SELECT ai_feedback($id, 0.25)")->{error}, undef, 'a word on a call whose number was there before');
is(example($id), 'cheap|0.25|feedback|||t', 'is about this call');
is($t->sql("SELECT count(*) FROM ai_router.examples WHERE model = 'dear' AND score = 0 AND call_id IS NULL"), 1, 'and leaves the other outcome as it was');

# Whose calls.
refused($bob, "SELECT ai_feedback($id, 0)", 'P0002', qr/ai_router\.calls/, q(another role's call));
is(example($id), 'cheap|0.25|feedback|||t', 'and nothing is changed');
is($boss->query("SELECT ai_feedback($id, 0.75)")->{error}, undef, 'a role that has the rights of the one who called');
my $admin = $t->session;
is($admin->query("SELECT ai_feedback($id, 0.5)")->{error}, undef, 'a superuser judges any call');
is(example($id), 'cheap|0.5|feedback|||t', 'and is the last word');
refused($alice, 'SELECT ai_feedback(-1, 0)', 'P0002', qr/ai_last_call_id/, 'no such call');
refused($alice, "SELECT ai_feedback($id, '$_')", '22003', qr/0: useless, 1: right/, "score $_") for ('1.01', '-0.01', 'NaN', 'Infinity');
is($alice->query('SELECT ai_feedback(NULL, 1), ai_feedback(1, NULL)')->{error}, undef, 'NULL says nothing');

# Roles without any right on the tables.
is($bob->query(q(INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', 1)))->{error}{C}, '42501', 'a role inserts no examples');
is($bob->query(q(SELECT * FROM ai_router.examples))->{error}{C}, '42501', 'and reads none');
is($bob->query(q(UPDATE ai_router.predictors SET enabled = false))->{error}{C}, '42501', 'and changes no predictors');
is($bob->query(q(SELECT * FROM ai_router.train()))->{error}{C}, '42501', 'and trains nothing');
$id = call_by($bob, 'Echo: c');
is($bob->query("SELECT ai_feedback($id, 1)")->{error}, undef, 'but gives feedback');
is(example($id), 'cheap|1|feedback|||t', 'that is kept');
# A trap in the role's search path is not taken.
$t->sql('CREATE SCHEMA trap; GRANT ALL ON SCHEMA trap TO bob');
$bob->query($_) for 'SET search_path = trap, pg_catalog', 'CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION $m$sprung as %$m$, current_user; END $$';
is($bob->query("SELECT public.ai_feedback($id, 0.5)")->{error}, undef, 'whatever the search path');
is($bob->value('SHOW search_path'), 'trap, pg_catalog', 'which stays');
$bob->query('RESET search_path');
# A failed word leaves the role as it was.
$bob->query(q(BEGIN)); $bob->query(q(SAVEPOINT a));
$admin->query('BEGIN'); $admin->query("SELECT FROM ai_router.examples WHERE call_id = $id FOR UPDATE");
$bob->query(q(SET LOCAL lock_timeout = '50ms'));
is($bob->query("SELECT ai_feedback($id, 1)")->{error}{C}, '55P03', 'a word that fails while it is written');
$bob->query('ROLLBACK TO a');
is($bob->value('SELECT current_user'), 'bob', 'leaves the role what it was');
is($bob->query('TABLE ai_router.examples')->{error}{C}, '42501', 'with the rights it had');
$bob->query('ROLLBACK'); $admin->query('COMMIT');
# A transaction that is rolled back said nothing.
$bob->query('BEGIN'); $bob->query("SELECT ai_feedback($id, 0)"); $bob->query('ROLLBACK');
is(example($id), 'cheap|0.5|feedback|||t', 'rolled back');
is($bob->query("BEGIN READ ONLY; SELECT ai_feedback($id, 0); COMMIT")->{error}{C}, '25006', 'read only');
$bob->query('ROLLBACK');

# What is kept of a prompt.
$admin->query('SET ai_router.log_features = off');
$id = call_by($admin, 'Echo: unseen');
refused($admin, "SELECT ai_feedback($id, 1)", '55000', qr/ai_router\.log_features/, 'nothing was kept');
is(example($id), '', 'and is no example');
$admin->query('SET ai_router.log_prompts = on');
$id = call_by($admin, 'Echo: prompt only');
is($admin->query("SELECT ai_feedback($id, 1)")->{error}, undef, 'the prompt alone');
is(example($id), 'cheap|1|feedback||Echo: prompt only|f', 'is kept');
$admin->query('RESET ai_router.log_features');
$id = call_by($admin, 'Echo: both');
is($admin->query("SELECT ai_feedback($id, 1)")->{error}, undef, 'prompt and features');
is(example($id), 'cheap|1|feedback||Echo: both|t', 'are kept');
$admin->query('RESET ai_router.log_prompts');

# Learned from feedback alone, without one prompt stored: the dear one answers what the cheap one cannot.
$t->sql('TRUNCATE ai_router.examples');
my $world = q(SELECT CASE WHEN i % 2 = 0 THEN 'Write a poem about ' ELSE 'Prove the theorem of ' END || md5(i::text) AS prompt, i % 2 = 0 AS poem, m AS model
  FROM generate_series(1, 150) i, unnest('{cheap,dear}'::text[]) m);
my $r = $alice->query(qq(CREATE TEMP TABLE world AS SELECT *, row_number() OVER () AS n FROM ($world) x));
$r = $alice->query(q(CREATE TEMP TABLE judged AS SELECT w.*, c.call_id FROM world w, ai_call(w.prompt, jsonb_build_object('model', w.model)) c));
is($r->{error}, undef, 'calls') or diag($r->{error}{M});
$r = $alice->query(q(SELECT count(ai_feedback(call_id, CASE WHEN (poem OR model = 'dear') = (n % 23 <> 0) THEN 1 ELSE 0 END)) FROM judged));
is($r->{error}, undef, 'and a word on each') or diag($r->{error}{M});
is($t->sql(q(SELECT count(*), count(prompt), count(features) FROM ai_router.examples)), '300|0|300', 'examples without prompts');
my @choices = ('Write a poem about the sea', 'Prove the theorem of Pythagoras');
my $route = sub { my ($s) = @_; return join ',', map { $s->value("SELECT model FROM ai_route('$_') WHERE rank = 1") } @choices; };
is($route->($alice), 'dear,dear', q(the rule's order before training));
is($t->sql(q(SELECT DISTINCT version, verdict ~ '^in use' FROM ai_router.train())), '1|t', 'trained');
is($route->($alice), 'cheap,dear', 'another session chooses by it at its next call');
$t->reset;
$alice->value("SELECT ai_complete('$_')") for @choices;
is($t->counter('cheap', 'requests') . $t->counter('dear', 'requests'), '11', 'and the provider sees so');
$t->sql('UPDATE ai_router.predictors SET enabled = false');
is($route->($alice), 'dear,dear', 'rolled back, in the other session too');
$t->sql('UPDATE ai_router.predictors SET enabled = true');
my $why = q(SELECT string_agg(concat_ws(' ', r.rank, r.model, r.reason), '; ' ORDER BY p, r.rank) FROM unnest(ARRAY['Write a poem about love', 'Prove the theorem of Gauss', '']) p, ai_route(p) r);
my $before = $t->sql($why);
like($before, qr/predicted success/, 'predictions in words');

# Trainings wait for each other: the first writes a version, the others are no better.
$t->sql('TRUNCATE ai_router.predictors');
my @trainers = map { $t->session } 1 .. 3;
$_->send('SELECT version FROM ai_router.train()') for @trainers;
my @answers = map { $_->wait } @trainers;
is((grep { $_->{error} } @answers), 0, 'trained at once');
is($t->sql('SELECT count(*), max(version) FROM ai_router.predictors'), '1|1', 'one version is written');
$admin->query('BEGIN');
$admin->query('SELECT * FROM ai_router.train()');
is($t->sql(q(SET lock_timeout = '1s'; UPDATE ai_router.predictors SET enabled = true; SELECT ai_complete('Echo: on'))), 'on', 'calls and a way back do not wait for a training');
$admin->query('ROLLBACK');
is($t->sql($why), $before, 'the same examples give the same predictor');

# Who may train is for an administrator to say.
$t->sql(q(GRANT EXECUTE ON FUNCTION ai_router.train(text), ai_router.prompt_features(text) TO bob; GRANT SELECT ON ai_router.predictors TO bob));
is($bob->query('SELECT * FROM ai_router.train()')->{error}{C}, '42501', 'the functions alone are not enough');
$t->sql(q(GRANT SELECT ON ai_router.examples, ai_router.models TO bob; GRANT INSERT ON ai_router.predictors TO bob));
is($bob->value('SELECT count(*) FROM ai_router.train()'), 2, 'with rights on the tables it trains');

# Restart, and another database.
$_->quit for $alice, $bob, $boss, $admin, $locker, @trainers;
$node->restart;
is($t->sql($why), $before, 'after a restart');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE other TEMPLATE template0');
my ($out, $err);
ok(IPC::Run::run([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('other') ], '>', \$out, '2>', \$err), 'restored') or diag($err);
is($node->safe_psql('other', $why), $before, 'same choices in the other database');
is($node->safe_psql('other', 'SELECT count(*) FROM ai_router.examples'), 300, 'and the same examples');
is($node->safe_psql('other', q(INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', 1) RETURNING id > (SELECT max(id) FROM ai_router.examples))), 't', 'ids go on');

# A long training or evaluation can be cancelled, at whatever it is.
$t->sql(q(INSERT INTO ai_router.examples (prompt, task, model, score)
SELECT (SELECT string_agg(substr(md5((i * 7 + j)::text), 1, 4), ' ') FROM generate_series(1, 60) j), 'task ' || i % 30, m, hashtext(i || m) & 1
  FROM generate_series(1, 15000) i, unnest('{cheap,dear}'::text[]) m));
my $s = $t->session;
my $canceller = $t->session;
foreach my $what (q(SELECT * FROM ai_router.train('default')), q(SELECT * FROM ai_router.evaluate('default')))
{
	my $cancelled = 0;
	my $worst = 0;

	foreach my $after (0.05, 0.3, 0.8, 1.5, 2.5)
	{
		my $took = $t->quickest(0.3,
			sub {
				# One that ends before it is cancelled shall leave nothing to the next.
				$s->query('BEGIN');
				$s->send($what);
				usleep(1e6 * $after);
				my $busy = $s->busy;
				my $begun = AiRouterSession::now();
				$canceller->query('SELECT pg_cancel_backend(' . $s->pid . ')') if $busy;
				my $e = $s->wait->{error};
				my $seconds = AiRouterSession::now() - $begun;
				$s->query('ROLLBACK');
				return 0 if !$busy || !$e;
				$cancelled++ if $e->{C} eq '57014';
				return $seconds;
			});
		$worst = $took if $took > $worst;
	}
	cmp_ok($cancelled, '>=', 2, "cancelled: $what");
	cmp_ok($worst, '<', 0.3, sprintf('soon (%.0f ms)', 1000 * $worst));
}
is($t->sql($why), $before, 'choices are as before');
is($s->value('SELECT count(*) FROM ai_router.train()'), 2, 'and the next training can go on');

done_testing();
