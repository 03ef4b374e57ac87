# Configuration changes count at commit, in every session's next call; before that in their own
# transaction only.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('consistency', conf => "ai_router.retries = 0\n");

$t->server('one', api => 'openai', path => '/compat/v1');
$t->server('two', api => 'openai', path => '/compat/v1');
$t->model('a', 'one', 'a');
$t->model('b', 'two', 'b');
$t->sql(q{INSERT INTO ai_router.rules (name, models) VALUES ('r', '{a}')});

my $who = q{SELECT model FROM ai_call('hi')};
my $s = $t->session;
my $w = $t->session;

# --- Another session's changes -------------------------------------------------

is($s->value($who), 'a', 'as configured');
$w->value(q{UPDATE ai_router.rules SET models = '{b}'});
is($s->value($who), 'b', 'rule changed: next call');
$w->value(q{UPDATE ai_router.models SET model = 'b2' WHERE name = 'b'});
is($s->value($who), 'b', 'model changed: next call');
is($t->counter('b2', 'requests'), 1, 'goes to the new id');
$w->value(q{ALTER SERVER two OPTIONS (ADD max_tokens_field 'max_completion_tokens')});
is($s->query(q{SELECT ai_complete('hi')})->{error}{C}, 'RT009', 'server changed: next call, refused by the sandbox');
$w->value(q{ALTER SERVER two OPTIONS (DROP max_tokens_field)});
is($s->value($who), 'b', 'and changed back');
$w->value(q{ALTER USER MAPPING FOR PUBLIC SERVER two OPTIONS (SET api_key 'wrong')});
is($s->query(q{SELECT ai_complete('hi')})->{error}{C}, 'RT010', 'key changed: next call');
$w->value(q{ALTER USER MAPPING FOR PUBLIC SERVER two OPTIONS (SET api_key 'sandbox-other')});
is($s->value($who), 'b', 'and changed to a good one');
$w->value(q{UPDATE ai_router.models SET enabled = false WHERE name = 'b'});
is($s->query(q{SELECT ai_complete('hi')})->{error}{C}, 'RT001', 'model disabled: next call');
$w->value(q{TRUNCATE ai_router.rules});
like($s->query(q{SELECT ai_complete('hi')})->{error}{M}, qr/^there are no rules/, 'rules truncated: next call');
$w->value(q{COPY ai_router.rules (name, models) FROM PROGRAM 'printf "r\\t{a}\\n"'});
is($s->value($who), 'a', 'rule by COPY: next call');
$w->value(q{UPDATE ai_router.models SET enabled = true});

