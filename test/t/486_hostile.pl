# Who owns a table, writes garbage into one, or answers with absurd numbers: gains nothing and breaks nothing.
use strict;
use warnings;
use AiRouterTest;
use Test::More;

my $t = AiRouterTest->new('hostile', cache => 1);
my $node = $t->node;
my $most = '9223372036.854775807';
# A token of the answer costs a dollar; the provider says that there were nearly 10^12.
my $dear = 'dear--think-999999999000';

$t->models_at_p(m => 'good', dear => $dear);
$t->sql(q(UPDATE ai_router.models SET input_price = 1, output_price = CASE name WHEN 'm' THEN 1 ELSE 1000000 END));

sub call { my ($prompt, $model) = @_; return $t->session->query("SELECT ai_complete('Echo: $prompt', '{\"model\": \"$model\", \"max_tokens\": 4}')"); }
sub ok_call { my ($prompt, $model, $name) = @_; my $r = call($prompt, $model); is($r->{error} ? $r->{error}{M} : $r->{rows}[0][0], $prompt, $name); return; }
sub error_of { my $r = call(@_); return $r->{error} ? $r->{error}{C} : 'none'; }
# In whole dollars.
sub spent { return $t->sql("SELECT trunc(spent) FROM ai_router.spending WHERE budget = '$_[0]'"); }
sub budget { my ($name, $model, $hard) = @_; $t->sql("INSERT INTO ai_router.budgets (name, model, period, limit_usd, hard) VALUES ('$name', '$model', 'total', 1000, $hard)"); return; }

# --- The owner of budget_spent: what his triggers do, they do as he ---------------------------------

$t->sql(<<'SQL');
CREATE ROLE keeper;
GRANT USAGE, CREATE ON SCHEMA ai_router TO keeper;
ALTER TABLE ai_router.budget_spent OWNER TO keeper;
CREATE TABLE seen AS SELECT NULL::text AS what, NULL::name AS by WITH NO DATA;
GRANT INSERT ON seen TO PUBLIC;
CREATE FUNCTION ai_router.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen VALUES (TG_OP, current_user);
	RETURN COALESCE(NEW, OLD);
END
$$;
CREATE TRIGGER look BEFORE INSERT OR UPDATE OR DELETE ON ai_router.budget_spent FOR EACH ROW EXECUTE FUNCTION ai_router.look();
INSERT INTO ai_router.budgets (name, period, limit_usd) VALUES ('kept', 'total', 1);
INSERT INTO ai_router.budget_spent VALUES ('kept', '-infinity', 1, '2001-01-01'), ('old', '2001-01-01', 1, '2001-01-01'), ('gone', '-infinity', 1, '2001-01-01');
INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts) VALUES (1, '2001-01-01', '2001-01-01', 10, 'x', 'ok', 1);
TRUNCATE seen;
SQL
ok_call('one', 'm', 'a call');
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM seen WHERE what = 'DELETE')) == 2 }, 20), 'old marks are deleted');
is($t->sql(q(SELECT string_agg(DISTINCT by, ',') FROM seen)), 'keeper', 'all that is done to his table is done as its owner');
is($t->sql(q(SELECT name FROM ai_router.budget_spent WHERE updated < '2002-01-01' OR name = 'kept')), 'kept', 'the total of a budget that exists stays');
is($t->sql(q(SELECT count(*) FROM ai_router.calls WHERE at < '2002-01-01')), 0, 'old calls are deleted in the same round');
$t->sql(q(DELETE FROM ai_router.budgets; DROP TRIGGER look ON ai_router.budget_spent; ALTER TABLE ai_router.budget_spent OWNER TO CURRENT_USER));

# --- Absurd marks, absurd usage ------------------------------------------------------------------

budget('mark', 'm', 'false');
$t->sql(q(INSERT INTO ai_router.budget_spent VALUES ('mark', '-infinity', 9223372036854775807)));
ok_call('two', 'm', 'a soft budget whose mark is as large as can be');
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM ai_router.budget_state() WHERE name = 'mark' AND known)) == 1 }, 20), 'the worker has read it');
is(spent('mark'), int $most, 'is spent as far as can be');
$t->sql(q(UPDATE ai_router.budgets SET hard = true WHERE name = 'mark'));
is(error_of('three', 'm'), 'RT004', 'and refuses when it is hard');
$t->sql(q(DELETE FROM ai_router.budgets));

budget('usage', 'dear', 'false');
ok_call('four', 'dear', 'an answer of 10^12 tokens');
is(spent('usage'), int $most, 'costs as much as can be');
ok_call('five', 'dear', 'another one');
is(spent('usage'), int $most, 'and no more');
is($t->sql(q(SELECT count(answer) FROM (SELECT ai_complete('Echo: four' || left(i::text, 0), '{"model": "dear", "max_tokens": 4}') AS answer FROM generate_series(1, 5) i) a)), 5, 'found again');
ok($t->until_true(sub { $t->sql(q(SELECT coalesce(sum(hits), 0) FROM ai_router.hits WHERE model = 'dear')) == 5 }, 20), 'hits are written');
is($t->sql(q(SELECT saved FROM ai_router.hits WHERE model = 'dear')), $most, 'what they saved is no nonsense');
$node->restart;
is(spent('usage'), int $most, 'likewise after a restart');
$t->sql(q(UPDATE ai_router.budgets SET hard = true, limit_usd = 1000000000));
is(error_of('six', 'dear'), 'RT004', 'then it refuses when it is hard');
$t->sql(q(DELETE FROM ai_router.budgets));
is($t->sql(q(SELECT answer || cost FROM ai_call('Echo: four', '{"model": "dear", "max_tokens": 4}'))), 'four0', 'its answer is found in the table');

# --- Garbage in the cache's table ----------------------------------------------------------------

my $n = 0;
for my $garbage ("cost = 'NaN'", 'cost = -1', "cost = 'Infinity'", 'input_tokens = -5, call_id = -7', "created_at = '-infinity'", "created_at = 'infinity'",
	"last_used = 'infinity'", "finish_reason = 'garbage'", 'hits = 9223372036854775807')
{
	$n++;
	ok_call("g$n", 'm', 'bought');
	ok($t->until_true(sub { $t->sql("SELECT count(*) FROM ai_router.cache WHERE answer = 'g$n'") == 1 }, 20), 'written');
	$t->sql("UPDATE ai_router.cache SET $garbage WHERE answer = 'g$n'");
}
$node->restart;
my $before = $t->counter('good', 'requests');
ok_call("g$_", 'm', "a row that somebody wrote garbage into ($_)") for 1 .. $n;
is($t->counter('good', 'requests') - $before, 0, 'is used as far as it goes');

# --- A ledger in partitions ----------------------------------------------------------------------

$t->sql(<<'SQL');
ALTER TABLE ai_router.calls RENAME TO calls_old;
ALTER INDEX ai_router.calls_call_id_idx RENAME TO calls_old_call_id_idx;
CREATE TABLE ai_router.calls (LIKE ai_router.calls_old) PARTITION BY RANGE (at);
CREATE INDEX calls_call_id_idx ON ai_router.calls (call_id);
CREATE TABLE ai_router.calls_all PARTITION OF ai_router.calls DEFAULT;
SQL
ok_call('seven', 'm', 'a ledger in partitions');
ok($t->until_true(sub { $t->sql(q(SELECT count(*) FROM ai_router.calls_all)) > 0 }, 20), 'is written');

done_testing();
