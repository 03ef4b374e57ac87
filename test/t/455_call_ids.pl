# Ids of calls are above all that the ledger holds, wherever the ledger came from.
use strict;
use warnings;
use Test::More;
use AiRouterTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

my $t = AiRouterTest->new('ids', init => [ allows_streaming => 1 ], conf => "restart_after_crash = on\n");
my $node = $t->node;
my $file = $node->data_dir . '/pg_stat/ai_router.call_id';
$t->models_at_p(good => 'good');

sub id_of { my $s = shift; return $s->value(q(SELECT call_id FROM ai_call('Echo: x'))); }
sub largest { return $_[0]->safe_psql('postgres', 'SELECT coalesce(max(call_id), 0) FROM ai_router.calls'); }

# A clean restart goes on where it was.
my $first = id_of($t->session);
ok($t->until_true(sub { largest($node) == $first }, 60), 'in the ledger');
$node->restart;
is(id_of($t->session), $first + 1, 'ids go on');

# The file is lost: pg_upgrade takes none along, either.
$t->sql("INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts)
	VALUES (7654321, now(), now(), 10, 'x', 'ok', 1)");
$node->stop;
unlink $file or die "$file: $!";
$t->start;
my $s = $t->session;
my $other = $t->session;
is(id_of($s), 7654322, 'the file was lost: above the largest id');
is(id_of($other), 7654323, 'each session');
is(id_of($s), 7654324, 'each call');
is($t->sql('SELECT call_id FROM ai_call($$Echo: x$$)'), 7654325, 'new sessions');
cmp_ok(slurp_file($file), '>', 7654325, 'and the file knows');
ok($t->crash($s->pid), 'a crash');
cmp_ok(id_of($t->session), '>', 7654325, 'above them after a crash');

# Rows that came while the server runs, and ids that cannot be.
$t->sql("INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts)
	VALUES (9000000, now(), now(), 10, 'x', 'ok', 1)");
is(id_of($t->session), 9000001, 'rows restored into a running server: sessions that begin later');
$t->sql("INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts)
	VALUES (9223372036854775807, now(), now(), 10, 'x', 'ok', 1)");
is(id_of($t->session), 9000002, 'an impossible id is ignored');
$t->sql('DELETE FROM ai_router.calls WHERE call_id > 10000000');

# A lock is not waited for; the session looks later.
my $locker = $t->session;
$s = $t->session;
$t->sql("INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, status, attempts)
	VALUES (9500000, now(), now(), 10, 'x', 'ok', 1)");
$locker->query('BEGIN');
$locker->query('LOCK ai_router.calls');
$s->query('SET statement_timeout = 60000');
is(id_of($s), 9000003, 'a call does not wait for a lock');
$locker->query('ROLLBACK');
is(id_of($s), 9500001, 'and looks again');

# Without the index the counter is all there is.
$t->sql('ALTER EXTENSION ai_router DROP TABLE ai_router.calls; DROP INDEX ai_router.calls_call_id_idx');
is(id_of($t->session), 9500002, 'no index');
$t->sql('CREATE INDEX calls_call_id_idx ON ai_router.calls (call_id); ALTER EXTENSION ai_router ADD TABLE ai_router.calls');

# A standby that is promoted, with sessions that called before.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('ids_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
unlink $standby->data_dir . '/pg_stat/ai_router.call_id';
$standby->start;
my $before = AiRouterSession->new($standby);
is(id_of($before), 1, 'a standby keeps no ledger and has ids of its own');
$t->sql(q(SELECT count(ai_complete('Echo: ' || i)) FROM generate_series(1, 200) i));
ok($t->until_true(sub { largest($node) == 9500202 }, 60), 'the primary goes on');
$node->wait_for_catchup($standby);
$standby->promote;
is(id_of($before), 9500203, 'promoted: above what the primary gave, in old sessions');
is(id_of(AiRouterSession->new($standby)), 9500204, 'and new ones');

done_testing();