# A prepared statement, a function, an old snapshot: the next call of each.
$s->value(q{PREPARE p AS SELECT model FROM ai_call('hi')});
$s->value(q{CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (ai_call(''hi'')).model; END'});
is($s->value('EXECUTE p') . $s->value('SELECT f()'), 'aa', 'prepared statement and function');
$s->value('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($s->value($who), 'a', 'a transaction with a snapshot');
$w->value(q{UPDATE ai_router.rules SET models = '{b}'});
is($s->value($who), 'b', 'calls by what is committed, not by its snapshot');
is($s->value(q{SELECT models FROM ai_router.rules}), '{a}', 'which still shows the old rule');
$s->value('COMMIT');
is($s->value('EXECUTE p') . $s->value('SELECT f()'), 'bb', 'prepared statement and function after the change');

# --- Uncommitted changes --------------------------------------------------------

$w->value('BEGIN');
$w->value(q{UPDATE ai_router.rules SET models = '{a}'});
is($w->value($who), 'a', 'the writer sees its change at once');
is($s->value($who), 'b', 'nobody else does');
$w->value('SAVEPOINT sp');
$w->value(q{DELETE FROM ai_router.models WHERE name = 'a'});
is($w->query(q{SELECT ai_complete('hi')})->{error}{C}, 'RT001', 'a change after a savepoint');
$w->value('ROLLBACK TO sp');
is($w->value($who), 'a', 'rolled back to the savepoint');
$w->value('SAVEPOINT sp2');
$w->value(q{UPDATE ai_router.rules SET models = '{b}'});
$w->value('RELEASE sp2');
is($w->value($who), 'b', 'a released savepoint');
$w->value(q{UPDATE ai_router.rules SET models = '{a}'});
$w->value('ROLLBACK');
is($w->value($who), 'b', 'rolled back: the writer');
is($s->value($who), 'b', 'and everybody else');

$w->value('BEGIN');
$w->value(q{INSERT INTO ai_router.models (name, server, model) VALUES ('c', 'one', 'c')});
$w->value(q{UPDATE ai_router.rules SET models = '{c}'});
is($w->value($who), 'c', 'two tables in one transaction: the writer');
is($s->value($who), 'b', 'not yet the others');
$w->value('COMMIT');
is($s->value($who), 'c', 'at commit all of it');

# An ERROR instead of ROLLBACK.
$w->query(q{DO $$ BEGIN UPDATE ai_router.rules SET models = '{a}'; PERFORM ai_complete('hi'); RAISE 'no'; END $$});
is($w->value($who), 'c', 'undone by an error');
# In a function that catches it.
$w->value(q{DO $$ BEGIN
	BEGIN UPDATE ai_router.rules SET models = '{a}'; PERFORM ai_complete('hi'); RAISE 'no'; EXCEPTION WHEN OTHERS THEN NULL; END;
	IF (ai_call('hi')).model <> 'c' THEN RAISE 'seen: a change that was undone'; END IF;
END $$});
is($w->value($who), 'c', 'undone inside a block');

# --- Within a running statement ---------------------------------------------------

$w->value(q{UPDATE ai_router.rules SET models = '{a}'});
$t->reset;
$t->behave('a', lat => 30);
# One row after the other: a row whose call has begun keeps its model.  Enough rows for a busy machine to change
# the rule before they are over; model b answers at once.
$s->query('SET ai_router.batching = off');
$s->send(q{SELECT string_agg(r.model, '' ORDER BY i) FROM generate_series(1, 300) i, LATERAL ai_call('row ' || i) r});
ok($t->wait_for('a', 'ok', 3), 'a statement has answers of model a');
$w->value(q{UPDATE ai_router.rules SET models = '{b}'});
my $seen = $t->counter('a', 'requests');
my $models = $s->wait->{rows}[0][0];
like($models, qr/^a{3,}b+$/, 'and goes on with model b');
cmp_ok(length($models =~ s/b//gr), '<=', $seen + 1, 'from the next call on');
$s->query('RESET ai_router.batching');

# --- What is dropped while it is in use ---------------------------------------------

$w->value(q{UPDATE ai_router.rules SET models = '{a}'});
$t->behave('a', lat => 400);
$s->send(q{SELECT answer FROM ai_call('Echo: late')});
ok($t->wait_for('a', 'in_flight', 1), 'a call is under way');
$w->value('DROP SERVER one CASCADE');
is($s->wait->{rows}[0][0], 'late', 'its server goes, its answer arrives');
my $e = $s->query(q{SELECT ai_complete('hi')})->{error};
is($e->{C}, 'RT001', 'the next call has no server');
like($e->{M}, qr/its server "one" does not exist/, 'says the error');
like($e->{H}, qr/^CREATE SERVER one FOREIGN DATA WRAPPER ai_router/, 'and the hint what to do');
is($s->value(q{SELECT string_agg(object || ' ' || problem, ', ') FROM ai_router.check() WHERE object LIKE '%a%' AND problem LIKE '%one%'}) ? 1 : 0, 1, 'and check()');
$t->server('one', api => 'openai', path => '/compat/v1');
$t->behave('a');
is($s->value($who), 'a', 'a new server of that name serves again');

# --- Swapping under load --------------------------------------------------------------

# Sessions ask all the time; models are swapped, renamed, moved and replaced, each in one transaction.
$w->value(q{INSERT INTO ai_router.rules (name, priority, models) VALUES ('first', 1, '{a}')});
my @swaps = (
	q{BEGIN; UPDATE ai_router.rules SET models = '{b}' WHERE name = 'first'; DELETE FROM ai_router.rules WHERE name = 'r';
	  DELETE FROM ai_router.models WHERE name = 'a'; COMMIT},
	q{BEGIN; INSERT INTO ai_router.models (name, server, model) VALUES ('a', 'two', 'a');
	  UPDATE ai_router.rules SET models = '{a}' WHERE name = 'first'; UPDATE ai_router.models SET enabled = false WHERE name = 'b'; COMMIT},
	q{BEGIN; UPDATE ai_router.models SET name = 'z', server = 'one' WHERE name = 'a'; UPDATE ai_router.rules SET models = '{z}' WHERE name = 'first'; COMMIT},
	q{BEGIN; DELETE FROM ai_router.rules; DELETE FROM ai_router.models; INSERT INTO ai_router.models (name, server, model) VALUES ('a', 'one', 'a'), ('b', 'two', 'b');
	  INSERT INTO ai_router.rules (name, models) VALUES ('first', '{a}'), ('r', '{b}'); COMMIT},
	q{BEGIN; UPDATE ai_router.models SET enabled = false; ROLLBACK},
	q{BEGIN; TRUNCATE ai_router.rules; INSERT INTO ai_router.rules (name, models) VALUES ('first', '{a}'), ('r', '{b}'); COMMIT},
	q{BEGIN; ALTER SERVER one RENAME TO three; UPDATE ai_router.models SET server = 'three' WHERE server = 'one';
	  ALTER SERVER two RENAME TO one; UPDATE ai_router.models SET server = 'one' WHERE server = 'two';
	  ALTER SERVER three RENAME TO two; UPDATE ai_router.models SET server = 'two' WHERE server = 'three'; COMMIT});
my @load = map { $t->session } 1 .. 6;
my (%bad, $good, %answered);
my $question = q{SELECT r.model FROM generate_series(1, 15) i, LATERAL ai_call('Echo: ' || i) r WHERE r.answer = i::text};
for my $round (1 .. 10)
{
	$_->send($question) for @load;
	for my $swap (@swaps)
	{
		my $r = $w->query($swap);
		$bad{"swap: $r->{error}{M}"}++ if $r->{error};
	}
	for (@load)
	{
		my $r = $_->wait;
		$bad{"$r->{error}{C}: $r->{error}{M}"}++ if $r->{error};
		$good += @{ $r->{rows} };
		$answered{ $_->[0] }++ for @{ $r->{rows} };
	}
}
is_deeply(\%bad, {}, 'no error while models were swapped 70 times');
is($good, 900, 'and every question was answered');
cmp_ok(scalar keys %answered, '>=', 2, 'by more than one model: ' . join(', ', sort keys %answered));

$_->quit for @load, $s, $w;
done_testing();
