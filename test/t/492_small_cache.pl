# Answers for which shared memory has no room, or which have left it, are bought once all the same:
# until the table has them they are found in the spool.  What counts is what the provider saw.
use strict;
use warnings;
use Test::More;
use AiRouterTest;

my $t = AiRouterTest->new('small_cache', cache => 1, conf => "ai_router.cache_size = 0\nai_router.max_response_size = '4MB'\nmax_connections = 40\nmax_prepared_transactions = 1\n");
my $large = 'large--lat-300--fault-huge--size-300000';
my $vectors = 'vectors--dim-1536';

$t->models_at_p(large => $large, small => 'small');
$t->model('vectors', 'p', $vectors, mode => 'embedding', input_price => 0.02);

sub stat_of { return $t->sql("SELECT value FROM ai_router.stats WHERE name = '$_[0]'"); }
sub ask { return qq{SELECT length(ai_complete('$_[0]', '{"model": "large"}'))}; }

# --- Too large for shared memory ------------------------------------------------------------------

my $locker = $t->session;
$locker->query('BEGIN');
$locker->query('LOCK TABLE ai_router.cache');    # so that the writer does not get there
is($t->sql(ask('alone')), 300000, 'an answer that is too large for shared memory');
cmp_ok($t->sql('SELECT refused FROM ai_router.cache_stats'), '>', 0, 'which has no room for it');
is($t->sql(ask('alone')), 300000, 'asked for again');
my @sessions = map { $t->session } 1 .. 8;
$_->send(ask('together')) for @sessions;
is(join(' ', map { $_->wait->{rows}[0][0] } @sessions), join(' ', (300000) x 8), 'eight sessions want another one');
is($t->counter($large, 'requests'), 2, 'each was bought once');
is($t->sql(qq{SELECT cached, cost, attempts, length(answer) FROM ai_call('alone', '{"model": "large"}')}), 't|0|0|300000', 'and is free from then on');
is($t->sql(qq{SET ai_router.on_error = 'null'; SELECT ai_complete('alone', '{"model": "large", "cache_ttl": "1us", "cache": "only"}') IS NULL}), 't', 'but not for one who wants a newer one');

# What was cleared is not given out of the spool, though the writer has still not come.
$t->sql('SET client_min_messages = error; SET statement_timeout = 0; SELECT ai_router.cache_clear()');
is($t->sql(ask('alone')), 300000, 'after a clear');
is($t->counter($large, 'requests'), 3, 'it is bought anew');
$locker->query('ROLLBACK');
ok($t->until_true(sub { $t->sql('SELECT count(*) FROM ai_router.cache') == 1 }, 20), 'the table has that one alone');
is($t->sql(ask('alone')), 300000, 'and gives it out');
is($t->counter($large, 'requests'), 3, 'for nothing');

# A restart brings back what is not written yet; a prepared transaction keeps the writer away beyond it.
$t->sql(q(BEGIN; LOCK TABLE ai_router.cache IN SHARE ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'lock'));
is($t->sql(ask('kept')), 300000, 'an answer right before a restart');
$t->node->restart;
is($t->sql(ask('kept')), 300000, 'is there after it');
is($t->counter($large, 'requests'), 4, 'for nothing');
is($t->sql('SELECT count(*) FROM ai_router.cache'), 1, 'though not in the table');
$t->sql(q(COMMIT PREPARED 'lock'));
ok($t->until_true(sub { $t->sql('SELECT count(*) FROM ai_router.cache') == 2 }, 20), 'until the lock is gone');

# --- Left shared memory before its waiter looked --------------------------------------------------

my $n = 10000;
my $embed = qq{SELECT count(embedding) FROM ai_embed(ARRAY(SELECT 'text ' || g FROM generate_series(1, $n) g), '{"model": "vectors"}')};
@sessions = map { $t->session } 1 .. 2;
$_->send($embed) for @sessions;
is(join(' ', map { $_->wait->{rows}[0][0] } @sessions), "$n $n", 'two sessions with the same 10,000 vectors, 80 MB');
cmp_ok($t->sql('SELECT evictions FROM ai_router.cache_stats'), '>', $n / 2, 'most have left shared memory');
is($t->sql($embed), $n, 'again');
ok($t->until_true(sub { stat_of('spool_bytes_used') == 0 }, 60), 'all is written');
is($t->sql(q(SELECT count(*), count(DISTINCT call_id) FROM ai_router.calls WHERE model = 'vectors')), "$n|$n", 'each was bought once');
is($t->counter($vectors, 'inputs'), $n, 'so says the provider');
cmp_ok($t->counter($vectors, 'requests'), '<=', 2 * $n / 256 + 60, 'of which there are ' . $t->counter($vectors, 'requests'));
is(stat_of('cache_unwritten') + stat_of('flights_full'), 0, 'there was room for all of them');

done_testing();
